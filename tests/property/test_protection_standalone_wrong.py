"""Wrong files through ``publisher protect``: a coded error with its row, and no file written.

A generated file is right; then one thing is made wrong. Messages may hold the number of the row
and numbers of fields, and no other number: no count stands in them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.protection import audit, secondary
from publisher.protection.cli import protect_command
from publisher.protection.secondary import Pattern
from shared.errors import ProtectionError
from tests.support.assurance import figure

HEADER = ("school", "town", "form", "pupils", "clients")
COUNT, TOTAL_FORM = 4, ""
SPEC = 'value = "clients"\nunit = "school"\nlevels = [["town"], []]\nbreakdown = "form"\n'\
       'denominator = "pupils"\n'  # fmt: skip
OUTPUTS = ("out.csv", "report.json", "proof.jsonl")

Row = tuple[str, ...]


@dataclass(frozen=True)
class File:
    """A file of counts: its header, its rows and whether it has totals."""

    header: Row
    rows: tuple[Row, ...]
    overlap: bool

    def text(self) -> str:
        return "".join(",".join(row) + "\n" for row in (self.header, *self.rows))

    def spec(self) -> str:
        return SPEC + ("overlap = true\n" if self.overlap else "")

    def changed(self, at: int, column: int, text: str) -> File:
        rows = list(self.rows)
        rows[at] = (*rows[at][:column], text, *rows[at][column + 1 :])
        return replace(self, rows=tuple(rows))


@st.composite
def right_files(draw: st.DrawFn) -> File:
    """Three to five schools in two towns, by two forms, with or without overlap."""
    overlap = draw(st.booleans())
    rows: list[Row] = []
    for number in range(draw(st.integers(3, 5))):
        parts = [draw(st.integers(6, 40)) for _ in "xy"]
        place = (f"s{number}", "ab"[number % 2])
        pupils = str(draw(st.integers(200, 300)))
        rows += [(*place, form, pupils, str(n)) for form, n in zip("xy", parts, strict=True)]
        if overlap:
            total = draw(st.integers(max(parts), sum(parts)))
            rows.append((*place, TOTAL_FORM, pupils, str(total)))
    return File(HEADER, tuple(draw(st.permutations(rows))), overlap)


def _split_rows(file: File) -> list[int]:
    return [at for at, row in enumerate(file.rows) if row[2]]


def _another_row_of(file: File, at: int) -> int:
    """The last row of the same unit: the one in which a difference is seen."""
    return max(place for place, row in enumerate(file.rows) if row[0] == file.rows[at][0])


Mistake = Callable[[File, int], tuple[File, int]]
"""Makes a file wrong; the place of the row that the error names, or -1 for none."""


def _cell(column: int, text: str) -> Mistake:
    return lambda file, at: (file.changed(at, column, text), at)


def _other_rows_differ(column: int, text: str) -> Mistake:
    def mistake(file: File, at: int) -> tuple[File, int]:
        last = _another_row_of(file, at)
        return file.changed(last, column, text), last

    return mistake


def _twice(file: File, at: int) -> tuple[File, int]:
    return replace(file, rows=(*file.rows, file.rows[at])), len(file.rows)


def _field_lost(file: File, at: int) -> tuple[File, int]:
    rows = list(file.rows)
    rows[at] = rows[at][:-1]
    return replace(file, rows=tuple(rows)), at


def _without_column(column: int) -> Mistake:
    def mistake(file: File, at: int) -> tuple[File, int]:
        header = (*file.header[:column], "x", *file.header[column + 1 :])
        return replace(file, header=header), -1

    return mistake


def _category_above_total(file: File, at: int) -> tuple[File, int]:
    if not file.overlap:  # a total row where categories add up is as wrong
        row = (*file.rows[at][:2], TOTAL_FORM, *file.rows[at][3:])
        return replace(file, rows=(*file.rows, row)), len(file.rows)
    place = next(p for p, r in enumerate(file.rows) if r[0] == file.rows[at][0] and not r[2])
    return file.changed(at, COUNT, "177"), place


def _total_lost(file: File, at: int) -> tuple[File, int]:
    if not file.overlap:
        return _cell(COUNT, "")(file, at)
    unit = file.rows[at][0]
    rows = tuple(row for row in file.rows if row[0] != unit or row[2])
    first = next(place for place, row in enumerate(rows) if row[0] == unit)
    return replace(file, rows=rows), first


MISTAKES: dict[str, tuple[str, Mistake]] = {
    "negative": ("cells-value", _cell(COUNT, "-177")),
    "fractional": ("cells-value", _cell(COUNT, "177.5")),
    "decimal comma": ("cells-value", _cell(COUNT, '"177,0"')),
    "no number": ("cells-value", _cell(COUNT, "n/a")),
    "empty": ("cells-value", _cell(COUNT, "")),
    "exponent": ("cells-value", _cell(COUNT, "1e3")),
    "digits of another script": ("cells-value", _cell(COUNT, "\u0667")),
    "no unit": ("cells-invalid", _cell(0, "")),
    "no level": ("cells-level", _cell(1, "")),
    "two municipalities": ("cells-level", _other_rows_differ(1, "c")),
    "two denominators": ("cells-denominator", _other_rows_differ(3, "777")),
    "negative denominator": ("cells-value", _cell(3, "-777")),
    "twice": ("cells-duplicate", _twice),
    "a field lost": ("cells-invalid", _field_lost),
    "no level column": ("cells-invalid", _without_column(1)),
    "no value column": ("cells-invalid", _without_column(COUNT)),
    "a breakdown above its total": ("cells-total", _category_above_total),
    "a total lost": ("cells-total", _total_lost),
}


def _protect(file: File, folder: Path, *more: str) -> Result:
    (folder / "cells.csv").write_text(file.text(), encoding="utf-8", newline="")
    (folder / "spec.toml").write_text(file.spec(), encoding="utf-8")
    out, report, proof = (str(folder / name) for name in OUTPUTS)
    return CliRunner().invoke(
        protect_command,
        [str(folder / "cells.csv"), "--spec", str(folder / "spec.toml"), "--out", out,
         "--report", report, "--certificates", proof, *more],
    )  # fmt: skip


def _nothing_written(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} == {"cells.csv", "spec.toml"}


@pytest.mark.parametrize("mistake", MISTAKES)
@settings(max_examples=figure(15, 500), deadline=None, derandomize=True)
@given(right_files(), st.data())
def test_what_is_wrong_is_named_by_its_row(mistake: str, file: File, data: st.DataObject) -> None:
    code, make_wrong = MISTAKES[mistake]
    wrong, at = make_wrong(file, data.draw(st.sampled_from(_split_rows(file))))
    if code == "cells-total" and mistake == "a total lost" and not file.overlap:
        code = "cells-value"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = _protect(wrong, folder)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith(f"error: {code}: "), result.stderr
        assert _nothing_written(folder)
    message = result.stderr.partition("\nhint:")[0]
    numbers = set(map(int, re.findall(r"\d+", message.replace(f"{code}:", ""))))
    fields = {len(HEADER), len(HEADER) - 1} if mistake == "a field lost" else {0}
    if at < 0:
        assert not numbers
    else:
        assert f"row {at + 2}:" in message
        assert numbers <= {at + 2} | fields


@settings(max_examples=figure(15, 300), deadline=None, derandomize=True)
@given(right_files())
def test_the_same_files_are_right(file: File) -> None:
    with tempfile.TemporaryDirectory() as name:
        result = _protect(file, Path(name))
        assert result.exit_code == 0, result.output
        assert {path.name for path in Path(name).iterdir()} >= set(OUTPUTS)


class TestAfterReading:
    """What goes wrong later ends with code 3, and writes nothing either."""

    FILE = File(
        HEADER,
        (("s1", "a", "x", "3", "3"), ("s1", "a", "y", "3", "0"), ("s2", "a", "x", "90", "30"),
         ("s2", "a", "y", "90", "7"), ("s3", "b", "x", "90", "30"), ("s3", "b", "y", "90", "8")),
        overlap=False,
    )  # fmt: skip

    def test_an_infeasible_requirement_names_its_place(self, tmp_path: Path) -> None:
        alone = File(HEADER, (("s1", "a", "x", "1", "1"),), overlap=False)
        result = _protect(alone, tmp_path)
        assert result.exit_code == 3
        assert result.stderr.startswith("error: protection-unmet: ")
        assert re.search(r"at (unit|town|all)\S*/", result.stderr)
        assert _nothing_written(tmp_path)

    def test_a_solver_that_stops_early_publishes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stopped(*_: object, **__: object) -> bool:
            raise ProtectionError("solver-stopped", "expected the solver to answer")

        monkeypatch.setattr(audit, "check_ended", stopped)
        result = _protect(self.FILE, tmp_path)
        assert (result.exit_code, _nothing_written(tmp_path)) == (3, True)
        assert "solver-stopped" in result.stderr

    def test_a_search_that_forgets_its_proof_publishes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pattern = secondary._Search.pattern

        def without_witnesses(self: secondary._Search) -> Pattern:
            return replace(pattern(self), witnesses=())

        monkeypatch.setattr(secondary._Search, "pattern", without_witnesses)
        result = _protect(self.FILE, tmp_path)
        assert (result.exit_code, _nothing_written(tmp_path)) == (3, True)
        assert "verification-failed" in result.stderr

    def test_a_full_disk_leaves_no_half_release(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written = 0

        def fsync(descriptor: int) -> None:
            nonlocal written
            written += 1
            if written == 2:
                raise OSError(28, "full")

        monkeypatch.setattr(os, "fsync", fsync)
        result = _protect(self.FILE, tmp_path)
        assert (result.exit_code, _nothing_written(tmp_path)) == (2, True)
        assert "file-unwritable" in result.stderr
