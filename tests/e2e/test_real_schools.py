"""The whole chain on the real school list of the Achterhoek, with invented children."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.reference import Level, Reference
from tests.e2e.test_region import counted, read_back, run_chain
from tests.support.oracle import expected

SCHOOLS = 187


@pytest.mark.reference_data
def test_the_chain_runs_on_the_real_schools(reference_data: Path, tmp_path: Path) -> None:
    chain, _said = run_chain(
        tmp_path,
        scale=1.0,
        years=2,
        seed=4,
        schools=reference_data / "scholen_achterhoek_2024-11.csv",
        swv_postcodes=reference_data / "swv_postcode4_2017.csv",
    )
    chain.stop()
    tally, released = read_back(chain)
    assert chain.truth is not None
    assert counted(tally) == dict(expected(chain.truth, list(chain.municipalities)))
    bundle = Reference.load(chain.region.key_office.folder / "reference.json")
    listed = [line.split(";")[1] for line in
              (reference_data / "scholen_achterhoek_2024-11.csv").read_text("utf-8-sig")
              .splitlines()[1:]]  # fmt: skip
    assert len(listed) == SCHOOLS
    assert set(listed) <= {school.code for school in bundle.schools if school.in_region}
    table = released["pupils_and_clients"]
    shown = set(table.select(level=Level.SCHOOL)["unit"].to_pylist())
    assert set(listed) <= shown
