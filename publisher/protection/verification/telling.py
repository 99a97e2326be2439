"""What a published number tells, by the rules that it passed, of numbers that are withheld.

1. A part leaves the threshold of its whole: else the rule on group disclosure had withheld it.
2. Trajectories are of as many children as their threshold, and days of as many as the rule on
   amounts asks for: no count of children that holds them all is smaller.

A reader knows the rules, and what is published; these hold for the pattern at hand only.
Source: PROTECTION 1 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from publisher.protection.grid import quantity_key
from publisher.protection.measures import Kind, Term
from publisher.protection.primary import group_disclosed
from publisher.protection.quantities import Quantity, children_behind, quantities_of
from publisher.protection.regions import RegionUnit, region_units
from publisher.protection.verification.claim import Relation, Terms
from publisher.protection.verification.statement import Statement


def told_by_what_is_shown(statement: Statement) -> Iterator[Relation]:
    """State both for every number that the release shows, once all counts are stated."""
    for quantity in statement.quantities.values():
        threshold = quantity.threshold(statement.rules)
        for unit in statement.shown(quantity):
            key = statement.key(quantity, unit)
            if statement.true[key] and key not in statement.withheld:
                yield from _of_whole(statement, quantity, unit, key)
                yield from _of_children(statement, quantity, unit, threshold)
    for days in quantities_of(statement.grid, {Kind.AMOUNT}):
        for unit in region_units(statement.grid, statement.period, days.shown):
            if statement.key(days, unit) not in statement.withheld:
                yield from _of_children(statement, days, unit, statement.rules.split_threshold)


def _of_whole(
    statement: Statement, quantity: Quantity, unit: RegionUnit, key: str
) -> Iterator[Relation]:
    threshold = quantity.threshold(statement.rules)
    whole = _terms_if_hidden(statement, quantity.whole, unit)
    total = sum(statement.true[name] for name, _ in whole)
    disclosed = group_disclosed(statement.true[key], total, threshold)
    if statement.rules.group and whole and not disclosed:
        yield Relation((*whole, (key, -1)), threshold, None, of_pattern=True)


def _of_children(
    statement: Statement, quantity: Quantity, unit: RegionUnit, least: int
) -> Iterator[Relation]:
    behind = children_behind(quantity, statement.quantities)
    terms = _terms_if_hidden(statement, behind, unit)
    if terms and statement.children(quantity, unit.leaves) >= least:
        yield Relation(terms, least, None, of_pattern=True)


def _terms_if_hidden(statement: Statement, term: Term | None, unit: RegionUnit) -> Terms:
    """A quantity of a unit, unless the release shows it; then there is nothing more to tell.

    Nor is there where the groups of the quantity are not exactly those of the unit: a part of
    them need not be as many.
    """
    groups = () if term is None else statement.inner.get(term, ())
    within = frozenset[str]().union(*(group for group in groups if group <= unit.leaves))
    if term is None or within != unit.leaves:
        return ()
    key = quantity_key(statement.period, term[0], unit.level, unit.unit, term[1])
    shown = key in statement.true and key not in statement.withheld and key not in statement.latent
    return () if shown else statement.terms(term, unit.leaves)
