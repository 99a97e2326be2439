"""What a supplier hears of the linkage: nothing before it, then one blurred whole per cent."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature

import pytest
from fastapi.testclient import TestClient

from linker.linkage.feedback import two_sided_noise
from linker.rounds.lifecycle import close_round
from linker.tallying.making import make_tally
from shared.mirror import NoRate, Standing
from shared.round import TrustedRound
from shared.state.ledger_table import entries
from tests.support.mirrors import (
    CLIENTS,
    FEW,
    OBJECTING,
    PUPILS,
    Put,
    care_of,
    deliver_all,
    link_now,
    pupils,
    putter,
    read,
)
from tests.support.parties import ROUND, Letter, MiniRegion, care_table, objection_table


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def put(region: MiniRegion, trusted: TrustedRound, client: TestClient) -> Put:
    return putter(region, trusted, client)


@pytest.fixture
def delivered(put: Put) -> dict[str, Letter]:
    return deliver_all(put)


def test_there_is_no_rate_before_the_linkage(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter]
) -> None:
    for closed in (False, True):
        if closed:
            database = region.linker_database()
            close_round(database, ROUND)
            database.close()
        mirror = read(region, client, delivered["aalten"])
        assert (mirror.standing, mirror.rows_received) == (Standing.CURRENT, len(CLIENTS))
        assert (mirror.match_percent, mirror.no_match_percent) == (None, NoRate.BEFORE_LINKING)
        assert mirror.revision == 0


@pytest.mark.parametrize("noise", [0, 17, -17])
def test_a_rate_is_that_of_a_naive_count_plus_the_noise(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter], noise: int
) -> None:
    link_now(region, lambda: noise)
    left = set(range(PUPILS)) - set(OBJECTING)
    for who, persons in (("duo", range(PUPILS)), ("aalten", CLIENTS)):
        linked = len(left & set(persons) & {*CLIENTS, *FEW})
        expected = int(100 * (linked + noise) / len(persons) + 0.5)
        mirror = read(region, client, delivered[who])
        assert (mirror.match_percent, mirror.no_match_percent) == (expected, None)
        assert mirror.revision == 1


def test_under_a_thousand_persons_there_is_no_rate(
    region: MiniRegion, client: TestClient, put: Put
) -> None:
    """Persons, not rows: a thousand rows about 999 children say too much of each."""
    put(pupils(), "enrolment/1", "duo")
    twice = care_of(range(999)).to_pylist() + care_of(range(999), period=24).to_pylist()
    few = put(care_table(twice))
    enough = put(care_of(range(1_000)), party="gm0222")
    link_now(region)
    mirror = read(region, client, few)
    assert (mirror.rows_received, mirror.match_percent) == (1_998, None)
    assert mirror.no_match_percent is NoRate.TOO_FEW_PERSONS
    assert read(region, client, enough).match_percent == 100


def test_an_objection_elsewhere_does_not_take_the_rate_away(
    region: MiniRegion, client: TestClient, put: Put
) -> None:
    """With 1,000 persons, of whom one objected at another: an absent rate would tell of it."""
    put(pupils(), "enrolment/1", "duo")
    thousand = put(care_of(range(1_000)))
    put(care_of(FEW), party="gm0222")
    put(objection_table([7]), "objection/1", "gm0222")
    link_now(region)
    assert read(region, client, thousand).match_percent == 100


def test_a_rate_is_drawn_once_and_told_the_same_to_everybody(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter]
) -> None:
    drawn = iter(range(25, 1_000, 250))
    link_now(region, lambda: next(drawn))
    first = read(region, client, delivered["aalten"])
    region.clock.forward(3)
    again = read(region, client, delivered["aalten"])
    assert again == first.model_copy(update={"as_of": region.clock()})
    assert len(list(drawn)) == 2  # of four: one for each delivery with a rate, and no more


def test_a_linkage_is_blurred_unless_a_test_says_otherwise() -> None:
    assert signature(make_tally).parameters["noise"].default is two_sided_noise


def test_the_tally_and_the_ledger_do_not_change_by_what_suppliers_are_told(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter]
) -> None:
    tally = link_now(region, lambda: 200)
    quality = {(each.supplier, each.schema_name): each for each in tally.header.quality}
    assert quality["gm0197", "care/1"].linked_percent == 94
    assert read(region, client, delivered["aalten"]).match_percent == 100
    database = region.linker_database()
    with database.reading() as session:
        before = [entry.body for entry in entries(session.connection())]
    for letter in delivered.values():
        read(region, client, letter)
    with database.reading() as session:
        assert [entry.body for entry in entries(session.connection())] == before
    database.close()
    assert not any(b"percent" in body for body in before)
