"""The memory limit is kept: staged shards bound what a linkage holds, and nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.linkage.scale import NATION
from benchmarks.linkage.source import write_source
from tests.support.assurance import figure, record

PUPILS = figure(100_000, 1_000_000)
SHARDS = figure(10, 60)
ENGINE_LIMIT_MB = 64
PEAK_MB = figure(700, 1_800)
"""Engine, interpreter, libraries, one shard and the sums over all; not the deliveries."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "source"
    write_source(folder, NATION.times(PUPILS / NATION.pupils))
    return folder


def linked(source: Path, shards: int, limit_mb: int, folder: Path) -> dict[str, Any]:
    """What a child says that linked it."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.support.linking_child", str(source), str(shards),
         str(limit_mb), str(folder)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(child.stdout)
    return found


def test_shards_keep_the_limit(source: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    found = linked(source, SHARDS, ENGINE_LIMIT_MB, tmp_path)
    assert found["code"] == ""
    assert found["cells"] > 50_000
    assert found["peak_mb"] < PEAK_MB
    assert found["names"] == []
    record("Pupils linked within the memory limit", PUPILS, PUPILS, 5, time.monotonic() - started)


def test_over_the_limit_it_stops_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    found = linked(source, 1, ENGINE_LIMIT_MB, tmp_path)
    assert found == {**found, "code": "linkage-out-of-memory", "cells": 0, "names": []}
    assert list(tmp_path.iterdir()) == []
