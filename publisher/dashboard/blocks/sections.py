"""Sections: what a release has about a unit, topic by topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.dashboard.blocks.images import ChartImage, image_of, trend_chart
from publisher.dashboard.blocks.origins import Origin, origin_of
from publisher.dashboard.charts.data import ChartKey, ChartKind
from publisher.dashboard.findings import MAIN_TABLE, PROFILE_MEASURES, Findings
from publisher.dashboard.language import _
from publisher.dashboard.series import SeriesTable, category_table, trend_table
from publisher.dashboard.topics import TOPICS, Part, Topic, columns_of, held_parts, leading_of
from publisher.dashboard.units import title_of
from publisher.dashboard.words import capital, heading_of, table_title
from shared.reference import Level

MAIN_PART = Part(MAIN_TABLE, PROFILE_MEASURES)
"""The table that every profile starts with."""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures of one subject about one unit: a table, the chart beside it, and its origin."""

    id: str
    title: str
    question: str
    caution: str
    more: str
    shown: tuple[tuple[SeriesTable, ChartImage | None, Origin], ...]


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
    title = subject_of(findings, topic, part, level, unit)
    origin = origin_of(findings, part, level, unit)
    if part.split:
        table = category_table(findings, level, unit, part, f"{title}, {name}")
        key = ChartKey(ChartKind.BARS, part.table, part.measures[0], level, unit)
        return table, image_of(findings, key), origin
    columns = columns_of(findings, part)
    table = trend_table(findings, level, unit, f"{title}, {name}", columns)
    return table, trend_chart(findings, level, unit, columns), origin


def subject_of(
    findings: Findings,
    topic: Topic,
    part: Part,
    level: Level | None = None,
    unit: str | None = None,
) -> str:
    """What a part is about, in words that no other part on a page has."""
    if not part.split:
        is_one_of_more = len(part.measures) == 1 < len(topic.parts)
        label = findings.measure_labels[part.measures[0]]
        return capital(_(label)) if is_one_of_more else _(topic.title)
    title = table_title(findings, part.table, len(leading_of(findings, part, level, unit)))
    # Only where a topic has two measures of one table does a reader need to know which.
    if sum(each.split and each.table == part.table for each in topic.parts) < 2:
        return title
    return f"{title} ({heading_of(findings, part.measures[0]).lower()})"
