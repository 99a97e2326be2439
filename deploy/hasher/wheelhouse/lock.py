"""Reading a hash-pinned lock, and writing the part of it that a target needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy.hasher.wheelhouse.targets import Target
from shared.errors import ConfigurationError

_HASH = re.compile(r"\s--hash=sha256:([0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned distribution: its version, when it is asked for, and its files' hashes."""

    name: str
    version: Version
    marker: Marker | None
    sha256: tuple[str, ...]

    def to_line(self, *, with_marker: bool) -> str:
        """As a lock writes it; without its marker where that was evaluated already."""
        marker = f" ; {self.marker}" if with_marker and self.marker else ""
        hashes = "".join(f" \\\n    --hash=sha256:{each}" for each in self.sha256)
        return f"{self.name}=={self.version}{marker}{hashes}\n"


def read_lock(path: Path) -> tuple[Pin, ...]:
    """Every pin of a lock.

    Raises:
        ConfigurationError: ``lock-invalid``: a line is something else than a pin with hashes.
    """
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    return tuple(_pin(entry) for entry in entries if entry.strip())


def _pin(entry: str) -> Pin:
    head = _HASH.sub("", entry).strip()
    try:
        requirement = Requirement(head)
    except InvalidRequirement as error:
        raise _invalid(head) from error
    (specifier, *others) = requirement.specifier or [None]
    hashes = tuple(_HASH.findall(entry))
    if specifier is None or others or specifier.operator != "==" or not hashes:
        raise _invalid(head)
    name = canonicalize_name(requirement.name)
    return Pin(name, Version(specifier.version), requirement.marker, hashes)


def _invalid(head: str) -> ConfigurationError:
    return ConfigurationError(
        "lock-invalid",
        f"expected lines of the form name==version with hashes, found {head[:80]}",
        hint="renew it with `make lock`",
    )


def needed_on(pins: Iterable[Pin], target: Target) -> tuple[Pin, ...]:
    """The pins that are asked for on a target."""
    return tuple(pin for pin in pins if target.holds(pin.marker))


def with_hashes_of(pins: Iterable[Pin], present: frozenset[str]) -> tuple[Pin, ...]:
    """The pins that have a file among ``present``, with the hashes of those files only."""
    kept = (replace(pin, sha256=tuple(h for h in pin.sha256 if h in present)) for pin in pins)
    return tuple(pin for pin in kept if pin.sha256)


def write_lock(pins: Iterable[Pin], path: Path, *, with_markers: bool) -> None:
    """Write pins as a lock that pip reads with ``--require-hashes``."""
    text = "".join(pin.to_line(with_marker=with_markers) for pin in pins)
    path.write_text(text, encoding="utf-8", newline="\n")
