"""Resources about tables: each parses, looks up and answers; no rule lives here."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import JSON, answer, answer_document, answer_file
from publisher.api.facts import ObservationPage, observation_page
from publisher.api.files import Files
from publisher.api.negotiation import accepted
from publisher.api.openapi import paged, problems, success
from publisher.api.paging import links
from publisher.api.routing import (
    GONE,
    NOT_ACCEPTABLE,
    UNKNOWN,
    AskedPage,
    TableFilters,
    new_router,
)
from publisher.api.tables import TableDocument
from publisher.downloads.formats import FORMATS, format_of
from publisher.downloads.separated import rfc4180_csv

CSV = "text/csv"
CSV_HEADED = "text/csv; charset=utf-8; header=present"


def table_router(files: Files) -> APIRouter:
    """Tables: rows as a document, as pages of observations, and as files."""
    router = new_router("tables")
    _add_files(router, files)
    _add_observations(router, files)
    return router


def _add_files(router: APIRouter, files: Files) -> None:
    """All rows of a table at once: as a document, and as a file in a format of one's choice."""
    as_document = format_of("json")

    @router.get(
        "/releases/{releaseId}/tables/{tableId}",
        response_model=TableDocument,
        responses=success("The rows.") | problems(_404=UNKNOWN, _410=GONE),
    )
    def get_table(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        tableId: str,  # noqa: N803 - wire name
        filters: TableFilters,
    ) -> Response:
        """The rows of a table that fit every given filter."""
        return answer_file(
            request, files.write(releaseId, tableId, filters, as_document), saved=False
        )

    @router.get(
        "/releases/{releaseId}/tables/{tableId}/downloads/{formatId}",
        response_class=Response,
        responses=success(
            "The file.",
            {offered.media_type.split(";")[0]: {} for offered in FORMATS},
        )
        | problems(_404=UNKNOWN, _410=GONE),
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
        file = files.write(releaseId, tableId, filters, format_)
        return answer_file(request, file, format_.media_type)


def _add_observations(router: APIRouter, files: Files) -> None:
    """The cells of a table a page at a time."""

    @router.get(
        "/releases/{releaseId}/tables/{tableId}/observations",
        response_model=ObservationPage,
        responses=paged("A page of released cells.", {CSV: {"schema": {"type": "string"}}})
        | problems(_404=UNKNOWN, _406=NOT_ACCEPTABLE, _410=GONE),
    )
    def list_observations(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        tableId: str,  # noqa: N803 - wire name
        filters: TableFilters,
        page: AskedPage,
    ) -> Response:
        """Released cells that fit every given filter, as JSON or as CSV by Accept."""
        media_type = accepted(request, (JSON, CSV))
        extract = files.extract(releaseId, tableId, filters)
        rows = extract.rows.num_rows
        page.check(rows)
        part = replace(extract, rows=extract.rows.slice(page.start, page.size))
        more = {"Link": links(request, page, rows), "Vary": "Accept"}
        if media_type == CSV:
            return answer(request, rfc4180_csv(part), CSV_HEADED, more=more)
        return answer_document(request, observation_page(part, rows, page), more)
