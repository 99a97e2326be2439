"""The resources of ``/api/v1``: each parses, looks up and answers; no rule lives here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from publisher.api.answers import JSON, answer, answer_document
from publisher.api.documents import ReleaseDetail, ReleaseList, ReleaseSummary, TableList
from publisher.api.lookup import find_figures, find_release, find_table
from publisher.api.openapi import EXAMPLE_CONTACT, Contact, openapi_document, problems, success
from publisher.api.queries import refuse_unknown_keys, table_filters
from publisher.api.tables import TableDocument
from publisher.api.versioning import VersionedRoute
from publisher.downloads.addresses import API_ROOT
from publisher.downloads.cache import Cache
from publisher.downloads.extract import Extract, Filters
from publisher.downloads.formats import FORMATS, Format, format_of
from publisher.released import ReleaseReader

_INVALID = "The request is not valid; the problem says where, never what stood there."
_RELEASE_UNKNOWN = "The release is not known."
_UNKNOWN = "The release, the table, the format or a row that fits the filters is not known."
_GONE = "The release was withdrawn or has expired."
_FILES_KEPT = 32

TableFilters = Annotated[Filters, Depends(table_filters)]


class Files:
    """Writes extracts and keeps those that were last asked for."""

    def __init__(self, reader: ReleaseReader) -> None:
        self._reader = reader
        self._kept: Cache[tuple[str, str, Filters, str], tuple[bytes, str]] = Cache(_FILES_KEPT)

    def write(
        self, release_id: str, table_id: str, filters: Filters, format_: Format
    ) -> tuple[bytes, str]:
        """The bytes of a file and its name."""
        release = find_figures(self._reader, release_id)
        table = find_table(release, table_id)

        def make() -> tuple[bytes, str]:
            extract = Extract.take(release.manifest, table, filters)
            return format_.write(extract), format_.file_name(extract)

        return self._kept.get((release.sha256, table.id, filters, format_.id), make)


def api_router(reader: ReleaseReader, contact: Contact = EXAMPLE_CONTACT) -> APIRouter:
    """Every resource of the API, under ``/api/v1``."""
    releases = _release_router(reader)
    tables = _table_router(Files(reader))
    router = APIRouter(prefix=API_ROOT)
    router.include_router(releases)
    router.include_router(tables)
    router.include_router(_description_router((releases, tables), contact))
    return router


def _new_router(tag: str) -> APIRouter:
    return APIRouter(
        route_class=VersionedRoute,
        dependencies=[Depends(refuse_unknown_keys)],
        responses=problems(_400=_INVALID),
        tags=[tag],
    )


def _release_router(reader: ReleaseReader) -> APIRouter:
    router = _new_router("releases")

    @router.get("/releases", response_model=ReleaseList, responses=success("Every release."))
    def list_releases(request: Request) -> Response:
        """Every release that was ever published, newest first."""
        found = tuple(ReleaseSummary.of(release) for release in reader.list())
        return answer_document(request, ReleaseList(releases=found))

    @router.get(
        "/releases/{releaseId}",
        response_model=ReleaseDetail,
        responses=success("The release.") | problems(_404=_RELEASE_UNKNOWN),
    )
    def get_release(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """A release in full, whatever its state; `latest` is the one shown by default."""
        return answer_document(request, ReleaseDetail.of(find_release(reader, releaseId)))

    @router.get(
        "/releases/{releaseId}/statement",
        response_class=Response,
        responses=success("The signed statement.", {JSON: {"schema": {"type": "object"}}})
        | problems(_404=_RELEASE_UNKNOWN),
    )
    def get_statement(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """The signed statement of a release, byte for byte."""
        release = find_release(reader, releaseId)
        name = f"{release.manifest.release_id}_statement.json"
        return answer(request, release.statement, file_name=name)

    @router.get(
        "/releases/{releaseId}/tables",
        response_model=TableList,
        responses=success("The tables.") | problems(_404=_RELEASE_UNKNOWN, _410=_GONE),
    )
    def list_tables(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """The tables of a release, with their downloads."""
        return answer_document(request, TableList.of(find_figures(reader, releaseId)))

    return router


def _table_router(files: Files) -> APIRouter:
    router = _new_router("tables")
    as_document = format_of("json")

    @router.get(
        "/releases/{releaseId}/tables/{tableId}",
        response_model=TableDocument,
        responses=success("The rows.") | problems(_404=_UNKNOWN, _410=_GONE),
    )
    def get_table(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        tableId: str,  # noqa: N803 - wire name
        filters: TableFilters,
    ) -> Response:
        """The rows of a table that fit every given filter."""
        body, _ = files.write(releaseId, tableId, filters, as_document)
        return answer(request, body)

    @router.get(
        "/releases/{releaseId}/tables/{tableId}/downloads/{formatId}",
        response_class=Response,
        responses=success(
            "The file.",
            {offered.media_type.split(";")[0]: {} for offered in FORMATS},
        )
        | problems(_404=_UNKNOWN, _410=_GONE),
    )
    def download_table(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        tableId: str,  # noqa: N803 - wire name
        formatId: str,  # noqa: N803 - wire name
        filters: TableFilters,
    ) -> Response:
        """The rows of a table as a file."""
        format_ = format_of(formatId)
        body, name = files.write(releaseId, tableId, filters, format_)
        return answer(request, body, format_.media_type, file_name=name)

    return router


def _description_router(described: Sequence[APIRouter], contact: Contact) -> APIRouter:
    router = _new_router("description")

    @cache
    def description() -> bytes:
        return json.dumps(openapi_document(described, contact)).encode()

    @router.get("/openapi.json", include_in_schema=False)
    def get_openapi_document(request: Request) -> Response:
        """This description."""
        return answer(request, description())

    return router
