"""No digit run of an input ever leaves in a report, in an error, or in what a command shows."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import MonitorError
from shared.hashing.normalise import normalise
from tests.support.hashing import (
    ASSIGNMENT,
    DECLARATION,
    PUPIL,
    Prepared,
    Row,
    pseudonymise,
    run,
    table_text,
)
from tests.support.hostile import TEMPLATES
from tests.support.hostile_desk import HostileDesk, hostile_desk, needles, runs
from tests.support.hostile_runner import CRASHES
from tests.support.parties import ROUND
from tests.support.workbooks import MAKERS, make

number = st.integers(0, 90_908).map(lambda k: f"999{k:06d}")
dirty = st.one_of(
    number,
    number.map(lambda text: f"{text[:4]}.{text[4:6]}.{text[6:]}"),
    number.map(lambda text: text[:8]),
    number.map(lambda text: f" {text}x"),
    number.map(lambda text: f"Jan {text}"),
    st.text(max_size=12).filter(lambda text: not set(text) & set('"\0;\r\n')),
    st.sampled_from(["", "31-12-2024", "20120000", "000000000", "999999999"]),
)


def rows_of(template: Row) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows in which any cell can hold a citizen number or nonsense."""
    cells = st.dictionaries(st.sampled_from(sorted(template)), dirty, max_size=4)
    return st.lists(cells.map(lambda row: {**template, **row}), min_size=1, max_size=5)


def written(prepared: Prepared) -> str:
    """Everything that is shown of a preparation."""
    texts = [prepared.report.to_text(), prepared.report.to_json(), repr(prepared)]
    try:
        pseudonymise(prepared, bytes(32))
    except MonitorError as error:
        texts += [str(error), error.hint, repr(error)]
    return "\n".join(texts)


def check(schema: str, contents: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for role, content in contents.items():
            path = Path(folder) / "999000007 export 999000019.csv"
            path = path.with_name(f"{role} {path.name}")
            path.write_bytes(content.encode("utf-8", errors="replace"))
            files[role] = [path]
        shown = written(run(schema, files))
    for digits in {d for content in contents.values() for d in runs(content)} | {"999000007"}:
        assert digits not in shown


@settings(max_examples=60, deadline=None)
@given(rows_of(PUPIL))
def test_pupils(rows: list[dict[str, str]]) -> None:
    check("enrolment/1", {"pupils": table_text(PUPIL, rows)})


@settings(max_examples=60, deadline=None)
@given(rows_of(ASSIGNMENT), rows_of(DECLARATION))
def test_care(assignments: list[dict[str, str]], declarations: list[dict[str, str]]) -> None:
    check(
        "care/1",
        {
            "assignments": table_text(ASSIGNMENT, assignments),
            "declarations": table_text(DECLARATION, declarations),
        },
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(dirty, max_size=6), st.sampled_from([";", ",", "\t", "|"]), st.booleans())
def test_files_without_a_sound_header_row(cells: list[str], separator: str, headed: bool) -> None:
    head = "bsn\n" if headed else ""
    check("objection/1", {"objections": head + "\n".join([separator.join(cells), *cells])})


@settings(max_examples=100, deadline=None)
@given(dirty)
def test_a_single_number(raw: str) -> None:
    shown = ""
    try:
        normalise(raw)
    except MonitorError as error:
        shown = f"{error} {error.hint}"
    assert not any(digits in shown for digits in runs(raw))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileDesk]:
    with hostile_desk(tmp_path_factory.mktemp("geheim")) as desk:
        yield desk


def delivery(schema: str) -> st.SearchStrategy[tuple[str, str]]:
    """A schema, and the text of a file for it in which any cell can hold a citizen number."""
    template = TEMPLATES[schema]
    return rows_of(template).map(lambda rows: (schema, table_text(template, rows)))


def saved_as(text: str, kind: str) -> bytes:
    """The same file as CSV or as a workbook."""
    if kind == "csv":
        return text.encode("utf-8", errors="replace")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    clean = [["".join(mark for mark in cell if mark.isprintable()) for cell in row] for row in rows]
    return make(kind, clean)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(TEMPLATES)).flatmap(delivery),
    st.sampled_from(["csv", "csv", *MAKERS]),
    st.sampled_from(["check", "seal"]),
    st.sampled_from([".json", ".html", ".txt"]),
    st.sampled_from(["", "", *CRASHES]),
)
@example(("objection/1", "bsn;naam\n999000007;x\n"), "csv", "seal", ".html", "reading")
@example(("objection/1", "bsn;naam\n999000007;x\n"), "xlsx", "check", ".txt", "workbook")
def test_the_command_line(
    desk: HostileDesk, content: tuple[str, str], kind: str, verb: str, suffix: str, crash: str
) -> None:
    schema, text = content
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"999000007 export 999000019.{kind}"
        source.write_bytes(saved_as(text, kind))
        report, out = Path(folder) / f"rapport{suffix}", Path(folder) / "uit"
        more = ("--out", out) if verb == "seal" else ("--json",)
        ran = desk.run(schema, verb, schema, source, "--round", ROUND, "--report", report, *more,
                       crash=crash, saying=f"999000007 {text[:2_000]}")  # fmt: skip
        written = [path for path in Path(folder).rglob("*")
                   if path.is_file() and path not in (source, *out.glob("*.moj"))]  # fmt: skip
        names = [path.name for path in Path(folder).rglob("*") if path != source]
        shown = "\n".join([ran.shown, *names, *(path.read_text() for path in written)])
    assert ran.code in ((0, 1, 2) if crash else (0, 2))
    assert "Traceback" not in shown
    for digits in needles(text.encode("utf-8", errors="replace")):
        assert digits not in shown
