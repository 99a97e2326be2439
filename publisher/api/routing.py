"""What every resource has: its router, and the words of its problems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from publisher.api.openapi import problems
from publisher.api.paging import Page, asked_page
from publisher.api.queries import refuse_unknown_keys, release_filters, table_filters
from publisher.api.versioning import VersionedRoute
from publisher.downloads.extract import Filters

INVALID = "The request is not valid; the problem says where, never what stood there."
RELEASE_UNKNOWN = "The release is not known."
UNKNOWN = "The release, the table, the format or a row that fits the filters is not known."
PAGE_UNKNOWN = "There is no such page."
GONE = "The release was withdrawn or has expired."
NOT_ACCEPTABLE = "The Accept header allows none of the forms on offer."

TableFilters = Annotated[Filters, Depends(table_filters)]
ReleaseFilters = Annotated[Filters, Depends(release_filters)]
AskedPage = Annotated[Page, Depends(asked_page)]


def new_router(tag: str) -> APIRouter:
    """A router whose resources state their version and refuse unknown query keys."""
    return APIRouter(
        route_class=VersionedRoute,
        dependencies=[Depends(refuse_unknown_keys)],
        responses=problems(_400=INVALID),
        tags=[tag],
    )
