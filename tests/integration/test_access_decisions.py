"""The stores of the approver's page, without the page: what is kept of a decision, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.access.four_eyes import countersign
from publisher.access.mandates import Mandates
from publisher.policies import ReleaseState
from publisher.releasing.desk import ReleaseDesk
from publisher.releasing.verified import Verdicts
from publisher.store import ApprovalRow, ChangeRequestRow
from shared.errors import MonitorError
from tests.support.databases import NewDatabase
from tests.support.narrow_policy import narrow_policy
from tests.support.parties import ROUND, MiniRegion, make_region
from tests.support.publishing import RELEASE, Publisher

PARTIES = {"goedkeurder-a": "a" * 64, "goedkeurder-b": "b" * 64}


@pytest.fixture
def region(tmp_path: Path, new_database: NewDatabase) -> MiniRegion:
    """A region whose policy lets a decision on the page count."""
    policy = narrow_policy()
    counted = policy.replace('accepted = ["offline"]', 'accepted = ["offline", "page"]')
    assert counted != policy
    return make_region(tmp_path, policy=counted, new_database=new_database)


def give(publisher: Publisher, party: str) -> str:
    """The id of a mandate that both organisations signed."""
    region, database = publisher.region, publisher.releases.database
    mandates = Mandates(database, region.identities["publicist"])
    proposal = mandates.propose(PARTIES[party], party, region.agreements, 90)
    (other,) = (region.identities[each] for each in PARTIES if each != party)
    card = mandates.identity.card
    confirmed = countersign(proposal, card, card.fingerprint, other)
    return mandates.confirm(confirmed, other.card, region.pinned_agreements)


def kept(publisher: Publisher) -> tuple[int, int]:
    """How many approvals and requests for change there are."""
    with publisher.releases.database.reading() as session:
        return session.query(ApprovalRow).count(), session.query(ChangeRequestRow).count()


def test_a_life_on_the_page(publisher: Publisher, tmp_path: Path) -> None:
    region = publisher.region
    publisher.releases.stage(ROUND)
    publisher.submit(tmp_path / "eerst")
    mandates = {party: give(publisher, party) for party in PARTIES}
    desk = ReleaseDesk(Verdicts(publisher.releases), lambda: region.pinned_agreements)
    first, second = PARTIES
    found = desk.look(RELEASE, first)
    assert (found.is_open, found.accepts_page, found.has_approved) == (True, True, False)
    assert found.certificates == publisher.releases.verify(RELEASE)
    assert [each.release_id for each in desk.waiting()] == [RELEASE]
    desk.approve(mandates[first], RELEASE, found.sha256)
    assert kept(publisher) == (1, 0)
    desk.request_change(mandates[second], RELEASE, found.sha256, "De titel klopt niet")
    assert (publisher.state(), kept(publisher)) == (ReleaseState.RETURNED, (0, 1))
    publisher.submit(tmp_path / "opnieuw")
    for party in PARTIES:
        for _ in range(2):  # who did not see that it was recorded asks again
            desk.approve(mandates[party], RELEASE, found.sha256)
    assert (publisher.state(), kept(publisher)) == (ReleaseState.APPROVED, (2, 1))
    assert desk.look(RELEASE, first).has_approved
    publisher.releases.publish(RELEASE, region.agreements)
    assert publisher.state() is ReleaseState.PUBLISHED
    with pytest.raises(MonitorError) as refusal:
        desk.look(RELEASE, first)
    assert refusal.value.code == "release-not-proposed"
