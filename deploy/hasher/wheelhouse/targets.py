"""The machines that the offline installation is for, in pip's words and in a marker's words.

Pip evaluates the markers of a lock for the machine that it runs on, also under ``--platform``.
So the markers are evaluated here, for the machine that the wheels are meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags

PYTHONS = ((3, 11), (3, 12), (3, 13))
OLDEST_GLIBC_MINOR = 5
NEWEST_GLIBC_MINOR = 28
"""glibc 2.28 (2018) is the oldest that pyarrow has wheels for; a newer one runs them too."""


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system on an x86-64 machine.

    Attributes:
        name: as in the name of the zip.
        tags: platform tags of the wheels that run on it, best first.
        markers: what environment markers see on it, besides the version of Python.
    """

    name: str
    tags: tuple[str, ...]
    markers: Mapping[str, str]


def _manylinux() -> tuple[str, ...]:
    numbered = range(NEWEST_GLIBC_MINOR, OLDEST_GLIBC_MINOR - 1, -1)
    years = ("manylinux2014", "manylinux2010", "manylinux1")
    return tuple(
        f"{each}_x86_64" for each in (*(f"manylinux_2_{minor}" for minor in numbered), *years)
    )


WINDOWS = Platform(
    "windows",
    ("win_amd64",),
    MappingProxyType(
        {
            "os_name": "nt",
            "sys_platform": "win32",
            "platform_system": "Windows",
            "platform_machine": "AMD64",
            "platform_release": "",
            "platform_version": "",
        }
    ),
)
LINUX = Platform(
    "linux",
    _manylinux(),
    MappingProxyType(
        {
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "platform_release": "",
            "platform_version": "",
        }
    ),
)
PLATFORMS = (WINDOWS, LINUX)


@dataclass(frozen=True, slots=True)
class Target:
    """One version of CPython on one platform."""

    platform: Platform
    python: tuple[int, int]

    @property
    def version(self) -> str:
        """As people write it: ``3.12``."""
        return f"{self.python[0]}.{self.python[1]}"

    def environment(self) -> dict[str, str]:
        """Every variable of a marker, so that nothing of the building machine is left in it."""
        return {
            **self.platform.markers,
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "platform_python_implementation": "CPython",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
        }

    def holds(self, marker: Marker | None, extra: str = "") -> bool:
        """Whether a requirement with this marker is asked for on the target."""
        return marker is None or marker.evaluate({**self.environment(), "extra": extra})

    def tags(self) -> list[Tag]:
        """The tags of every wheel that runs on the target, best first."""
        platforms = list(self.platform.tags)
        interpreter = f"cp{self.python[0]}{self.python[1]}"
        return [
            *cpython_tags(self.python, [interpreter], platforms),
            *compatible_tags(self.python, interpreter, platforms),
        ]

    def pip_options(self) -> list[str]:
        """The options with which pip chooses wheels for the target."""
        interpreter = f"cp{self.python[0]}{self.python[1]}"
        return [
            "--only-binary=:all:",
            "--python-version", self.version,
            "--implementation", "cp",
            *(word for abi in (interpreter, "abi3", "none") for word in ("--abi", abi)),
            *(word for tag in self.platform.tags for word in ("--platform", tag)),
        ]  # fmt: skip


def targets(platform: Platform) -> tuple[Target, ...]:
    """The platform with every version of Python that we support on it."""
    return tuple(Target(platform, python) for python in PYTHONS)
