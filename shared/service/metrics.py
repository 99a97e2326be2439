"""Counters for the operator, in the format of Prometheus; every label is from a closed list.

No label is a school, a supplier, a round or an address: what anyone may scrape tells how the
service does, and nothing about what it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as as_text
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.holdings import Alarm
from shared.service.logs import METHODS, route_of

_ALARMS = "Alarms that stand, by kind."
_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one service; each app has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "moj_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "moj_request_seconds",
            "Time until the answer was there.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "moj_refusals",
            "Requests that were refused, by code.",
            ("code",),
            registry=self.registry,
        )
        self._running = Gauge(
            "moj_requests_running", "Requests in progress.", registry=self.registry
        )

    def watch(self, find: Callable[[], Iterable[Alarm]]) -> None:
        """Show at every scrape how many alarms of each kind there are; see ``shared.holdings``."""
        self.registry.register(_Alarms(find))

    def refused(self, code: str) -> None:
        """Count a refusal; ``code`` is that of one of our own errors, never of a request."""
        self._refusals.labels(code).inc()

    def router(self) -> APIRouter:
        """``/metrics``."""
        router = APIRouter()

        @router.get("/metrics", include_in_schema=False)
        def metrics() -> Response:
            """The counters as text."""
            return Response(as_text(self.registry), media_type=CONTENT_TYPE_LATEST)

        return router

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            route: the template of the route, never the path that was asked for.
        """
        known = method if method in METHODS else "other"
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def begun(self) -> None:
        """One more request is in progress."""
        self._running.inc()

    def ended(self) -> None:
        """One request less is in progress."""
        self._running.dec()


class _Alarms(Collector):
    """Alarms as they are at the moment of the scrape; of what they are stays on the page."""

    def __init__(self, find: Callable[[], Iterable[Alarm]]) -> None:
        self._find = find

    def describe(self) -> Iterable[Metric]:
        """The name alone, so that nothing is looked up when a service starts."""
        return [GaugeMetricFamily("moj_alarms", _ALARMS, labels=["alarm"])]

    def collect(self) -> Iterable[Metric]:
        """One number per kind of alarm, zero too."""
        family = GaugeMetricFamily("moj_alarms", _ALARMS, labels=["alarm"])
        found = list(self._find())
        for alarm in Alarm:
            family.add_metric([alarm.value], found.count(alarm))
        return [family]


class MeasuredRequests:
    """ASGI middleware that counts every request, however it ends."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.begun()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = route_of(scope)
            self._metrics.ended()
            self._metrics.answered(scope["method"], route, status, time.monotonic() - started)
