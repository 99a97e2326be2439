"""A page begins with its answer: large figures, or the groups where a few figures are no answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from publisher.dashboard.findings import CLIENTS
from publisher.dashboard.language import number
from publisher.released import CellStatus, ReleasedTable
from shared.reference import Level
from tests.support.dashboards import NOTES, dashboard
from tests.support.region_release import PRIMARY, region_release
from tests.support.releases import cell_of
from tests.support.web import Html

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(region_release(), notes=lambda: NOTES)


def _cards(page: Html) -> str:
    """What stands before the levels to choose from."""
    return page.text.partition("Kies wat u wilt zien")[0]


def test_a_topic_begins_with_the_answer_for_the_whole_region(client: TestClient) -> None:
    release = region_release()
    costs = _cards(Html.at(client, "/onderwerpen/kosten"))
    for measure in ("cost_eur", "cost_per_client", "cost_per_pupil"):
        value = cell_of(release, "region", measure, 24).value
        assert value is not None
        assert f"€ {number(value)}" in costs
    providers = _cards(Html.at(client, "/onderwerpen/aanbieders"))
    assert "Het meest" not in providers
    assert f"{cell_of(release, 'region', 'providers', 24).value}" in providers


def test_groups_of_the_region_stand_first_until_a_level_is_asked(client: TestClient) -> None:
    """Few large figures cannot answer who refers; for costs they do."""
    region, places = "Alle scholen in de regio samen", "De cijfers gaan over de scholen die"

    def is_region_first(address: str) -> bool:
        text = Html.at(client, address).text
        return text.index(region) < text.index(places)

    assert is_region_first("/onderwerpen/verwijzers")
    assert not is_region_first("/onderwerpen/verwijzers?niveau=municipality")
    assert not is_region_first("/onderwerpen/kosten")


def test_a_school_says_at_once_how_many_providers_it_has(client: TestClient) -> None:
    first = client.get(f"/scholen/{PRIMARY}").text.partition('id="jaren"')[0]
    shown = re.findall(r"<dt>([^<]+)</dt>\s*<dd class=\"big\">([^<]+)</dd>", first)
    value = cell_of(region_release(), PRIMARY, "providers", 24).value
    assert ("Aanbieders van jeugdhulp", str(value)) in shown


@pytest.mark.parametrize(
    ("clients", "answer"),
    [
        (48, "niet duidelijk anders dan op vergelijkbare scholen"),
        (120, "steeg op de scholen met het arrangement meer, of daalde er minder"),
        (5, "daalde op de scholen met het arrangement meer, of steeg er minder"),
    ],
)
def test_an_arrangement_begins_with_what_can_be_said_of_it(clients: int, answer: str) -> None:
    """13.7 per 100 before the start, of 300 pupils; comparable schools stay near 12."""

    def change(rows: Rows) -> None:
        for row in rows:
            at = (row["level"], row["measure"], row["period"])
            if at == (Level.ARRANGEMENT.value, CLIENTS, 24):
                row["value"] = clients

    page = Html.at(_changed("arrangement_schools", change), "/arrangementen/1")
    assert answer in page.text.partition("Wij zetten")[0]


def _changed(name: str, change: Callable[[Rows], None]) -> TestClient:
    """The pages over a release with other rows in one table."""
    release = region_release()
    table = next(each for each in release.tables if each.id == name)
    rows = table.cells.to_pylist()
    change(rows)
    cells = pa.Table.from_pylist(rows, table.cells.schema)
    made = ReleasedTable.make(table.id, table.title, cells)
    return dashboard(
        replace(release, tables=tuple(made if each.id == name else each for each in release.tables))
    )


def _with_kinds(*changes: dict[str, object]) -> Html:
    """The topic where the first kinds of help of the region have other figures."""

    def change(rows: Rows) -> None:
        found = [
            row for row in rows
            if (row["level"], row["period"]) == ("region", 24) and row["category"]
        ]  # fmt: skip
        for row, other in zip(found, changes, strict=False):
            row.update(other)

    return Html.at(_changed("clients_by_domain", change), "/onderwerpen/soorten")


def test_a_topic_of_categories_begins_with_their_total_and_the_highest() -> None:
    page = _with_kinds({"value": 4321})
    total, most = _cards(page).partition("De hele regio")[2].split("Het meest: ")
    assert number(cell_of(region_release(), "region", CLIENTS, 24).value or 0) in total
    (row,) = [row for table in page.tables for row in table if row[-1] == "4.321"]
    assert most.split()[0] == row[0].split()[0]
    assert "4.321" in most


@pytest.mark.parametrize(
    "other",
    [
        {"value": None, "status": CellStatus.WITHHELD.value},
        {"value": 4320, "status": CellStatus.ROUNDED.value},
    ],
    ids=["withheld", "rounded"],
)
def test_no_category_is_called_the_highest_where_another_may_be(other: dict[str, object]) -> None:
    cards = _cards(_with_kinds({"value": 4321}, other))
    assert "Het hoogste getoonde: " in cards
    assert "Het meest" not in cards


def test_no_category_is_called_the_highest_beside_another_as_high() -> None:
    cards = _cards(_with_kinds({"value": 4321}, {"value": 4321}))
    assert "De hele regio" in cards
    assert "4.321" not in cards
