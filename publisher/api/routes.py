"""Every resource of ``/api/v1`` as one router, with its own description."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.api.fact_routes import CalendarOf, GovernanceOf, fact_router, service_router
from publisher.api.files import Files
from publisher.api.openapi import EXAMPLE_CONTACT, Contact, openapi_document
from publisher.api.release_routes import release_router
from publisher.api.routing import new_router
from publisher.api.table_routes import table_router
from publisher.downloads.addresses import API_ROOT
from publisher.downloads.areas import ReferenceOf
from publisher.released import Release, ReleaseReader
from shared.reference import Reference


def _no_reference(_release: Release) -> Reference | None:
    return None


def api_router(
    reader: ReleaseReader,
    reference_of: ReferenceOf = _no_reference,
    contact: Contact = EXAMPLE_CONTACT,
    *,
    calendar_of: CalendarOf = tuple,
    governance_of: GovernanceOf = tuple,
) -> APIRouter:
    """Every resource of the API, under ``/api/v1``.

    Args:
        reader: the only door to releases.
        reference_of: finds the public reference bundle of a release; without it no area is known.
        contact: whom users of the API can ask.
        calendar_of: the release calendar.
        governance_of: the documents that the service obeys.
    """
    files = Files(reader, reference_of)
    routers = (
        release_router(reader, files),
        table_router(files),
        fact_router(reader, reference_of),
        service_router(calendar_of, governance_of),
    )
    router = APIRouter(prefix=API_ROOT)
    for each in (*routers, _description_router(routers, contact)):
        router.include_router(each)
    return router


def _description_router(described: Sequence[APIRouter], contact: Contact) -> APIRouter:
    router = new_router("description")

    @cache
    def description() -> bytes:
        return json.dumps(openapi_document(described, contact)).encode()

    @router.get("/openapi.json", include_in_schema=False)
    def get_openapi_document(request: Request) -> Response:
        """This description."""
        return answer(request, description())

    return router
