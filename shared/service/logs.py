"""Structured logs from an allow-list of fields: what is not named here cannot be logged."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TextIO

FIELDS = frozenset(
    {"event", "code", "method", "route", "status", "milliseconds", "round", "party", "schema"}
    | {"release", "part", "parts", "seq"}
)
"""Every field that a log line may have; none of them can hold a person's value or a hash."""


class Log:
    """Writes one JSON object a line."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self._service = service
        self._stream = stream

    def write(self, event: str, **fields: str | int) -> None:
        """Write a line.

        Raises:
            RuntimeError: for a field that is not on the list; a programmer's error.
        """
        unknown = set(fields) - FIELDS
        if unknown:
            raise RuntimeError(f"not on the list of log fields: {sorted(unknown)}")
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": moment, "service": self._service, "event": event, **fields}
        print(json.dumps(line), file=self._stream or sys.stderr, flush=True)
