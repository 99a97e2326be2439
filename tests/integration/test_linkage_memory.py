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
from linker.linkage.engine import HELD_SHARDS
from tests.support.assurance import figure, record

PUPILS = figure(100_000, 1_000_000)
SHARDS = figure(10, 60)
ENGINE_LIMIT_MB = figure(64, 128)
PEAK_MB = figure(600, 1_400)
"""Engine, interpreter, libraries, one shard and a few ranges of units; not the deliveries."""
SMALLER = 4
"""So many times fewer pupils than the others, schools and cells with them."""
BYTES_PER_CELL = figure(400, 150)
"""What each cell more may take. Held in memory, cells alone took more than that.

Of a small population what a part takes of itself is divided over few cells."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "source"
    write_source(folder, NATION.times(PUPILS / NATION.pupils))
    return folder


@pytest.fixture(scope="module")
def smaller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "smaller"
    write_source(folder, NATION.times(PUPILS / NATION.pupils / SMALLER))
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


def test_memory_does_not_grow_with_the_cells(source: Path, smaller: Path, tmp_path: Path) -> None:
    large = linked(source, SHARDS, ENGINE_LIMIT_MB, tmp_path)
    small = linked(smaller, max(HELD_SHARDS + 1, SHARDS // SMALLER), ENGINE_LIMIT_MB, tmp_path)
    more_cells = large["cells"] - small["cells"]
    more_bytes = (large["peak_mb"] - small["peak_mb"]) * 1024 * 1024
    assert more_cells > 2 * small["cells"]
    assert more_bytes < BYTES_PER_CELL * more_cells
