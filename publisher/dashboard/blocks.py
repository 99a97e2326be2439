"""Parts of which pages are made: key figures, charts, tables of units, files to download."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.chart_data import ChartKey, ChartKind, chart_data
from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import FORM_TABLE, MAIN_TABLE, Findings
from publisher.dashboard.looks import LOOKS
from publisher.dashboard.series import NARROW_COLUMNS, UnitRow
from publisher.dashboard.units import UnitKind
from publisher.dashboard.words import MEASURE_WORDS, heading_of
from publisher.downloads.addresses import download_address
from publisher.downloads.extract import Filters
from publisher.downloads.formats import FORMATS
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure of the last period, large, with what it means and what it does not."""

    label: str
    figure: Figure
    meaning: str
    limits: str
    suffix: str


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A chart as a page shows it.

    Attributes:
        looks: address of the chart per name of a look.
    """

    looks: dict[str, str]
    alt: str


@dataclass(frozen=True, slots=True)
class UnitTable:
    """Units below each other with their figures of one period."""

    caption: str
    name_heading: str
    fact_headings: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[UnitRow, ...]

    @property
    def is_wide(self) -> bool:
        """Whether a narrow screen cannot show every column at once."""
        return len(self.fact_headings) + len(self.headings) > NARROW_COLUMNS


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that readers can take away."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one table, in every format."""

    title: str
    links: tuple[FileLink, ...]


def key_figures(findings: Findings, level: Level, unit: str) -> tuple[KeyFigure, ...]:
    """The figures of a unit in the last period."""
    return tuple(
        KeyFigure(
            findings.measure_labels[measure],
            figure_of(findings.cell(level, unit, measure, findings.latest.code)),
            MEASURE_WORDS[measure].meaning,
            MEASURE_WORDS[measure].limits,
            MEASURE_WORDS[measure].suffix,
        )
        for measure in findings.measures(level)
    )


def trend_chart(findings: Findings, level: Level, unit: str) -> ChartImage | None:
    """The chart over the periods: of the rate, else of the number, else none."""
    for kind in (ChartKind.RATE, ChartKind.CLIENTS):
        if (image := _image(findings, ChartKey(kind, level, unit))) is not None:
            return image
    return None


def forms_chart(findings: Findings, level: Level, unit: str) -> ChartImage | None:
    """The chart of the forms of help, or None where not one number was released."""
    return _image(findings, ChartKey(ChartKind.FORMS, level, unit))


def _image(findings: Findings, key: ChartKey) -> ChartImage | None:
    data = chart_data(findings, key)
    if data is None:
        return None
    release_id = findings.manifest.release_id
    return ChartImage({look: key.address(release_id, look) for look in LOOKS}, data.alt)


def unit_rows(
    findings: Findings, kind: UnitKind, units: Iterable[str], *, with_facts: bool = False
) -> tuple[UnitRow, ...]:
    """The given units with their figures of the last period, in the given order."""
    names, measures = findings.units(kind.level), findings.measures(kind.level)
    return tuple(
        UnitRow(
            name=kind.title(names[unit]),
            code=unit,
            href=kind.address(unit),
            facts=_facts(findings, unit) if with_facts else (),
            figures=latest_figures(findings, kind.level, unit, measures),
        )
        for unit in units
    )


def latest_figures(
    findings: Findings, level: Level, unit: str, measures: Iterable[str]
) -> tuple[Figure, ...]:
    """Figures of a unit in the last period, in the given order of measures."""
    period = findings.latest.code
    return tuple(figure_of(findings.cell(level, unit, measure, period)) for measure in measures)


def unit_headings(findings: Findings, level: Level) -> tuple[str, ...]:
    """Headings above the figures of ``unit_rows``."""
    labels = findings.measure_labels
    return tuple(heading_of(measure, labels[measure]) for measure in findings.measures(level))


def _facts(findings: Findings, school: str) -> tuple[str, ...]:
    known = findings.school(school)
    return ("", "") if known is None else (findings.place_of(known), known.type.label)


def unit_files(findings: Findings, level: Level, unit: str) -> tuple[FileGroup, ...]:
    """Files with the released rows of one unit only."""
    filters = Filters(level=level, unit=unit)
    return tuple(
        _files(findings, entry.id, entry.title, filters)
        for entry in findings.manifest.tables
        if entry.id == MAIN_TABLE or (entry.id == FORM_TABLE and findings.categories(level, unit))
    )


def release_files(findings: Findings) -> tuple[FileGroup, ...]:
    """Files with every row of every table."""
    return tuple(
        _files(findings, entry.id, entry.title, Filters()) for entry in findings.manifest.tables
    )


def _files(findings: Findings, table: str, title: str, filters: Filters) -> FileGroup:
    release_id = findings.manifest.release_id
    return FileGroup(
        title,
        tuple(
            FileLink(format_.label, download_address(release_id, table, format_.id, filters))
            for format_ in FORMATS
        ),
    )
