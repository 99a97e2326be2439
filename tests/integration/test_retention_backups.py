"""Restored backups: what was copied before a destruction opens nothing after it.

A life is played to random moments; at each, everything but the key folders is copied, as a backup
does. Then the round is destroyed at both services, the copies are put back, and every envelope and
internal document in them is tried with everything that there is.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from linker.linkage.database import EngineSettings
from linker.rounds.lifecycle import accept_round, close_round
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import OutboxRow, PartRow
from linker.tallying.making import make_tally
from linker.tallying.outbox import pending
from publisher.releasing.internal import open_document
from publisher.releasing.releases import Releases
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import InternalDocumentRow, TallyRow
from shared.destruction import Reason
from shared.envelope import open_body, read_header
from shared.errors import MonitorError
from shared.round import TrustedRound
from shared.state.round_keys import RoundKeys
from tests.support.assurance import figure, recorded
from tests.support.parties import ROUND, MiniRegion, objection_table, seal_letter
from tests.support.rounds import EVERY_DELIVERY, children, deliver, publisher_of, take
from tests.support.snapshots import backed_up

LIVES = figure(5, 50)
SEED = 20261122
SETTINGS = EngineSettings(memory_limit_mb=512, threads=1)


@pytest.fixture
def ready(region: MiniRegion) -> tuple[MiniRegion, TrustedRound]:
    """A region with an accepted round."""
    database = region.linker_database()
    accepted = accept_round(
        database,
        region.identities["koppelaar"],
        region.linker_keys,
        region.files(),
        region.pinned_agreements,
        region.clock,
    )
    database.close()
    publisher_of(region, accepted).database.close()
    return region, region.trusted(accepted)


def steps(
    region: MiniRegion, trusted: TrustedRound, draw: random.Random
) -> Iterator[Callable[[], None]]:
    """The life of a round up to its release, in pieces."""

    def delivers() -> None:
        with region.linker_client() as client:
            deliver(region, client, trusted, children(seed=draw.randrange(99), count=30))

    def objects() -> None:
        letter = seal_letter(region, trusted, "gm0197", objection_table([1]), "objection/1")
        with region.linker_client() as client:
            client.put(f"/envelopes/{letter.address}", content=letter.data)

    def links() -> None:
        database = region.linker_database()
        close_round(database, ROUND, without=EVERY_DELIVERY)
        identity = region.identities["koppelaar"]
        make_tally(database, identity, region.linker_keys, ROUND, SETTINGS)
        database.close()

    def takes() -> None:
        database, releases = region.linker_database(), releases_of(region)
        envelope = pending(database)[0].envelope
        assert envelope is not None
        take(releases, envelope)
        releases.stage(ROUND)
        database.close()
        releases.database.close()

    yield from (delivers, objects, links, takes)


def releases_of(region: MiniRegion) -> Releases:
    return Releases(
        region.publisher_database(), region.identities["publicist"], region.publisher_keys
    )


def destroy_everywhere(region: MiniRegion) -> None:
    linker, publisher = region.linker_database(), region.publisher_database()
    LinkerRetention(linker, region.linker_keys, region.identities["koppelaar"]).destroy(
        ROUND, Reason.REQUEST
    )
    PublisherRetention(publisher, region.publisher_keys, region.identities["publicist"]).destroy(
        ROUND, Reason.REQUEST
    )
    linker.close()
    publisher.close()


def sealed(region: MiniRegion) -> list[tuple[str, bytes]]:
    """Every sealed body in both databases: what it is and its bytes."""
    linker, publisher = region.linker_database(), region.publisher_database()
    found: list[tuple[str, bytes]] = []
    with linker.reading() as session:
        found += [("envelope", e) for e in session.scalars(select(PartRow.envelope)) if e]
        found += [("envelope", e) for e in session.scalars(select(OutboxRow.envelope)) if e]
    with publisher.reading() as session:
        found += [("envelope", e) for e in session.scalars(select(TallyRow.envelope)) if e]
        for row in session.scalars(select(InternalDocumentRow)):
            if row.box:
                found.append((f"{row.release_id}/{row.name}", row.box))
    linker.close()
    publisher.close()
    return found


def opened(bodies: list[tuple[str, bytes]], folders: list[Path]) -> int:
    """How many bodies open with a key from any of the key folders."""
    count = 0
    for what, body in bodies:
        for folder in folders:
            keys = RoundKeys(folder)
            try:
                if what == "envelope":
                    header = read_header(body)
                    open_body(header, body[header.size :], keys.opening_key(ROUND))
                else:
                    release_id, name = what.split("/")
                    open_document(keys.storage_key(ROUND), release_id, name, body)
            except MonitorError:
                continue
            count += 1
            break
    return count


def seeds_in(folder: Path, seeds: list[bytes]) -> list[str]:
    """Files below ``folder`` in which a seed stands."""
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(seed in path.read_bytes() for seed in seeds)
    ]


@pytest.mark.parametrize("life", range(LIVES))
def test_a_restored_backup_opens_nothing(
    ready: tuple[MiniRegion, TrustedRound], life: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with recorded("lives of backup and restore of a destroyed round", SEED) as tally:
        restore_after_destruction(*ready, life, tmp_path_factory.mktemp("backups"))
        tally.add(passed=True)


def restore_after_destruction(
    region: MiniRegion, trusted: TrustedRound, life: int, safe: Path
) -> None:
    draw = random.Random(SEED + life)
    seeds = [path.read_bytes() for path in region.folder.rglob("round.seed")]
    assert len(seeds) == 2
    backups: list[MiniRegion] = []
    for number, step in enumerate(steps(region, trusted, draw)):
        step()
        if draw.random() < 0.6 or number == 3:
            backups.append(backed_up(region, safe / f"backup-{number}"))
    keys = [region.linker_settings.key_folder, region.publisher_settings.key_folder]
    before = [sealed(backup) for backup in backups]
    tried = sum(map(len, before))
    assert tried >= 7, f"seed {SEED + life}"
    # The copies are good, and the layout keeps the keys out of them.
    assert sum(opened(each, keys) for each in before) == tried, f"seed {SEED + life}"
    assert [seeds_in(backup.folder, seeds) for backup in backups] == [[]] * len(backups)
    destroy_everywhere(region)
    assert seeds_in(region.folder, seeds) == [], f"seed {SEED + life}"
    for backup, bodies in zip(backups, before, strict=True):
        restored = sealed(backup)
        assert restored == bodies
        folders = [*keys, *(path for path in backup.folder.rglob("keys"))]
        assert opened(restored, folders) == 0, f"seed {SEED + life}"
    assert sealed(region) == []


def test_the_file_of_the_database_keeps_nothing_of_what_was_sealed(
    ready: tuple[MiniRegion, TrustedRound],
) -> None:
    """Deleted bytes are overwritten: the free pages of the file hold no piece of a body."""
    region, trusted = ready
    for step in steps(region, trusted, random.Random(SEED)):
        step()
    pieces = [body[-64:] for _, body in sealed(region)]
    files = [region.folder / party / "state.db" for party in ("koppelaar", "publicist")]
    held = b"".join(path.read_bytes() for path in files)
    assert all(piece in held for piece in pieces)
    destroy_everywhere(region)
    held = b"".join(path.read_bytes() for path in files)
    assert not any(piece in held for piece in pieces)
    with sqlite3.connect(files[0]) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
