"""The formats on offer; a further format is a further line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from publisher.downloads.columnar import parquet, parquet_parts
from publisher.downloads.document import json_, json_parts
from publisher.downloads.extract import Extract
from publisher.downloads.package import data_package
from publisher.downloads.separated import (
    nl_csv,
    nl_csv_parts,
    rfc4180_csv,
    rfc4180_csv_parts,
)
from publisher.downloads.workbook import workbook, xlsx
from publisher.released import Release
from shared.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write an extract.

    Attributes:
        id: kebab-case name in addresses.
        label: what a reader picks it by.
        write: gives the same bytes for the same extract.
        pieces: gives these bytes piece by piece, or None where a file is only there as a whole.
    """

    id: str
    label: str
    media_type: str
    suffix: str
    write: Callable[[Extract], bytes]
    pieces: Callable[[Extract], Iterator[bytes]] | None = None

    def file_name(self, extract: Extract) -> str:
        """The name under which a browser saves the file."""
        return f"{extract.file_stem}{self.suffix}"


@dataclass(frozen=True, slots=True)
class ReleaseFormat:
    """A way to write every table of a release as one file.

    Attributes:
        write: gives the same bytes for the same release and extracts.
    """

    id: str
    label: str
    media_type: str
    suffix: str
    write: Callable[[Release, Sequence[Extract]], bytes]

    def file_name(self, extracts: Sequence[Extract]) -> str:
        """The name under which a browser saves the file."""
        return f"{extracts[0].release_stem}{self.suffix}"


AnyFormat = TypeVar("AnyFormat", Format, ReleaseFormat)

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PARQUET = "application/vnd.apache.parquet"

_CSV = "text/csv; charset=utf-8"
_CSV_HEADED = "text/csv; charset=utf-8; header=present"

FORMATS = (
    Format("nl-csv", "CSV voor Excel", _CSV, "_excel.csv", nl_csv, nl_csv_parts),
    Format("xlsx", "Excel", _XLSX, ".xlsx", xlsx),
    Format("csv", "CSV", _CSV_HEADED, ".csv", rfc4180_csv, rfc4180_csv_parts),
    Format("parquet", "Parquet", _PARQUET, ".parquet", parquet, parquet_parts),
    Format("json", "JSON", "application/json", ".json", json_, json_parts),
)
"""Formats of one table."""

RELEASE_FORMATS = (
    ReleaseFormat("xlsx", "Excel", _XLSX, ".xlsx", lambda _release, parts: workbook(parts)),
    ReleaseFormat("data-package", "Datapakket (zip)", "application/zip", ".zip", data_package),
)
"""Formats of all tables of a release together."""


def format_of(format_id: str) -> Format:
    """The format of a table with this id.

    Raises:
        NotFoundError: ``format-unknown``.
    """
    return _found(FORMATS, format_id)


def release_format_of(format_id: str) -> ReleaseFormat:
    """The format of a whole release with this id.

    Raises:
        NotFoundError: ``format-unknown``.
    """
    return _found(RELEASE_FORMATS, format_id)


def _found(offered: Sequence[AnyFormat], format_id: str) -> AnyFormat:
    for known in offered:
        if known.id == format_id:
            return known
    raise NotFoundError(
        "format-unknown",
        f"expected one of the download formats {', '.join(known.id for known in offered)}",
    )
