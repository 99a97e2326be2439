"""Pages of providers: those of which a number is shown, and words for all others."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from publisher.dashboard.language import number
from publisher.released import CellStatus, Release, ReleasedTable
from tests.support.dashboards import dashboard
from tests.support.region_release import PRIMARY, region, region_release, with_tables
from tests.support.releases import MemoryReader
from tests.support.web import Html, client_of

TABLE = "clients_by_provider"
SMALL, NONE = "g1", "g2"
"""A provider whose number for the whole region is not shown, and one that has nobody there now."""
LATEST = 24
NOW: dict[tuple[str, str, int], dict[str, object]] = {
    ("region", SMALL, LATEST): {"value": None, "status": CellStatus.WITHHELD.value},
    ("region", NONE, LATEST): {"value": 0, "status": ""},
}


def _table(release: Release) -> ReleasedTable:
    return next(each for each in release.tables if each.id == TABLE)


def _with_small() -> Release:
    release = region_release()
    table = _table(release)
    rows = [
        row | NOW.get((row["level"], row["category"], row["period"]), {})
        for row in table.cells.to_pylist()
    ]  # fmt: skip
    made = ReleasedTable.make(table.id, table.title, pa.Table.from_pylist(rows, table.cells.schema))
    return replace(
        release, tables=tuple(made if each.id == TABLE else each for each in release.tables)
    )


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(_with_small())


def _read(client: TestClient, address: str) -> Html:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Html.of(answer.text)


def _released(level: str, unit: str, group: str) -> str:
    (value,) = [
        row["value"]
        for row in _table(_with_small()).cells.to_pylist()
        if (row["level"], row["unit"], row["category"], row["period"])
        == (level, unit, group, LATEST)
    ]  # fmt: skip
    return "■" if value is None else number(value)


def test_a_provider_has_the_released_figures_of_every_area_and_year(client: TestClient) -> None:
    page = _read(client, "/aanbieders/g0")
    assert "Zorggroep Noord" in page.text
    trend, *places = page.tables
    assert trend[-1][1].strip() == _released("region", "region", "g0")
    assert trend[-1][2].strip() == _released("region", "region", "")
    assert len(trend) == 1 + 6
    shown = {row[0]: row[1].strip() for table in places for row in table[1:]}
    for place in region().municipalities:
        assert shown[place.name].startswith(_released("municipality", f"GM{place.code:04}", "g0"))
    assert "Basisonderwijs" in shown
    assert "Basisschool De Linde" not in shown


def test_a_provider_whose_number_is_not_shown_has_no_page_and_is_not_listed(
    client: TestClient,
) -> None:
    listed = _read(client, "/aanbieders")
    assert "van wie wij het aantal leerlingen niet tonen, staan hier niet." in listed.text
    names = [row[0] for row in listed.tables[0][1:]]
    assert names == ["Zorggroep Noord", "Zorggroep Zuid"]
    assert "Aanbieders met weinig leerlingen" not in listed.text
    for group in (SMALL, NONE, "other", "none", "", "region", PRIMARY):
        if group:
            assert client.get(f"/aanbieders/{group}").status_code == 404
    answer = client.get(f"/en/aanbieders/{SMALL}")
    assert "This provider is not in the figures" in answer.text
    assert "Oost" not in Html.of(answer.text).text


def test_a_release_without_the_table_says_so_and_leads_to_what_there_is() -> None:
    without = with_tables(region_release(), "pupils_and_clients", "providers")
    client = dashboard(without)
    page = _read(client, "/aanbieders")
    assert "In deze uitgave staan geen cijfers per aanbieder." in page.text
    assert not page.tables
    assert "zijn er niet, of wij tonen ze niet om de privacy te beschermen." in page.text
    assert "In het beleid staat" not in page.text
    assert client.get("/aanbieders/g0").status_code == 404
    assert "/aanbieders" in _read(client, "/onderwerpen/aanbieders").attributes("a", "href")


def test_without_a_release_or_without_the_reference_nobody_is_named() -> None:
    assert "Er zijn nu geen cijfers" in dashboard().get("/aanbieders").text
    assert "Er zijn nu geen cijfers" in dashboard().get("/aanbieders/g0").text
    bare = client_of(MemoryReader((region_release(),)))
    assert "geen cijfers per aanbieder" in bare.get("/aanbieders").text
    assert bare.get("/aanbieders/g0").status_code == 404
