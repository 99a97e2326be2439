"""A whole synthetic region through the hasher, against the oracle that never saw the files."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from deploy.demo.generator import Truth, generate
from shared.contract.codes import Form
from shared.contract.periods import school_year
from shared.hashing.delivering.prepare import prepare
from shared.hashing.systems.profile import shipped_profile
from tests.support.hashing import Prepared, collect, pseudonymise, run
from tests.support.oracle import Expected, Key, expected

SEED = 11
YEARS = 2
FIRST_YEAR = 2022
MUNICIPALITIES = (197, 222, 294, 1509, 1586, 1859, 1876, 1955)
PERIODS = [school_year(FIRST_YEAR + k) for k in range(YEARS)]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("region")
    truth = generate(folder, seed=SEED, years=YEARS, first_year=FIRST_YEAR, pupils_scale=0.1)
    return folder, truth


def care_of(folder: Path, municipality: int) -> Prepared:
    own = folder / f"gm{municipality:04d}"
    files = {
        "assignments": sorted(own.glob("jeugdhulp_*")),
        "declarations": sorted(own.glob("declaraties_*")),
    }
    profile = shipped_profile("ijw-jeugdhulp")
    return collect(prepare("care/1", files, profile, PERIODS, {municipality}), "care/1")


def test_pupils_and_clients_are_those_of_the_oracle(region: tuple[Path, Truth]) -> None:
    folder, truth = region
    enrolment = run(
        "enrolment/1", {"pupils": sorted((folder / "duo").iterdir())}, PERIODS, MUNICIPALITIES
    )
    objections = run(
        "objection/1", {"objections": sorted(folder.glob("gm0197/bezwaren_*"))}, PERIODS
    )
    care = [care_of(folder, municipality) for municipality in MUNICIPALITIES]
    for prepared in (enrolment, objections, *care):
        assert not prepared.report.fatal
        assert pseudonymise(prepared, bytes(32)).num_rows == prepared.report.rows
    refused = set(objections.table.column("number").to_pylist())
    forms: dict[tuple[str, int], set[int]] = defaultdict(set)
    for prepared in care:
        for row in prepared.table.select(["number", "period", "form"]).to_pylist():
            forms[row["number"], row["period"]].add(row["form"])
    pupils = {
        (row["number"], row["period"])
        for row in enrolment.table.to_pylist()
        if row["number"] not in refused
    }
    cells = expected(truth, MUNICIPALITIES)
    for period in PERIODS:
        present = {pupil for pupil in pupils if pupil[1] == period.code}
        assert len(present) == cell(cells, "pupils_and_clients", period.code, "", "pupils") > 1_000
        for form in ("", *(str(int(form)) for form in Form)):
            clients = [p for p in present if forms[p] and (not form or int(form) in forms[p])]
            assert len(clients) == cell(cells, "clients_by_form", period.code, form, "clients")


def cell(cells: Expected, table: str, period: int, category: str, measure: str) -> int:
    return cells.get(Key(table, "total", "total", period, category, measure), 0)
