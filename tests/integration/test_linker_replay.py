"""Replaying a linkage: the same tally from the same inputs, or what is gone or differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from linker.linkage.cell_store import CellStore
from linker.linkage.engine import Linked, link
from linker.rounds.lifecycle import close_round
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.rounds.retention import Retention
from linker.store import DeliveryRow, LinkageRow, OutboxRow, RoundRow
from linker.tallying import making as tallying
from linker.tallying.making import make_tally
from linker.tallying.manifest import Manifest
from linker.tallying.replay import Replayed, replay
from shared.destruction import Reason
from shared.errors import GoneError, StateError
from shared.round import TrustedRound
from shared.state.database import Database, Transaction
from shared.state.ledger_table import entries
from tests.integration.test_linker_quality import command
from tests.support.parties import ROUND, MiniRegion, enrolment_table, seal_letter
from tests.support.rounds import EVERY_DELIVERY, SETTINGS, Children, children, deliver


@pytest.fixture
def database(region: MiniRegion, trusted: TrustedRound) -> Iterator[Database]:
    """Of a linker that linked a round."""
    with region.linker_client() as client:
        deliver(region, client, trusted, children(count=200))
    database = region.linker_database()
    link_again(region, database)
    yield database
    database.close()


def link_again(region: MiniRegion, database: Database) -> None:
    close_round(database, ROUND, without=EVERY_DELIVERY)
    make_tally(database, region.identities["koppelaar"], region.linker_keys, ROUND, SETTINGS)


def replayed(region: MiniRegion, database: Database, revision: int | None = None) -> Replayed:
    return replay(database, region.linker_keys, ROUND, SETTINGS, revision)


def state_of(database: Database) -> list[object]:
    with database.reading() as session:
        row = session.get_one(RoundRow, ROUND)
        lines = [entry.line() for entry in entries(session.connection())]
        tallies = [(each.sha256, each.revision) for each in session.scalars(select(OutboxRow))]
        return [row.state, row.revision, lines, tallies]


def test_the_same_inputs_give_the_same_tally_and_nothing_changes(
    region: MiniRegion, database: Database
) -> None:
    before = state_of(database)
    found = replayed(region, database)
    assert (found.same, found.revision, found.gone, found.differs) == (True, 1, (), ())
    found.check()
    assert state_of(database) == before


def test_other_settings_change_no_count(region: MiniRegion, database: Database) -> None:
    for other in (replace(SETTINGS, shards=3, threads=2), replace(SETTINGS, shard_rows=100)):
        assert replay(database, region.linker_keys, ROUND, other).same is True


def test_the_command_says_so(region: MiniRegion, database: Database) -> None:
    shown = command(region, "replay", ROUND)
    assert shown.exit_code == 0, shown.output
    assert "revision 1: the same tally" in shown.stdout
    document = json.loads(command(region, "replay", ROUND, "--json").stdout)
    assert (document["same"], document["gone"], document["differs"]) == (True, [], [])


def test_an_engine_that_counts_otherwise_is_seen(
    region: MiniRegion, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = link

    def miscounts(*given: object) -> Linked:
        linked = honest(*given)  # type: ignore[arg-type]
        return replace(linked, store=CellStore.of(linked.cells.slice(1)))

    monkeypatch.setattr(tallying, "link", miscounts)
    found = replayed(region, database)
    assert found.same is False
    with pytest.raises(StateError, match="replay-differs"):
        found.check()
    assert command(region, "replay", ROUND).exit_code == 1  # click's: the error is not handled here


def test_another_version_of_the_code_is_named_and_the_same_counts_are_the_same_tally(
    region: MiniRegion, database: Database
) -> None:
    def older(tx: Transaction) -> None:
        row = tx.session.scalars(select(LinkageRow)).one()
        manifest = Manifest.from_bytes(row.manifest)
        changed = {"linker_version": "0.0.1", "packages": manifest.packages | {"duckdb": "0.1"}}
        row.manifest = manifest.model_copy(update=changed).to_bytes()

    database.run(older)
    found = replayed(region, database)
    assert found.same is True
    assert {(each.what, each.then) for each in found.differs} == {
        ("linker version", "0.0.1"),
        ("duckdb", "0.1"),
    }


def test_an_input_that_was_superseded_is_gone_and_the_last_revision_can_be_replayed(
    region: MiniRegion, trusted: TrustedRound, database: Database
) -> None:
    reopen_round(database, ROUND, ReopenReason.CORRECTION, region.clock().date())
    of: Children = children(count=200)
    old = _delivery(database)
    letter = seal_letter(
        region, trusted, "duo", enrolment_table(of.enrolments[2:]), "enrolment/1", supersedes=old
    )
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    link_again(region, database)
    first, last = replayed(region, database, 1), replayed(region, database)
    assert (last.revision, last.same) == (2, True)
    assert first.same is None
    assert [(each.supplier, each.schema_name) for each in first.gone] == [("duo", "enrolment/1")]
    with pytest.raises(GoneError, match="replay-input-gone"):
        first.check()


def _delivery(database: Database) -> str:
    with database.reading() as session:
        query = select(DeliveryRow.delivery_id).where(DeliveryRow.supplier == "duo")
        return session.scalars(query).one()


def test_an_earlier_revision_with_the_same_inputs_can_be_replayed(
    region: MiniRegion, database: Database
) -> None:
    reopen_round(database, ROUND, ReopenReason.ERROR, region.clock().date())
    assert replayed(region, database).same is True  # while the round is open
    link_again(region, database)
    assert replayed(region, database, 1).same is True
    assert replayed(region, database, 2).same is True


def test_a_destroyed_round_cannot_be_replayed(region: MiniRegion, database: Database) -> None:
    retention = Retention(database, region.linker_keys, region.identities["koppelaar"])
    retention.destroy(ROUND, Reason.REQUEST)
    with pytest.raises(GoneError, match="round-destroyed"):
        replayed(region, database)


def test_a_round_that_was_not_linked_cannot_be_replayed(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    database = region.linker_database()
    with pytest.raises(StateError, match="round-not-linked"):
        replayed(region, database)
    database.close()
