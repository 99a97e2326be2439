"""Attacks on what is published around arrangements, with and without the defence against each.

An arrangement is a set of schools like any other: it can cross municipalities, share a school
with another arrangement, or be one school. With the schools it is compared with it can make up
a school type. Who subtracts one from the other must be told nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from random import Random

import pytest

import publisher.protection.tally as gate
from publisher.protection import Protected, Published, Rules, protect_tally, regions
from shared.contract.codes import SchoolType
from shared.errors import ProtectionError
from shared.reference import JOINT_LEVELS, Level
from tests.support import sabotage as take_out
from tests.support.amounts import Care, Child, amount_tally
from tests.support.assurance import figure
from tests.support.corrections import Release, release
from tests.support.protection import Place, reference, school, tally
from tests.support.sabotage import Sabotage
from tests.support.told import Case, Told, told

Schools = Mapping[str, int]
"""Clients per school; every school has 200 pupils."""


def _case(
    schools: Schools,
    arrangements: Sequence[Sequence[str]],
    *levels: Level,
    joint: Sequence[Level] = JOINT_LEVELS,
    kinds: Mapping[str, SchoolType] | None = None,
    union: bool = False,
) -> Case:
    bundle = reference(
        (school(code, (kinds or {}).get(code, SchoolType.BO)) for code in schools),
        arrangements=arrangements,
    )
    places = [
        Place(code, 1, 200, (frozenset({"2"}),) * clients) for code, clients in schools.items()
    ]
    published = (
        Published("pupils_and_clients", levels),
        Published("arrangement_schools", tuple(joint)),
    )
    return Case(bundle, tally(bundle, places), published, Rules(union=union))


def _beside_its_municipality() -> Case:
    """The municipality less the arrangement is the one small school in none."""
    return _case(
        {"01AA00": 3, "02AA00": 20, "03AA00": 30, "04AA00": 40}, [["02AA00", "03AA00", "04AA00"]],
        Level.SCHOOL, Level.MUNICIPALITY, joint=[Level.ARRANGEMENT],
    )  # fmt: skip


def _that_overlap() -> Case:
    """Each of the two less its other school is the small one that they share."""
    return _case(
        {"01AA00": 20, "02AA00": 3, "03AA00": 30, "04AA00": 12},
        [["01AA00", "02AA00"], ["02AA00", "03AA00"]],
        Level.SCHOOL, Level.REGION, joint=[Level.ARRANGEMENT],
    )  # fmt: skip


def _against_its_type() -> Case:
    """The type less the schools that it is compared with is the arrangement."""
    return _case(
        {"01AA00": 3, "02AA00": 20, "03AA00": 30, "04AA00": 40}, [["01AA00"]], Level.TYPE,
        kinds={"04AA00": SchoolType.VO},
    )  # fmt: skip


def _of_one_school() -> Case:
    """The number of an arrangement of one school is that of the school."""
    return _case({"01AA00": 3, "02AA00": 20, "03AA00": 30}, [["01AA00"]], Level.SCHOOL)


def _comparison_of_its_own() -> Case:
    """An arrangement's schools and those it is compared with: the region less both is one more."""
    return _case(
        {"01AA00": 20, "02AA00": 30, "03AA00": 3}, [["01AA00"]], Level.REGION,
        kinds={"03AA00": SchoolType.VO}, union=True,
    )  # fmt: skip


ATTACKS: dict[str, tuple[Case, Sabotage, Told]] = {
    "an arrangement from its municipality": (
        _beside_its_municipality(), take_out.without_sums_of("municipality", "region", "type"),
        ("school", "01AA00", ""),
    ),
    "arrangements that overlap": (
        _that_overlap(), take_out.without_sums_of("arrangement"), ("school", "02AA00", ""),
    ),
    "arrangement and comparison against the type": (
        _against_its_type(), take_out.without_sums_of("type"), ("arrangement", "1", ""),
    ),
    "an arrangement of one school": (
        _of_one_school(), take_out.without_shared_status, ("school", "01AA00", ""),
    ),
    "what is in no arrangement and no comparison": (
        _comparison_of_its_own(), take_out.without_rests, ("municipality", "GM0001", ""),
    ),
}  # fmt: skip
by_name = pytest.mark.parametrize("name", ATTACKS)


def _protect(case: Case) -> Protected:
    return protect_tally(case.tally, case.bundle, case.rules, case.published)


@by_name
def test_with_its_defence_the_attack_is_told_nothing(name: str) -> None:
    case, _, _ = ATTACKS[name]
    assert not told(case, _protect(case))


@by_name
def test_without_its_defence_the_attack_succeeds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, sabotage, place = ATTACKS[name]
    sabotage(monkeypatch)
    monkeypatch.setattr(gate, "check_claims", lambda claims, certificates: None)
    assert place in told(case, _protect(case))


