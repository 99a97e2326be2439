"""What is counted: one definition per measure, for the SQL, the codebook and the methodology.

A measure is defined once. ``COUNTS`` says which relation of ``stages.py`` it counts persons
of, ``TABLES`` is the catalogue that goes into the tally's header, and ``DERIVED`` are the
quotients that the publisher makes from released counts only.

Source: DESIGN 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.codes import Form
from shared.contract.tally import Measure, Table
from shared.reference import SCHOOL_LEVELS, Level

_SOURCE_PUPILS = "enrolment/1: the attendance officers' extract of DUO's register (C-levering)"
_SOURCE_CARE = "care/1: assignments and declarations of the municipalities (iJw)"
_SOURCE_TOTALS = "reference bundle: pupil totals per school location published by DUO"

_ENROLLED = (
    "Persons with an enrolment on the reference date of the period (1 October), each at one "
    "school: the main enrolment first, then the smallest school code."
)
_POPULATION = (
    f"{_ENROLLED} Only residents of a municipality of which both an enrolment and a care "
    "delivery were accepted for the period, matched or not."
)
_EXCLUDED = (
    "Persons who objected, in every period. Pupils without a citizen service number stay in "
    "the population and are never clients."
)
_CLIENT = (
    "Persons of the population with at least one day of youth care in the period, from any "
    "municipality that delivered; youth care is every form but transport, probation, "
    "protection and preventive judicial activities (product categories 42, 47, 48, 49)."
)

PUPILS = Measure(
    id="pupils",
    label="leerlingen die in de regio wonen",
    unit="persons",
    explanation=(
        "Leerlingen die op 1 oktober op school stonden ingeschreven en in een deelnemende "
        "gemeente wonen. Elke leerling telt bij één school. Wie bezwaar maakte, telt niet "
        "mee."
    ),
    population=_POPULATION,
    numerator="Every person of the population.",
    exclusions="Persons who objected, in every period.",
    source=_SOURCE_PUPILS,
)

CLIENTS = Measure(
    id="clients",
    label="leerlingen met jeugdhulp",
    unit="persons",
    explanation=(
        "Leerlingen die in de periode ten minste één dag jeugdhulp kregen. Elke leerling "
        "telt één keer, ook als twee gemeenten hulp betalen. Vervoer, jeugdbescherming en "
        "jeugdreclassering zijn geen jeugdhulp."
    ),
    population=_POPULATION,
    numerator=_CLIENT,
    exclusions=_EXCLUDED,
    overlap="A child claimed by two municipalities counts once; schools add up.",
    source=f"{_SOURCE_PUPILS}; {_SOURCE_CARE}",
)

CLIENTS_OF_FORM = CLIENTS.model_copy(
    update={
        "numerator": f"{_CLIENT} In a category: with at least one such day of that form.",
        "explanation": (
            "Leerlingen die in de periode ten minste één dag hulp van deze vorm kregen. Een "
            "leerling kan meer vormen van hulp krijgen; de aantallen tellen daarom niet op."
        ),
        "overlap": (
            "A child with two forms counts in both, so forms do not add up to clients; a child "
            "claimed by two municipalities counts once; schools add up."
        ),
    }
)

NOT_COVERED = Measure(
    id="not_covered",
    label="geleverde leerlingen uit niet-deelnemende gemeenten",
    unit="persons",
    explanation=(
        "Leerlingen uit gemeenten die nog niet alles hebben geleverd. Zij tellen in geen "
        "enkel ander cijfer mee."
    ),
    population=_ENROLLED,
    numerator=(
        "Persons whose municipality of residence has no accepted enrolment delivery or no "
        "accepted care delivery for the period. They are in no rate."
    ),
    exclusions="Persons who objected, in every period.",
    source=_SOURCE_PUPILS,
)

DUO_PUPILS = Measure(
    id="duo_pupils",
    label="leerlingen volgens DUO",
    unit="persons",
    explanation=(
        "Alle leerlingen volgens DUO op 1 oktober, waar zij ook wonen. Dit aantal is openbaar."
    ),
    population="All pupils of the unit on the reference date, wherever they live.",
    numerator="Sum of DUO's published totals over the school locations of the unit.",
    exclusions=(
        "Only where every location of the unit has an exact total (a masked total is an "
        "interval). Not for schools outside the region, of which the bundle holds a choice. "
        "An absent cell means not available, never zero."
    ),
    source=_SOURCE_TOTALS,
)

DERIVED: tuple[Measure, ...] = (
    Measure(
        id="clients_per_100_pupils",
        label="leerlingen met jeugdhulp per 100 leerlingen",
        unit="clients per 100 pupils, one decimal",
        explanation=(
            "Leerlingen met jeugdhulp gedeeld door leerlingen die in de regio wonen, maal "
            "100. Bij minder dan 50 leerlingen staat dit cijfer er niet."
        ),
        population=_POPULATION,
        numerator="Released clients of the same unit and period.",
        denominator="Released pupils of the same unit and period.",
        exclusions=_EXCLUDED,
        source="derived by the publisher from released counts",
    ),
    Measure(
        id="coverage_percent",
        label="dekkingsgraad",
        unit="per cent",
        explanation=(
            "Leerlingen die in de regio wonen, als percentage van alle leerlingen volgens "
            "DUO. Is dit laag, dan gaat het cijfer over een deel van de school."
        ),
        population="All pupils of the unit on the reference date, wherever they live.",
        numerator="Released pupils of the same unit and period.",
        denominator="DUO's total of the same unit and period (duo_pupils).",
        exclusions="Units for which DUO's total is not available.",
        source=f"derived by the publisher from released counts; {_SOURCE_TOTALS}",
    ),
)
"""Quotients: never in a tally, made by the publisher from what was released."""

PUPILS_AND_CLIENTS_TABLE = Table(
    id="pupils_and_clients",
    title="Leerlingen en leerlingen met jeugdhulp",
    levels=tuple(Level),
    measures=(PUPILS, CLIENTS),
)

CLIENTS_BY_FORM_TABLE = Table(
    id="clients_by_form",
    title="Leerlingen met jeugdhulp naar vorm van hulp",
    levels=tuple(Level),
    measures=(CLIENTS_OF_FORM,),
    breakdown="form",
    categories=tuple((str(form.value), form.label) for form in Form),
    overlaps=True,
)

# No cut by residence: of a municipality that takes part nobody is "not covered", of another all.
COVERAGE_TABLE = Table(
    id="coverage",
    title="Dekking: leerlingen buiten de telling en het totaal volgens DUO",
    levels=SCHOOL_LEVELS,
    measures=(NOT_COVERED, DUO_PUPILS),
)

TABLES: tuple[Table, ...] = (PUPILS_AND_CLIENTS_TABLE, CLIENTS_BY_FORM_TABLE, COVERAGE_TABLE)
"""The catalogue of the tally."""


@dataclass(frozen=True, slots=True)
class PersonCount:
    """One measure of one table, counted as distinct persons of a relation.

    Attributes:
        table: the table of the catalogue.
        measure: the measure's id in that table.
        persons: relation with link_id, period, school_no and residence; several rows of one
            person count once.
        category: column of that relation that is the category; empty counts the total, "".
        claimed: the relation's column ``municipality`` says who delivered the row, so that
            the count carries contributions: the clients that each municipality can itself
            place in the cell, by a row of its own that counts there.
    """

    table: Table
    measure: Measure
    persons: str
    category: str = ""
    claimed: bool = False


COUNTS: tuple[PersonCount, ...] = (
    PersonCount(PUPILS_AND_CLIENTS_TABLE, PUPILS, "population"),
    PersonCount(PUPILS_AND_CLIENTS_TABLE, CLIENTS, "client_care", claimed=True),
    PersonCount(CLIENTS_BY_FORM_TABLE, CLIENTS_OF_FORM, "client_care", claimed=True),
    PersonCount(CLIENTS_BY_FORM_TABLE, CLIENTS_OF_FORM, "client_care", "form", claimed=True),
    PersonCount(COVERAGE_TABLE, NOT_COVERED, "not_covered"),
)
"""Everything that is counted from deliveries; a further indicator is a further line."""
