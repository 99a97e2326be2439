"""Key figures: the last period of a unit, or the answer to a topic, large."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, takewhile

from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _, msg
from publisher.dashboard.series import cell_at, column_heading
from publisher.dashboard.topics import Column, Part, Topic, columns_of, held_parts
from publisher.dashboard.units import REGION_UNIT
from publisher.dashboard.words import MEASURE_WORDS, MeasureWords, capital, limits_of, meaning_of
from publisher.released import Cell, CellStatus
from shared.reference import Level

_FEWEST_COMPARED = 2
_PROVIDERS = "providers"
"""A table, and its measure of how many there are."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure of the last period, large, with what it means and what it does not."""

    label: str
    figure: Figure
    meaning: str = ""
    limits: str = ""
    prefix: str = ""
    suffix: str = ""


def key_figures(findings: Findings, level: Level, unit: str) -> tuple[KeyFigure, ...]:
    """The figures of a unit in the last period."""
    return tuple(
        KeyFigure(
            _(findings.measure_labels[measure]),
            figure_of(findings.cell(level, unit, measure, findings.latest.code)),
            meaning_of(findings, measure),
            limits_of(findings, measure),
            MEASURE_WORDS[measure].prefix,
            _(MEASURE_WORDS[measure].suffix),
        )
        for measure in findings.measures(level)
    )


def provider_figure(findings: Findings, level: Level, unit: str) -> tuple[KeyFigure, ...]:
    """From how many providers the pupils of a unit get their care, where a release has that."""
    column = Column(_PROVIDERS, _PROVIDERS)
    cell = cell_at(findings, level, unit, column, findings.latest.code)
    if cell is None:
        return ()
    return (
        replace(
            _answered(findings, column, cell),
            meaning=_("Van zoveel verschillende organisaties kregen deze leerlingen jeugdhulp."),
            limits=_(
                "Meer aanbieders is niet beter of slechter. Onderdelen van één organisatie tellen "
                "als één aanbieder."
            ),
        ),
    )


def answers(findings: Findings, topic: Topic) -> tuple[KeyFigure, ...]:
    """What all schools of the region together say about a topic, as far as it was released.

    Those of the tables that are not split, where the topic begins with one. Of a split that is its
    total, and the category with the highest figure.
    """
    parts = held_parts(findings, topic, Level.REGION, REGION_UNIT)
    if not parts:
        return ()
    part = parts[0]
    if not part.split:
        whole_tables = takewhile(lambda each: not each.split, parts)
        columns = chain.from_iterable(columns_of(findings, each) for each in whole_tables)
        return tuple(_answer(findings, column) for column in columns)
    whole = Column(part.table, part.measures[0])
    found = (_answer(findings, whole),) if _cell(findings, whole) is not None else ()
    return (*found, *_highest(findings, part))


def _answer(findings: Findings, column: Column, label: str = "") -> KeyFigure:
    return _answered(findings, column, _cell(findings, column), label)


def _answered(findings: Findings, column: Column, cell: Cell | None, label: str = "") -> KeyFigure:
    words = MEASURE_WORDS.get(column.measure, MeasureWords(""))
    name = label or capital(_(findings.measure_labels[column.measure]))
    return KeyFigure(name, figure_of(cell), prefix=words.prefix, suffix=_(words.suffix))


def _highest(findings: Findings, part: Part) -> tuple[KeyFigure, ...]:
    """The category with the highest figure; of those that are shown, where not all of them are."""
    categories = findings.categories_of(part.table)
    cells = {
        column: _cell(findings, column)
        for column in (Column(part.table, part.measures[0], code) for code in categories)
    }
    shown = {column: cell.value for column, cell in cells.items() if cell and cell.value}
    ordered = sorted(shown.values(), reverse=True)
    if len(ordered) < _FEWEST_COMPARED or ordered[0] == ordered[1]:
        return ()
    highest = next(column for column, value in shown.items() if value == ordered[0])
    is_whole = all(cell and cell.status is CellStatus.PLAIN for cell in cells.values())
    label = msg("Het meest: {category}") if is_whole else msg("Het hoogste getoonde: {category}")
    return (_answer(findings, highest, _(label, category=column_heading(findings, highest))),)


def _cell(findings: Findings, column: Column) -> Cell | None:
    return cell_at(findings, Level.REGION, REGION_UNIT, column, findings.latest.code)
