"""Column types that read back exactly what was written, on every database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, Enum, String
from sqlalchemy.types import TypeDecorator

from shared.clock import instant, parse_instant


class Instant(TypeDecorator[datetime]):
    """A UTC instant, kept as text to the second: sorts by time, and never loses its zone."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write."""
        return None if value is None else instant(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read."""
        return None if value is None else parse_instant(value)


def one_of(values: type[StrEnum]) -> Enum:
    """A column that holds one of an enum's values, as text."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
