"""What a supplier is told of a linkage: the noise, the rounding, and what one child can change."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest

from linker.linkage.feedback import LARGEST_RATIO, Match, told_percent, two_sided_noise
from tests.support.micro_rows import Care, Enrolment
from tests.support.microregion import (
    Region,
    bundle,
    everywhere,
    link_region,
    school,
)

DRAWS = 40_000
SEED = 12


def no_noise() -> int:
    return 0


def probability(noise: int) -> Fraction:
    """Of a two-sided geometric draw, by its definition: (1 - a) / (1 + a) * a ** |noise|."""
    a = 1 / LARGEST_RATIO
    return (1 - a) / (1 + a) * a ** abs(noise)


def chances(linked: int, persons: int, reach: int = 250) -> dict[int | None, Fraction]:
    """Probability of each answer for an exact count, by adding up the noise that gives it."""
    found: dict[int | None, Fraction] = {}
    for noise in range(-reach, reach + 1):
        told = told_percent(Match(persons, linked), lambda noise=noise: noise)  # type: ignore[misc]
        found[told] = found.get(told, Fraction(0)) + probability(noise)
    return found


@pytest.mark.parametrize("linked", [0, 4, 5, 499, 504, 505, 994, 995, 999])
def test_one_child_more_changes_no_probability_by_more_than_the_stated_factor(linked: int) -> None:
    """Also on the edge of a rounding, where a crafted delivery would put itself."""
    without, with_child = chances(linked, 1000), chances(linked + 1, 1000)
    unlikely = Fraction(1, 10**12)  # noise beyond the reach of this sum
    for told in without.keys() | with_child.keys():
        one, other = without.get(told, Fraction(0)), with_child.get(told, Fraction(0))
        assert one <= other * LARGEST_RATIO + unlikely
        assert other <= one * LARGEST_RATIO + unlikely


def test_without_noise_a_crafted_delivery_would_be_an_oracle() -> None:
    """Why the noise is there: 4 known children and one who is asked about, of 1,000."""
    known = told_percent(Match(1000, 4), no_noise)
    probed = told_percent(Match(1000, 5), no_noise)
    assert (known, probed) == (0, 1)


def test_the_noise_has_the_distribution_that_the_bound_rests_on() -> None:
    draw = random.Random(SEED)
    seen = Counter(two_sided_noise(draw.randrange) for _ in range(DRAWS))
    for noise in range(-6, 7):
        expected = float(probability(noise)) * DRAWS
        assert abs(seen[noise] - expected) < 5 * expected**0.5, f"seed {SEED}, noise {noise}"
    within = sum(times for noise, times in seen.items() if abs(noise) <= 15)
    assert within / DRAWS > 0.95


def test_the_noise_of_a_service_is_not_that_of_a_seed() -> None:
    assert len({two_sided_noise() for _ in range(500)}) > 10


@pytest.mark.parametrize(
    ("persons", "linked", "told"),
    [
        (999, 999, None),
        (1000, 0, 0),
        (1000, 4, 0),
        (1000, 5, 1),
        (1000, 1000, 100),
        (20_000, 15_099, 75),
        (20_000, 15_100, 76),
    ],
)
def test_a_share_is_a_whole_per_cent_half_up_over_at_least_a_thousand(
    persons: int, linked: int, told: int | None
) -> None:
    assert told_percent(Match(persons, linked), no_noise) == told


@pytest.mark.parametrize(("noise", "linked", "told"), [(-40, 3, 0), (40, 990, 100), (20, 500, 52)])
def test_noise_moves_a_share_and_never_out_of_its_range(noise: int, linked: int, told: int) -> None:
    assert told_percent(Match(1000, linked), lambda: noise) == told


def of_care(*objections: int) -> Region:
    """12 pupils; care for 4 to 19, for some in two periods, and a row of 30 that is no care."""
    return Region(
        bundle([school("99XA00")]),
        tuple(Enrolment(person) for person in range(12)),
        tuple(Care(person) for person in range(4, 20))
        + tuple(Care(person, period=21) for person in range(4, 8))
        + (Care(30, form=90),),
        objections,
        everywhere(1),
    )


@pytest.mark.parametrize("shards", [1, 3])
def test_persons_are_those_delivered_and_linked_are_those_left(shards: int) -> None:
    """Objections, also of others, change what is linked and never what is divided by."""
    before = link_region(of_care(), shards=shards).matches
    after = link_region(of_care(3, 5, 18, 30, 77), shards=shards).matches
    assert before[("duo", "enrolment/1")] == Match(12, 8)
    assert before[("gm1", "care/1")] == Match(16, 8)
    assert after[("duo", "enrolment/1")] == Match(12, 7)
    assert after[("gm1", "care/1")] == Match(16, 7)
    assert after[("gm2", "care/1")] == Match(0, 0)
