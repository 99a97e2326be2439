"""What may stand behind the question mark: known keys, each once, with values of their type."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.routing import APIRoute

from publisher.downloads.areas import AREA_PATTERN
from publisher.downloads.extract import Filters
from shared.errors import InputError
from shared.reference import Level

AreaKey = Annotated[
    str | None,
    Query(
        description="code of a municipality or samenwerkingsverband: rows of the units in it",
        pattern=AREA_PATTERN,
    ),
]


def refuse_unknown_keys(request: Request) -> None:
    """Refuse a query key that the resource does not have, or that stands there twice.

    A misspelt filter would otherwise pass in silence and return everything.

    Raises:
        InputError: ``query-key-unknown`` or ``query-key-repeated``; never names the key that
            was sent.
    """
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = _known_keys(route)
    sent = [key for key, _ in request.query_params.multi_items()]
    if not set(sent) <= set(known):
        raise InputError(
            "query-key-unknown",
            f"expected only these query keys: {', '.join(known) or 'none'}",
            hint="see openapi.json for every resource and its keys",
        )
    if len(set(sent)) != len(sent):
        raise InputError("query-key-repeated", "expected each query key at most once")


def _known_keys(route: APIRoute) -> list[str]:
    found = list(route.dependant.query_params)
    for dependency in route.dependant.dependencies:
        found += dependency.query_params
    return [parameter.alias for parameter in found]


def table_filters(
    level: Annotated[Level | None, Query(description="level of publication")] = None,
    unit: Annotated[
        str | None,
        Query(
            description="code of a unit, such as a school's or a municipality's",
            pattern=r"^[A-Za-z0-9*_-]{1,40}$",
        ),
    ] = None,
    measure: Annotated[
        str | None, Query(description="id of a measure", pattern=r"^[a-z][a-z0-9_]{0,60}$")
    ] = None,
    period: Annotated[
        int | None,
        Query(description="code of a period: its first year minus 2000", ge=0, le=255),
    ] = None,
    category: Annotated[
        str | None,
        Query(description="code of a category", pattern=r"^[A-Za-z0-9_-]{1,40}$"),
    ] = None,
    area: AreaKey = None,
) -> Filters:
    """The filters of a table, as they came in."""
    return Filters(
        level=level, unit=unit, measure=measure, period=period, category=category, area=area
    )


def release_filters(area: AreaKey = None) -> Filters:
    """The filters of a whole release, as they came in."""
    return Filters(area=area)
