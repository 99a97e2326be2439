"""An arrangement before and after its start: use and costs, beside comparable schools.

Everything is worked out from released cells and from what the reference bundle says in public, so
that readers can do the sums themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from publisher.dashboard.figures import Figure, figure
from publisher.dashboard.findings import CLIENTS, PUPILS, Findings
from publisher.dashboard.language import _, number
from publisher.dashboard.series import SeriesTable, period_rows
from publisher.dashboard.verdicts import Direction, Share, apart, change, direction_of
from publisher.released import Cell, CellStatus
from shared.contract.periods import Period
from shared.reference import Arrangement, Level

TABLE = "arrangement_schools"
COST, LUMP_SUM = "cost_eur", "lump_sum_eur"
_GROUPS = (Level.ARRANGEMENT, Level.COMPARISON)


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one group of schools moved, per 100 pupils.

    Attributes:
        low: of the 95 % interval of the change, in words such as "3,4 minder".
    """

    before: str
    after: str
    low: str
    high: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Both groups of schools from the last shown year before the start to the last year.

    Attributes:
        first: the last period that ended before the start.
        own: the schools of the arrangement; None where a figure is withheld.
        others: the comparable schools, likewise.
        low: of the 95 % interval of the change of the own schools less that of the others.
        direction: of that difference; None where one of the groups has no figures.
        costs: per pupil before and after, of the own schools with the lump sum and of the others.
    """

    first: Period
    last: Period
    own: Moved | None
    others: Moved | None
    low: str
    high: str
    direction: Direction | None
    costs: tuple[tuple[str, str], ...]


def before_and_after(findings: Findings, joint: Arrangement) -> BeforeAfter | None:
    """The comparison, or None where no year before the start is comparable with the last one."""
    before = [each for each in findings.periods if each.ends_on.isoformat() < joint.starts_on]
    last = findings.latest
    if not before or last.starts_on.isoformat() < joint.starts_on:
        return None
    first = before[-1]
    if any(first.code < code <= last.code for code in findings.breaks):
        return None
    pairs = [_pair(findings, level, joint, (first, last)) for level in _GROUPS]
    own, others = (None if each is None else _moved(*each) for each in pairs)
    if own is None and others is None:
        return None
    low, high, direction = "", "", None
    if pairs[0] is not None and pairs[1] is not None:
        interval = apart(pairs[0], pairs[1])
        low, high, direction = _told(interval[0]), _told(interval[1]), direction_of(interval)
    costs = [
        (_euros(findings, level, joint, first), _euros(findings, level, joint, last))
        for level in _GROUPS
    ]
    known = tuple((a, b) for a, b in costs if a and b)
    return BeforeAfter(
        first, last, own, others, low, high, direction, known if len(known) == len(costs) else ()
    )


def cost_table(findings: Findings, joint: Arrangement) -> SeriesTable | None:
    """Costs with the lump sum per period, beside those of comparable schools per pupil."""
    if not findings.measures_of(TABLE, Level.ARRANGEMENT, (COST,)):
        return None
    periods = {period.code: period for period in findings.periods}

    def figures(code: int) -> tuple[Figure, ...]:
        period = periods[code]
        return (
            _amount(_cell(findings, Level.ARRANGEMENT, joint, COST, period)).figure,
            _lump_sum(findings, joint, period).figure,
            _total(findings, Level.ARRANGEMENT, joint, period).figure,
            _per_pupil(findings, Level.ARRANGEMENT, joint, period).figure,
            _per_pupil(findings, Level.COMPARISON, joint, period).figure,
        )

    return SeriesTable(
        _("Kosten met het vaste bedrag, in euro’s"),
        _("Periode"),
        (
            _("Kosten van jeugdhulp"), _("Vast bedrag"), _("Samen"), _("Samen, per leerling"),
            _("Vergelijkbare scholen, per leerling"),
        ),
        period_rows(findings, figures),
    )  # fmt: skip


def _pair(
    findings: Findings, level: Level, joint: Arrangement, periods: tuple[Period, Period]
) -> tuple[Share, Share] | None:
    first, last = (_share(findings, level, joint, period) for period in periods)
    return None if first is None or last is None else (first, last)


def _share(findings: Findings, level: Level, joint: Arrangement, period: Period) -> Share | None:
    clients = _cell(findings, level, joint, CLIENTS, period)
    pupils = _cell(findings, level, joint, PUPILS, period)
    if clients is None or pupils is None or clients.value is None or not pupils.value:
        return None
    return Share(clients.value, pupils.value) if clients.value <= pupils.value else None


def _moved(first: Share, last: Share) -> Moved:
    interval = change(first, last)
    return Moved(
        _per_100(first.rate), _per_100(last.rate), _told(interval[0]), _told(interval[1]),
        direction_of(interval),
    )  # fmt: skip


def _cell(
    findings: Findings, level: Level, joint: Arrangement, measure: str, period: Period
) -> Cell | None:
    return findings.cell(level, str(joint.number), measure, period.code, table=TABLE)


@dataclass(frozen=True, slots=True)
class _Amount:
    """Whole euros, or why there are none."""

    euros: int | None
    status: CellStatus

    @property
    def figure(self) -> Figure:
        return figure(self.euros, self.status)


_UNKNOWN = _Amount(None, CellStatus.NOT_AVAILABLE)
_NOBODY = _Amount(None, CellStatus.NOT_APPLICABLE)


def _amount(cell: Cell | None) -> _Amount:
    return _UNKNOWN if cell is None else _Amount(cell.value, cell.status)


def _lump_sum(findings: Findings, joint: Arrangement, period: Period) -> _Amount:
    """The released lump sum; 0 in a period that was over before the start."""
    if period.ends_on.isoformat() < joint.starts_on or not joint.lump_sum_eur:
        return _Amount(0, CellStatus.PLAIN)
    return _amount(_cell(findings, Level.ARRANGEMENT, joint, LUMP_SUM, period))


def _total(findings: Findings, level: Level, joint: Arrangement, period: Period) -> _Amount:
    """Costs, with the lump sum of the arrangement where its own schools are meant."""
    cost = _amount(_cell(findings, level, joint, COST, period))
    if level is not Level.ARRANGEMENT or cost.euros is None:
        return cost
    extra = _lump_sum(findings, joint, period)
    if extra.euros is None:
        return extra
    return _Amount(cost.euros + extra.euros, cost.status or extra.status)


def _per_pupil(findings: Findings, level: Level, joint: Arrangement, period: Period) -> _Amount:
    total = _total(findings, level, joint, period)
    cell = _cell(findings, level, joint, PUPILS, period)
    if total.euros is None or cell is None or cell.value is None:
        return total if total.euros is None else _amount(cell)
    if cell.value == 0:
        return _NOBODY
    exact = Decimal(total.euros) / cell.value
    euros = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return _Amount(euros, total.status or cell.status)


def _euros(findings: Findings, level: Level, joint: Arrangement, period: Period) -> str:
    euros = _per_pupil(findings, level, joint, period).euros
    return "" if euros is None else f"€\N{NO-BREAK SPACE}{number(euros)}"


def _per_100(rate: float) -> str:
    return number(round(rate * 1000), 1)


def _told(rate: float) -> str:
    """A change per 100 pupils in words, without a sign that is easily missed."""
    tenths = round(rate * 1000)
    if tenths == 0:
        return _("0 verschil")
    told = number(abs(tenths), 1)
    return _("{n} meer", n=told) if tenths > 0 else _("{n} minder", n=told)
