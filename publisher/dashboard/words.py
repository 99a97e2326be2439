"""The Dutch words of the pages that belong to a measure or a state, in plain language.

One table per subject, so that a further measure or state is a further line.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.findings import CLIENTS, COVERAGE, PUPILS, RATE


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """How pages speak of a measure.

    Attributes:
        heading: above a column.
        meaning: what the figure says.
        limits: what the figure does not say.
        suffix: after the digits, where no heading gives the unit.
    """

    heading: str
    meaning: str
    limits: str
    suffix: str = ""


MEASURE_WORDS = {
    PUPILS: MeasureWords(
        "Leerlingen",
        "Het aantal leerlingen dat op 1 oktober stond ingeschreven en in een deelnemende "
        "gemeente woont.",
        "Leerlingen die in een andere gemeente wonen, tellen niet mee. Daardoor kan dit aantal "
        "lager zijn dan het aantal dat de school zelf noemt.",
    ),
    CLIENTS: MeasureWords(
        "Met jeugdhulp",
        "Het aantal van deze leerlingen dat in de periode ten minste één dag jeugdhulp kreeg.",
        "Elke leerling telt één keer, ook met meer vormen van hulp. Het cijfer zegt niet hoe "
        "zwaar of hoe duur de hulp was, en niet waarom er hulp was.",
    ),
    RATE: MeasureWords(
        "Per 100 leerlingen",
        "Het aantal leerlingen met jeugdhulp op elke 100 leerlingen. Zo kunt u grote en kleine "
        "scholen met elkaar vergelijken.",
        "Een hoger cijfer betekent niet dat een school het minder goed doet. Scholen hebben "
        "verschillende leerlingen. Bij een kleine school verandert dit cijfer snel: één leerling "
        "meer of minder maakt al verschil.",
    ),
    COVERAGE: MeasureWords(
        "Dekking in %",
        "Het deel van alle leerlingen, volgens de telling van DUO, dat in deze cijfers meetelt.",
        "Is de dekking laag? Dan woont een groot deel van de leerlingen niet in een deelnemende "
        "gemeente. De cijfers gaan dan maar over een deel van de leerlingen.",
        suffix="%",
    ),
}
"""Words for each measure that pages show."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """How pages speak of the state of a release."""

    label: str
    meaning: str


STATE_WORDS = {
    "published": StateWords("gepubliceerd", "Dit zijn geldige cijfers. Zij veranderen niet meer."),
    "superseded": StateWords(
        "vervangen",
        "Er is een nieuwere uitgave. Deze cijfers blijven beschikbaar, zodat u kunt nagaan wat "
        "eerder is gepubliceerd.",
    ),
    "withdrawn": StateWords(
        "ingetrokken",
        "Gebruik deze cijfers niet meer. De uitgave is ingetrokken en de bestanden zijn niet "
        "meer beschikbaar.",
    ),
    "expired": StateWords(
        "verlopen",
        "De bewaartermijn van deze uitgave is voorbij. De cijfers zijn verwijderd.",
    ),
}
"""Words for each state in which readers can meet a release."""


def heading_of(measure: str, label: str) -> str:
    """The heading of a column: short for a known measure, else the released label."""
    words = MEASURE_WORDS.get(measure)
    return words.heading if words else capital(label)


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
