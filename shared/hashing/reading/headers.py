"""Find the header row of a table and the columns that are wanted; the rest is never loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.hashing.checks import Check

SEARCHED_ROWS = 20
"""A title or a filter line may stand above the header row, but not a whole page."""
MAX_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns a file has, by field.

    Attributes:
        headers: per field the names that its column can have; the first is shown to users.
        required: the fields without which the file cannot be used.
        key: the field with the citizen number.
    """

    headers: Mapping[str, tuple[str, ...]]
    required: frozenset[str]
    key: str

    def shown(self, field: str) -> str:
        """The column name to show for ``field``."""
        return self.headers[field][0]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header row is, and where each field found its column.

    Attributes:
        index: records above the header row.
        positions: column position per field.
        double: a field whose column name occurs twice, or empty.
        width: number of columns.
    """

    index: int
    positions: Mapping[str, int]
    double: str
    width: int


def find_header(records: Sequence[Sequence[str]], layout: Layout) -> Header:
    """The first of the records with every required column, else the one with most columns."""
    found = [_match(index, cells, layout) for index, cells in enumerate(records[:SEARCHED_ROWS])]
    complete = [header for header in found if layout.required <= header.positions.keys()]
    if complete:
        return complete[0]
    return max(found, key=lambda header: (len(header.positions), -header.index))


def check_header(header: Header, layout: Layout) -> None:
    """Refuse a header row that cannot be used.

    Raises:
        FileError: ``columns-too-many``, ``columns-missing`` or ``columns-double``.
    """
    if header.width > MAX_COLUMNS:
        raise Check.COLUMNS_TOO_MANY.error()
    missing = sorted(layout.required - header.positions.keys())
    if missing:
        raise Check.COLUMNS_MISSING.error(", ".join(layout.shown(field) for field in missing))
    if header.double:
        raise Check.COLUMNS_DOUBLE.error(layout.shown(header.double))


def _match(index: int, cells: Sequence[str], layout: Layout) -> Header:
    places: dict[str, list[int]] = {}
    for position, cell in enumerate(cells):
        places.setdefault(plain(cell), []).append(position)
    positions: dict[str, int] = {}
    double = ""
    for field, names in layout.headers.items():
        name = next((name for name in names if plain(name) in places), None)
        if name is not None:
            positions[field] = places[plain(name)][0]
            if len(places[plain(name)]) > 1:
                double = field
    return Header(index, positions, double, len(cells))


def plain(name: str) -> str:
    """A column name without spaces around it and without capitals."""
    return name.strip().casefold()
