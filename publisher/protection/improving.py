"""After the search: neighbourhood by neighbourhood, is there a cheaper pattern?

The cells of one neighbourhood (mostly a municipality) are published again while everything else
stays withheld, and the cheapest cells that protect take their place (``trading``). Inside a
neighbourhood that is the optimum, or nearly; the whole only ever gets cheaper. A few
neighbourhoods are looked at at the same time, from the same pattern; what one of them finds is
taken only where it still protects everything after what the earlier ones found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from publisher.protection.crew import Answer
from publisher.protection.effort import Effort
from publisher.protection.near import neighbourhoods
from publisher.protection.problem import Problem
from publisher.protection.relations import Relations
from publisher.protection.served import Served
from publisher.protection.solver import Witness
from publisher.protection.trading import Bargain, Patience, Trade, Trader

_MOST = 400
"""Most nodes in a neighbourhood: larger ones take longer and gain little."""
_AT_ONCE = 32
"""So many neighbourhoods start from the same pattern, however many processes there are."""
_LARGE = 25_000
"""In a block of more nodes there is less time for each neighbourhood."""
_LOCAL = Patience(12, 500, 0.02, thorough=False, beside=100)
_HURRIED = Patience(4, 500, 0.02, thorough=False, beside=70)
_GLANCE = Patience(2, 100, 0.02, thorough=False, beside=0)
_EXACT = Patience(80, None, 0.0, thorough=True, beside=0)


def patience_for(problem: Problem, effort: Effort) -> Patience:
    """How long to look at one neighbourhood of a block."""
    if effort is Effort.QUICK:
        return _GLANCE
    return _HURRIED if len(problem.nodes) > _LARGE else _LOCAL


class Improver:
    """Makes a pattern cheaper; holds which cells each need is known to rely on.

    Args:
        beside: so many nodes of other neighbourhoods take part in one.
    """

    def __init__(
        self,
        problem: Problem,
        relations: Relations,
        primary: frozenset[int],
        served: Served,
        beside: int,
    ) -> None:
        self._problem = problem
        self._relations = relations
        self._served = served
        self._most_beside = beside
        self._trader = Trader(problem, relations, primary)
        self._moving: dict[int, Witness] = {}
        for witness in served.witness_of:
            self._note(witness or {})
        self._relies_on = [self._relied_on(witness or {}) for witness in served.witness_of]

    def improve(
        self, pattern: frozenset[int], done: Callable[[int, int], None], answer: Answer
    ) -> frozenset[int]:
        """A pattern that costs at most as much; witnesses are replaced in place.

        Args:
            done: called with neighbourhoods done and all of them.
            answer: looks for the cheapest trades, as ``patience_for`` the block asks.
        """
        places: list[Sequence[int]] = list(neighbourhoods(self._problem, _MOST))
        count, again = len(places), set[Sequence[int]]()
        while places:
            done(max(count - len(places), 0), count)
            batch, places = places[:_AT_ONCE], places[_AT_ONCE:]
            held = [nodes for nodes in batch if not pattern.isdisjoint(nodes)]
            trades = [self._trade(pattern, pattern.intersection(nodes), nodes) for nodes in held]
            for nodes, trade, found in zip(held, trades, answer(trades), strict=True):
                changed = self._taken(pattern, trade, found)
                if changed is not None:
                    pattern = changed
                elif nodes not in again:
                    again.add(nodes)
                    places.append(nodes)
        return pattern

    def optimum(self, pattern: frozenset[int]) -> tuple[frozenset[int], float]:
        """The cheapest pattern that was found, and what no pattern can cost less than."""
        trade = self._trade(frozenset(), pattern, range(len(self._problem.nodes)))
        found = self._trader.best(trade, _EXACT)
        return self._taken(pattern, trade, found) or pattern, found.bound

    def _trade(self, pattern: frozenset[int], freed: frozenset[int], nodes: Sequence[int]) -> Trade:
        kept = pattern - freed
        needs = tuple(
            (number, self._served.needs[number])
            for number, cells in enumerate(self._relies_on)
            if not cells <= kept
        )
        among = set(nodes).union(*(self._served.witness_of[number] or () for number, _ in needs))
        among.update(node for _, need in needs for node in need.asked)
        among.update(self._beside(nodes))
        return Trade(kept, freed, frozenset(among), needs)

    def _taken(
        self, pattern: frozenset[int], trade: Trade, found: Bargain
    ) -> frozenset[int] | None:
        """The pattern after a trade; None where it no longer serves every need."""
        if found.cells == trade.freed:
            return pattern
        after = (pattern - trade.freed) | found.cells
        relies_on = {number: self._relied_on(of) for number, of in found.witnesses.items()}
        if not all(
            relies_on.get(number, cells) <= after for number, cells in enumerate(self._relies_on)
        ):
            return None
        for number, witness in found.witnesses.items():
            self._served.witness_of[number] = witness
            self._relies_on[number] = relies_on[number]
            self._note(witness)
        return after

    def _relied_on(self, witness: Witness) -> frozenset[int]:
        return self._trader.cells.intersection(witness)

    def _beside(self, nodes: Sequence[int]) -> set[int]:
        """What moves where the neighbourhood meets others: short witnesses on shared rows."""
        rows = {row for node in nodes for row, _ in self._relations.rows_of[node]}
        edge = {node for row in sorted(rows) for node, _ in self._problem.rows[row].terms}
        moving = [self._moving[node] for node in edge.difference(nodes) if node in self._moving]
        beside: set[int] = set()
        for witness in sorted(moving, key=lambda witness: (len(witness), sorted(witness))):
            if len(beside) >= self._most_beside:
                break
            beside.update(witness)
        return beside

    def _note(self, witness: Witness) -> None:
        """Keep the shortest witness that moves each node."""
        for node in witness:
            held = self._moving.get(node)
            if held is None or len(witness) < len(held):
                self._moving[node] = witness
