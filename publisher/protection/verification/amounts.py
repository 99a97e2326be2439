"""The claim of one amount of a period: its sums in whole units, and how wide it must stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from publisher.protection.amounts.judging import AmountFacts, cell_of, facts_of
from publisher.protection.grid import Grid, quantity_key
from publisher.protection.measures import Kind
from publisher.protection.primary import Rule, below_threshold
from publisher.protection.quantities import Quantity, quantities_of
from publisher.protection.rules import Rules
from publisher.protection.verification.claim import Claim, Demand, Relation, Union
from publisher.protection.verification.statement import Leaves, Statement


def claim_of_amount(
    grid: Grid,
    rules: Rules,
    period: int,
    measure: str,
    withheld: frozenset[str],
    raised: Sequence[Leaves] = (),
    kept: frozenset[str] = frozenset(),
) -> Claim:
    """State what the release claims for one amount of a period.

    Args:
        grid: what may be published, with true values.
        rules: the parameters.
        period: code of the period.
        measure: the amount.
        withheld: keys of the quantities that the release withholds.
        raised: schools that may have more of what is counted, by the proofs of the counts.
        kept: keys of cells that readers have already, and keep.
    """
    statement = Statement(grid, rules, period, withheld)
    least: dict[str, int] = {}
    children: dict[str, int] = {}
    for quantity in quantities_of(grid, {Kind.AMOUNT}):
        if quantity.measure == measure:
            statement.add(quantity)
    for quantity in statement.quantities.values():
        for key, leaves, names in _cells(statement, quantity):
            facts = facts_of(grid, quantity, period, leaves, names, withheld, raised)
            least[key], children[key] = facts.least, facts.children
            if facts.most is not None:
                statement.relations.append(Relation(((key, 1),), None, facts.most))
            demand = _demand(statement, quantity, key, names, facts)
            if demand is not None and key not in kept:
                statement.demands.append(demand)
        statement.unite(quantity)
    _add_up_parts(statement)
    threshold = rules.split_threshold if rules.union else 0
    return replace(
        statement.claim(),
        unions=tuple(replace(union, threshold=threshold) for union in statement.unions),
        direction="up",
        least=least,
        persons=children,
    )


def _cells(
    statement: Statement, quantity: Quantity
) -> Iterator[tuple[str, Leaves, tuple[tuple[str, str], ...]]]:
    """Every published cell with its name, and every latent quantity without one."""
    seen: set[str] = set()
    for unit in statement.shown(quantity):
        key = statement.key(quantity, unit)
        seen.add(key)
        yield key, unit.leaves, ((unit.level, unit.unit),)
    latent = {statement.key(quantity, u): u.leaves for u in statement.latent_units(quantity)}
    latent |= {key: group for group, key in statement.inner[quantity.term].items()}
    for key, leaves in latent.items():
        if key not in seen:
            yield key, leaves, ()


def _demand(
    statement: Statement,
    quantity: Quantity,
    key: str,
    names: tuple[tuple[str, str], ...],
    facts: AmountFacts,
) -> Demand | None:
    rules = statement.rules
    rule: Rule | None = None
    width = 0
    if names:
        cell = cell_of(statement.grid, quantity, statement.period, *names[0])
        rule, width = cell.rule(rules, statement.withheld), cell.width(rules)
    elif below_threshold(facts.children, rules.split_threshold):
        rule = Rule.MARGIN
    if rule is None:
        return None
    reach = facts.reach(width, rules)
    return Demand(key, rule, reach.up, facts.least, None, below=reach.down)


def _add_up_parts(statement: Statement) -> None:
    """Categories that exclude each other add up to their total, in every group and unit."""
    by_table: dict[str, list[Quantity]] = {}
    for quantity in statement.quantities.values():
        if quantity.part and not statement.grid.tables[quantity.table].overlaps:
            by_table.setdefault(quantity.table, []).append(quantity)
    for parts in by_table.values():
        total = (parts[0].measure, "")
        for group in statement.inner[parts[0].term]:
            whole = statement.terms(total, group)
            split = ((statement.inner[part.term][group], -1) for part in parts)
            statement.relations.append(Relation((*whole, *split), 0, 0))
        for unit in statement.shown(parts[0]):
            key = quantity_key(statement.period, parts[0].measure, unit.level, unit.unit, "")
            keys = tuple(statement.key(part, unit) for part in parts)
            statement.unions.append(Union(key, keys, 0))
