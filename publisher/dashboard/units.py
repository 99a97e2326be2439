"""The kinds of unit that have a page of their own; a further kind is a further line."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from publisher.dashboard.words import capital
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class UnitKind:
    """A kind of unit with a profile page.

    Attributes:
        path: first part of its address.
        noun: what one of them is called.
        list_label: what all of them are called, as a heading.
        this: how a sentence points at one of them, and a chart names its line.
        place: how the title of a chart says where, before the name.
        explanation: what the figures of such a page are about.
        list_explanation: what the figures of the list are about.
        lists_schools: whether the page lists the schools in the unit.
    """

    level: Level
    path: str
    noun: str
    list_label: str
    this: str
    explanation: str
    list_explanation: str
    lists_schools: bool

    def title(self, name: str) -> str:
        """The name of a unit as a heading; a school's name stays as it is written."""
        return name if self.level is Level.SCHOOL else capital(name)

    def address(self, unit: str) -> str:
        """The page of a unit of this kind."""
        return f"/{self.path}/{quote(unit, safe='')}"


SCHOOL = UnitKind(
    level=Level.SCHOOL,
    path="scholen",
    noun="school",
    list_label="Scholen",
    this="deze school",
    explanation=(
        "De cijfers gaan over leerlingen die op 1 oktober op deze school stonden ingeschreven "
        "en in een deelnemende gemeente wonen. Leerlingen die ergens anders wonen, tellen "
        "niet mee."
    ),
    list_explanation="Elke school met haar cijfers van de laatste periode.",
    lists_schools=False,
)
MUNICIPALITY = UnitKind(
    level=Level.MUNICIPALITY,
    path="gemeenten",
    noun="gemeente",
    list_label="Gemeenten",
    this="scholen in deze gemeente",
    explanation=(
        "De cijfers gaan over de scholen in deze gemeente. Leerlingen tellen mee als zij in "
        "een deelnemende gemeente wonen. Dat kan ook een andere gemeente zijn dan deze."
    ),
    list_explanation=(
        "De cijfers gaan over de scholen die in de gemeente staan, niet over de kinderen die er "
        "wonen. Kies een gemeente om de jaren en de scholen te zien."
    ),
    lists_schools=True,
)
SCHOOL_TYPE = UnitKind(
    level=Level.TYPE,
    path="schoolsoorten",
    noun="schoolsoort",
    list_label="Schoolsoorten",
    this="deze schoolsoort",
    explanation=(
        "De cijfers gaan over alle scholen van deze soort in de regio. Leerlingen tellen mee "
        "als zij in een deelnemende gemeente wonen."
    ),
    list_explanation=(
        "De cijfers gaan over alle scholen van een soort samen. Kies een schoolsoort om de jaren "
        "en de scholen te zien."
    ),
    lists_schools=True,
)
UNIT_KINDS = (SCHOOL, MUNICIPALITY, SCHOOL_TYPE)
REGION_UNIT = "region"
