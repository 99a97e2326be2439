"""Clocks that jump: what compares days must hold for a clock that is two days off, either way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linker.rounds.lifecycle import accept_round, close_round, status_on
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.rounds.retention import Retention as LinkerRetention
from linker.tallying.making import make_tally
from publisher.policies import ReleaseState
from publisher.rounds.retention import Retention as PublisherRetention
from shared.destruction import MAX_SILENCE, Kept
from shared.errors import ConfigurationError, MonitorError
from shared.ledger import verify_ledger
from shared.round import TrustedRound
from shared.state.database import Database
from shared.state.ledger_table import entries
from tests.support.parties import NOW, ROUND, MiniRegion, objection_table, seal_letter
from tests.support.publishing import Publisher
from tests.support.rounds import EVERY_DELIVERY, SETTINGS, children, deliver

SKEW = timedelta(hours=48)
SKEWS = pytest.mark.parametrize("skew", [-SKEW, SKEW], ids=["behind", "ahead"])


@pytest.fixture
def database(region: MiniRegion) -> Iterator[Database]:
    made = region.linker_database()
    yield made
    made.close()


def linker(region: MiniRegion, database: Database) -> LinkerRetention:
    return LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])


def put_objection(region: MiniRegion, trusted: TrustedRound, party: str) -> int:
    letter = seal_letter(region, trusted, party, objection_table([1]), "objection/1")
    with region.linker_client() as client:
        return client.put(f"/envelopes/{letter.address}", content=letter.data).status_code


# --- the week of silence -----------------------------------------------------------------------


@pytest.mark.parametrize("which", ["linker", "publisher"])
def test_a_clock_a_week_past_the_last_entry_is_believed_and_a_second_more_is_not(
    publisher: Publisher, which: str
) -> None:
    region = publisher.region
    database = region.linker_database() if which == "linker" else publisher.releases.database
    service: LinkerRetention | PublisherRetention = (
        linker(region, database)
        if which == "linker"
        else PublisherRetention(database, publisher.releases.keys, publisher.releases.identity)
    )
    (term,) = [
        due.until
        for due in service.due(region.clock() + timedelta(days=1000))
        if due.what is Kept.ROUND
    ]
    # Something is entered a week before the term.
    region.clock.now = term - MAX_SILENCE
    service.offers.make("volgende-ronde", region.clock)
    assert list(service.retain(term - timedelta(seconds=1))) == []
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(service.retain(term + timedelta(seconds=1)))
    assert service.keys.exists(ROUND)
    region.clock.now = term
    assert [each.id for each in service.retain(term)] == [ROUND]
    assert not service.keys.exists(ROUND)
    database.close()


def test_a_clock_that_nobody_confirmed_ends_nothing_and_confirmed_it_does(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    region.clock.forward(3650)
    for _ in range(2):  # the refusal itself enters nothing that the next run could believe
        with pytest.raises(ConfigurationError, match="clock-ahead"):
            list(linker(region, database).retain(region.clock()))
    done = linker(region, database).retain(region.clock(), clock_confirmed=True)
    assert [each.id for each in done] == [ROUND]


def test_a_round_that_is_closed_late_is_kept_no_longer(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    region.clock.forward(60)  # it had to be closed after 30
    close_round(database, ROUND, without=EVERY_DELIVERY)
    days = region.policy.policy.retention.input_after_close_days
    region.clock.now = NOW + timedelta(days=30 + days + 1)
    done = linker(region, database).retain(region.clock(), clock_confirmed=True)
    assert [each.id for each in done] == [ROUND]


def test_a_clock_that_runs_behind_ends_nothing_early(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    region.clock.forward(-3650)
    assert linker(region, database).due(region.clock()) == []
    assert list(linker(region, database).retain(region.clock())) == []


# --- two days off ------------------------------------------------------------------------------


@SKEWS
def test_a_delivery_two_days_off_is_judged_by_the_day_that_the_clock_says(
    region: MiniRegion, trusted: TrustedRound, database: Database, skew: timedelta
) -> None:
    region.clock.now = region.clock.now.replace(hour=12) + timedelta(days=30)  # the last day
    assert put_objection(region, trusted, "gm0197") == 201
    region.clock.now += skew
    assert put_objection(region, trusted, "gm0222") == (409 if skew > timedelta(0) else 201)


@SKEWS
def test_a_round_two_days_off_is_accepted_unless_its_last_day_is_past(
    region: MiniRegion, database: Database, skew: timedelta
) -> None:
    region.clock.now += timedelta(days=29) + skew
    arguments = (
        database,
        region.identities["koppelaar"],
        region.linker_keys,
        region.files(),
        region.pinned_agreements,
        region.clock,
    )
    if skew > timedelta(0):
        with pytest.raises(MonitorError, match="closes-in-past"):
            accept_round(*arguments)
    else:
        assert accept_round(*arguments).sha256


@SKEWS
def test_a_reopening_two_days_off_stays_within_the_term(
    region: MiniRegion, trusted: TrustedRound, database: Database, skew: timedelta
) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    (term,) = [due.until for due in linker(region, database).due(region.clock.now.replace(2030))]
    region.clock.now = term - timedelta(days=3) + skew
    until = (term - timedelta(days=1)).date()
    if region.clock.now.date() > until:
        with pytest.raises(MonitorError, match="reopen-in-past"):
            reopen_round(database, ROUND, ReopenReason.LATE, until)
    else:
        reopen_round(database, ROUND, ReopenReason.LATE, until)
    with pytest.raises(MonitorError):
        reopen_round(database, ROUND, ReopenReason.LATE, until + timedelta(days=1))


@SKEWS
@pytest.mark.parametrize("what", [Kept.ROUND, Kept.RELEASE])
def test_a_term_two_days_off_ends_by_the_clock_and_not_before(
    publisher: Publisher, tmp_path: Path, skew: timedelta, what: Kept
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    releases, clock = publisher.releases, publisher.region.clock
    service = PublisherRetention(releases.database, releases.keys, releases.identity)
    far = clock() + timedelta(days=9999)
    (term,) = [due.until for due in service.due(far) if due.what is what]
    now = term + skew
    clock.now = now
    ended = {each.what for each in service.retain(now, clock_confirmed=True)}
    assert (what in ended) is (skew > timedelta(0))
    if what is Kept.RELEASE:
        assert (publisher.state() is ReleaseState.EXPIRED) is (skew > timedelta(0))


def test_a_whole_life_under_a_clock_that_jumps_two_days_between_its_steps(
    region: MiniRegion, accepted: object, trusted: TrustedRound, database: Database, tmp_path: Path
) -> None:
    """Nothing depends on time running forward: each step works, and the ledger is whole."""
    jumps = iter([SKEW, -SKEW, -SKEW, SKEW] * 10)

    def jump() -> None:
        region.clock.now += next(jumps)

    with region.linker_client() as client:
        jump()
        deliver(region, client, trusted, children(count=40))
    jump()
    close_round(database, ROUND)
    jump()
    identity = region.identities["koppelaar"]
    tally = make_tally(database, identity, region.linker_keys, ROUND, SETTINGS)
    jump()
    reopen_round(database, ROUND, ReopenReason.LATE, region.clock().date() + timedelta(days=3))
    jump()
    close_round(database, ROUND)
    again = make_tally(database, identity, region.linker_keys, ROUND, SETTINGS)
    assert again.cells.equals(tally.cells)
    jump()
    assert status_on(database, ROUND, region.clock)["retention_overdue"] is False
    with database.reading() as session:
        lines = [entry.line() for entry in entries(session.connection())]
    verify_ledger(lines, identity.card)
