"""Which published table needs which attribute: read from the definitions that are counted by.

Nobody keeps this by hand: a table that the policy adds says by itself which attributes it needs,
and an attribute that no published table needs is named in the DPIA as one too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from linker.linkage.definitions import (
    Bundle,
    MeasureDefinition,
    Of,
    Quantity,
    TableDefinition,
    definitions,
)
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from shared.policy import Policy

POPULATION = ("pseudonym", "period", "school", "residence", "main")
"""Of ``enrolment/1``: what places a pupil at one school, in one period and one municipality."""
CLIENTS = ("pseudonym", "period", "form")
"""Of ``care/1``: what makes a person a client."""
FLOW = ("started", "first")
"""What tells a new client from one who returns; the definition names the outcome, ``flow``."""


def uses(policy: Policy) -> dict[tuple[str, str], tuple[str, ...]]:
    """Per schema and attribute the ids of the policy's tables that need it, in their order."""
    by_id = {each.id: each for each in definitions().tables}
    found: dict[tuple[str, str], list[str]] = {}
    for table in policy.tables:
        for needed in sorted(set(_needed(by_id[table.counted_as]))):
            found.setdefault(needed, []).append(table.id)
    return {needed: tuple(ids) for needed, ids in found.items()}


def unused(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Attributes that may be delivered and that no published table needs."""
    needed = uses(policy)
    return tuple(
        (schema.name, attribute.name)
        for schema in policy.schemas
        for attribute in schema.attributes
        if (schema.name, attribute.name) not in needed
    )


def _needed(table: TableDefinition) -> Iterator[tuple[str, str]]:
    for name in POPULATION:
        yield ENROLMENT.name, name
    yield OBJECTION.name, "pseudonym"
    measures = [definitions().measure(id_) for id_ in table.measures]
    if any(each.quantity.of_care or each.quantity is Quantity.PUPILS for each in measures):
        yield ENROLMENT.name, "linkable"
    for measure in measures:
        if measure.quantity.of_care:
            for name in (*CLIENTS, *_of_measure(measure)):
                yield CARE.name, name
    if table.breakdown:
        yield from _of_breakdown(table.breakdown)


def _of_measure(measure: MeasureDefinition) -> Iterator[str]:
    yield from _columns(f"{measure.where} {measure.column}")
    if measure.quantity in (Quantity.PROVIDERS, Quantity.LARGEST_PROVIDER):
        yield "provider"


def _of_breakdown(name: str) -> Iterator[tuple[str, str]]:
    breakdown = definitions().breakdown(name)
    text = " ".join([breakdown.column, *(each.where for each in breakdown.categories)])
    if breakdown.bundle is not None:
        text += " provider" if breakdown.bundle is Bundle.PROVIDERS else " arrangement"
    if breakdown.of is Of.PUPIL:
        known = {column.name for column in ENROLMENT.columns}
        for each in sorted(set(re.findall(r"[a-z_]+", text)) & known):
            yield ENROLMENT.name, each
        return
    for column in _columns(text):
        yield CARE.name, column


def _columns(text: str) -> Iterator[str]:
    """Columns of ``care/1`` that a condition names."""
    words = set(re.findall(r"[a-z_]+", text))
    yield from sorted(words & {column.name for column in CARE.columns})
    if "flow" in words:
        yield from FLOW
    if "has_provider" in words:
        yield "provider"
