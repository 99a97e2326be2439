"""One block from rules to solution: suppress, then close what the pattern itself opens up.

Two rules look at the pattern: hidden children of a published parent must together reach the
threshold (union), and a zero may only be shown while the total that it splits is. What they
add is withheld from the start of the next round; so are zeros without which nothing protects.
Groups that no cell names but that the pattern tells become sensitive quantities of the next
round. Rounds only ever add, so they end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from publisher.protection.certificates import Certificate
from publisher.protection.effort import Effort
from publisher.protection.groups import Group, told_groups, with_groups
from publisher.protection.primary import Rule
from publisher.protection.problem import Kind, Problem
from publisher.protection.resuming import Remembered
from publisher.protection.rules import Rules
from publisher.protection.secondary import Pattern, Progress, suppress


@dataclass(frozen=True, slots=True)
class Solution:
    """What a block withholds, by cell key.

    Attributes:
        primary: rule per cell that a rule withholds for its own sake.
        secondary: cells withheld to protect others.
        certificates: for every sensitive quantity at least one, sorted.
        cost: of the secondary cells, in which a cell counts 1 + 0.01 times its value.
        bound: what no pattern can cost less than; None where that was not asked.
    """

    primary: dict[str, Rule]
    secondary: frozenset[str]
    certificates: tuple[Certificate, ...]
    cost: float = 0.0
    bound: float | None = None

    @property
    def withheld(self) -> frozenset[str]:
        """Every cell that is not published."""
        return self.secondary | frozenset(self.primary)


def protect_block(
    build: Callable[[frozenset[str]], Problem],
    rules: Rules,
    progress: Progress | None = None,
    *,
    effort: Effort = Effort.USUAL,
    processes: int = 1,
    settle_first: bool = False,
) -> Solution:
    """Protect one block.

    Args:
        build: makes the problem, given the cells that are withheld from the start.
        rules: the parameters.
        progress: called with needs done and needs in all.
        effort: how hard to look for a cheaper pattern.
        processes: how many may work on it; the solution is the same.
        settle_first: look for a cheaper pattern only once nothing is open any more, and only
            once: most of the time of a round is for that.

    Raises:
        ProtectionError: ``protection-unmet``.
    """
    closed: frozenset[str] = frozenset()
    groups: frozenset[Group] = frozenset()
    remembered: Remembered | None = None
    now = Effort.FIRST if settle_first else effort
    chosen = improved = False
    while True:
        problem = with_groups(build(closed), groups)
        only_add = chosen and now is Effort.FIRST
        pattern = suppress(
            problem, rules, progress, effort=now, processes=processes, remembered=remembered,
            only_add=only_add,
        )  # fmt: skip
        remembered = Remembered.of(
            problem, pattern.secondary, pattern.witnesses,
            pruned=not pattern.opened, before=remembered.changes if only_add and remembered else (),
        )  # fmt: skip
        if pattern.opened:
            closed |= _opened(problem, pattern, closed)
            continue
        # What a round chooses anew can tell groups that its last choice did not, and the next
        # round the first again: so one round chooses, and the others only add to its pattern.
        chosen = settle_first
        more = _still_open(problem, pattern, rules)
        told = told_groups(problem, pattern.primary | pattern.secondary) if rules.union else groups
        if more <= closed and told <= groups:
            if now is effort or improved:
                return _solution(problem, pattern)
            now, improved = effort, True
            continue
        closed |= more
        groups |= told
        if improved:
            # The cheaper pattern is remembered; what it opened is closed, and that is all.
            now = Effort.FIRST


def _opened(problem: Problem, pattern: Pattern, closed: frozenset[str]) -> frozenset[str]:
    """The cells of the zeros that have to be withheld first."""
    opened = frozenset(key for node in pattern.opened for key in problem.nodes[node].keys)
    if opened <= closed:
        raise RuntimeError("a zero that was opened is still published")
    return opened


def _still_open(problem: Problem, pattern: Pattern, rules: Rules) -> frozenset[str]:
    hidden = pattern.primary | pattern.secondary
    nodes = {total for _, total in problem.zeros if total in hidden}
    if rules.union:
        for parent, children, threshold in problem.families:
            if parent not in hidden:
                nodes |= _missing_from_union(
                    problem, parent, children, threshold, hidden.union(nodes)
                )
    return frozenset(key for node in nodes for key in problem.nodes[node].keys)


def _missing_from_union(
    problem: Problem, parent: int, children: tuple[int, ...], threshold: int, hidden: frozenset[int]
) -> set[int]:
    """The cheapest child that lifts the hidden children to the threshold, else the largest."""
    known = sum(problem.nodes[child].true for child in children if child in hidden)
    if not 1 <= known < threshold:
        return set()
    shown = [
        child
        for child in children
        if child not in hidden
        and problem.nodes[child].kind is Kind.CELL
        and problem.nodes[child].true > 0
    ]
    if not shown:
        return {parent}
    enough = [child for child in shown if known + problem.nodes[child].true >= threshold]
    if enough:
        return {min(enough, key=lambda child: (problem.nodes[child].cost, child))}
    return {max(shown, key=lambda child: (problem.nodes[child].true, -child))}


def _solution(problem: Problem, pattern: Pattern) -> Solution:
    primary: dict[str, Rule] = {}
    secondary = {key for node in pattern.secondary for key in problem.nodes[node].keys}
    for item in problem.sensitive:
        if problem.nodes[item.node].kind is Kind.CELL:
            keys = problem.nodes[item.node].keys
            if item.rule is Rule.CLOSING:
                secondary.update(keys)
            else:
                primary.update(dict.fromkeys(keys, item.rule))
    certificates: set[Certificate] = set()
    for position, steps in pattern.witnesses:
        delta = {key: step for node, step in steps for key in problem.nodes[node].keys}
        for cell in problem.nodes[problem.sensitive[position].node].keys:
            certificates.add(Certificate.of(cell, delta))
    ordered = sorted(certificates, key=lambda certificate: (certificate.cell, certificate.delta))
    return Solution(primary, frozenset(secondary), tuple(ordered), pattern.cost, pattern.bound)
