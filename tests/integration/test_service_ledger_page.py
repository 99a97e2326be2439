"""The ledger as a page: every event has a name, the newest stands first, nothing is markup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shared.identity import Role
from shared.ledger import Event
from shared.service.ledger_page import EVENTS, LEDGER_PATH, SHOWN, ledger_router
from shared.service.markup import crumbs
from shared.state.database import Database, Transaction, open_engine
from shared.state.ledger_table import entries
from tests.support.databases import sqlite_database
from tests.support.parties import Clock, identity
from tests.support.web import Html


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = sqlite_database("publisher", tmp_path)
    found = Database(open_engine(url), identity("publicist", Role.PUBLISHER), Clock())
    yield found
    found.close()


def _page(database: Database) -> Html:
    app = FastAPI()
    app.include_router(ledger_router("publicist", database))
    answer = TestClient(app).get(LEDGER_PATH)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return Html.of(answer.text)


def test_every_event_has_a_name_of_its_own() -> None:
    assert set(EVENTS) == set(Event)
    assert len(set(EVENTS.values())) == len(EVENTS)


def test_the_page_shows_the_entries_of_the_ledger_the_newest_first(database: Database) -> None:
    assert "Er staat nog niets in het logboek." in _page(database).text

    def record(tx: Transaction) -> None:
        for source in ("<b>een</b>", "twee"):
            tx.record(Event.CONTEXT_IMPORTED, source=source, sha256="a")

    database.run(record)
    page = _page(database)
    rows = page.tables[0][1:]
    with database.reading() as session:
        found = list(entries(session.connection()))
    assert [row[0] for row in rows] == ["2", "1"]
    assert [row[4] for row in rows] == [each.sha256 for each in reversed(found)]
    assert {row[2] for row in rows} == {"cijfers uit een andere bron toegevoegd"}
    assert "source: <b>een</b>" in rows[1][3]
    assert "/toezicht" in page.attributes("a", "href")
    assert page.attributes("nav", "aria-label") == ["Kruimelpad"]


def test_a_long_ledger_is_shown_by_its_end(database: Database) -> None:
    def many(tx: Transaction) -> None:
        for number in range(SHOWN + 5):
            tx.record(Event.NOTE_REMOVED, note=str(number))

    database.run(many)
    rows = _page(database).tables[0][1:]
    assert len(rows) == SHOWN
    assert rows[0][0] == str(SHOWN + 5)


def test_a_way_back_is_escaped() -> None:
    assert "&lt;b&gt;" in crumbs((("/x", "<b>"),), "hier")
    assert '<li aria-current="page">hier</li>' in crumbs((), "hier")
