"""A table that names providers, beside the number of them: each tells of the other."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest

from publisher.protection import (
    Protected,
    Published,
    Rules,
    narrowed_until_made,
    protect_tally,
    verify_protection,
)
from publisher.protection import tally as protecting
from publisher.protection.catalogue import PeriodProblem
from publisher.protection.grid import Grid, quantity_key
from publisher.protection.named import numbers_told, where_few_are_named
from publisher.protection.time.earlier import earlier_release
from publisher.protection.verification.claim import Relation
from publisher.protection.verification.providers import claim_of_providers
from publisher.protection.verification.tally import claim_of_tally
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference
from tests.support.amounts import NO_PROVIDER, Care, Child, amount_tally
from tests.support.protection import PERIOD, reference, school

RULES = Rules(fallback=True, zeros="parent")
LEVELS = (Level.SCHOOL, Level.REGION)
ONE, TWO, *_ = SCHOOLS = "01AA00", "02AA00", "03AA00"
UNLISTED = 9
G2 = quantity_key(PERIOD, "clients", "region", "region", "provider=G2")
TABLES = ("pupils_and_clients", "providers", "clients_by_provider")


def published(*, number: Iterable[Level] = LEVELS) -> tuple[Published, ...]:
    levels = {"providers": tuple(number)}
    return tuple(
        Published(table, levels.get(table, LEVELS)) for table in TABLES if levels.get(table, LEVELS)
    )


def counted(**providers: dict[int, int]) -> tuple[Reference, Tally]:
    """Children per school and provider."""
    of_school = dict(zip(SCHOOLS, providers.values(), strict=False))
    children = [
        Child(code, 1, (Care(provider=provider),))
        for code, of_provider in of_school.items()
        for provider, count in of_provider.items()
        for _ in range(count)
    ]
    bundle = reference(map(school, of_school))
    return bundle, amount_tally(bundle, children, {(code, 1): 400 for code in of_school})


def made(
    bundle: Reference, tally: Tally, tables: Iterable[Published]
) -> tuple[Protected, tuple[Published, ...]]:
    def make(kept: tuple[Published, ...]) -> tuple[Protected, tuple[Published, ...]]:
        return protect_tally(tally, bundle, RULES, kept), kept

    return narrowed_until_made(make, tuple(tables), tally.header.tables)


def numbers_counted(cells: pd.DataFrame) -> dict[str, int]:
    """Attack: the withheld numbers of providers that a reader counts in the table of providers."""
    found: dict[str, int] = {}
    for (level, unit), of_unit in cells.groupby(["level", "unit"]):
        number = of_unit[of_unit["measure"] == "providers"]
        named = of_unit[
            (of_unit["table"] == "clients_by_provider") & ~of_unit["category"].isin(["", "none"])
        ]
        other = named[named["category"] == "other"]
        if len(named) and (number["status"] == "c").any() and (other["value"] == 0).all():
            whole = of_unit[(of_unit["measure"] == "clients") & (of_unit["category"] == "")]
            if (whole["status"] == "").all():
                found[f"{level}/{unit}"] = int(((named["value"] > 0) | named["value"].isna()).sum())
    return found


def levels_of(tables: Iterable[Published]) -> dict[str, tuple[Level, ...]]:
    return {each.table: each.levels for each in tables}


def test_where_one_or_two_are_named_the_table_does_not_stand() -> None:
    """Thirty of one provider and twenty of another: two, whatever the number withholds."""
    bundle, tally = counted(one={0: 30, 1: 20}, two={2: 15, 3: 15, 4: 15})
    protected, kept = made(bundle, tally, published())
    assert levels_of(kept)["clients_by_provider"] == (Level.REGION,)
    assert levels_of(kept)["providers"] == LEVELS
    assert not numbers_counted(protected.cells)
    verify_protection(protected.cells, tally, bundle, RULES, kept, protected.certificates)


def test_attack_the_number_is_counted_where_the_table_stands_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The defence taken out; the verifier is left as it is, and refuses."""
    bundle, tally = counted(one={0: 30, 1: 20}, two={2: 15, 3: 15, 4: 15})
    with monkeypatch.context() as patch:
        patch.setattr(protecting, "where_few_are_named", lambda *_: "")
        patch.setattr("publisher.protection.amounts.providers.numbers_told", lambda *_: (0, None))
        patch.setattr(
            "publisher.protection.verification.providers.numbers_told", lambda *_: (0, None)
        )
        protected = protect_tally(tally, bundle, RULES, published())
    assert numbers_counted(protected.cells)["school/" + ONE] == 2
    with pytest.raises(ProtectionError, match="verification-failed") as caught:
        verify_protection(
            protected.cells, tally, bundle, RULES, published(), protected.certificates
        )
    assert caught.value.about == quantity_key(PERIOD, "clients", "school", ONE, "provider=G0")


