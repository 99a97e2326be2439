"""A release as a policy makes it: tables at some levels, a level withheld whole, schools rounded.

The pages know which topics there are; which tables, levels and figures a release has of them is
the policy's and the protection's to say, and may change without a change of the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from publisher.dashboard.findings import Findings
from publisher.dashboard.topics import released_topics
from publisher.released import CellStatus, Release, ReleasedTable, TableEntry
from shared.reference import Level
from tests.support.dashboards import dashboard
from tests.support.region_release import PRIMARY, SECONDARY, region, region_release
from tests.support.web import Html

_LEVELS = frozenset({Level.MUNICIPALITY, Level.TYPE, Level.SWV_PO, Level.SWV_VO, Level.REGION})
_COARSE = (
    "clients_started_by_referrer", "clients_started_by_age", "clients_by_flow",
    "clients_by_education", "ended_by_duration", "day_treatment",
)  # fmt: skip
_ROUNDED, _WITHHELD = "clients_started_by_referrer", "clients_started_by_age"
_TOPICS = ("verwijzers", "leeftijd", "instroom", "onderwijssoort", "duur", "dagbehandeling")
_Row = dict[str, object]


@cache
def partial() -> Release:
    """The six tables at coarse levels; one of them rounded per school, one withheld in part."""
    release = region_release()
    tables = tuple(each for table in release.tables for each in _policed(table))
    entries = tuple(
        TableEntry(id=each.id, title=each.title, sha256="0" * 64, rows=each.cells.num_rows,
                   withheld=each.cells["status"].to_pylist().count("c"))
        for each in tables
    )  # fmt: skip
    return replace(
        release, tables=tables, manifest=release.manifest.model_copy(update={"tables": entries})
    )


def _policed(table: ReleasedTable) -> Iterator[ReleasedTable]:
    if table.id not in _COARSE:
        if table.id in ("pupils_and_clients", "clients_by_form", "costs"):
            yield table
        return
    rows: list[_Row] = table.cells.to_pylist()
    if table.id == _WITHHELD:
        rows = [_withheld(row) if row["level"] == Level.MUNICIPALITY else row for row in rows]
    yield _made(table, table.id, [row for row in rows if row["level"] in _LEVELS])
    if table.id == _ROUNDED:
        schools = [
            _rounded(row) for row in rows if row["level"] == Level.SCHOOL and row["category"]
        ]
        yield _made(table, f"{table.id}_school", schools)


def _made(table: ReleasedTable, name: str, rows: list[_Row]) -> ReleasedTable:
    cells = pa.Table.from_pylist(rows, table.cells.schema)
    return ReleasedTable.make(name, table.title, cells)


def _withheld(row: _Row) -> _Row:
    return row | {"value": None, "status": CellStatus.WITHHELD.value}


def _rounded(row: _Row) -> _Row:
    """A row of a rounded table, which has no totals: they stand unrounded elsewhere."""
    value = row["value"] if isinstance(row["value"], int) else 3
    return row | {"value": value // 5 * 5, "status": CellStatus.ROUNDED.value}


@pytest.fixture(scope="module")
def client() -> TestClient:
    return dashboard(partial())


def _read(client: TestClient, address: str) -> Html:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Html.of(answer.text)


def _check_images(client: TestClient, page: Html) -> int:
    images = [src for src in page.attributes("img", "src") if src.startswith("/grafieken/")]
    for src in images:
        answer = client.get(src)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml"), src
    return len(images)


@pytest.mark.parametrize("topic", _TOPICS)
def test_every_topic_has_its_page_levels_and_charts(client: TestClient, topic: str) -> None:
    page = _read(client, f"/onderwerpen/{topic}")
    assert _check_images(client, page) >= 1
    assert "Alle scholen in de regio samen" in page.text
    ways = {link for link in page.attributes("a", "href") if f"/{topic}?niveau=" in link}
    assert any("niveau=type" in way for way in ways)
    assert any("niveau=school" in way for way in ways) is (topic == "verwijzers")
    lacks_schools = "Niet in deze uitgave: scholen, woongemeenten." in page.text
    assert lacks_schools is (topic != "verwijzers")
    assert "Niet in deze uitgave: " in page.text
    for way in sorted(ways)[:4]:
        assert all(len(table) > 1 for table in _read(client, way).tables), way


@pytest.mark.parametrize(
    "address", ["/", "/gemeenten/GM0222", "/schoolsoorten/VO", f"/scholen/{SECONDARY}"]
)
def test_profiles_show_what_there_is_and_no_empty_chart(client: TestClient, address: str) -> None:
    page = _read(client, address)
    assert _check_images(client, page) >= 1
    assert page.text.count("Verwijzers") >= 1


def test_a_level_that_is_withheld_whole_is_words_and_never_zeros(client: TestClient) -> None:
    profile = _read(client, "/gemeenten/GM0222")
    assert "alle cijfers hierover zijn hier weggelaten" in profile.text
    topic = _read(client, "/onderwerpen/leeftijd?niveau=municipality")
    rows = topic.tables[0][1:]
    assert len(rows) == 4
    # The symbol is hidden from a screen reader, which hears the words instead.
    said = {cell.strip() for row in rows for cell in row[1:]}
    assert said == {"■niet getoond om privacyredenen"}
    assert not [src for src in topic.attributes("img", "src") if "/municipality/" in src]


def test_figures_per_school_that_are_rounded_say_so(client: TestClient) -> None:
    page = _read(client, "/onderwerpen/verwijzers?niveau=school&soort=VO")
    cells = [cell.strip() for row in page.tables[0][1:] for cell in row[1:9]]
    assert len(cells) == 4 * 8
    assert all(cell.endswith("(afgerond)") for cell in cells)
    school = _read(client, f"/scholen/{PRIMARY}")
    assert "0–4" in school.text
    (own,) = [table for table in school.tables if "Huisarts" in {row[0] for row in table}]
    assert "Totaal" not in {row[0] for row in own}
    topic = _read(client, "/onderwerpen/verwijzers")
    whole, places = topic.tables[0], topic.tables[-1]
    assert (whole[0][0], whole[1][0]) == ("Verwijzer", "Totaal")
    # The one that refers and the place of the school are told apart.
    assert places[0][:2] == ["Gemeente van de school", "Gemeente"]
    assert page.tables[0][0][-2:] == ["Gemeente van de school", "Soort"]


def test_what_the_release_lacks_is_no_topic(client: TestClient) -> None:
    shown = {topic.id for topic in released_topics(Findings(partial(), region()))}
    assert shown == {"gebruik", "vormen", "kosten", *_TOPICS}
    for address in ("/onderwerpen/ggz", "/onderwerpen/soorten"):
        assert client.get(address).status_code == 404
