"""The general problem: quantities, and one sparse integer matrix of relations between them.

A node is a quantity with a true value: one published cell, several cells that are the same
quantity, or a latent quantity that no table shows. Rows are ``low ≤ Σ mᵢ·yᵢ ≤ high`` and hold
for the true table and for every table that a reader can believe in (PROTECTION section 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from publisher.protection.primary import Rule
from shared.errors import ProtectionError

BASE_COST = 1.0
COST_PER_CHILD = 0.01
"""Cost of withholding a cell: 1 + 0.01·a, times the table's priority (PROTECTION 4)."""


class Kind(Enum):
    """How a reader meets a node."""

    CELL = "cell"  # published unless it is withheld
    PUBLIC = "public"  # always published
    LATENT = "latent"  # in no table, but tied to cells that are


@dataclass(frozen=True, slots=True)
class Node:
    """One quantity.

    Attributes:
        keys: the cells that show it; for a latent node its name in certificates, if it has one.
        true: its value; persons or what the table counts.
        floor: the least value that a reader thinks possible once it is not published.
        ceiling: the greatest, None where nothing bounds it.
        cost: of withholding it, over all its cells.
        known: the most that one supplier knows to be in it.
    """

    keys: tuple[str, ...]
    true: int
    floor: int
    ceiling: int | None
    kind: Kind
    cost: float
    known: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One relation ``low ≤ Σ factor·y[node] ≤ high``; None is no bound."""

    terms: tuple[tuple[int, int], ...]
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A quantity that a rule protects.

    Attributes:
        level: the least distance from the true value to its alternative.
        low: the least alternative value in the class that the rule withholds.
        high: the greatest, None where the class has no end.
        guards: latent nodes whose alternative must stay within bounds for the rule to apply.
        unit: nodes of the same unit, the ones a fallback may hide.
        below: how far below the true value a second alternative must lie; 0 where nothing asks it.
        faces_suppliers: whether its alternative must be possible for who knows its own clients.
    """

    node: int
    rule: Rule
    level: int
    low: int
    high: int | None
    guards: tuple[tuple[int, int, int], ...] = ()
    unit: tuple[int, ...] = ()
    below: int = 0
    faces_suppliers: bool = False


