"""The formats on offer; a further format is a further line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from publisher.downloads.document import json_
from publisher.downloads.extract import Extract
from publisher.downloads.separated import nl_csv, rfc4180_csv
from shared.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write an extract.

    Attributes:
        id: kebab-case name in addresses.
        label: what a reader picks it by.
        write: gives the same bytes for the same extract.
    """

    id: str
    label: str
    media_type: str
    suffix: str
    write: Callable[[Extract], bytes]

    def file_name(self, extract: Extract) -> str:
        """The name under which a browser saves the file."""
        return f"{extract.file_stem}{self.suffix}"


FORMATS = (
    Format("nl-csv", "CSV voor Excel", "text/csv; charset=utf-8", "_excel.csv", nl_csv),
    Format("csv", "CSV", "text/csv; charset=utf-8; header=present", ".csv", rfc4180_csv),
    Format("json", "JSON", "application/json", ".json", json_),
)


def format_of(format_id: str) -> Format:
    """The format with this id.

    Raises:
        NotFoundError: ``format-unknown``.
    """
    for known in FORMATS:
        if known.id == format_id:
            return known
    raise NotFoundError(
        "format-unknown",
        f"expected one of the download formats {', '.join(known.id for known in FORMATS)}",
    )
