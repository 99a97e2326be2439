"""Figures from elsewhere for tests: every source, read from files in its own layout."""

from __future__ import annotations

from datetime import date
from functools import cache

from deploy.demo.context_files import answered, open_files
from publisher.context.catalogue import catalogue
from publisher.context.figures import Areas, Figures
from publisher.context.importing.areas import AREAS, read_areas
from publisher.context.importing.reading import About, read_figures
from publisher.context.shown import Context
from publisher.context.surveys.blank import blank_counts
from publisher.context.surveys.outcomes import Outcomes
from publisher.context.surveys.questions import questionnaires
from publisher.context.surveys.reading import read_outcomes

SEED = 20261101
THRESHOLD = 10


@cache
def figures() -> tuple[Figures, ...]:
    """The figures of every source."""
    known = catalogue()
    return tuple(
        read_figures(each.text.encode(), known.source(each.source), known,
                     About(date(2026, 2, 1), each.period, synthetic=True))
        for each in open_files(SEED)
        if each.source != AREAS.id
    )  # fmt: skip


@cache
def areas() -> Areas:
    """The samenwerkingsverbanden and their municipalities."""
    (text,) = [each.text for each in open_files(SEED) if each.source == AREAS.id]
    return read_areas(text.encode(), About(date(2026, 2, 1), synthetic=True))


@cache
def surveys() -> tuple[Outcomes, ...]:
    """Outcomes of the three questionnaires."""
    asked = questionnaires()
    return tuple(
        read_outcomes(
            answered(blank_counts(asked, group, "2024"), SEED, group.id).encode(),
            asked,
            THRESHOLD,
            synthetic=True,
        )
        for group in asked.groups
    )


@cache
def context() -> Context:
    """All of it together."""
    return Context.of(figures(), (areas(),), surveys())
