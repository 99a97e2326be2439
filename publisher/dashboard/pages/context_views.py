"""Figures from elsewhere as tables: areas beside each other, and one area over the periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from publisher.context.figures import COUNTRY, Checked, Indicator, Kind
from publisher.context.shown import Amount, Context, Origin
from publisher.dashboard.blocks import UnitTable
from publisher.dashboard.figures import Figure, figure_of
from publisher.dashboard.findings import RATE, Findings
from publisher.dashboard.language import _, day, msg, number, spoken
from publisher.dashboard.series import SeriesRow, SeriesTable, UnitRow
from publisher.dashboard.units import REGION_UNIT
from publisher.dashboard.words import heading_of
from publisher.downloads.words import MARK
from shared.reference import Level

_PERIODS_SHOWN = 6
CHECKED = {
    Checked.FILE: msg("De indeling is vergeleken met een echt bestand."),
    Checked.COLUMNS: msg("De indeling volgt uit de beschrijving van de bron."),
    Checked.ASSUMED: msg("De indeling van deze bron is nog niet vergeleken met een echt bestand."),
}


@dataclass(frozen=True, slots=True)
class Area:
    """An area of which figures can be shown.

    Attributes:
        unit: its code, such as ``GM0197``, ``PO2502`` or ``NL``.
        members: the municipalities that it consists of, or the country; none where that is not
            known, and then it has no figures.
        own: where the monitor has figures of it, or None.
    """

    unit: str
    name: str
    address: str
    members: tuple[str, ...]
    own: tuple[Level, str] | None


@dataclass(frozen=True, slots=True)
class SourceText:
    """Where figures come from, as a reader reads it."""

    title: str
    holder: str
    page: str
    licence: str
    retrieved_on: str
    checked: str
    mark: str


@dataclass(frozen=True, slots=True)
class IndicatorText:
    """An indicator in plain words, with its sources."""

    id: str
    label: str
    unit: str
    meaning: str
    sources: tuple[SourceText, ...]


@dataclass(frozen=True)
class Places:
    """The areas of a region: its municipalities, its samenwerkingsverbanden, itself, the country.

    Without a release nothing is known but the country.
    """

    context: Context
    findings: Findings | None

    @cached_property
    def municipalities(self) -> tuple[Area, ...]:
        """The municipalities of the region by name."""
        if self.findings is None:
            return ()
        found = sorted((each.name, each.key) for each in self.findings.municipalities
                       if each.in_region)  # fmt: skip
        return tuple(
            Area(key, name, f"/context/gemeenten/{key}", (key,), self._own(Level.MUNICIPALITY, key))
            for name, key in found
        )

    @cached_property
    def swvs(self) -> tuple[Area, ...]:
        """The samenwerkingsverbanden with schools in the region."""
        return tuple(self._swvs())

    def _swvs(self) -> Iterator[Area]:
        if self.findings is None:
            return
        codes = {each.name: each.key for each in self.findings.municipalities}
        for level in (Level.SWV_PO, Level.SWV_VO):
            for unit, name in self.findings.units(level).items():
                members = self.context.municipalities_of(unit, codes)
                address = f"/context/samenwerkingsverbanden/{unit}"
                sector = unit[:2]  # some names say it themselves
                label = name if sector in name.split() else f"{name} ({sector})"
                yield Area(unit, label, address, members, (level, unit))

    @cached_property
    def region(self) -> Area | None:
        """The region, as the sum of its municipalities."""
        if self.findings is None or not self.municipalities:
            return None
        members = tuple(code for each in self.municipalities for code in each.members)
        name = _("Regio {region}", region=self.findings.manifest.region_name)
        return Area(REGION_UNIT, name, "/", members, self._own(Level.REGION, REGION_UNIT))

    @cached_property
    def country(self) -> Area:
        """The Netherlands."""
        return Area(COUNTRY, _("Nederland"), "/context/land", (COUNTRY,), None)

    @property
    def every(self) -> tuple[Area, ...]:
        """Every area with a page of its own."""
        return (*self.municipalities, *self.swvs, self.country)

    def _own(self, level: Level, unit: str) -> tuple[Level, str] | None:
        held = self.findings is not None and unit in self.findings.units(level)
        return (level, unit) if held else None


def overview(places: Places, indicators: tuple[Indicator, ...], title: str) -> UnitTable:
    """Every area with the last figure of some indicators, and its own figure of the monitor."""
    context, findings = places.context, places.findings
    held = [(each, period) for each in indicators if (period := context.latest(each))]
    headings = [f"{_label(each)} ({period})" for each, period in held]
    areas = [*places.municipalities, *places.swvs]
    areas += [each for each in (places.region, places.country) if each is not None]
    if findings is not None:
        rate, when = heading_of(findings, RATE), findings.latest.label
        headings.append(_("{figure} ({when}, monitor)", figure=rate, when=when))
    rows = []
    for area in areas:
        figures = [_figure(context, each, area, period) for each, period in held]
        if findings is not None:
            figures.append(_own_rate(findings, area))
        rows.append(UnitRow(area.name, "", area.address, (), tuple(figures)))
    caption = _("{theme}: het laatste cijfer per gebied", theme=title)
    return UnitTable(caption, _("Gebied"), (), tuple(headings), tuple(rows))


def over_time(places: Places, indicator: Indicator, area: Area) -> SeriesTable:
    """One area beside the region and the country, over the periods."""
    compared = [area, *(each for each in (places.region, places.country)
                        if each is not None and each.members != area.members)]  # fmt: skip
    return SeriesTable(
        f"{_label(indicator)}: {area.name}",
        _("Periode"),
        tuple(each.name for each in compared),
        tuple(
            SeriesRow(
                period,
                tuple(_figure(places.context, indicator, each, period) for each in compared),
            )
            for period in periods_shown(places.context, indicator)
        ),
    )


def periods_shown(context: Context, indicator: Indicator) -> tuple[str, ...]:
    """The last periods; of a forecast some of all, first and last among them."""
    periods = context.periods(indicator)
    if not indicator.forecast or len(periods) <= _PERIODS_SHOWN:
        return periods[-_PERIODS_SHOWN:]
    last = len(periods) - 1
    steps = _PERIODS_SHOWN - 1
    return tuple(periods[last * step // steps] for step in range(_PERIODS_SHOWN))


def text_of(context: Context, indicator: Indicator) -> IndicatorText:
    """An indicator with what it means and where it comes from."""
    code = spoken().code
    return IndicatorText(
        id=indicator.id,
        label=_label(indicator),
        unit=indicator.unit.in_language(code),
        meaning=indicator.meaning.in_language(code),
        sources=tuple(_source(origin) for origin in context.origins(indicator)),
    )


def _source(origin: Origin) -> SourceText:
    source = origin.source
    return SourceText(
        source.title,
        source.holder,
        source.page,
        source.licence,
        day(date.fromisoformat(origin.retrieved_on)),
        _(CHECKED[source.checked]),
        _(MARK) if origin.synthetic else "",
    )


def _label(indicator: Indicator) -> str:
    return indicator.label.in_language(spoken().code)


def _figure(context: Context, indicator: Indicator, area: Area, period: str) -> Figure:
    amount = context.amount(indicator, area.members, period) if area.members else None
    if amount is None:
        return figure_of(None)
    return Figure(spelled(indicator, amount), "", has_value=True, order=amount.value)


def spelled(indicator: Indicator, amount: Amount) -> str:
    """A figure with its sign: ``22,6%``, ``€ 1.234`` or ``1.234``."""
    text = number(amount.value, amount.decimals)
    if indicator.kind is Kind.SHARE:
        return f"{text}%"
    return f"€ {text}" if indicator.kind is Kind.EUR else text


def _own_rate(findings: Findings, area: Area) -> Figure:
    if area.own is None:
        return figure_of(None)
    level, unit = area.own
    return figure_of(findings.cell(level, unit, RATE, findings.latest.code))
