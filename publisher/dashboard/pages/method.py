"""The page that explains: what is counted, what the symbols mean, and what is not shown."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.dashboard.rendering import HOME, Page, show
from publisher.dashboard.site import Site
from publisher.dashboard.words import MEASURE_WORDS


def routes(site: Site) -> APIRouter:
    """The address of the explanation."""
    router = APIRouter()

    @router.get("/methode")
    def method(request: Request) -> Response:
        """The explanation of the latest release; in general terms before the first."""
        findings = site.latest()
        manifest = None if findings is None else findings.manifest
        return show(
            request,
            "method.html",
            Page("Uitleg bij de cijfers", "/methode", crumbs=(HOME,), manifest=manifest),
            notes=() if manifest is None else manifest.measures,
            words=MEASURE_WORDS,
        )

    return router
