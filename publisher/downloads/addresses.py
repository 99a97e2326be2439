"""Where readers find releases, tables and downloads; pages and the API agree on it here."""

from __future__ import annotations

from urllib.parse import urlencode

from publisher.downloads.extract import EVERYTHING, Filters

API_ROOT = "/api/v1"


def release_address(release_id: str) -> str:
    """The API resource of a release."""
    return f"{API_ROOT}/releases/{release_id}"


def table_address(release_id: str, table_id: str) -> str:
    """The API resource of a table of a release."""
    return f"{release_address(release_id)}/tables/{table_id}"


def statement_address(release_id: str) -> str:
    """The signed statement of a release."""
    return f"{release_address(release_id)}/statement"


def download_address(
    release_id: str, table_id: str, format_id: str, filters: Filters = EVERYTHING
) -> str:
    """The file of a table in one format, whole or filtered."""
    query = urlencode(filters.given())
    address = f"{table_address(release_id, table_id)}/downloads/{format_id}"
    return f"{address}?{query}" if query else address


def release_download_address(release_id: str, format_id: str, filters: Filters = EVERYTHING) -> str:
    """The file with every table of a release, whole or of one area."""
    query = urlencode(filters.given())
    address = f"{release_address(release_id)}/downloads/{format_id}"
    return f"{address}?{query}" if query else address
