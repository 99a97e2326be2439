"""What every table counts, said once more in plain Python for the naive count.

Made from the written design of the indicators, and never from the linkage's own definitions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.micro_places import (
    ALL_LEVELS,
    EDUCATION_LEVELS,
    JOINT_LEVELS,
    SCHOOL_LEVELS,
)
from tests.support.micro_rows import Care, Enrolment

CHILDREN, ROWS, GROUPS, LARGEST = "children", "rows", "groups", "largest"
"""What a measure counts; else it is the name of the column of ``Care`` that it adds up."""

FORMS = (1, 2, 3, 4, 11, 12, 13, 14, 19)


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A care row of a client, with what is known of the child and the bundle.

    Attributes:
        kind: type of the school; empty where the bundle does not have it.
        group: the provider group; an AGB code that is not listed is its own, empty is none.
        listed: whether the bundle has the provider.
        arrangement: as a category.
        flow: of the child in this period.
    """

    care: Care
    pupil: Enrolment
    kind: str
    group: str
    listed: bool
    arrangement: str
    flow: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure of a table over care rows.

    Attributes:
        quantity: children, rows, groups, largest, or the column that is added up.
        counts: whether a row counts.
        category: the category in which it then counts, beside the total; None: total only.
    """

    table: str
    measure: str
    levels: tuple[str, ...]
    quantity: str
    counts: Callable[[ClientRow], bool]
    category: Callable[[ClientRow], str] | None = None


def always(_row: ClientRow) -> bool:
    return True


def started(row: ClientRow) -> bool:
    return row.care.started


def ended(row: ClientRow) -> bool:
    return row.care.ended


def running(row: ClientRow) -> bool:
    return not row.care.ended


def as_planned(row: ClientRow) -> bool:
    return row.care.ended and row.care.end_reason == 1


def with_stay(row: ClientRow) -> bool:
    return row.care.form in (11, 12, 13, 14)


def mental_health(row: ClientRow) -> bool:
    return row.care.domain in (2, 3)


def mental_health_via_gp(row: ClientRow) -> bool:
    return mental_health(row) and row.care.referrer == 2


def dyslexia(row: ClientRow) -> bool:
    return row.care.domain == 4


def day_treatment(row: ClientRow) -> bool:
    return row.care.half_days > 0 and row.kind in ("SO", "VSO")


def with_provider(row: ClientRow) -> bool:
    return row.group != ""


def form(row: ClientRow) -> str:
    return str(row.care.form)


def domain(row: ClientRow) -> str:
    return str(row.care.domain)


def education(row: ClientRow) -> str:
    return str(row.pupil.education)


def referrer(row: ClientRow) -> str:
    return str(row.care.referrer)


def flow(row: ClientRow) -> str:
    return row.flow


def end_reason(row: ClientRow) -> str:
    return str(row.care.end_reason)


def arrangement(row: ClientRow) -> str:
    return row.arrangement


def provider(row: ClientRow) -> str:
    if not row.group:
        return "none"
    return row.group if row.listed else "other"


def age_at_start(row: ClientRow) -> str:
    age = row.care.age_at_start
    if age <= 3:
        return "0"
    if age <= 7:
        return "4"
    if age <= 11:
        return "8"
    if age <= 14:
        return "12"
    if age <= 17:
        return "15"
    return "18"


def duration(row: ClientRow) -> str:
    days = row.care.since
    if days <= 91:
        return "1"
    if days <= 182:
        return "92"
    if days <= 365:
        return "183"
    if days <= 730:
        return "366"
    return "731"


RULES = (
    Rule("pupils_and_clients", "clients", ALL_LEVELS, CHILDREN, always),
    Rule("clients_by_form", "clients", ALL_LEVELS, CHILDREN, always, form),
    Rule("clients_by_education", "clients", EDUCATION_LEVELS, CHILDREN, always, education),
    Rule("clients_by_domain", "clients", ALL_LEVELS, CHILDREN, always, domain),
    Rule("clients_with_stay", "clients_with_stay", ALL_LEVELS, CHILDREN, with_stay),
    Rule("clients_of_kind", "clients_mental_health", ALL_LEVELS, CHILDREN, mental_health),
    Rule("clients_mental_health_via_gp", "clients_mental_health_via_gp", ALL_LEVELS, CHILDREN,
         mental_health_via_gp),
    Rule("clients_of_kind", "clients_dyslexia", ALL_LEVELS, CHILDREN, dyslexia),
    Rule("starts_and_ends", "clients_started", ALL_LEVELS, CHILDREN, started),
    Rule("starts_and_ends", "started_trajectories", ALL_LEVELS, ROWS, started),
    Rule("starts_and_ends", "clients_ended", ALL_LEVELS, CHILDREN, ended),
    Rule("starts_and_ends", "ended_trajectories", ALL_LEVELS, ROWS, ended),
    Rule("starts_and_ends", "clients_ended_as_planned", ALL_LEVELS, CHILDREN, as_planned),
    Rule("starts_and_ends", "ended_as_planned_trajectories", ALL_LEVELS, ROWS, as_planned),
    Rule("clients_started_by_referrer", "clients_started", ALL_LEVELS, CHILDREN, started, referrer),
    Rule("started_trajectories_by_referrer", "started_trajectories", ALL_LEVELS, ROWS, started,
         referrer),
    Rule("clients_started_by_age", "clients_started", ALL_LEVELS, CHILDREN, started, age_at_start),
    Rule("clients_by_flow", "clients", ALL_LEVELS, CHILDREN, always, flow),
    Rule("ended_trajectories_by_reason", "ended_trajectories", ALL_LEVELS, ROWS, ended, end_reason),
    Rule("ended_by_duration", "ended_trajectories", ALL_LEVELS, ROWS, ended, duration),
    Rule("ended_by_duration", "ended_days", ALL_LEVELS, "since", ended, duration),
    Rule("running_by_duration", "running_trajectories", ALL_LEVELS, ROWS, running, duration),
    Rule("running_by_duration", "running_days", ALL_LEVELS, "since", running, duration),
    Rule("costs", "cost_eur", ALL_LEVELS, "cost_eur", always),
    Rule("costs_by_form", "cost_eur", ALL_LEVELS, "cost_eur", always, form),
    Rule("day_treatment", "clients_day_treatment", SCHOOL_LEVELS, CHILDREN, day_treatment),
    Rule("day_treatment", "half_days", SCHOOL_LEVELS, "half_days", day_treatment),
    Rule("providers", "providers", ALL_LEVELS, GROUPS, with_provider),
    Rule("providers", "largest_provider_clients", ALL_LEVELS, LARGEST, with_provider),
    Rule("clients_by_provider", "clients", ALL_LEVELS, CHILDREN, always, provider),
    Rule("clients_by_arrangement", "clients", ALL_LEVELS, CHILDREN, always, arrangement),
    Rule("costs_by_arrangement", "cost_eur", ALL_LEVELS, "cost_eur", always, arrangement),
    Rule("arrangement_schools", "clients", JOINT_LEVELS, CHILDREN, always),
    Rule("arrangement_schools", "cost_eur", JOINT_LEVELS, "cost_eur", always),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PupilRule:
    """A measure of a table over pupils, in care or not."""

    table: str
    measure: str
    levels: tuple[str, ...]
    covered: bool
    category: Callable[[Enrolment], str] | None = None


PUPIL_RULES = (
    PupilRule("pupils_and_clients", "pupils", ALL_LEVELS, True),
    PupilRule("coverage", "not_covered", SCHOOL_LEVELS, False),
    PupilRule("clients_by_education", "pupils", EDUCATION_LEVELS, True,
              lambda row: str(row.education)),
    PupilRule("arrangement_schools", "pupils", JOINT_LEVELS, True),
)  # fmt: skip

PUBLIC = (("coverage", "duo_pupils"), ("arrangement_schools", "lump_sum_eur"))
"""Measures that are no count of anybody: table and measure."""
