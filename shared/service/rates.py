"""Token buckets: how often one address, or one sender, may ask.

A bucket fills at a steady rate up to a burst; a request takes one token, and without one it is
answered 429 with the time after which there is one again. Addresses are kept in memory only, a
bounded number of them, and never in a log.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import TooManyError
from shared.service.problems import problem_of

MAX_BUCKETS = 10_000
"""Buckets that are kept; the one that was longest unused goes first, and it is nearly full."""
IPV6_PREFIX = 64
"""One subscriber has a whole network of addresses."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often somebody may ask.

    Attributes:
        per_second: tokens that come in each second.
        burst: tokens that can be saved.
    """

    per_second: float
    burst: int


class Buckets:
    """One bucket per key.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take one token of ``key``.

        Raises:
            TooManyError: ``too-many-requests``; says when to ask again.
        """
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.pop(key, (float(self._rate.burst), now))
            tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - allowed, now)
            while len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        if not allowed:
            error = TooManyError(
                "too-many-requests",
                "expected fewer requests in a short time, found too many",
                hint="wait for the time that Retry-After names, and try again",
            )
            error.retry_after_seconds = max(1, math.ceil((1 - tokens) / self._rate.per_second))
            raise error


def bucket_of(address: str) -> str:
    """The bucket of an address: itself, or the network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket of this machine, or a test
        return address
    if found.version == 6:
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)


class RateLimited:
    """ASGI middleware that answers 429 to an address that asks too often.

    Args:
        refused: told of the code of each refusal.
    """

    def __init__(self, app: ASGIApp, rate: Rate, refused: Callable[[str], None]) -> None:
        self._app = app
        self._buckets = Buckets(rate)
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it before anything of it was read."""
        if scope["type"] == "http":
            client = scope.get("client")
            try:
                self._buckets.take(bucket_of(client[0] if client else ""))
            except TooManyError as error:
                self._refused(error.code)
                await problem_of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
