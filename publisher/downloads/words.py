"""The Dutch words and spellings that pages and downloads share.

One table per code list, so that a status or a level reads the same everywhere.
"""

from __future__ import annotations

from publisher.released import CellStatus
from shared.reference import Level

MARK = "SYNTHETISCH – geen echte cijfers"
"""Stands on every page, in every chart and in every row made from a synthetic round."""

WITHHELD = "niet getoond om privacyredenen"

STATUS_WORDS: dict[CellStatus, str] = {
    CellStatus.PLAIN: "",
    CellStatus.WITHHELD: WITHHELD,
    CellStatus.ROUNDED: "afgerond",
    CellStatus.NOT_APPLICABLE: "niet van toepassing",
    CellStatus.NOT_AVAILABLE: "geen gegevens",
    CellStatus.UNRELIABLE: "niet betrouwbaar genoeg",
    CellStatus.PROVISIONAL: "voorlopig cijfer",
}

LEVEL_WORDS: dict[Level, str] = {
    Level.SCHOOL: "school (vestiging)",
    Level.INSTITUTION: "instelling (BRIN)",
    Level.BOARD: "schoolbestuur",
    Level.TYPE: "schoolsoort",
    Level.SECTOR: "onderwijssector",
    Level.MUNICIPALITY: "gemeente van de school",
    Level.TYPE_MUNICIPALITY: "schoolsoort per gemeente",
    Level.SWV_PO: "samenwerkingsverband primair onderwijs",
    Level.SWV_VO: "samenwerkingsverband voortgezet onderwijs",
    Level.REGION: "alle scholen in de regio",
    Level.ELSEWHERE: "scholen buiten de regio",
    Level.TOTAL: "alle leerlingen uit de regio",
    Level.RESIDENCE: "woongemeente van de leerling",
    Level.ARRANGEMENT: "scholen van een arrangement",
    Level.COMPARISON: "vergelijkbare scholen zonder arrangement",
}


def decimal_text(value: int, decimals: int, *, comma: str = ".", thousands: str = "") -> str:
    """A released value in digits, exactly: ``123`` with one decimal is ``12.3``."""
    whole, fraction = divmod(abs(value), 10**decimals)
    digits = f"{whole:,}".replace(",", thousands)
    if decimals:
        digits += f"{comma}{fraction:0{decimals}d}"
    return f"-{digits}" if value < 0 else digits
