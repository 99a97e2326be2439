"""Verdicts: from released figures only, with intervals that others compute too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from publisher.dashboard.findings import Findings
from publisher.dashboard.verdicts import (
    Direction,
    Share,
    change,
    development,
    position,
    share_of,
)
from shared.reference import Level
from tests.support.releases import HIDDEN_SCHOOL, HIDDEN_YEAR_SCHOOL, LATEST, make_release

SHARES = st.integers(1, 3000).flatmap(
    lambda pupils: st.builds(Share, st.integers(0, pupils), st.just(pupils))
)


@settings(deadline=None)  # the first example loads the oracle
@given(SHARES)
def test_the_interval_is_wilsons(share: Share) -> None:
    expected = binomtest(share.clients, share.pupils).proportion_ci(method="wilson")
    assert share.interval == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_the_interval_of_a_change_is_newcombes() -> None:
    # Newcombe (1998), table II, column (a): 56/70 less 48/80, method 10.
    low, high = change(Share(48, 80), Share(56, 70))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@given(SHARES, SHARES)
def test_a_change_turns_round_when_the_years_do(one: Share, other: Share) -> None:
    low, high = change(one, other)
    back_low, back_high = change(other, one)
    assert (low, high) == pytest.approx((-back_high, -back_low), abs=1e-12)
    assert low <= other.rate - one.rate <= high


def test_a_position_needs_more_than_chance() -> None:
    whole = Share(1200, 10_000)
    assert position(Share(60, 200), whole) is Direction.MORE
    assert position(Share(5, 200), whole) is Direction.LESS
    assert position(Share(30, 200), whole) is Direction.SAME
    assert position(Share(3, 10), whole) is Direction.SAME


def test_there_is_no_verdict_over_what_is_withheld() -> None:
    findings = Findings(make_release())
    assert share_of(findings, Level.SCHOOL, HIDDEN_SCHOOL, LATEST) is None
    assert development(findings, Level.SCHOOL, HIDDEN_SCHOOL) is None


def test_a_development_starts_after_the_last_break_and_skips_hidden_years() -> None:
    findings = Findings(make_release())
    found = development(findings, Level.SCHOOL, HIDDEN_YEAR_SCHOOL)
    assert found is not None
    assert (found.first.label, found.last.label) == ("2020/2021", "2024/2025")
