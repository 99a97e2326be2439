"""Parts of which pages are made: key figures, charts, sections of a topic, tables, files."""

from publisher.dashboard.blocks.changed import changed
from publisher.dashboard.blocks.images import ChartImage, image_of, trend_chart
from publisher.dashboard.blocks.key_figures import (
    KeyFigure,
    answers,
    key_figures,
    provider_figure,
)
from publisher.dashboard.blocks.noted import Noted, notes_about, notes_within
from publisher.dashboard.blocks.origins import (
    FileGroup,
    FileLink,
    Origin,
    origin_of,
    permalink,
    release_files,
)
from publisher.dashboard.blocks.sections import MAIN_PART, Section, sections, subject_of
from publisher.dashboard.blocks.standing import Beside, beside, has_low_coverage
from publisher.dashboard.blocks.unit_tables import (
    UnitTable,
    every_unit,
    latest_figures,
    unit_rows,
    unit_table,
)

__all__ = [
    "MAIN_PART",
    "Beside",
    "ChartImage",
    "FileGroup",
    "FileLink",
    "KeyFigure",
    "Noted",
    "Origin",
    "Section",
    "UnitTable",
    "answers",
    "beside",
    "changed",
    "every_unit",
    "has_low_coverage",
    "image_of",
    "key_figures",
    "latest_figures",
    "notes_about",
    "notes_within",
    "origin_of",
    "permalink",
    "provider_figure",
    "release_files",
    "sections",
    "subject_of",
    "trend_chart",
    "unit_rows",
    "unit_table",
]
