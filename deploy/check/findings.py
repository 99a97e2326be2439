"""What a check found wrong: where, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in one file."""

    path: Path
    text: str

    def line(self) -> str:
        """The finding as it is printed."""
        place = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path.name
        return f"{place}: {self.text}"
