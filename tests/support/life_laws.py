"""What must hold of a life at every moment, and what two lives have alike that went the same way.

``check_always`` holds of whatever a crash leaves; ``likeness`` is everything that is kept, without
what is drawn or sealed anew each time: a step that was killed and taken again leaves the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Session

from linker import store as linker_store
from linker.store import DeliveryRow, DeliveryState, OutboxRow, PartRow
from linker.store import RoundState as LinkerRound
from publisher import store as publisher_store
from publisher.intake.steps import open_stored
from publisher.policies import ReleaseState
from publisher.released import Manifest
from publisher.store import ReleaseRow, TallyRow
from publisher.store import RoundState as PublisherRound
from shared.canonical import parse_canonical
from shared.destruction import Destruction
from shared.ledger import Event, Head, verify_ledger
from shared.receipt import Receipt
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.lives import (
    CHILDREN,
    OBJECTORS,
    better_care,
    rows,
    short_care,
)
from tests.support.micro_count import Counted, Key
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import Region, wanted_cells, whole_cells
from tests.support.needles import Needles, scan
from tests.support.parties import PLACES, ROUND, care_table, pseudonym
from tests.support.places import small_reference
from tests.support.world import LINKER, PUBLISHER, World

SEED_BYTES = 32
_GONE = {DeliveryState.SUPERSEDED, DeliveryState.REJECTED}
_SHOWN = {ReleaseState.PUBLISHED, ReleaseState.SUPERSEDED}
_DRAWN = {"match_rate.percent"}
"""A share that is blurred by chance."""
_TRIED = {"outbox.attempts"}
"""How often something was tried differs where a try was killed."""

Events = list[tuple[Event, dict[str, Any]]]


def check_always(world: World) -> None:
    """Everything that must hold at every moment, right after a crash too.

    Raises:
        AssertionError: naming the law.
    """
    linker, publisher = _events(world, LINKER), _events(world, PUBLISHER)
    _check_keys_whole(world)
    _check_handed_out(world)
    _check_receipts(world)
    _check_linker_bodies(world)
    _check_tallies(world, linker, publisher)
    _check_releases(world, publisher)
    _check_destruction(world, LINKER, linker)
    _check_destruction(world, PUBLISHER, publisher)


def _database(world: World, party: str) -> Database:
    return world.linker if party == LINKER else world.publisher


def _events(world: World, party: str) -> Events:
    """The ledger, verified with every head that anyone was told."""
    with _database(world, party).reading() as session:
        found = list(entries(session.connection()))
    verify_ledger(
        (entry.line() for entry in found),
        world.region.identities[party].card,
        list(_witnessed(world, party)),
    )
    return [(entry.event, parse_canonical(entry.body)) for entry in found]


def _witnessed(world: World, party: str) -> Iterator[Head]:
    for path in (world.outside / "receipts").glob("*.json"):
        receipt = Statement.load(path).read(Kind.RECEIPT, Receipt)
        if receipt.service == party:
            yield Head(receipt.ledger_seq, receipt.ledger_sha256)
    for path in (world.outside / f"destroyed-{party}").glob("[!.]*.json"):
        body = Destruction.of(Statement.load(path))
        yield Head(body.ledger_seq, body.ledger_sha256)
    heads = world.outside / "heads" / party
    if heads.exists():
        for line in heads.read_text().splitlines():
            seq, sha256 = line.split()
            yield Head(int(seq), sha256)


def witness_heads(world: World) -> None:
    """Write down the head of each ledger, as an auditor does who comes by."""
    for party in (LINKER, PUBLISHER):
        with _database(world, party).transaction() as tx:
            head = tx.head()
        path = world.outside / "heads" / party
        path.parent.mkdir(exist_ok=True)
        if head.seq:
            with path.open("a") as handle:
                handle.write(f"{head.seq} {head.sha256}\n")


def _check_keys_whole(world: World) -> None:
    for party in (LINKER, PUBLISHER):
        for path in (world.folder / party / "keys").rglob("*"):
            if path.name == "round.seed":
                assert path.stat().st_size == SEED_BYTES, "a key is whole or absent"
            if path.is_file():
                assert path.stat().st_mode & 0o077 == 0, "only the owner reads a key folder"


def _check_handed_out(world: World) -> None:
    """What a service gave out is whole and its own."""
    identities = world.region.identities
    for pattern, party in (
        (f"offer-{LINKER}.json", LINKER),
        (f"offer-{PUBLISHER}.json", PUBLISHER),
        ("accepted.json", LINKER),
        ("receipts/*.json", LINKER),
        ("package-*/release.json", PUBLISHER),
        ("withdrawal-*.json", PUBLISHER),
        (f"destroyed-{LINKER}/[!.]*.json", LINKER),
        (f"destroyed-{PUBLISHER}/[!.]*.json", PUBLISHER),
    ):
        for path in world.outside.glob(pattern):
            Statement.load(path).check_signed_by(identities[party].card)


def _check_receipts(world: World) -> None:
    """No delivery with a receipt is lost: it is there until something took its place."""
    with world.linker.reading() as session:
        gone = _is_gone(session)
        for path in (world.outside / "receipts").glob("*.json"):
            data = path.read_bytes()
            receipt = Statement.from_bytes(data).read(Kind.RECEIPT, Receipt)
            part = session.get(PartRow, receipt.envelope)
            assert part is not None, "an envelope with a receipt is known"
            assert part.receipt == data, "a receipt is kept as it was given"
            state = session.get_one(DeliveryRow, receipt.delivery).state
            lost = part.envelope is None
            assert not lost or gone or state in _GONE, "a body with a receipt is there"


def _is_gone(session: Session) -> bool:
    row = session.get(linker_store.RoundRow, ROUND)
    return row is not None and row.state is LinkerRound.DESTROYED


def _check_linker_bodies(world: World) -> None:
    """No body that nothing needs."""
    with world.linker.reading() as session:
        gone = _is_gone(session)
        for part in session.scalars(select(PartRow)):
            state = session.get_one(DeliveryRow, part.delivery_id).state
            if gone or state in _GONE:
                assert part.envelope is None, "a body that was replaced or destroyed is gone"
        if gone:
            queued = session.scalars(select(OutboxRow))
            assert all(row.envelope is None for row in queued), "a destroyed tally is gone"
        queued_revisions = [row.revision for row in session.scalars(select(OutboxRow))]
        assert len(queued_revisions) == len(set(queued_revisions)), "one tally per revision"


def _check_tallies(world: World, linker: Events, publisher: Events) -> None:
    """Each revision is linked, queued and taken once, and the tally is what the oracle counts."""
    for events, event in (
        (linker, Event.ROUND_LINKED),
        (linker, Event.TALLY_QUEUED),
        (linker, Event.TALLY_ACKNOWLEDGED),
        (publisher, Event.TALLY_RECEIVED),
    ):
        named = Counter(
            (body.get("revision"), body.get("envelope")) for what, body in events if what is event
        )
        assert not named or max(named.values()) == 1, f"{event} once per revision"
    with world.publisher.reading() as session:
        stored = list(session.scalars(select(TallyRow).order_by(TallyRow.revision)))
    taken = [body["revision"] for what, body in publisher if what is Event.TALLY_RECEIVED]
    assert [row.revision for row in stored] == taken, "what the ledger names was taken"
    kept = [row for row in stored if row.envelope is not None]
    assert len(kept) <= 1, "only the newest tally has a body"
    # Once its destruction is announced, a key may be overwritten already and not yet gone.
    announced = any(what is Event.DESTROYING for what, _ in publisher)
    if kept and not announced:
        tally = open_stored(kept[0], world.region.publisher_keys)
        assert tally.header.revision == stored[-1].revision == len(stored)
        assert whole_cells(tally.cells) == expected_cells(), "the tally is what the oracle counts"


@cache
def expected_cells() -> dict[Key, Counted]:
    """Every cell of the deliveries that are current when the life links."""
    numbers = {pseudonym(number): number for number in range(CHILDREN)}
    enrolments = tuple(
        Enrolment(
            numbers[row["pseudonym"]], row["period"], row["school"].decode(), row["residence"]
        )
        for row in rows().enrolments
    )
    care = tuple(
        Care.of_wire(row, numbers[row["pseudonym"]], place)
        for place, claims in ((197, short_care()), (222, better_care()))
        for row in care_table(claims).to_pylist()
    )
    covered: dict[int, tuple[int, ...]] = {24: PLACES, 25: PLACES}
    return wanted_cells(Region(small_reference(), enrolments, care, OBJECTORS, covered))


def _check_releases(world: World, events: Events) -> None:
    """A release that readers see was approved by two; and the ledger knows of every one."""
    entered: dict[str, list[Event]] = {}
    for what, body in events:
        if "release" in body:
            entered.setdefault(body["release"], []).append(what)
    card = world.region.identities[PUBLISHER].card
    with world.publisher.reading() as session:
        found = list(session.scalars(select(ReleaseRow)))
        given = Counter(session.scalars(select(publisher_store.ApprovalRow.release_id)).all())
        tables = Counter(session.scalars(select(publisher_store.ReleasedTableRow.release_id)).all())
    assert {row.release_id for row in found} == set(entered), "the ledger knows every release"
    for row in found:
        Statement.from_bytes(row.statement).check_signed_by(card)
        stated = Statement.from_bytes(row.statement).read(Kind.RELEASE, Manifest).tables
        assert tables[row.release_id] == len(stated) > 0, "a release has all of its tables"
        assert entered[row.release_id].count(Event.RELEASE_PUBLISHED) <= 1, "published once"
        if row.state in _SHOWN:
            assert given[row.release_id] == 2, "two approved what readers see"
        withdrawn = Event.RELEASE_WITHDRAWN in entered[row.release_id]
        assert withdrawn == (row.withdrawal is not None), "a withdrawal is stated when it is"
        if row.withdrawal is not None:
            Statement.from_bytes(row.withdrawal).check_signed_by(card)


def _check_destruction(world: World, party: str, events: Events) -> None:
    """Nothing is stated before it is so: first the key, then the bodies, then the statement."""
    store: Any = linker_store if party == LINKER else publisher_store
    keys = world.folder / party / "keys" / ROUND
    with _database(world, party).reading() as session:
        row = session.get(store.RoundRow, ROUND)
    if row is None:
        return
    over = row.state in (LinkerRound.DESTROYED, PublisherRound.DESTROYED)
    entered = [what for what, body in events if body.get("round") == ROUND]
    assert (Event.DESTROYED in entered) == over == (row.destruction is not None)
    if over:
        assert not keys.exists(), "a destroyed key is gone"
        assert entered.index(Event.DESTROYING) < entered.index(Event.DESTROYED)
        assert entered.count(Event.DESTROYED) == entered.count(Event.DESTROYING) == 1
        Statement.from_bytes(row.destruction).check_signed_by(world.region.identities[party].card)
    elif Event.DESTROYING not in entered:
        assert (keys / "round.seed").exists(), "no key goes before it was announced"


@cache
def needles() -> Needles:
    """Everybody's pseudonym in the life."""
    return Needles.of((), [pseudonym(number) for number in range(CHILDREN)])


