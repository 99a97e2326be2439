"""What is counted, in cases small enough to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linker.linkage.database import ENGINE, EngineSettings
from linker.linkage.engine import link, silent
from linker.linkage.indicators import DERIVED, TABLES
from linker.linkage.inputs import Delivered
from shared.contract.periods import school_year
from shared.contract.tally import Tally, TallyHeader
from shared.errors import StateError
from shared.reference import PupilTotal, Reference
from tests.support.micro_count import Key
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    FORMS,
    NO_YOUTH_CARE,
    UNKNOWN_SCHOOL,
    Cell,
    Region,
    bundle,
    cells_of,
    deliveries_of,
    everywhere,
    link_region,
    school,
)

ONE = "99XA00"
SISTER = "99XA01"
OTHER = "99XB00"
OUTSIDE_REGION = "99XC00"
REFERENCE = bundle(
    [
        school(ONE),
        school(SISTER),
        school(OTHER, kind="VO", municipality=2),
        school(OUTSIDE_REGION, kind="MBO", municipality=9, inside=False),
    ]
)


def region(
    *enrolments: Enrolment,
    care: tuple[Care, ...] = (),
    objections: tuple[int, ...] = (),
    covered: dict[int, tuple[int, ...]] | None = None,
    reference: Reference = REFERENCE,
) -> Region:
    return Region(reference, enrolments, care, objections, covered or everywhere(1, 2))


def counted(found: Region) -> dict[Key, Cell]:
    return cells_of(link_region(found))


def at(
    cells: dict[Key, Cell],
    measure: str,
    level: str,
    unit: str,
    *,
    category: str = "",
    table: str = "pupils_and_clients",
    period: int = 20,
) -> int:
    return cells.get((table, level, unit, period, category, measure), (0, {}))[0]


def test_a_pupil_stands_at_every_level_above_the_school() -> None:
    cells = counted(region(Enrolment(1, school=ONE)))
    assert {key[1:3] for key in cells if key[-1] == "pupils"} == {
        ("school", ONE),
        ("institution", "99XA"),
        ("board", "00001"),
        ("type", "BO"),
        ("sector", "PO"),
        ("municipality", "GM0001"),
        ("type*municipality", "BO*GM0001"),
        ("swv_po", "PO0001"),
        ("region", "region"),
        ("total", "total"),
        ("residence", "GM0001"),
    }


def test_every_tracer_child_is_seen_exactly_once() -> None:
    schools = (ONE, SISTER, OTHER, OUTSIDE_REGION, UNKNOWN_SCHOOL)
    tracers = [(person, schools[person % 5], form) for person, form in enumerate(FORMS)]
    cells = counted(
        region(
            *(Enrolment(person, school=place) for person, place, _ in tracers),
            care=tuple(Care(person, form=form) for person, _, form in tracers),
        )
    )
    by_form = {key: cell for key, cell in cells.items() if key[0] == "clients_by_form" and key[4]}
    for level in ("total", "residence"):
        seen = [key[4] for key in by_form if key[1] == level]
        assert sorted(seen) == sorted(str(form) for form in FORMS)
    innermost = {
        (key[2], key[4]): cell for key, cell in by_form.items() if key[1] in ("school", "elsewhere")
    }
    unit = {OUTSIDE_REGION: "MBO", UNKNOWN_SCHOOL: "onbekend"}
    assert innermost == {
        (unit.get(place, place), str(form)): (1, {1: 1}) for _, place, form in tracers
    }


def test_a_double_enrolment_counts_at_the_main_school() -> None:
    cells = counted(region(Enrolment(1, school=ONE, main=False), Enrolment(1, school=OTHER)))
    assert at(cells, "pupils", "school", OTHER) == 1
    assert at(cells, "pupils", "school", ONE) == 0
    assert at(cells, "pupils", "total", "total") == 1


def test_two_main_enrolments_count_at_the_smallest_school_code() -> None:
    cells = counted(region(Enrolment(1, school=OTHER), Enrolment(1, school=SISTER)))
    assert at(cells, "pupils", "school", SISTER) == 1
    assert at(cells, "pupils", "total", "total") == 1


def test_a_double_enrolment_with_two_residences_counts_at_the_smallest() -> None:
    cells = counted(region(Enrolment(1, residence=2), Enrolment(1, residence=1)))
    assert at(cells, "pupils", "residence", "GM0001") == 1
    assert at(cells, "pupils", "residence", "GM0002") == 0


def test_a_child_of_two_municipalities_counts_once_and_stands_in_both() -> None:
    linked = link_region(
        region(Enrolment(1), care=(Care(1, municipality=1), Care(1, municipality=2, form=3)))
    )
    cells = cells_of(linked)
    total = ("pupils_and_clients", "school", ONE, 20, "", "clients")
    assert cells[total] == (1, {1: 1, 2: 1})
    assert linked.double_claims == 1


def test_a_municipality_contributes_to_a_form_only_by_its_own_rows_of_that_form() -> None:
    cells = counted(
        region(Enrolment(1), care=(Care(1, municipality=1), Care(1, municipality=2, form=3)))
    )
    assert cells["clients_by_form", "school", ONE, 20, "2", "clients"] == (1, {1: 1})
    assert cells["clients_by_form", "school", ONE, 20, "3", "clients"] == (1, {2: 1})
    assert cells["clients_by_form", "school", ONE, 20, "", "clients"] == (1, {1: 1, 2: 1})


def test_care_from_a_municipality_where_the_child_does_not_live_counts() -> None:
    cells = counted(
        region(Enrolment(1, residence=1), care=(Care(1, municipality=3),), covered=everywhere(1))
    )
    assert cells["pupils_and_clients", "residence", "GM0001", 20, "", "clients"] == (1, {3: 1})


def test_care_that_starts_and_stops_on_one_day_counts() -> None:
    cells = counted(region(Enrolment(1), care=(Care(1, days=1, started=True, ended=True),)))
    assert at(cells, "clients", "school", ONE) == 1


def test_two_trajectories_of_one_form_are_one_client() -> None:
    cells = counted(region(Enrolment(1), care=(Care(1, days=3), Care(1, days=4))))
    assert at(cells, "clients", "school", ONE, table="clients_by_form", category="2") == 1


@pytest.mark.parametrize("form", NO_YOUTH_CARE)
def test_what_is_no_youth_care_makes_no_client(form: int) -> None:
    cells = counted(region(Enrolment(1), care=(Care(1, form=form),)))
    assert at(cells, "pupils", "total", "total") == 1
    assert not [key for key in cells if key[-1] == "clients"]


def test_care_in_another_period_makes_no_client() -> None:
    cells = counted(region(Enrolment(1, period=20), care=(Care(1, period=21),)))
    assert not [key for key in cells if key[-1] == "clients"]


def test_a_client_who_is_not_enrolled_is_in_no_count() -> None:
    assert counted(region(care=(Care(1),))) == {}


def test_a_pupil_who_is_not_linkable_is_never_a_client() -> None:
    cells = counted(region(Enrolment(1, linkable=False), care=(Care(1),)))
    assert at(cells, "pupils", "school", ONE) == 1
    assert not [key for key in cells if key[-1] == "clients"]


def test_an_unknown_school_counts_elsewhere_and_in_the_total() -> None:
    cells = counted(region(Enrolment(1, school=UNKNOWN_SCHOOL), care=(Care(1),)))
    for measure in ("pupils", "clients"):
        assert at(cells, measure, "elsewhere", "onbekend") == 1
        assert at(cells, measure, "total", "total") == 1
        assert at(cells, measure, "residence", "GM0001") == 1
        assert at(cells, measure, "region", "region") == 0


def test_an_objection_removes_the_child_from_everything() -> None:
    linked = link_region(
        region(
            Enrolment(1),
            Enrolment(1, period=21, residence=3, school=UNKNOWN_SCHOOL),
            care=(Care(1), Care(1, municipality=2)),
            objections=(1,),
        )
    )
    assert cells_of(linked) == {}
    assert linked.double_claims == 0
    assert {(each.rows, each.persons, each.unknown_schools) for each in linked.quality} == {
        (0, 0, 0)
    }


def test_in_a_pilot_only_the_covered_municipality_is_the_population() -> None:
    cells = counted(
        region(
            Enrolment(1, residence=1),
            Enrolment(2, residence=2),
            Enrolment(3, residence=0, school=OUTSIDE_REGION),
            care=(Care(1), Care(2, municipality=1)),
            covered=everywhere(1),
        )
    )
    assert at(cells, "pupils", "total", "total") == 1
    assert at(cells, "clients", "total", "total") == 1
    assert at(cells, "not_covered", "school", ONE, table="coverage") == 1
    assert at(cells, "not_covered", "elsewhere", "MBO", table="coverage") == 1
    assert at(cells, "not_covered", "total", "total", table="coverage") == 2


def test_a_municipality_can_be_covered_in_one_period_only() -> None:
    cells = counted(
        region(Enrolment(1, period=20), Enrolment(1, period=21), covered={21: (1,), 20: ()})
    )
    assert at(cells, "pupils", "total", "total", period=20) == 0
    assert at(cells, "pupils", "total", "total", period=21) == 1
    assert at(cells, "not_covered", "total", "total", table="coverage", period=20) == 1


def test_duo_totals_are_given_only_where_every_school_of_the_unit_is_exact() -> None:
    totals = [
        PupilTotal(school=ONE, period=20, low=100, high=100),
        PupilTotal(school=SISTER, period=20, low=1, high=4),
        PupilTotal(school=OTHER, period=20, low=50, high=50),
        PupilTotal(school=OUTSIDE_REGION, period=20, low=900, high=900),
    ]
    cells = counted(region(reference=bundle(REFERENCE.schools, totals)))
    found = {key[1:3]: cell[0] for key, cell in cells.items()}
    assert found == {
        ("school", ONE): 100,
        ("school", OTHER): 50,
        ("institution", "99XB"): 50,
        ("type", "VO"): 50,
        ("sector", "VO"): 50,
        ("municipality", "GM0002"): 50,
        ("type*municipality", "VO*GM0002"): 50,
        ("swv_vo", "VO0001"): 50,
    }


def link_with(deliveries: list[Delivered], covered: dict[int, tuple[int, ...]]) -> None:
    link(deliveries, [], REFERENCE, [school_year(2020)], covered, EngineSettings())


def test_a_covered_municipality_without_care_delivery_is_refused() -> None:
    deliveries = [each for each in deliveries_of(region()) if each.supplier != "gm2"]
    with pytest.raises(StateError, match="care/1 for covered municipality 0002") as caught:
        link_with(deliveries, {20: (1, 2)})
    assert caught.value.code == "covered-without-delivery"


def test_a_covered_municipality_without_enrolment_delivery_is_refused() -> None:
    deliveries = [each for each in deliveries_of(region()) if each.schema == "care/1"]
    with pytest.raises(StateError, match="enrolment/1 for covered municipality 0001"):
        link_with(deliveries, {20: (1, 2)})


def test_a_covered_municipality_outside_the_bundle_is_refused() -> None:
    with pytest.raises(StateError) as caught:
        link_with(deliveries_of(region()), {20: (1, 77)})
    assert caught.value.code == "covered-not-in-reference"


@pytest.mark.parametrize("covered", [{20: (1,)}, {20: (1,), 21: (1,)}])
def test_a_period_outside_the_round_is_refused(covered: dict[int, tuple[int, ...]]) -> None:
    late = region(Enrolment(1, period=21)) if 21 not in covered else region()
    with pytest.raises(StateError) as caught:
        link_with(deliveries_of(late), covered)
    assert caught.value.code == "period-not-in-round"


def test_objections_among_deliveries_are_a_programmers_error() -> None:
    with pytest.raises(RuntimeError, match="objections stand apart"):
        link([], deliveries_of(region()), REFERENCE, [], {}, EngineSettings())


def test_progress_is_told_of_every_step() -> None:
    told: list[tuple[str, int, int]] = []
    settings = EngineSettings(shards=2)
    link([], [], REFERENCE, [], {}, settings, lambda *step: told.append(step))
    assert told == [
        ("shard 1", 0, 5),
        ("shard 2", 1, 5),
        ("care", 2, 5),
        ("roll-up", 3, 5),
        ("laws", 4, 5),
    ]
    told.clear()
    link([], [], REFERENCE, [], {}, EngineSettings(), lambda *step: told.append(step))
    assert told == [("shard 1", 0, 3), ("roll-up", 1, 3), ("laws", 2, 3)]
    silent("step", 0, 1)


def test_quality_counts_rows_persons_and_what_is_wrong_with_them() -> None:
    linked = link_region(
        region(
            Enrolment(1),
            Enrolment(1),
            Enrolment(2, linkable=False, school=UNKNOWN_SCHOOL),
            replace(Enrolment(2), supplier="leerplicht"),
            care=(Care(1), Care(1), Care(1, days=7), Care(8, form=90)),
        )
    )
    figures = {
        each.supplier: (
            each.rows,
            each.persons,
            each.not_linkable,
            each.duplicates,
            each.unknown_schools,
        )
        for each in linked.quality
    }
    assert figures == {
        "duo": (3, 2, 1, 1, 1),
        "leerplicht": (1, 1, 0, 0, 0),
        "gm1": (4, 2, 0, 1, 0),
        "gm2": (0, 0, 0, 0, 0),
        "gm3": (0, 0, 0, 0, 0),
    }
    assert {each.linked_percent for each in linked.quality} == {None}


def test_shares_are_whole_per_cents_over_at_least_a_thousand_persons() -> None:
    pupils = tuple(Enrolment(person) for person in range(1000))
    found = region(
        *pupils,
        care=tuple(Care(person, municipality=1) for person in range(996, 1996))
        + tuple(Care(person, municipality=2) for person in range(999))
        + (Care(5000, municipality=2, form=90),),
        covered=everywhere(1),
    )
    for shards in (1, 3):
        quality = {each.supplier: each for each in link_region(found, shards=shards).quality}
        assert quality["duo"].linked_percent == 100
        assert quality["gm1"].linked_percent == 0  # 4 of 1,000
        assert quality["gm2"].persons == 1000
        assert quality["gm2"].linked_percent is None  # 999 with youth care


def test_cells_travel_in_a_tally_unchanged() -> None:
    linked = link_region(region(Enrolment(1), Enrolment(2), care=(Care(1), Care(2, form=3))))
    header = TallyHeader(
        round_id="round-1",
        round_statement="",
        revision=1,
        synthetic=True,
        policy="",
        reference=REFERENCE.sha256,
        linker_version="0",
        engine=ENGINE,
        periods=(school_year(2020),),
        covered={"20": (1, 2)},
        tables=TABLES,
        derived=DERIVED,
        quality=linked.quality,
        double_claims=linked.double_claims,
        inputs=(),
    )
    tally = Tally(header, linked.cells)
    read = Tally.from_bytes(tally.to_bytes())
    assert read.cells.equals(linked.cells)
    assert read.header == header
