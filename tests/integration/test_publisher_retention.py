"""Retention of tallies, proofs and releases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.policies import ReleaseState
from publisher.reading import DatabaseReader
from publisher.retention import Retention
from publisher.store import (
    InternalDocumentRow,
    TallyRow,
)
from shared.errors import (
    ConfigurationError,
    MonitorError,
)
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher


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
