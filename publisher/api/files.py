"""Files of released tables: made when they are asked for, and kept while they are asked for.

A long table is not made as a whole and not kept: it goes to the reader piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from publisher.api.lookup import find_figures, find_table
from publisher.downloads.areas import Area, ReferenceOf, area_of
from publisher.downloads.cache import Cache
from publisher.downloads.extract import Extract, Filters
from publisher.downloads.formats import Format, ReleaseFormat
from publisher.released import Release, ReleasedTable, ReleaseReader
from shared import __version__

LONG_ROWS = 20_000
"""A file of more rows goes to the reader piece by piece."""
_FILES_KEPT = 32
_RELEASE_FILES_KEPT = 4


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file as its bytes."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class LongFile:
    """A file in pieces.

    Attributes:
        made_of: what its bytes follow from, all of it public; two files that differ, differ in it.
        pieces: makes it anew.
    """

    name: str
    made_of: str
    pieces: Callable[[], Iterator[bytes]]


File = WholeFile | LongFile


class Files:
    """Writes extracts and keeps those that were last asked for."""

    def __init__(self, reader: ReleaseReader, reference_of: ReferenceOf) -> None:
        self._reader = reader
        self._reference_of = reference_of
        self._kept: Cache[tuple[str, str, Filters, str], WholeFile] = Cache(_FILES_KEPT)
        self._whole: Cache[tuple[str, Filters, str], WholeFile] = Cache(_RELEASE_FILES_KEPT)

    def write(self, release_id: str, table_id: str, filters: Filters, format_: Format) -> File:
        """A file of one table."""
        release = find_figures(self._reader, release_id)
        table = find_table(release, table_id)
        if format_.pieces is not None and table.cells.num_rows > LONG_ROWS:
            extract = self._taken(release, table, filters)
            if extract.rows.num_rows > LONG_ROWS:
                made_of = (release.sha256, table.id, repr(filters), format_.id, __version__)
                pieces = partial(format_.pieces, extract)
                return LongFile(format_.file_name(extract), " ".join(made_of), pieces)

        def make() -> WholeFile:
            extract = self._taken(release, table, filters)
            return WholeFile(format_.file_name(extract), format_.write(extract))

        return self._kept.get((release.sha256, table.id, filters, format_.id), make)

    def extract(self, release_id: str, table_id: str, filters: Filters) -> Extract:
        """The rows of a table that fit the filters."""
        release = find_figures(self._reader, release_id)
        return self._taken(release, find_table(release, table_id), filters)

    def _taken(self, release: Release, table: ReleasedTable, filters: Filters) -> Extract:
        return Extract.take(release.manifest, table, filters, self._area(release, filters))

    def write_release(self, release_id: str, filters: Filters, format_: ReleaseFormat) -> WholeFile:
        """A file of every table of a release."""
        release = find_figures(self._reader, release_id)

        def make() -> WholeFile:
            area = self._area(release, filters)
            extracts = Extract.take_all(release, filters, area)
            return WholeFile(format_.file_name(extracts), format_.write(release, extracts))

        return self._whole.get((release.sha256, filters, format_.id), make)

    def _area(self, release: Release, filters: Filters) -> Area | None:
        if filters.area is None:
            return None
        return area_of(self._reference_of(release), filters.area)
