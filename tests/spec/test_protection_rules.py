"""Executable specification of the primary rules: a small table of counts, and what is withheld.

Chapters follow PROTECTION section 3. ``c`` marks a withheld cell; units are a, b, c, …
"""

from __future__ import annotations

import pytest

from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    remainder_disclosed,
    zero_withheld,
)
from publisher.protection.rules import Rules
from shared.errors import ProtectionError
from tests.support.small_tables import Small, protect_small, small_spec


def _totals(counts: list[int], **rules: object) -> Small:
    spec = small_spec(**rules)  # type: ignore[arg-type]
    return protect_small(spec, [{"u": f"u{i}", "n": n} for i, n in enumerate(counts)])


class TestThreshold:
    """Clients: withheld when 1 ≤ n < T."""

    @pytest.mark.parametrize(("count", "withheld"), [(0, False), (1, True), (4, True), (5, False)])
    def test_a_count_from_1_to_4_is_withheld(self, count: int, withheld: bool) -> None:
        assert below_threshold(count, 5) is withheld
        small = _totals([count, 30, 40])
        assert (small.solution.primary.get("unit/u0/") is Rule.THRESHOLD) is withheld

    def test_nothing_is_withheld_where_every_count_is_large_enough(self) -> None:
        assert not _totals([5, 9, 30]).hidden

    def test_the_threshold_is_a_parameter(self) -> None:
        assert set(_totals([9, 30, 40], threshold=10).solution.primary) == {"unit/u0/"}

    def test_a_threshold_of_zero_withholds_nothing(self) -> None:
        assert not _totals([1, 2, 3], threshold=0).hidden


class TestZero:
    """A zero is published, or protected with a witness of its own."""

    def test_published_zeros_are_never_withheld(self) -> None:
        small = _totals([0, 0, 3, 30, 40])
        assert "unit/u0/" not in small.hidden
        assert "unit/u1/" not in small.hidden

    def test_protected_zeros_are_withheld_each_with_its_own_certificate(self) -> None:
        small = _totals([0, 0, 3, 30, 40], zeros="protect")
        assert small.solution.primary["unit/u0/"] is Rule.ZERO
        owners = {certificate.cell for certificate in small.solution.certificates}
        assert {"unit/u0/", "unit/u1/", "unit/u2/"} <= owners

    @pytest.mark.parametrize(
        ("parent", "shown", "withheld"),
        [(9, True, True), (10, True, False), (10, False, True), (0, True, False)],
    )
    def test_a_zero_of_a_split_shows_only_under_a_published_parent_of_10(
        self, parent: int, shown: bool, withheld: bool
    ) -> None:
        assert (
            zero_withheld("parent", split=True, parent=parent, parent_shown=shown, least=10)
            is withheld
        )


class TestGroupDisclosure:
    """A count that equals, or leaves fewer than the threshold of, its whole is withheld."""

    @pytest.mark.parametrize(
        ("count", "whole", "withheld"),
        [(23, 23, True), (19, 23, True), (18, 23, False), (0, 3, False)],
    )
    def test_the_rule(self, count: int, whole: int, withheld: bool) -> None:
        assert group_disclosed(count, whole, 5) is withheld

    def test_a_school_where_nearly_every_pupil_has_care(self) -> None:
        rows = [
            {"u": "harreveld", "n": 22, "d": 23},
            {"u": "b", "n": 30, "d": 300},
            {"u": "c", "n": 40, "d": 400},
        ]
        small = protect_small(small_spec(group=True, denominator=True), rows)
        assert small.solution.primary["unit/harreveld/"] is Rule.GROUP
        assert not protect_small(small_spec(denominator=True), rows).hidden

    def test_a_category_that_is_nearly_the_whole_breakdown(self) -> None:
        rows = [
            {"u": unit, "b": category, "n": n}
            for unit, counts in {"a": (40, 3, 0), "b": (30, 20, 10), "c": (20, 30, 9)}.items()
            for category, n in zip("xyz", counts, strict=True)
        ]
        small = protect_small(small_spec(breakdown=True, group=True), rows)
        assert small.solution.primary["unit/a/x"] is Rule.GROUP
        assert small.solution.primary["unit/a/y"] is Rule.THRESHOLD


class TestRemainder:
    """DUO's total less the resident pupils must not leave a few others."""

    @pytest.mark.parametrize(
        ("residents", "low", "high", "withheld"),
        [(96, 100, 100, True), (95, 100, 100, False), (100, 100, 100, False), (0, 3, 3, False),
         (2, 1, 4, True)],
    )  # fmt: skip
    def test_the_rule(self, residents: int, low: int, high: int, withheld: bool) -> None:
        assert remainder_disclosed(residents, low, high, 5) is withheld

    def test_it_can_be_switched_off(self) -> None:
        assert not remainder_disclosed(96, 100, 100, 0)


class TestRateDenominator:
    def test_a_count_over_too_few_pupils_is_withheld_where_the_file_asks_for_it(self) -> None:
        rows = [{"u": u, "n": n, "d": d} for u, n, d in (("a", 9, 40), ("b", 9, 90), ("c", 9, 99))]
        small = protect_small(small_spec(denominator=True, rate_min=50), rows)
        assert small.solution.primary == {"unit/a/": Rule.RATE}


class TestUnion:
    """The withheld children of a published parent must together reach the threshold."""

    def test_two_small_children_are_joined_by_a_third(self) -> None:
        rows = [{"u": u, "n": n} for u, n in (("a", 1), ("b", 2), ("c", 30), ("d", 40))]
        loose = protect_small(small_spec(), rows)
        assert loose.hidden == {"unit/a/", "unit/b/"}
        joined = protect_small(small_spec(union=True), rows)
        assert joined.hidden == {"unit/a/", "unit/b/", "unit/c/"}


class TestParameters:
    @pytest.mark.parametrize(
        "wrong",
        [{"threshold": -1}, {"threshold": True}, {"slide": 3}, {"zeros": "hide"},
         {"direction": "down"}, {"group": 1}, {"rate_min": 2.5}],
    )  # fmt: skip
    def test_an_impossible_value_cannot_exist(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ProtectionError) as caught:
            Rules(**wrong)  # type: ignore[arg-type]
        assert caught.value.code == "rule-invalid"

    def test_an_unknown_name_is_impossible(self) -> None:
        with pytest.raises(TypeError):
            Rules(treshold=5)  # type: ignore[call-arg]

    def test_the_defaults_are_those_of_the_policy(self) -> None:
        rules = Rules()
        assert (rules.threshold, rules.split_threshold, rules.rate_min) == (5, 10, 50)
        assert (rules.slide, rules.split_slide, rules.remainder) == (1, 2, 0)
