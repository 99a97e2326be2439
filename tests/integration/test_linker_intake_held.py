"""What intake holds for a person, what it keeps of a delivery, and what the ledger says of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from linker.intake.deliveries import decide_delivery
from linker.intake.judging import figures_term
from linker.intake.plausibility import DEFAULT_BANDS
from linker.intake.reasons import in_english
from linker.oversight.holdings import find_holdings
from linker.rounds.retention import Retention
from linker.store import DeliveryRow, DeliveryState, FigureRow, RoundRow, RoundState
from shared.destruction import Kept, Reason
from shared.errors import ConfigurationError
from shared.holdings import Alarm, HeldKind
from shared.ledger import Entry, Event
from shared.receipt import Outcome
from shared.round import TrustedRound
from shared.state.ledger_table import entries
from tests.support.letters import Seal, care, outcome, put, sealer
from tests.support.parties import ROUND, Letter, MiniRegion, objection_table


@pytest.fixture
def region(region: MiniRegion) -> MiniRegion:
    """A region whose linker holds what a linker holds by default."""
    settings = region.linker_settings.model_copy(update={"bands": DEFAULT_BANDS})
    region.linker_settings = settings
    return region


@pytest.fixture
def client(region: MiniRegion, trusted: TrustedRound) -> Iterator[TestClient]:
    with region.linker_client() as client:
        yield client


@pytest.fixture
def seal(region: MiniRegion, trusted: TrustedRound) -> Seal:
    return sealer(region, trusted)


def delivery_of(region: MiniRegion, letter: Letter) -> DeliveryRow:
    database = region.linker_database()
    with database.reading() as session:
        row = session.get_one(DeliveryRow, letter.context.delivery)
    database.close()
    return row


def figures(region: MiniRegion, letter: Letter) -> dict[str, int]:
    database = region.linker_database()
    with database.reading() as session:
        query = select(FigureRow).where(FigureRow.delivery_id == letter.context.delivery)
        found = {row.name: row.percent for row in session.scalars(query)}
    database.close()
    return found


def ledger(region: MiniRegion) -> list[Entry]:
    database = region.linker_database()
    with database.reading() as session:
        found = list(entries(session.connection()))
    database.close()
    return found


# --- held --------------------------------------------------------------------------------------


def test_a_delivery_with_many_rows_twice_is_held_until_a_person_decides(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal(care(200, children=100))
    assert outcome(put(client, letter)) is Outcome.DELIVERY_HELD
    row = delivery_of(region, letter)
    assert row.state is DeliveryState.HELD
    assert in_english(row.held_for) == "50 % of the rows repeat another row"
    database = region.linker_database()
    decide_delivery(database, letter.context.delivery, accept=True)
    database.close()
    assert delivery_of(region, letter).state is DeliveryState.CURRENT


def test_what_is_kept_of_a_delivery_is_whole_per_cents_over_all_its_parts(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    first = seal(care(100, forms=(2,)), last=0)
    second = seal(
        care(300, forms=(3,)), delivery=first.context.delivery, part=2, previous=first.address
    )
    assert outcome(put(client, first)) is Outcome.PART_STORED
    assert outcome(put(client, second)) is Outcome.DELIVERY_CURRENT
    kept = figures(region, first)
    assert (kept["form=2"], kept["form=3"], kept["funding=1"]) == (25, 75, 100)
    assert not {"pseudonym", "provider", "cost_eur", "period"} & {
        name.partition("=")[0] for name in kept
    }


def test_a_delivery_of_a_few_rows_leaves_no_figure_and_objections_never_do(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    few = seal(care(9))
    objections = seal(objection_table(list(range(50))), "objection/1")
    assert {put(client, each).status_code for each in (few, objections)} == {201}
    assert (figures(region, few), figures(region, objections)) == ({}, {})


@pytest.mark.parametrize(
    ("schema", "table"),
    [("care/1", care), ("objection/1", lambda count: objection_table(list(range(count))))],
)
def test_a_replacement_with_far_fewer_rows_is_held(
    region: MiniRegion, client: TestClient, seal: Seal, schema: str, table: Callable[..., pa.Table]
) -> None:
    first = seal(table(100), schema)
    put(client, first)
    fewer = seal(table(25), schema, supersedes=first.context.delivery)
    assert put(client, fewer).status_code == 201
    row = delivery_of(region, fewer)
    assert (row.state, row.held_for) == (DeliveryState.HELD, "replaces-fewer")
    assert delivery_of(region, first).state is DeliveryState.CURRENT
    enough = seal(table(50), schema, supersedes=first.context.delivery)
    put(client, enough)
    assert delivery_of(region, enough).state is DeliveryState.CURRENT


def make_earlier(
    region: MiniRegion, letter: Letter, round_id: str = "eerder", **changes: Any
) -> None:
    """Turn the round of a stored delivery into one that was closed before."""
    database = region.linker_database()
    with database.transaction() as tx:
        row = tx.session.get_one(RoundRow, ROUND)
        documents = {
            name: getattr(row, name)
            for name in ("statement", "register_statement", "reference", "policy", "opened_at")
        }
        values = {"state": RoundState.DESTROYED, "closed_at": tx.now, **documents, **changes}
        tx.session.add(RoundRow(round_id=round_id, **values))
        tx.session.flush()
        tx.session.get_one(DeliveryRow, letter.context.delivery).round_id = round_id
    database.close()


def test_a_delivery_is_compared_with_that_of_the_round_before(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    before = seal(care(200))
    put(client, before)
    make_earlier(region, before)
    other = seal(care(900, forms=(2, 2, 2, 3)))
    assert outcome(put(client, other)) is Outcome.DELIVERY_HELD
    said = in_english(delivery_of(region, other).held_for)
    assert "450 % of the rows per period of the last round" in said
    assert "code 2 in column form: 75 % of the rows, 34 % in the last round" in said
    same = seal(care(210))
    assert outcome(put(client, same)) is Outcome.DELIVERY_CURRENT
    of_another = seal(care(900), party="gm0222")
    assert outcome(put(client, of_another)) is Outcome.DELIVERY_CURRENT


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_delivery_is_compared_with_the_round_that_was_closed_last(
    region: MiniRegion, client: TestClient, seal: Seal, newest_first: bool
) -> None:
    names = ("a", "b") if newest_first else ("b", "a")  # neither the name nor the order decides
    for name, rows in zip(names, (900, 200), strict=True):
        letter = seal(care(rows))
        put(client, letter)
        make_earlier(region, letter, name, state=RoundState.OPEN)
    database = region.linker_database()
    with database.transaction() as tx:
        for name, days in zip(names, (1, 400), strict=True):
            row = tx.session.get_one(RoundRow, name)
            row.state, row.closed_at = RoundState.DESTROYED, tx.now - timedelta(days=days)
    database.close()
    assert outcome(put(client, seal(care(900)))) is Outcome.DELIVERY_CURRENT


def test_a_round_that_is_open_is_no_earlier_round(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    before = seal(care(200))
    put(client, before)
    make_earlier(region, before, state=RoundState.OPEN)
    assert outcome(put(client, seal(care(900)))) is Outcome.DELIVERY_CURRENT


def test_figures_go_when_the_delivery_is_replaced_and_after_three_years(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    first = seal(care(120))
    put(client, first)
    assert figures(region, first)
    put(client, seal(care(120), supersedes=first.context.delivery))
    assert figures(region, first) == {}
    old = seal(care(120), party="gm0222")
    put(client, old)
    database = region.linker_database()
    with database.transaction() as tx:
        row = tx.session.get_one(DeliveryRow, old.context.delivery)
        row.created_at = tx.now - figures_term(region.policy.policy)
    database.close()
    put(client, seal(objection_table([1]), "objection/1"))
    assert figures(region, old) == {}


def test_figures_end_at_their_term_although_nothing_is_delivered_any_more(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter, policy = seal(care(120)), region.policy.policy
    put(client, letter)
    database = region.linker_database()
    retention = Retention(database, region.linker_keys, region.identities["koppelaar"])
    until = region.clock() + timedelta(days=policy.retention.figures_after_delivery_days)
    (held,) = [
        each
        for each in find_holdings(retention, region.clock(), policy).held
        if each.kind is HeldKind.FIGURES
    ]
    assert held.until == until
    retention.destroy(ROUND, Reason.REQUEST)
    region.clock.now = until - timedelta(seconds=1)
    assert list(retention.retain(region.clock(), policy=policy, clock_confirmed=True)) == []
    assert figures(region, letter)
    region.clock.now = until
    assert list(retention.retain(until, policy=None, clock_confirmed=True)) == []
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(retention.retain(until, policy=policy))
    assert figures(region, letter)
    late = find_holdings(retention, until + timedelta(days=2), policy).alarms
    assert [(each.alarm, each.of) for each in late] == [(Alarm.OVERDUE, "")]
    ended = retention.retain(until, policy=policy, clock_confirmed=True)
    assert [each.what for each in ended] == [Kept.FIGURES]
    assert figures(region, letter) == {}
    assert list(retention.retain(until, policy=policy, clock_confirmed=True)) == []
    database.close()


# --- what the ledger says of objections --------------------------------------------------------


def test_the_ledger_says_the_same_of_objections_that_are_held_and_that_are_not(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    cap = region.policy.policy.limits.max_objections_per_supplier
    few = seal(objection_table([1, 2]), "objection/1")
    many = seal(objection_table(list(range(cap + 1))), "objection/1", party="gm0222")
    before = len(ledger(region))
    for letter in (few, many):
        assert outcome(put(client, letter)) is Outcome.ACCEPTED
    assert delivery_of(region, many).state is DeliveryState.HELD
    said = [(entry.event.value, entry.body) for entry in ledger(region)[before:]]
    only_the_round = b'{"round":"%s"}' % ROUND.encode()
    of_one = [("part_stored", only_the_round), ("delivery_complete", only_the_round)]
    assert said == 2 * of_one


def test_nobody_but_its_supplier_can_find_the_receipt_of_objections_by_the_ledger(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    letter = seal(objection_table([1, 2]), "objection/1")
    receipt = put(client, letter)
    for entry in ledger(region):
        for secret in (letter.address, letter.context.delivery, "gm0197", "objection"):
            if entry.event is not Event.ROUND_OPENED:
                assert secret.encode() not in entry.body
    assert client.get(f"/envelopes/{letter.address}").content == receipt.content


def test_a_decision_about_objections_names_nobody_in_the_ledger(
    region: MiniRegion, client: TestClient, seal: Seal
) -> None:
    cap = region.policy.policy.limits.max_objections_per_supplier
    many = seal(objection_table(list(range(cap + 1))), "objection/1")
    put(client, many)
    database = region.linker_database()
    decide_delivery(database, many.context.delivery, accept=True)
    database.close()
    assert delivery_of(region, many).state is DeliveryState.CURRENT
    last = ledger(region)[-1]
    assert (last.event.value, last.body) == ("delivery_decided", b'{"round":"%s"}' % ROUND.encode())
