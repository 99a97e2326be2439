"""A second release after a late delivery: reopened, linked again, protected beside the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from linker.rounds.lifecycle import close_round
from linker.tallying.outbox import pending
from publisher.reading import DatabaseReader
from publisher.released import Release
from publisher.releasing.releases import Releases
from shared.contract.tally import Tally
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support.parties import ROUND, MiniRegion, care_table, seal_letter
from tests.support.publishing import Publisher
from tests.support.reopening import delivered, make, reopen
from tests.support.rounds import EVERY_DELIVERY, Children, children, publisher_of, take

FIRST, SECOND = f"{ROUND}-v1.0", f"{ROUND}-v2.0"
SPLIT_THRESHOLD, THRESHOLD = 10, 5
Cells = dict[tuple[object, ...], tuple[int | None, str]]


@dataclass(frozen=True)
class World:
    """Both tallies, and both releases as readers have them."""

    releases: Releases
    tallies: tuple[Tally, Tally]
    first: Release
    second: Release


def publish(publisher: Publisher, folder: Path, release_id: str) -> Release:
    publisher.submit(folder, release_id=release_id)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)
    return publisher.releases.publish(release_id, publisher.region.agreements)


@pytest.fixture
def world(
    region: MiniRegion, accepted: Statement, trusted: TrustedRound, tmp_path: Path
) -> Iterator[World]:
    """One municipality delivers in time, the other after the round was reopened."""
    of = children(count=1200)
    database = region.linker_database()
    releases = publisher_of(region, accepted)
    tallies, found = [], []

    def release(number: int, release_id: str) -> None:
        tallies.append(make(region, database))
        envelope = pending(database)[-1].envelope
        assert envelope is not None
        take(releases, envelope)
        releases.stage(ROUND)
        publisher = Publisher(region, releases, tallies[-1], envelope)
        found.append(publish(publisher, tmp_path / f"pakket-{number}", release_id))

    delivered(region, trusted, Children(of.enrolments, {197: of.care[197]}))
    close_round(database, ROUND, without=EVERY_DELIVERY)
    release(1, FIRST)
    reopen(region, database)
    letter = seal_letter(region, trusted, "gm0222", care_table(of.care[222]), "care/1")
    with region.linker_client() as client:
        assert client.put(f"/envelopes/{letter.address}", content=letter.data).status_code == 201
    close_round(database, ROUND)
    release(2, SECOND)
    yield World(releases, (tallies[0], tallies[1]), found[0], found[1])
    releases.database.close()
    database.close()


def cells_of(release: Release) -> Cells:
    return {
        (table.id, row["level"], row["unit"], row["period"], row["category"], row["measure"]): (
            row["value"], row["status"],
        )
        for table in release.tables for row in table.cells.to_pylist()
    }  # fmt: skip


def test_a_late_delivery_is_published_with_what_it_changed_protected(world: World) -> None:
    """Published beside the first release, which readers keep; nothing tells a few children."""
    assert [tally.header.revision for tally in world.tallies] == [1, 2]
    assert world.second.manifest.supersedes == FIRST
    before, after = cells_of(world.first), cells_of(world.second)
    counts = {"pupils", "clients"}
    changed = 0
    for place, (old, status) in before.items():
        if place[5] not in counts or place not in after:
            continue
        new, status_now = after[place]
        if status == "c":
            assert status_now == "c"
        elif status == status_now == "" and old is not None and new is not None:
            least = SPLIT_THRESHOLD if place[4] else THRESHOLD
            assert new == old or abs(new - old) >= least
            changed += new != old
    assert changed > 10
    proof = world.second.manifest.proof
    assert (proof.verified, proof.exactly_exposed, proof.too_narrow) == (True, 0, 0)
    assert world.releases.verify(SECOND) > 0
    _check_rounded(world, before, after)
    _check_permalinks(world)


def _check_rounded(world: World, before: Cells, after: Cells) -> None:
    """The rounded table is there in both; what it shows lies next to what was counted."""
    true = {
        (row["unit"], row["period"], row["category"]): row["value"]
        for row in world.tallies[1].cells.to_pylist()
        if (row["table"], row["level"], row["measure"]) == ("clients_by_form", "school", "clients")
    }
    rounded = {place: cell for place, cell in after.items() if place[0] == "clients_by_form_school"}
    assert len(rounded) > 50
    assert rounded.keys() <= before.keys()
    for place, (value, status) in rounded.items():
        assert status in ("r", "c")
        if value is not None:
            assert value % 5 == 0
            assert abs(value - true.get((place[2], place[3], place[4]), 0)) < 5


def _check_permalinks(world: World) -> None:
    reader = DatabaseReader(world.releases.database)
    latest, first = reader.latest(), reader.find(FIRST)
    assert latest is not None
    assert latest.manifest.release_id == SECOND
    assert first is not None
    assert first.state == "superseded"
