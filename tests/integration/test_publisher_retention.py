"""Retention of tallies, proofs and releases."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from publisher.policies import ReleaseState
from publisher.reading import DatabaseReader
from publisher.rounds.retention import Retention
from publisher.store import (
    InternalDocumentRow,
    TallyRow,
)
from shared.contract.tally import Tally
from shared.destruction import Kept
from shared.errors import ConfigurationError, MonitorError, ProtectionError
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher, resealed
from tests.support.rounds import take


def retention(publisher: Publisher) -> Retention:
    releases = publisher.releases
    return Retention(releases.database, releases.keys, releases.identity)


def test_at_its_term_a_tally_and_its_proof_are_destroyed_and_the_release_stays(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    days = publisher.region.policy.policy.retention.tally_after_receipt_days
    clock = publisher.region.clock
    clock.forward(days - 1)
    assert list(retention(publisher).retain(clock(), clock_confirmed=True)) == []
    clock.forward(1)
    with pytest.raises(ConfigurationError, match="clock-ahead"):
        list(retention(publisher).retain(clock()))
    (ended,) = retention(publisher).retain(clock(), clock_confirmed=True)
    assert ended.statement is not None
    ended.statement.check_signed_by(publisher.region.identities["publicist"].card)
    assert not publisher.releases.keys.exists(ROUND)
    with publisher.releases.database.reading() as session:
        assert session.scalars(select(TallyRow)).one().envelope is None
        assert {row.box for row in session.scalars(select(InternalDocumentRow))} == {None}
    latest = DatabaseReader(publisher.releases.database).latest()
    assert latest is not None
    with pytest.raises(MonitorError):
        publisher.releases.verify(RELEASE)


def test_at_its_own_term_a_release_expires_and_stays_known(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    clock = publisher.region.clock
    clock.forward(publisher.region.policy.policy.retention.release_after_publication_days)
    list(retention(publisher).retain(clock(), clock_confirmed=True))
    assert publisher.state() is ReleaseState.EXPIRED
    found = DatabaseReader(publisher.releases.database).find(RELEASE)
    assert found is not None
    assert found.tables == ()


def test_what_readers_once_had_is_compared_with_after_it_expired(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader may have kept it: subtracting two releases would give a correction away."""
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    now = publisher.region.clock()
    monkeypatch.setattr("publisher.rounds.retention.expire_by", lambda *_: now)
    (ended,) = retention(publisher).retain(now)
    assert (ended.what, ended.id) == (Kept.RELEASE, RELEASE)
    assert publisher.state() is ReleaseState.EXPIRED
    found = DatabaseReader(publisher.releases.database).find(RELEASE)
    assert found is not None
    assert found.tables == ()
    rows = publisher.tally.cells.to_pylist()
    for row in rows:
        places = {("school", "99ZZ00"), ("total", "total"), ("elsewhere", "VO"),
                  ("residence", "GM0197")}  # fmt: skip
        if (row["level"], row["unit"]) in places and row["measure"] == "pupils":
            row["value"] += 1
    header = publisher.tally.header.model_copy(update={"revision": 2})
    cells = pa.Table.from_pylist(rows, schema=publisher.tally.cells.schema)
    take(publisher.releases, resealed(publisher, Tally(header, cells), revision=2))
    with pytest.raises(ProtectionError, match="correction-waits"):
        publisher.releases.stage(ROUND)


def test_the_term_runs_from_the_first_tally_of_a_round(publisher: Publisher) -> None:
    """A later revision keeps the key and the proofs of the first one no longer."""
    clock, service = publisher.region.clock, retention(publisher)
    days = publisher.region.policy.policy.retention.tally_after_receipt_days
    clock.forward(days - 1)
    header = publisher.tally.header.model_copy(update={"revision": 2})
    again = Tally(header, publisher.tally.cells)
    take(publisher.releases, resealed(publisher, again, revision=2))
    assert list(service.retain(clock())) == []
    clock.forward(1)
    assert [each.id for each in service.retain(clock())] == [ROUND]
