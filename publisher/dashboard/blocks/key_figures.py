"""Key figures: the last period of a unit, large, with what each says and does not."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import _
from publisher.dashboard.words import MEASURE_WORDS, limits_of, meaning_of
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
