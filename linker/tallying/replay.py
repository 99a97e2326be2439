"""Replaying a linkage: count again from the same inputs, and compare. Nothing is kept or changed.

The tally is compared by its keyed MAC, which this linker kept. Equal counts by another version of
the software have the same MAC, so that an upgrade can be shown to change nothing.

Source: DESIGN 5 (same deliveries, code and policy, the same tally).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from linker.linkage.database import EngineSettings
from linker.linkage.engine import Progress, silent
from linker.store import DeliveryRow, PartRow, RoundRow, RoundState, find_round
from linker.tallying.linkages import find_linkage
from linker.tallying.making import count_tally
from linker.tallying.manifest import Difference, Manifest, differences, tally_mac
from linker.tallying.opening import open_parts
from shared.errors import GoneError, StateError
from shared.state.database import Database
from shared.state.round_keys import RoundKeys

_DESTROYED = (RoundState.DESTROYING, RoundState.DESTROYED)


@dataclass(frozen=True, slots=True)
class Gone:
    """An input that is not held any more.

    Attributes:
        address: sha256 of the envelope, as in its receipt.
        supplier: empty where not even its header is here.
    """

    address: str
    supplier: str = ""
    schema_name: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay showed.

    Attributes:
        same: whether the tally is the same; None where it could not be counted.
        gone: inputs that are not held any more.
        differs: what is not as it was; with it the tally can be the same or not.
    """

    round_id: str
    revision: int
    same: bool | None
    gone: tuple[Gone, ...]
    differs: tuple[Difference, ...]

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        return asdict(self)

    def check(self) -> None:
        """Refuse anything but the same tally.

        Raises:
            GoneError: ``replay-input-gone``.
            StateError: ``replay-differs``.
        """
        if self.gone:
            raise GoneError(
                "replay-input-gone",
                f"expected every input of {self.round_id} revision {self.revision}, "
                f"found {len(self.gone)} gone",
                hint="a delivery that was superseded is deleted; replay the last revision",
            )
        if not self.same:
            raise StateError(
                "replay-differs",
                f"expected the tally of {self.round_id} revision {self.revision}, found another",
                hint="see what differs; with equal versions and inputs this must not happen: "
                "tell the makers, and do not send or use the tally",
            )


def replay(
    database: Database,
    keys: RoundKeys,
    round_id: str,
    settings: EngineSettings,
    revision: int | None = None,
    progress: Progress = silent,
) -> Replayed:
    """Count a linkage again, the last unless told otherwise.

    Raises:
        StateError: ``round-unknown``, ``round-not-linked``, ``round-key-absent``, or what the
            engine refuses.
        GoneError: ``round-destroyed``.
    """
    with database.reading() as session:
        row = find_round(session, round_id)
        _check_stands(row)
        kept = find_linkage(session, round_id, revision)
        then = Manifest.from_bytes(kept.manifest)
        gone = _gone(session, then.inputs)
        round_, mac = row.read(), kept.tally_mac
    if gone:
        return Replayed(round_id, then.revision, None, gone, ())
    progress("open", 0, 1)
    with open_parts(database, round_, keys, frozenset(then.inputs), settings) as opened:
        tally = count_tally(opened, round_, then.revision, settings, progress).tally
    progress("compare", 0, 1)
    same = hmac.compare_digest(mac, tally_mac(tally, keys.tally_key(round_id)))
    differs = differences(then, Manifest.of(tally.header, settings))
    return Replayed(round_id, then.revision, same, (), differs)


def _check_stands(row: RoundRow) -> None:
    if row.state in _DESTROYED:
        raise GoneError(
            "round-destroyed",
            "expected a round that was not destroyed, found that it was",
            hint="nobody can open its deliveries any more; the manifest stays",
        )


def _gone(session: Session, addresses: Collection[str]) -> tuple[Gone, ...]:
    found = []
    for address in addresses:
        query = (
            select(DeliveryRow, PartRow.envelope.is_not(None))
            .join(PartRow, PartRow.delivery_id == DeliveryRow.delivery_id)
            .where(PartRow.sha256 == address)
        )
        row = session.execute(query).first()
        if row is None:
            found.append(Gone(address))
        elif not row[1]:
            found.append(Gone(address, row[0].supplier, row[0].schema_name))
    return tuple(found)
