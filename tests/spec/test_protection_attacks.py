"""Attacks as tests (PROTECTION section 9): each would work on a table with primary cells only."""

from __future__ import annotations

import random
from collections.abc import Mapping

from publisher.protection.audit import audit_claim
from publisher.protection.verification.cells import claim_of_cells
from tests.support.assurance import figure
from tests.support.small_tables import Small, believable, protect_small, small_cells, small_spec

Rows = list[dict[str, object]]


def _breakdown(counts: Mapping[str, tuple[int, ...]], **places: str) -> Rows:
    return [
        {"u": unit, "b": category, "n": n, "m": places.get(unit, "m")}
        for unit, of_unit in counts.items()
        for category, n in zip("xyzvw", of_unit, strict=False)
    ]


def _exposed_without_secondary(small: Small) -> set[str]:
    """What the same table gives away when only primary cells are withheld."""
    primary = frozenset(small.solution.primary)
    return set(audit_claim(claim_of_cells(small.spec, small.cells, primary)).exact)


def _check_safe(small: Small) -> None:
    audit = audit_claim(small.claim)
    assert not audit.exact
    assert not audit.too_narrow


def test_row_subtraction() -> None:
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 3), ("b", 20), ("c", 30))]
    small = protect_small(small_spec(), rows)
    assert _exposed_without_secondary(small) == {"unit/a/"}
    assert len(small.solution.secondary) == 1
    _check_safe(small)


def test_column_subtraction() -> None:
    rows = _breakdown({"a": (3, 20, 9), "b": (20, 30, 9), "c": (9, 20, 30)})
    small = protect_small(small_spec(breakdown=True), rows)
    assert "unit/a/x" in _exposed_without_secondary(small)
    _check_safe(small)


def test_margins_combine_where_every_row_and_column_hides_two() -> None:
    """Six withheld cells, two per row and column, but of two separate blocks' sums."""
    counts = {"a": (1, 1, 9, 9), "b": (1, 2, 9, 9), "c": (9, 9, 30, 40), "d": (9, 9, 40, 30)}
    rows = _breakdown(counts)
    small = protect_small(small_spec(breakdown=True), rows)
    # Row a shows x + y = 2 with both at least 1: a reader needs no second margin.
    assert "unit/a/x" in _exposed_without_secondary(small)
    _check_safe(small)


def test_type_crosses_municipality() -> None:
    rows: Rows = [
        {"u": f"{m}{t}{i}", "m": m, "t": t, "n": n}
        for (m, t), counts in {
            ("p", "bo"): (20, 30), ("p", "vo"): (2,), ("q", "bo"): (30, 9), ("q", "vo"): (25, 8),
        }.items()
        for i, n in enumerate(counts)
    ]  # fmt: skip
    spec = small_spec([["m", "t"], ["m"], ["t"], []])
    small = protect_small(spec, rows)
    assert "unit/pvo0/" in _exposed_without_secondary(small)
    assert "m*t/p/vo/" in small.solution.primary  # one school: the same count
    _check_safe(small)


def test_an_institution_with_one_location_has_its_status() -> None:
    rows: Rows = [
        {"u": "l1", "i": "one", "n": 3},
        {"u": "l2", "i": "two", "n": 30},
        {"u": "l3", "i": "two", "n": 40},
        {"u": "l4", "i": "four", "n": 50},
    ]
    small = protect_small(small_spec([["i"], []]), rows)
    for location, institution in (("l1", "one"), ("l4", "four")):
        shown = f"unit/{location}/" in small.hidden
        assert (f"i/{institution}/" in small.hidden) is shown
    _check_safe(small)


def test_visible_zeros_leave_no_room() -> None:
    """Where zeros are shown, a lone positive child equals its parent."""
    rows = _breakdown({"a": (3, 0, 0), "b": (20, 30, 9), "c": (9, 20, 30)})
    small = protect_small(small_spec(breakdown=True), rows)
    assert {"unit/a/", "unit/a/x"} <= set(small.solution.primary)
    assert "unit/a/y" not in small.hidden
    _check_safe(small)


