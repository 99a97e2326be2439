"""Nobody who uploads waits for a linkage, and a linkage sees when its deliveries are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from linker.intake.deliveries import decide_delivery
from linker.intake.inspection import inspect
from linker.rounds.lifecycle import close_round
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.store import (
    DeliveryRow,
    DeliveryState,
    OutboxRow,
    RoundRow,
    RoundState,
    count_refusal,
    delete_bodies,
)
from linker.tallying import making as tallying
from linker.tallying import opening
from shared.errors import StateError
from shared.round import TrustedRound
from shared.state import database as database_module
from shared.state.database import Database, Transaction
from tests.support.parties import ROUND, MiniRegion
from tests.support.rounds import EVERY_DELIVERY, SETTINGS, children, deliver

During = Callable[[Callable[[], None]], None]


@pytest.fixture
def database(
    region: MiniRegion, trusted: TrustedRound, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """The database of a closed round, where nobody waits long for a turn."""
    with region.linker_client() as client:
        deliver(region, client, trusted, children(count=24))
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 0.2)
    database = region.linker_database()
    with database.reading() as session:
        held = select(DeliveryRow.delivery_id).where(DeliveryRow.state == DeliveryState.HELD)
        waiting = session.scalars(held).all()
    for delivery in waiting:  # so few children are not like a region
        decide_delivery(database, delivery, accept=True)
    close_round(database, ROUND, without=EVERY_DELIVERY)
    yield database
    database.close()


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> During:
    """Does something each time the rows of an opened body are looked at."""

    def act_too(act: Callable[[], None]) -> None:
        def acting(*given: Any) -> Any:
            act()
            return inspect(*given)

        monkeypatch.setattr(opening, "inspect", acting)

    return act_too


def make(region: MiniRegion, database: Database) -> int:
    linker = region.identities["koppelaar"]
    made = tallying.make_tally(database, linker, region.linker_keys, ROUND, SETTINGS)
    return made.header.revision


def test_others_write_while_deliveries_are_opened(
    region: MiniRegion, database: Database, during: During
) -> None:
    counted: list[int] = []

    def write() -> None:
        with database.transaction() as tx:  # once: a second attempt would hide a wait
            count_refusal(tx.session, ROUND, "gm0197", "body-damaged")
        counted.append(1)

    during(write)
    assert make(region, database) == 1
    assert len(counted) == 3


def test_a_delivery_that_goes_while_others_are_opened_stops_the_linkage(
    region: MiniRegion, database: Database, during: During
) -> None:
    def delete(tx: Transaction) -> None:
        for delivery in tx.session.scalars(select(DeliveryRow)):
            delete_bodies(tx.session, delivery.delivery_id)

    during(lambda: database.run(delete))
    with pytest.raises(StateError, match="round-changed"):
        make(region, database)
    assert queued(database) == (RoundState.CLOSED, 0, 0)


def test_a_round_that_is_reopened_meanwhile_is_not_linked(
    region: MiniRegion, database: Database, during: During
) -> None:
    def reopen() -> None:
        with database.reading() as session:
            is_closed = session.get_one(RoundRow, ROUND).state is RoundState.CLOSED
        if is_closed:
            reopen_round(database, ROUND, ReopenReason.ERROR, region.clock().date())

    during(reopen)
    with pytest.raises(StateError, match="round-state"):
        make(region, database)
    assert queued(database) == (RoundState.OPEN, 0, 0)


def queued(database: Database) -> tuple[RoundState, int, int]:
    """The round's state and revision, and how many tallies wait for the publisher."""
    with database.reading() as session:
        row = session.get_one(RoundRow, ROUND)
        return row.state, row.revision, len(session.scalars(select(OutboxRow)).all())
