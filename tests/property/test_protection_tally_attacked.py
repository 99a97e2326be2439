"""Releases of generated small regions, attacked: nothing is computed and nothing is too narrow.

The attacker places every withheld cell between bounds in whole numbers, over all tables that fit,
with relations of its own. Totals add up and cross (SUM), forms overlap (DISTINCT).
"""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.protection import Published, Rules, protect_tally
from shared.contract.codes import SchoolType
from shared.errors import ProtectionError
from shared.reference import Level
from tests.support.assurance import figure, record
from tests.support.protection import SPLIT_LEVELS, Place, reference, school, tally
from tests.support.told import Case, Reading

TOTALS = (
    (Level.SCHOOL, Level.MUNICIPALITY, Level.TYPE, Level.REGION, Level.RESIDENCE, Level.TOTAL),
    (Level.SCHOOL, Level.INSTITUTION, Level.SWV_PO, Level.MUNICIPALITY),
    (Level.MUNICIPALITY, Level.SWV_PO, Level.TYPE_MUNICIPALITY, Level.REGION),
)
FORMS = ("2", "11", "19")


@st.composite
def regions(draw: st.DrawFn) -> Case:
    """Three to six schools in two municipalities, two types and two partnerships."""
    made, places = [], []
    for number in range(draw(st.integers(3, 6))):
        made.append(
            school(
                f"{number // 2:02d}AA{number % 2:02d}",
                draw(st.sampled_from((SchoolType.BO, SchoolType.SBO))),
                draw(st.integers(1, 2)),
                swv_po=draw(st.sampled_from(("PO2501", "PO2502"))),
            )
        )
        for residence in (1, 2):
            clients = tuple(
                frozenset(draw(st.sets(st.sampled_from(FORMS), min_size=1, max_size=2)))
                for _ in range(draw(st.integers(0, 9)))
            )
            pupils = len(clients) + draw(st.integers(20, 40))
            places.append(Place(made[-1].code, residence, pupils, clients))
    bundle = reference(made)
    published = [Published("pupils_and_clients", draw(st.sampled_from(TOTALS)))]
    if draw(st.booleans()):
        levels = tuple(level for level in SPLIT_LEVELS if level in published[0].levels)
        published += [Published("clients_by_form", levels)] if levels else []
    return Case(bundle, tally(bundle, places), tuple(published), Rules(fallback=True))


def test_nothing_is_computed_from_a_generated_region() -> None:
    attacked, begin = 0, time.monotonic()

    @settings(
        max_examples=figure(15, 2_000), deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(regions())
    def check(case: Case) -> None:
        nonlocal attacked
        try:
            protected = protect_tally(case.tally, case.bundle, case.rules, case.published)
        except ProtectionError as error:
            if error.code != "protection-unmet":
                raise
            return
        reading = Reading.of(case, protected)
        assert not reading.computed()
        assert not reading.careless()
        attacked += len(reading.view.hidden())

    try:
        check()
    finally:
        record("withheld cells of generated releases, attacked in whole numbers",
               attacked, attacked, 0, time.monotonic() - begin)  # fmt: skip
    assert attacked > 100


def test_the_attack_sees_what_one_secondary_cell_less_would_tell() -> None:
    """Mutation: without its secondary cells a release of the same kind is computed."""
    found = 0

    @settings(max_examples=5, deadline=None, derandomize=True)
    @given(regions())
    def check(case: Case) -> None:
        nonlocal found
        protected = protect_tally(case.tally, case.bundle, case.rules, case.published)
        reading = Reading.of(case, protected)
        cells = protected.cells.copy()
        withheld = cells.index[cells["status"] == "c"]
        for at in withheld:
            place = (cells.loc[at, "level"], cells.loc[at, "unit"], cells.loc[at, "measure"],
                     cells.loc[at, "category"])  # fmt: skip
            true = reading.truth.get(place, 0)
            if true >= (10 if place[3] else 5):
                cells.loc[at, "value"], cells.loc[at, "status"] = true, ""
        found += bool(Reading.of(case, replace(protected, cells=cells)).computed())

    check()
    assert found