def test_hiding_a_zero_does_not_loosen_the_bound_of_a_positive_cell() -> None:
    """a + b + z = 2 with a, b ≥ 1: the hidden zero is no room for a and b."""
    spec = small_spec(zeros="protect")
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 1), ("b", 1), ("z", 0), ("d", 20))]
    only_small = frozenset({"unit/a/", "unit/b/", "unit/z/"})
    audit = audit_claim(claim_of_cells(spec, small_cells(spec, rows), only_small))
    assert set(audit.exact) == only_small
    _check_safe(protect_small(spec, rows))


def test_a_reader_who_knows_the_threshold_finds_another_small_value() -> None:
    """The alternative of a withheld 4 is at most 4, that of a withheld 1 at least 1.

    Only of the cell itself: 3 and 5 explain a published sum of 8 as well as 4 and 4, for
    primary and secondary cells carry one code.
    """
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 4), ("b", 1), ("c", 30), ("d", 40))]
    small = protect_small(small_spec(), rows)
    for certificate in small.solution.certificates:
        alternative = small.claim.true[certificate.cell] + dict(certificate.delta)[certificate.cell]
        assert 1 <= alternative <= 4
    _check_safe(small)


def test_a_lone_4_gets_company_that_can_be_one_more() -> None:
    """4 may only become 3, so what is withheld beside it must be able to rise."""
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 4), ("b", 30), ("c", 40))]
    small = protect_small(small_spec(), rows)
    assert len(small.hidden) == 2
    _check_safe(small)


def test_a_threshold_total_of_ones_is_proved_beyond_its_class() -> None:
    """m shows four small schools, each at least 1, so a withheld m cannot be below 4."""
    rows: Rows = [{"u": f"a{i}", "m": "m", "n": 1} for i in range(4)]
    rows += [{"u": f"b{i}", "m": "o", "n": 9} for i in range(3)]
    small = protect_small(small_spec([["m"], []]), rows)
    steps = [dict(c.delta)["m/m/"] for c in small.solution.certificates if c.cell == "m/m/"]
    assert steps == [1]


def test_overlapping_categories_tell_their_total() -> None:
    """total ≤ sum over categories: with one category shown, the other is bounded from below."""
    rows: Rows = [
        {"u": unit, "b": category, "n": n}
        for unit, counts in {"a": (9, 8, 3), "b": (40, 30, 20), "c": (50, 40, 30)}.items()
        for category, n in zip(("", "x", "y"), counts, strict=True)
    ]
    rows[0]["n"] = 11  # 8 + 3: nobody stands in both
    small = protect_small(small_spec(breakdown=True, overlap=True), rows)
    primary = frozenset(small.solution.primary)
    low = min(table["unit/a/y"] for table in believable(small.spec, small.cells, primary, most=12))
    assert low == 3
    _check_safe(small)


def test_a_category_cannot_exceed_the_total_it_overlaps_in() -> None:
    """a's 4 may only become 3, so another x must rise: not b's, where all 20 stand in x."""
    counts = {"a": (12, 4, 12), "b": (20, 20, 9), "c": (60, 50, 30)}
    rows: Rows = [
        {"u": unit, "b": category, "n": n}
        for unit, of_unit in counts.items()
        for category, n in zip(("", "x", "y"), of_unit, strict=True)
    ]
    small = protect_small(small_spec(breakdown=True, overlap=True), rows)
    assert "unit/b/x" not in small.hidden or "unit/b/" in small.hidden
    lower = {c.cell: dict(c.delta) for c in small.solution.certificates}["unit/a/x"]
    true = small.claim.true
    for unit in "abc":
        moved = {c: true[f"unit/{unit}/{c}"] + lower.get(f"unit/{unit}/{c}", 0) for c in ("", "x")}
        assert moved["x"] <= moved[""]


