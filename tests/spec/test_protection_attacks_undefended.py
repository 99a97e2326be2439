"""Each attack of PROTECTION section 9 works as soon as its own defence is taken out.

Files of counts. A reader enumerates every table that fits: with the defence no cell is told,
without it the named cells are, and the verifier refuses the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from publisher.protection.cellfile import Spec
from publisher.protection.cellproblem import CellProblem
from publisher.protection.engine import Solution, protect_block
from publisher.protection.primary import Rule
from publisher.protection.verification.cells import claim_of_cells
from publisher.protection.verification.check import check_claim
from shared.errors import ProtectionError
from tests.support import sabotage as take_out
from tests.support.enumeration import seen_values
from tests.support.sabotage import Sabotage
from tests.support.small_tables import protect_small, small_cells, small_spec

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Attack:
    """A file, the defence that is taken out, and the cells that a reader is then told."""

    name: str
    spec: Spec
    rows: Rows
    sabotage: Sabotage
    told: frozenset[str]


def _units(counts: dict[str, int], **more: dict[str, object]) -> Rows:
    return [{"u": unit, "n": n, **more.get(unit, {})} for unit, n in counts.items()]


def _split(counts: dict[str, Sequence[int]], categories: str, **places: str) -> Rows:
    return [
        {"u": unit, "b": category.strip(), "n": n, "m": places.get(unit, "m")}
        for unit, of_unit in counts.items()
        for category, n in zip(categories, of_unit, strict=True)
    ]


def _crossing(column: str) -> Rows:
    rows = (
        ("a", "m1", "s1", 9), ("b", "m1", "s2", 3), ("c", "m2", "s1", 8), ("d", "m2", "s2", 9),
        ("e", "m1", "s1", 7), ("f", "m2", "s2", 6),
    )  # fmt: skip
    return [{"u": u, "m": m, column: other, "n": n} for u, m, other, n in rows]


ATTACKS = (
    Attack(
        "row subtraction",
        small_spec(),
        _units({"a": 3, "b": 9, "c": 8}),
        take_out.without_sums_of("all"),
        frozenset({"unit/a/"}),
    ),
    Attack(
        "column subtraction",
        small_spec(breakdown=True),
        _split({"a": (3, 9), "b": (9, 8)}, "xy"),
        take_out.without_sums_of("all"),
        frozenset({"unit/a/x"}),
    ),
    Attack(
        "subtraction from the total over categories",
        small_spec(breakdown=True),
        _split({"a": (3, 9), "b": (9, 8)}, "xy"),
        take_out.without_sums_over_categories,
        frozenset({"unit/a/x"}),
    ),
    Attack(
        "margins that combine: every row hides two, and their least values fill the sum",
        small_spec(breakdown=True),
        _split({"a": (1, 1, 9), "b": (5, 5, 6)}, "xyz"),
        take_out.without_lower_bounds,
        frozenset({"unit/a/x", "unit/a/y"}),
    ),
    Attack(
        "type crosses municipality",
        small_spec([["m"], ["t"], []]),
        _crossing("t"),
        take_out.without_sums_of("t"),
        frozenset({"unit/b/"}),
    ),
    Attack(
        "partnership boundary against municipality boundary",
        small_spec([["m"], ["s"], []]),
        _crossing("s"),
        take_out.without_sums_of("m"),
        frozenset({"unit/b/"}),
    ),
    Attack(
        "an institution with a single location",
        small_spec([["i"], []]),
        [{"u": "l1", "i": "one", "n": 3}, {"u": "l2", "i": "two", "n": 9},
         {"u": "l3", "i": "two", "n": 8}, {"u": "l4", "i": "four", "n": 7}],
        take_out.without_shared_status,
        frozenset({"unit/l1/"}),
    ),
    Attack(
        "visible zeros",
        small_spec(breakdown=True),
        _split({"a": (3, 0, 9), "b": (8, 7, 6)}, "xyz"),
        take_out.with_moving_zeros,
        frozenset({"unit/a/x"}),
    ),
    Attack(
        "hiding a zero to weaken the audit",
        small_spec(zeros="protect"),
        _units({"a": 1, "b": 1, "z": 0, "d": 9}),
        take_out.without_lower_bounds,
        frozenset({"unit/a/", "unit/b/"}),
    ),
    Attack(
        "a total that its overlapping categories must reach",
        small_spec(breakdown=True, overlap=True),
        _split({"a": (12, 8, 4), "b": (9, 8, 7), "c": (9, 7, 8)}, " xy"),
        take_out.without_at_most,
        frozenset({"unit/a/y"}),
    ),
    Attack(
        "a category that cannot exceed the total it overlaps in",
        small_spec(breakdown=True, overlap=True),
        _split({"a": (9, 4, 8), "b": (9, 9, 5), "c": (12, 11, 5)}, " xy"),
        take_out.without_at_most,
        frozenset({"unit/a/x"}),
    ),
    Attack(
        "a count that its denominator bounds",
        small_spec(denominator=True),
        _units({"a": 4, "b": 9, "c": 12}, a={"d": 99}, b={"d": 9}, c={"d": 99}),
        take_out.without_known_totals,
        frozenset({"unit/a/"}),
    ),
    Attack(
        "a known threshold: what is small can only be one number",
        small_spec(denominator=True),
        _units({"a": 4, "b": 9, "c": 12}, a={"d": 99}, b={"d": 9}, c={"d": 99}),
        take_out.without_classes,
        frozenset({"unit/a/"}),
    ),
    Attack(
        "a part that is shown leaves many of its withheld total",
        small_spec([["m"]], breakdown=True, group=True, threshold=3),
        [*_split({"a": (3, 3), "b": (1, 0)}, "xy"), *_split({"c": (9, 9)}, "xy", c="n")],
        take_out.without_what_parts_tell,
        frozenset({"unit/b/"}),
    ),
    Attack(
        "everything that is not small by itself is shown",
        small_spec([["m"], []]),
        _crossing("t"),
        take_out.only_primary,
        frozenset({"unit/b/"}),
    ),
)  # fmt: skip
by_name = pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])


def _told(attack: Attack, solution: Solution, above: int | None = None) -> set[str]:
    """Cells of which one value fits; or only one that is small, where the true one is small."""
    cells = small_cells(attack.spec, attack.rows)
    seen = seen_values(attack.spec, cells, solution.withheld, above)
    assert seen is not None, "the file is too large to enumerate"
    small = range(1, attack.spec.rules.threshold)
    alone = {key for key, rule in solution.primary.items() if rule is Rule.THRESHOLD}
    return {
        key
        for key, values in seen.items()
        if len(values) < 2 or (key in alone and len(values.intersection(small)) < 2)
    }


def _undefended(attack: Attack, patch: pytest.MonkeyPatch) -> Solution:
    cells = small_cells(attack.spec, attack.rows)
    attack.sabotage(patch)
    return protect_block(CellProblem.of(attack.spec, cells).build, attack.spec.rules)


@by_name
def test_with_its_defence_the_attack_is_told_nothing(attack: Attack) -> None:
    small = protect_small(attack.spec, attack.rows)
    assert attack.told <= small.hidden
    assert not _told(attack, small.solution, above=2)


@by_name
def test_without_its_defence_the_attack_succeeds(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = _undefended(attack, monkeypatch)
    assert attack.told <= _told(attack, solution)


@by_name
def test_the_verifier_refuses_what_is_undefended(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = _undefended(attack, monkeypatch)
    claim = claim_of_cells(attack.spec, small_cells(attack.spec, attack.rows), solution.withheld)
    with pytest.raises(ProtectionError, match="verification-failed"):
        check_claim(claim, solution.certificates)
