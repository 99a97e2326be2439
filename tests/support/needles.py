"""Looks for planted identifiers in any bytes: raw, hexadecimal and base64.

The needles are every citizen number of the region, and every pseudonym that the suppliers made.
Small tests of this module plant each kind, so that a scan that finds nothing means something.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

_WORDS = re.compile(rb"[0-9A-Za-z+/_-]{8,}={0,2}")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z])[0-9]{9}(?![0-9A-Za-z])")
_PUNCTUATED = re.compile(rb"(?<![0-9A-Za-z])[0-9]{3,4}[. -][0-9]{2,3}[. -][0-9]{3}(?![0-9A-Za-z])")
_HEX = re.compile(rb"(?=([0-9A-Fa-f]{64}))")
_HEX_DIGITS = re.compile(rb"(?=((?:3[0-9]){9}))")
_HEAD = 8


@dataclass(frozen=True)
class Needles:
    """What must not be found."""

    numbers: frozenset[bytes]
    pseudonyms: frozenset[bytes]

    @classmethod
    def of(cls, numbers: Iterable[str], pseudonyms: Iterable[bytes]) -> Needles:
        return cls(frozenset(number.encode() for number in numbers), frozenset(pseudonyms))

    @cached_property
    def _encoded(self) -> frozenset[bytes]:
        return frozenset(base64.b64encode(number).rstrip(b"=") for number in self.numbers)

    @cached_property
    def _heads(self) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        heads = b"".join(pseudonym[:_HEAD] for pseudonym in self.pseudonyms)
        return np.sort(np.frombuffer(heads, dtype=np.uint64))

    def found_in(self, data: bytes) -> list[str]:
        """The kinds of needle that stand in ``data``; never the needle itself."""
        return sorted({*self._numbers(data), *self._pseudonyms(data)})

    def _numbers(self, data: bytes) -> Iterator[str]:
        if any(match.group() in self.numbers for match in _NUMBER.finditer(data)):
            yield "number raw"
        for match in _PUNCTUATED.finditer(data):
            if re.sub(rb"[. -]", b"", match.group()) in self.numbers:
                yield "number punctuated"
        for match in _HEX_DIGITS.finditer(data):
            if bytes.fromhex(match.group(1).decode()) in self.numbers:
                yield "number hex"
        if any(match.group().rstrip(b"=") in self._encoded for match in _WORDS.finditer(data)):
            yield "number base64"

    def _pseudonyms(self, data: bytes) -> Iterator[str]:
        if self._raw(data):
            yield "pseudonym raw"
        if any(bytes.fromhex(m.group(1).decode()) in self.pseudonyms for m in _HEX.finditer(data)):
            yield "pseudonym hex"
        for match in _WORDS.finditer(data):
            word = match.group().rstrip(b"=")
            if len(word) == 43 and self._decoded(word) in self.pseudonyms:
                yield "pseudonym base64"

    @staticmethod
    def _decoded(word: bytes) -> bytes:
        return base64.b64decode(word.replace(b"-", b"+").replace(b"_", b"/") + b"=")

    def _raw(self, data: bytes) -> bool:
        """Whether eight bytes that begin a pseudonym stand anywhere, then the whole of it."""
        if len(data) < _HEAD or not self.pseudonyms:
            return False
        heads = self._heads
        for start in range(0, len(data), 1 << 20):
            chunk = np.frombuffer(data[start : start + (1 << 20) + 31], dtype=np.uint8)
            if len(chunk) < _HEAD:
                continue
            windows = np.lib.stride_tricks.sliding_window_view(chunk, _HEAD)
            values = np.ascontiguousarray(windows).view(np.uint64).ravel()
            places = np.searchsorted(heads, values)
            hits = np.flatnonzero(heads[np.minimum(places, len(heads) - 1)] == values)
            if any(data[start + hit : start + hit + 32] in self.pseudonyms for hit in hits):
                return True
        return False


def scan(folder: Path, needles: Needles, *, outside: Iterable[Path]) -> tuple[int, list[str]]:
    """Scan every file below ``folder`` that is not in one of ``outside``.

    Returns:
        The number of files scanned, and ``path: kind`` per finding.
    """
    own = [path.resolve() for path in outside]
    findings, scanned = [], 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(path.resolve().is_relative_to(each) for each in own):
            continue
        scanned += 1
        kinds = needles.found_in(path.read_bytes()) + needles.found_in(path.name.encode())
        findings += [f"{path.relative_to(folder)}: {kind}" for kind in kinds]
    return scanned, findings
