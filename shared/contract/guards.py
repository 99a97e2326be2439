"""Guards against raw identifiers in a delivery, whatever column they would hide in.

A pseudonym is 32 bytes that look random; a provider code is an AGB code. A citizen number that
was not hashed has to be text, digits, or small: each of these is refused.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.codes import NO_PROVIDER, PROVIDER_TYPES, Funding
from shared.contract.columns import WireSchema
from shared.errors import InputError

_PRINTABLE_SHARE = 0.9
_MIN_CODES = 50
_ELFPROEF_CHANCE = 1 / 11
_SCHOOL = r"^[0-9]{2}[A-Z]{2}[0-9]{2}$"
_PROVIDER = r"^[0-9]{8}$"


def check_no_raw_identifiers(table: pa.Table, schema: WireSchema) -> str:
    """Refuse what looks like a raw identifier.

    Returns:
        Why a person must look at the delivery first; empty when nobody needs to.

    Raises:
        InputError: ``raw-identifier``, ``code-malformed`` or ``provider-missing``, with the
            column's name only.
    """
    held_for = ""
    for column in schema.columns:
        if column.name == "pseudonym":
            _check_pseudonyms(table[column.name])
        elif column.name == "school":
            _check_pattern(table[column.name], column.name, _SCHOOL)
        elif column.name == "provider":
            _check_pattern(table[column.name], column.name, _PROVIDER)
            _check_lacking(table)
            held_for = _check_providers(table[column.name])
    return held_for


def _check_pseudonyms(values: pa.ChunkedArray) -> None:
    octets = _octets(values)
    if octets.size == 0:
        return
    printable = ((octets >= 0x20) & (octets < 0x7F)).mean(axis=1)
    zeros = (octets == 0).mean(axis=1)
    # 32 random bytes are 90 % printable with a chance below 1e-8, and half zeros never.
    if (printable >= _PRINTABLE_SHARE).any() or (zeros >= 0.5).any():
        raise InputError(
            "raw-identifier",
            "expected pseudonyms of 32 random bytes, found text, digits or padding",
            hint="nothing was stored; seal the source file with the hasher, never by hand",
        )


def _octets(values: pa.ChunkedArray) -> np.ndarray:
    width = values.type.byte_width
    joined = b"".join(_buffer(chunk) for chunk in values.chunks)
    return np.frombuffer(joined, np.uint8).reshape(-1, width)


def _buffer(chunk: pa.FixedSizeBinaryArray) -> bytes:
    width, data = chunk.type.byte_width, chunk.buffers()[1]
    start = chunk.offset * width
    return bytes(data[start : start + len(chunk) * width]) if data else b""


def _check_pattern(values: pa.ChunkedArray, name: str, pattern: str) -> None:
    octets = pc.unique(values).cast(pa.binary())
    try:
        text = octets.cast(pa.string())
        matches = pc.all(pc.match_substring_regex(text, pattern), min_count=0).as_py()
    except pa.ArrowInvalid:  # not UTF-8
        matches = False
    if not matches:
        raise InputError(
            "code-malformed",
            f"expected codes of the form {pattern} in column {name}, found others",
            hint="check the profile with which the file was read, and seal again",
        )


def _check_lacking(table: pa.Table) -> None:
    """Only care on a personal budget can be without a provider."""
    lacking = pc.equal(table["provider"].cast(pa.binary()), NO_PROVIDER.encode())
    in_kind = pc.not_equal(table["funding"], int(Funding.PERSONAL_BUDGET))
    if pc.any(pc.and_(lacking, in_kind), min_count=0).as_py():
        raise InputError(
            "provider-missing",
            "expected a provider code on every row that is no personal budget, found rows without",
            hint="check the profile with which the file was read, and seal again",
        )


def _check_providers(values: pa.ChunkedArray) -> str:
    found = pc.unique(values).cast(pa.binary()).cast(pa.string()).to_pylist()
    codes = [code for code in found if code != NO_PROVIDER]
    unlisted = sum(code[:2] not in PROVIDER_TYPES for code in codes)
    if unlisted:
        raise InputError(
            "raw-identifier",
            f"expected provider codes that start with a listed AGB type, found {unlisted} others",
            hint="nothing was stored; check which column was read as the provider",
        )
    passing = sum(_passes_elfproef(code) for code in codes)
    # Chance gives 1 in 11; far more means that the codes are citizen numbers.
    spread = 5 * (len(codes) * _ELFPROEF_CHANCE * (1 - _ELFPROEF_CHANCE)) ** 0.5
    if len(codes) >= _MIN_CODES and passing > len(codes) * _ELFPROEF_CHANCE + spread:
        return "too many provider codes look like citizen numbers"
    return ""


def _passes_elfproef(code: str) -> bool:
    digits = [int(char) for char in code.zfill(9)]
    return (sum((9 - i) * digits[i] for i in range(8)) - digits[8]) % 11 == 0
