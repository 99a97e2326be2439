"""A publisher that took a tally of the tiny region, and the steps that tests of releases share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from publisher.policies import ReleaseState
from publisher.releasing.approvals import approve, read_package, write_package
from publisher.releasing.releases import Releases
from publisher.store import ReleaseRow
from shared.contract.tally import Tally
from shared.envelope import Context, read_header, seal
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion
from tests.support.rounds import children, linked, publisher_of, take

RELEASE = f"{ROUND}-v1.0"


@dataclass
class Publisher:
    """A publisher with the region that it belongs to."""

    region: MiniRegion
    releases: Releases
    tally: Tally
    envelope: bytes

    def sign(self, party: str, folder: Path) -> Statement:
        fingerprint = self.region.identities["publicist"].card.fingerprint
        card = self.region.identities["publicist"].card
        package = read_package(folder, card, fingerprint)
        return approve(package, self.region.identities[party], self.region.clock())

    def record(self, statement: Statement, party: str) -> ReleaseState:
        card = self.region.identities[party].card
        return self.releases.record_approval(statement, card, self.region.pinned_agreements)

    def state(self, release_id: str = RELEASE) -> ReleaseState:
        with self.releases.database.reading() as session:
            return session.get_one(ReleaseRow, release_id).state

    def submit(self, folder: Path, proposer: str = "publicist", release_id: str = RELEASE) -> Path:
        release, summary = self.releases.submit(release_id, proposer, self.region.agreements)
        statement = Statement.from_bytes(release.statement)
        write_package(folder, statement, release.tables, summary)
        return folder

    def publish(self, folder: Path) -> None:
        self.submit(folder)
        for party in ("goedkeurder-a", "goedkeurder-b"):
            self.record(self.sign(party, folder), party)
        self.releases.publish(RELEASE, self.region.agreements)


def publisher_with_tally(
    region: MiniRegion, accepted: Statement, trusted: TrustedRound
) -> Iterator[Publisher]:
    """A publisher of an accepted round that took the tally of its children."""
    tally, envelope = linked(region, trusted, children())
    releases = publisher_of(region, accepted)
    take(releases, envelope)
    yield Publisher(region, releases, tally, envelope)
    releases.database.close()


def resealed(publisher: Publisher, tally: Tally, **changes: object) -> bytes:
    """Another tally in the linker's name."""
    header = read_header(publisher.envelope)
    context = Context.model_validate({**header.context.model_dump(), **changes})
    key = publisher.region.trusted_offer("publicist").sealing_key()
    return seal(context, tally.to_bytes(), publisher.region.identities["koppelaar"], key)


def approved(publisher: Publisher, folder: Path) -> None:
    publisher.submit(folder)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)
