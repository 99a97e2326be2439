"""Resources of facts: changes, indicators, areas, schools, the calendar, governance documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from publisher.api.answers import answer_document
from publisher.api.facts import (
    AreaList,
    Calendar,
    ChangeList,
    GovernanceDocument,
    GovernanceList,
    IndicatorList,
    SchoolList,
    SchoolSummary,
    schools_of,
)
from publisher.api.lookup import find_figures
from publisher.api.openapi import paged, problems, success
from publisher.api.paging import links
from publisher.api.routing import GONE, RELEASE_UNKNOWN, AskedPage, new_router
from publisher.downloads.areas import ReferenceOf
from publisher.released import Announcement, ReleaseReader

CalendarOf = Callable[[], tuple[Announcement, ...]]
GovernanceOf = Callable[[], tuple[GovernanceDocument, ...]]
_FOUND = problems(_404=RELEASE_UNKNOWN, _410=GONE)


def fact_router(reader: ReleaseReader, reference_of: ReferenceOf) -> APIRouter:
    """What changed in a release, what it measures, and about which areas and schools."""
    router = new_router("facts")
    _add_facts_of_figures(router, reader)
    _add_facts_of_places(router, reader, reference_of)
    return router


def _add_facts_of_figures(router: APIRouter, reader: ReleaseReader) -> None:
    """What changed in the figures, and what they measure."""

    @router.get(
        "/releases/{releaseId}/changes",
        response_model=ChangeList,
        responses=success("The changes.") | _FOUND,
    )
    def list_changes(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        since: Annotated[
            str | None,
            Query(description="id of another release", pattern=r"^[a-z0-9][a-z0-9.-]{2,59}$"),
        ] = None,
    ) -> Response:
        """What changed since the release before, as it was signed, or since another release."""
        release = find_figures(reader, releaseId)
        other = find_figures(reader, since) if since is not None else None
        return answer_document(request, ChangeList.between(release, other))

    @router.get(
        "/releases/{releaseId}/indicators",
        response_model=IndicatorList,
        responses=success("The measures.") | _FOUND,
    )
    def list_indicators(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """What each measure of a release means."""
        return answer_document(request, IndicatorList.of(find_figures(reader, releaseId)))


def _add_facts_of_places(
    router: APIRouter, reader: ReleaseReader, reference_of: ReferenceOf
) -> None:
    """Areas and schools, as the reference bundle of the release has them."""

    @router.get(
        "/releases/{releaseId}/areas",
        response_model=AreaList,
        responses=success("The areas.") | _FOUND,
    )
    def list_areas(request: Request, releaseId: str) -> Response:  # noqa: N803 - wire name
        """The region of a release, its municipalities and its samenwerkingsverbanden."""
        release = find_figures(reader, releaseId)
        return answer_document(request, AreaList.of(release, reference_of(release)))

    @router.get(
        "/releases/{releaseId}/schools",
        response_model=SchoolList,
        responses=paged("A page of schools.") | _FOUND,
    )
    def list_schools(
        request: Request,
        releaseId: str,  # noqa: N803 - wire name
        page: AskedPage,
    ) -> Response:
        """The schools in the region, as the public reference bundle of the release has them."""
        release = find_figures(reader, releaseId)
        schools = schools_of(reference_of(release))
        page.check(len(schools))
        found = SchoolList(
            release_id=release.manifest.release_id,
            schools=tuple(
                SchoolSummary.of(each) for each in schools[page.start : page.start + page.size]
            ),
        )
        return answer_document(request, found, {"Link": links(request, page, len(schools))})


def service_router(calendar_of: CalendarOf, governance_of: GovernanceOf) -> APIRouter:
    """What is coming, and under which documents the service works."""
    router = new_router("service")

    @router.get("/calendar", response_model=Calendar, responses=success("The calendar."))
    def get_calendar(request: Request) -> Response:
        """Releases that are announced and not yet published."""
        return answer_document(request, Calendar.of(calendar_of()))

    @router.get(
        "/governance-documents",
        response_model=GovernanceList,
        responses=success("The documents."),
    )
    def list_governance_documents(request: Request) -> Response:
        """Policy, DPIA and agreements in force, each named by the hash of its bytes."""
        return answer_document(request, GovernanceList(documents=governance_of()))

    return router
