"""Normalisation of citizen numbers, against python-stdnum where both say anything."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from stdnum.nl import bsn, onderwijsnummer

from shared.errors import InputError
from shared.hashing.normalise import SENTINELS, Reason, normalise, normalise_column


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("999000007", "bsn:999000007"),
        ("9990.00.019", "bsn:999000019"),
        (" 999-000-020 ", "bsn:999000020"),
        ("999\u00a0000\u00a0032", "bsn:999000032"),
        ("00000012", "bsn:000000012"),
        ("109900012", "onr:109900012"),
        ("1099.00.024", "onr:109900024"),
    ],
)
def test_every_way_of_writing_gives_one_spelling(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "number-empty"),
        (" .- ", "number-empty"),
        ("99900000A", "number-characters"),
        ("9,99E+08", "number-characters"),
        ("٩٩٩٠٠٠٠٠٧", "number-characters"),
        ("999000007\n", "number-characters"),
        ("9990000", "number-length"),
        ("9990000070", "number-length"),
        ("999000008", "number-checksum"),
        ("209900005", "number-checksum"),
        ("000000000", "number-sentinel"),
        ("00000000", "number-sentinel"),
        ("999999999", "number-sentinel"),
        ("111111110", "number-sentinel"),
        ("1234.56.782", "number-sentinel"),
    ],
)
def test_what_is_no_number_is_refused_without_its_value(raw: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        normalise(raw)
    assert caught.value.code == code
    digits = "".join(mark for mark in raw if mark.isdigit())
    assert not digits or digits not in f"{caught.value} {caught.value.hint}"


def test_agrees_with_stdnum_on_numbers_around_every_boundary() -> None:
    starts = (1, 9_999_950, 99_999_950, 100_000_000, 108_999_950, 109_999_950, 999_000_000)
    numbers = [value for start in starts for value in range(start, start + 400)]
    raws = [f"{value:09d}" for value in numbers if value not in SENTINELS]
    found = normalise_column(pa.array(raws)).numbers.to_pylist()
    for raw, ours in zip(raws, found, strict=True):
        if bsn.is_valid(raw):
            assert ours == f"bsn:{bsn.validate(raw)}"
        elif onderwijsnummer.is_valid(raw):
            assert ours == f"onr:{onderwijsnummer.validate(raw)}"
        else:
            assert ours is None
    assert sum(number is not None for number in found) > 200


def test_nulls_slices_chunks_and_nothing_at_all() -> None:
    column = pa.chunked_array([["x", "999000007", None], ["", "00000012"]]).slice(1)
    result = normalise_column(column)
    assert result.numbers.to_pylist() == ["bsn:999000007", None, None, "bsn:000000012"]
    assert result.reasons.tolist() == [Reason.OK, Reason.EMPTY, Reason.EMPTY, Reason.OK]
    sliced = normalise_column(pa.array(["999000007", "999000019", "999000020"]).slice(1, 1))
    assert sliced.numbers.to_pylist() == ["bsn:999000019"]
    assert len(normalise_column(pa.array([], pa.string())).numbers) == 0


def test_one_in_eleven_numbers_passes() -> None:
    raws = pa.array([f"{value:09d}" for value in range(999_000_000, 999_011_000)])
    assert np.sum(normalise_column(raws).reasons == Reason.OK) == 1_000
