"""Parts of which pages are made: key figures, sections of a topic, tables of units, files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from publisher.dashboard.charts.data import ChartKey, ChartKind, chart_data
from publisher.dashboard.charts.looks import LOOKS
from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import MAIN_TABLE, Findings
from publisher.dashboard.language import _, day
from publisher.dashboard.series import (
    NARROW_COLUMNS,
    SeriesTable,
    UnitRow,
    category_table,
    column_heading,
    figure_at,
    period_words,
    profile_columns,
    trend_table,
)
from publisher.dashboard.topics import TOPICS, Column, Part, Topic, columns_of, held_parts
from publisher.dashboard.units import UnitKind, title_of
from publisher.dashboard.words import MEASURE_WORDS, heading_of, limits_of, meaning_of, unit_words
from publisher.downloads.addresses import download_address
from publisher.downloads.extract import EVERYTHING, Filters
from publisher.downloads.formats import FORMATS
from shared.reference import Level


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure of the last period, large, with what it means and what it does not."""

    label: str
    figure: Figure
    meaning: str
    limits: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A chart as a page shows it.

    Attributes:
        looks: address of the chart per name of a look.
        slide: address of the same chart as PNG.
    """

    looks: dict[str, str]
    slide: str
    alt: str


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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where figures come from, and how to cite them and take them away.

    Attributes:
        unit: what is counted.
        permalink: a page that shows these figures of this release, whatever comes after it.
    """

    about: str
    unit: str
    reference_on: str
    release: str
    permalink: str
    files: tuple[FileLink, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Figures of one subject about one unit: a table, the chart beside it, and its origin."""

    id: str
    title: str
    question: str
    caution: str
    more: str
    shown: tuple[tuple[SeriesTable, ChartImage | None, Origin], ...]


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


def image_of(findings: Findings, key: ChartKey) -> ChartImage | None:
    """A chart as a page shows it, or None where nothing of it was released."""
    data = chart_data(findings, key)
    if data is None:
        return None
    release_id = findings.manifest.release_id
    looks = {look: key.address(release_id, look, "svg") for look in LOOKS}
    return ChartImage(looks, key.address(release_id, "licht", "png"), data.alt)


def trend_chart(
    findings: Findings, level: Level, unit: str, columns: Iterable[Column]
) -> ChartImage | None:
    """The chart over the periods of the first column of which anything was released."""
    for column in columns:
        key = ChartKey(ChartKind.TREND, column.table, column.measure, level, unit)
        if (image := image_of(findings, key)) is not None:
            return image
    return None


def sections(
    findings: Findings, level: Level, unit: str, topics: Iterable[str], *, whole: bool = True
) -> tuple[Section, ...]:
    """What a release has about a unit, topic by topic; a topic without figures is left out.

    Args:
        whole: every part of a topic; else the first, for a page about many topics.
    """
    found = []
    for topic in TOPICS:
        parts = held_parts(findings, topic, level, unit) if topic.id in topics else ()
        shown = tuple(
            _shown(findings, level, unit, topic, part) for part in (parts if whole else parts[:1])
        )
        if shown:
            found.append(
                Section(
                    topic.id, _(topic.title), _(topic.question), _(topic.caution), topic.address,
                    shown,
                )
            )  # fmt: skip
    return tuple(found)


def _shown(
    findings: Findings, level: Level, unit: str, topic: Topic, part: Part
) -> tuple[SeriesTable, ChartImage | None, Origin]:
    name = title_of(level, findings.name_of(level, unit) or unit)
    title = subject_of(findings, topic, part)
    origin = origin_of(findings, part, level, unit)
    if part.split:
        table = category_table(findings, level, unit, part, f"{title}, {name}")
        key = ChartKey(ChartKind.BARS, part.table, part.measures[0], level, unit)
        return table, image_of(findings, key), origin
    columns = columns_of(findings, part)
    table = trend_table(findings, level, unit, f"{title}, {name}", columns)
    return table, trend_chart(findings, level, unit, columns), origin


def subject_of(findings: Findings, topic: Topic, part: Part) -> str:
    """What a part is about, in words that no other part on a page has."""
    if not part.split:
        return _(topic.title)
    title = _(findings.shelves[part.table].table.title)
    return f"{title} ({heading_of(findings, part.measures[0]).lower()})"


def origin_of(
    findings: Findings, part: Part, level: Level | None = None, unit: str | None = None
) -> Origin:
    """Where the figures of a part come from, about a unit, a level or everything."""
    manifest, filters = findings.manifest, Filters(level=level, unit=unit)
    units = dict.fromkeys(filter(None, (unit_words(findings, m) for m in part.measures)))
    title = _(findings.shelves[part.table].table.title)
    return Origin(
        about=title,
        unit=", ".join(units),
        reference_on=day(findings.latest.reference_on),
        release=manifest.release_id,
        permalink=permalink(manifest.release_id, part.table, level, unit),
        files=_links(manifest.release_id, part.table, filters),
    )


def permalink(release_id: str, table: str, level: Level | None, unit: str | None) -> str:
    """The page that shows figures of one release and no other."""
    wanted = {"uitgave": release_id, "tabel": table, "niveau": level or "", "eenheid": unit or ""}
    return f"/verkennen?{urlencode({name: value for name, value in wanted.items() if value})}"


def unit_table(
    findings: Findings,
    kind: UnitKind,
    rows: tuple[UnitRow, ...],
    columns: tuple[Column, ...],
    *,
    caption: str = "",
    fact_headings: tuple[str, ...] = (),
) -> UnitTable:
    """Rows of units under the headings of their columns."""
    when = period_words(findings.latest)
    return UnitTable(
        caption or f"{_(kind.list_label)}, {when}",
        _(kind.noun).capitalize(),
        fact_headings,
        tuple(column_heading(findings, column) for column in columns),
        rows,
    )


def unit_rows(
    findings: Findings,
    kind: UnitKind,
    units: Iterable[str],
    columns: tuple[Column, ...] | None = None,
    *,
    with_facts: bool = False,
) -> tuple[UnitRow, ...]:
    """The given units with their figures of the last period, in the given order."""
    shown = profile_columns(findings, kind.level) if columns is None else columns
    return tuple(
        UnitRow(
            name=kind.title(findings.name_of(kind.level, unit) or unit),
            code=unit,
            href=kind.address(unit),
            facts=_facts(findings, unit) if with_facts else (),
            figures=latest_figures(findings, kind.level, unit, shown),
            choice=f"{kind.level}:{unit}",
        )
        for unit in units
    )


def latest_figures(
    findings: Findings, level: Level, unit: str, columns: Iterable[Column]
) -> tuple[Figure, ...]:
    """Figures of a unit in the last period, in the given order of columns."""
    return tuple(
        figure_at(findings, level, unit, column, findings.latest.code) for column in columns
    )


def _facts(findings: Findings, school: str) -> tuple[str, ...]:
    known = findings.school(school)
    return ("", "") if known is None else (findings.place_of(known), _(known.type.label))


def unit_files(findings: Findings, level: Level, unit: str) -> tuple[FileGroup, ...]:
    """Files with the released rows of one unit only, of every table that has them."""
    filters = Filters(level=level, unit=unit)
    return tuple(
        FileGroup(_(entry.title), _links(findings.manifest.release_id, entry.id, filters))
        for entry in findings.manifest.tables
        if unit in findings.units(level, entry.id)
    )


def release_files(findings: Findings) -> tuple[FileGroup, ...]:
    """Files with every row of every table."""
    return tuple(
        FileGroup(_(entry.title), _links(findings.manifest.release_id, entry.id, EVERYTHING))
        for entry in findings.manifest.tables
    )


def _links(release_id: str, table: str, filters: Filters) -> tuple[FileLink, ...]:
    return tuple(
        FileLink(format_.label, download_address(release_id, table, format_.id, filters))
        for format_ in FORMATS
    )


MAIN_PART = Part(MAIN_TABLE, ("pupils", "clients", "clients_per_100_pupils", "coverage_percent"))
"""The table that every profile starts with."""
