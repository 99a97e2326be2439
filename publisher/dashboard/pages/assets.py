"""The style sheet and the icon."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.dashboard.site import Site
from shared.service.looks import CSS, SVG
from shared.service.markup import ICON, STYLE

_OWN = files("publisher.dashboard") / "static" / "monitor.css"


@cache
def _style() -> bytes:
    return STYLE.encode() + _OWN.read_bytes()


def routes(_site: Site) -> APIRouter:
    """Addresses of the files that every page needs."""
    router = APIRouter()

    @router.get("/static/monitor.css")
    def style(request: Request) -> Response:
        """The style of every page, with what the dashboard adds to it."""
        return answer(request, _style(), CSS)

    @router.get("/static/icon.svg")
    def icon(request: Request) -> Response:
        """The icon in the tab of the browser."""
        return answer(request, ICON, SVG)

    return router
