"""The tally of a drawn population is the tally that pandas and polars make of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.linkage.equality import check, differences
from benchmarks.linkage.ours import linked
from benchmarks.linkage.running import CONTENDERS, OURS
from benchmarks.linkage.scale import REGION
from benchmarks.linkage.source import write_source
from tests.support.assurance import LONG, figure

PUPILS = figure(1_500, 42_000)
PEERS = ("polars", "pandas") if LONG else ("polars",)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "source"
    write_source(folder, REGION.times(PUPILS / REGION.pupils))
    return folder


@pytest.fixture(scope="module")
def ours(source: Path) -> Path:
    return tally(OURS, source)


def tally(name: str, source: Path) -> Path:
    out = source.parent / name
    subprocess.run(
        [sys.executable, "-m", CONTENDERS[name], str(source), str(out)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
    )
    return out


@pytest.mark.parametrize("peer", PEERS)
def test_every_cell_and_contribution_is_equal(source: Path, ours: Path, peer: str) -> None:
    theirs = tally(peer, source)
    assert differences(ours, theirs) == ""
    assert check(ours) == check(theirs)
    assert check(ours).cells > 10_000


def test_one_cell_more_is_another_checksum(ours: Path, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        for name, select in {
            "same": "SELECT * FROM cells ORDER BY value",
            "changed": "SELECT * REPLACE (value + CAST(value = 7 AS INTEGER) AS value) FROM cells",
        }.items():
            folder = tmp_path / name
            folder.mkdir()
            connection.sql(f"WITH cells AS (FROM '{ours}/cells.parquet') {select}").write_parquet(
                f"{folder}/cells.parquet"
            )
    assert check(tmp_path / "same") == check(ours)
    assert check(tmp_path / "changed") != check(ours)
    assert differences(ours, tmp_path / "changed") != ""


@pytest.mark.parametrize("shards", [2, 7])
def test_staged_shards_give_the_same_tally(source: Path, shards: int) -> None:
    whole, parts = linked(source, 1), linked(source, shards)
    assert parts.cells.equals(whole.cells)
    for name in ("quality", "double_claims", "matches", "laws"):
        assert getattr(parts, name) == getattr(whole, name)
