"""All that pages know of figures from elsewhere: a figure per indicator, area and period.

A larger area is the sum of its municipalities only where that is sound: a count or the two parts
of a share, of every municipality, and for a samenwerkingsverband only where every municipality of
it lies in it whole and is known. Else there is no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from publisher.context.catalogue import Theme, catalogue
from publisher.context.figures import Areas, Figures, Indicator, Kind, SourceNote
from publisher.context.surveys.outcomes import Outcomes
from shared.canonical import canonical_json, sha256_hex

SHARE_SCALE = 100
"""A share is shown in per cent."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure comes from: the source, when it was fetched, and whether it is invented."""

    source: SourceNote
    retrieved_on: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure as it is shown, in units of 10 ** -decimals."""

    value: int
    decimals: int


@dataclass(frozen=True, slots=True)
class _Parts:
    numerator: int
    denominator: int | None


@dataclass(frozen=True)
class Context:
    """Everything that was imported and not withdrawn, the newest import first.

    Attributes:
        key: differs when anything else is shown.
    """

    figures: tuple[Figures, ...] = ()
    areas: tuple[Areas, ...] = ()
    surveys: tuple[Outcomes, ...] = ()
    key: str = field(default="")

    @classmethod
    def of(
        cls,
        figures: Iterable[Figures] = (),
        areas: Iterable[Areas] = (),
        surveys: Iterable[Outcomes] = (),
    ) -> Context:
        """What was imported, the newest first."""
        parts = (tuple(figures), tuple(areas), tuple(surveys))
        documents = [each.model_dump(mode="json") for part in parts for each in part]
        return cls(*parts, sha256_hex(canonical_json(documents)))

    @property
    def is_empty(self) -> bool:
        """Whether there is no figure at all."""
        return not self.figures

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators of which there is a figure, in the order of the catalogue."""
        found = {each.id: each for document in reversed(self.figures)
                 for each in document.indicators}  # fmt: skip
        order = [each.id for each in catalogue().indicators]
        known = [id_ for id_ in order if id_ in found]
        return tuple(found[id_] for id_ in (*known, *(set(found) - set(order))))

    @cached_property
    def themes(self) -> tuple[tuple[Theme, tuple[Indicator, ...]], ...]:
        """The themes of which there is a figure, with their indicators."""
        held = ((theme, tuple(each for each in self.indicators if each.theme == theme.id))
                for theme in catalogue().themes)  # fmt: skip
        return tuple((theme, found) for theme, found in held if found)

    @cached_property
    def _values(self) -> Mapping[tuple[str, str, str], tuple[_Parts, Origin]]:
        """Parts by indicator, area and period; what was imported last counts."""
        found: dict[tuple[str, str, str], tuple[_Parts, Origin]] = {}
        for document in reversed(self.figures):
            origin = _origin(document)
            for value in document.values:
                key = (value.indicator, value.area, value.period)
                if value.numerator is None:
                    found.pop(key, None)
                else:
                    found[key] = (_Parts(value.numerator, value.denominator), origin)
        return found

    def periods(self, indicator: Indicator) -> tuple[str, ...]:
        """The periods of which there is a figure anywhere, oldest first."""
        return tuple(sorted({period for id_, _, period in self._values if id_ == indicator.id}))

    def origins(self, indicator: Indicator) -> tuple[Origin, ...]:
        """Where the figures of an indicator come from."""
        found = [origin for key, (_, origin) in self._values.items() if key[0] == indicator.id]
        return tuple(dict.fromkeys(found))

    def amount(self, indicator: Indicator, areas: tuple[str, ...], period: str) -> Amount | None:
        """The figure of one municipality, of the country, or of municipalities together.

        Args:
            areas: ``GM0197`` or ``NL``, or several municipalities, whose parts are added.
        """
        found = [self._values.get((indicator.id, area, period)) for area in areas]
        parts = [held[0] for held in found if held is not None]
        if not parts or len(parts) < len(areas):
            return None
        if len(parts) > 1 and indicator.kind is Kind.GIVEN:
            return None
        return _amount(indicator, parts)

    def latest(self, indicator: Indicator) -> str | None:
        """The last period of which there is a figure."""
        periods = self.periods(indicator)
        return periods[-1] if periods else None

    def municipalities_of(self, swv: str, codes: Mapping[str, str]) -> tuple[str, ...]:
        """The municipalities that make up a samenwerkingsverband; none where that is not known.

        Args:
            codes: per name of a municipality its code.
        """
        for document in self.areas:
            for area in document.swvs:
                if area.code != swv:
                    continue
                names = {name.casefold(): code for name, code in codes.items()}
                found = tuple(names.get(name.casefold(), "") for name in area.whole)
                return found if not area.partly and all(found) else ()
        return ()


def _origin(document: Figures) -> Origin:
    return Origin(document.source, document.retrieved_on.isoformat(), document.synthetic)


def _amount(indicator: Indicator, parts: list[_Parts]) -> Amount | None:
    numerator = sum(part.numerator for part in parts)
    if indicator.kind is not Kind.SHARE:
        return Amount(numerator, indicator.decimals if indicator.kind is Kind.GIVEN else 0)
    denominators = [part.denominator for part in parts]
    if any(not each for each in denominators):
        return None
    denominator = sum(each for each in denominators if each)
    scale = SHARE_SCALE * 10**indicator.decimals
    # To the nearest, halves up, in whole numbers: what a reader gets by hand.
    return Amount((2 * numerator * scale + denominator) // (2 * denominator), indicator.decimals)
