"""More providers than a page can show: the largest, in one order everywhere; the files have all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.charts.making import chart_data
from publisher.dashboard.findings import MOST_CATEGORIES, Findings
from publisher.dashboard.language import number
from publisher.released import CellStatus, Release, ReleasedTable
from shared.reference import Level
from tests.support.dashboards import dashboard
from tests.support.region_release import region_release
from tests.support.web import Html

TABLE = "clients_by_provider"
PROVIDERS = 20
WITHHELD, NONE = 3, 4
TWO_OF_ONE_NAME = (18, 19)
TOPIC = "/onderwerpen/aanbieders"


def _name(provider: int) -> str:
    alike = dict(zip(TWO_OF_ONE_NAME, ("Praktijk", "praktijk"), strict=True))
    return alike.get(provider, f"Zorggroep {provider}")


def _code(provider: int) -> str:
    return f"p{provider:02}"


def _row(row: dict[str, object], provider: int) -> dict[str, object]:
    made = row | {"category": _code(provider), "category_label": _name(provider)}
    if provider == WITHHELD:
        return made | {"value": None, "status": CellStatus.WITHHELD.value}
    return made | {"value": 0 if provider == NONE else 10 * (provider + 1), "status": ""}


@cache
def _release() -> Release:
    """The release of other tests, with other providers: the later, the larger."""
    release = region_release()
    table = next(each for each in release.tables if each.id == TABLE)
    rows = table.cells.to_pylist()
    rows = [each for each in rows if not each["category"]] + [
        _row(each, provider)
        for provider in range(PROVIDERS)
        for each in rows
        if each["category"] == "g0"
    ]
    made = ReleasedTable.make(table.id, table.title, pa.Table.from_pylist(rows, table.cells.schema))
    tables = tuple(made if each.id == TABLE else each for each in release.tables)
    return replace(release, tables=tables)


def _changed(release: Release, change: Callable[[dict[str, object]], dict[str, object]]) -> Release:
    """A release with other rows in its table of providers."""
    table = next(each for each in release.tables if each.id == TABLE)
    rows = [change(each) for each in table.cells.to_pylist()]
    made = ReleasedTable.make(table.id, table.title, pa.Table.from_pylist(rows, table.cells.schema))
    tables = tuple(made if each.id == TABLE else each for each in release.tables)
    return replace(release, tables=tables)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(_release())


def _largest() -> list[str]:
    found = [each for each in reversed(range(PROVIDERS)) if each not in (WITHHELD, NONE)]
    return [
        f"Praktijk ({_code(each)})" if each in TWO_OF_ONE_NAME else _name(each)
        for each in found[:MOST_CATEGORIES]
    ]


def _table(page: Html, first: str, second: str) -> list[list[str]]:
    """The table of which the heading and the first row begin with these."""
    return next(
        table
        for table in page.tables
        if table[0][0].strip() == first and table[1][0].strip() == second
    )


def test_a_page_shows_the_largest_and_says_so(client: TestClient) -> None:
    page = Html.of(client.get(TOPIC).text)
    _, *rows = _table(page, "Aanbieder", "Totaal")
    assert [row[0].strip() for row in rows[1:]] == _largest()
    assert rows[1][-1].strip() == number(10 * PROVIDERS)
    assert "(de 15 grootste getoonde)" in page.text
    heads = next(table[0] for table in page.tables if len(table[0]) > MOST_CATEGORIES)
    assert [head.strip() for head in heads[1:]] == _largest()
    english = Html.of(client.get(f"/en{TOPIC}").text)
    assert "(the 15 largest shown)" in english.text


def test_the_largest_of_those_that_are_shown_may_not_be_the_largest() -> None:
    """One is withheld, and nobody knows whether that is a larger one."""
    release = _release()
    tables = tuple(each for each in release.tables if each.id != "providers")
    page = Html.of(dashboard(replace(release, tables=tables)).get(TOPIC).text)
    assert f"Het hoogste getoonde: {_largest()[0]}" in page.text
    assert "Het meest:" not in page.text


def test_two_of_one_name_are_told_apart_in_the_list() -> None:
    release = _changed(
        region_release(),
        lambda row: (
            row | {"category_label": "Praktijk"} if row["category"] in ("g0", "g1") else row
        ),
    )
    page = Html.of(dashboard(release).get("/aanbieders").text)
    assert page.row("Praktijk (g0)")
    assert page.row("Praktijk (g1)")


def test_the_chart_shows_those_of_the_table() -> None:
    key = ChartKey(ChartKind.BARS, TABLE, "clients", Level.REGION, "region")
    data = chart_data(Findings(_release()), key)
    assert data is not None
    assert list(data.axis) == _largest()
    assert [point.value for point in data.points][:2] == [10 * PROVIDERS, 10 * (PROVIDERS - 1)]
    assert "(de 15 grootste getoonde)" in data.subtitle


@pytest.mark.parametrize(
    ("shown", "words"),
    [(1, "(alleen de grootste getoonde)"), (2, "(de 2 grootste getoonde)")],
)
def test_where_fewer_are_shown_the_title_has_their_number(shown: int, words: str) -> None:
    """Of all others the number is withheld; one of them may be larger."""
    kept = [_code(PROVIDERS - 1 - each) for each in range(shown)]
    hidden = {"value": None, "status": CellStatus.WITHHELD.value}
    release = _changed(
        _release(),
        lambda row: row | hidden if row["category"] and row["category"] not in kept else row,
    )
    page = Html.of(dashboard(release).get(TOPIC).text)
    assert words in page.text
    assert "(de 15 grootste" not in page.text
    key = ChartKey(ChartKind.BARS, TABLE, "clients", Level.REGION, "region")
    data = chart_data(Findings(release), key)
    assert data is None if shown == 1 else data is not None and words in data.subtitle


def test_where_not_all_are_shown_the_page_leads_to_all(client: TestClient) -> None:
    line = "Alle cijfers van deze tabel staan bij Alle cijfers verkennen."
    page = Html.of(client.get(TOPIC).text)
    assert " ".join(page.text.split()).count(line) == 2
    wanted = f"tabel={TABLE}&niveau=region&eenheid=region"
    address = next(each for each in page.attributes("a", "href") if wanted in each)
    rows = _table(Html.of(client.get(address).text), "Aanbieder", "Totaal")[1:]
    assert len(rows) == 1 + PROVIDERS
    few = Html.of(client.get("/onderwerpen/vormen").text)
    assert line not in " ".join(few.text.split())


def test_every_one_can_be_looked_up_below_each_other(client: TestClient) -> None:
    page = Html.of(client.get(f"/verkennen?tabel={TABLE}&niveau=region&eenheid=region").text)
    heads, *rows = _table(page, "Aanbieder", "Totaal")
    assert len(rows) == 1 + PROVIDERS
    of_name = {row[0].strip(): row[-1].strip() for row in rows}
    assert of_name[_name(WITHHELD)].startswith("■")
    assert of_name[_name(NONE)] == "0"
    assert any("trendbreuk" in head for head in heads)
    assert "Vergelijk cijfers van vóór en na een trendbreuk niet met elkaar." in page.text
    places = Html.of(client.get(f"/verkennen?tabel={TABLE}&niveau=municipality").text)
    heads, *rows = _table(places, "Aanbieder", "Totaal")
    assert (len(heads), len(rows)) == (1 + 4, 1 + PROVIDERS)


def test_few_categories_stay_beside_each_other_in_the_order_of_their_codes() -> None:
    findings = Findings(region_release())
    every = findings.categories_of("clients_by_form")
    assert list(findings.leading_categories("clients_by_form", "clients")) == list(every)
    assert 1 < len(every) <= MOST_CATEGORIES
