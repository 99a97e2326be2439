"""SPEC and CELLS of standalone use (PROTECTION section 8): read strictly, or refused.

Only what the specification names is read; other columns of CELLS are left alone. No message
holds a value of a cell.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.protection.rules import Rules
from shared.errors import InputError, ProtectionError

UNIT_LEVEL = "unit"
ALL_LEVEL = "all"
TOTAL = ""
"""Category of the total over a breakdown."""

_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
_KEYS = frozenset({"value", "unit", "levels", "breakdown", "overlap", "denominator", "rules"})
_RULES = frozenset(
    {"threshold", "zeros", "slide", "direction", "union", "group", "rate_min", "fallback"}
)


@dataclass(frozen=True, slots=True)
class Spec:
    """What the columns of CELLS mean, and the rules.

    Attributes:
        levels: per level the columns whose combinations are its units; ``()`` is all together.
    """

    value: str
    unit: str
    levels: tuple[tuple[str, ...], ...]
    breakdown: str
    overlap: bool
    denominator: str
    rules: Rules

    @property
    def level_columns(self) -> tuple[str, ...]:
        """Every column that a level uses, in order of first use."""
        return tuple(dict.fromkeys(column for level in self.levels for column in level))


@dataclass(frozen=True, slots=True)
class Cells:
    """The innermost cells: a complete grid of units by categories.

    Attributes:
        units: sorted.
        categories: sorted; empty where there is no breakdown.
        counts: by unit and category, and by unit and ``TOTAL``.
        places: per unit its value of every level column.
        denominators: per unit; empty where the specification names none.
    """

    units: tuple[str, ...]
    categories: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
    places: Mapping[str, tuple[str, ...]]
    denominators: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LevelUnit:
    """One unit of a level, with the innermost units that it is made of.

    Attributes:
        level: name as it stands in OUT.
        key: its values of the level's columns.
        columns: those columns.
    """

    level: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    members: frozenset[str]


def read_spec(data: bytes) -> Spec:
    """Read SPEC.

    Raises:
        InputError: ``spec-invalid`` for anything that section 8 does not name.
    """
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _spec_error("expected TOML in UTF-8") from error
    _refuse_unknown(raw, _KEYS, "key")
    text = {name: raw.get(name, "") for name in ("value", "unit", "breakdown", "denominator")}
    for name, column in text.items():
        if not isinstance(column, str) or (name in ("value", "unit") and not column):
            raise _spec_error(f"{name}: expected the name of a column")
    overlap = raw.get("overlap", False)
    if not isinstance(overlap, bool) or (overlap and not text["breakdown"]):
        raise _spec_error("overlap: expected true or false, and true only with a breakdown")
    named = [column for column in text.values() if column]
    levels = _levels(raw.get("levels", []), named)
    if len(set(named)) != len(named):
        raise _spec_error("expected a column of its own for value, unit, breakdown, denominator")
    return Spec(
        text["value"], text["unit"], levels, text["breakdown"], overlap,
        text["denominator"], _rules(raw.get("rules", {})),
    )  # fmt: skip


def _levels(raw: Any, named: list[str]) -> tuple[tuple[str, ...], ...]:
    if not isinstance(raw, list) or not all(
        isinstance(level, list) and all(isinstance(column, str) and column for column in level)
        for level in raw
    ):
        raise _spec_error("levels: expected a list of lists of columns")
    levels = tuple(tuple(level) for level in raw)
    if len({frozenset(level) for level in levels}) != len(levels):
        raise _spec_error("levels: the same level stands there twice")
    for level in levels:
        if len(set(level)) != len(level) or set(level) & set(named):
            raise _spec_error("levels: expected other columns than those named elsewhere")
    return levels


def _rules(raw: Any) -> Rules:
    if not isinstance(raw, dict):
        raise _spec_error("rules: expected a table")
    _refuse_unknown(raw, _RULES, "rule")
    if raw.get("zeros") == "parent":
        raise _spec_error("rule zeros: expected publish or protect")
    chosen: dict[str, Any] = {
        "threshold": 5, "zeros": "publish", "slide": 1, "direction": "either", "union": False,
        "group": False, "rate_min": 0, "fallback": False,
    }  # fmt: skip
    chosen |= raw
    try:
        return Rules(**chosen, split_threshold=chosen["threshold"], split_slide=chosen["slide"])
    except ProtectionError as error:
        raise _spec_error(error.message) from error


def _refuse_unknown(raw: dict[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise _spec_error(f"unknown {what} {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _spec_error(message: str) -> InputError:
    return InputError("spec-invalid", message, hint="docs/protection.md describes SPEC")


def read_cells(data: bytes, spec: Spec) -> Cells:
    """Read CELLS and complete its grid with zeros.

    Raises:
        InputError: ``cells-invalid``, ``cells-duplicate``, ``cells-value``, ``cells-level``,
            ``cells-total`` or ``cells-denominator``.
    """
    rows = _rows(data, spec)
    counts: dict[tuple[str, str], int] = {}
    row_of: dict[tuple[str, str], int] = {}
    places: dict[str, tuple[str, ...]] = {}
    denominators: dict[str, int] = {}
    for number, row in rows:
        unit, category = row[spec.unit], row[spec.breakdown] if spec.breakdown else TOTAL
        if not unit:
            raise InputError("cells-invalid", f"row {number}: expected a unit, got an empty field")
        if (unit, category) in counts:
            raise InputError("cells-duplicate", f"row {number}: the cell stands there twice")
        counts[unit, category] = _whole(row[spec.value], number, "value")
        row_of[unit, category] = number
        _check_place(row, number, spec, places)
        if spec.denominator:
            denominator = _whole(row[spec.denominator], number, "denominator")
            if denominators.setdefault(unit, denominator) != denominator:
                raise InputError(
                    "cells-denominator", f"row {number}: differs from the unit's other rows"
                )
    units = tuple(sorted(places))
    categories = tuple(sorted({category for _, category in counts} - {TOTAL}))
    _check_totals(counts, row_of, units, spec)
    return Cells(
        units, categories, _complete(counts, units, categories, spec), places, denominators
    )


def _check_place(
    row: Mapping[str, str], number: int, spec: Spec, places: dict[str, tuple[str, ...]]
) -> None:
    """Every level column is filled, and says the same in every row of a unit."""
    place = tuple(row[column] for column in spec.level_columns)
    known = places.setdefault(row[spec.unit], place)
    for column, value, before in zip(spec.level_columns, place, known, strict=True):
        if not value:
            raise InputError("cells-level", f"row {number}: expected a value in column {column!r}")
        if value != before:
            raise InputError(
                "cells-level",
                f"row {number}: column {column!r} differs from the unit's other rows",
                hint="a unit stands in one unit of every level; give a moved unit two names",
            )


def _check_totals(
    counts: Mapping[tuple[str, str], int],
    row_of: Mapping[tuple[str, str], int],
    units: Sequence[str],
    spec: Spec,
) -> None:
    """Totals stand there exactly where categories overlap, within the bounds of their parts."""
    if not spec.breakdown:
        return
    parts: dict[str, list[int]] = {unit: [] for unit in units}
    first: dict[str, int] = {}
    for (unit, _), number in row_of.items():
        first.setdefault(unit, number)
    for (unit, category), count in counts.items():
        if category != TOTAL:
            parts[unit].append(count)
    for unit in units:
        total_at = row_of.get((unit, TOTAL))
        if not spec.overlap and total_at is not None:
            raise _total_error(total_at, "a total is not expected where categories add up")
        if spec.overlap and total_at is None:
            raise _total_error(first[unit], "its unit has no total row (with an empty breakdown)")
        of_unit = parts[unit] or [0]
        if spec.overlap and total_at is not None:
            if counts[unit, TOTAL] < max(of_unit):
                raise _total_error(total_at, "a category exceeds this total")
            if counts[unit, TOTAL] > sum(of_unit):
                raise _total_error(total_at, "this total exceeds the sum of its categories")


def _total_error(number: int, what: str) -> InputError:
    return InputError(
        "cells-total",
        f"row {number}: {what}",
        hint="docs/protection.md says when a file of counts has totals",
    )


def _rows(data: bytes, spec: Spec) -> list[tuple[int, dict[str, str]]]:
    try:
        table = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("cells-invalid", "expected CSV in UTF-8 with commas") from error
    header = table[0] if table else []
    wanted = [
        column
        for column in (spec.unit, spec.breakdown, spec.value, spec.denominator, *spec.level_columns)
        if column
    ]
    missing = [column for column in wanted if header.count(column) != 1]
    if missing:
        raise InputError("cells-invalid", f"expected one column {missing[0]!r} in the header")
    rows = []
    for number, fields in enumerate(table[1:], start=2):
        if len(fields) != len(header):
            raise InputError(
                "cells-invalid",
                f"row {number}: expected {len(header)} fields, got {len(fields)}",
            )
        rows.append((number, dict(zip(header, fields, strict=True))))
    return rows


def _whole(text: str, number: int, column: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise InputError(
            "cells-value", f"row {number}: expected a whole number of 0 or more as {column}"
        )
    return int(text)


def _complete(
    counts: dict[tuple[str, str], int],
    units: tuple[str, ...],
    categories: tuple[str, ...],
    spec: Spec,
) -> dict[tuple[str, str], int]:
    """The whole grid with a total per unit: given where categories overlap, else their sum."""
    grid = {}
    for unit in units:
        parts = [counts.get((unit, category), 0) for category in categories]
        grid.update({(unit, c): part for c, part in zip(categories, parts, strict=True)})
        adds_up = bool(spec.breakdown) and not spec.overlap
        grid[unit, TOTAL] = sum(parts) if adds_up else counts[unit, TOTAL]
    return grid


def level_units(spec: Spec, cells: Cells) -> tuple[LevelUnit, ...]:
    """Every unit of every level: innermost first, then the levels of SPEC, sorted by key."""
    units = [
        LevelUnit(UNIT_LEVEL, (unit,), (spec.unit,), frozenset({unit})) for unit in cells.units
    ]
    at = {column: place for place, column in enumerate(spec.level_columns)}
    for level in spec.levels:
        members: dict[tuple[str, ...], set[str]] = {}
        for unit in cells.units:
            key = tuple(cells.places[unit][at[column]] for column in level)
            members.setdefault(key, set()).add(unit)
        name = "*".join(level) if level else ALL_LEVEL
        units.extend(
            LevelUnit(name, key, level, frozenset(members[key])) for key in sorted(members)
        )
    return tuple(units)
