"""Resources about releases: each parses, looks up and answers; no rule lives here."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import JSON, answer, answer_document, answer_file
from publisher.api.documents import (
    ReleaseDetail,
    ReleaseList,
    ReleaseSummary,
    TableList,
    successors,
)
from publisher.api.files import Files
from publisher.api.lookup import find_figures, find_release
from publisher.api.openapi import paged, problems, success
from publisher.api.paging import links
from publisher.api.routing import (
    GONE,
    PAGE_UNKNOWN,
    RELEASE_UNKNOWN,
    UNKNOWN,
    AskedPage,
    ReleaseFilters,
    new_router,
)
from publisher.downloads.formats import RELEASE_FORMATS, release_format_of
from publisher.released import ReleaseReader


def release_router(reader: ReleaseReader, files: Files) -> APIRouter:
    """Releases: the list, each in full, its statement, its tables and its files."""
    router = new_router("releases")
    _add_documents(router, reader)
    _add_download(router, files)
    return router


def _add_documents(router: APIRouter, reader: ReleaseReader) -> None:
    """What is known of releases: the list, one in full, its statement and its tables."""

    @router.get(
        "/releases",
        response_model=ReleaseList,
        responses=paged("A page of releases.") | problems(_404=PAGE_UNKNOWN),
    )
    def list_releases(request: Request, page: AskedPage) -> Response:
        """Every release that was ever published, newest first."""
        every = reader.list()
        page.check(len(every))
        replaced = successors(every)
        part = every[page.start : page.start + page.size]
        found = ReleaseList(
            releases=tuple(ReleaseSummary.of(release, replaced) for release in part)
        )
        return answer_document(request, found, {"Link": links(request, page, len(every))})

    @router.get(
        "/releases/{releaseId}",
        response_model=ReleaseDetail,
        responses=success("The release.") | problems(_404=RELEASE_UNKNOWN),
    )
    def get_release(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """A release in full, whatever its state; `latest` is the one shown by default."""
        release = find_release(reader, releaseId)
        return answer_document(request, ReleaseDetail.of(release, successors(reader.list())))

    @router.get(
        "/releases/{releaseId}/statement",
        response_class=Response,
        responses=success("The signed statement.", {JSON: {"schema": {"type": "object"}}})
        | problems(_404=RELEASE_UNKNOWN),
    )
    def get_statement(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """The signed statement of a release, byte for byte."""
        release = find_release(reader, releaseId)
        name = f"{release.manifest.release_id}_statement.json"
        return answer(request, release.statement, file_name=name)

    @router.get(
        "/releases/{releaseId}/tables",
        response_model=TableList,
        responses=success("The tables.") | problems(_404=RELEASE_UNKNOWN, _410=GONE),
    )
    def list_tables(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """The tables of a release, with their downloads."""
        return answer_document(request, TableList.of(find_figures(reader, releaseId)))


def _add_download(router: APIRouter, files: Files) -> None:
    """All figures of a release as one file."""

    @router.get(
        "/releases/{releaseId}/downloads/{formatId}",
        response_class=Response,
        responses=success("The file.", {offered.media_type: {} for offered in RELEASE_FORMATS})
        | problems(_404=UNKNOWN, _410=GONE),
    )
    def download_release(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        formatId: str,  # noqa: N803 - wire name
        filters: ReleaseFilters,
    ) -> Response:
        """Every table of a release as one file, whole or of one area."""
        format_ = release_format_of(formatId)
        file = files.write_release(releaseId, filters, format_)
        return answer_file(request, file, format_.media_type)
