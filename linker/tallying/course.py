"""How a linkage goes: each step with the seconds that it took, for who waits and for afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from linker.linkage.engine import Progress, silent


@dataclass
class Course:
    """Notes every step that begins, and tells it on.

    Attributes:
        show: told of every step, as of a linkage's own.
        clock: seconds that never go back.
    """

    show: Progress = silent
    clock: Callable[[], float] = time.monotonic
    _begun: list[tuple[str, float]] = field(default_factory=list)
    _ended: float | None = None

    def __call__(self, step: str, done: int, steps: int) -> None:
        """A step begins."""
        self._begun.append((step, self.clock()))
        self.show(step, done, steps)

    def finish(self) -> None:
        """The last step is over."""
        self._ended = self.clock()

    @property
    def steps(self) -> tuple[tuple[str, float], ...]:
        """Each step that is over, with its seconds."""
        ends = [at for _step, at in self._begun[1:]]
        if self._ended is not None:
            ends.append(self._ended)
        return tuple(
            (step, ended - at) for (step, at), ended in zip(self._begun, ends, strict=False)
        )

    @property
    def seconds(self) -> float:
        """Of all steps together."""
        return sum(seconds for _step, seconds in self.steps)

    def document(self) -> dict[str, Any]:
        """Steps and seconds as JSON."""
        return {
            "steps": [{"step": step, "seconds": round(seconds, 3)} for step, seconds in self.steps],
            "seconds": round(self.seconds, 3),
        }
