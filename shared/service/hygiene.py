"""Everything that surrounds the routes of either service, in the order in which it must stand."""

from __future__ import annotations

from fastapi import FastAPI

from shared.service.bounds import DEFAULT_BOUNDS, BoundedRequests, Bounds
from shared.service.headers import SecurityHeaders
from shared.service.logs import Log, RequestLog
from shared.service.metrics import MeasuredRequests, Metrics
from shared.service.problems import install_problem_handlers
from shared.service.rates import Rate, RateLimited


def surround(app: FastAPI, log: Log, rate: Rate, bounds: Bounds = DEFAULT_BOUNDS) -> Metrics:
    """Bound, limit, harden, count and log every request of ``app``; its counters.

    Args:
        app: whose routes are added after this.
        log: where each request has one line.
        rate: how often one address may ask.
        bounds: of one request.
    """
    metrics = Metrics()
    # From the inside out: what is added last is met first by a request.
    app.add_middleware(BoundedRequests, bounds=bounds, refused=metrics.refused)
    app.add_middleware(RateLimited, rate=rate, refused=metrics.refused)
    install_problem_handlers(app, metrics.refused)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(MeasuredRequests, metrics=metrics)
    app.add_middleware(RequestLog, log=log)
    app.include_router(metrics.router())
    return metrics
