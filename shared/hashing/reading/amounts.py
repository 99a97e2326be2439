"""Read amounts and volumes: decimal comma, thousands point, euros or eurocents.

``1.234,50`` and ``1234.5`` are the same; ``1.234`` is one thousand two hundred thirty-four.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_NOISE = "[\\s\u00a0€]"
_WHOLE = r"(?P<whole>\d{1,3}(?:\.\d{3}){1,3}|\d{1,12})"
_DUTCH = rf"^(?P<minus>-?){_WHOLE}(?:,(?P<part>\d*))?(?P<after>-?)$"
# A point followed by exactly three digits groups thousands; any other point is a decimal point.
_POINT = r"^(?P<minus>-?)(?P<whole>\d{1,12})\.(?P<part>\d{1,2}|\d{4,})(?P<after>-?)$"


class AmountState(IntEnum):
    """What became of a text."""

    OK = 0
    EMPTY = 1
    INVALID = 2


@dataclass(frozen=True, slots=True)
class Amounts:
    """Parsed numbers: hundredths or cents (0 where none), and an ``AmountState``."""

    values: npt.NDArray[np.int64]
    states: npt.NDArray[np.uint8]

    def is_state(self, state: AmountState) -> npt.NDArray[np.bool_]:
        """Rows in ``state``."""
        found: npt.NDArray[np.bool_] = self.states == state
        return found

    def take(self, indices: npt.NDArray[np.int32]) -> Amounts:
        """The amounts at ``indices``."""
        return Amounts(self.values[indices], self.states[indices])

    def otherwise(self, other: Amounts) -> Amounts:
        """These amounts, and where one is empty that of ``other``."""
        empty = self.is_state(AmountState.EMPTY)
        return Amounts(
            np.where(empty, other.values, self.values), np.where(empty, other.states, self.states)
        )


def parse_hundredths(texts: pa.StringArray) -> Amounts:
    """Read decimal numbers as hundredths, half a hundredth away from zero: euros as cents."""
    cleaned = pc.replace_substring_regex(texts, _NOISE, "")
    values = np.zeros(len(texts), np.int64)
    states = np.full(len(texts), AmountState.INVALID, np.uint8)
    states[pc.equal(cleaned, "").to_numpy(zero_copy_only=False)] = AmountState.EMPTY
    for pattern in (_DUTCH, _POINT):
        found = pc.extract_regex(cleaned, pattern)
        rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        values[rows] = _value(found.drop_null())
        states[rows] = AmountState.OK
    return Amounts(values, states)


def parse_cents(texts: pa.StringArray) -> Amounts:
    """Read whole eurocents; a fraction of a cent means that the column holds something else."""
    hundredths = parse_hundredths(texts)
    fraction = hundredths.values % 100 != 0
    states = np.where(fraction, AmountState.INVALID, hundredths.states).astype(np.uint8)
    return Amounts(np.where(fraction, 0, hundredths.values // 100), states)


def _value(parts: pa.StructArray) -> npt.NDArray[np.int64]:
    whole = pc.replace_substring(pc.struct_field(parts, "whole"), ".", "")
    thousandths = pc.utf8_slice_codeunits(
        pc.utf8_rpad(pc.struct_field(parts, "part"), 3, "0"), 0, 3
    )
    size = whole.cast(pa.int64()).to_numpy() * 1000 + thousandths.cast(pa.int64()).to_numpy()
    signs = pc.binary_join_element_wise(
        pc.struct_field(parts, "minus"), pc.struct_field(parts, "after"), ""
    )
    negative = pc.equal(signs, "").to_numpy(zero_copy_only=False) == np.False_
    size = (size + 5) // 10
    signed: npt.NDArray[np.int64] = np.where(negative, -size, size)
    return signed
