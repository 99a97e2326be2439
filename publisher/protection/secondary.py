"""Secondary suppression: sequential linear programs with witnesses, then pruning.

0. What an earlier round of the same block left is taken over, as far as it still holds.
1. Every need that hidden quantities alone can meet gets its witness; nothing more is withheld.
2. Each need that is left, in the problem's order: the cheapest change that meets it is found,
   and the published cells that it changes are withheld. In a large block a municipality is
   searched first, its margins fixed, and the whole only where that finds nothing. Where even
   that finds nothing, the zeros that are mostly shown are asked (``reserves``).
3. Prune, heaviest first: a cell is published again where every need that its witness served
   finds another; only those needs are solved again.
4. Improve, neighbourhood by neighbourhood (``improving``).

A witness stays valid whatever else is withheld, for it keeps every published value.
Source: PROTECTION section 4; Hundepool et al. 2012, chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from publisher.protection.crew import Answer, crew
from publisher.protection.effort import Effort
from publisher.protection.improving import Improver, patience_for
from publisher.protection.near import NearModels
from publisher.protection.needs import Need, needs_of
from publisher.protection.parts import HiddenParts
from publisher.protection.problem import Kind, Problem
from publisher.protection.pruning import Pruner
from publisher.protection.relations import Relations
from publisher.protection.reserves import Reserves
from publisher.protection.resuming import Remembered
from publisher.protection.rules import Rules
from publisher.protection.served import Served
from publisher.protection.solver import Witness, WitnessModel, best_witness
from publisher.protection.trading import Patience
from shared.errors import ProtectionError

Progress = Callable[[int, int], None]
WHOLE = 12_000
"""Up to so many quantities a need is looked at in the whole; above it, first or only near by."""
_PRUNED_WHOLE = 4_000
"""The same where cells are published again, which asks much more often; step 4 looks once more."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which nodes are withheld, and for each need the witness that meets it.

    Attributes:
        primary: withheld by a rule; empty intersection with ``secondary``.
        secondary: withheld to protect others.
        witnesses: (position in the problem's sensitive list, change per node).
        cost: of what is withheld beside the primary ones.
        bound: what no pattern can cost less than; None where that was not asked.
        opened: zeros of the reserve that have to be withheld first. Where there are any, the rest
            protects not everything.
    """

    primary: frozenset[int]
    secondary: frozenset[int]
    witnesses: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    cost: float
    bound: float | None
    opened: frozenset[int] = frozenset()


def suppress(
    problem: Problem,
    rules: Rules,
    progress: Progress | None = None,
    *,
    effort: Effort = Effort.USUAL,
    processes: int = 1,
    remembered: Remembered | None = None,
    only_add: bool = False,
) -> Pattern:
    """Find a pattern in which every sensitive quantity has its witnesses.

    Args:
        problem: a block.
        rules: the parameters.
        progress: called with needs done and needs in all.
        effort: how hard to look for a cheaper pattern.
        processes: how many may work on it; the pattern is the same.
        remembered: the end of an earlier round of this block.
        only_add: withhold what it withheld, and what is lacking; nothing is published again.

    Raises:
        ProtectionError: ``protection-unmet`` where no pattern can meet a need.
    """
    search = _Search(problem, rules, progress or (lambda done, of: None))
    if remembered is not None:
        search.resume(remembered)
    patience = patience_for(problem, effort)
    hired = 1 if effort is Effort.FIRST else processes
    with crew(problem, search.primary, patience, hired) as answer:
        search.serve_from_hidden()
        search.serve_rest()
        if search.opened:
            return search.pattern()
        if not only_add:
            search.prune()
        if effort is not Effort.FIRST:
            search.improve(patience=patience, exact=effort is Effort.EXACT, answer=answer)
    search.forget_unmoved(also_known=only_add)
    return search.pattern()


class _Search:
    """The working state of one block; lives only inside ``suppress``."""

    def __init__(self, problem: Problem, rules: Rules, progress: Progress) -> None:
        self._problem = problem
        self._rules = rules
        self._progress = progress
        self._relations = Relations(problem)
        self._model = WitnessModel(problem, self._relations)
        self.primary = frozenset(
            item.node for item in problem.sensitive if problem.nodes[item.node].kind is Kind.CELL
        )
        self._model.hide(sorted(self.primary))
        self._bound: float | None = None
        self.opened: set[int] = set()
        self._resumed: set[int] | None = None
        self._known: list[Witness] = []
        self._reserves = Reserves(problem, self._relations)
        self._near: NearModels | None = None
        self._secondary: set[int] = set()
        self._served = Served(
            problem,
            [
                need
                for position in range(len(problem.sensitive))
                for need in needs_of(problem, position, rules.direction)
            ],
        )

    def resume(self, remembered: Remembered) -> None:
        """Step 0."""
        self._withhold(remembered.cells(self._problem))
        hidden = frozenset(self.primary | self._secondary)
        for witness in remembered.witnesses(self._problem, self._relations, hidden):
            self._served.keep(witness)
            self._known.append(witness)
        if remembered.pruned:
            self._resumed = set(self._secondary)

    def serve_from_hidden(self) -> None:
        """Step 1."""
        parts = self._parts_now()
        for number in self._served.waiting():
            for move in self._served.needs[number].moves:
                witness = parts.cheapest(move)
                if witness is not None:
                    self._served.keep(witness)
                    break

    def serve_rest(self) -> None:
        """Step 2."""
        self._model.offer(self._candidates())
        if self._is_large():
            self._near = NearModels(self._problem, self._relations, self.primary)
        for number in self._served.waiting():
            need = self._served.needs[number]
            self._progress(number, 2 * len(self._served.needs))
            witness = (
                (self._near.best(need) if self._near else None)
                or self._best(need)
                or self._beyond(number)
                or self._after_fallback(need)
            )
            if witness is None:
                continue
            self._withhold(witness)
            self._served.keep(witness)
        self._model.close(self._candidates())

    def prune(self) -> None:
        """Step 3; what was pruned in an earlier round, and did not grow since, is not again."""
        if self._secondary == self._resumed:
            return
        nodes = self._problem.nodes
        everywhere = len(nodes) <= _PRUNED_WHOLE
        pruner = Pruner(self._served, self._parts_now(), everywhere=everywhere)
        heaviest = sorted(self._secondary, key=lambda node: (-nodes[node].cost, node))
        self._secondary = pruner.prune(heaviest)

    def improve(self, *, patience: Patience, exact: bool, answer: Answer) -> None:
        """Step 4."""
        improver = Improver(
            self._problem, self._relations, self.primary, self._served, patience.beside
        )
        pattern = improver.improve(
            frozenset(self._secondary), lambda done, of: self._progress(of + done, 2 * of), answer
        )
        if exact:
            pattern, self._bound = improver.optimum(pattern)
        self._secondary = set(pattern)

    def forget_unmoved(self, *, also_known: bool) -> None:
        """What no witness moves any more protects nothing, and could be computed besides.

        Args:
            also_known: a witness of an earlier round that nothing needs now counts as one.
        """
        witnesses = [witness or {} for witness in self._served.witness_of]
        moved = set[int]().union(*witnesses, *(self._known if also_known else ()))
        self._secondary &= moved
        self._progress(len(self._served.needs), len(self._served.needs))

    def pattern(self) -> Pattern:
        """The result; every need has its witness by now."""
        witnesses = []
        for need, witness in zip(self._served.needs, self._served.witness_of, strict=True):
            if witness is None:
                if self.opened:
                    continue
                raise RuntimeError("a need was left without a witness")
            witnesses.append((need.sensitive, tuple(sorted(witness.items()))))
        cost = sum(self._problem.nodes[node].cost for node in sorted(self._secondary))
        return Pattern(
            self.primary,
            frozenset(self._secondary),
            tuple(witnesses),
            cost,
            self._bound,
            frozenset(self.opened),
        )

    def _is_large(self) -> bool:
        return len(self._problem.nodes) > WHOLE

    def _parts_now(self) -> HiddenParts:
        latent = (
            place for place, node in enumerate(self._problem.nodes) if node.kind is Kind.LATENT
        )
        hidden = self.primary.union(self._secondary, latent)
        return HiddenParts(self._problem, self._relations, hidden)

    def _candidates(self) -> list[int]:
        """Published cells that may be withheld: never a zero that the policy publishes."""
        hidden = self.primary | self._secondary
        return [
            place
            for place, node in enumerate(self._problem.nodes)
            if node.kind is Kind.CELL and place not in hidden
        ]

    def _best(self, need: Need) -> Witness | None:
        return best_witness(self._model, need)

    def _beyond(self, number: int) -> Witness | None:
        """Nothing that may be withheld makes a move within the class: from now on, beyond it."""
        need = self._served.needs[number]
        self._served.needs[number] = Need(need.sensitive, need.beyond)
        return self._best(self._served.needs[number])

    def _withhold(self, nodes: Iterable[int]) -> None:
        new = [
            node
            for node in nodes
            if self._problem.nodes[node].kind is Kind.CELL
            and node not in self.primary
            and node not in self._secondary
        ]
        self._secondary.update(new)
        self._model.hide(new)
        if self._near is not None:
            self._near.hide(new)

    def _after_fallback(self, need: Need) -> Witness | None:
        """The unit's total, then its whole breakdown; else zeros that are mostly shown.

        The search cannot withhold such a zero by itself: what it tells of is then no longer shown
        either. It is opened, and everything begins anew.
        """
        item = self._problem.sensitive[need.sensitive]
        if self._rules.fallback:
            for node in item.unit:
                if self._problem.nodes[node].kind is Kind.CELL:
                    self._withhold((node,))
                    witness = self._best(need)
                    if witness is not None:
                        return witness
            opened = self._reserves.asked_by(need)
            if opened:
                self.opened.update(opened)
                return None
        raise ProtectionError(
            "protection-unmet",
            f"expected an alternative for every sensitive count, found none for one "
            f"that the rule {item.rule.value} protects, at {self._problem.place(item.node)}",
            hint="publish this table at a coarser level, or merge categories",
            about=self._problem.about(item.node),
        )
