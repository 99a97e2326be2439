"""Charts as images of their own, so that pages stay small and need no script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.dashboard.chart_data import ChartKey, ChartKind
from publisher.dashboard.site import Site
from shared.errors import NotFoundError
from shared.reference import Level


def routes(site: Site) -> APIRouter:
    """The address of every chart."""
    router = APIRouter()

    @router.get("/grafieken/{release_id}/{kind}/{level}/{unit}/{look}.svg")
    def chart(
        request: Request, release_id: str, kind: str, level: str, unit: str, look: str
    ) -> Response:
        """One chart in one look."""
        drawn = None
        if kind in set(ChartKind) and level in set(Level):
            key = ChartKey(ChartKind(kind), Level(level), unit)
            drawn = site.chart(release_id, key, look)
        if drawn is None:
            raise NotFoundError("chart-unknown", "expected a chart of released figures")
        return answer(request, drawn, "image/svg+xml")

    return router
