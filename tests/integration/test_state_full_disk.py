"""A disk that is full at some byte: 507, nothing changed, and it works again when there is room."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.receipt import Receipt
from shared.round import TrustedRound
from shared.statement import Kind, Statement
from tests.support.assurance import figure, recorded
from tests.support.full_disk import Job
from tests.support.parties import MiniRegion, care_table, pseudonym, seal_letter

SIZES = figure(20, 200)
SEED = 507


@pytest.fixture
def job(region: MiniRegion, trusted: TrustedRound) -> Job:
    """A part of some hundred pages, and the database before it comes."""
    table = care_table([{"pseudonym": pseudonym(n)} for n in range(3000)])
    letter = seal_letter(region, trusted, "gm0197", table, "care/1")
    path = region.folder / "letter.moj"
    path.write_bytes(letter.data)
    return Job(
        settings=region.linker_settings,
        now=region.clock(),
        snapshot=region.folder / "koppelaar" / "state.db",
        letter=path,
        address=letter.address,
        sizes=[None],
    )


def run(job: Job, folder: Path) -> list[dict[str, Any]]:
    path = folder / "job.json"
    path.write_text(job.model_dump_json())
    command = [sys.executable, "-m", "tests.support.full_disk", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_full_disk_is_told_and_changes_nothing(region: MiniRegion, job: Job) -> None:
    (whole,) = run(job, region.folder)
    assert (whole["status"], whole["after"]) == (201, [200, 200])
    draw = random.Random(SEED)
    edges = [0, 511, 512, job.snapshot.stat().st_size, whole["bytes"] - 1]
    drawn = [draw.randrange(whole["bytes"]) for _ in range(SIZES - len(edges))]
    job.sizes = [*edges, *drawn]
    card = region.identities["koppelaar"].card
    with recorded("disk full", SEED) as tally:
        for found in run(job, region.folder):
            place = f"seed {SEED}, full at {found['size']} bytes: {found}"
            assert (found["status"], found["code"]) == (507, "storage-full"), place
            assert found["unchanged"], place
            assert (found["healthy"], found["after"]) == (200, [201, 200]), place
            assert found["same_receipt"], place
            assert not found["journal"], place
            statement = Statement.from_bytes(found["receipt"].encode())
            statement.check_signed_by(card)
            assert statement.read(Kind.RECEIPT, Receipt).envelope == job.address, place
            tally.add(passed=True)
        assert tally.count == SIZES
