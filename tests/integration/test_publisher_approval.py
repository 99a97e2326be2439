"""Approval: two organisations, over exactly these bytes, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.policies import ReleaseState
from publisher.reading import DatabaseReader
from publisher.released import ReleasedTable
from publisher.releasing.approvals import Approval, read_package
from publisher.store import ApprovalRow, ReleaseRow
from shared.errors import (
    PolicyError,
    StateError,
    TrustError,
)
from shared.identity import Role
from shared.statement import Kind, Statement
from tests.support.parties import ROUND, identity
from tests.support.publishing import RELEASE, Publisher


def test_two_organisations_sign_and_then_it_is_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    reader = DatabaseReader(publisher.releases.database)
    assert publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a") is (
        ReleaseState.SUBMITTED
    )
    with pytest.raises(StateError, match="release-state"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert reader.latest() is None
    assert reader.find(RELEASE) is None
    assert publisher.record(publisher.sign("goedkeurder-b", folder), "goedkeurder-b") is (
        ReleaseState.APPROVED
    )
    publisher.releases.publish(RELEASE, publisher.region.agreements)
    latest = reader.latest()
    assert latest is not None
    assert latest.manifest.release_id == RELEASE
    assert latest.state == "published"


def test_one_approver_twice_is_one_approver(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    for _ in range(2):
        state = publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")
    assert state is ReleaseState.SUBMITTED


def test_two_approvers_of_one_organisation_are_one(publisher: Publisher, tmp_path: Path) -> None:
    region = publisher.region
    one, two = (region.identities[f"goedkeurder-{letter}"] for letter in "ab")
    text = region.agreements_path.read_text()
    region.agreements_path.write_text(text.replace(two.card.organisation, one.card.organisation))
    card = two.card.model_copy(update={"organisation": one.card.organisation})
    region.identities["goedkeurder-b"] = type(two)(card, two.sign_seed, two.seal_seed)
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    for party in ("goedkeurder-a", "goedkeurder-b"):
        state = publisher.record(publisher.sign(party, folder), party)
    assert state is ReleaseState.SUBMITTED


def test_an_approval_that_was_copied_under_another_name_is_not_two(
    publisher: Publisher, tmp_path: Path
) -> None:
    """Whoever can write in the database but has no key of an approver publishes nothing."""
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")
    with publisher.releases.database.transaction() as tx:
        (given,) = tx.session.query(ApprovalRow)
        tx.session.add(
            ApprovalRow(
                release_id=RELEASE,
                party="goedkeurder-b",
                organisation="Een ander",
                statement=given.statement,
                card=given.card,
            )
        )
        tx.session.get_one(ReleaseRow, RELEASE).state = ReleaseState.APPROVED
    with pytest.raises(TrustError) as refusal:
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert refusal.value.code == "approval-differs"
    assert publisher.state() is ReleaseState.APPROVED


def test_the_proposer_never_approves(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket", proposer="goedkeurder-a")
    with pytest.raises(PolicyError, match="approver-is-proposer"):
        publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")


def test_an_unknown_approver_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    publisher.region.identities["vreemde"] = identity("vreemde", Role.APPROVER)
    with pytest.raises(PolicyError, match="agreement-missing"):
        publisher.record(publisher.sign("vreemde", folder), "vreemde")


def test_an_approval_with_another_key_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    publisher.region.identities["goedkeurder-a"] = identity("goedkeurder-a", Role.APPROVER)
    with pytest.raises(TrustError, match="card-not-pinned"):
        publisher.record(publisher.sign("goedkeurder-a", folder), "goedkeurder-a")


def test_an_approval_of_other_bytes_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.submit(tmp_path / "pakket")
    approver = publisher.region.identities["goedkeurder-a"]
    body = Approval(
        release_id=RELEASE,
        release="0" * 64,
        approver=approver.party,
        organisation=approver.card.organisation,
        decided_at=publisher.region.clock(),
    )
    with pytest.raises(TrustError, match="approval-of-other-bytes"):
        publisher.record(Statement.make(Kind.APPROVAL, body, approver), approver.party)


def test_an_approver_sees_when_a_table_was_changed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    path = folder / "pupils_and_clients.parquet"
    table = ReleasedTable.from_bytes("pupils_and_clients", "", path.read_bytes())
    shorter = ReleasedTable.make("pupils_and_clients", "", table.cells.slice(1))
    path.write_bytes(shorter.to_bytes())
    with pytest.raises(TrustError, match="released-bytes-differ"):
        publisher.sign("goedkeurder-a", folder)


def test_an_approver_trusts_the_pinned_publisher_only(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    card = publisher.region.identities["publicist"].card
    with pytest.raises(TrustError, match="card-not-pinned"):
        read_package(folder, card, "0" * 64)
    false = identity("publicist", Role.PUBLISHER).card
    with pytest.raises(TrustError, match="signature-missing"):
        read_package(folder, false, false.fingerprint)


def test_the_summary_tells_what_an_approver_must_know(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    summary = (folder / "samenvatting.txt").read_text()
    for words in ("SYNTHETISCH", "niet getoond", "precies te berekenen 0", "geen vorige uitgave"):
        assert words in summary
