"""One spelling for every citizen number: ``bsn:#########`` or ``onr:#########``.

Every supplier of a round must reach the same bytes from the same child, whatever Excel did to
the number; the calibration of a round proves that they did.

Source: DESIGN 3.3; the elfproef: sum of (9 - i) * d_i for i = 0..7, minus d_8, modulo 11.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.errors import InputError

DIGITS = 9
PREFIX_BYTES = 4
NUMBER_BYTES = PREFIX_BYTES + DIGITS
BSN_RESIDUE = 0
EDUCATION_NUMBER_RESIDUE = 5
SENTINELS = frozenset({0, 999_999_999, 111_111_110, 123_456_782})
"""Numbers that systems write for *unknown*, *unborn* or *test*.

All children without a number would collapse into one child if these passed.
"""

_SEPARATORS = "[ .\u00a0-]"
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


class Reason(IntEnum):
    """Why a text is not a citizen number; ``OK`` when it is one."""

    OK = 0
    EMPTY = 1
    CHARACTERS = 2  # something else than digits and separators
    LENGTH = 3  # not 8 or 9 digits
    CHECKSUM = 4  # fails the elfproef, and is no onderwijsnummer
    SENTINEL = 5  # a number that stands for "unknown"


_EXPLANATIONS = {
    Reason.EMPTY: "expected a citizen number, got nothing",
    Reason.CHARACTERS: "expected only digits, spaces, dots and hyphens in a citizen number",
    Reason.LENGTH: "expected 8 or 9 digits in a citizen number, got another length",
    Reason.CHECKSUM: "expected a citizen number that passes the elfproef",
    Reason.SENTINEL: "expected a citizen number, got one that stands for an unknown person",
}


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised column, as long as its input.

    Attributes:
        numbers: ``bsn:`` or ``onr:`` and nine digits; null where refused.
        reasons: a ``Reason`` per row, uint8.
    """

    numbers: pa.StringArray = field(repr=False)
    reasons: npt.NDArray[np.uint8] = field(repr=False)


def normalise(raw: str) -> str:
    """The one spelling of ``raw``.

    Raises:
        InputError: ``number-empty``, ``number-characters``, ``number-length``,
            ``number-checksum`` or ``number-sentinel``; never with the value.
    """
    result = normalise_column(pa.array([raw], pa.string()))
    reason = Reason(int(result.reasons[0]))
    if reason is not Reason.OK:
        raise InputError(
            f"number-{reason.name.lower()}",
            _EXPLANATIONS[reason],
            hint="look the number up in the source system",
        )
    return str(result.numbers[0].as_py())


def normalise_column(column: pa.Array | pa.ChunkedArray) -> Normalised:
    """Normalise a column of texts; a null counts as empty."""
    texts = _without_separators(_one_array(column))
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    digits = pc.ascii_is_decimal(texts).to_numpy(zero_copy_only=False)
    reasons = np.full(len(texts), Reason.OK, np.uint8)
    reasons[(lengths != DIGITS) & (lengths != DIGITS - 1)] = Reason.LENGTH
    reasons[~digits] = Reason.CHARACTERS
    reasons[lengths == 0] = Reason.EMPTY
    # Excel shows 000000000 as 0.
    shorter = reasons == Reason.LENGTH
    if shorter.any():
        zeros = pc.match_substring_regex(texts, "^0{1,7}$").to_numpy(zero_copy_only=False)
        reasons[shorter & zeros] = Reason.SENTINEL
    candidate = reasons == Reason.OK
    matrix = _digit_matrix(texts, lengths, candidate)
    verdicts, education = _judge(matrix)
    reasons[candidate] = verdicts
    return Normalised(_spell(matrix, verdicts == Reason.OK, education, reasons), reasons)


def _one_array(column: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.fill_null("") if column.null_count else column


def _without_separators(texts: pa.StringArray) -> pa.StringArray:
    """Strip separators, on the rows that have other characters than digits only."""
    other = pc.invert(pc.ascii_is_decimal(texts))
    if not pc.any(other).as_py():
        return texts
    cleaned = pc.replace_substring_regex(texts.filter(other), _SEPARATORS, "")
    return pc.replace_with_mask(texts, other, cleaned)


def _digit_matrix(
    texts: pa.StringArray, lengths: npt.NDArray[np.int32], candidate: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """The candidates as ASCII digits, one row of nine per number, lost zeros put back."""
    if not candidate.all():
        texts = texts.filter(pa.array(candidate))
        lengths = lengths[candidate]
    if (lengths == DIGITS - 1).any():
        texts = pc.utf8_lpad(texts, DIGITS, "0")
    if not len(texts):
        return np.empty((0, DIGITS), np.uint8)
    _, _, data = texts.buffers()
    start = pc.sum(pc.binary_length(texts)).as_py()
    offset = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset]
    return np.frombuffer(data, np.uint8, count=start, offset=offset).reshape(-1, DIGITS)


def _judge(
    matrix: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """A reason per candidate, and which of them are an onderwijsnummer."""
    total = np.zeros(len(matrix), np.int16)
    value = np.zeros(len(matrix), np.int32)
    for position, weight in enumerate(_WEIGHTS):
        digit = matrix[:, position].astype(np.int16) - ord("0")
        total += weight * digit
        value = value * 10 + digit
    residue = total % 11
    starts_with_ten = value // 10_000_000 == 10
    education = (residue == EDUCATION_NUMBER_RESIDUE) & starts_with_ten
    reasons = np.full(len(matrix), Reason.CHECKSUM, np.uint8)
    reasons[(residue == BSN_RESIDUE) | education] = Reason.OK
    reasons[np.isin(value, sorted(SENTINELS))] = Reason.SENTINEL
    return reasons, education


def _spell(
    matrix: npt.NDArray[np.uint8],
    good: npt.NDArray[np.bool_],
    education: npt.NDArray[np.bool_],
    reasons: npt.NDArray[np.uint8],
) -> pa.StringArray:
    """Write prefix and digits into one Arrow array; refused rows become null."""
    width = PREFIX_BYTES + DIGITS
    spelled = np.empty((int(good.sum()), width), np.uint8)
    spelled[:, :PREFIX_BYTES] = np.frombuffer(b"bsn:", np.uint8)
    spelled[education[good], :PREFIX_BYTES] = np.frombuffer(b"onr:", np.uint8)
    spelled[:, PREFIX_BYTES:] = matrix[good]
    accepted = reasons == Reason.OK
    offsets = np.zeros(len(reasons) + 1, np.int32)
    np.cumsum(accepted, out=offsets[1:])
    offsets *= width
    return pa.StringArray.from_buffers(
        len(reasons),
        pa.py_buffer(offsets),
        pa.py_buffer(spelled),
        pa.py_buffer(np.packbits(accepted, bitorder="little")),
    )
