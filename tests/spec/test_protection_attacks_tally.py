"""Each attack of PROTECTION section 9 on a release of a tally, with and without its defence.

The reader of ``tests/support/attacker.py`` has the released tables, the reference and the rules.
With the defence it finds nothing; without it, the named cells; and the verifier refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import pytest

import publisher.protection.tally as gate
from publisher.protection import Protected, Published, Rules, derive_rates, protect_tally
from publisher.protection.rates import RATE
from shared.contract.codes import SchoolType
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support import sabotage as take_out
from tests.support.protection import Place, reference, school, tally
from tests.support.sabotage import Sabotage
from tests.support.told import Case, Told, told

BO, SBO, VO = SchoolType.BO, SchoolType.SBO, SchoolType.VO


@dataclass(frozen=True)
class Attack:
    """A case, the defence that is taken out, and what a reader is then told."""

    name: str
    case: Callable[[], Case]
    sabotage: Sabotage
    told: frozenset[Told]


def _of(form: str, count: int) -> tuple[frozenset[str], ...]:
    return (frozenset({form}),) * count


def _clients(**forms: int) -> tuple[frozenset[str], ...]:
    return tuple(one for form, count in forms.items() for one in _of(form.strip("f"), count))


def _case(
    bundle: Reference,
    places: Sequence[Place],
    *levels: Level,
    split: Sequence[Level] = (),
    coverage: Sequence[Level] = (),
    **rules: object,
) -> Case:
    published = [Published("pupils_and_clients", levels)]
    published += [Published("clients_by_form", tuple(split))] if split else []
    published += [Published("coverage", tuple(coverage))] if coverage else []
    chosen = Rules(**{"union": False, **rules})  # type: ignore[arg-type]
    return Case(bundle, tally(bundle, places), tuple(published), chosen)


def _three_schools() -> Case:
    bundle = reference([school(f"0{i}AA00") for i in (1, 2, 3)])
    counts = {"01AA00": 3, "02AA00": 20, "03AA00": 30}
    places = [Place(code, 1, 200, _clients(f2=n)) for code, n in counts.items()]
    return _case(bundle, places, Level.SCHOOL, Level.MUNICIPALITY)


def _institution() -> Case:
    bundle = reference([school(code) for code in ("01AA00", "02AA00", "02AA01", "03AA00")])
    counts = {"01AA00": 3, "02AA00": 20, "02AA01": 30, "03AA00": 40}
    places = [Place(code, 1, 200, _clients(f2=n)) for code, n in counts.items()]
    return _case(bundle, places, Level.SCHOOL, Level.INSTITUTION, Level.MUNICIPALITY)


def _crossed() -> tuple[Reference, list[Place]]:
    rows = (
        ("01AA00", BO, 1, "PO2501", 30), ("02AA00", SBO, 1, "PO2502", 3),
        ("03AA00", BO, 2, "PO2502", 25), ("04AA00", SBO, 2, "PO2501", 24),
    )  # fmt: skip
    bundle = reference(school(code, kind, place, swv_po=swv) for code, kind, place, swv, _ in rows)
    return bundle, [Place(code, 1, 200, _clients(f2=n)) for code, *_, n in rows]


def _type_crosses_municipality() -> Case:
    bundle, places = _crossed()
    return _case(bundle, places, Level.SCHOOL, Level.MUNICIPALITY, Level.TYPE)


def _partnership_crosses_municipality() -> Case:
    bundle, places = _crossed()
    return _case(bundle, places, Level.SCHOOL, Level.MUNICIPALITY, Level.SWV_PO)


def _piece_between_boundaries() -> Case:
    """Municipality 1 less partnership 2501 is the one small school; no school is published."""
    rows = (
        ("01AA00", 1, "PO2501", 30), ("02AA00", 1, "PO2502", 3), ("03AA00", 2, "PO2502", 25),
    )  # fmt: skip
    bundle = reference(school(code, BO, place, swv_po=swv) for code, place, swv, _ in rows)
    places = [Place(code, 1, 200, _clients(f2=n)) for code, *_, n in rows]
    return _case(bundle, places, Level.MUNICIPALITY, Level.SWV_PO, union=True)


def _rest_of_a_level() -> Case:
    """The region less its only board is the school without a board."""
    bundle = reference([school("01AA00", board="40000"), school("02AA00")])
    places = [Place("01AA00", 1, 200, _clients(f2=30)), Place("02AA00", 1, 100, _clients(f2=4))]
    return _case(bundle, places, Level.BOARD, Level.REGION, union=True)


def _residence() -> Case:
    bundle = reference([school("01AA00"), school("02AA00")])
    places = [Place("01AA00", 1, 80, _clients(f2=3)), Place("02AA00", 1, 200, _clients(f2=25))]
    return _case(bundle, places, Level.SCHOOL, Level.ELSEWHERE, Level.RESIDENCE)


def _form_against_total() -> Case:
    """Everybody has one form: 33 less 30 is the withheld form, at both schools."""
    bundle = reference([school("01AA00"), school("02AA00", VO)])
    places = [
        Place("01AA00", 1, 400, _clients(f2=30, f19=3)),
        Place("02AA00", 1, 400, _clients(f2=40, f19=15)),
    ]
    levels = (Level.TYPE, Level.REGION)
    return _case(bundle, places, *levels, split=levels, group=False)


def _forms_over_units() -> Case:
    bundle = reference([school("01AA00"), school("02AA00", VO), school("03AA00", SBO)])
    counts = {"01AA00": 3, "02AA00": 15, "03AA00": 18}
    places = [Place(code, 1, 400, _clients(f2=40, f19=n)) for code, n in counts.items()]
    levels = (Level.TYPE, Level.REGION)
    return _case(bundle, places, *levels, split=levels)


def _visible_zero() -> Case:
    """The zero of one school is shown, so it is no company for the small number of another."""
    bundle = reference([school(f"0{i}AA00") for i in (1, 2, 3)])
    counts = {"01AA00": 3, "02AA00": 0, "03AA00": 20}
    places = [Place(code, 1, 200, _clients(f2=n)) for code, n in counts.items()]
    return _case(bundle, places, Level.SCHOOL, Level.MUNICIPALITY, Level.REGION)


def _all_pupils() -> Case:
    """4 may only become 3, so another school must rise: not the one where all have care."""
    bundle = reference([school(f"0{i}AA00") for i in (1, 2, 3)])
    places = [
        Place("01AA00", 1, 90, _clients(f2=4)),
        Place("02AA00", 1, 30, _clients(f2=30)),
        Place("03AA00", 1, 200, _clients(f2=60)),
    ]
    return _case(bundle, places, Level.SCHOOL, Level.REGION, group=False)


def _duo_total() -> Case:
    """100 by DUO and 99 residents shown: one child is not covered."""
    totals = {"01AA00": 100, "02AA00": 120, "03AA00": 140}
    bundle = reference([school(code) for code in totals], totals)
    places = [Place(code, 1, 99, _clients(f2=20)) for code in totals]
    places += [
        Place(code, 9, n, covered=False) for code, n in zip(totals, (1, 21, 41), strict=True)
    ]
    return _case(bundle, places, Level.SCHOOL, coverage=(Level.SCHOOL,))


def _small_union() -> Case:
    """Two withheld schools of together 3 under a published municipality."""
    bundle = reference([school(f"0{i}AA00") for i in (1, 2, 3, 4)])
    counts = {"01AA00": 1, "02AA00": 2, "03AA00": 30, "04AA00": 40}
    places = [Place(code, 1, 200, _clients(f2=n)) for code, n in counts.items()]
    return _case(bundle, places, Level.SCHOOL, Level.MUNICIPALITY, union=True)


def _shown_part() -> Case:
    """11 of one form are shown, so there are 21 at least, and 22 in all: 21 and 1."""
    bundle = reference([school("01AA00"), school("02AA00", VO)])
    places = [
        Place("01AA00", 1, 400, _clients(f2=10, f3=11)),
        Place("02AA00", 1, 400, _clients(f2=1)),
    ]
    levels = (Level.TYPE, Level.REGION)
    return _case(bundle, places, *levels, split=levels, fallback=True)


SMALL = frozenset({("school", "01AA00", "")})
CROSSED = frozenset({("school", "02AA00", "")})
ATTACKS = (
    Attack("row subtraction", _three_schools, take_out.without_sums_of("municipality"), SMALL),
    Attack(
        "column subtraction of a form over units",
        _forms_over_units,
        take_out.without_sums_of("region"),
        frozenset({("type", "BO", "19")}),
    ),
    Attack("linked tables share their total", _form_against_total, take_out.without_at_most,
           frozenset({("type", "BO", "19")})),
    Attack("single-location institution", _institution, take_out.without_shared_status, SMALL),
    Attack("type crosses municipality", _type_crosses_municipality,
           take_out.without_sums_of("type"), CROSSED),
    Attack("partnership crosses municipality", _partnership_crosses_municipality,
           take_out.without_sums_of("swv_po"), CROSSED),
    Attack("a piece between two boundaries", _piece_between_boundaries, take_out.without_rests,
           frozenset({("municipality", "GM0001", "")})),
    Attack("the rest of a level", _rest_of_a_level, take_out.without_rests,
           frozenset({("type", "BO", "")})),
    Attack("residence against school", _residence, take_out.without_ties, SMALL),
    Attack("visible zeros", _visible_zero, take_out.with_moving_zeros, SMALL),
    Attack("clients are pupils", _all_pupils, take_out.without_at_most, SMALL),
    Attack("coverage against DUO's total", _duo_total, take_out.without_known_totals,
           frozenset({("school", "01AA00", "")})),
    Attack("the union of hidden children", _small_union,
           take_out.all_of(take_out.without_unions, take_out.without_groups),
           frozenset({("type", "BO", "")})),
    Attack("a shown part of a withheld whole", _shown_part, take_out.without_what_parts_tell,
           frozenset({("type", "BO", ""), ("type", "VO", "")})),
    Attack("no secondary suppression", _three_schools, take_out.only_primary, SMALL),
)  # fmt: skip
by_name = pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])


def _protect(case: Case) -> Protected:
    return protect_tally(case.tally, case.bundle, case.rules, case.published)


def _without_the_gate(attack: Attack, patch: pytest.MonkeyPatch) -> Protected:
    attack.sabotage(patch)
    patch.setattr(gate, "check_claims", lambda claims, certificates: None)
    return _protect(attack.case())


@by_name
def test_with_its_defence_the_attack_is_told_nothing(attack: Attack) -> None:
    case = attack.case()
    assert not told(case, _protect(case))


@by_name
def test_without_its_defence_the_attack_succeeds(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attack.told <= told(attack.case(), _without_the_gate(attack, monkeypatch))


@by_name
def test_the_gate_refuses_what_is_undefended(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack.sabotage(monkeypatch)
    with pytest.raises(ProtectionError, match="verification-failed"):
        _protect(attack.case())


def test_a_rate_beside_a_withheld_count_would_tell_it() -> None:
    """3 of 200 is 1.5 per 100, and no other whole number of clients is."""
    case = _three_schools()
    protected = _protect(case)
    rates = _rates(derive_rates(protected.cells, case.bundle, case.rules))
    assert rates["01AA00"] is None
    clients = protected.cells["measure"] == "clients"
    careless = protected.cells.copy()
    true = {(row["level"], row["unit"], row["measure"]): row["value"]
            for row in case.tally.cells.to_pylist()}  # fmt: skip
    for at in careless.index[clients & (careless["status"] == "c")]:
        careless.loc[at, "value"] = true[careless.loc[at, "level"], careless.loc[at, "unit"],
                                         "clients"]  # fmt: skip
        careless.loc[at, "status"] = ""
    told = _rates(derive_rates(careless, case.bundle, case.rules))["01AA00"]
    assert [n for n in range(201) if round(1000 * n / 200) == told] == [3]


def _rates(cells: pd.DataFrame) -> dict[str, int | None]:
    chosen = cells[(cells["measure"] == RATE) & (cells["level"] == "school")]
    return {
        str(unit): None if pd.isna(value) else int(value)
        for unit, value in zip(chosen["unit"], chosen["value"], strict=True)
    }
