"""The topics of the monitor: which released tables and measures answer which question.

A further topic is a further line. Pages take from a topic what a release has of it, so that a
topic without released figures simply does not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from publisher.dashboard.findings import (
    CLIENTS,
    COVERAGE,
    FORM_TABLE,
    MAIN_TABLE,
    PROVIDER_TABLE,
    PUPILS,
    RATE,
    Findings,
)  # fmt: skip
from publisher.dashboard.language import msg
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a unit: a measure of a table, for one category or in total."""

    table: str
    measure: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A table that a topic shows.

    Attributes:
        measures: in the order in which they stand; the first one is drawn.
        by: what the measure, of which there is then one, is split by; empty where it is not.
        per_school: the measure of which schools are set side by side; else the first one.
    """

    table: str
    measures: tuple[str, ...]
    by: str = ""
    per_school: str = ""

    @property
    def split(self) -> bool:
        """Whether the measure is shown by category."""
        return bool(self.by)

    @property
    def of_schools(self) -> str:
        """The measure of which schools are set side by side."""
        return self.per_school if self.per_school in self.measures else self.measures[0]


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject that readers ask about.

    Attributes:
        question: what its figures answer.
        caution: what they do not say.
        own_pages: the list of what the topic counts, where each of these has a page of its own.
    """

    id: str
    title: str
    question: str
    caution: str
    parts: tuple[Part, ...]
    own_pages: str = ""

    @property
    def address(self) -> str:
        """The page of the topic."""
        return f"/onderwerpen/{self.id}"


_OVERLAP = msg(
    "Een leerling kan in meer groepen tellen. Tel deze aantallen daarom niet bij elkaar op."
)
_TRAJECTORIES = msg(
    "Dit zijn trajecten, geen leerlingen. Eén leerling kan in een jaar meer trajecten hebben."
)

TOPICS = (
    Topic(
        "gebruik",
        msg("Gebruik van jeugdhulp"),
        msg("Hoeveel leerlingen krijgen jeugdhulp, en hoeveel is dat op elke 100 leerlingen?"),
        msg(
            "Een hoger cijfer betekent niet dat een school of gemeente het minder goed doet. "
            "Scholen hebben verschillende leerlingen."
        ),
        (Part(MAIN_TABLE, (RATE, CLIENTS, PUPILS, COVERAGE)),),
    ),
    Topic(
        "vormen",
        msg("Vormen van hulp"),
        msg("Krijgen leerlingen hulp thuis, bij een aanbieder, of verblijven zij ergens anders?"),
        _OVERLAP,
        (Part(FORM_TABLE, (CLIENTS,), by=msg("Vorm van hulp")),
         Part("clients_with_stay", ("clients_with_stay",))),
    ),
    Topic(
        "soorten",
        msg("Soorten hulp"),
        msg("Gaat het om opvoedhulp, ggz, dyslexiezorg of iets anders?"),
        msg(
            "De soort hulp volgt uit de productcode. Gemeenten gebruiken eigen codes, dus de "
            "indeling is niet overal even precies. Een leerling kan in meer groepen tellen."
        ),
        (Part("clients_by_domain", (CLIENTS,), by=msg("Soort hulp")),),
    ),
    Topic(
        "ggz",
        msg("Ggz, ook via de huisarts"),
        msg("Hoeveel leerlingen krijgen ggz, en hoeveel van hen kwamen daar via de huisarts?"),
        msg(
            "De verwijzer is niet altijd ingevuld. Het aantal via de huisarts kan daardoor in het "
            "echt hoger zijn."
        ),
        (Part("clients_of_kind", ("clients_mental_health",)),
         Part("clients_mental_health_via_gp", ("clients_mental_health_via_gp",))),
    ),
    Topic(
        "dyslexie",
        msg("Dyslexiezorg"),
        msg("Hoeveel leerlingen krijgen hulp bij ernstige dyslexie?"),
        msg(
            "Dyslexiezorg die scholen zelf geven, telt niet mee. Alleen hulp die de gemeente "
            "betaalt, is te zien."
        ),
        (Part("clients_of_kind", ("clients_dyslexia",)),),
    ),
    Topic(
        "verwijzers",
        msg("Verwijzers"),
        msg("Via wie komen leerlingen bij jeugdhulp: de gemeente, de huisarts of iemand anders?"),
        msg(
            "Het gaat om hulp die in de periode begon. De verwijzer is niet altijd ingevuld; "
            "kijk daarom ook naar “onbekend”."
        ),
        (Part("clients_started_by_referrer", ("clients_started",), by=msg("Verwijzer")),
         Part("started_trajectories_by_referrer", ("started_trajectories",), by=msg("Verwijzer"))),
    ),
    Topic(
        "leeftijd",
        msg("Leeftijd bij de start"),
        msg("Hoe oud zijn leerlingen als de hulp begint?"),
        _OVERLAP,
        (Part("clients_started_by_age", ("clients_started",), by=msg("Leeftijd")),),
    ),
    Topic(
        "duur",
        msg("Duur van de hulp"),
        msg("Hoe lang duurt de hulp die in de periode is gestopt?"),
        _TRAJECTORIES,
        (Part("ended_by_duration", ("mean_days_ended", "ended_trajectories")),
         Part("ended_by_duration", ("ended_trajectories",), by=msg("Duur")),
         Part("running_by_duration", ("running_trajectories",), by=msg("Duur tot nu toe"))),
    ),
    Topic(
        "instroom",
        msg("Begin en einde van de hulp"),
        msg("Hoeveel hulp begon en stopte er, en is de hulp nieuw of eerder gegeven?"),
        _TRAJECTORIES,
        (Part("starts_and_ends", ("clients_started", "clients_ended", "planned_end_percent",
                                  "started_trajectories", "ended_trajectories")),
         Part("clients_by_flow", (CLIENTS,), by=msg("Nieuw of niet")),
         Part("ended_trajectories_by_reason", ("ended_trajectories",), by=msg("Reden"))),
    ),
    Topic(
        "kosten",
        msg("Kosten"),
        msg("Wat kost de jeugdhulp, in totaal en gemiddeld?"),
        msg(
            "Een gemiddelde verandert sterk door één kind met dure hulp. Het vaste bedrag van een "
            "arrangement staat niet in deze kosten."
        ),
        (Part("costs", ("cost_eur", "cost_per_client", "cost_per_pupil"),
              per_school="cost_per_client"),
         Part("costs_by_form", ("cost_eur",), by=msg("Vorm van hulp"))),
    ),
    Topic(
        "dagbehandeling",
        msg("Dagbehandeling en speciaal onderwijs"),
        msg("Hoeveel dagdelen dagbehandeling krijgen leerlingen van het speciaal onderwijs?"),
        msg(
            "Dagdelen kunnen ook buiten schooltijd vallen. Dubbele betaling is hiermee een "
            "aanwijzing, geen bewijs."
        ),
        (Part("day_treatment", ("half_days", "clients_day_treatment", "half_days_per_client")),),
    ),
    Topic(
        "aanbieders",
        msg("Aanbieders"),
        msg("Van hoeveel aanbieders krijgen leerlingen hulp?"),
        msg(
            "Onderdelen van één organisatie tellen als één aanbieder. Dezelfde aanbieder telt op "
            "elke school. Tel de aanbieders van scholen daarom niet bij elkaar op."
        ),
        (Part("providers", ("providers", "largest_provider_clients", "largest_provider_percent")),
         Part(PROVIDER_TABLE, (CLIENTS,), by=msg("Aanbieder"))),
        own_pages="/aanbieders",
    ),
    Topic(
        "onderwijssoort",
        msg("Onderwijssoort van de leerling"),
        msg("Verschilt het gebruik tussen vmbo, havo en vwo?"),
        msg(
            "Dit gaat over het onderwijs dat de leerling volgt. Op één school kunnen leerlingen "
            "van verschillende soorten zitten."
        ),
        (Part("clients_by_education", (CLIENTS,), by=msg("Onderwijssoort")),
         Part("clients_by_education", (PUPILS,), by=msg("Onderwijssoort"))),
    ),
)  # fmt: skip
"""Every topic, in the order in which readers meet them."""


