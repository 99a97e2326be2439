"""The naive count: plain loops over children and rows, to every cell of the tally.

A cell is made from the rows that count in it and from nothing else. Slow and obvious on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tests.support.micro_catalogue import (
    CHILDREN,
    FORMS,
    GROUPS,
    LARGEST,
    PUPIL_RULES,
    ROWS,
    RULES,
    ClientRow,
)
from tests.support.micro_places import (
    Unit,
    chosen_enrolments,
    is_covered,
    units_of,
    units_of_school,
)
from tests.support.micro_rows import NO_PROVIDER, Care, Delivered, Enrolment, Facts

Key = tuple[str, str, str, int, str, str]
"""A cell: table, level, unit, period, category (empty for the total) and measure."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a cell must hold; field by field as in the tally."""

    value: int
    contributions: Mapping[int, int] = field(default_factory=dict)
    contributors: int = 0
    providers: int = 0
    largest_share: int = 0
    protect_clients: int = 0
    protect_providers: int = 0
    protect_suppliers: int = 0
    dominated: int = 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The policy's numbers for amounts."""

    p_percent: int = 15
    dominance_percent: int = 50


POLICY = Thresholds()


def naive_count(
    facts: Facts, delivered: Delivered, thresholds: Thresholds = POLICY
) -> dict[Key, Counted]:
    """Every cell whose value or whose number of children is not zero."""
    delivered = delivered.after_objections()
    cells = _count_pupils(facts, delivered)
    rows_of: dict[tuple[Key, str], list[ClientRow]] = {}
    for row in client_rows(facts, delivered):
        units = units_of(facts, row.pupil)
        for rule in RULES:
            if not rule.counts(row):
                continue
            categories = [""] if rule.category is None else ["", rule.category(row)]
            for level, unit in units:
                if level not in rule.levels:
                    continue
                for category in categories:
                    key = (rule.table, level, unit, row.pupil.period, category, rule.measure)
                    rows_of.setdefault((key, rule.quantity), []).append(row)
    for (key, quantity), rows in rows_of.items():
        cells[key] = count_cell(rows, quantity, thresholds)
    return cells | _public_cells(facts)


def differences(
    found: Mapping[Key, Counted], wanted: Mapping[Key, Counted], most: int = 5
) -> list[tuple[Key, Counted | None, Counted | None]]:
    """The first cells in which two tallies differ: the key, what was found and what was wanted."""
    keys = found.keys() | wanted.keys()
    other = sorted(key for key in keys if found.get(key) != wanted.get(key))
    return [(key, found.get(key), wanted.get(key)) for key in other[:most]]


def _count_pupils(facts: Facts, delivered: Delivered) -> dict[Key, Counted]:
    pupils: dict[Key, int] = {}
    for row in chosen_enrolments(delivered.enrolments).values():
        units = units_of(facts, row)
        for rule in PUPIL_RULES:
            if rule.covered != is_covered(row, delivered.covered):
                continue
            categories = [""] if rule.category is None else ["", rule.category(row)]
            for level, unit in units:
                if level not in rule.levels:
                    continue
                for category in categories:
                    key = (rule.table, level, unit, row.period, category, rule.measure)
                    pupils[key] = pupils.get(key, 0) + 1
    return {key: Counted(count, contributors=count) for key, count in pupils.items()}


def client_rows(facts: Facts, delivered: Delivered) -> list[ClientRow]:
    """Distinct youth-care rows of the population, each beside the pupil of the same period."""
    pupils = chosen_enrolments(delivered.enrolments)
    earlier: dict[int, set[int]] = {}
    found: list[tuple[Care, Enrolment]] = []
    for care in sorted(set(delivered.care), key=repr):
        if care.form not in FORMS:
            continue
        earlier.setdefault(care.person, set()).add(care.period)
        pupil = pupils.get((care.person, care.period))
        if pupil is not None and pupil.linkable and is_covered(pupil, delivered.covered):
            found.append((care, pupil))
    of_child: dict[tuple[int, int], list[Care]] = {}
    for care, _ in found:
        of_child.setdefault((care.person, care.period), []).append(care)
    rows = []
    for care, pupil in found:
        school = facts.schools.get(pupil.school)
        before = any(period < care.period for period in earlier[care.person])
        rows.append(
            ClientRow(
                care=care,
                pupil=pupil,
                kind=school.kind if school else "",
                group=_group(facts, care.provider),
                listed=care.provider in facts.groups,
                arrangement=_arrangement(facts, care.arrangement),
                flow=_flow(of_child[care.person, care.period], before=before),
            )
        )
    return rows


