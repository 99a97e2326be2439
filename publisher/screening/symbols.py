"""Checks of values and the symbols beside them."""

from __future__ import annotations

from publisher.released import VALUELESS, CellStatus
from publisher.screening.subject import CLIENTS, PUPILS, RATE, Places, Screened, places

_VALUELESS = {status.value for status in VALUELESS}
_ROUNDED_TO = 5
_MOSTLY = 0.5
MAX_DECIMALS = 3


def status_known(it: Screened) -> Places:
    """Only statuses of the legend."""
    yield from places(it.cells[~it.cells["status"].isin([each.value for each in CellStatus])])


def value_as_status(it: Screened) -> Places:
    """A value stands exactly where its status allows one; withheld is never 0."""
    yield from places(it.cells[it.cells["status"].isin(_VALUELESS) ^ it.cells["value"].isna()])


def not_negative(it: Screened) -> Places:
    """No number of children or of days is below zero; an amount in euros can be corrected."""
    in_euros = it.cells["measure"].str.contains("eur")
    yield from places(it.cells[(it.cells["value"].fillna(0) < 0) & ~in_euros])


def decimals(it: Screened) -> Places:
    """Each measure has one number of decimals, and a count has none."""
    several = it.cells.groupby(["table", "measure"])["decimals"].nunique()
    yield from (f"{table}: {measure}" for table, measure in several.index[several > 1])
    counts = it.cells["measure"].isin([PUPILS, CLIENTS]) & it.cells["decimals"].gt(0)
    yield from places(it.cells[counts | it.cells["decimals"].gt(MAX_DECIMALS)])


def small_counts(it: Screened) -> Places:
    """No exact count of children with help between 1 and the threshold of the policy."""
    rules = it.policy.protection
    clients = it.cells[it.cells["measure"].eq(CLIENTS) & it.cells["status"].ne(CellStatus.ROUNDED)]
    least = clients["category"].eq("").map({True: rules.threshold, False: rules.split_threshold})
    value = clients["value"].fillna(0)
    yield from places(clients[(value > 0) & (value < least)])


def rate_population(it: Screened) -> Places:
    """No rate over fewer pupils than the policy asks."""
    shown = it.cells[it.cells["measure"].eq(RATE) & it.cells["value"].notna()]
    key = ["table", "level", "unit", "period", "category"]
    pupils = it.cells[it.cells["measure"].eq(PUPILS)].set_index(key)["value"]
    found = shown.join(pupils.rename("pupils"), on=key)
    few = found["pupils"].fillna(0) < it.policy.protection.rate_min
    yield from places(found[few & found["category"].eq("")])


def rounded_multiples(it: Screened) -> Places:
    """A rounded value is a multiple of five."""
    rounded = it.cells[it.cells["status"].eq(CellStatus.ROUNDED)]
    yield from places(rounded[rounded["value"].fillna(0) % _ROUNDED_TO != 0])


def one_method(it: Screened) -> Places:
    """Within a table and level, a count is either exact everywhere or rounded everywhere."""
    shown = it.cells[it.cells["value"].notna() & it.cells["measure"].eq(CLIENTS)]
    rounded = shown["status"].eq(CellStatus.ROUNDED).astype(int)
    parts = shown["category"].ne("")
    kinds = rounded.groupby([shown["table"], shown["level"], parts]).nunique()
    yield from (f"{table}: {level}" for table, level, _ in kinds.index[kinds > 1])


def provisional_marked(it: Screened) -> Places:
    """A provisional value stands in a provisional release only."""
    if not it.manifest.provisional:
        yield from places(it.cells[it.cells["status"].eq(CellStatus.PROVISIONAL)])


def withheld_share(it: Screened) -> Places:
    """No level of which most is withheld: it could better be left out."""
    withheld = it.cells["status"].eq(CellStatus.WITHHELD)
    shares = withheld.astype(float).groupby([it.cells["table"], it.cells["level"]]).mean()
    yield from (f"{table}: {level}" for table, level in shares.index[shares > _MOSTLY])


def bundle(it: Screened) -> Places:
    """Where a count is hidden, no rate over it is shown."""
    key = ["table", "level", "unit", "period", "category"]
    rates = it.cells[it.cells["measure"].eq(RATE) & it.cells["value"].notna()]
    for measure in (CLIENTS, PUPILS):
        counts = it.cells[it.cells["measure"].eq(measure)].set_index(key)["value"]
        found = rates.join(counts.rename("count"), on=key)
        yield from places(found[found["count"].isna()])