def test_dropping_any_secondary_cell_exposes_something() -> None:
    rows = _breakdown(
        {"a": (3, 20, 9), "b": (20, 30, 2), "c": (9, 1, 30), "d": (12, 14, 15)},
        a="p", b="p", c="q", d="q",
    )  # fmt: skip
    small = protect_small(small_spec([["m"], []], breakdown=True), rows)
    assert small.solution.secondary
    for cell in small.solution.secondary:
        fewer = small.hidden - {cell}
        audit = audit_claim(claim_of_cells(small.spec, small.cells, fewer))
        assert audit.exact or audit.too_narrow


def test_separate_codes_would_tell_which_cell_is_the_small_one() -> None:
    """1 + 5 = 6: who knew that the first is below the threshold and the second not had both."""
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 1), ("b", 5), ("c", 40), ("d", 50))]
    small = protect_small(small_spec(), rows)
    primary, secondary = frozenset(small.solution.primary), small.solution.secondary
    assert (sorted(primary), sorted(secondary)) == (["unit/a/"], ["unit/b/"])
    one_code = list(believable(small.spec, small.cells, small.hidden, most=9))
    two_codes = [
        table
        for table in one_code
        if all(table[key] < 5 for key in primary) and all(table[key] >= 5 for key in secondary)
    ]
    assert len({table["unit/a/"] for table in one_code}) > 1
    assert len({table["unit/a/"] for table in two_codes}) == 1


def test_a_union_of_withheld_children_is_not_told_by_their_parent() -> None:
    rows: Rows = [{"u": u, "n": n} for u, n in (("a", 1), ("b", 2), ("c", 30), ("d", 40))]
    told = protect_small(small_spec(union=False), rows)
    kept = protect_small(small_spec(union=True), rows)
    together = [
        sum(small.claim.true[key] for key in small.hidden if key.startswith("unit/"))
        for small in (told, kept)
    ]
    assert "all/" not in told.hidden
    assert together[0] < 5
    assert together[1] >= 5 or "all/" in kept.hidden


def test_crossing_boundaries_that_together_leave_one_piece() -> None:
    """Partnerships cross municipalities: their sums less each other's give a piece of both."""
    rows: Rows = [
        {"u": u, "m": m, "s": s, "n": n}
        for u, m, s, n in (
            ("a", "m1", "s1", 20), ("b", "m1", "s2", 3), ("c", "m2", "s1", 2),
            ("d", "m2", "s2", 30), ("e", "m1", "s1", 25), ("f", "m2", "s2", 35),
        )
    ]  # fmt: skip
    small = protect_small(small_spec([["m"], ["s"], []]), rows)
    assert {"unit/b/", "unit/c/"} <= _exposed_without_secondary(small)
    _check_safe(small)


def test_most_withheld_cells_stay_unknown_to_a_reader_who_replays_the_algorithm() -> None:
    """A limit with a figure (docs/protection.md): some tables would have given another pattern."""
    withheld = unknown = 0
    for seed in range(figure(6, 60)):
        chance = random.Random(seed)
        rows: Rows = [{"u": u, "n": chance.choice((1, 2, 3, 4, 6, 8))} for u in "abcd"]
        small = protect_small(small_spec(), rows)
        seen: dict[str, set[int]] = {key: set() for key in small.hidden}
        for table in believable(small.spec, small.cells, small.hidden, most=10):
            again: Rows = [{"u": u, "n": table[f"unit/{u}/"]} for u in "abcd"]
            if protect_small(small.spec, again).hidden == small.hidden:
                for key in small.hidden:
                    seen[key].add(table[key])
        for key, values in seen.items():
            assert small.claim.true[key] in values
            withheld, unknown = withheld + 1, unknown + (len(values) > 1)
    assert (withheld, unknown) == (figure(18, 165), figure(18, 160))
