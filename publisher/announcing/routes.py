"""The addresses of the feed and the catalogue."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.announcing import catalogue, feed
from publisher.announcing.events import ReleaseEvent
from publisher.announcing.place import CATALOGUE, FEED, Place
from publisher.api.answers import answer
from publisher.released import ReleaseReader

EventsOf = Callable[[], tuple[ReleaseEvent, ...]]


def announcing_router(reader: ReleaseReader, events_of: EventsOf, place: Place) -> APIRouter:
    """What other programs read to learn of releases.

    Args:
        reader: the only door to releases.
        events_of: what happened to them, oldest first.
        place: where this publisher is.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(FEED)
    def get_feed(request: Request) -> Response:
        """What happened to releases, as an Atom feed."""
        releases = {each.manifest.release_id: each for each in reader.list()}
        body = feed.atom_feed(events_of(), releases, place)
        return answer(request, body, feed.MEDIA_TYPE)

    @router.get(CATALOGUE)
    def get_catalogue(request: Request) -> Response:
        """The releases as data sets, by DCAT-AP-NL."""
        return answer(request, catalogue.catalogue(reader.list(), place), catalogue.MEDIA_TYPE)

    return router
