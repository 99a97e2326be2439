"""The wheels in a folder: what each is, and whether a target finds all that it needs there."""

from __future__ import annotations

import email
import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from deploy.hasher.wheelhouse.lock import Pin
from deploy.hasher.wheelhouse.targets import Target
from shared.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel on disk, with what its metadata asks for."""

    path: Path
    name: str
    version: Version
    tags: frozenset[Tag]
    sha256: str
    requires: tuple[Requirement, ...]
    requires_python: SpecifierSet

    def to_pin(self) -> Pin:
        """The pin for exactly this file."""
        return Pin(self.name, self.version, None, (self.sha256,))


def read_wheel(path: Path) -> Wheel:
    """What a wheel is, from its file name and its metadata."""
    name, version, _build, tags = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        (inner,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(inner))
    return Wheel(
        path,
        name,
        version,
        tags,
        sha256_of(path),
        tuple(Requirement(str(each)) for each in metadata.get_all("Requires-Dist", [])),
        SpecifierSet(str(metadata.get("Requires-Python", ""))),
    )


def read_wheels(folder: Path) -> tuple[Wheel, ...]:
    """Every wheel in a folder, by file name."""
    return tuple(read_wheel(path) for path in sorted(folder.glob("*.whl")))


def sha256_of(path: Path) -> str:
    """The hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chosen_on(target: Target, pins: Iterable[Pin], wheels: Iterable[Wheel]) -> tuple[Wheel, ...]:
    """The wheel that each pin comes down to on a target.

    Raises:
        ConfigurationError: ``wheel-missing``: a pin has no wheel with its hash that runs there.
    """
    rank = {tag: place for place, tag in enumerate(target.tags())}
    found = []
    available = tuple(wheels)
    for pin in pins:
        fitting = [
            wheel
            for wheel in available
            if wheel.sha256 in pin.sha256 and not wheel.tags.isdisjoint(rank)
        ]
        if not fitting:
            raise ConfigurationError(
                "wheel-missing",
                f"expected a wheel of {pin.name} {pin.version} for {target.platform.name} with "
                f"Python {target.version}, found none",
                hint="see which wheels that version has, and pin one that has them",
            )
        found.append(
            min(fitting, key=lambda wheel: min(rank[tag] for tag in wheel.tags if tag in rank))
        )
    return tuple(found)


def check_closed(target: Target, wheels: Iterable[Wheel]) -> None:
    """Check that the wheels need nothing on the target but each other.

    This is what pip will find there when it installs without an index.

    Raises:
        ConfigurationError: ``wheelhouse-incomplete``.
    """
    by_name = {wheel.name: wheel for wheel in wheels}
    todo = [(name, "") for name in by_name]
    done = set(todo)
    while todo:
        name, extra = todo.pop()
        wheel = by_name[name]
        if not wheel.requires_python.contains(f"{target.version}.0"):
            raise _incomplete(wheel, f"Python {wheel.requires_python}", target)
        for requirement in wheel.requires:
            if not target.holds(requirement.marker, extra):
                continue
            other = by_name.get(canonicalize_name(requirement.name))
            if other is None or not requirement.specifier.contains(other.version):
                raise _incomplete(wheel, f"{requirement.name}{requirement.specifier}", target)
            for each in {(other.name, more) for more in requirement.extras} - done:
                done.add(each)
                todo.append(each)


def _incomplete(wheel: Wheel, need: str, target: Target) -> ConfigurationError:
    return ConfigurationError(
        "wheelhouse-incomplete",
        f"expected all that {wheel.name} needs on {target.platform.name} with Python "
        f"{target.version}, found no {need}",
        hint="renew the lock with `make lock`",
    )
