"""The request for a C-levering: the small file that a municipality puts in Mijn DUO.

DUO then makes one file with everybody who lives in the municipality or region, is 4 to 22 years
old on the reference date, and is enrolled or exempt.

Source: DOMAIN 2 (DUO, gegevensleveringen).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import InputError
from shared.hashing.language import tr

CONTENT = b"111111111\r\n"
"""What DUO reads as the request for everything: nine ones, and Enter once."""
KEEP_DAYS = 30
_CODE = re.compile(r"[0-9]{1,4}")


class Scope(StrEnum):
    """For whom a C-levering is asked."""

    MUNICIPALITY = "gemeente"
    REGION = "regio"

    @property
    def letter(self) -> str:
        """What stands for it in the name of the file."""
        return "G" if self is Scope.MUNICIPALITY else "R"


@dataclass(frozen=True, slots=True)
class DuoRequest:
    """One request.

    Attributes:
        code: municipality code, or code of the Doorstroompunt region; four digits.
        counted_on: the date on which DUO counts (*peildatum*).
    """

    scope: Scope
    code: str
    counted_on: date

    @classmethod
    def of(cls, scope: Scope, code: str, counted_on: date) -> DuoRequest:
        """A request; zeros that are missing before the code are put back.

        Raises:
            InputError: ``duo-code-invalid``.
        """
        if not _CODE.fullmatch(code) or not int(code):
            raise InputError(
                "duo-code-invalid",
                "expected a code of one to four digits, got something else",
                hint="the code of a municipality is that of CBS, such as 0222",
            )
        return cls(scope, code.zfill(4), counted_on)

    @property
    def name(self) -> str:
        """The name of the file: date, G or R, and the code."""
        return f"{self.counted_on:%Y%m%d}{self.scope.letter}{self.code}"


def checklist(request: DuoRequest) -> Iterator[str]:
    """What to do with the request and with what DUO sends back, step by step."""
    yield tr("Zo vraagt u de C-levering aan:")
    yield tr("1. Log in op Mijn DUO met eHerkenning. U hebt de rol Behandelaar RMC nodig.")
    yield tr("   Aan die rol moet code {code} gekoppeld zijn.", code=request.code)
    yield tr("2. Zet het bestand {name} in Mijn DUO. Verander de naam niet.", name=request.name)
    yield tr("3. Wacht. DUO zet de levering binnen 5 werkdagen klaar in Mijn DUO.")
    yield tr("4. Bewaar de levering op een plaats waar alleen de leerplichtadministratie bij kan.")
    yield tr("   Stuur haar niet per e-mail en zet haar niet op een usb-stick.")
    yield tr("5. Hebt u leerlingen met een onderwijsnummer? Bewaar dan ook de koppelfile (.koci).")
    yield tr("6. Controleer de levering, en verzegel haar:")
    yield tr("   hasher check enrolment/1 BESTAND --links KOPPELFILE --round RONDE")
    yield tr("   hasher seal enrolment/1 BESTAND --links KOPPELFILE --round RONDE --out MAP")
    if request.scope is Scope.REGION:
        yield tr("   Eén regiobestand is één levering, voor alle gemeenten waarvoor u levert.")
    yield tr("7. Verwijder de levering {days} dagen nadat de koppelaar haar heeft ontvangen.",
             days=KEEP_DAYS)  # fmt: skip


def is_reference_date(day: date) -> bool:
    """Whether a date is 1 October, on which the monitor counts."""
    return (day.month, day.day) == (10, 1)
