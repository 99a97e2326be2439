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
        ("0", "number-sentinel"),
        ("0000000", "number-sentinel"),
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


def by_stdnum(raw: str) -> str | None:
    """What the peer library makes of a text."""
    if bsn.is_valid(raw):
        return f"bsn:{bsn.validate(raw)}"
    if onderwijsnummer.is_valid(raw):
        return f"onr:{onderwijsnummer.validate(raw)}"
    return None


def test_agrees_with_stdnum_in_every_class_of_nine_digits() -> None:
    """Every first two digits, at the start, middle and end of their range, in every residue."""
    starts = [prefix * 10**7 + k for prefix in range(100) for k in (0, 4_999_990, 9_999_978)]
    numbers = [value for start in starts for value in range(start, start + 22)]
    raws = [f"{value:09d}" for value in numbers if value not in SENTINELS]
    found = normalise_column(pa.array(raws)).numbers.to_pylist()
    assert found == [by_stdnum(raw) for raw in raws]
    kinds = {(raw[:2], (ours or "none")[:3]) for raw, ours in zip(raws, found, strict=True)}
    assert {kind for prefix, kind in kinds if prefix == "10"} == {"bsn", "onr", "non"}
    assert all((f"{prefix:02d}", "bsn") in kinds for prefix in range(100))


@pytest.mark.parametrize("form", ["{0}.{1}.{2}", "{0} {1} {2}", "{0}-{1}-{2}", " {0}{1}{2} "])
def test_agrees_with_stdnum_on_separators_and_lost_zeros(form: str) -> None:
    texts = [f"{value:09d}" for value in range(999_000_000, 999_000_220)]
    texts += [f"{value:08d}" for value in range(12, 232)]  # numbers this low were never issued
    raws = [form.format(text[:-5], text[-5:-3], text[-3:]) for text in texts]
    found = normalise_column(pa.array(raws)).numbers.to_pylist()
    assert found == [by_stdnum(raw) for raw in raws]
    assert sum(number is not None for number in found) == 40


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
