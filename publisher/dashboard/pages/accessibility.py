"""The accessibility statement: what was done, how it is tested, and what is not known yet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.language import _, msg
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site

_HERE = Crumb(msg("Toegankelijkheid"), "/toegankelijkheid")


def routes(_site: Site) -> APIRouter:
    """The address of the statement."""
    router = APIRouter()

    @router.get(_HERE.href)
    def accessibility(request: Request) -> Response:
        """The statement; it is about the pages and not about figures."""
        return reply(
            request, render("accessibility.html", Page(_(_HERE.label), _HERE.href, (HOME,)))
        )

    return router
