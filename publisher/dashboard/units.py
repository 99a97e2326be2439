"""The kinds of unit that have a page of their own; a further kind is a further line."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from publisher.dashboard.language import _, msg
from publisher.dashboard.words import capital
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class UnitKind:
    """A kind of unit with a profile page.

    Attributes:
        path: first part of its address.
        section: address of the entry of the menu under which it falls.
        noun: what one of them is called.
        list_label: what all of them are called, as a heading.
        this: how a sentence points at one of them, and a chart names its line.
        explanation: what the figures of such a page are about.
        list_explanation: what the figures of the list are about.
        lists_schools: whether the page lists the schools in the unit.
        own_name: whether its name is a name and no word, so that it is written as it is.
    """

    level: Level
    path: str
    section: str
    noun: str
    list_label: str
    this: str
    explanation: str
    list_explanation: str
    lists_schools: bool = True
    own_name: bool = True

    def title(self, name: str) -> str:
        """The name of a unit as a heading; a name stays as it is written, a word is translated."""
        return name if self.own_name else capital(_(name))

    def address(self, unit: str) -> str:
        """The page of a unit of this kind."""
        return f"/{self.path}/{quote(unit, safe='')}"


SCHOOL = UnitKind(
    level=Level.SCHOOL,
    path="scholen",
    section="/scholen",
    noun=msg("school"),
    list_label=msg("Scholen"),
    this=msg("deze school"),
    explanation=msg(
        "De cijfers gaan over leerlingen die op 1 oktober op deze school stonden ingeschreven "
        "en in een deelnemende gemeente wonen. Leerlingen die ergens anders wonen, tellen "
        "niet mee."
    ),
    list_explanation=msg("Elke school met haar cijfers van de laatste periode."),
    lists_schools=False,
)
MUNICIPALITY = UnitKind(
    level=Level.MUNICIPALITY,
    path="gemeenten",
    section="/gemeenten",
    noun=msg("gemeente"),
    list_label=msg("Gemeenten"),
    this=msg("scholen in deze gemeente"),
    explanation=msg(
        "De cijfers gaan over de scholen in deze gemeente. Leerlingen tellen mee als zij in "
        "een deelnemende gemeente wonen. Dat kan ook een andere gemeente zijn dan deze."
    ),
    list_explanation=msg(
        "De cijfers gaan over de scholen die in de gemeente staan, niet over de kinderen die er "
        "wonen. Kies een gemeente om de jaren en de scholen te zien."
    ),
)
_SWV_EXPLANATION = msg(
    "De cijfers gaan over de scholen van dit samenwerkingsverband in de regio. De grens van een "
    "samenwerkingsverband is een andere dan die van een gemeente. Trek deze cijfers daarom niet "
    "af van die van een gemeente."
)
_SWV_LIST = msg(
    "Een samenwerkingsverband regelt de extra hulp op scholen in een gebied. Alleen de scholen "
    "in de regio tellen mee, ook als het gebied groter is."
)


def _swv(level: Level, path: str, noun: str, list_label: str) -> UnitKind:
    """A samenwerkingsverband of one sector."""
    return UnitKind(
        level=level,
        path=path,
        section="/samenwerkingsverbanden",
        noun=noun,
        list_label=list_label,
        this=msg("dit samenwerkingsverband"),
        explanation=_SWV_EXPLANATION,
        list_explanation=_SWV_LIST,
    )


SWV_PO = _swv(
    Level.SWV_PO,
    "samenwerkingsverbanden-po",
    msg("samenwerkingsverband primair onderwijs"),
    msg("Samenwerkingsverbanden primair onderwijs"),
)
SWV_VO = _swv(
    Level.SWV_VO,
    "samenwerkingsverbanden-vo",
    msg("samenwerkingsverband voortgezet onderwijs"),
    msg("Samenwerkingsverbanden voortgezet onderwijs"),
)
SCHOOL_TYPE = UnitKind(
    level=Level.TYPE,
    path="schoolsoorten",
    section="/schoolsoorten",
    noun=msg("schoolsoort"),
    list_label=msg("Schoolsoorten"),
    this=msg("deze schoolsoort"),
    explanation=msg(
        "De cijfers gaan over alle scholen van deze soort in de regio. Leerlingen tellen mee "
        "als zij in een deelnemende gemeente wonen."
    ),
    list_explanation=msg(
        "De cijfers gaan over alle scholen van een soort samen. Kies een schoolsoort om de jaren "
        "en de scholen te zien."
    ),
    own_name=False,
)
RESIDENCE = UnitKind(
    level=Level.RESIDENCE,
    path="woongemeenten",
    section="/gemeenten",
    noun=msg("woongemeente"),
    list_label=msg("Woongemeenten"),
    this=msg("leerlingen uit deze gemeente"),
    explanation=msg(
        "De cijfers gaan over leerlingen die in deze gemeente wonen, ook als hun school ergens "
        "anders staat."
    ),
    list_explanation=msg(
        "De cijfers gaan over de leerlingen die in de gemeente wonen, waar hun school ook staat."
    ),
    lists_schools=False,
)
UNIT_KINDS = (SCHOOL, MUNICIPALITY, SWV_PO, SWV_VO, SCHOOL_TYPE, RESIDENCE)
"""Every kind of unit with a page of its own."""
REGION_UNIT = "region"
ARRANGEMENTS = "/arrangementen"
"""The list of arrangements, each of which has a page of its own."""
PROVIDERS = "/aanbieders"
"""The list of providers, likewise."""


def arrangement_address(number: int) -> str:
    """The page of an arrangement."""
    return f"{ARRANGEMENTS}/{number}"


def provider_address(group: str) -> str:
    """The page of a provider."""
    return f"{PROVIDERS}/{quote(group, safe='')}"


def kind_of(level: Level) -> UnitKind | None:
    """The kind of unit of a level, or None where its units have no page."""
    return next((kind for kind in UNIT_KINDS if kind.level is level), None)


def title_of(level: Level, name: str) -> str:
    """The name of a unit of any level as a heading in the spoken language."""
    kind = kind_of(level)
    return capital(_(name)) if kind is None else kind.title(name)