def _group(facts: Facts, agb: str) -> str:
    if agb == NO_PROVIDER:
        return ""
    return facts.groups.get(agb, f"AGB {agb}")


def _arrangement(facts: Facts, number: int) -> str:
    if number == 0:
        return "none"
    known = any(joint.number == number for joint in facts.arrangements)
    return str(number) if known else "unknown"


def _flow(rows: Iterable[Care], *, before: bool) -> str:
    rows = list(rows)
    if any(not row.started for row in rows):
        return "continuing"
    if not before and any(row.started and row.first for row in rows):
        return "new"
    return "returning"


def count_cell(rows: list[ClientRow], quantity: str, thresholds: Thresholds = POLICY) -> Counted:
    """One cell from the rows that count in it."""
    children = {row.care.person for row in rows}
    claimed: dict[int, set[int]] = {}
    served: dict[str, set[int]] = {}
    for row in rows:
        claimed.setdefault(row.care.municipality, set()).add(row.care.person)
        if row.group:
            served.setdefault(row.group, set()).add(row.care.person)
    largest = max((len(who) for who in served.values()), default=0)
    amounts = False
    if quantity == CHILDREN:
        value = len(children)
    elif quantity == ROWS:
        value = len(rows)
    elif quantity == GROUPS:
        value = len(served)
    elif quantity == LARGEST:
        value = largest
    else:
        value = sum(int(getattr(row.care, quantity)) for row in rows)
        amounts = True
    widths, dominated = _protection(rows, quantity, thresholds) if amounts else ((0, 0, 0), 0)
    return Counted(
        value=value,
        contributions={place: len(who) for place, who in claimed.items()},
        contributors=len(children),
        providers=len(served),
        largest_share=-(-1000 * largest // len(children)),
        protect_clients=widths[0],
        protect_providers=widths[1],
        protect_suppliers=widths[2],
        dominated=dominated,
    )


def _protection(
    rows: list[ClientRow], column: str, thresholds: Thresholds
) -> tuple[tuple[int, int, int], int]:
    """The protection width of children, provider groups and municipalities; and who dominates."""
    of_child: dict[object, int] = {}
    of_group: dict[object, int] = {}
    of_supplier: dict[object, int] = {}
    for row in rows:
        amount = int(getattr(row.care, column))
        of_child[row.care.person] = of_child.get(row.care.person, 0) + amount
        of_supplier[row.care.municipality] = of_supplier.get(row.care.municipality, 0) + amount
        if row.group:
            of_group[row.group] = of_group.get(row.group, 0) + amount
    dominated = 0
    for bit, net in ((1, of_child), (2, of_group), (4, of_supplier)):
        amounts = [abs(amount) for amount in net.values()]
        if amounts and 100 * max(amounts) > thresholds.dominance_percent * sum(amounts):
            dominated |= bit
    percent = thresholds.p_percent
    return (_width(of_child, percent), _width(of_group, percent), _width(of_supplier, percent)), (
        dominated
    )


def _width(net: Mapping[object, int], percent: int) -> int:
    """What the p % rule asks for: p % of the largest, less what the two largest do not have."""
    amounts = sorted((abs(amount) for amount in net.values()), reverse=True)
    if not amounts:
        return 0
    return max(0, math.ceil(Fraction(percent * amounts[0], 100) - sum(amounts[2:])))


def _public_cells(facts: Facts) -> dict[Key, Counted]:
    cells: dict[Key, Counted] = {}
    schools_of: dict[Unit, list[str]] = {}
    for code in facts.schools:
        for level, unit in units_of_school(facts, code):
            if level not in ("elsewhere", "total"):
                schools_of.setdefault((level, unit), []).append(code)
    for period, last_day in facts.last_days.items():
        for joint in facts.arrangements:
            if joint.starts_on <= last_day and joint.lump_sum_eur:
                key = ("arrangement_schools", "arrangement", str(joint.number), period, "",
                       "lump_sum_eur")  # fmt: skip
                cells[key] = Counted(joint.lump_sum_eur)
        for (level, unit), codes in schools_of.items():
            totals = [facts.duo_totals.get((code, period)) for code in codes]
            exact = [total for total in totals if total is not None]
            pupils = sum(exact, start=0)
            if len(exact) == len(codes) and pupils:
                cells["coverage", level, unit, period, "", "duo_pupils"] = Counted(pupils)
    return cells
