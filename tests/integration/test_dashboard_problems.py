"""Bad addresses and odd releases: a helpful page, never an empty chart or a wrong zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from publisher.dashboard.findings import Findings
from publisher.released import Release, ReleasedTable
from shared.errors import BusyError
from shared.service.problems import MEDIA_TYPE
from tests.support.dashboards import EVERY_PAGE, dashboard, dashboard_app
from tests.support.region_release import PRIMARY, REGION_RELEASE, region_release
from tests.support.releases import PERIODS
from tests.support.web import Html

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SECRET = "999900006"
EMPTY = PERIODS[3]


def _covering(release: Release, covered: dict[int, tuple[int, ...]]) -> Release:
    """The same release with other municipalities in some periods."""
    named = release.manifest.covered | {str(code): places for code, places in covered.items()}
    return replace(release, manifest=release.manifest.model_copy(update={"covered": named}))


def _rows(release: Release, column: str, *kept: str) -> Release:
    tables = tuple(
        ReleasedTable.make(
            table.id,
            table.title,
            table.cells.filter(pc.is_in(table.cells[column], pa.array(kept, pa.string()))),
        )
        for table in release.tables
    )
    return replace(release, tables=tables)


@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        (f"/{SECRET}", 404, "Deze pagina is er niet"),
        (f"/scholen/{PRIMARY}/{SECRET}", 404, "Deze pagina is er niet"),
        (f"/en/{SECRET}", 404, "This page does not exist"),
        (f"/grafieken/{SECRET}/a/b/c/d/e/f.svg", 404, "Deze pagina is er niet"),
        (f"/scholen/{SECRET}", 404, "Deze school staat niet in de cijfers"),
        (f"/en/scholen/{SECRET}", 404, "This school is not in the figures"),
        (f"/verkennen?uitgave={SECRET}", 404, "Deze uitgave is er niet"),
        (f"/arrangementen/{SECRET}", 404, "Dit arrangement is er niet"),
        (f"/aanbieders/{SECRET}", 404, "Deze aanbieder staat niet in de cijfers"),
        (f"/onderwerpen/{SECRET}", 404, "Over dit onderwerp zijn geen cijfers"),
    ],
)
def test_a_bad_address_is_a_page_that_helps_and_repeats_nothing(
    address: str, status: int, title: str
) -> None:
    answer = dashboard(region_release()).get(address, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Html.of(answer.text)
    assert title in page.text
    assert page.attributes("html", "lang") == ["en" if address.startswith("/en/") else "nl"]
    assert "zoek" in page.attributes("input", "name")
    assert SECRET not in answer.text


def test_a_program_gets_a_problem_document_as_before() -> None:
    client = dashboard(region_release())
    for headers in ({}, {"accept": "application/json"}, {"accept": "text/*"}):
        answer = client.get("/nergens", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)
    for address in ("/api/v1/nergens", "/api/v1/releases/nergens", "/static/nergens.css"):
        answer = client.get(address, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE)


def test_a_page_for_a_problem_keeps_status_and_headers() -> None:
    app = dashboard_app(region_release())

    @app.get("/druk")
    def busy() -> None:
        raise BusyError("too-busy", "expected fewer readers")

    client = TestClient(app, raise_server_exceptions=False)
    answer = client.get("/druk", headers=BROWSER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Het is nu te druk" in answer.text
    assert "expected fewer readers" not in answer.text
    wrong = client.post("/methode", headers=BROWSER)
    assert wrong.status_code == 405
    assert "Dit kan hier niet" in wrong.text


@pytest.mark.parametrize(
    ("state", "title"),
    [("withdrawn", "De cijfers zijn ingetrokken"), ("expired", "De cijfers zijn verlopen")],
)
def test_readers_are_told_why_there_are_no_figures(state: str, title: str) -> None:
    client = dashboard(region_release(state=state))
    page = Html.of(client.get("/").text)
    assert title in page.text
    assert f"/releases/{REGION_RELEASE}" in page.attributes("a", "href")
    pinned = client.get(f"/verkennen?uitgave={REGION_RELEASE}")
    assert pinned.status_code == 410
    assert f"/releases/{REGION_RELEASE}" in Html.of(pinned.text).attributes("a", "href")
    assert "Er zijn nu geen cijfers" in dashboard().get("/").text


def test_an_empty_region_has_no_empty_chart_and_no_zero() -> None:
    client = dashboard(_rows(region_release(), "level", "school"))
    page = Html.of(client.get("/").text)
    assert "In deze uitgave staan geen cijfers over de hele regio." in page.text
    assert not page.all("img")
    assert all(len(row) > 1 for table in page.tables for row in table)
    nothing = dashboard(_rows(region_release(), "level"))
    assert "Hierover zijn geen cijfers" in nothing.get("/verkennen").text
    for address in EVERY_PAGE:
        if not address.startswith("/context"):  # figures from elsewhere are still there
            assert not Html.of(nothing.get(address).text).all("img"), address


def test_a_pilot_of_one_municipality_is_said_and_compared_with_no_other() -> None:
    only: dict[int, tuple[int, ...]] = {period.code: (222,) for period in PERIODS}
    pilot = _covering(_rows(region_release(), "unit", "region", "GM0222", "BO", PRIMARY), only)
    client = dashboard(pilot)
    page = Html.of(client.get("/").text)
    assert "Eén gemeente doet mee: Doetinchem." in page.text
    assert not any("/per-gemeente/" in src for src in page.attributes("img", "src"))
    assert any("/verloop/" in src for src in page.attributes("img", "src"))
    assert "trendbreuk" not in page.text
    assert "Ter vergelijking" not in client.get("/gemeenten/GM0222").text
    assert "Eén gemeente doet mee" not in dashboard(region_release()).get("/").text
    english = client.get("/en/").text
    assert "One municipality takes part: Doetinchem." in english


def test_a_year_without_deliveries_has_no_figures_and_breaks_no_trend() -> None:
    release = _covering(region_release(), {EMPTY.code: ()})
    findings = Findings(release)
    assert findings.breaks == frozenset({PERIODS[1].code})
    client = dashboard(release)
    for address in ("/", f"/scholen/{PRIMARY}", "/aanbieders/g0",
                    f"/vergelijken?kies=school:{PRIMARY}"):  # fmt: skip
        page = Html.of(client.get(address).text)
        row = next(row for row in page.tables[0] if row[0].startswith(EMPTY.label))
        assert "niets geleverd" in row[0]
        assert all("geen gegevens" in cell for cell in row[1:])
        assert "dat is iets anders dan 0" in page.text


def test_pages_show_the_last_year_that_was_delivered() -> None:
    last = PERIODS[-1]
    release = _covering(region_release(), {last.code: ()})
    assert Findings(release).latest == PERIODS[-2]
    client = dashboard(release)
    for address in (
        "/", "/gemeenten", f"/scholen/{PRIMARY}", "/onderwerpen/kosten", "/onderwerpen/vormen",
        "/aanbieders", "/aanbieders/g0", f"/vergelijken?kies=school:{PRIMARY}&kies=type:BO",
    ):  # fmt: skip
        page = Html.of(client.get(address).text)
        assert f"schooljaar {PERIODS[-2].label}" in page.text, address
        assert f"schooljaar {last.label}" not in page.text, address


def test_where_nobody_counts_a_zero_is_explained() -> None:
    def nobody(row: dict[str, Any]) -> dict[str, Any]:
        is_it = row["unit"] == PRIMARY and row["period"] == PERIODS[-1].code
        return row | {"value": 0, "status": ""} if is_it else row

    release = region_release()
    tables = tuple(
        ReleasedTable.make(
            table.id,
            table.title,
            pa.Table.from_pylist([nobody(row) for row in table.cells.to_pylist()],
                                 table.cells.schema),
        )
        for table in release.tables
    )  # fmt: skip
    page = Html.of(dashboard(replace(release, tables=tables)).get(f"/scholen/{PRIMARY}").text)
    assert "Hier telt nu niemand mee." in page.text
    row = next(row for row in page.tables[0] if row[0].startswith(PERIODS[-1].label))
    assert "niemand telt mee" in row[0]
