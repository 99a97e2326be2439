"""Citizen numbers for invented people: only from 999000000 upward, which nobody is given."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
SENTINELS = ("000000000", "999999999", "111111110")


def _residues(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(first, last + 1, dtype=np.int64)
    total = np.zeros(len(numbers), dtype=np.int64)
    for position, weight in enumerate(_WEIGHTS):
        total += weight * (numbers // 10 ** (8 - position) % 10)
    return numbers, total % 11


def citizen_numbers(rng: np.random.Generator) -> Iterator[str]:
    """Every valid number in 999000000-999999999 once, in an order that the seed decides."""
    numbers, residues = _residues(999_000_000, 999_999_999)
    valid = numbers[residues == 0]
    return (str(number) for number in rng.permutation(valid).tolist())


def education_numbers(rng: np.random.Generator) -> Iterator[str]:
    """Onderwijsnummers in 109900000-109999999 (start 10, residue 5), each once."""
    numbers, residues = _residues(109_900_000, 109_999_999)
    valid = numbers[residues == 5]
    return (str(number) for number in rng.permutation(valid).tolist())


def broken(number: str) -> str:
    """The same number with another last digit, so that it fails the elfproef."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def with_separators(number: str, style: int) -> str:
    """The number as people type it: with dots or with spaces."""
    separator = "." if style % 2 else " "
    return separator.join((number[:4], number[4:6], number[6:]))
