"""One release from two tallies that differ only in what is withheld, and what readers get of it.

One of the tallies has a number of its own in every withheld cell. Readers get the same of both,
byte for byte, and none of those numbers.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher import app as publisher_app
from publisher import staging
from publisher.protection import Protected, protect_tally
from publisher.protection.rates import COVERAGE, DERIVED, RATE
from publisher.released import CellStatus, Release
from publisher.staging import Staged
from shared.contract.tally import Tally
from shared.identity import Identity
from shared.redaction import Secret
from shared.reference import Reference
from shared.service.logs import Log
from shared.state.round_documents import KnownRound
from shared.statement import Kind, Statement
from tests.support.crawling import Answer, answer_of, crawl
from tests.support.parties import MiniRegion, make_region
from tests.support.protection import some_region
from tests.support.releases import MemoryReader
from tests.support.walking import addresses, choices_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RELEASE_ID = "test-2025-v1.0"
KEY = Secret(bytes(32))
FIRST = 739_142_000
"""Withheld cells get numbers from here: nine digits that nothing else has."""
Answers = dict[str, Answer]


@dataclass(frozen=True)
class Sides:
    """The release of the true tally and of the planted one, and what readers got of each."""

    true: Staged
    planted: Staged
    numbers: frozenset[int]
    app: FastAPI
    answers: Answers
    planted_answers: Answers
    log: str


def make_sides(folder: Path, of_each_kind: int) -> Sides:
    """Stage both, and ask the publisher's whole service for everything of each."""
    region = make_region(folder)
    bundle, tally = some_region(5, schools=20)
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
    signer, stream, lines = region.identities["publicist"], io.StringIO(), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "handle", lambda _, record: lines.append(repr(vars(record))))
        app = service(region, release_of(true, signer), bundle, stream)
        answers = ask(app, release_of(true, signer), bundle, of_each_kind)
        other = service(region, release_of(planted, signer), bundle, stream)
        planted_answers = ask(other, release_of(planted, signer), bundle, of_each_kind)
    log = "\n".join([*lines, stream.getvalue()])
    return Sides(true, planted, numbers, app, answers, planted_answers, log)


def service(region: MiniRegion, release: Release, book: Reference, log: io.StringIO) -> FastAPI:
    """The publisher's own service, that finds one release where its database would be."""
    settings = region.publisher_settings.model_copy(
        update={"requests_per_second": 1e9, "request_burst": 10**9}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publisher_app, "DatabaseReader", lambda _database: _Reader((release,), book))
        return publisher_app.create_app(settings, clock=lambda: NOW, log=Log("publisher", log))


@dataclass(frozen=True)
class _Reader(MemoryReader):
    """Releases in memory, with the reference bundle that all of them pin."""

    book: Reference | None = None

    def reference_of(self, _release: Release) -> Reference | None:
        return self.book


def ask(app: FastAPI, release: Release, book: Reference, of_each_kind: int) -> Answers:
    """What pages lead to, and what the routes themselves allow."""
    client = TestClient(app, raise_server_exceptions=False)
    answers = crawl(client, of_each_kind)
    for address in addresses(app, release, choices_of(book), 5 * of_each_kind):
        if address not in answers:
            answers[address] = answer_of(client.get(address, follow_redirects=False))
    return answers


def release_of(staged: Staged, signer: Identity) -> Release:
    """What was staged, as readers meet it."""
    statement = Statement.make(Kind.RELEASE, staged.manifest, signer)
    return Release(
        manifest=staged.manifest,
        sha256=statement.sha256,
        state="published",
        published_at=NOW,
        statement=statement.to_bytes(),
        tables=staged.tables,
    )


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


# --- looking for a number -----------------------------------------------------------------------


def texts_of(answer: Answer) -> Iterator[str]:
    """Headers and body as text; what is packed is opened."""
    yield repr(answer.headers)
    yield from opened(answer.body)


def opened(body: bytes) -> Iterator[str]:
    """A body as text: parts of a zip or workbook, footer and rows of Parquet, a PDF's objects."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            yield repr(parts.comment)
            for entry in parts.infolist():
                yield repr((entry.filename, entry.comment, entry.extra))
                yield from opened(parts.read(entry))
    elif body.startswith(b"PAR1"):
        yield from _parquet(body)
    elif body.startswith(b"%PDF"):
        yield from _pdf(body)
    yield body.decode("utf-8", errors="replace")
    yield body.decode("utf-16-le", errors="replace")


def _parquet(body: bytes) -> Iterator[str]:
    file = pq.ParquetFile(io.BytesIO(body))
    yield repr(file.metadata) + repr(file.schema) + repr(file.metadata.metadata)
    for group in range(file.metadata.num_row_groups):
        for column in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(column)
            assert not chunk.is_stats_set, "statistics tell extremes"
            yield repr(chunk)
    yield repr(file.read().to_pylist())


def _pdf(body: bytes) -> Iterator[str]:
    """Its text as a reader sees it, its description, and every stream unpacked."""
    file = pypdf.PdfReader(io.BytesIO(body))
    yield repr(file.metadata)
    yield from (page.extract_text() for page in file.pages)
    for number in range(1, len(file.xref_objStm) + sum(map(len, file.xref.values())) + 1):
        found = file.get_object(number)
        yield repr(found)
        if isinstance(found, pypdf.generic.StreamObject):
            yield found.get_data().decode("latin-1")


def numbers_in(text: str) -> set[int]:
    """Whole numbers of nine digits and more, however they are grouped."""
    plain = re.sub(r"(?<=\d)[.,\u00a0\u202f' ](?=\d{3})", "", text)
    return {int(found[:9]) for found in re.findall(r"\d{9,}", plain)} | {
        int(found) for found in re.findall(r"(?<!\d)\d{9}", plain)
    }


def told_by(answer: Answer, numbers: frozenset[int]) -> frozenset[int]:
    """Which of the numbers an answer tells."""
    return frozenset(set[int]().union(*(numbers_in(text) for text in texts_of(answer))) & numbers)
