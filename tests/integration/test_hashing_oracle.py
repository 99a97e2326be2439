"""Every care row of a whole synthetic region, as the hasher makes it and as the oracle does."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from deploy.demo.generator import Truth, generate
from deploy.demo.generator.products import ARRANGEMENT_PRODUCTS
from shared.contract.periods import school_year
from shared.hashing.delivering.prepare import prepare
from shared.hashing.systems.profile import Profile, shipped_profile
from tests.support.assurance import figure, record
from tests.support.hashing import collect
from tests.support.micro_rows import Care
from tests.support.oracle_care import care_rows_of

FIRST_YEAR, YEARS = 2021, 3
PERIODS = [school_year(FIRST_YEAR + k) for k in range(YEARS)]
SEEDS = range(31, 31 + figure(1, 12))


def profile() -> Profile:
    """The shipped one, with the products of the region's arrangements."""
    shipped = shipped_profile("ijw-jeugdhulp")
    numbers = {"arrangement_by_product": dict(ARRANGEMENT_PRODUCTS)}
    return shipped.model_copy(update={"codes": shipped.codes.model_copy(update=numbers)})


def delivered(folder: Path, municipality: int, who: dict[str, int]) -> list[Care]:
    """What the hasher makes of the files of one municipality."""
    own = folder / f"gm{municipality:04d}"
    files = {
        "assignments": sorted(own.glob("jeugdhulp_*")),
        "declarations": sorted(own.glob("declaraties_*")),
    }
    prepared = collect(prepare("care/1", files, profile(), PERIODS, {municipality}), "care/1")
    rows = prepared.table.to_pylist()
    return [Care.of_wire(row, who[row["number"]], municipality) for row in rows]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_is_the_oracles(tmp_path: Path, seed: int) -> None:
    begin = time.monotonic()
    truth = generate(tmp_path, seed=seed, years=YEARS, first_year=FIRST_YEAR, pupils_scale=0.12)
    who = {f"bsn:{person.number}": place for place, person in enumerate(truth.persons)}
    rows: list[Care] = []
    for municipality, _ in truth.municipalities:
        found = delivered(tmp_path, municipality, who)
        assert Counter(found) == Counter(wanted(truth, municipality))
        rows += found
    # Every column must have had something to compare.
    for column in ("cost_eur", "half_days", "arrangement", "end_reason"):
        assert len({getattr(row, column) for row in rows}) > 2
    assert {(row.started, row.first) for row in rows} >= {(True, True), (False, True)}
    record("hasher: care rows equal to the oracle's", len(rows), len(rows), seed,
           time.monotonic() - begin)  # fmt: skip


def wanted(truth: Truth, municipality: int) -> list[Care]:
    """The same from the truth."""
    return [
        row
        for place, person in enumerate(truth.persons)
        for row in care_rows_of(person, place, truth.periods, [municipality])
    ]
