"""Objections in a round: the own list sealed as ``objection/1``, and the reminder to do so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.errors import PolicyError
from shared.hashing.custody.home import Home, OpenRound
from shared.hashing.delivering.own_list import OwnList, SealedOnce, load_own_list, save_own_list
from shared.hashing.language import tr
from shared.identity import Identity
from shared.round import SchemaName


@dataclass(frozen=True, slots=True)
class SealedList:
    """What came of sealing the own list; no number of people is told."""

    file_names: tuple[str, ...]
    delivery: str
    supersedes: str


def check_expects_objections(opened: OpenRound, party: str) -> None:
    """Refuse a round in which this party delivers no objections.

    Raises:
        PolicyError: ``schema-not-expected``.
    """
    if opened.trusted.body.supplier(party).municipalities(SchemaName.OBJECTION) is None:
        raise PolicyError(
            "schema-not-expected",
            f"expected from {party} only what the round names, found {SchemaName.OBJECTION.value}",
            hint="ask the key office what your organisation delivers in this round",
            about=SchemaName.OBJECTION.value,
        )


def seal_own_list(
    home: Home, opened: OpenRound, out: Path, supersedes: str | None, day: date
) -> SealedList:
    """Seal the own list for a round, and note on the list that it was.

    Args:
        supersedes: the delivery to replace; None for the one that the linker has of this list.

    Raises:
        InputError: ``folder-not-empty``.
    """
    # Loaded here: the commands that only keep the list do without Arrow.
    import pyarrow as pa

    from shared.contract.deliveries import OBJECTION
    from shared.hashing.delivering.packed import load_header
    from shared.hashing.delivering.replacing import Part, replaced
    from shared.hashing.delivering.sealing import seal_delivery
    from shared.hashing.deriving.context import with_number

    identity = home.identity()
    own = load_own_list(home.folder, identity)
    round_id = opened.trusted.body.round_id
    earlier = own.last_sent(round_id) if supersedes is None else supersedes
    numbers = pa.table([pa.array(own.numbers, pa.string())], schema=with_number(OBJECTION.arrow))
    whole = Part(replaced(numbers, OBJECTION.arrow, opened.key.reveal()), last=True)
    parts = seal_delivery([whole], SchemaName.OBJECTION, opened, identity, out, supersedes=earlier)
    delivery = load_header(parts[0].path).context.delivery
    once = SealedOnce(round_id=round_id, delivery=delivery, version=own.version, sealed_on=day)
    save_own_list(home.folder, own.with_sealed(once), identity)
    return SealedList(tuple(part.path.name for part in parts), delivery, earlier)


def note_sent(home: Home, identity: Identity, delivery: str) -> None:
    """Note on the own list that the linker has a delivery that was made of it."""
    own = load_own_list(home.folder, identity)
    if any(once.delivery == delivery for once in own.sealed):
        save_own_list(home.folder, own.with_sent(delivery), identity)


def reminder(own: OwnList, opened: OpenRound, party: str) -> str:
    """One line that tells what is still to be done for a round, empty where nothing is."""
    body = opened.trusted.body
    expected = body.supplier(party).municipalities(SchemaName.OBJECTION) is not None
    if not expected or not own.is_due(body.round_id):
        return ""
    return tr(
        "Let op: uw lijst met bezwaren is nog niet verzegeld voor ronde {round_id}. "
        "Doe dat met: hasher object seal --round {round_id} --out MAP",
        round_id=body.round_id,
    )
