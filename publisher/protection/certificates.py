"""Certificates: an alternative table that explains the release as well as the true one.

A certificate names a sensitive cell and the change, cell by cell, that leads from the true
table to the alternative. It stays internal: with it a reader would learn true values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.canonical import canonical_json
from shared.errors import ProtectionError


@dataclass(frozen=True, slots=True)
class Certificate:
    """The change of every cell that differs, sorted by key; none of them is zero."""

    cell: str
    delta: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, cell: str, delta: Mapping[str, int]) -> Certificate:
        """Make a certificate from a mapping, in the one order."""
        return cls(cell, tuple(sorted((key, step) for key, step in delta.items() if step)))

    def to_json(self) -> bytes:
        """One line of JSON: ``{"cell": key, "delta": [[key, int], …]}``."""
        return canonical_json({"cell": self.cell, "delta": [list(step) for step in self.delta]})


def to_json_lines(certificates: Iterable[Certificate]) -> bytes:
    """All certificates, one line each; the same certificates, the same bytes."""
    return b"".join(certificate.to_json() + b"\n" for certificate in certificates)


def from_json_lines(data: bytes) -> tuple[Certificate, ...]:
    """Read certificates.

    Raises:
        ProtectionError: ``certificate-invalid`` for anything that is not such a line.
    """
    return tuple(_parse(number, line) for number, line in enumerate(data.splitlines(), start=1))


def _parse(number: int, line: bytes) -> Certificate:
    try:
        record = json.loads(line)
        if set(record) != {"cell", "delta"} or not isinstance(record["cell"], str):
            raise ValueError("other fields")
        delta = tuple((key, step) for key, step in record["delta"])
        if not all(isinstance(key, str) and type(step) is int for key, step in delta):
            raise ValueError("other types")
    except (ValueError, TypeError) as error:
        raise ProtectionError(
            "certificate-invalid",
            f"line {number}: expected a cell and its list of integer changes",
            hint="make the certificates again together with the release",
        ) from error
    return Certificate(record["cell"], delta)
