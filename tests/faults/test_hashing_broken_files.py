"""Broken and mutated files end in a coded finding, never in another exception."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
import xlsxwriter

from shared.errors import MonitorError
from tests.support.hashing import (
    ASSIGNMENT,
    DECLARATION,
    PUPIL,
    Row,
    pseudonymise,
    run,
    table_text,
)

SEED = 20_260_101


def workbook(template: Row) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(template))
        for row in range(1, 6):
            sheet.write_row(row, 0, list(template.values()))
    return sink.getvalue()


def outcome(schema: str, files: dict[str, bytes], folder: Path) -> int:
    """Prepare and pseudonymise; rows made, or -1 where it was refused with a code."""
    paths: dict[str, list[Path]] = {}
    for role, data in files.items():
        paths[role] = [folder / role]
        paths[role][0].write_bytes(data)
    prepared = run(schema, paths)
    try:
        return int(pseudonymise(prepared, bytes(32)).num_rows)
    except MonitorError:  # it has a code and a hint by its type
        return -1


@pytest.mark.parametrize("part", [k / 40 for k in range(40)])
def test_a_truncated_workbook_is_refused(tmp_path: Path, part: float) -> None:
    data = workbook(PUPIL)
    assert outcome("enrolment/1", {"pupils": data[: int(len(data) * part)]}, tmp_path) == -1


def test_mutated_files_end_in_a_result_or_a_code(tmp_path: Path) -> None:
    generator = random.Random(SEED)
    originals = {
        "pupils": ("enrolment/1", {"pupils": table_text(PUPIL, [{}] * 4).encode()}),
        "workbook": ("enrolment/1", {"pupils": workbook(PUPIL)}),
        "care": (
            "care/1",
            {
                "assignments": table_text(ASSIGNMENT, [{}] * 4).encode(),
                "declarations": table_text(DECLARATION, [{}] * 4).encode(),
            },
        ),
    }
    refused = made = 0
    for turn in range(450):
        schema, files = originals[sorted(originals)[turn % len(originals)]]
        mutated = {role: mutate(data, generator) for role, data in files.items()}
        try:
            result = outcome(schema, mutated, tmp_path)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, turn {turn}: {type(error).__name__}") from error
        refused += result < 0
        made += result >= 0
    assert refused > 50
    assert made > 50


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Change, drop or double some bytes."""
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 6)):
        place = generator.randrange(len(changed))
        kind = generator.randrange(4)
        if kind == 0:
            changed[place] = generator.randrange(256)
        elif kind == 1:
            changed[place] = generator.choice(b';,"\n\r\t0 ')
        elif kind == 2:
            del changed[place : place + generator.randrange(1, 40)]
        else:
            changed[place:place] = changed[place : place + generator.randrange(1, 40)]
    return bytes(changed)