@by_name
def test_the_gate_refuses_what_is_undefended(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, sabotage, _ = ATTACKS[name]
    sabotage(monkeypatch)
    with pytest.raises(ProtectionError, match="verification-failed"):
        _protect(case)


AMOUNT_LEVELS = (Level.SCHOOL, Level.MUNICIPALITY, Level.REGION)


def _costs_shown() -> dict[tuple[str, str], bool]:
    """Two schools of four children each beside the two large ones of an arrangement."""
    bundle = reference(
        (school(f"0{number}AA00", municipality=1 + number // 5) for number in range(1, 7)),
        arrangements=[["03AA00", "04AA00"]],
    )
    children = [
        Child(each.code, 1, (Care(provider=number % 5, supplier=1 + number % 3),))
        for each in bundle.schools
        for number in range(4 if each.code < "03" else 30)
    ]
    pupils = {(each.code, 1): 200 for each in bundle.schools}
    published = (
        Published("pupils_and_clients", AMOUNT_LEVELS),
        Published("costs", AMOUNT_LEVELS),
        Published("arrangement_schools", (Level.ARRANGEMENT,)),
    )
    protected = protect_tally(
        amount_tally(bundle, children, pupils), bundle, Rules(fallback=True), published
    )
    cells = protected.cells[protected.cells["measure"] == "cost_eur"]
    rows = zip(cells["level"], cells["unit"], cells["status"], strict=True)
    return {(str(level), str(unit)): not status for level, unit, status in rows}


TOGETHER = (("municipality", "GM0001"), ("arrangement", "1"))
"""The first less the second is the costs of eight children; no two schools are shown to them."""


def test_the_costs_beside_an_arrangement_are_not_told() -> None:
    shown = _costs_shown()
    assert not all(shown[name] for name in TOGETHER)
    assert any(shown.values())


def test_without_what_lies_beside_an_arrangement_its_costs_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(regions, "_around_joint", lambda by_level: ())
    shown = _costs_shown()
    assert all(shown[name] for name in TOGETHER)


PUBLISHED_TWICE = (
    Published("pupils_and_clients", (Level.SCHOOL, Level.REGION, Level.TOTAL)),
    Published("arrangement_schools", (Level.ARRANGEMENT,)),
)
TWICE = {"01AA00": 20, "02AA00": 30, "03AA00": 3, "04AA00": 4, "05AA00": 40}


def _published_twice(first: Sequence[str], then: Sequence[str]) -> list[int | None]:
    """What an arrangement shows in two releases of one period, of which only its schools differ."""
    releases: list[Release] = []
    for schools in (first, then):
        bundle = reference(map(school, TWICE), arrangements=[schools])
        places = [Place(code, 1, 200, (frozenset({"2"}),) * n) for code, n in TWICE.items()]
        releases.append(release(bundle, places, *releases, published=PUBLISHED_TWICE))
    return [each.value(Level.ARRANGEMENT, "1", "clients") for each in releases]


def test_an_arrangement_that_lost_a_school_does_not_tell_its_number() -> None:
    """The earlier number less the later one would be the three clients of the third school."""
    earlier, later = _published_twice(["01AA00", "02AA00", "03AA00"], ["01AA00", "02AA00"])
    assert earlier is None or later is None


def test_an_arrangement_that_gained_a_school_does_not_tell_its_number() -> None:
    earlier, later = _published_twice(["01AA00", "02AA00"], ["01AA00", "02AA00", "03AA00"])
    assert earlier == 50
    assert later is None


def test_an_arrangement_of_the_same_schools_is_published_again() -> None:
    assert _published_twice(["01AA00", "02AA00"], ["01AA00", "02AA00"]) == [50, 50]


def test_an_arrangement_of_other_schools_is_published_where_nothing_small_is_told() -> None:
    assert _published_twice(["01AA00", "02AA00"], ["01AA00", "05AA00"]) == [50, 60]


@pytest.mark.parametrize("seed", range(figure(6, 200)))
def test_of_every_withheld_number_two_values_are_possible(seed: int) -> None:
    """By plain enumeration of every school, in regions with two drawn arrangements."""
    chance = Random(seed)
    codes = [f"0{number}AA00" for number in range(1, 6)]
    schools = {code: chance.choice((1, 3, 4, 6, 9, 12)) for code in codes}
    arrangements = [sorted(chance.sample(codes, chance.choice((1, 2, 3)))) for _ in "ab"]
    case = _case(schools, arrangements, Level.SCHOOL, Level.REGION)
    shown = _shown(_protect(case))
    units = {name: _members(name, codes, arrangements) for name in shown}
    values: dict[tuple[str, str], set[int]] = {}
    for table in _tables(shown, codes, most=13):
        sums = {name: sum(table[code] for code in members) for name, members in units.items()}
        if all(value in (None, sums[name]) for name, value in shown.items()):
            for name, possible in sums.items():
                values.setdefault(name, set()).add(possible)
    assert values
    for name, value in shown.items():
        assert len(values[name]) == 1 if value is not None else len(values[name]) > 1


def _shown(protected: Protected) -> dict[tuple[str, str], int | None]:
    cells = protected.cells[protected.cells["measure"] == "clients"]
    return {
        (str(level), str(unit)): None if status else int(value)
        for level, unit, value, status in zip(
            cells["level"], cells["unit"], cells["value"], cells["status"], strict=True
        )
    }


def _members(
    name: tuple[str, str], codes: Sequence[str], arrangements: Sequence[Sequence[str]]
) -> list[str]:
    level, unit = name
    if level == Level.SCHOOL.value:
        return [unit]
    if level == Level.ARRANGEMENT.value:
        return list(arrangements[int(unit) - 1])
    taken = {code for each in arrangements for code in each}
    return [code for code in codes if level == Level.REGION.value or code not in taken]


def _tables(
    shown: Mapping[tuple[str, str], int | None], codes: Sequence[str], most: int
) -> list[dict[str, int]]:
    """Every table of schools: what is shown is fixed, what is withheld is at least 1."""
    options: list[Sequence[int]] = []
    for code in codes:
        value = shown[Level.SCHOOL.value, code]
        options.append(range(1, most) if value is None else (value,))
    return [dict(zip(codes, table, strict=True)) for table in product(*options)]
