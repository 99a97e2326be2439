"""The Dutch words of the pages that belong to a measure or a state, in plain language.

One table per subject, so that a further measure or state is a further line.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.findings import (
    CLIENTS,
    COVERAGE,
    PUPILS,
    RATE,
    Findings,
)
from publisher.dashboard.language import _, msg
from publisher.dashboard.verdicts import Direction
from publisher.notes.note import Status


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """How pages speak of a measure.

    Attributes:
        heading: above a column.
        meaning: what the figure says; empty where the signed definition says it well.
        limits: what the figure does not say.
        suffix: after the digits, where no heading gives the unit.
        prefix: before them, likewise.
    """

    heading: str
    meaning: str = ""
    limits: str = ""
    suffix: str = ""
    prefix: str = ""


MEASURE_WORDS = {
    PUPILS: MeasureWords(
        msg("Leerlingen"),
        msg(
            "Het aantal leerlingen dat op 1 oktober stond ingeschreven en in een deelnemende "
            "gemeente woont."
        ),
        msg(
            "Leerlingen die in een andere gemeente wonen, tellen niet mee. Daardoor kan dit aantal "
            "lager zijn dan het aantal dat de school zelf noemt."
        ),
    ),
    CLIENTS: MeasureWords(
        msg("Met jeugdhulp"),
        msg("Het aantal van deze leerlingen dat in de periode ten minste één dag jeugdhulp kreeg."),
        msg(
            "Elke leerling telt één keer, ook met meer vormen van hulp. Het cijfer zegt niet hoe "
            "zwaar of hoe duur de hulp was, en niet waarom er hulp was."
        ),
    ),
    RATE: MeasureWords(
        msg("Per 100 leerlingen"),
        msg(
            "Het aantal leerlingen met jeugdhulp op elke 100 leerlingen. Zo kunt u grote en kleine "
            "scholen met elkaar vergelijken."
        ),
        msg(
            "Een hoger cijfer betekent niet dat een school het minder goed doet. Scholen hebben "
            "verschillende leerlingen. Bij een kleine school verandert dit cijfer snel: één "
            "leerling meer of minder maakt al verschil."
        ),
    ),
    COVERAGE: MeasureWords(
        msg("Dekking in %"),
        msg(
            "Het deel van alle leerlingen, volgens de telling van DUO, dat in deze cijfers meetelt."
        ),
        msg(
            "Is de dekking laag? Dan woont een groot deel van de leerlingen niet in een "
            "deelnemende gemeente. De cijfers gaan dan maar over een deel van de leerlingen."
        ),
        suffix="%",
    ),
    "clients_mental_health": MeasureWords(msg("Met ggz")),
    "clients_mental_health_via_gp": MeasureWords(msg("Met ggz via de huisarts")),
    "clients_dyslexia": MeasureWords(msg("Met dyslexiezorg")),
    "clients_with_stay": MeasureWords(msg("Met verblijf")),
    "clients_started": MeasureWords(msg("Leerlingen met begonnen hulp")),
    "clients_ended": MeasureWords(msg("Leerlingen met gestopte hulp")),
    "started_trajectories": MeasureWords(msg("Begonnen trajecten")),
    "ended_trajectories": MeasureWords(msg("Gestopte trajecten")),
    "running_trajectories": MeasureWords(msg("Lopende trajecten")),
    "planned_end_percent": MeasureWords(msg("Volgens plan gestopt in %"), suffix="%"),
    "mean_days_ended": MeasureWords(msg("Gemiddelde duur in dagen")),
    "mean_days_running": MeasureWords(msg("Gemiddelde duur tot nu toe in dagen")),
    "cost_eur": MeasureWords(msg("Kosten in euro’s"), prefix="€ "),
    "cost_per_client": MeasureWords(msg("Euro per leerling met jeugdhulp"), prefix="€ "),
    "cost_per_pupil": MeasureWords(msg("Euro per leerling"), prefix="€ "),
    "lump_sum_eur": MeasureWords(msg("Vast bedrag per jaar in euro’s"), prefix="€ "),
    "clients_day_treatment": MeasureWords(msg("Met dagbehandeling")),
    "half_days": MeasureWords(msg("Dagdelen dagbehandeling")),
    "half_days_per_client": MeasureWords(msg("Dagdelen per leerling")),
    "providers": MeasureWords(msg("Aanbieders")),
    "largest_provider_clients": MeasureWords(msg("Leerlingen bij de grootste aanbieder")),
    "largest_provider_percent": MeasureWords(msg("Grootste aanbieder in %"), suffix="%"),
    "duo_pupils": MeasureWords(msg("Leerlingen volgens DUO")),
    "not_covered": MeasureWords(msg("Leerlingen buiten de telling")),
}
"""Words for each measure that pages show."""

_UNITS = {
    "persons": msg("leerlingen"),
    "personen": msg("leerlingen"),
    "trajectories": msg("trajecten"),
    "euros": msg("euro"),
    "euros, whole": msg("hele euro’s"),
    "days": msg("dagen"),
    "days, whole": msg("hele dagen"),
    "half-days": msg("dagdelen"),
    "provider groups": msg("aanbieders"),
    "per cent": msg("procent"),
    "clients per 100 pupils, one decimal": msg("leerlingen met jeugdhulp per 100 leerlingen"),
    "half-days per client, one decimal": msg("dagdelen per leerling"),
}
"""The units of the signed definitions, in plain words."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """How pages speak of the state of a release."""

    label: str
    meaning: str


STATE_WORDS = {
    "published": StateWords(
        msg("gepubliceerd"), msg("Dit zijn geldige cijfers. Zij veranderen niet meer.")
    ),
    "superseded": StateWords(
        msg("vervangen"),
        msg(
            "Er is een nieuwere uitgave. Deze cijfers blijven beschikbaar, zodat u kunt nagaan wat "
            "eerder is gepubliceerd."
        ),
    ),
    "withdrawn": StateWords(
        msg("ingetrokken"),
        msg(
            "Gebruik deze cijfers niet meer. De uitgave is ingetrokken en de bestanden zijn niet "
            "meer beschikbaar."
        ),
    ),
    "expired": StateWords(
        msg("verlopen"),
        msg("De bewaartermijn van deze uitgave is voorbij. De cijfers zijn verwijderd."),
    ),
}
"""Words for each state in which readers can meet a release."""


NOTE_WORDS = {
    Status.SIGNAL: msg("signaal"),
    Status.ANALYSIS: msg("analyse"),
    Status.MEASURE: msg("maatregel"),
    Status.MONITORING: msg("volgen"),
}
"""Where a note stands in the cycle."""

POSITION_WORDS = {
    Direction.MORE: msg("boven het gemiddelde"),
    Direction.SAME: msg("rond het gemiddelde"),
    Direction.LESS: msg("onder het gemiddelde"),
}
"""Where a unit stands beside the mean of its kind."""

DEVELOPMENT_WORDS = {
    Direction.MORE: msg("gestegen"),
    Direction.SAME: msg("ongeveer gelijk gebleven"),
    Direction.LESS: msg("gedaald"),
}
"""How a unit moved."""


def table_title(findings: Findings, table: str, shown: int) -> str:
    """What a page shows of a table: its title, and how many where it has not every category.

    Those are the largest that are shown: one that is withheld may be larger.
    """
    title = _(findings.shelves[table].table.title)
    if shown == len(findings.categories_of(table)):
        return title
    if shown == 1:
        return _("{title} (alleen de grootste getoonde)", title=title)
    return _("{title} (de {count} grootste getoonde)", title=title, count=shown)


def heading_of(findings: Findings, measure: str) -> str:
    """The heading of a column: short for a known measure, else the released label."""
    words = MEASURE_WORDS.get(measure)
    return _(words.heading) if words else capital(_(findings.measure_labels[measure]))


def meaning_of(findings: Findings, measure: str) -> str:
    """What a measure says: in the words of the pages, else as it was signed."""
    words, note = MEASURE_WORDS.get(measure), findings.notes.get(measure)
    if words and words.meaning:
        return _(words.meaning)
    return _(note.definition) if note else ""


def limits_of(findings: Findings, measure: str) -> str:
    """What a measure does not say, likewise."""
    words, note = MEASURE_WORDS.get(measure), findings.notes.get(measure)
    if words and words.limits:
        return _(words.limits)
    return _(note.caution) if note else ""


def unit_words(findings: Findings, measure: str) -> str:
    """The unit of a measure."""
    note = findings.notes.get(measure)
    return _(_UNITS.get(note.unit, note.unit)) if note else ""


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
