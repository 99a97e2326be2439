"""One released table arranged for looking things up: any cell, any unit, in no time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import pyarrow as pa

from publisher.released import Cell, CellStatus, ReleasedTable
from shared.reference import Level

_Key = tuple[str, str, int, str, str]


@dataclass(frozen=True)
class Shelf:
    """A released table by key. It selects released rows and makes none."""

    table: ReleasedTable

    @cached_property
    def _rows(self) -> dict[_Key, int]:
        names = ("level", "unit", "period", "category", "measure")
        columns = (self._columns[name] for name in names)
        return {key: row for row, key in enumerate(zip(*columns, strict=True))}

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {name: _shared(self.table.cells[name]) for name in self.table.cells.schema.names}

    def cell(
        self, level: Level, unit: str, period: int, category: str, measure: str
    ) -> Cell | None:
        """A released cell, or None where the table has none."""
        row = self._rows.get((level.value, unit, period, category, measure))
        if row is None:
            return None
        values = {name: column[row] for name, column in self._columns.items()}
        values |= {"level": level, "status": CellStatus(values["status"])}
        return Cell(**{field.name: values[field.name] for field in fields(Cell)})

    @cached_property
    def units(self) -> dict[Level, dict[str, str]]:
        """Every unit per level with its name, in the order of the release."""
        found: dict[Level, dict[str, str]] = {level: {} for level in Level}
        for level, unit, label in self._distinct("level", "unit", "unit_label"):
            found[Level(level)][unit] = label
        return {level: units for level, units in found.items() if units}

    @cached_property
    def measures(self) -> dict[Level, dict[str, str]]:
        """The measures per level with their names, in the order of the release."""
        found: dict[Level, dict[str, str]] = {}
        for level, measure, label in self._distinct("level", "measure", "measure_label"):
            found.setdefault(Level(level), {})[measure] = label
        return found

    @cached_property
    def categories(self) -> dict[str, str]:
        """The categories beside the total, with their names: numbers as numbers, then words.

        Two of one name, such as providers, have their codes in it; capitals make no other name.
        """
        pairs = self._distinct("category", "category_label")
        found = {code: label for code, label in pairs if code}
        often = Counter(label.casefold() for label in found.values())
        apart = {
            code: f"{label} ({code})" if often[label.casefold()] > 1 else label
            for code, label in found.items()
        }
        return dict(sorted(apart.items(), key=lambda item: _code_order(item[0])))

    def has(self, level: Level, unit: str, measure: str) -> bool:
        """Whether the table has cells of a measure about a unit, shown or not."""
        return (level, unit, measure) in self._places

    @cached_property
    def _places(self) -> frozenset[tuple[Level, str, str]]:
        found = self._distinct("level", "unit", "measure")
        return frozenset((Level(level), unit, measure) for level, unit, measure in found)

    def _distinct(self, *names: str) -> list[tuple[str, ...]]:
        columns = (self._columns[name] for name in names)
        return list(dict.fromkeys(zip(*columns, strict=True)))


def _code_order(code: str) -> tuple[bool, int, str]:
    return (not code.isdigit(), int(code) if code.isdigit() else 0, code)


def _shared(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column, each distinct text once in memory."""
    if not pa.types.is_string(column.type):
        found: list[Any] = column.to_pylist()
        return found
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    return [words[place] for place in encoded.indices.to_pylist()]
