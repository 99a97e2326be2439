"""The report on protection: figures add up, pages are whole, and readers get none of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from publisher.oversight.loss_picture import described, loss_picture
from publisher.oversight.protection_report import ReleaseReport
from publisher.oversight.report_page import report_page
from publisher.oversight.report_text import report_text
from publisher.oversight.report_words import REASONS, STATES
from publisher.policies import ReleaseState
from publisher.protection import ProtectionReport, Rules, TableReport
from publisher.protection.primary import Rule
from shared.errors import InputError
from tests.support.releases import RELEASE_ID, make_release
from tests.support.web import Html

SCHOOLS = TableReport(
    cells=40, primary={"threshold": 7, "zero": 2}, secondary=3, value=900, hidden_value=45,
    exact=0, too_narrow=0, smallest_published=6,
)  # fmt: skip
REGION = TableReport(
    cells=10, primary={"group": 1}, secondary=0, value=1100, hidden_value=5, exact=0,
    too_narrow=0, smallest_published=0,
)  # fmt: skip
REPORT = ProtectionReport(
    rules=Rules(),
    levels={
        "pupils_and_clients": {"school": SCHOOLS, "region": REGION},
        "clients_by_form": {"region": REGION},
    },
    certificates=31,
    latent_too_narrow=0,
    smallest_union=8,
)


def _report(report: ProtectionReport = REPORT) -> ReleaseReport:
    return ReleaseReport.of(make_release(), report.to_json())


def test_tables_and_the_total_are_sums_of_their_levels() -> None:
    table, total = REPORT.tables["pupils_and_clients"], REPORT.total
    assert (table.cells, table.withheld, table.secondary) == (50, 13, 3)
    assert table.primary == {"group": 1, "threshold": 7, "zero": 2}
    assert (table.value, table.hidden_value, table.smallest_published) == (2000, 50, 6)
    assert (total.cells, total.withheld) == (60, 14)
    assert total.primary["group"] == 2


def test_what_was_written_is_what_is_read() -> None:
    sealed = _report().sealed
    assert sealed.model_dump(mode="json") == json.loads(REPORT.to_json())
    found = json.loads(_report().to_json())
    assert found["release"] == RELEASE_ID
    assert found["tables"]["pupils_and_clients"]["levels"]["school"]["primary"] == SCHOOLS.primary


def test_a_report_of_another_version_is_refused_without_its_figures() -> None:
    other = REPORT.to_json().replace(b'"secondary"', b'"tertiary"')
    with pytest.raises(InputError, match="report-invalid") as caught:
        ReleaseReport.of(make_release(), other)
    assert "31" not in str(caught.value)


def test_every_rule_and_state_has_words() -> None:
    assert set(REASONS) == {rule.value for rule in Rule}
    assert set(STATES) == {state.value for state in ReleaseState}


def test_the_text_says_why_per_level() -> None:
    text = report_text(_report())
    assert "Oordeel: niets gevonden" in text
    assert "school (vestiging): 12 van 40 cellen niet getoond (30,0 %)" in text
    school = text[text.index("school (vestiging)") :]
    assert school.index("7 te weinig kinderen") < school.index("3 om een ander cijfer")
    assert "SYNTHETISCH" in text
    assert "threshold = 5" in text


@pytest.mark.parametrize(
    "broken",
    [
        replace(REPORT, latent_too_narrow=1),
        replace(REPORT, levels={"x": {"region": replace(REGION, exact=1)}}),
        replace(REPORT, levels={"x": {"region": replace(REGION, too_narrow=1)}}),
    ],
)
def test_what_an_attack_finds_stands_at_the_top(broken: ProtectionReport) -> None:
    assert "NIET IN ORDE" in report_text(_report(broken))
    assert 'class="alarm"' in report_page(_report(broken))
    assert 'class="alarm"' not in report_page(_report())


def test_the_page_is_whole_and_refers_to_nothing_outside() -> None:
    markup = report_page(_report())
    body, picture = markup.split("<svg", 1)[0], markup.split("<svg", 1)[1].split("</svg>", 1)
    page = Html.of(body + picture[1])
    assert page.row("school (vestiging)")[1:4] == ["40", "12", "30,0 %"]
    assert page.row("alle tabellen")[1] == "60"
    assert not page.all("script")
    assert not page.all("link")
    assert not page.attributes("a", "href")
    for part in ("<image", "xlink:href", "url(http", "@import"):
        assert part not in picture[0]


def test_names_cannot_become_markup() -> None:
    report = replace(_report(), title="<script>alert(1)</script>", titles={})
    assert "<script" not in report_page(report)


def test_the_picture_shows_every_level_and_says_it_in_words() -> None:
    bars = tuple(_report().per_level())
    svg = loss_picture(bars)
    assert svg == loss_picture(bars)
    assert svg.startswith("<svg")
    assert 'role="img"' in svg
    words = described(bars)
    assert "school (vestiging) 12 van 40" in words
    assert "alle scholen in de regio 2 van 20" in words
    assert words in svg
