"""From which figures an operator gets an alarm, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from linker.oversight.alarms import (
    _DUTCH,
    _ENGLISH,
    DEFAULT_ALARM_BANDS,
    Alarm,
    AlarmBands,
    Kind,
    Severity,
    find_alarms,
    in_dutch,
    in_english,
)
from linker.tallying.linkages import figures_of
from linker.tallying.quality import Coverage, Line, Report

CARE = ("gm0197", "care/1")


def line(**more: Any) -> Line:
    values: dict[str, Any] = {
        "supplier": CARE[0],
        "schema_name": CARE[1],
        "rows": 5_000,
        "persons": 2_000,
        "linked_percent": 75,
        "unlinked": (),
        "repeats": 0,
        "unknown": {"domain": 1, "referrer": None},
        "rows_by_period": {"24": 2_500, "25": 2_500},
    }
    return Line(**(values | more))


def coverage(*covered: int) -> Coverage:
    return Coverage(
        period="2024/2025", covered=covered, not_covered=(), pupils_percent=100, duo_percent=98
    )


def report(*lines: Line, **more: Any) -> Report:
    values: dict[str, Any] = {
        "round_id": "proef", "revision": 1, "synthetic": True, "lines": lines, "missing": (),
        "coverage": (coverage(197), coverage(197)), "emptied": (), "double_claims": 0,
    }  # fmt: skip
    return Report(**(values | more))


def alarms(found: Report, before: Report | None = None, *gone: str) -> list[tuple[Kind, Severity]]:
    figures = None if before is None else figures_of(before)
    made = find_alarms(found, figures, gone, DEFAULT_ALARM_BANDS)
    return [(each.kind, each.severity) for each in made]


def test_a_linkage_like_the_previous_one_has_no_alarm() -> None:
    assert alarms(report(line())) == []
    assert alarms(report(line()), report(line(linked_percent=71))) == []


def test_a_supplier_that_is_missing_is_an_alarm() -> None:
    found = report(line(), missing=(("gm0222", "care/1"),))
    assert alarms(found) == [(Kind.SUPPLIER_MISSING, Severity.ALARM)]


@pytest.mark.parametrize(
    ("share", "before", "severity"),
    [
        (75, 79, None),
        (75, 80, Severity.WARNING),
        (75, 70, Severity.WARNING),
        (75, 90, Severity.ALARM),
        (75, None, None),
        (None, 90, None),
    ],
)
def test_the_share_that_is_linked_is_compared_with_the_previous_round(
    share: int | None, before: int | None, severity: Severity | None
) -> None:
    found = alarms(report(line(linked_percent=share)), report(line(linked_percent=before)))
    assert found == ([] if severity is None else [(Kind.MATCH_DIFFERS, severity)])


def test_a_low_share_is_an_alarm_for_care_and_not_for_enrolments() -> None:
    pupils = line(supplier="duo", schema_name="enrolment/1", linked_percent=12, unknown={})
    assert alarms(report(line(linked_percent=40), pupils)) == []
    assert alarms(report(line(linked_percent=39))) == [(Kind.MATCH_LOW, Severity.ALARM)]


@pytest.mark.parametrize(
    ("share", "before", "kinds"),
    [
        (9, 9, []),
        (10, 9, [(Kind.UNKNOWN_CODES, Severity.WARNING)]),
        (30, 30, [(Kind.UNKNOWN_CODES, Severity.ALARM)]),
        (6, 1, [(Kind.UNKNOWN_RISES, Severity.WARNING)]),
        (5, 1, []),
        (1, 9, []),
        (None, 1, []),
    ],
)
def test_unknown_codes(share: int | None, before: int, kinds: list[tuple[Kind, Severity]]) -> None:
    then = report(line(unknown={"domain": before}))
    assert alarms(report(line(unknown={"domain": share})), then) == kinds


@pytest.mark.parametrize(
    ("rows", "severity"),
    [(2_540, None), (2_560, Severity.NOTICE), (2_440, Severity.NOTICE), (2_900, Severity.WARNING)],
)
def test_rows_of_an_earlier_period_that_changed_since(rows: int, severity: Severity | None) -> None:
    """The new period is in the new round only, and is compared with nothing."""
    then = report(line(rows_by_period={"23": 4_000, "24": 2_500}))
    found = alarms(report(line(rows_by_period={"24": rows, "25": 9_000})), then)
    assert found == ([] if severity is None else [(Kind.LATE_MUTATIONS, severity)])


def test_few_rows_are_compared_with_nothing() -> None:
    then = report(line(rows_by_period={"24": 990}))
    assert alarms(report(line(rows_by_period={"24": 90})), then) == []


def test_schools_that_are_gone_and_periods_that_differ() -> None:
    found = report(line(), emptied=("99XA00",), coverage=(coverage(197), coverage(197, 222)))
    assert alarms(found, None, "99XB00") == [
        (Kind.COVERAGE_CHANGES, Severity.WARNING),
        (Kind.SCHOOL_GONE, Severity.WARNING),
        (Kind.SCHOOL_EMPTIED, Severity.WARNING),
    ]


def test_many_schools_are_not_all_named() -> None:
    schools = [f"99X{letter}00" for letter in "ABCDEFGHIJKL"]
    (alarm,) = find_alarms(report(), None, schools, DEFAULT_ALARM_BANDS)
    assert "99XJ00" in in_english(alarm)
    assert "99XK00" not in in_english(alarm)
    assert in_english(alarm).endswith("and 2 more")
    assert in_dutch(alarm).endswith("en nog 2")


def test_the_gravest_comes_first_and_every_kind_has_words_in_two_languages() -> None:
    found = report(line(linked_percent=10), missing=(CARE,), emptied=("99XA00",))
    severities = [severity for _kind, severity in alarms(found)]
    assert severities == sorted(severities, key=list(Severity).index, reverse=True)
    assert set(_ENGLISH) == set(_DUTCH) == set(Kind)


def test_an_alarm_tells_no_count() -> None:
    """Whatever the rows are, what is said has per cents, years, columns and schools only."""
    then = report(line(rows_by_period={"24": 3_333}))
    now = report(line(rows_by_period={"24": 7_777}, rows=7_777, persons=4_444))
    made = find_alarms(now, figures_of(then), (), AlarmBands())
    assert [in_english(each) for each in made] == [
        "period from 2024: 133 % more or fewer rows than in the previous round"
    ]
    assert isinstance(made[0], Alarm)
    assert made[0].document()["text"] == in_english(made[0])
