"""Services on this machine only: a free port, and waiting until something answers there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

HOST = "127.0.0.1"
START_SECONDS = 30.0
_POLL_SECONDS = 0.05


class NotAnsweringError(RuntimeError):
    """A service ended, or did not answer in time."""


def free_port() -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _never() -> int | None:
    return None


def await_answer(url: str, ended: Callable[[], int | None] = _never) -> None:
    """Wait until an address on loopback answers.

    Args:
        url: the address.
        ended: the exit code of the process that should answer, None while it runs.

    Raises:
        NotAnsweringError: the process has ended, or ``START_SECONDS`` are over.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ended() is not None:
            raise NotAnsweringError(f"the service for {url} ended with {ended()}")
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - loopback, http
                return
        except (URLError, OSError):
            time.sleep(_POLL_SECONDS)
    raise NotAnsweringError(f"no answer at {url} within {START_SECONDS:.0f} seconds")
