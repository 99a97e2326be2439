"""What a release claims: cells, relations between them, and what every sensitive cell needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.protection.primary import Rule
from publisher.protection.rules import Direction

Terms = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """``low ≤ Σ factor·y[key] ≤ high``; None is no bound.

    Attributes:
        of_pattern: whether a reader knows it only because of what this pattern publishes.
    """

    terms: Terms
    low: int | None
    high: int | None
    of_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """A rule-sensitive quantity: how far its alternative must lie, and where it may.

    Attributes:
        low: least value in the class that the rule withholds.
        high: greatest value, None where the class has no end.
        guards: sums of alternative values that must stay within bounds for the rule to apply.
        below: how much lower another alternative must lie; 0 where no rule asks for it.
        faces_suppliers: whether its alternatives must be possible for who knows its own clients.
    """

    cell: str
    rule: Rule
    level: int
    low: int
    high: int | None
    guards: tuple[Relation, ...] = ()
    below: int = 0
    faces_suppliers: bool = False

    @property
    def width(self) -> int:
        """How far its lowest and highest alternatives lie apart at least."""
        return self.level + self.below


@dataclass(frozen=True, slots=True)
class Union:
    """A parent that is the sum of its children; the withheld ones together reach the threshold.

    The threshold is 0 where no rule asks for it.
    """

    parent: str
    children: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Additive:
    """A quantity over all cells that show it; no small group of its parts may be told.

    Attributes:
        parts: per cell the innermost quantities that it is the sum of; widest cell first, then
            by the names of its leaves.
        pairs: per cut of the population its cells above schools; two of them make a group.
        levels: cells by level; those of one level share no parts.
        ties: sums of weighted parts that are 0.
        threshold: the least number of children in a group; 0 where no rule asks for it.
    """

    parts: Mapping[str, frozenset[str]]
    pairs: tuple[tuple[str, ...], ...]
    levels: tuple[frozenset[str], ...]
    ties: tuple[Terms, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One block of a release, with the true table beside it.

    Attributes:
        true: value of every cell and of every latent quantity.
        withheld: cells that are not published.
        latent: quantities in no table; a reader knows only that they are not negative.
        least: what a reader thinks the least possible of a quantity that is not published, where
            it is another number than usual.
        persons: children behind a cell, where it counts something else.
        known: what a supplier thinks the least possible, where it is more than for every reader.
    """

    true: Mapping[str, int]
    withheld: frozenset[str]
    latent: frozenset[str]
    relations: tuple[Relation, ...]
    demands: tuple[Demand, ...]
    unions: tuple[Union, ...]
    direction: Direction
    additive: tuple[Additive, ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)
    persons: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)

    def is_hidden(self, key: str) -> bool:
        """Whether a reader does not see this quantity."""
        return key in self.withheld or key in self.latent

    def floor(self, key: str) -> int:
        """The least value that a reader thinks possible (PROTECTION section 1)."""
        if key in self.least and self.is_hidden(key):
            return self.least[key]
        if key in self.latent:
            return 0
        return min(self.true[key], 1) if key in self.withheld else self.true[key]
