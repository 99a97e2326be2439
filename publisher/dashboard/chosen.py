"""Units of any kind that somebody chose to see side by side, as they stand in an address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _
from publisher.dashboard.units import UNIT_KINDS, UnitKind

MOST_UNITS = 5
"""More would not be told apart."""
SEPARATOR = ","


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the chosen units."""

    kind: UnitKind
    unit: str

    @property
    def text(self) -> str:
        """As it stands in an address: ``school:01AB00``."""
        return f"{self.kind.level}:{self.unit}"


def chosen_of(findings: Findings, texts: Iterable[str]) -> tuple[Chosen, ...]:
    """The units that the release has, each once, in the order in which they were chosen."""
    found = (_one(findings, text) for text in dict.fromkeys(texts))
    return tuple(each for each in found if each is not None)


def _one(findings: Findings, text: str) -> Chosen | None:
    level, _colon, unit = text.partition(":")
    for kind in UNIT_KINDS:
        if kind.level == level and unit in findings.units(kind.level):
            return Chosen(kind, unit)
    return None


def names_of(findings: Findings, chosen: tuple[Chosen, ...]) -> tuple[str, ...]:
    """What each is called; with its kind where two of them have one name.

    A municipality where schools stand and one where pupils live can be the same municipality.
    """
    names = [each.kind.title(findings.units(each.kind.level)[each.unit]) for each in chosen]
    times = Counter(names)
    return tuple(
        f"{name} ({_(each.kind.noun)})" if times[name] > 1 else name
        for name, each in zip(names, chosen, strict=True)
    )