def test_nor_does_it_where_their_number_is_published_at_other_levels() -> None:
    bundle, tally = counted(one={0: 15, 1: 15, 2: 15}, two={2: 15, 3: 15, 4: 15})
    tables = published(number=(Level.REGION,))
    place = where_few_are_named(Grid.of(tally, bundle, tables))
    assert place.split("/")[2] == Level.SCHOOL.value
    _, kept = made(bundle, tally, tables)
    assert levels_of(kept)["clients_by_provider"] == (Level.REGION,)
    without = Grid.of(tally, bundle, published(number=()))
    assert not where_few_are_named(without)


@pytest.mark.parametrize("clients", [1, RULES.threshold - 1, RULES.threshold])
def test_one_of_few_clients_is_named_too_by_who_knows_that_it_is_there(clients: int) -> None:
    bundle, tally = counted(one={0: 15, 1: 15, 2: 15}, two={})
    assert not where_few_are_named(Grid.of(tally, bundle, published()))
    bundle, tally = counted(one={0: 15, 1: 15, 2: 15}, two={3: clients})
    place = where_few_are_named(Grid.of(tally, bundle, published()))
    assert place.split("/")[3] == TWO


def test_who_is_none_is_known_where_the_number_is_shown() -> None:
    """Attack: an alternative in which a provider has clients, while their number says otherwise."""
    bundle, tally = counted(
        one={0: 15, 1: 15, 2: 15}, two={0: 12, 1: 12, UNLISTED: 12}, few={3: 2, NO_PROVIDER: 1}
    )
    told = {
        *(("school", ONE, f"G{number}") for number in range(3, 8)),
        *(("school", TWO, f"G{number}") for number in range(2, 8)),
        *(("region", "region", f"G{number}") for number in range(4, 8)),
        ("school", ONE, "other"),
    }
    for tables, expected in ((published(), told), (published(number=()), set())):
        grid = Grid.of(tally, bundle, tables)
        problem = PeriodProblem(grid, RULES, PERIOD).build(frozenset())
        searched = {key for node in problem.nodes for key in node.keys if node.ceiling == 0}
        claim = claim_of_tally(grid, RULES, PERIOD, frozenset())
        stated = {
            each.terms[0][0]
            for each in claim.relations
            if len(each.terms) == 1 and each.high == 0 and "/provider=" in each.terms[0][0]
        }
        keys = {
            quantity_key(PERIOD, "clients", level, unit, f"provider={code}")
            for level, unit, code in expected
        }
        assert searched == stated == keys


def key_of(code: str, at: str = ONE) -> str:
    return quantity_key(PERIOD, "clients", "school", at, f"provider={code}")


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ((), (2, 2)),
        (("G0",), (2, 2)),
        (("G0", "G5"), (2, 3)),
        (("none",), (2, 2)),
        (("other",), (2, None)),
    ],
)
def test_clients_by_provider_bound_the_number(
    hidden: tuple[str, ...], expected: tuple[int, int | None]
) -> None:
    bundle, tally = counted(one={0: 15, 1: 15, NO_PROVIDER: 11}, two={UNLISTED: 12})
    grid = Grid.of(tally, bundle, published())
    withheld = frozenset(map(key_of, hidden))
    assert numbers_told(grid, PERIOD, "school", ONE, withheld) == expected
    assert numbers_told(grid, PERIOD, "school", TWO, withheld) == (1, None)
    number = quantity_key(PERIOD, "providers", "school", ONE, "")
    claim = claim_of_providers(grid, RULES, PERIOD, withheld)
    stated = [each for each in claim.relations if each.terms == ((number, 1),)]
    assert [(each.low, each.high) for each in stated] == [expected]
    elsewhere = Grid.of(tally, bundle, published()[:2])
    assert numbers_told(elsewhere, PERIOD, "school", ONE, withheld) == (0, None)


# --- numbers of parts --------------------------------------------------------------------------

NINE = tuple(f"{number:02d}AA00" for number in range(1, 10))
AT_THE_REGION = {
    "pupils_and_clients": LEVELS,
    "providers": LEVELS,
    "clients_by_provider": (Level.REGION,),
}