def topic_of(id_: str) -> Topic | None:
    """The topic with this id."""
    return next((topic for topic in TOPICS if topic.id == id_), None)


def split_by(table: str) -> str:
    """What a table is split by, in words; empty where no topic says so."""
    named = (part for topic in TOPICS for part in topic.parts if table in _variants(part.table))
    return next((part.by for part in named if part.by), "")


def tables_of(topic: Topic) -> frozenset[str]:
    """Every table that can hold figures of a topic."""
    return frozenset(name for part in topic.parts for name in _variants(part.table))


def _variants(table: str) -> tuple[str, str]:
    """A table, and the one that a policy may have beside it: the same per school, and rounded."""
    return table, f"{table}_school"


def _with_variants(parts: tuple[Part, ...]) -> Iterator[tuple[Part, str]]:
    return ((part, table) for part in parts for table in _variants(part.table))


def held_parts(
    findings: Findings, topic: Topic, level: Level, unit: str | None = None
) -> tuple[Part, ...]:
    """What a release has of a topic at a level, or about one unit of it."""
    return tuple(_held(findings, topic.parts, level, unit))


def _held(
    findings: Findings, parts: tuple[Part, ...], level: Level, unit: str | None
) -> Iterator[Part]:
    for part, table in _with_variants(parts):
        measures = findings.measures_of(table, level, part.measures)
        if unit is not None:
            shelf = findings.shelves.get(table)
            measures = tuple(m for m in measures if shelf and shelf.has(level, unit, m))
        held = replace(part, table=table, measures=measures)
        if measures and not (part.split and not leading_of(findings, held, level, unit)):
            yield held


def leading_of(
    findings: Findings, part: Part, level: Level | None = None, unit: str | None = None
) -> dict[str, str]:
    """The categories of a part that a page shows: of a unit its own, else those of the region."""
    if level is None or unit is None:
        return findings.leading_categories(part.table, part.measures[0])
    return findings.leading_categories(part.table, part.measures[0], level, unit)


def columns_of(findings: Findings, part: Part) -> tuple[Column, ...]:
    """The columns of a part: its measures, or the leading categories of its only measure."""
    if not part.split:
        return tuple(Column(part.table, measure) for measure in part.measures)
    categories = leading_of(findings, part)
    return tuple(Column(part.table, part.measures[0], category) for category in categories)


def released_topics(findings: Findings) -> tuple[Topic, ...]:
    """The topics of which a release has figures at any level."""
    return tuple(
        topic for topic in TOPICS if any(held_parts(findings, topic, level) for level in Level)
    )