def find_needles(folder: Path) -> tuple[int, list[str]]:
    """How many files of services and temporary ones there are, and where a pseudonym stands."""
    scanned, findings = 0, []
    for each in (folder / LINKER, folder / PUBLISHER, temporary(folder)):
        files, found = scan(each, needles(), outside=())
        scanned += files
        findings += found
    return scanned, findings


def check_no_needles(folder: Path) -> None:
    """No pseudonym in any file of a service, nor in a temporary one.

    Raises:
        AssertionError: naming the files.
    """
    _, findings = find_needles(folder)
    assert not findings, f"pseudonyms in files: {findings}"


def likeness(world: World) -> dict[str, object]:
    """All that both services keep, without what is drawn or sealed anew each time."""
    kept: dict[str, object] = {}
    for party, store in ((LINKER, linker_store), (PUBLISHER, publisher_store)):
        base: type[DeclarativeBase] = store.Base
        with _database(world, party).reading() as session:
            for table in base.metadata.sorted_tables:
                found = session.execute(select(table)).mappings()
                lines = [_masked(table.name, dict(row)) for row in found]
                kept[f"{party} {table.name}"] = sorted(lines)
        kept[f"{party} ledger"] = [
            (what.value, sorted(body)) for what, body in _events(world, party)
        ]
        folder = world.folder / party
        kept[f"{party} files"] = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    kept["temporary"] = sorted(path.name for path in temporary(world.folder).rglob("*"))
    return kept


def temporary(folder: Path) -> Path:
    """Where a process of this life may put temporary files."""
    return folder / "tmp"


_HEX = re.compile(r"^[0-9a-f]{32,}$")


def _masked(table: str, row: dict[str, Any]) -> str:
    shown = {}
    for column, value in row.items():
        name = f"{table}.{column}"
        if name in _TRIED or value is None:
            shown[column] = value if name not in _TRIED else "tried"
        elif isinstance(value, bytes) or name in _DRAWN:
            shown[column] = "kept"
        elif isinstance(value, str) and (_HEX.match(value) or len(value) > 200):
            shown[column] = "text"
        elif isinstance(value, datetime):
            shown[column] = "moment"
        else:
            shown[column] = str(value)
    return str(sorted(shown.items()))


def differences(found: dict[str, object], expected: dict[str, object]) -> list[str]:
    """Where two likenesses differ."""
    return [
        f"{name}: expected {expected.get(name)}, found {found.get(name)}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]
