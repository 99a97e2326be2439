"""What the doctor says: a line per thing that was looked at, and what it looks at."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shared.clock import Clock
from shared.errors import MonitorError
from shared.hashing.explaining import explain_error


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"  # works, but somebody should look at it
    WRONG = "wrong"  # delivering fails, or is not safe


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at.

    Attributes:
        check: stable name, for machines.
        fix: what to do, empty where all is well.
    """

    check: str
    state: State
    text: str
    fix: str = ""

    def document(self) -> dict[str, str]:
        """The line for machines."""
        return {"check": self.check, "state": self.state, "text": self.text, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is looked at, besides the home folder."""

    clock: Clock
    environ: Mapping[str, str]
    encoding: str
    working_folder: Path
    python: tuple[int, int] = field(
        default_factory=lambda: (
            int(platform.python_version_tuple()[0]),
            int(platform.python_version_tuple()[1]),
        )
    )


def failed(check: str, error: MonitorError) -> Line:
    """A line for what could not be used at all."""
    text, fix = explain_error(error)
    return Line(check, State.WRONG, f"{error.code}: {text}", fix)
