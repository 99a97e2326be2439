"""Keys that were offered for a round: their term, and one id is one life."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from linker.rounds.lifecycle import accept_round as accept_at_linker
from linker.rounds.retention import Retention as LinkerRetention
from publisher.rounds.lifecycle import accept_round as accept_at_publisher
from publisher.rounds.retention import Retention as PublisherRetention
from shared.destruction import Destruction, Due, Kept, Reason
from shared.errors import ConfigurationError, GoneError, StateError
from shared.ledger import Event
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.state.offers import OfferState
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion

Service = LinkerRetention | PublisherRetention
UNUSED = "nooit-gemaakt"
DAYS = 90  # input_after_close_days of the shipped policy


@pytest.fixture(params=["linker", "publisher"])
def service(request: pytest.FixtureRequest, region: MiniRegion) -> Iterator[Service]:
    made: Service
    if request.param == "linker":
        database = region.linker_database()
        made = LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])
    else:
        database = region.publisher_database()
        made = PublisherRetention(database, region.publisher_keys, region.identities["publicist"])
    yield made
    database.close()


def ledger(database: Database) -> list[tuple[Event, str]]:
    with database.reading() as session:
        return [(e.event, json.loads(e.body)["round"]) for e in entries(session.connection())]


def retain(service: Service, region: MiniRegion) -> list[tuple[Kept, str]]:
    policy = region.policy.policy
    assert policy.retention.input_after_close_days == DAYS
    done = service.retain(region.clock(), policy=policy, clock_confirmed=True)
    return [(each.what, each.id) for each in done]


def offer(service: Service, region: MiniRegion, round_id: str = UNUSED) -> Statement:
    return service.offers.make(round_id, region.clock)


def test_an_offer_is_entered_once_and_gives_the_same_key_again(
    service: Service, region: MiniRegion
) -> None:
    first, again = offer(service, region), offer(service, region)
    assert first.sha256 == again.sha256
    assert ledger(service.database) == [(Event.KEY_OFFERED, UNUSED)]


def test_a_key_that_no_round_was_made_with_goes_at_its_term(
    service: Service, region: MiniRegion
) -> None:
    offer(service, region)
    offer(service, region, ROUND)
    accept(service, region)
    region.clock.forward(DAYS - 1)
    assert retain(service, region) == []
    region.clock.forward(1)
    assert service.due(region.clock(), region.policy.policy) == [
        Due(Kept.OFFER, UNUSED, region.clock())
    ]
    assert service.due(region.clock()) == []
    assert retain(service, region) == [(Kept.OFFER, UNUSED)]
    assert retain(service, region) == []
    assert service.keys.round_ids() == [ROUND]
    (statement,) = service.statements()
    statement.check_signed_by(service.identity.card)
    body = Destruction.of(statement)
    assert (body.round_id, body.objects, body.reason) == (UNUSED, 0, Reason.UNUSED)
    assert ledger(service.database)[-2:] == [
        (Event.DESTROYING, UNUSED),
        (Event.DESTROYED, UNUSED),
    ]


def accept(service: Service, region: MiniRegion) -> None:
    """Accept the round at one service, with the linker's signature that the publisher asks for."""
    files = region.files()
    if isinstance(service, LinkerRetention):
        accept_at_linker(
            service.database,
            service.identity,
            service.keys,
            files,
            region.pinned_agreements,
            region.clock,
        )
        return
    signed = region.made.countersigned(region.identities["koppelaar"])
    accept_at_publisher(
        PublisherRetention(service.database, service.keys, service.identity),
        region.files(statement=signed),
        region.pinned_agreements,
        region.clock,
    )


def test_a_key_that_stands_nowhere_is_entered_and_its_term_begins_then(
    service: Service, region: MiniRegion
) -> None:
    """A crash came between the key and its entry; the region's own offer is such a one."""
    region.clock.forward(DAYS)
    assert retain(service, region) == []
    assert ledger(service.database) == [(Event.KEY_OFFERED, ROUND)]
    region.clock.forward(DAYS - 1)
    assert retain(service, region) == []
    region.clock.forward(1)
    assert retain(service, region) == [(Kept.OFFER, ROUND)]


def test_nothing_is_entered_by_a_clock_that_may_be_wrong(
    service: Service, region: MiniRegion
) -> None:
    """An entry would make the next run believe the clock."""
    offer(service, region)
    region.clock.forward(8)
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(service.retain(region.clock(), policy=region.policy.policy))
    assert ledger(service.database) == [(Event.KEY_OFFERED, UNUSED)]


def test_a_key_whose_destruction_was_interrupted_is_finished(
    service: Service, region: MiniRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(service, region)
    region.clock.forward(DAYS)

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(service.keys), "destroy", stops)
        with pytest.raises(KeyboardInterrupt):
            retain(service, region)
    (due,) = service.overdue(region.clock(), region.policy.policy)
    assert (due.id, due.unfinished) == (UNUSED, True)
    assert retain(service, region)[0] == (Kept.OFFER, UNUSED)
    assert [each for each in ledger(service.database) if each[1] == UNUSED] == [
        (Event.KEY_OFFERED, UNUSED),
        (Event.DESTROYING, UNUSED),
        (Event.DESTROYED, UNUSED),
    ]


@pytest.mark.parametrize("state", [OfferState.DESTROYING, OfferState.DESTROYED])
def test_one_id_is_one_life(service: Service, region: MiniRegion, state: OfferState) -> None:
    offer(service, region, ROUND)
    with service.database.transaction() as tx:
        tx.session.get_one(service.offers.table, ROUND).state = state
    with pytest.raises(GoneError, match="offer-destroyed"):
        offer(service, region, ROUND)
    with pytest.raises(GoneError, match="offer-destroyed"):
        accept(service, region)


def test_a_round_that_was_destroyed_gets_no_new_key(service: Service, region: MiniRegion) -> None:
    accept(service, region)
    service.destroy(ROUND, Reason.ERROR)
    with pytest.raises(GoneError, match="offer-destroyed"):
        offer(service, region, ROUND)
    assert service.keys.round_ids() == []


def test_a_key_that_a_round_took_meanwhile_is_not_destroyed(
    service: Service, region: MiniRegion
) -> None:
    offer(service, region, ROUND)
    accept(service, region)
    with pytest.raises(StateError, match="offer-used"):
        service.offers.destroy(ROUND)
    assert service.keys.exists(ROUND)
    assert Event.DESTROYING not in [event for event, _ in ledger(service.database)]


def test_the_overdue_are_those_that_the_daily_run_forgot(
    service: Service, region: MiniRegion
) -> None:
    offer(service, region)
    policy = region.policy.policy
    region.clock.forward(DAYS)
    assert [each.id for each in service.due(region.clock(), policy)] == [UNUSED]
    assert service.overdue(region.clock() + timedelta(days=1), policy) == []
    late = region.clock() + timedelta(days=1, seconds=1)
    assert [each.id for each in service.overdue(late, policy)] == [UNUSED]
