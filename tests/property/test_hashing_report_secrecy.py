"""Whatever a cell holds, no form of the report holds it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.hashing.checking.findings import SHAPE_LENGTH, FileCounts, shape
from shared.hashing.checking.report import Report, ReportBuilder
from shared.hashing.checks import Check
from shared.hashing.language import Language
from tests.support.language import speaking

CELLS = st.one_of(
    st.from_regex(r"\A999\d{6}\Z"),
    st.from_regex(r"\A999[. ]\d{2}[. ]\d{2}[. ]\d{2}\Z"),
    st.text(min_size=1, max_size=40),
    st.sampled_from(("<script>alert(1)</script>", "<b>Jansen</b>", "&amp;", "99٩000007")),
)
ROWS = st.integers(2, 1_048_576)
CHECKS = st.sampled_from(sorted(Check, key=lambda check: check.code))
FOUND = st.lists(st.tuples(CHECKS, ROWS, CELLS), min_size=1, max_size=12)


def told(found: list[tuple[Check, int, str]]) -> Report:
    builder = ReportBuilder("care/1")
    for check, row, cell in found:
        builder.add(check, "assignments", 1, "bsn", 1, [(row, shape(cell))])
    builder.add_file(FileCounts("assignments", 1, len(found), 0, 0, len(found)))
    return builder.build(len(found))


@given(FOUND, st.sampled_from(Language))
def test_no_form_of_the_report_holds_a_value(
    found: list[tuple[Check, int, str]], language: Language
) -> None:
    report = told(found)
    with speaking(language):
        forms = (report.to_text(), report.to_html(), report.to_json())
    for form in forms:
        assert not re.search(r"\d{8,9}", form)
        assert not re.search(r"\d{3}[. ]\d{2}[. ]\d{2}[. ]\d{2}", form)
        assert "Jansen" not in form
        assert "alert" not in form


@given(st.text(max_size=60))
def test_a_shape_keeps_no_letter_and_no_digit(cell: str) -> None:
    form = shape(cell)
    assert len(form) <= SHAPE_LENGTH + 1
    assert set(form) <= set("NL?… .,;:/+-_()\"'")
