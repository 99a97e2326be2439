"""Real kill -9 of the linker's uvicorn while deliveries are uploaded; see kill_service.py."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.assurance import figure, record
from tests.support.kill_service import Moment, run

SEED = int(os.environ.get("MOJ_KILL_SEED", "2026"))
KILLS = figure(20, 200)


def test_uploads_survive_a_killed_service(tmp_path: Path) -> None:
    outcome = run(tmp_path, KILLS, SEED)
    record("kill -9 of uvicorn during uploads", KILLS, outcome.passed, SEED, outcome.seconds)
    assert not outcome.failures, f"seed {SEED}: {outcome.failures}"
    assert outcome.passed == outcome.tried == KILLS
    assert set(outcome.moments) == {each.value for each in Moment}
