"""From rules to needs: which alternatives a sensitive quantity must have.

A move is a range of changes in one direction, with conditions; a need is met by a witness
that makes one of its moves. Every sensitive quantity needs a move within its rule's class,
whatever the direction; ``up`` and ``both`` add needs of their own.

One case has no alternative within the class whatever is withheld: a total of T - 1 whose
parts a reader knows to be positive and that are all 1. Its alternative then lies above the
class: one code covers primary and secondary cells, so that a reader has to think it possible.
The verifier accepts that only where integer bounds prove the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.protection.primary import Rule
from publisher.protection.problem import Node, Problem, Sensitive
from publisher.protection.rules import Direction

_MAY_LIE_ABOVE = (Rule.THRESHOLD, Rule.SUPPLIER)
"""Rules of which an alternative may lie above the class, where it has none within."""


@dataclass(frozen=True, slots=True)
class Move:
    """Change ``node`` by ``low`` to ``high`` (one sign), and each guard within its range.

    Attributes:
        lowest: no quantity that is named here changes by less.
    """

    node: int
    low: int
    high: int | None
    guards: tuple[tuple[int, int, int], ...] = ()
    lowest: Mapping[int, int] = field(default_factory=dict, compare=False)

    @property
    def upward(self) -> bool:
        """Whether the alternative is greater than the truth."""
        return self.low > 0

    def made_by(self, witness: Mapping[int, int]) -> bool:
        """Whether a witness makes this move."""
        step = witness.get(self.node, 0)
        return (
            _within(step, self.low, self.high)
            and all(_within(witness.get(guard, 0), low, high) for guard, low, high in self.guards)
            and (
                not self.lowest
                or all(step >= self.lowest.get(node, step) for node, step in witness.items())
            )
        )


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement of the sensitive quantity at a position in the problem's list.

    Attributes:
        beyond: moves out of the class, for when nothing at all can make one of ``moves``.
    """

    sensitive: int
    moves: tuple[Move, ...]
    beyond: tuple[Move, ...] = ()

    @property
    def asked(self) -> frozenset[int]:
        """Every node of which a move or its guards say something."""
        return frozenset(
            node
            for move in (*self.moves, *self.beyond)
            for node in (move.node, *(guard for guard, _, _ in move.guards))
        )

    def met_by(self, witness: Mapping[int, int]) -> bool:
        """Whether a witness makes one of the moves."""
        return any(move.made_by(witness) for move in self.moves)


def needs_of(problem: Problem, position: int, direction: Direction) -> tuple[Need, ...]:
    """The needs of one sensitive quantity; a need without moves can never be met.

    A reader who knows the rules must find an alternative within the class. Where ``up`` or
    ``both`` ask for upward and the class has no room there, the interval itself must still
    reach that far: that is a second need, beyond the class. Downward is asked for only as far
    as the reader's own lower bounds leave room.
    """
    sensitive = problem.sensitive[position]
    node = problem.nodes[sensitive.node]
    if sensitive.below:
        return _needs_of_span(position, sensitive, node)
    up, down = _moves_within_class(sensitive, node, problem)
    above = (Move(sensitive.node, sensitive.level, None, (), _lowest(sensitive, problem)),)
    beyond = above if sensitive.rule in _MAY_LIE_ABOVE else ()
    if direction == "either":
        return (Need(position, (*up, *down), beyond),)
    needs = [Need(position, up)] if up else [Need(position, down, beyond), Need(position, above)]
    if direction == "both" and down:
        needs.append(Need(position, down, above))
    return tuple(dict.fromkeys(needs))


def _needs_of_span(position: int, sensitive: Sensitive, node: Node) -> tuple[Need, ...]:
    """Upward as far as there is room, and downward by the rest; its class has no end."""
    depth = node.true - max(sensitive.low, node.floor)
    down = Need(position, (Move(sensitive.node, -depth, -sensitive.below),))
    if not sensitive.level:
        return (down,)
    return Need(position, (Move(sensitive.node, sensitive.level, None),)), down


def _moves_within_class(
    sensitive: Sensitive, node: Node, problem: Problem
) -> tuple[tuple[Move, ...], tuple[Move, ...]]:
    """The moves up and down that end inside the rule's class; empty where it has no room."""
    guards = tuple(
        (guard, low - problem.nodes[guard].true, high - problem.nodes[guard].true)
        for guard, low, high in sensitive.guards
    )
    room = None if sensitive.high is None else sensitive.high - node.true
    depth = node.true - max(sensitive.low, node.floor)
    lowest = _lowest(sensitive, problem)
    upward = Move(sensitive.node, sensitive.level, room, guards, lowest)
    downward = Move(sensitive.node, -depth, -sensitive.level, guards, lowest)
    return (
        (upward,) if room is None or room >= sensitive.level else (),
        (downward,) if depth >= sensitive.level else (),
    )


def _within(step: int, low: int, high: int | None) -> bool:
    return low <= step and (high is None or step <= high)


def _lowest(sensitive: Sensitive, problem: Problem) -> Mapping[int, int]:
    return problem.lowest if sensitive.faces_suppliers else {}
