"""Extracts of the awkward release, and a reading back of XLSX by its own parts."""

from __future__ import annotations

import io
import zipfile

from python_calamine import CalamineWorkbook

from publisher.downloads.areas import area_of
from publisher.downloads.extract import EVERYTHING, Extract, Filters
from publisher.released import Release
from tests.support.releases import make_release, reference

TABLE = "pupils_and_clients"


def extract(filters: Filters = EVERYTHING, *, release: Release | None = None) -> Extract:
    """Rows of the main table of a release."""
    release = release or make_release()
    area = area_of(reference(), filters.area) if filters.area else None
    return Extract.take(release.manifest, release.table_by_id[TABLE], filters, area)


def sheet_rows(data: bytes, sheet: str) -> list[dict[str, object]]:
    """The rows of a sheet by its header, as calamine reads it; an empty cell is an empty text."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(sheet).to_python()
    header = [str(name) for name in rows[0]]
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def parts_of(data: bytes) -> dict[str, bytes]:
    """Every part of a zip file by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
