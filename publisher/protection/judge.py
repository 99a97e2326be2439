"""Which quantities of a period the primary rules protect (PROTECTION section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.protection.layout import Leaves, Nodes
from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    remainder_disclosed,
    zero_withheld,
)
from publisher.protection.problem import Kind, ProblemBuilder, Sensitive
from publisher.protection.rules import Rules
from publisher.protection.suppliers import Known

Interval = tuple[int, int]
_NOTHING = Known(0, few=False, low=1, high=0)


@dataclass(frozen=True, slots=True)
class Measured:
    """The nodes of one quantity, with what its rules compare it to.

    Attributes:
        threshold: the least number of children that is shown.
        level: the least distance between a withheld value and its alternative.
        split: whether it tells something sensitive of a part of the children.
        whole: the total that it splits, or the resident pupils that it is a part of.
        behind: a count of children that holds everybody behind it, where it counts something else.
        children: how many are behind a set, where the quantity counts something else.
        family: all quantities of the same unit, the total first; what a fallback may hide.
        duo: DUO's totals (least, greatest), where it counts resident pupils.
        known: what suppliers know of a set, where the rule on a supplier's rest holds.
    """

    nodes: Nodes
    threshold: int
    level: int
    split: bool = False
    whole: Nodes | None = None
    behind: Nodes | None = None
    family: tuple[Nodes, ...] = ()
    duo: Mapping[Leaves, Interval] = field(default_factory=dict)
    children: Mapping[Leaves, int] | None = None
    known: Mapping[Leaves, Known] = field(default_factory=dict)


@dataclass(slots=True)
class Judge:
    """Judges the nodes of a period and collects the sensitive ones, widest units first."""

    rules: Rules
    builder: ProblemBuilder
    closed: frozenset[str]
    _found: list[tuple[int, Sensitive]] = field(default_factory=list)
    _hidden: set[int] = field(default_factory=set)

    def judge(self, measured: Measured) -> None:
        """Judge every node of a quantity; what it is a part of has been judged before."""
        for leaves, node in measured.nodes.items():
            sensitive = self._sensitive(measured, leaves, node)
            if sensitive is not None:
                self._found.append((len(leaves), sensitive))
                self._hidden.add(node)
            elif self.builder.nodes[node].true == 0:
                self._tie_zero(measured, leaves, node)
            elif self.builder.nodes[node].kind is not Kind.LATENT:
                self._tell_of_whole(measured, leaves, node)

    def collect(self) -> None:
        """Hand the sensitive quantities to the problem: widest units first, else as found."""
        self._found.sort(key=lambda found: -found[0])
        self.builder.sensitive.extend(item for _, item in self._found)

    def _sensitive(self, measured: Measured, leaves: Leaves, node: int) -> Sensitive | None:
        """The first rule that applies, with the class that it withholds."""
        known = self.builder.nodes[node]
        threshold, level = measured.threshold, measured.level
        children = known.true if measured.children is None else measured.children[leaves]
        suppliers = measured.known.get(leaves, _NOTHING)
        # Of what a few children have many of, no value is impossible.
        top = max(threshold - 1, suppliers.high, 1) if measured.children is None else None
        family = tuple(nodes[leaves] for nodes in measured.family if leaves in nodes)
        if known.kind is Kind.LATENT:
            # Without a name it is a mere step between sums, which no rule is about.
            if known.keys and (below_threshold(children, threshold) or suppliers.few):
                return Sensitive(node, Rule.MARGIN, level, 0, None)
            return None
        if known.true == 0:
            if self._zero_withheld(measured, leaves):
                return Sensitive(node, Rule.ZERO, 1, 1, top, (), family)
            # Withheld with others, a zero hides what it is split into: then it is proven as well.
            closed = not self.closed.isdisjoint(known.keys)
            return Sensitive(node, Rule.CLOSING, 1, 1, None, (), family) if closed else None
        if below_threshold(children, threshold):
            return Sensitive(node, Rule.THRESHOLD, level, 1, top, (), family)
        if self.rules.group and measured.whole is not None and leaves in measured.whole:
            whole = measured.whole[leaves]
            if group_disclosed(known.true, self.builder.nodes[whole].true, threshold):
                guard = (self.builder.difference(whole, node), 0, max(threshold - 1, 1))
                return Sensitive(node, Rule.GROUP, level, 1, None, (guard,), family)
        if leaves in measured.duo:
            low, high = measured.duo[leaves]
            if remainder_disclosed(known.true, low, high, self.rules.remainder):
                least = max(low - self.rules.remainder + 1, 1)
                return Sensitive(node, Rule.REMAINDER, level, least, high - 1, (), family)
        if suppliers.few:
            least = 1 if top is None else suppliers.low
            return Sensitive(node, Rule.SUPPLIER, level, least, top, (), family)
        if not self.closed.isdisjoint(known.keys):
            return Sensitive(node, Rule.CLOSING, level, 1, None, (), family)
        return None

    def _zero_withheld(self, measured: Measured, leaves: Leaves) -> bool:
        whole = measured.whole.get(leaves) if measured.split and measured.whole else None
        if whole is None:
            shown = {"publish", "parent"} if not measured.split else {"publish"}
            return self.rules.zeros not in shown
        total = self.builder.nodes[whole]
        return zero_withheld(
            self.rules.zeros,
            split=True,
            parent=total.true,
            parent_shown=total.kind is not Kind.LATENT and whole not in self._hidden,
            least=self.rules.zero_parent_min,
        )

    def _tie_zero(self, measured: Measured, leaves: Leaves, node: int) -> None:
        """A visible zero of a split stays visible only while the total it splits is."""
        latent = self.builder.nodes[node].kind is Kind.LATENT
        if self.rules.zeros != "parent" or latent or not measured.split or measured.whole is None:
            return
        total = measured.whole.get(leaves)
        if total is not None and self.builder.nodes[total].kind is Kind.CELL:
            self.builder.zeros.append((node, total))

    def _tell_of_whole(self, measured: Measured, leaves: Leaves, node: int) -> None:
        """Who sees a part knows which rules it passed, and so how many there are at least.

        It leaves the threshold of its whole, and the threshold of children is behind it. Whether
        it will be shown is not known yet: where it is withheld as well, this asks too much.
        """
        least = measured.threshold
        if self.rules.group and measured.whole is not None and leaves in measured.whole:
            self.builder.at_least(((measured.whole[leaves], 1), (node, -1)), least)
        if measured.behind is not None and leaves in measured.behind:
            self.builder.at_least(((measured.behind[leaves], 1),), least)
