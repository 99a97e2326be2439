"""Dates and ages."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from shared.hashing.reading.dates import DateState, KnownDates, day_number, parse_dates, whole_years


@pytest.mark.parametrize(
    ("text", "expected", "state"),
    [
        ("31-12-2024", date(2024, 12, 31), DateState.OK),
        ("1-8-2022", date(2022, 8, 1), DateState.OK),
        ("01/08/2022", date(2022, 8, 1), DateState.OK),
        ("2022-08-01", date(2022, 8, 1), DateState.OK),
        ("2022-08-01T00:00:00", date(2022, 8, 1), DateState.OK),
        ("01-08-2022 00:00:00", date(2022, 8, 1), DateState.OK),
        ("20220801", date(2022, 8, 1), DateState.OK),
        ("20120500", date(2012, 5, 1), DateState.PARTIAL),
        ("20120000", date(2012, 1, 1), DateState.PARTIAL),
        ("00-00-2012", date(2012, 1, 1), DateState.PARTIAL),
        ("44774", date(2022, 8, 1), DateState.OK),
        ("44774,5", date(2022, 8, 1), DateState.OK),
        ("18264", date(1950, 1, 1), DateState.OK),
        ("29-02-2024", date(2024, 2, 29), DateState.OK),
        ("31-12-9999", date(9999, 12, 31), DateState.OK),
        ("", None, DateState.EMPTY),
        ("01-01-1900", None, DateState.EMPTY),
        ("31-12-1949", None, DateState.EMPTY),
        ("18263", None, DateState.EMPTY),
        ("0", None, DateState.EMPTY),
        ("00000000", None, DateState.EMPTY),
        ("29-02-2023", None, DateState.INVALID),
        ("31-04-2023", None, DateState.INVALID),
        ("01-13-2023", None, DateState.INVALID),
        ("20231301", None, DateState.INVALID),
        ("01-08-22", None, DateState.INVALID),
        ("1 augustus 2022", None, DateState.INVALID),
        ("999000007", None, DateState.INVALID),
        ("-44774", None, DateState.INVALID),
    ],
)
def test_every_way_of_writing_a_date(text: str, expected: date | None, state: DateState) -> None:
    dates = parse_dates(pa.array([text]))
    assert dates.states[0] == state
    assert dates.usable[0] == (expected is not None)
    if expected:
        assert dates.days[0] == day_number(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("43312", date(2022, 8, 1)),
        ("43312,5", date(2022, 8, 1)),
        ("16802", date(1950, 1, 1)),
        ("16801", None),
        ("01-08-2022", date(2022, 8, 1)),
        ("20220801", date(2022, 8, 1)),
        ("", None),
    ],
)
def test_serial_numbers_that_count_from_1904(text: str, expected: date | None) -> None:
    dates = parse_dates(pa.array([text]), first_day_1904=True)
    assert dates.usable[0] == (expected is not None)
    if expected:
        assert dates.days[0] == day_number(expected)


def test_empty_falls_back_to_the_other_date_but_unreadable_does_not() -> None:
    first = parse_dates(pa.array(["", "x", "02-08-2022"]))
    second = parse_dates(pa.array(["01-08-2022"] * 3))
    found = first.otherwise(second)
    assert found.states.tolist() == [DateState.OK, DateState.INVALID, DateState.OK]
    assert found.days[2] == found.days[0] + 1


def test_age_in_whole_years_agrees_with_the_calendar() -> None:
    births = [date(2008, 2, 28) + timedelta(days=k) for k in range(0, 1_500, 7)] + [
        date(2012, 2, 29)
    ]
    days = [date(2023, 2, 27) + timedelta(days=k) for k in range(0, 800, 5)] + [date(2024, 2, 29)]
    for day in days:
        found = whole_years(np.array([day_number(b) for b in births], np.int32), day_number(day))
        expected = [day.year - b.year - ((day.month, day.day) < (b.month, b.day)) for b in births]
        assert found.tolist() == expected


def test_dates_read_block_by_block_are_those_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.hashing.reading.dates._MOST_KNOWN", 3)
    known = KnownDates()
    blocks = [
        ["31-12-2024", "", "x", "31-12-2024"],
        ["", "45000", "20120000"],
        [],
        ["x", "01-02-2003", "2004-05-06", "31-12-2024"],
        ["1-1-2010", "2-1-2010", "3-1-2010", "4-1-2010"],
        ["31-12-2024", "x"],
    ]
    for block in blocks:
        texts = pa.array(block, pa.string())
        found = known.read(texts, first_day_1904=False)
        expected = parse_dates(texts)
        assert found.days.tolist() == expected.days.tolist()
        assert found.states.tolist() == expected.states.tolist()
