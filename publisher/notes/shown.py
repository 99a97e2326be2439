"""The notes that pages show, with the steps that each has been through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from publisher.notes.note import Note, Status
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Shown:
    """A note as it stands, with the day on which it came to each of its states.

    Attributes:
        is_overdue: whether its owner should have looked at it again.
    """

    note: Note
    steps: tuple[tuple[Status, date], ...]
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Notes:
    """Every note that was not removed."""

    shown: tuple[Shown, ...] = ()

    @classmethod
    def of(cls, versions: tuple[Note, ...], today: date) -> Notes:
        """From all versions, the oldest of each note first, as they stand on a day."""
        by_id: dict[str, list[Note]] = {}
        for each in versions:
            by_id.setdefault(each.id, []).append(each)
        return cls(
            tuple(
                Shown(each[-1], _steps(each), each[-1].review_on < today) for each in by_id.values()
            )
        )

    def about(self, level: Level, unit: str) -> tuple[Shown, ...]:
        """The notes about one arrangement or school."""
        return tuple(e for e in self.shown if (e.note.level, e.note.unit) == (level, unit))


def _steps(versions: list[Note]) -> tuple[tuple[Status, date], ...]:
    steps: list[tuple[Status, date]] = []
    for each in versions:
        if not steps or steps[-1][0] is not each.status:
            steps.append((each.status, each.written_on))
    return tuple(steps)
