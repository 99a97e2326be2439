"""No digit run of an input ever leaves in a report or an error."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MonitorError
from shared.hashing.normalise import normalise
from shared.hashing.prepare import Prepared, pseudonymise
from tests.support.hashing import ASSIGNMENT, DECLARATION, PUPIL, Row, run, table_text

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


def runs(text: str) -> set[str]:
    """Runs of eight or nine digits, also where separators stand between them."""
    joined = re.sub(r"[ .\u00a0-]", "", text)
    found: set[str] = set()
    for source in (text, joined):
        for match in re.finditer(r"\d{8,}", source):
            run_ = match.group()
            found |= {run_[i : i + n] for n in (8, 9) for i in range(len(run_) - n + 1)}
    return found


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
