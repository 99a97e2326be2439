"""One figure as a reader sees it: digits, or a symbol with its meaning in words."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.language import _, msg, number
from publisher.downloads.words import STATUS_WORDS, WITHHELD
from publisher.released import Cell, CellStatus

WITHHELD_SYMBOL = "■"
"""One symbol for every withheld figure; not a dash, a dot or a 0, which read as a number."""
_SYMBOLS = {
    CellStatus.WITHHELD: WITHHELD_SYMBOL,
    CellStatus.NOT_APPLICABLE: msg("n.v.t."),
    CellStatus.NOT_AVAILABLE: "?",
}
_ROUNDED_ZERO = "0–4"


@dataclass(frozen=True, slots=True)
class Figure:
    """What stands in a table cell.

    Attributes:
        text: digits in Dutch spelling, or a symbol.
        meaning: what a symbol or a qualified figure means, in words; read out beside it.
        has_value: whether ``text`` is a number.
        order: the released value, to sort by; None where there is none.
    """

    text: str
    meaning: str
    has_value: bool
    order: int | None

    @property
    def spoken(self) -> str:
        """The figure in a running sentence."""
        if self.has_value:
            return f"{self.text} ({self.meaning})" if self.meaning else self.text
        return self.meaning


@dataclass(frozen=True, slots=True)
class Symbol:
    """What can stand in place of an exact figure, with its meaning and why it is there."""

    text: str
    meaning: str
    reason: str


SYMBOLS = (
    Symbol(
        WITHHELD_SYMBOL,
        WITHHELD,
        msg(
            "Het aantal is klein, of een ander klein aantal zou ermee uit te rekenen zijn. Het "
            "kan ook een groter aantal zijn. U kunt niet zien welke reden geldt."
        ),
    ),
    Symbol(
        _SYMBOLS[CellStatus.NOT_AVAILABLE],
        STATUS_WORDS[CellStatus.NOT_AVAILABLE],
        msg("Voor deze periode zijn geen gegevens geleverd."),
    ),
    Symbol(
        _SYMBOLS[CellStatus.NOT_APPLICABLE],
        STATUS_WORDS[CellStatus.NOT_APPLICABLE],
        msg(
            "Het cijfer kan hier niet bestaan, zoals een cijfer per 100 leerlingen waar geen "
            "leerlingen zijn."
        ),
    ),
    Symbol(
        _ROUNDED_ZERO,
        msg("afgerond cijfer"),
        msg("Het echte aantal ligt tussen 0 en 4."),
    ),
)
"""Every symbol that can stand in place of an exact figure."""


def figure_of(cell: Cell | None) -> Figure:
    """The figure of a released cell; a cell that the release lacks is *geen gegevens*."""
    if cell is None:
        return figure(None, CellStatus.NOT_AVAILABLE)
    return figure(cell.value, cell.status, cell.decimals)


def figure(value: int | None, status: CellStatus, decimals: int = 0) -> Figure:
    """The figure of a value, or of its absence, that was worked out from released cells."""
    meaning = _(STATUS_WORDS[status])
    if value is None:
        return Figure(_(_SYMBOLS[status]), meaning, has_value=False, order=None)
    if status is CellStatus.ROUNDED and value == 0:
        return Figure(_ROUNDED_ZERO, meaning, has_value=True, order=value)
    return Figure(number(value, decimals), meaning, has_value=True, order=value)
