"""No disclosure through the interface: pages, charts, files, the API, order, scale and size.

A release is staged from two tallies. They differ only in what is withheld, and one of them has a
number of its own in every withheld cell. What readers get is the same, byte for byte, and none of
those numbers stands in it.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publisher import staging
from publisher.protection import Protected, protect_tally
from publisher.protection.rates import COVERAGE, DERIVED, RATE
from publisher.released import CellStatus, Release
from publisher.staging import Staged
from shared.contract.tally import Tally
from shared.identity import Identity
from shared.redaction import Secret
from shared.state.round_documents import KnownRound
from shared.statement import Kind, Statement
from tests.support.assurance import figure
from tests.support.crawling import Answer, crawl
from tests.support.parties import make_region
from tests.support.protection import some_region
from tests.support.web import web

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RELEASE_ID = "test-2025-v1.0"
KEY = Secret(bytes(32))
FIRST = 739_142_000
"""Withheld cells get numbers from here: nine digits that nothing else has."""
ABSENT = {"/verantwoording", "/en/verantwoording"}
"""These show the agreements of an installation, which there are none of here."""
OF_EACH_KIND = figure(2, 60)


@dataclass(frozen=True)
class Sides:
    """The release of the true tally and of the planted one, and what readers got of each."""

    true: Staged
    planted: Staged
    numbers: frozenset[int]
    answers: dict[str, Answer]
    planted_answers: dict[str, Answer]
    log: str


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    region = make_region(tmp_path_factory.mktemp("region"))
    bundle, tally = some_region(5, schools=12)
    marks = dict.fromkeys(("round_statement", "policy", "linker_version"), "0" * 64)
    derived = [tally.header.tables[0].measures[0].model_copy(update={"id": id_, "label": id_})
               for id_ in (RATE, COVERAGE)]  # fmt: skip
    header = tally.header.model_copy(update={**marks, "derived": tuple(derived)})
    tally = Tally(header, _filled(tally.cells))
    body = SimpleNamespace(synthetic=True, round_id="test-2025")
    round_ = cast(
        KnownRound,
        SimpleNamespace(body=body, policy=region.policy.policy, reference=bundle),
    )
    decided: list[Protected] = []

    def remembered(*given: object, **more: object) -> Protected:
        decided.append(protect_tally(*given, **more))  # type: ignore[arg-type]
        return decided[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "protect_tally", remembered)
        true = _staged(round_, tally)
    planted_tally, numbers = _plant(tally, true)
    planted = _staged(round_, planted_tally, decided[0])
    signer = region.identities["publicist"]
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr(logging.Logger, "handle", lambda _, record: lines.append(repr(vars(record))))
        answers = crawl(web(_release(true, signer), book=bundle), OF_EACH_KIND)
        planted_answers = crawl(web(_release(planted, signer), book=bundle), OF_EACH_KIND)
    return Sides(true, planted, numbers, answers, planted_answers, "\n".join(lines))


def _filled(cells: pa.Table) -> pa.Table:
    """With a number in every column that must have one; nothing is published of these."""
    needed = [field.name for field in cells.schema if not field.nullable]
    rows = [row | {name: 0 for name in needed if row[name] is None} for row in cells.to_pylist()]
    return pa.Table.from_pylist(rows, schema=cells.schema)


def _withheld(staged: Staged) -> set[tuple[str, ...]]:
    """Every withheld count, by its place in the tally; quotients are not counted."""
    return {
        (table.id, row["level"], row["unit"], str(row["period"]), row["category"], row["measure"])
        for table in staged.tables
        for row in table.cells.to_pylist()
        if row["status"] == CellStatus.WITHHELD.value and row["measure"] not in DERIVED
    }


def _plant(tally: Tally, staged: Staged) -> tuple[Tally, frozenset[int]]:
    """The tally with a number of its own in every withheld cell that it holds."""
    withheld, rows = _withheld(staged), tally.cells.to_pylist()
    numbers = set()
    for number, row in enumerate(rows):
        place = (row["table"], row["level"], row["unit"], str(row["period"]), row["category"],
                 row["measure"])  # fmt: skip
        if place in withheld:
            row["value"] = FIRST + number
            numbers.add(FIRST + number)
    return Tally(tally.header, pa.Table.from_pylist(rows, schema=tally.cells.schema)), frozenset(
        numbers
    )


def _staged(round_: KnownRound, tally: Tally, decided: Protected | None = None) -> Staged:
    """Stage a tally; where something is decided, under that pattern and all else as it is."""
    with pytest.MonkeyPatch.context() as patch:
        if decided is not None:
            patch.setattr(staging, "protect_tally", lambda *_, **__: decided)
            patch.setattr(staging, "verify_protection", lambda *_, **__: None)
        return staging.stage(
            round_, tally, release_id=RELEASE_ID, previous=None, made_at=NOW, rounding_key=KEY
        )


def _release(staged: Staged, signer: Identity) -> Release:
    statement = Statement.make(Kind.RELEASE, staged.manifest, signer)
    return Release(
        manifest=staged.manifest,
        sha256=statement.sha256,
        state="published",
        published_at=NOW,
        statement=statement.to_bytes(),
        tables=staged.tables,
    )


def _texts_of(answer: Answer) -> Iterator[str]:
    """Headers and body as text; what is packed is opened."""
    yield repr(answer.headers)
    yield from _opened(answer.body)


def _opened(body: bytes) -> Iterator[str]:
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            for name in parts.namelist():
                yield name
                yield from _opened(parts.read(name))
    elif body.startswith(b"PAR1"):
        file = pq.ParquetFile(io.BytesIO(body))
        yield repr(file.metadata) + repr(file.schema) + repr(file.metadata.metadata)
        for group in range(file.metadata.num_row_groups):
            for column in range(file.metadata.num_columns):
                chunk = file.metadata.row_group(group).column(column)
                assert not chunk.is_stats_set, "statistics tell extremes"
                yield repr(chunk)
        yield repr(file.read().to_pylist())
    yield body.decode("utf-8", errors="replace")
    yield body.decode("utf-16-le", errors="replace")


def _numbers_in(text: str) -> set[int]:
    """Whole numbers of nine digits and more, however they are grouped."""
    plain = re.sub(r"(?<=\d)[.,\u00a0\u202f' ](?=\d{3})", "", text)
    return {int(found[:9]) for found in re.findall(r"\d{9,}", plain)} | {
        int(found) for found in re.findall(r"(?<!\d)\d{9}", plain)
    }


def test_many_kinds_of_address_were_walked(sides: Sides) -> None:
    kinds = {
        (dict(answer.headers).get("content-type", "").partition(";")[0])
        for answer in sides.answers.values()
    }
    assert {"text/html", "image/svg+xml", "application/json", "text/csv"} <= kinds
    assert len(sides.answers) > 100
    others = {
        address
        for address, answer in sides.answers.items()
        if answer.status not in (200, 303, 307, 308)
    }
    assert others <= ABSENT
    assert len(sides.numbers) > 50


def test_a_number_of_a_withheld_cell_stands_in_no_artefact(sides: Sides) -> None:
    for address, answer in sides.planted_answers.items():
        for text in _texts_of(answer):
            assert not _numbers_in(text) & sides.numbers, address
    assert not _numbers_in(sides.log) & sides.numbers


def test_nor_in_what_approvers_sign(sides: Sides) -> None:
    manifest = sides.planted.manifest.model_dump_json()
    for text in (manifest, sides.planted.summary, *_tables_as_text(sides.planted)):
        assert not _numbers_in(text) & sides.numbers


def _tables_as_text(staged: Staged) -> Sequence[str]:
    return [text for table in staged.tables for text in _opened(table.to_bytes())]


def test_other_withheld_values_change_no_byte_that_is_signed(sides: Sides) -> None:
    assert sides.true.manifest == sides.planted.manifest
    assert sides.true.summary == sides.planted.summary
    for true, planted in zip(sides.true.tables, sides.planted.tables, strict=True):
        assert true.to_bytes() == planted.to_bytes()


def test_other_withheld_values_change_no_answer(sides: Sides) -> None:
    """Not its bytes, order or scale, and not its size, name or ETag."""
    assert sides.answers.keys() == sides.planted_answers.keys()
    for address, answer in sides.answers.items():
        assert answer == sides.planted_answers[address], address


def test_the_search_for_numbers_finds_them_where_they_stand() -> None:
    """The oracle itself: plain, grouped, in a workbook part and beside other digits."""
    number = FIRST + 17
    shown = f"{number:,}"
    for text in (str(number), shown, shown.replace(",", "."), f"x{number}.5", f"{number}00"):
        assert number in _numbers_in(text)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/sheet1.xml", f"<v>{number}</v>")
    assert any(number in _numbers_in(text) for text in _opened(packed.getvalue()))


def test_a_leak_would_be_found(sides: Sides) -> None:
    """Mutation: one withheld value in one released cell is found, and changes answers."""
    table = sides.planted.tables[0]
    at = table.cells["status"].to_pylist().index(CellStatus.WITHHELD.value)
    rows = table.cells.to_pylist()
    rows[at]["value"], rows[at]["status"] = min(sides.numbers), ""
    leaked = pa.Table.from_pylist(rows, schema=table.cells.schema)
    sink = io.BytesIO()
    pq.write_table(leaked, sink, write_statistics=False)
    found = set[int]().union(*(_numbers_in(text) for text in _opened(sink.getvalue())))
    assert found & sides.numbers
