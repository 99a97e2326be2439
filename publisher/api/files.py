"""Files of released tables: made when they are asked for, and kept while they are asked for."""

from __future__ import annotations

from publisher.api.lookup import find_figures, find_table
from publisher.downloads.areas import Area, ReferenceOf, area_of
from publisher.downloads.cache import Cache
from publisher.downloads.extract import Extract, Filters
from publisher.downloads.formats import Format, ReleaseFormat
from publisher.released import Release, ReleasedTable, ReleaseReader

_FILES_KEPT = 32
_RELEASE_FILES_KEPT = 4

File = tuple[bytes, str]


class Files:
    """Writes extracts and keeps those that were last asked for."""

    def __init__(self, reader: ReleaseReader, reference_of: ReferenceOf) -> None:
        self._reader = reader
        self._reference_of = reference_of
        self._kept: Cache[tuple[str, str, Filters, str], File] = Cache(_FILES_KEPT)
        self._whole: Cache[tuple[str, Filters, str], File] = Cache(_RELEASE_FILES_KEPT)

    def write(self, release_id: str, table_id: str, filters: Filters, format_: Format) -> File:
        """The bytes of a file of one table, and its name."""
        release = find_figures(self._reader, release_id)
        table = find_table(release, table_id)

        def make() -> File:
            extract = self._taken(release, table, filters)
            return format_.write(extract), format_.file_name(extract)

        return self._kept.get((release.sha256, table.id, filters, format_.id), make)

    def extract(self, release_id: str, table_id: str, filters: Filters) -> Extract:
        """The rows of a table that fit the filters."""
        release = find_figures(self._reader, release_id)
        return self._taken(release, find_table(release, table_id), filters)

    def _taken(self, release: Release, table: ReleasedTable, filters: Filters) -> Extract:
        return Extract.take(release.manifest, table, filters, self._area(release, filters))

    def write_release(self, release_id: str, filters: Filters, format_: ReleaseFormat) -> File:
        """The bytes of a file of every table of a release, and its name."""
        release = find_figures(self._reader, release_id)

        def make() -> File:
            area = self._area(release, filters)
            extracts = Extract.take_all(release, filters, area)
            return format_.write(release, extracts), format_.file_name(extracts)

        return self._whole.get((release.sha256, filters, format_.id), make)

    def _area(self, release: Release, filters: Filters) -> Area | None:
        if filters.area is None:
            return None
        return area_of(self._reference_of(release), filters.area)
