"""What was published before about a period, and how its quantities are called beside those of now.

Neutral ground, for the side that protects and for the side that verifies. A quantity of an
earlier release has a name of its own, and so has a change from one release to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.protection.grid import Grid, Published, quantity_key
from publisher.protection.keys import key_of
from publisher.protection.measures import PROVIDERS, RULES, Kind
from publisher.protection.primary import changed_by_few
from publisher.protection.rules import Rules
from publisher.protection.time.rejoined import other_numbers, renumbered, renumbering
from shared.contract.tally import Table, Tally
from shared.errors import ProtectionError
from shared.reference import Level, Reference

SHIFT = 10_000
"""A change is counted from this far below zero, so that no quantity is negative."""
KEPT_LEVEL = Level.TOTAL.value
"""The published total of the whole is not taken back from readers because of a correction."""
COUNTED = frozenset(
    name for name, rule in RULES.items() if rule.kind in (Kind.PERSONS, Kind.TRAJECTORIES)
)
"""Measures that count children or trajectories; their sums tie the releases of a period."""
AMOUNTS = frozenset(name for name, rule in RULES.items() if rule.kind is Kind.AMOUNT)
"""Measures of euros, days or half-days."""
ReleasedCell = tuple[str, str, str, int, str, str, int | None, str]
"""Table, level, unit, period, category, measure, value (None where withheld) and status."""
_NOT_AVAILABLE = "x"
_BEFORE = "before-"
_CHANGE = "change-"
_MERGER = "merger-"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A release that readers once had.

    Attributes:
        grid: the counts that it was made from; None when their term has ended.
        rules: the rules that it was protected by.
        published: its tables and levels.
        shown: per period the value of every published quantity, by key.
        withheld: per period the keys of the quantities that it withheld.
        amounts: per period the keys of the amounts that it showed.
        numbers: per period the keys of the numbers of providers that it showed.
    """

    name: str
    grid: Grid | None
    rules: Rules
    published: tuple[Published, ...]
    shown: Mapping[int, Mapping[str, int]]
    withheld: Mapping[int, frozenset[str]]
    amounts: Mapping[int, frozenset[str]]
    numbers: Mapping[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Version:
    """What one earlier release said about one period.

    Attributes:
        number: 1 for the newest of the earlier releases; 0 is the release that is being made.
        grid: true counts at every level that any release of the period publishes.
    """

    number: int
    grid: Grid
    rules: Rules
    shown: Mapping[str, int]
    withheld: frozenset[str]


def earlier_release(
    name: str,
    cells: Iterable[ReleasedCell],
    tables: Mapping[str, Table],
    published: tuple[Published, ...],
    rules: Rules,
    counts: tuple[Tally, Reference] | None,
) -> Earlier:
    """A release from its cells.

    Args:
        name: of the release.
        cells: as it published them; quotients are left out, for they follow from counts.
        tables: what each table counts.
        published: its tables and levels.
        rules: that it was protected by.
        counts: that it was made from, with the reference bundle; None when their term has ended.
    """
    shown: dict[int, dict[str, int]] = {}
    withheld: dict[int, set[str]] = {}
    amounts: dict[int, set[str]] = {}
    numbers: dict[int, set[str]] = {}
    for table, level, unit, period, category, measure, value, status in cells:
        if measure not in COUNTED | AMOUNTS | {PROVIDERS} or status == _NOT_AVAILABLE:
            continue
        if table not in tables:
            raise waits("a table that was published before and is not counted any more")
        part = f"{tables[table].breakdown}={category}" if category else ""
        key = quantity_key(period, measure, level, unit, part)
        if measure not in COUNTED:
            if value is not None:
                beside = amounts if measure in AMOUNTS else numbers
                beside.setdefault(period, set()).add(key)
            continue
        shown.setdefault(period, {})
        withheld.setdefault(period, set())
        if value is None:
            withheld[period].add(key)
        else:
            shown[period][key] = value
    grid = None if counts is None else Grid.of(*counts, published)
    hidden, of_amounts, of_providers = (
        {period: frozenset(keys) for period, keys in of.items()}
        for of in (withheld, amounts, numbers)
    )
    return Earlier(name, grid, rules, published, shown, hidden, of_amounts, of_providers)


def before_key(key: str, number: int) -> str:
    """Name of a quantity in an earlier release; 0 is the release that is being made."""
    return _prefixed(key, f"{_BEFORE}{number}") if number else key


def change_key(key: str, newer: int, older: int) -> str:
    """Name of what a quantity changed by between two releases, counted from ``-SHIFT``."""
    return _prefixed(key, f"{_CHANGE}{older}-{newer}")


def merger_key(key: str, older: int) -> str:
    """Name of what a merged school changed by since it was several, counted from ``-SHIFT``."""
    return _prefixed(key, f"{_MERGER}{older}")


def keys_before_merger(key: str, now: Grid, before: Grid) -> tuple[str, ...]:
    """Names, in an earlier release, of what the quantity of a merged school is the sum of.

    Only for one and the same period, and empty where the earlier release knew the merger.
    """
    period, measure, level, unit, part = key.split("/")
    if level != Level.SCHOOL.value:
        return ()
    merger = next((each for each in now.reference.mergers if each.school == unit), None)
    if merger is None or merger in before.reference.mergers:
        return ()
    return tuple("/".join((period, measure, level, school, part)) for school in merger.was)


def is_of_now(key: str) -> bool:
    """Whether a name is of the release that is being made."""
    return not key.partition("/")[2].startswith((_BEFORE, _CHANGE, _MERGER))


def _prefixed(key: str, prefix: str) -> str:
    period, _, rest = key.partition("/")
    return f"{key_of(period, prefix)}/{rest}"


def is_split(key: str) -> bool:
    """Whether a key is of a sensitive part of a total."""
    *_, measure, _, _, part = key.split("/")
    return bool(part or RULES[measure].split_of)


def level_of(key: str) -> str:
    """The level of the unit that a key of the release of now is about."""
    return key.split("/")[2]


def change_threshold(key: str, rules: Rules) -> int:
    """Fewer children than this may not be told to be what a correction is about."""
    return rules.split_threshold if is_split(key) else rules.threshold


def is_small_change(key: str, newer: int, older: int, rules: Rules) -> bool:
    """Whether a quantity changed by too few children between two releases."""
    return changed_by_few(newer, older, change_threshold(key, rules))


def over_all_levels(
    grid: Grid, versions: Iterable[Sequence[Published]], numbers: frozenset[str] = frozenset()
) -> Grid:
    """The grid with every table and level that any of the releases publishes.

    Args:
        grid: of one of the releases.
        versions: what the others published.
        numbers: keys of the numbers of providers that this release shows. Who publishes a period
            again shows none.
    """
    levels: dict[str, dict[Level, None]] = {}
    sensitive: set[str] = set()
    for published in (grid.published, *versions):
        for each in published:
            levels.setdefault(each.table, {}).update(dict.fromkeys(each.levels))
            if each.sensitive:
                sensitive.add(each.table)
    union = tuple(
        Published(table, tuple(of_table), table in sensitive) for table, of_table in levels.items()
    )
    for each in union:
        held = grid.tables.get(each.table)
        if held is None or not set(each.levels) <= set(held.levels):
            raise waits("a table or level that was published before and is not counted any more")
    return replace(grid, published=union, numbers=numbers)


def versions_of(earlier: Sequence[Earlier], grid: Grid, period: int) -> tuple[Version, ...]:
    """The releases of a period that differ for readers, newest first.

    Of a release whose counts are gone only its cells are known. It can be repeated: the counts of
    now then stand for those of then, and must explain every cell that it published.

    Args:
        earlier: oldest first.
        grid: what is being released.
        period: code of the period.

    Raises:
        ProtectionError: ``correction-waits``.
    """
    told: dict[tuple[tuple[tuple[str, int], ...], frozenset[str]], Earlier] = {}
    for release in earlier:
        shown = release.shown.get(period, {})
        if not shown and not release.withheld.get(period):
            continue
        what = (tuple(sorted(shown.items())), release.withheld.get(period, frozenset()))
        known = told.get(what)
        if known is None or release.grid is not None or known.grid is None:
            told[what] = release
    releases = tuple(reversed(told.values()))
    published = [release.published for release in releases]
    return tuple(
        _version(number, release, grid, published, period)
        for number, release in enumerate(releases, start=1)
    )


def _version(
    number: int,
    release: Earlier,
    grid: Grid,
    published: Sequence[Sequence[Published]],
    period: int,
) -> Version:
    then = release.grid or grid
    numbers = other_numbers(then.reference, grid.reference)
    named = renumbering(numbers)
    own = replace(renumbered(then, numbers), published=grid.published)
    numbers_then = frozenset(map(named, release.numbers.get(period, ())))
    whole = over_all_levels(own, published, numbers_then)
    shown = {named(key): value for key, value in release.shown[period].items()}
    withheld = frozenset(map(named, release.withheld[period]))
    values = {
        cell.key: whole.true_value(cell) for cell in whole.cells(period) if cell.measure in COUNTED
    }
    if not values.keys() >= {*shown, *withheld}:
        raise waits("a unit that was published before and is not known any more")
    if any(values[key] != value for key, value in shown.items()):
        raise waits("a change of an earlier release of which the counts are gone")
    return Version(number, whole, release.rules, shown, withheld)


def counted_cells(grid: Grid, period: int) -> frozenset[str]:
    """Keys of every count of children that a release shows or withholds."""
    return frozenset(cell.key for cell in grid.cells(period) if cell.measure in COUNTED)


def waits(what: str) -> ProtectionError:
    """The refusal of a whole correction; it names no cell and no count."""
    return ProtectionError(
        "correction-waits",
        f"expected a correction that can be told without telling about a few children, "
        f"found {what}",
        hint="nothing was staged; keep the correction for the yearly window (policy.toml, "
        "corrections), in which more changes come together",
    )
