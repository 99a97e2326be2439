"""Everything that can be wrong with a source file: one numbered table, in Dutch.

``2xxx`` is fatal: nothing is sealed. ``3xxx`` is a warning: a row is left out, changed or kept,
and counted. The texts say what to do in the words of Excel, and never hold a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from shared.errors import InputError


class Effect(StrEnum):
    """What a finding does to its row, or to the delivery."""

    FATAL = "fatal"  # the delivery cannot be sealed
    REFUSED = "refused"  # the row is wrong and is dropped
    LEFT_OUT = "left_out"  # the row is sound but does not belong in this delivery
    CHANGED = "changed"  # the row goes along, with another value than it had
    KEPT = "kept"  # the row goes along as it is

    @property
    def drops(self) -> bool:
        """Whether the row is dropped."""
        return self in (Effect.REFUSED, Effect.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class _Kind:
    code: int
    effect: Effect
    text: str
    fix: str


def _fatal(code: int, text: str, fix: str) -> _Kind:
    return _Kind(code, Effect.FATAL, text, fix)


def _refused(code: int, text: str, fix: str) -> _Kind:
    return _Kind(code, Effect.REFUSED, text, fix)


def _left_out(code: int, text: str, fix: str) -> _Kind:
    return _Kind(code, Effect.LEFT_OUT, text, fix)


def _changed(code: int, text: str, fix: str) -> _Kind:
    return _Kind(code, Effect.CHANGED, text, fix)


def _kept(code: int, text: str, fix: str) -> _Kind:
    return _Kind(code, Effect.KEPT, text, fix)


_RETYPE_DATE = (
    "Maak de cellen op als Datum (Ctrl+1, tabblad Getal, Datum) en typ de datum als 31-12-2024."
)
_LOOK_UP = "Zoek het nummer op in het bronsysteem en verbeter het daar. Lever daarna opnieuw aan."
_SAVE_AGAIN = "Open het bestand in Excel en sla het op via Opslaan als, type 'CSV UTF-8'."
_NOTHING = "U hoeft niets te doen."
_NEW_EXPORT = "Maak de export uit het bronsysteem opnieuw."
_ADD_CODE = "Verbeter de code in de bron, of laat de code aan het profiel toevoegen."


class Check(Enum):
    """A thing that can be found in a source file."""

    # 20xx: the file as a whole
    FILE_UNREADABLE = _fatal(
        2001,
        "Het bestand kan niet worden geopend.",
        "Controleer de naam en de map. Sluit het bestand in Excel.",
    )
    FILE_EMPTY = _fatal(2002, "Het bestand is leeg.", _NEW_EXPORT)
    FILE_HEADER_ONLY = _fatal(
        2003, "Het bestand heeft wel een kopregel, maar geen rijen.", _NEW_EXPORT
    )
    FILE_ENCODING = _fatal(
        2004,
        "Het bestand bevat tekens die niet als UTF-8 of Windows-1252 te lezen zijn.",
        _SAVE_AGAIN,
    )
    FILE_NUL = _fatal(
        2005,
        "Het bestand bevat NUL-tekens. Het is geen tekstbestand, of het is beschadigd.",
        _SAVE_AGAIN,
    )
    FILE_NOT_A_TABLE = _fatal(
        2006, "Het bestand is geen CSV-bestand en geen Excel-werkmap.", _SAVE_AGAIN
    )
    FILE_QUOTES = _fatal(
        2007,
        "Een aanhalingsteken in het bestand wordt niet gesloten. Rijen lopen in elkaar over.",
        'Zoek in Excel (Ctrl+F) naar het teken " en haal losse tekens weg.',
    )
    WORKBOOK_PASSWORD = _fatal(
        2008,
        "De werkmap heeft een wachtwoord.",
        "Haal het wachtwoord eraf: Bestand, Info, Werkmap beveiligen, Versleutelen met wachtwoord.",
    )
    WORKBOOK_BROKEN = _fatal(
        2009,
        "De werkmap is beschadigd of niet volledig.",
        "Open de werkmap in Excel, laat Excel haar herstellen en sla haar op als .xlsx.",
    )
    WORKBOOK_TOO_LARGE = _fatal(
        2010, "De werkmap is te groot om te openen.", "Sla het werkblad op als 'CSV UTF-8'."
    )
    WORKBOOK_SHEETS = _fatal(
        2011,
        "Meer dan één zichtbaar werkblad heeft de gevraagde kolommen.",
        "Laat één werkblad staan. Verberg of verwijder de andere.",
    )
    COLUMNS_MISSING = _fatal(
        2012,
        "Een verplichte kolom ontbreekt.",
        "Controleer de namen in de kopregel. Voeg de kolom toe of verbeter de naam.",
    )
    COLUMNS_DOUBLE = _fatal(
        2013, "Een kolom komt twee keer voor in de kopregel.", "Verwijder de overbodige kolom."
    )
    COLUMNS_TOO_MANY = _fatal(
        2014,
        "De kopregel heeft veel te veel kolommen.",
        "Controleer of het goede bestand is gekozen. Verwijder lege kolommen.",
    )
    ROLE_MISSING = _fatal(
        2015, "Een verplicht bestand is niet opgegeven.", "Geef ook dit bestand op."
    )
    ROWS_MOSTLY_REFUSED = _fatal(
        2101,
        "Meer dan de helft van de rijen is afgekeurd.",
        "Kijk welke kolom de meeste meldingen geeft. Vaak is een kolom verschoven.",
    )
    NOTHING_LEFT = _fatal(
        2102,
        "Er blijft geen enkele rij over om te leveren.",
        "Controleer of het goede bestand, profiel en de goede periode zijn gekozen.",
    )

    # 30xx: rows that are not data
    ROW_EMPTY = _left_out(3001, "De rij is leeg.", _NOTHING)
    ROW_HEADER = _left_out(3002, "De kopregel staat nog een keer tussen de rijen.", _NOTHING)
    ROW_TOTALS = _left_out(3003, "De rij is een totaalregel.", _NOTHING)
    ROW_RAGGED = _refused(
        3004,
        "De rij heeft meer of minder cellen dan de kopregel.",
        "Kijk of er een scheidingsteken in een naam staat. Zet zo'n naam tussen aanhalingstekens.",
    )

    # 31xx: citizen numbers
    NUMBER_EMPTY = _refused(3101, "Het BSN of onderwijsnummer is leeg.", _LOOK_UP)
    NUMBER_CHARACTERS = _refused(
        3102,
        "Het BSN of onderwijsnummer bevat letters of andere tekens.",
        "Maak de kolom op als Tekst (Ctrl+1). Staat er 9,99E+08, maak dan de export opnieuw.",
    )
    NUMBER_LENGTH = _refused(
        3103, "Het BSN of onderwijsnummer heeft geen 8 of 9 cijfers.", _LOOK_UP
    )
    NUMBER_CHECKSUM = _refused(3104, "Het BSN voldoet niet aan de elfproef.", _LOOK_UP)
    NUMBER_SENTINEL = _refused(
        3105, "Het nummer staat voor 'onbekend' of is een testnummer.", _LOOK_UP
    )
    NUMBER_OTHER_TYPE = _kept(
        3106,
        "De soort van het nummer (B of O) past niet bij het nummer. Het nummer telt.",
        "Controleer de kolom met de soort van het nummer.",
    )

    # 32xx: dates and ages
    BIRTH_UNUSABLE = _refused(
        3201, "De geboortedatum is leeg, onleesbaar of van voor 1950.", _RETYPE_DATE
    )
    DATE_PARTIAL = _changed(
        3202,
        "De dag of de maand van de datum is onbekend. De eerste dag is genomen.",
        "Vul de datum aan in de bron als u die weet.",
    )
    START_UNUSABLE = _refused(
        3203, "De startdatum is leeg, onleesbaar of van voor 1950.", _RETYPE_DATE
    )
    END_UNUSABLE = _refused(3204, "De einddatum is onleesbaar.", _RETYPE_DATE)
    END_BEFORE_START = _refused(
        3205, "De einddatum ligt voor de startdatum.", "Verbeter een van de twee datums."
    )
    BIRTH_AFTER_START = _changed(
        3206,
        "De geboortedatum ligt na de startdatum. De leeftijd is op 0 gezet.",
        "Controleer of het BSN en de geboortedatum bij elkaar horen.",
    )
    AGE_ADULT = _kept(
        3207,
        "De persoon was bij de start 23 jaar of ouder. Misschien is dit een ouder.",
        "Controleer of de hulp op het BSN van het kind moet staan.",
    )

    # 33xx: enrolments
    PERIOD_UNUSABLE = _refused(
        3301,
        "Het schooljaar en de peildatum zijn leeg of onleesbaar.",
        "Vul het schooljaar in als 2024/2025.",
    )
    PERIOD_OTHER = _left_out(3302, "Het schooljaar hoort niet bij deze ronde.", _NOTHING)
    PERIOD_CONFLICT = _kept(
        3303,
        "De peildatum valt niet in het schooljaar. Het schooljaar telt.",
        "Controleer de peildatum.",
    )
    NOT_ENROLLED = _left_out(
        3304, "De leerling stond op 1 oktober niet op deze school ingeschreven.", _NOTHING
    )
    ENROLLED_UNUSABLE = _refused(
        3305, "De datum van inschrijving of uitschrijving is onleesbaar.", _RETYPE_DATE
    )
    ENROLLED_EMPTY = _kept(
        3306,
        "De datum van inschrijving is leeg. De leerling telt als ingeschreven.",
        "Vul de datum in als u die weet.",
    )
    RESIDENCE_UNUSABLE = _refused(
        3307,
        "De woongemeente is leeg of geen gemeentecode.",
        "Gebruik de code van CBS, zoals 0222.",
    )
    RESIDENCE_OTHER = _left_out(
        3308, "De leerling woont buiten de gemeenten waarvoor u levert.", _NOTHING
    )
    SCHOOL_UNUSABLE = _refused(
        3309,
        "De vestigingscode is leeg of heeft niet de vorm 00AA00.",
        "Maak de kolom op als Tekst en vul BRIN en vestiging in.",
    )
    EDUCATION_UNKNOWN = _changed(
        3310, "De onderwijssoort is onbekend. De soort van de school is genomen.", _ADD_CODE
    )
    MAIN_UNKNOWN = _changed(
        3311, "De hoofdinschrijving is leeg of onbekend. Dit telt als nee.", "Vul J of N in."
    )

    # 34xx: care
    CARE_REMOVED = _left_out(3401, "De toewijzing is verwijderd (reden wijziging 13).", _NOTHING)
    CATEGORY_UNKNOWN = _changed(
        3402, "De productcategorie is onbekend. De hulpvorm is op onbekend gezet.", _ADD_CODE
    )
    PROVIDER_UNUSABLE = _refused(
        3403,
        "De AGB-code is leeg of heeft geen 8 cijfers.",
        "Zoek de AGB-code van de aanbieder op.",
    )
    PROVIDER_PADDED = _changed(
        3404,
        "De AGB-code miste een voorloopnul. Die is toegevoegd.",
        "Maak de kolom op als Tekst (Ctrl+1).",
    )
    PROVIDER_TYPE = _refused(
        3405,
        "De AGB-code begint niet met een bekende soort zorgverlener.",
        "Zoek de AGB-code van de aanbieder op. Controleer of de kolommen niet verschoven zijn.",
    )
    REFERRER_EMPTY = _changed(
        3406,
        "De verwijzer is leeg. Die is op onbekend gezet.",
        "Vul de verwijzer in als u die weet.",
    )
    REFERRER_UNKNOWN = _changed(
        3407, "De code van de verwijzer is onbekend. Die is op onbekend gezet.", _ADD_CODE
    )
    FUNDING_EMPTY = _changed(
        3408, "De leveringsvorm is leeg. Zorg in natura is genomen.", "Vul ZIN of PGB in."
    )
    FUNDING_UNKNOWN = _refused(3409, "De leveringsvorm is onbekend.", "Vul ZIN of PGB in.")
    END_REASON_UNKNOWN = _changed(
        3410, "De reden van beëindiging is onbekend. Die is op onbekend gezet.", _ADD_CODE
    )
    MUNICIPALITY_UNUSABLE = _refused(
        3411, "De gemeentecode is onleesbaar.", "Gebruik de code van CBS, zoals 0222."
    )
    MUNICIPALITY_OTHER = _left_out(
        3412, "De rij is van een gemeente waarvoor u niet levert.", _NOTHING
    )
    CARE_OUTSIDE = _kept(
        3413,
        "De hulp valt buiten de periodes van de ronde. De rij telt alleen voor de startdatum.",
        _NOTHING,
    )
    DAYS_CAPPED = _changed(
        3414,
        "De hulp duurt langer dan 10.000 dagen. De duur is daarop begrensd.",
        "Controleer de startdatum.",
    )

    NOT_YOUTH_CARE = _left_out(
        3415,
        "De rij is geen jeugdhulp (vervoer, jeugdreclassering, jeugdbescherming of preventief "
        "justitieel kader). Die verlaat het gebouw niet.",
        _NOTHING,
    )

    # 35xx: declarations
    COST_UNMATCHED = _left_out(
        3501,
        "Bij deze declaratie hoort geen toewijzing met hulp in de ronde.",
        "Lever ook de toewijzingen van eerdere jaren aan.",
    )
    AMOUNT_UNUSABLE = _refused(
        3502, "Het bedrag is leeg of geen getal.", "Vul een getal in, zonder letters."
    )
    AMOUNT_TOO_LARGE = _refused(
        3503,
        "Het bedrag is hoger dan 1.000.000 euro.",
        "Controleer of de kolom eurocenten of euro's bevat.",
    )
    DECLARED_PERIOD_UNUSABLE = _refused(
        3504, "De periode van de declaratie is leeg, onleesbaar of omgedraaid.", _RETYPE_DATE
    )
    SIGN_UNKNOWN = _refused(3505, "De code voor debet of credit is onbekend.", "Vul D of C in.")
    VOLUME_UNUSABLE = _changed(
        3506, "Het geleverde volume is geen getal. Het telt als 0.", "Vul een getal in."
    )
    COST_OUTSIDE = _left_out(3507, "De declaratie valt buiten de periodes van de ronde.", _NOTHING)
    COST_MOVED = _changed(
        3508,
        "Een deel van de declaratie valt in een periode zonder hulp. "
        "Het telt mee in de periode die het dichtstbij ligt.",
        "Controleer de begindatum en de einddatum van de hulp.",
    )
    COST_CAPPED = _changed(
        3509,
        "De som van kosten of dagdelen is te groot. Die is begrensd.",
        "Controleer de bedragen en de volumes.",
    )
    DECLARATION_NUMBER = _kept(
        3510,
        "Het BSN van de declaratie is niet bruikbaar. Alleen het toewijzingnummer telt.",
        _LOOK_UP,
    )

    # 36xx: objections
    OBJECTION_DOUBLE = _left_out(3601, "Het nummer staat twee keer in de lijst.", _NOTHING)

    @property
    def code(self) -> int:
        """Number of the finding; 2xxx or 3xxx."""
        return self.value.code

    @property
    def slug(self) -> str:
        """Kebab-case name: the code of the error that a fatal finding becomes."""
        return self.name.lower().replace("_", "-")

    @property
    def effect(self) -> Effect:
        """What the finding does."""
        return self.value.effect

    @property
    def text(self) -> str:
        """What was found, in Dutch."""
        return self.value.text

    @property
    def fix(self) -> str:
        """What to do about it, in Dutch."""
        return self.value.fix

    def error(self, column: str = "") -> FileError:
        """The error that stops the reading of a file.

        Args:
            column: the name that the profile gives to the column; never read from the file.
        """
        return FileError(self, column)


class FileError(InputError):
    """A source file cannot be read at all.

    Attributes:
        check: the fatal finding that this is.
        column: the column by its name in the profile, or empty.
    """

    def __init__(self, check: Check, column: str = "") -> None:
        place = f" (kolom {column})" if column else ""
        super().__init__(check.slug, f"{check.text}{place}", hint=check.fix)
        self.check = check
        self.column = column


BY_CODE = {check.code: check for check in Check}
"""Every check by its number."""
