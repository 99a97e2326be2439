"""Fixed-width columns of a delivery: exact types, declared ranges, closed code lists.

No delivery has a string column, a date, a postcode, a name or free text. Every integer has a
range that cannot hold nine digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

NINE_DIGITS = 100_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a wire schema.

    Attributes:
        type: exact Arrow type; nothing is nullable.
        low: smallest value allowed, for integers.
        high: largest value allowed, for integers.
        codes: the only values allowed, where the column is a code.
        label: what it is, in Dutch, as in the DPIA.
    """

    name: str
    type: pa.DataType
    label: str
    low: int | None = None
    high: int | None = None
    codes: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if pa.types.is_integer(self.type):
            if self.low is None or self.high is None:
                raise RuntimeError(f"{self.name}: an integer column declares its range")
            if max(abs(self.low), abs(self.high)) >= NINE_DIGITS:
                raise RuntimeError(f"{self.name}: the range could hold a citizen number")
        elif not (pa.types.is_boolean(self.type) or pa.types.is_fixed_size_binary(self.type)):
            raise RuntimeError(f"{self.name}: only integers, booleans and fixed-width bytes")

    @property
    def field(self) -> pa.Field:
        """The Arrow field."""
        return pa.field(self.name, self.type, nullable=False)


def integer(name: str, type_: pa.DataType, label: str, low: int, high: int) -> Column:
    """A column of integers from ``low`` to ``high``, both allowed."""
    return Column(name, type_, label, low, high)


def code(name: str, label: str, codes: Iterable[IntEnum]) -> Column:
    """A column of codes from a closed list."""
    values = frozenset(int(value) for value in codes)
    return Column(name, pa.uint8(), label, min(values), max(values), values)


def flag(name: str, label: str) -> Column:
    """A yes or no."""
    return Column(name, pa.bool_(), label)


def octets(name: str, width: int, label: str) -> Column:
    """Exactly ``width`` bytes."""
    return Column(name, pa.binary(width), label)


@dataclass(frozen=True, slots=True)
class WireSchema:
    """A named list of columns; what a delivery must be, exactly."""

    name: str
    columns: tuple[Column, ...]

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema: order, names, types and nullability all count."""
        return pa.schema([column.field for column in self.columns])

    def column(self, name: str) -> Column:
        """The column called ``name``."""
        return next(column for column in self.columns if column.name == name)