@dataclass(frozen=True, slots=True)
class Additive:
    """One quantity over all units that it is published for, as sums of innermost groups.

    Attributes:
        columns: nodes of the innermost groups.
        units: node of every unit that cells show, with the positions of its columns; widest
            first, then by the names of its leaves.
        pairs: per cut of the population the positions, in ``units``, of units above schools.
        levels: per level the positions, in ``units``, of its units, which are disjoint.
        ties: weighted sums over all columns that are 0.
        threshold: no group of fewer children may be told.
    """

    columns: tuple[int, ...]
    units: tuple[tuple[int, tuple[int, ...]], ...]
    pairs: tuple[tuple[int, ...], ...]
    levels: tuple[tuple[int, ...], ...]
    ties: tuple[tuple[int, ...], ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Problem:
    """All quantities of a block, their relations, and those that rules protect.

    Attributes:
        families: parents with all their children, and the threshold that hidden children must
            reach together.
        zeros: (published zero, the total it splits): the zero may be shown only while the
            total is.
        additive: quantities of which no small group may be told, not even one without a cell.
        reserve: zeros that are published as long as something else can protect (``reserves``).
        lowest: the least change of a quantity that suppliers think possible, where it is another
            one than for every reader.
    """

    nodes: tuple[Node, ...]
    rows: tuple[Row, ...]
    sensitive: tuple[Sensitive, ...]
    families: tuple[tuple[int, tuple[int, ...], int], ...] = ()
    zeros: tuple[tuple[int, int], ...] = ()
    additive: tuple[Additive, ...] = ()
    reserve: tuple[int, ...] = ()
    lowest: Mapping[int, int] = field(default_factory=dict)

    def place(self, node: int) -> str:
        """Where a quantity stands, for an error; never its value."""
        keys = self.nodes[node].keys
        return keys[0] if keys else "a group without a cell"

    def about(self, node: int) -> str:
        """The key of a quantity, or of the first one with a key that relations lead to."""
        seen, turn = {node}, [node]
        while turn:
            named = [self.nodes[each].keys[0] for each in turn if self.nodes[each].keys]
            if named:
                return min(named)
            near = {
                other
                for row in self.rows
                if not seen.isdisjoint(of_row := [each for each, _ in row.terms])
                for other in of_row
            }
            turn = sorted(near - seen)
            seen |= near
        return ""

    def check_truth(self) -> None:
        """Check that the true table satisfies every relation.

        Raises:
            ProtectionError: ``relation-broken``; then the cells do not belong together.
        """
        for row in self.rows:
            total = sum(factor * self.nodes[node].true for node, factor in row.terms)
            if (row.low is not None and total < row.low) or (
                row.high is not None and total > row.high
            ):
                raise ProtectionError(
                    "relation-broken",
                    f"expected totals that agree with their parts, "
                    f"found a relation over {len(row.terms)} quantities that does not hold, "
                    f"at {self.place(row.terms[0][0])}",
                    hint="the cells of different levels were not made from the same rows",
                )


@dataclass(slots=True)
class ProblemBuilder:
    """Collects nodes and rows; the order of adding is the order of every later decision."""

    nodes: list[Node] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    sensitive: list[Sensitive] = field(default_factory=list)
    families: list[tuple[int, tuple[int, ...], int]] = field(default_factory=list)
    zeros: list[tuple[int, int]] = field(default_factory=list)
    additive: list[Additive] = field(default_factory=list)
    reserve: list[int] = field(default_factory=list)

    def cell(
        self,
        keys: Sequence[str],
        true: int,
        *,
        may_withhold: bool,
        priority: float = 1.0,
        ceiling: int | None = None,
    ) -> int:
        """Add a quantity that the given cells show; a truly positive one is at least 1."""
        cost = priority * len(keys) * (BASE_COST + COST_PER_CHILD * true)
        kind = Kind.CELL if may_withhold else Kind.PUBLIC
        return self._add(Node(tuple(keys), true, min(true, 1), ceiling, kind, cost))

    def latent(self, keys: Sequence[str], true: int, *, ceiling: int | None = None) -> int:
        """Add a quantity that no table shows; a reader knows only that it is not negative."""
        return self._add(Node(tuple(keys), true, 0, ceiling, Kind.LATENT, 0.0))

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def equal(self, whole: int, parts: Iterable[int]) -> None:
        """SUM (or SAME, with one part): the whole is the sum of its parts."""
        self.rows.append(Row(((whole, 1), *((part, -1) for part in parts)), 0, 0))

    def at_most(self, lesser: Iterable[int], greater: Iterable[int]) -> None:
        """One sum of quantities is at most another."""
        terms = (*((node, -1) for node in lesser), *((node, 1) for node in greater))
        self.rows.append(Row(terms, 0, None))

    def tie(self, terms: Iterable[tuple[int, int]]) -> None:
        """A weighted sum of quantities is 0."""
        self.rows.append(Row(tuple(terms), 0, 0))

    def at_least(self, terms: Iterable[tuple[int, int]], least: int) -> None:
        """A weighted sum of quantities is at least a known number."""
        self.rows.append(Row(tuple(terms), least, None))

    def within(self, nodes: Iterable[int], most: int) -> None:
        """A sum of quantities is at most a known number, where the truth is."""
        terms = tuple((node, 1) for node in nodes)
        if sum(self.nodes[node].true for node, _ in terms) <= most:
            self.rows.append(Row(terms, None, most))

    def difference(self, whole: int, part: int) -> int:
        """A latent node that is ``whole - part``, never negative."""
        rest = self.latent((), self.nodes[whole].true - self.nodes[part].true)
        self.equal(whole, (part, rest))
        return rest

    def build(self) -> Problem:
        """The problem, after checking that the truth satisfies it."""
        problem = Problem(
            tuple(self.nodes),
            tuple(self.rows),
            tuple(self.sensitive),
            tuple(self.families),
            tuple(self.zeros),
            tuple(self.additive),
            tuple(self.reserve),
            lowest_for_suppliers(self.nodes),
        )
        problem.check_truth()
        return problem


def lowest_for_suppliers(nodes: Sequence[Node]) -> Mapping[int, int]:
    """The least change that suppliers think possible, where they know more than every reader."""
    return {at: node.known - node.true for at, node in enumerate(nodes) if node.known > node.floor}
