"""Amounts and volumes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from shared.hashing.reading.amounts import AmountState, parse_cents, parse_hundredths


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        ("0", 0),
        ("12", 1_200),
        ("12,5", 1_250),
        ("12,50", 1_250),
        ("1.234,56", 123_456),
        ("1.234.567", 123_456_700),
        ("1.234", 123_400),
        ("1234.5", 123_450),
        ("1234.5678", 123_457),
        ("0,005", 1),
        ("-0,005", -1),
        ("€ 1.234,50", 123_450),
        ("-12", -1_200),
        ("12-", -1_200),
        ("12,", 1_200),
    ],
)
def test_dutch_numbers(text: str, hundredths: int) -> None:
    found = parse_hundredths(pa.array([text]))
    assert found.states.tolist() == [AmountState.OK]
    assert found.values.tolist() == [hundredths]


@pytest.mark.parametrize("text", ["x", "1,234.56", "12.34.56", "1e5", "--3", "9" * 13, "1 of 2"])
def test_what_is_no_number(text: str) -> None:
    assert parse_hundredths(pa.array([text])).is_state(AmountState.INVALID)[0]


def test_cents_are_whole() -> None:
    found = parse_cents(pa.array(["12345", "12.345", "12345,00", "123,45", "", "-7"]))
    assert found.values.tolist() == [12_345, 12_345, 12_345, 0, 0, -7]
    assert found.states.tolist() == [
        AmountState.OK,
        AmountState.OK,
        AmountState.OK,
        AmountState.INVALID,
        AmountState.EMPTY,
        AmountState.OK,
    ]


def test_zero_awarded_is_not_the_same_as_nothing_said() -> None:
    awarded = parse_cents(pa.array(["0", ""]))
    assert awarded.otherwise(parse_cents(pa.array(["5", "5"]))).values.tolist() == [0, 5]
