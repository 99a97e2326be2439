"""The claim of one period about counts: how they tie, and what the primary rules demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import ACROSS, NOT_COVERED, PUPILS, RULES, Kind, Term
from publisher.protection.named import is_told_to_be_none
from publisher.protection.primary import (
    Rule,
    below_threshold,
    group_disclosed,
    remainder_disclosed,
    zero_withheld,
)
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.regions import RegionUnit
from publisher.protection.rules import Rules
from publisher.protection.verification.claim import Claim, Demand, Relation, Terms, Union
from publisher.protection.verification.naming import told_by_numbers_of_parts
from publisher.protection.verification.statement import Leaves, Statement
from publisher.protection.verification.suppliers import Rests, state_what_suppliers_know
from publisher.protection.verification.telling import told_by_what_is_shown


def claim_of_counts(grid: Grid, rules: Rules, period: int, withheld: frozenset[str]) -> Claim:
    """State what the release claims for the persons and trajectories of a period."""
    statement = Statement(grid, rules, period, withheld)
    for quantity in quantities_of(grid, {Kind.PERSONS, Kind.TRAJECTORIES}):
        statement.add(quantity)
    for lesser, greater in _never_more(statement):
        _relate(statement, lesser, greater, None)
    for total, parts, overlap in _breakdowns(statement):
        if not overlap:
            _relate(statement, (total,), parts, 0)
            _unite_parts(statement, total, parts)
    _relate_to_duo(statement)
    _relate_to_providers(statement)
    for quantity in statement.quantities.values():
        statement.demands.extend(_demands(statement, quantity))
        statement.unite(quantity)
        statement.sum_all(quantity)
    statement.relations.extend(told_by_what_is_shown(statement))
    statement.relations.extend(told_by_numbers_of_parts(statement))
    state_what_suppliers_know(statement)
    return statement.claim()


def _breakdowns(statement: Statement) -> Iterator[tuple[Term, tuple[Term, ...], bool]]:
    """Totals with their categories; the last says whether these overlap."""
    seen: set[Term] = set()
    for wanted in statement.grid.published:
        table = statement.grid.tables[wanted.table]
        for measure in table.measures:
            parts = tuple((measure.id, f"{table.breakdown}={c}") for c, _ in table.categories)
            if parts and parts[0] in statement.quantities and parts[0] not in seen:
                seen.add(parts[0])
                yield (measure.id, ""), parts, table.overlaps


def _never_more(statement: Statement) -> Iterator[tuple[tuple[Term, ...], tuple[Term, ...]]]:
    """Sums of quantities that are at most other sums, in every group of schools."""
    known = statement.quantities
    for measure, part in known:
        for whole in RULES[measure].within:
            if (whole, part) in known:
                yield ((measure, part),), ((whole, part),)
    for total, parts, overlap in _breakdowns(statement):
        if overlap:
            yield (total,), parts
            yield from (((part,), (total,)) for part in parts)
    for relation in ACROSS:
        if {*relation.lesser, *relation.greater} <= set(known):
            yield relation.lesser, relation.greater


def _relate(
    statement: Statement, lesser: Iterable[Term], greater: Iterable[Term], most: int | None
) -> None:
    """Greater minus lesser is at least 0 and at most ``most`` wherever all can be compared."""
    lesser, greater = tuple(lesser), tuple(greater)
    for group in _comparable([list(statement.inner[term]) for term in (*lesser, *greater)]):
        terms = [term for each in greater for term in statement.terms(each, group)]
        terms += [(key, -1) for each in lesser for key, _ in statement.terms(each, group)]
        statement.relations.append(Relation(tuple(terms), 0, most))


def _comparable(partitions: list[list[Leaves]]) -> list[Leaves]:
    """The smallest sets of leaves that are a union of groups in each of the partitions."""
    everywhere = frozenset.intersection(*(frozenset().union(*groups) for groups in partitions))
    home: dict[str, set[str]] = {}
    for groups in partitions:
        for group in groups:
            together = set(group).union(*(home.get(leaf, ()) for leaf in group))
            home.update(dict.fromkeys(together, together))
    sets = {id(members): members for members in home.values()}.values()
    return [frozenset(members) for members in sets if members <= everywhere]


def _unite_parts(statement: Statement, total: Term, parts: tuple[Term, ...]) -> None:
    first = statement.quantities[parts[0]]
    threshold = first.threshold(statement.rules) if statement.rules.union else 0
    for unit in statement.shown(first):
        whole = quantity_key(statement.period, total[0], unit.level, unit.unit, "")
        keys = tuple(statement.key(statement.quantities[part], unit) for part in parts)
        statement.unions.append(Union(whole, keys, threshold))


def _duo(statement: Statement, leaves: Leaves) -> tuple[int, int] | None:
    totals = [statement.grid.reference.pupil_total(leaf, statement.period) for leaf in leaves]
    known = [total for total in totals if total is not None]
    if not known or len(known) < len(totals):
        return None
    return sum(total.low for total in known), sum(total.high for total in known)


def _relate_to_duo(statement: Statement) -> None:
    """Pupils, and together with them those not covered, fit in DUO's total."""
    for group, key in statement.inner.get((PUPILS, ""), {}).items():
        duo = _duo(statement, group)
        if duo is not None and statement.true[key] <= duo[1]:
            statement.relations.append(Relation(((key, 1),), None, duo[1]))
    for group, key in statement.inner.get((NOT_COVERED, ""), {}).items():
        duo, within = _duo(statement, group), statement.terms((PUPILS, ""), group)
        if duo is not None and within:
            together = ((key, 1), *within)
            if sum(statement.true[name] for name, _ in together) <= duo[1]:
                statement.relations.append(Relation(together, None, duo[1]))


