"""What a supplier hears back: how its delivery stands, by whom, and until when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from linker.cli import linker as linker_command
from linker.intake.deliveries import decide_delivery
from linker.rounds.retention import Retention
from linker.store import DeliveryRow, DeliveryState, MatchRateRow, RoundRow, find_round
from linker.tallying.mirrors import STANDINGS
from shared.destruction import Reason
from shared.identity import Role
from shared.ledger import Event
from shared.mirror import Mirror, NoRate, RefusedUploads, Standing
from shared.round import TrustedRound
from shared.state.database import Database, open_engine, sqlite_url
from shared.state.ledger_table import entries
from shared.state.migrating import migrate
from tests.support.mirrors import (
    CLIENTS,
    FEW,
    Put,
    care_of,
    deliver_all,
    link_now,
    looks_like_citizen_numbers,
    pupils,
    putter,
    read,
)
from tests.support.parties import (
    ROUND,
    Clock,
    Letter,
    MiniRegion,
    identity,
    objection_table,
)


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


def decide(region: MiniRegion, letter: Letter, *, accept: bool) -> None:
    database = region.linker_database()
    decide_delivery(database, letter.context.delivery, accept=accept)
    database.close()


# --- how a delivery stands ---------------------------------------------------------------------


def test_every_state_of_a_delivery_has_a_standing() -> None:
    assert set(STANDINGS) == set(DeliveryState)
    assert set(STANDINGS.values()) == set(Standing) - {Standing.ACCEPTED}


def test_a_delivery_in_parts_is_incomplete_until_the_last(
    region: MiniRegion, client: TestClient, put: Put
) -> None:
    first = put(care_of(range(5)), last=0)
    mirror = read(region, client, first)
    assert (mirror.standing, mirror.parts_received, mirror.rows_received) == (
        Standing.INCOMPLETE, 1, 5,
    )  # fmt: skip
    delivery = first.context.delivery
    second = put(care_of(range(5, 8)), delivery=delivery, part=2, previous=first.address)
    for letter in (first, second):  # any part of it is an address
        mirror = read(region, client, letter)
        assert (mirror.standing, mirror.parts_received, mirror.rows_received) == (
            Standing.CURRENT, 2, 8,
        )  # fmt: skip


@pytest.mark.parametrize("accept", [True, False])
def test_a_decision_is_seen_in_the_mirror_and_leaves_the_receipt(
    region: MiniRegion, client: TestClient, put: Put, *, accept: bool
) -> None:
    put(pupils(), "enrolment/1", "duo")
    letter = put(looks_like_citizen_numbers())
    receipt = client.get(f"/envelopes/{letter.address}").content
    assert read(region, client, letter).standing is Standing.HELD
    decide(region, letter, accept=accept)
    mirror = read(region, client, letter)
    assert client.get(f"/envelopes/{letter.address}").content == receipt
    assert mirror.rows_received == 400
    if accept:
        assert (mirror.standing, mirror.rows_refused) == (Standing.CURRENT, 0)
        return
    assert (mirror.standing, mirror.rows_refused) == (Standing.REJECTED, 400)
    assert mirror.no_match_percent is NoRate.NOT_COUNTED
    put(care_of(CLIENTS))
    link_now(region)
    assert read(region, client, letter).no_match_percent is NoRate.NOT_COUNTED


def test_a_superseded_delivery_is_not_counted(
    region: MiniRegion, client: TestClient, put: Put
) -> None:
    put(pupils(), "enrolment/1", "duo")
    old = put(care_of(CLIENTS))
    new = put(care_of(range(1_100)), supersedes=old.context.delivery)
    link_now(region)
    assert read(region, client, old).standing is Standing.SUPERSEDED
    assert read(region, client, old).no_match_percent is NoRate.NOT_COUNTED
    assert read(region, client, new).match_percent == 100


def test_refused_uploads_are_counted_for_their_supplier_only(
    region: MiniRegion, client: TestClient, put: Put
) -> None:
    mine = put(care_of(range(5)))
    other = put(care_of(FEW), party="gm0222")
    for _ in range(2):
        put(care_of(range(6)), policy="0" * 64, supersedes=mine.context.delivery)
    assert read(region, client, mine).refused_uploads == (
        RefusedUploads(code="policy-differs", count=2),
    )
    assert read(region, client, other).refused_uploads == ()


@pytest.mark.parametrize("decision", [None, True, False])
def test_of_objections_a_mirror_says_accepted_and_no_more(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter], put: Put,
    decision: bool | None,
) -> None:  # fmt: skip
    put(care_of(range(6)), policy="0" * 64)  # a refusal, of which it says nothing either
    letter = delivered["objections"]
    if decision is not None:
        cap = region.policy.policy.limits.max_objections_per_supplier
        too_many = objection_table(list(range(cap + 1)))
        letter = put(too_many, "objection/1", supersedes=letter.context.delivery)
        decide(region, letter, accept=decision)
    link_now(region)
    mirror = read(region, client, letter)
    known = {"service", "supplier", "round_id", "schema_name", "delivery", "envelope", "as_of"}
    assert mirror.model_dump(exclude=known) == {
        "standing": Standing.ACCEPTED,
        "parts_received": None,
        "rows_received": None,
        "rows_refused": None,
        "refused_uploads": (),
        "revision": 0,
        "match_percent": None,
        "no_match_percent": NoRate.OBJECTIONS,
    }


# --- the service -------------------------------------------------------------------------------


def test_the_status_codes_of_a_mirror(
    region: MiniRegion, client: TestClient, delivered: dict[str, Letter]
) -> None:
    address = delivered["aalten"].address
    unknown = client.get("/envelopes/999000007/mirror")
    seen = {
        client.get(f"/envelopes/{address}/mirror").status_code,
        unknown.status_code,
        client.put(f"/envelopes/{address}/mirror", content=b"x").status_code,
    }
    link_now(region)
    database = region.linker_database()
    retention = Retention(database, region.linker_keys, region.identities["koppelaar"])
    retention.destroy(ROUND, Reason.REQUEST)
    gone = client.get(f"/envelopes/{address}/mirror")
    assert seen | {gone.status_code} == {200, 404, 405, 410}
    assert (unknown.json()["code"], gone.json()["code"]) == ("envelope-unknown", "round-destroyed")
    assert "999" not in unknown.text
    assert client.get(f"/envelopes/{address}").status_code == 200  # a receipt stays
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MatchRateRow)) == 0
    database.close()


def test_a_destruction_takes_the_rates_of_its_own_round_only(
    region: MiniRegion, delivered: dict[str, Letter]
) -> None:
    link_now(region)
    database = region.linker_database()
    with database.transaction() as tx:
        add_other_round(tx.session)
        kept = {row.delivery_id: row.percent for row in tx.session.scalars(select(MatchRateRow))}
    assert kept == {
        delivered["duo"].context.delivery: 92,
        delivered["aalten"].context.delivery: 94,
        delivered["doetinchem"].context.delivery: None,
        "of another round": 50,
    }
    retention = Retention(database, region.linker_keys, region.identities["koppelaar"])
    retention.destroy(ROUND, Reason.REQUEST)
    with database.reading() as session:
        assert [row.percent for row in session.scalars(select(MatchRateRow))] == [50]
    database.close()


def add_other_round(session: Session) -> None:
    """A second round, with the documents of the first, one delivery and one rate."""
    row = find_round(session, ROUND)
    names = [each.key for each in RoundRow.__mapper__.column_attrs]
    columns = {name: getattr(row, name) for name in names}
    session.add(RoundRow(**{**columns, "round_id": "andere-ronde"}))
    session.flush()
    session.add(
        DeliveryRow(
            delivery_id="of another round", round_id="andere-ronde", supplier="gm0197",
            schema_name="care/1", state=DeliveryState.CURRENT, supersedes="", rows=1,
            held_for="", created_at=row.opened_at,
        )
    )  # fmt: skip
    session.flush()
    session.add(MatchRateRow(delivery_id="of another round", revision=1, percent=50))


def test_a_linker_of_before_mirrors_keeps_its_ledger_and_gets_the_table(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "state.db")
    migrate(url, "linker", "0001")
    database = Database(open_engine(url), identity("koppelaar", Role.LINKER), Clock())
    with database.transaction() as tx:
        tx.record(Event.ROUND_OPENED, round="a")
    migrate(url, "linker")
    for statement in ("DELETE FROM ledger_entry", "UPDATE ledger_entry SET event = 'x'"):
        with pytest.raises(DatabaseError), database.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with database.reading() as session:
        assert [entry.seq for entry in entries(session.connection())] == [1]
        assert session.scalars(select(MatchRateRow)).all() == []
    database.close()


@pytest.fixture
def operator(region: MiniRegion) -> Callable[..., Result]:
    """The operator's command line, on the region's linker."""
    settings = region.folder / "koppelaar" / "linker.toml"
    values = region.linker_settings.model_dump(
        mode="json", exclude_none=True, exclude={"bands", "alarms"}
    )
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    settings.write_text("\n".join(lines))

    def run(*words: str) -> Result:
        return CliRunner().invoke(linker_command, ["--settings", str(settings), *words])

    return run


def test_the_operator_sees_what_the_suppliers_can_read(
    region: MiniRegion,
    client: TestClient,
    delivered: dict[str, Letter],
    operator: Callable[..., Result],
) -> None:
    link_now(region)
    shown = operator("mirror", ROUND, "--json")
    assert shown.exit_code == 0, shown.output
    found = [Mirror.model_validate_json(json.dumps(each)) for each in json.loads(shown.output)]
    same = {"as_of": region.clock()}
    assert {each.delivery: each.model_copy(update=same) for each in found} == {
        letter.context.delivery: read(region, client, letter) for letter in delivered.values()
    }
    text = operator("mirror", ROUND, "--supplier", "gm0197").output
    assert "about 94 %" in text
    assert "gm0222" not in text
