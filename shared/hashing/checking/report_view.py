"""What a report says and in which order, before it becomes text or a page.

The verdict comes first, then the totals, then the findings: the most serious first, and of
those the most frequent. Both renderings are made of this one view, so they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.hashing.checking.findings import CodeCount, FileCounts, Finding
from shared.hashing.checks import BY_CODE, Check, Effect
from shared.hashing.language import Language, chosen, tr

PLACES_PER_CODE = 12
"""Columns of files that are shown per code; more are counted, not named."""
ROWS_LEFT_OUT = 5
"""Rows that are named where nothing is wrong with them."""
SERIOUS_FIRST = (Effect.FATAL, Effect.REFUSED, Effect.CHANGED, Effect.KEPT, Effect.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Place:
    """One column of one file where a check found something.

    Attributes:
        rows: rows by the shape of their cell, in order of the rows.
        more: whether there are more rows than are named.
    """

    label: str
    column: str
    count: int
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One code with its places; ``hidden`` more places are not named."""

    check: Check
    count: int
    places: tuple[Place, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Group:
    """All codes with one effect."""

    effect: Effect
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A report in the order in which it is read.

    Attributes:
        total: the sums over all files.
        not_shown: findings that only follow from another one.
    """

    schema_name: str
    sealable: bool
    rows: int
    files: tuple[FileCounts, ...]
    total: FileCounts
    groups: tuple[Group, ...]
    not_shown: int

    @property
    def title(self) -> str:
        """What was checked."""
        subject = {
            "care/1": tr("jeugdhulp"),
            "enrolment/1": tr("inschrijvingen"),
            "objection/1": tr("bezwaren"),
        }[self.schema_name]
        return tr("Controle van de bestanden: {subject} ({schema})",
                  subject=subject, schema=self.schema_name)  # fmt: skip

    @property
    def verdict(self) -> str:
        """Whether the delivery can be sealed."""
        if self.sealable:
            return tr("Deze levering kan worden verzegeld.")
        return tr("Deze levering kan NIET worden verzegeld.")

    @property
    def advice(self) -> str:
        """What to do now."""
        if not self.sealable:
            return tr("Los eerst de fouten op die hieronder staan. Controleer daarna opnieuw.")
        if self.total.refused:
            return tr("Afgekeurde rijen gaan niet mee. Verbeter ze als dat kan.")
        return tr("U hoeft niets te verbeteren.")

    @property
    def has_shapes(self) -> bool:
        """Whether the shape of any cell is shown."""
        return any(
            form
            for group in self.groups
            for section in group.sections
            for place in section.places
            for form, _rows in place.rows
        )

    @property
    def shape_note(self) -> str:
        """How a shape is read."""
        return tr(
            "Achter een rijnummer staat de vorm van de cel: N is een cijfer, L is een letter "
            "en ? is een ander teken. Wat er in de cel staat, wordt nooit getoond."
        )

    @property
    def not_shown_note(self) -> str:
        """That findings which follow from another one are left out."""
        return tr(
            "Meldingen die een gevolg zijn van een fout hierboven: {count}. Die ziet u als ze "
            "er na het oplossen nog zijn.",
            count=number(self.not_shown),
        )


def number(value: int) -> str:
    """A number as it is written in the chosen language."""
    return f"{value:,}" if chosen() is Language.EN else f"{value:,}".replace(",", ".")


def heading_of(effect: Effect) -> str:
    """The heading above all codes with an effect."""
    return {
        Effect.FATAL: tr("Fouten: los deze eerst op"),
        Effect.REFUSED: tr("Afgekeurde rijen: deze gaan niet mee"),
        Effect.CHANGED: tr("Aangepaste rijen: deze gaan mee met een andere waarde"),
        Effect.KEPT: tr("Let op: deze rijen gaan mee zoals ze zijn"),
        Effect.LEFT_OUT: tr("Overgeslagen rijen: deze horen niet in de levering"),
    }[effect]


def arrange(
    schema_name: str,
    files: Sequence[FileCounts],
    counts: Iterable[CodeCount],
    findings: Iterable[Finding],
    rows: int,
    not_shown: int,
) -> View:
    """Put what was found in the order in which it is read."""
    by_code: dict[int, list[CodeCount]] = {}
    for count in counts:
        by_code.setdefault(count.code, []).append(count)
    places: dict[tuple[int, str, int, str], list[Finding]] = {}
    for each in findings:
        places.setdefault((each.code, each.role, each.file, each.column), []).append(each)
    sections = [_section(BY_CODE[code], each, places) for code, each in by_code.items()]
    sections.sort(key=lambda section: (-section.count, section.check.code))
    groups = tuple(
        Group(effect, of_effect)
        for effect in SERIOUS_FIRST
        if (of_effect := tuple(each for each in sections if each.check.effect is effect))
    )
    total = FileCounts("", 0)
    for file in files:
        total = total.plus(file)
    sealable = not any(group.effect is Effect.FATAL for group in groups)
    return View(schema_name, sealable, rows, tuple(files), total, groups, not_shown)


def _section(
    check: Check,
    counts: Sequence[CodeCount],
    findings: dict[tuple[int, str, int, str], list[Finding]],
) -> Section:
    ordered = sorted(counts, key=lambda each: (-each.count, each.role, each.file, each.column))
    shown = tuple(
        _place(each, findings.get((each.code, each.role, each.file, each.column), ()))
        for each in ordered[:PLACES_PER_CODE]
    )
    total = sum(each.count for each in counts)
    return Section(check, total, shown, max(len(ordered) - PLACES_PER_CODE, 0))


def _place(count: CodeCount, findings: Sequence[Finding]) -> Place:
    rows: list[tuple[str, tuple[int, ...]]] = []
    named = sorted((each for each in findings if each.row), key=lambda each: each.row)
    if BY_CODE[count.code].effect is Effect.LEFT_OUT:
        named = named[:ROWS_LEFT_OUT]
    for each in named:
        if rows and rows[-1][0] == each.shape:
            rows[-1] = (each.shape, (*rows[-1][1], each.row))
        else:
            rows.append((each.shape, (each.row,)))
    more = bool(named) and len(named) < count.count
    return Place(count.label, count.column, count.count, tuple(rows), more)