def everywhere(*, rare: int) -> tuple[Reference, Tally]:
    """Nine schools with three large providers, and one more with a client at each of some."""
    children = [
        Child(code, 1, (Care(provider=provider),))
        for at, code in enumerate(NINE)
        for provider, count in ((0, 12), (1, 12), (2, int(at < rare)), (3, 12))
        for _ in range(count)
    ]
    bundle = reference(map(school, NINE))
    return bundle, amount_tally(bundle, children, {(code, 1): 400 for code in NINE})


def test_who_is_at_every_school_has_as_many_clients() -> None:
    """Attack: four providers at each of nine schools and four in all, so each has nine at least."""
    bundle, tally = everywhere(rare=9)
    tables = tuple(Published(table, levels) for table, levels in AT_THE_REGION.items())
    _, kept = made(bundle, tally, tables)
    assert "clients_by_provider" not in levels_of(kept)
    assert levels_of(kept)["providers"] == LEVELS
    claim = claim_of_tally(Grid.of(tally, bundle, tables), RULES, PERIOD, frozenset({G2}))
    assert Relation(((G2, 1),), 4 * 9 - 3 * 9, None, of_pattern=True) in claim.relations


def test_fewer_of_their_numbers_tell_less() -> None:
    bundle, tally = everywhere(rare=9)
    tables = tuple(Published(table, levels) for table, levels in AT_THE_REGION.items())
    grid = Grid.of(tally, bundle, tables)
    hidden = {quantity_key(PERIOD, "providers", "school", code, "") for code in NINE[:5]}
    claim = claim_of_tally(grid, RULES, PERIOD, frozenset({G2, *hidden}))
    assert Relation(((G2, 1),), 4 * 4 - 3 * 4, None, of_pattern=True) in claim.relations
    other = quantity_key(PERIOD, "clients", "region", "region", "provider=other")
    claim = claim_of_tally(grid, RULES, PERIOD, frozenset({G2, other}))
    assert not [each for each in claim.relations if each.of_pattern and (G2, 1) in each.terms]
    bundle, tally = everywhere(rare=3)
    _, kept = made(bundle, tally, tables)
    assert levels_of(kept) == AT_THE_REGION


def test_clients_of_a_school_without_providers_are_of_nobody() -> None:
    """Six have care of nobody with a code at a school with no provider: six at least in all."""
    bundle, tally = counted(
        one={0: 15, 1: 15, 2: 15}, two={0: 15, 1: 15, 2: 15, NO_PROVIDER: 1}, three={NO_PROVIDER: 6}
    )
    tables = tuple(Published(table, levels) for table, levels in AT_THE_REGION.items())
    nobody = quantity_key(PERIOD, "clients", "region", "region", "provider=none")
    claim = claim_of_tally(Grid.of(tally, bundle, tables), RULES, PERIOD, frozenset({nobody}))
    assert Relation(((nobody, 1),), 6, None, of_pattern=True) in claim.relations


# --- published again ---------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0, 4])
def test_a_provider_that_loses_its_last_clients_can_be_corrected(now: int) -> None:
    """Published again without numbers of providers, nobody is told that it has none now."""
    old_bundle, old = corrected(3)
    released = protect_tally(old, old_bundle, RULES, published())
    before = earlier_release(
        "first",
        ((*row[:6], None if row[7] else int(row[6]), row[7])
         for row in released.cells.itertuples(index=False)),
        {table.id: table for table in old.header.tables},
        published(),
        RULES,
        (old, old_bundle),
    )  # fmt: skip
    shown = {quantity_key(PERIOD, "providers", "school", code, "") for code in SCHOOLS}
    assert before.numbers[PERIOD] >= shown
    bundle, tally = corrected(now)
    again = protect_tally(tally, bundle, RULES, published(), earlier=[before])
    verify_protection(again.cells, tally, bundle, RULES, published(), again.certificates, [before])
    cells = again.cells
    assert (cells[cells["measure"] == "providers"]["status"] == "c").all()
    of_it = cells[(cells["category"] == "G3") & (cells["unit"] == ONE)]
    assert list(of_it["status"]) == ["c"]


def corrected(clients: int) -> tuple[Reference, Tally]:
    """Three schools; some at the first are also clients of a provider that is small there."""
    children = [
        Child(code, 1, tuple(Care(provider=provider) for provider in of))
        for code in SCHOOLS
        for of, count in (
            ((0,), 35), ((1,), 15), ((2,), 15), ((0, 3), clients if code == ONE else 12),
        )
        for _ in range(count)
    ]  # fmt: skip
    bundle = reference(map(school, SCHOOLS))
    return bundle, amount_tally(bundle, children, {(code, 1): 400 for code in SCHOOLS})
