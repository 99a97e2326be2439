"""What is known of each measure: its kind, what holds it, and what it is an amount of.

Neutral ground, for the side that protects and for the side that verifies. An allow-list: a
measure that is not here has no rules, and a table that holds it is not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

PUPILS = "pupils"
CLIENTS = "clients"
NOT_COVERED = "not_covered"
DUO_PUPILS = "duo_pupils"
LUMP_SUM = "lump_sum_eur"
PROVIDERS = "providers"


class Kind(Enum):
    """What a number counts; each kind has rules of its own (PROTECTION section 3)."""

    PERSONS = "persons"
    TRAJECTORIES = "trajectories"  # rows of children; a few children can have many
    AMOUNT = "amount"  # euros, days or half-days
    PROVIDERS = "providers"  # distinct, shown in bands
    PUBLIC = "public"  # open data
    NEVER = "never"  # counted by the linker, published by nobody: no rule covers it


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """The rules of one measure.

    Attributes:
        within: measures that are never smaller in the same place and category.
        split_of: the total of which this is a sensitive part, with the limits of a split.
        counted: for an amount or providers, the count that must be published beside it.
        each: for an amount, the least and most that one of those counted adds; None is no bound.
        behind: for what is counted in trajectories, the children who have one.
    """

    kind: Kind
    within: tuple[str, ...] = ()
    split_of: str = ""
    counted: str = ""
    each: tuple[int, int | None] = (0, None)
    behind: str = ""


_PERSONS = Kind.PERSONS
_ROWS = Kind.TRAJECTORIES

RULES: Mapping[str, MeasureRule] = {
    PUPILS: MeasureRule(_PERSONS),
    CLIENTS: MeasureRule(_PERSONS, within=(PUPILS,)),
    NOT_COVERED: MeasureRule(_PERSONS),
    DUO_PUPILS: MeasureRule(Kind.PUBLIC),
    "clients_with_stay": MeasureRule(_PERSONS, (CLIENTS,), CLIENTS),
    "clients_mental_health": MeasureRule(_PERSONS, (CLIENTS,), CLIENTS),
    "clients_mental_health_via_gp": MeasureRule(
        _PERSONS, ("clients_mental_health",), "clients_mental_health"
    ),
    "clients_dyslexia": MeasureRule(_PERSONS, (CLIENTS,), CLIENTS),
    "clients_started": MeasureRule(_PERSONS, (CLIENTS, "started_trajectories")),
    "started_trajectories": MeasureRule(_ROWS, behind="clients_started"),
    "clients_ended": MeasureRule(_PERSONS, (CLIENTS, "ended_trajectories")),
    "ended_trajectories": MeasureRule(_ROWS, behind="clients_ended"),
    "clients_ended_as_planned": MeasureRule(
        _PERSONS, ("clients_ended", "ended_as_planned_trajectories"), "clients_ended"
    ),
    "ended_as_planned_trajectories": MeasureRule(
        _ROWS, ("ended_trajectories",), "ended_trajectories", behind="clients_ended_as_planned"
    ),
    "running_trajectories": MeasureRule(_ROWS, behind=CLIENTS),
    "clients_day_treatment": MeasureRule(_PERSONS, (CLIENTS,), CLIENTS),
    "cost_eur": MeasureRule(Kind.AMOUNT, counted=CLIENTS),
    "ended_days": MeasureRule(
        Kind.AMOUNT, counted="ended_trajectories", each=(1, 10_000), behind="clients_ended"
    ),
    "running_days": MeasureRule(
        Kind.AMOUNT, counted="running_trajectories", each=(1, 10_000), behind=CLIENTS
    ),
    "half_days": MeasureRule(Kind.AMOUNT, counted="clients_day_treatment", each=(1, None)),
    PROVIDERS: MeasureRule(Kind.PROVIDERS, counted=CLIENTS),
    "largest_provider_clients": MeasureRule(Kind.NEVER),
    LUMP_SUM: MeasureRule(Kind.PUBLIC),
}

Term = tuple[str, str]
"""A measure and a part of it, such as ``("clients", "form=2")``; no part is the total."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """In every group of schools one sum of quantities is at most another."""

    lesser: tuple[Term, ...]
    greater: tuple[Term, ...]


_STAY = tuple((CLIENTS, f"form={form}") for form in ("11", "12", "13", "14"))
_CARED_FOR = (("ended_trajectories", ""), ("running_trajectories", ""))

ACROSS: tuple[AtMost, ...] = (
    # With stay is any of four forms: DISTINCT over them.
    AtMost((("clients_with_stay", ""),), _STAY),
    *(AtMost((form,), (("clients_with_stay", ""),)) for form in _STAY),
    # Every client has a trajectory, which ended or still runs; so has everything that started.
    AtMost(((CLIENTS, ""),), _CARED_FOR),
    AtMost((("started_trajectories", ""),), _CARED_FOR),
    # Who is not continuing has nothing but what started in the period.
    AtMost(((CLIENTS, "flow=new"), (CLIENTS, "flow=returning")), (("clients_started", ""),)),
)
"""Relations between tables, beside those of ``within`` and of categories to their total."""

BREAKDOWNS = frozenset(
    {"form", "referrer", "age_at_start", "flow", "education", "duration", "provider"}
)  # fmt: skip
"""Allow-list: the relations of other breakdowns with the rest of a release are not stated."""

DAYS_OF_CLASS: Mapping[str, tuple[int, int]] = {
    "1": (1, 91),
    "92": (92, 182),
    "183": (183, 365),
    "366": (366, 730),
    "731": (731, 10_000),
}
"""Least and most days of a trajectory per class of duration: days tell about classes."""


def is_public(measure: str) -> bool:
    """Whether it is open data, which anybody has already."""
    return RULES[measure].kind is Kind.PUBLIC


def counts_persons(measure: str) -> bool:
    """Whether a measure counts children, whose number is a small one."""
    return RULES[measure].kind is Kind.PERSONS


def counts_clients(measure: str) -> bool:
    """Whether it counts children with care, or their trajectories: a supplier knows its own."""
    known = RULES[measure].kind in (Kind.PERSONS, Kind.TRAJECTORIES)
    return known and measure not in (PUPILS, NOT_COVERED)
