"""The catalogue of a tally, as its header has it, made from the definitions.

Source: docs/methodology.md, which is made from the same definitions.
"""

from __future__ import annotations

from linker.linkage.definitions import Breakdown, Bundle, TableDefinition, definitions
from shared.contract.tally import Measure, Table
from shared.reference import Reference

NONE, OTHER, UNKNOWN = "none", "other", "unknown"
"""Categories beside those of the bundle: no provider or arrangement, or one that it lacks."""

DERIVED: tuple[Measure, ...] = tuple(each.measure for each in definitions().derived)
"""Quotients: never in a tally, made by the publisher from what was released."""


def catalogue(reference: Reference | None) -> tuple[Table, ...]:
    """Every table that is counted.

    Args:
        reference: whose provider groups and arrangements are categories; without it these
            breakdowns have only the categories that stand in no bundle.
    """
    return tuple(_table(table, reference) for table in definitions().tables)


def _table(table: TableDefinition, reference: Reference | None) -> Table:
    found = definitions()
    categories: tuple[tuple[str, str], ...] = ()
    if table.breakdown:
        categories = categories_of(found.breakdown(table.breakdown), reference)
    return Table(
        id=table.id,
        title=table.title,
        levels=table.levels,
        measures=tuple(found.measure(id_).measure for id_ in table.measures),
        breakdown=table.breakdown,
        categories=categories,
        overlaps=table.overlaps,
    )


def categories_of(breakdown: Breakdown, reference: Reference | None) -> tuple[tuple[str, str], ...]:
    """Code and Dutch label of every category, in order."""
    if breakdown.bundle is Bundle.PROVIDERS:
        groups = reference.provider_groups if reference else ()
        return (
            *((each.group, each.name) for each in groups),
            (OTHER, "andere aanbieder"),
            (NONE, "geen AGB-code (persoonsgebonden budget)"),
        )
    if breakdown.bundle is Bundle.ARRANGEMENTS:
        joint = reference.arrangements if reference else ()
        return (
            *((str(each.number), each.name) for each in joint),
            (NONE, "geen arrangement"),
            (UNKNOWN, "arrangement onbekend"),
        )
    return tuple((each.code, each.label) for each in breakdown.categories)


TABLES: tuple[Table, ...] = catalogue(None)
"""The catalogue without a bundle: what is counted anywhere."""
