"""How a chart looks: colours for light and dark screens, measures for wide and narrow ones."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from publisher.dashboard.figures import WITHHELD_SYMBOL
from publisher.dashboard.language import _, msg
from publisher.downloads.words import WITHHELD


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours that differ enough from the paper (WCAG 1.4.11) and from each other."""

    paper: str
    ink: str
    faint: str
    lines: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """Measures of a chart, in pixels unless the name says otherwise.

    Attributes:
        bar: room for one bar; where ``labels_above`` for its label too.
        note_characters: after which a note under the axis continues on the next line.
        replaced: what stands in place of parts of a label or note, to save room.
        short_notes: whether notes are shortened, so that a key must explain them.
    """

    trend_width: int
    bar_width: int
    height: int
    bar: int
    labels_above: bool
    note_characters: int
    replaced: tuple[tuple[str, str], ...] = ()
    short_notes: bool = False

    @property
    def key(self) -> str:
        """What explains a shortened note under the subtitle; nothing where none is."""
        return f"{WITHHELD_SYMBOL} = {_(WITHHELD)}" if self.short_notes else ""

    def lines_below(self, label: str, note: str) -> list[str]:
        """What stands under the axis at one place: its label, then the note, in short lines."""
        lines = []
        for text in (label, note):
            for long, short in self.replaced:
                text = text.replace(_(long), _(short))
            lines += textwrap.wrap(text, self.note_characters)
        return lines


@dataclass(frozen=True, slots=True)
class Look:
    """A theme in a format."""

    theme: Theme
    format: Format


_LIGHT = Theme("#ffffff", "#1b1f24", "#c9d1d9", ("#0b5a8a", "#9a4a00"))
_DARK = Theme("#161b22", "#e6edf3", "#444c56", ("#79c0ff", "#f0a35e"))
_WIDE = Format(
    trend_width=560,
    bar_width=350,
    height=260,
    bar=30,
    labels_above=False,
    note_characters=14,
)
_NARROW = Format(
    trend_width=290,
    bar_width=290,
    height=220,
    bar=46,
    labels_above=True,
    note_characters=7,
    replaced=(
        ("/20", "/ "),
        (WITHHELD, WITHHELD_SYMBOL),
        (msg("niet van toepassing"), msg("n.v.t.")),
        (msg("trendbreuk"), msg("trend- breuk")),
    ),
    short_notes=True,
)
LOOKS = {
    "licht": Look(_LIGHT, _WIDE),
    "donker": Look(_DARK, _WIDE),
    "licht-smal": Look(_LIGHT, _NARROW),
    "donker-smal": Look(_DARK, _NARROW),
}
"""Every look that a chart can have, by the name in its address."""
