"""The benchmark of readers measures what it says: real releases, every address, honest goals."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from benchmarks.publisher import report
from benchmarks.publisher.__main__ import API, addresses_of
from benchmarks.publisher.floor import floor_app
from benchmarks.publisher.releases import EXPORT, EXPORT_TABLE
from benchmarks.publisher.report import FLOOR, OURS, Measured, goals, markdown
from benchmarks.publisher.running import Export, Load
from benchmarks.publisher.service import write_service
from publisher.app import create_app
from publisher.settings import Settings
from shared.service.logs import Log
from shared.settings import load_settings

ROWS = 3_000
ON = {"on": "2026-11-22", "cores": 2, "processor": "x", "memory_bytes": 1 << 30, "system": "y",
      "python": "3.11", "load_average_before": 0.0}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    path = write_service(tmp_path_factory.mktemp("service") / "publisher", 30, ROWS, 8000)
    app = create_app(load_settings(path, Settings), log=Log("publisher", io.StringIO()))
    return TestClient(app)


def test_every_address_that_readers_ask_is_answered(client: TestClient) -> None:
    asked = addresses_of(30)
    assert len(set(asked)) == len(asked) > 20
    assert {address: client.get(address).status_code for address in asked} == dict.fromkeys(
        asked, 200
    )


def test_the_export_has_every_row_and_withheld_ones(client: TestClient) -> None:
    address = f"{API}/{EXPORT}/tables/{EXPORT_TABLE}/downloads/csv"
    lines = client.get(address).text.splitlines()
    assert len(lines) == 1 + ROWS
    assert any(line.endswith(",,,,c") for line in lines)
    assert len(set(lines)) == len(lines)


def test_the_floor_answers_the_same_bytes(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "addresses").write_text("/scholen", encoding="ascii")
    body = client.get("/scholen").content
    (tmp_path / "0").write_bytes(body)
    assert TestClient(floor_app(tmp_path)).get("/scholen").content == body


def measured(p95: float = 0.05, first: float = 0.1, grown: int = 0, failed: int = 0) -> Measured:
    loads = tuple(
        Load(name, 50, 1.0, (*[0.01] * 94, *[p95] * 6), failed, 0.1) for name in (OURS, FLOOR)
    )
    sent = Export("csv", 107 * report.MB, (0.01, first), (4.0, 5.0), grown * report.MB)
    return Measured(ON, 320, 650_000, 60, loads, (sent,))


def test_each_goal_fails_by_itself() -> None:
    assert all(reached for _goal, _found, reached in goals(measured()))
    for number, broken in (
        (0, measured(p95=0.101)),
        (0, measured(failed=1)),
        (2, measured(first=0.3)),
        (3, measured(grown=40)),
    ):
        assert [reached for *_, reached in goals(broken)].index(False) == number
    assert "| p95 under 100 ms, 50 readers, one core | 50 ms | yes |" in markdown(measured())
