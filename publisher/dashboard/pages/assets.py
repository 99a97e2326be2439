"""The style sheet and the icon, from this package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.dashboard.site import Site
from shared.service.markup import STYLE

_STATIC = files("publisher.dashboard") / "static"


@cache
def _content(name: str) -> bytes:
    return (_STATIC / name).read_bytes()


@cache
def _style() -> bytes:
    return STYLE.encode() + _content("monitor.css")


def routes(_site: Site) -> APIRouter:
    """Addresses of the files that every page needs."""
    router = APIRouter()

    @router.get("/static/monitor.css")
    def style(request: Request) -> Response:
        """The style of every page, with what the dashboard adds to it."""
        return answer(request, _style(), "text/css; charset=utf-8")

    @router.get("/static/icon.svg")
    def icon(request: Request) -> Response:
        """The icon in the tab of the browser."""
        return answer(request, _content("icon.svg"), "image/svg+xml")

    return router
