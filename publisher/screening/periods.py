"""Checks of periods, of who took part in them, and of what happens from one to the next."""

from __future__ import annotations

from itertools import pairwise

from publisher.downloads.legend import trend_breaks
from publisher.screening.subject import PUPILS, Places, Screened, places
from shared.reference import Level

_BIG = (Level.REGION.value, Level.TOTAL.value, Level.MUNICIPALITY.value, Level.RESIDENCE.value)
_JUMP, _AT_LEAST = 0.25, 20


def known(it: Screened) -> Places:
    """Each period in a table is a period of the release, by code and by name."""
    labels = {period.code: period.label for period in it.manifest.periods}
    found = it.cells[["table", "period", "period_label"]].drop_duplicates()
    for table, period, label in found.itertuples(index=False):
        if labels.get(period) != label:
            yield f"{table}: {label}"


def complete(it: Screened) -> Places:
    """Each table has every period of the release."""
    for table, rows in it.cells.groupby("table", sort=False):
        found = set(rows["period"])
        for period in it.manifest.periods:
            if period.code not in found:
                yield f"{table}: {period.label}"


def ordered(it: Screened) -> Places:
    """Periods stand in order, each once."""
    for earlier, later in pairwise(it.manifest.periods):
        if later.code <= earlier.code:
            yield later.label


def contiguous(it: Screened) -> Places:
    """Each period begins where the one before ends."""
    for earlier, later in pairwise(it.manifest.periods):
        if (later.starts_on - earlier.ends_on).days != 1:
            yield later.label


def one_kind(it: Screened) -> Places:
    """School years or calendar years, never both."""
    kinds = {period.kind for period in it.manifest.periods}
    if len(kinds) > 1:
        yield "manifest"


def reference_dates(it: Screened) -> Places:
    """The reference date of each period."""
    if it.manifest.reference_on != tuple(each.reference_on for each in it.manifest.periods):
        yield "manifest"


def covered(it: Screened) -> Places:
    """In each period at least one municipality of the region took part, and no unknown one."""
    known_codes = {each.code for each in it.reference.municipalities}
    for period in it.manifest.periods:
        found = set(it.manifest.covered.get(str(period.code), ()))
        if not found or not found <= known_codes:
            yield period.label


def residence_covered(it: Screened) -> Places:
    """Figures by municipality of residence are of municipalities that took part."""
    rows = it.totals[it.totals["level"].eq(Level.RESIDENCE) & it.totals["measure"].eq(PUPILS)]
    for row in rows[rows["value"].fillna(0) > 0].itertuples():
        codes = it.manifest.covered.get(str(row.period), ())
        if row.unit not in {f"GM{code:04d}" for code in codes}:
            yield f"{row.unit}, {row.period_label}"


def breaks(it: Screened) -> Places:
    """Other municipalities took part than in the period before."""
    yield from (f"tussen {earlier} en {later}" for earlier, later in trend_breaks(it.manifest))


def jumps(it: Screened) -> Places:
    """A count of a municipality or the region that changes much, with no trend break to say why."""
    broken = {later for _, later in trend_breaks(it.manifest)}
    rows = it.totals[it.totals["level"].isin(_BIG) & it.totals["value"].notna()]
    rows = rows.sort_values("period", kind="stable")
    unit = rows.groupby(["table", "level", "unit", "measure"])
    before, earlier = unit["value"].shift(1), unit["period"].shift(1)
    change = (rows["value"] - before).abs()
    large = (change > _AT_LEAST) & (change > before * _JUMP) & (rows["period"] == earlier + 1)
    yield from places(rows[large.fillna(False) & ~rows["period_label"].isin(broken)])
