"""Charts as images of their own, so that pages stay small and need no script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from publisher.api.answers import answer
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.site import Site
from shared.errors import NotFoundError
from shared.reference import Level

_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def routes(site: Site) -> APIRouter:
    """The address of every chart."""
    router = APIRouter()

    @router.get("/grafieken/{release_id}/{kind}/{table}/{measure}/{level}/{unit}/{look}.{suffix}")
    def chart(
        request: Request,
        release_id: str,
        kind: str,
        table: str,
        measure: str,
        level: str,
        unit: str,
        look: str,
        suffix: str,
    ) -> Response:
        """One chart in one look: SVG for pages, PNG for slides."""
        drawn = None
        if kind in set(ChartKind) and level in set(Level):
            key = ChartKey(ChartKind(kind), table, measure, Level(level), unit)
            drawn = site.chart(release_id, key, look, suffix)
        if drawn is None:
            raise NotFoundError("chart-unknown", "expected a chart of released figures")
        return answer(request, drawn, _TYPES[suffix])

    return router
