"""All releases of one period as one problem: what two of them tell together is protected.

Every release has its own quantities and relations. A quantity that did not change is one
quantity: a reader assumes that what was not announced is as it was. So a cell that was published
is a constant, also where the new release would rather withhold it; a cell that was withheld stays
withheld; and a change of a few children is a sensitive quantity of its own.

Source: PROTECTION 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import Grid
from publisher.protection.primary import Rule
from publisher.protection.problem import (
    Kind,
    Node,
    Problem,
    Row,
    Sensitive,
    lowest_for_suppliers,
)
from publisher.protection.rules import Rules
from publisher.protection.secondary import Progress
from publisher.protection.time.additive import joined, only_cells
from publisher.protection.time.earlier import (
    KEPT_LEVEL,
    SHIFT,
    Version,
    before_key,
    change_key,
    change_threshold,
    is_of_now,
    is_small_change,
    is_split,
    keys_before_merger,
    level_of,
    merger_key,
    waits,
)
from shared.errors import ProtectionError

Build = Callable[[frozenset[str]], Problem]

_SHOWN_BEFORE = 3.0
"""Withholding what readers had is dearer than withholding what they never saw."""


def protect_again(
    build: Build,
    versions: Sequence[tuple[Version, Problem]],
    now: Grid,
    offered: frozenset[str],
    rules: Rules,
    progress: Progress | None = None,
) -> Solution:
    """Protect a period that was published before.

    Args:
        build: makes the problem of the new counts, at every level that any release publishes.
        versions: the earlier releases, newest first, each with its own problem.
        now: counts of the new release, with the schools that were merged.
        offered: keys of the cells that the new release shows or withholds.
        rules: the parameters.
        progress: called with needs done and needs in all.

    Raises:
        ProtectionError: ``correction-waits``.
    """

    def joint(closed: frozenset[str]) -> Problem:
        together = _Joint(build(closed), offered, rules)
        for version, problem in versions:
            together.add(version, problem)
            together.merge(version, now)
        return together.problem()

    try:
        solution = protect_block(joint, rules, progress)
    except ProtectionError as error:
        if error.code != "protection-unmet":
            raise
        raise waits("counts that would tell one") from error
    return replace(
        solution,
        primary={key: rule for key, rule in solution.primary.items() if is_of_now(key)},
        secondary=frozenset(filter(is_of_now, solution.secondary)),
    )


class _Joint:
    """Grows the problem of the new release by those of earlier ones."""

    def __init__(self, now: Problem, offered: frozenset[str], rules: Rules) -> None:
        self._now, self._rules = now, rules
        self._nodes = [_as_offered(node, offered) for node in now.nodes]
        self._elsewhere = {
            place
            for place, node in enumerate(now.nodes)
            if node.kind is not self._nodes[place].kind
        }
        self._rows = dict.fromkeys(_ordered(row) for row in now.rows)
        self._sensitive = list(now.sensitive)
        self._asked = {item.node for item in now.sensitive}
        self._additive = list(now.additive)
        self._closed: set[int] = set()
        self._constants: set[int] = set()
        self._dear: set[int] = set()
        self._cells = set(offered)
        # Per key the node of every release that has it, by number; and those that hold one value.
        self._places: dict[str, dict[int, int]] = {}
        self._same: dict[tuple[frozenset[str], int], int] = {}
        for place, node in enumerate(self._nodes):
            self._register(0, place, node.keys)

    def add(self, version: Version, problem: Problem) -> None:
        """Add an earlier release."""
        place_of = {place: self._place(version, node) for place, node in enumerate(problem.nodes)}
        for row in problem.rows:
            terms = tuple((place_of[node], factor) for node, factor in row.terms)
            self._rows.setdefault(_ordered(Row(terms, row.low, row.high)))
        for item in problem.sensitive:
            self._ask(
                replace(
                    item,
                    node=place_of[item.node],
                    guards=tuple((place_of[node], low, high) for node, low, high in item.guards),
                    unit=(),
                )
            )
        self._additive = joined(self._nodes, self._additive, problem.additive, place_of)

    def merge(self, version: Version, now: Grid) -> None:
        """Tie a school that was merged to those that it was, in the same period."""
        for key in [key for key, places in self._places.items() if 0 in places]:
            before = keys_before_merger(key, now, version.grid)
            parts = [self._places.get(each, {}).get(version.number) for each in before]
            known = [part for part in parts if part is not None]
            if known and len(known) == len(before):
                whole = self._places[key][0]
                self._tie(key, merger_key(key, version.number), whole, known)

    def problem(self) -> Problem:
        """The problem of all releases; what readers have is no longer to be protected."""
        still_withheld = sorted(self._closed - self._constants)
        for place in still_withheld:
            self._withhold_again(place)
        closed = (Sensitive(node, Rule.CLOSING, 1, 1, None) for node in still_withheld)
        known = {item.node for item in self._sensitive}
        sensitive = [*self._sensitive, *(item for item in closed if item.node not in known)]
        made = replace(
            self._now,
            nodes=tuple(self._nodes),
            rows=tuple(self._rows),
            sensitive=tuple(item for item in sensitive if item.node not in self._constants),
            families=tuple(
                family
                for family in self._now.families
                if self._elsewhere.isdisjoint((family[0], *family[1]))
            ),
            additive=only_cells(self._nodes, self._additive),
            reserve=tuple(set(self._now.reserve) - self._constants),
            lowest=lowest_for_suppliers(self._nodes),
        )
        made.check_truth()
        return made

    def _register(self, number: int, place: int, keys: Iterable[str]) -> None:
        names = tuple(keys)
        for key in names:
            self._places.setdefault(key, {})[number] = place
        if names:
            self._same.setdefault((frozenset(names), self._nodes[place].true), place)

    def _place(self, version: Version, node: Node) -> int:
        """The place of an earlier release's quantity: that of one which is the same, or new."""
        shown = any(key in version.shown for key in node.keys)
        hidden = any(key in version.withheld for key in node.keys)
        names = tuple(before_key(key, version.number) for key in node.keys)
        twin = self._same.get((frozenset(node.keys), node.true)) if node.keys else None
        floor = max(_always_known(node), min(node.true, 1) if hidden else 0)
        if twin is None:
            kind = Kind.PUBLIC if shown else Kind.LATENT
            place = len(self._nodes)
            self._nodes.append(Node(names, node.true, floor, node.ceiling, kind, 0.0, node.known))
            if shown:
                self._constants.add(place)
        else:
            place = twin
            known = self._nodes[place]
            ceilings = [each for each in (known.ceiling, node.ceiling) if each is not None]
            self._nodes[place] = replace(
                known,
                keys=(*known.keys, *names),
                floor=max(known.floor, floor),
                ceiling=min(ceilings, default=None),
                kind=Kind.PUBLIC if shown else known.kind,
                known=max(known.known, node.known),
            )
            if shown:
                self._constants.add(place)
        if shown or hidden:
            self._cells.update(names)
        for key in node.keys:
            self._compare(version, key, place, shown=shown, hidden=hidden)
        self._register(version.number, place, node.keys)
        return place

    def _compare(
        self, version: Version, key: str, place: int, *, shown: bool, hidden: bool
    ) -> None:
        """Tie a quantity to itself in every newer release, or say what it changed by."""
        for number, other in self._places.get(key, {}).items():
            kind = self._nodes[other].kind
            if number == 0 and hidden and kind is not Kind.LATENT:
                self._closed.add(other)
            elif number == 0 and shown and other != place and kind is Kind.CELL:
                self._make_dearer(key, other, place)
            if other == place:
                continue
            same = self._nodes[other].true == self._nodes[place].true
            told = before_key(key, number), before_key(key, version.number)
            if same or not self._cells.isdisjoint(told):
                self._tie(key, change_key(key, number, version.number), other, [place])

    def _make_dearer(self, key: str, other: int, place: int) -> None:
        node = self._nodes[other]
        if is_split(key) or level_of(key) != KEPT_LEVEL:
            if other not in self._dear:
                self._dear.add(other)
                self._nodes[other] = replace(node, cost=_SHOWN_BEFORE * node.cost)
            return
        if is_small_change(key, node.true, self._nodes[place].true, self._rules):
            raise waits("a change of a total of the whole by a few")
        self._nodes[other] = replace(node, kind=Kind.PUBLIC)

    def _withhold_again(self, place: int) -> None:
        """A zero that is always shown is not, where readers had nothing: it would be news."""
        node = self._nodes[place]
        if node.kind is Kind.PUBLIC and node.true:
            raise waits("a total that one release withheld and another showed")
        self._nodes[place] = replace(node, kind=Kind.CELL)

    def _tie(self, key: str, name: str, newer: int, older: Sequence[int]) -> None:
        """A quantity is what it was, or it changed by few children: then that is sensitive."""
        now, then = self._nodes[newer].true, sum(self._nodes[place].true for place in older)
        terms = ((newer, 1), *((place, -1) for place in older))
        if now == then:
            self._rows.setdefault(Row(terms, 0, 0))
        elif is_small_change(key, now, then, self._rules):
            place = len(self._nodes)
            self._nodes.append(Node((name,), now - then + SHIFT, 0, None, Kind.LATENT, 0.0))
            self._rows.setdefault(Row((*terms, (place, -1)), -SHIFT, -SHIFT))
            most = change_threshold(key, self._rules) - 1
            self._sensitive.append(Sensitive(place, Rule.CHANGE, 1, SHIFT - most, SHIFT + most))

    def _ask(self, item: Sensitive) -> None:
        if item.node not in self._asked:
            self._asked.add(item.node)
            self._sensitive.append(item)


def _as_offered(node: Node, offered: frozenset[str]) -> Node:
    """A cell that only an earlier release publishes is latent in this one."""
    if node.kind is Kind.LATENT or not node.keys or not offered.isdisjoint(node.keys):
        return node
    return replace(node, kind=Kind.LATENT, floor=_always_known(node), cost=0.0)


def _always_known(node: Node) -> int:
    """What suppliers know of it, where the rule on their rest is about it."""
    return node.known if node.floor >= node.known else 0


def _ordered(row: Row) -> Row:
    """The row with its terms in one order, so that the same relation is there once."""
    return Row(tuple(sorted(row.terms)), row.low, row.high)
