"""What was verified of a proposed release: over which bytes, when, and with what outcome.

A verdict is about bytes. It is kept under the hash of everything that it looked at, and under the
last change in what readers have: other bytes, or other releases beside it, are verified anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from publisher.downloads.cache import Cache
from publisher.releasing.bytes_of import sha256_of
from publisher.releasing.gate import WHAT_READERS_HAVE
from publisher.releasing.releases import Releases
from publisher.screening.screen import Screening
from publisher.store import find_release
from shared.errors import BusyError, StateError
from shared.state.ledger_table import entries

_KEPT = 8


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict on a release.

    Attributes:
        sha256: over the bytes that were looked at: what would be published, and the sealed proofs
            and counts behind it. Nothing that is withheld is hashed in clear.
        at: when.
        certificates: how many proofs were verified; 0 where they were refused.
    """

    sha256: str
    at: datetime
    certificates: int
    screening: Screening


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdicts on the releases of one publisher; the last ones are remembered."""

    releases: Releases
    _known: Cache[tuple[str, int], Verified] = field(default_factory=lambda: Cache(_KEPT))
    _busy: Lock = field(default_factory=Lock)

    def known(self, release_id: str) -> Verified:
        """The verdict on a release as it lies there now, made now where there is none of it.

        Raises:
            StateError: ``release-changing``.
            BusyError: ``release-being-verified``.
        """
        return self._known.get(self._key(release_id), lambda: self.anew(release_id))

    def anew(self, release_id: str) -> Verified:
        """The verdict on a release, made now whatever was found before; one at a time.

        Raises:
            StateError: ``release-changing``.
            BusyError: ``release-being-verified``; who waited here would keep readers waiting.
        """
        if not self._busy.acquire(blocking=False):
            raise BusyError(
                "release-being-verified",
                "expected that no release is being verified now, found that one is",
                hint="wait until that is done, and ask again",
            )
        try:
            return self._verified(release_id)
        finally:
            self._busy.release()

    def _verified(self, release_id: str) -> Verified:
        key = self._key(release_id)
        certificates, screening = self.releases.verify_and_screen(release_id)
        if self._key(release_id) != key:  # a verdict on these bytes or on those, never on both
            raise StateError(
                "release-changing",
                f"expected {release_id} to stay the same while it was verified, found a change",
                hint="open the page of the release again",
            )
        return Verified(key[0], self.releases.database.now(), certificates, screening)

    def _key(self, release_id: str) -> tuple[str, int]:
        with self.releases.database.reading() as session:
            return sha256_of(session, find_release(session, release_id)), _last_change(session)


def _last_change(session: Session) -> int:
    """The number of the entry with which readers last got or lost a release; 0 before the first."""
    return max((each.seq for each in entries(session.connection(), WHAT_READERS_HAVE)), default=0)
