"""From the names in an address to a release and a table that may be shown."""

from __future__ import annotations

from publisher.released import Release, ReleasedTable, ReleaseReader
from shared.errors import GoneError, NotFoundError

LATEST = "latest"
SHOWN_STATES = frozenset({"published", "superseded"})
"""States in which a release's figures may be read; of any other only its description."""


def find_release(reader: ReleaseReader, release_id: str) -> Release:
    """The release with this id, whatever its state, or the latest for ``latest``.

    Raises:
        NotFoundError: ``release-none-yet`` or ``release-unknown``.
    """
    if release_id == LATEST:
        if (latest := reader.latest()) is not None:
            return latest
        raise NotFoundError(
            "release-none-yet",
            "expected a published release, found none yet",
            hint="come back after the first publication",
        )
    if (release := reader.find(release_id)) is not None:
        return release
    raise NotFoundError(
        "release-unknown",
        "expected the id of a release that was ever published, or latest",
        hint="the resource releases lists every id",
    )


def find_figures(reader: ReleaseReader, release_id: str) -> Release:
    """The release, if its figures may be read.

    Raises:
        NotFoundError: as ``find_release``.
        GoneError: ``release-gone``.
    """
    release = find_release(reader, release_id)
    if release.state not in SHOWN_STATES:
        raise GoneError(
            "release-gone",
            f"expected a release whose figures may be used, found one that is {release.state}",
            hint="use the latest release instead",
        )
    return release


def find_table(release: Release, table_id: str) -> ReleasedTable:
    """A table of a release.

    Raises:
        NotFoundError: ``table-unknown``.
    """
    if (table := release.table_by_id.get(table_id)) is not None:
        return table
    raise NotFoundError(
        "table-unknown",
        "expected the id of a table of this release",
        hint="the resource tables of the release lists every id",
    )
