"""The sources that can be imported: what each is, and which columns give which indicator.

A source is data: a further one is a part of ``sources.toml``, or of a file of the region's own
in the same form, and needs no code.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from publisher.context.figures import (
    Checked,
    Document,
    Id,
    Indicator,
    Kind,
    SourceNote,
    Told,
)
from shared.errors import ConfigurationError, NotFoundError
from shared.files import read_file

Columns = Annotated[tuple[str, ...], Field(min_length=1)]


class Theme(Document):
    """A subject under which indicators stand together on a page."""

    id: Id
    title: Told


class Term(Document):
    """A part of a numerator or denominator: what a row adds to the figure of its area and period.

    Attributes:
        column: whose value is added; empty counts the row itself.
        where: per column the values that a row may have; another row adds nothing.
        times: what the value is multiplied by, such as 1000 for thousands.
    """

    column: str = ""
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    times: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _counts_rows_once(self) -> Term:
        if not self.column and self.times != 1:
            raise ValueError("a row is counted once")
        return self


class Measure(Document):
    """How a source gives an indicator."""

    indicator: Id
    numerator: Annotated[tuple[Term, ...], Field(min_length=1)]
    denominator: tuple[Term, ...] = ()


class Source(Document):
    """A file as its holder publishes it, and how it is read.

    Attributes:
        area: names that the column of the area goes by, the first that is there; empty where
            every row is about the country.
        area_form: ``cbs`` for ``GM0197`` and ``NL00``, ``number`` for ``0197``.
        period: name of the column of the period; empty where the file has one, given at import.
        period_form: ``cbs`` for ``2023JJ00`` and ``2022SJ00``, ``year`` for ``2023``.
        keep: per column the values of rows that count; any other row is left out.
        adds_up: several rows may be about one area and period, such as one per school.
        sums_to_country: the file covers the country, so that its municipalities add up to it.
    """

    id: Id
    title: str
    holder: str
    page: Annotated[str, Field(pattern=r"^https://")]
    licence: str
    checked: Checked
    area: tuple[str, ...] = ()
    area_form: Literal["cbs", "number"] = "cbs"
    period: str = ""
    period_form: Literal["cbs", "year"] = "cbs"
    keep: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    adds_up: bool = False
    sums_to_country: bool = False
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]

    @property
    def note(self) -> SourceNote:
        """What readers are told of it."""
        return SourceNote(
            id=self.id,
            title=self.title,
            holder=self.holder,
            page=self.page,
            licence=self.licence,
            checked=self.checked,
        )


class Catalogue(Document):
    """Every theme, indicator and source."""

    themes: tuple[Theme, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _refers_to_what_it_holds(self) -> Catalogue:
        themes = {theme.id for theme in self.themes}
        kinds = {indicator.id: indicator.kind for indicator in self.indicators}
        for indicator in self.indicators:
            if indicator.theme not in themes:
                raise ValueError(f"indicator {indicator.id} names an unknown theme")
        for named, found in (
            ("indicator", [each.id for each in self.indicators]),
            ("source", [each.id for each in self.sources]),
        ):
            if len(set(found)) != len(found):
                raise ValueError(f"a {named} stands in the catalogue twice")
        for source in self.sources:
            for measure in source.measures:
                if measure.indicator not in kinds:
                    raise ValueError(f"source {source.id} names an unknown indicator")
                if (kinds[measure.indicator] is Kind.SHARE) != bool(measure.denominator):
                    raise ValueError(f"{measure.indicator}: a share, and no other, is divided")
        return self

    def source(self, id_: str) -> Source:
        """The source called ``id_``.

        Raises:
            NotFoundError: ``context-source-unknown``.
        """
        for source in self.sources:
            if source.id == id_:
                return source
        raise NotFoundError(
            "context-source-unknown",
            f"expected one of {', '.join(each.id for each in self.sources)}, found another name",
            hint="see `publisher context sources`",
        )

    def indicators_of(self, source: Source) -> tuple[Indicator, ...]:
        """The indicators that a source gives."""
        wanted = {measure.indicator for measure in source.measures}
        return tuple(each for each in self.indicators if each.id in wanted)


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with the publisher."""
    return Catalogue.model_validate(_shipped())


def load_catalogue(own: Path | None) -> Catalogue:
    """The catalogue, with the sources of a region's own file where there is one.

    What the region's file calls by a name that is known takes the place of that.

    Raises:
        ConfigurationError: ``context-sources-invalid``.
    """
    if own is None:
        return catalogue()
    try:
        more = tomllib.loads(read_file(own, "a file of sources").decode("utf-8"))
        merged = {part: [*known] for part, known in _shipped().items()}
        for part, found in more.items():
            named = {each["id"] for each in found}
            merged[part] = [each for each in merged[part] if each["id"] not in named] + found
        return Catalogue.model_validate(merged)
    except (ValueError, LookupError, TypeError) as error:
        raise ConfigurationError(
            "context-sources-invalid",
            f"expected themes, indicators and sources in {own.name}, each with an id",
            hint="docs/handleiding/context.md describes a source of your own",
        ) from error


def _shipped() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("indicators.toml", "sources.toml"):
        found |= tomllib.loads((files(__name__) / name).read_text(encoding="utf-8"))
    return found
