"""What identifies a row, as one number: citizen numbers and the texts of source systems.

Numbers take eight bytes where texts take eighty, so that all assignments of a municipality can be
held while its declarations stream by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.hashing.checking.rows import Coded
from shared.hashing.normalise import DIGITS, PREFIX_BYTES

Ints = npt.NDArray[np.int64]

NOBODY = 0
"""The person of a row without a usable number; no citizen number is 0."""
NO_KEY = int(np.iinfo(np.int64).min)
"""The key of an empty text."""
_EXACT = r"^\d{1,18}$"
_HASHED = -(1 << 62)


def person_codes(numbers: pa.StringArray) -> Ints:
    """Normalised numbers as integers: a BSN as itself, an onderwijsnummer below zero."""
    digits = pc.utf8_slice_codeunits(numbers, PREFIX_BYTES, PREFIX_BYTES + DIGITS)
    codes: Ints = digits.cast(pa.int64()).fill_null(NOBODY).to_numpy(zero_copy_only=False)
    education = pc.starts_with(numbers, "onr:").fill_null(False).to_numpy(zero_copy_only=False)
    return np.where(education, -codes, codes)


def numbers_of(codes: Ints) -> pa.StringArray:
    """The normalised numbers of persons, back from ``person_codes``."""
    digits = pc.utf8_lpad(pa.array(np.abs(codes)).cast(pa.string()), DIGITS, "0")
    prefixes = pc.if_else(pa.array(codes < 0), "onr:", "bsn:")
    return pc.binary_join_element_wise(prefixes, digits, "")


def text_codes(column: Coded) -> Ints:
    """One number per text, whatever its case and whatever zeros Excel dropped before it.

    Up to 18 digits are their own value. Another text becomes 62 bits of its hash: among a million
    texts the chance that two share one is below one in a million, and it then takes the same
    child besides for them to be mixed up.
    """
    texts = pc.utf8_ltrim(pc.utf8_upper(column.values), characters="0")
    exact = pc.match_substring_regex(texts, _EXACT)
    values: Ints = pc.if_else(exact, texts, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
    codes = values.copy()
    for index in np.flatnonzero(~exact.to_numpy(zero_copy_only=False)):
        codes[index] = _hash(texts[int(index)].as_py())
    return codes[column.indices]


def _hash(text: str) -> int:
    if not text:
        return NO_KEY
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return _HASHED + (int.from_bytes(digest, "big") >> 2)


def row_hashes(columns: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.uint64]:
    """64 mixed bits per row over all columns, to see which rows are the same.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed += column.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