def _relate_to_providers(statement: Statement) -> None:
    """Nobody believes in clients of a provider that is known to have none."""
    grid, least, period = statement.grid, statement.rules.threshold, statement.period
    for quantity in statement.quantities.values():
        for unit in statement.shown(quantity):
            if is_told_to_be_none(grid, least, period, quantity, unit.level, unit.unit):
                key = statement.key(quantity, unit)
                statement.relations.append(Relation(((key, 1),), None, 0))


def _demands(statement: Statement, quantity: Quantity) -> Iterator[Demand]:
    """What the primary rules demand of a quantity, cell by cell."""
    rules = statement.rules
    faces = bool(quantity.remainder_min(rules))
    for unit in statement.shown(quantity):
        demand = _demand(statement, quantity, unit)
        if demand is not None:
            yield replace(demand, faces_suppliers=faces)
    for key, leaves in statement.leaves_of(quantity).items():
        if key not in statement.latent:
            continue
        children = _children(statement, quantity, leaves, statement.true[key])
        few = below_threshold(children, quantity.threshold(rules))
        if few or Rests.of(statement, quantity, leaves).too_few:
            slide = quantity.slide(rules)
            yield Demand(key, Rule.MARGIN, slide, 0, None, faces_suppliers=faces)


def _children(statement: Statement, quantity: Quantity, leaves: Leaves, value: int) -> int:
    """A threshold counts children, whatever the quantity counts."""
    if quantity.kind is Kind.PERSONS:
        return value
    return statement.children(quantity, leaves)


def _demand(statement: Statement, quantity: Quantity, unit: RegionUnit) -> Demand | None:
    """The first primary rule that applies to a published cell."""
    rules, key = statement.rules, statement.key(quantity, unit)
    threshold, level = quantity.threshold(rules), quantity.slide(rules)
    most = max(threshold - 1, 1)
    rests = Rests.of(statement, quantity, unit.leaves)
    lowest, highest = rests.possible()
    top = max(most, highest) if quantity.kind is Kind.PERSONS else None
    count = statement.true[key]
    if count == 0:
        hidden = _zero_withheld(statement, quantity, unit)
        return Demand(key, Rule.ZERO, 1, 1, top) if hidden else None
    if below_threshold(_children(statement, quantity, unit.leaves, count), threshold):
        return Demand(key, Rule.THRESHOLD, level, 1, top)
    whole: Terms = statement.terms(quantity.whole, unit.leaves) if quantity.whole else ()
    exhausted = sum(statement.true[name] for name, _ in whole)
    if rules.group and whole and group_disclosed(count, exhausted, threshold):
        guard = Relation((*whole, (key, -1)), 0, most)
        return Demand(key, Rule.GROUP, level, 1, None, (guard,))
    duo = _duo(statement, unit.leaves) if quantity.term == (PUPILS, "") else None
    if duo and count <= duo[1] and remainder_disclosed(count, *duo, rules.remainder):
        return Demand(key, Rule.REMAINDER, level, max(duo[0] - rules.remainder + 1, 1), duo[1] - 1)
    if rests.too_few:
        return Demand(key, Rule.SUPPLIER, level, 1 if top is None else lowest, top)
    return None


def _zero_withheld(statement: Statement, quantity: Quantity, unit: RegionUnit) -> bool:
    rules = statement.rules
    if not quantity.split or quantity.whole is None:
        return rules.zeros == "protect"
    whole_measure, whole_part = quantity.whole
    whole = quantity_key(statement.period, whole_measure, unit.level, unit.unit, whole_part)
    return zero_withheld(
        rules.zeros,
        split=True,
        parent=statement.true.get(whole, 0),
        parent_shown=whole in statement.true and whole not in statement.withheld,
        least=rules.zero_parent_min,
    )
