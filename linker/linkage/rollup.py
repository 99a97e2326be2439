"""From facts of schools and municipalities to what stands in the cells of one level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from linker.linkage.count_stages import Grain, Place
from linker.linkage.counting import Amount, CellColumn, Family, Flag, plan
from linker.linkage.definitions import Quantity
from linker.linkage.facts import PERIODS, Facts, Ints, Matrix, run_starts
from linker.linkage.protecting import PercentRule, largest_two
from linker.linkage.units import LevelUnits
from shared.contract.tally import (
    DOMINATED_BY_CLIENT,
    DOMINATED_BY_PROVIDER,
    DOMINATED_BY_SUPPLIER,
)
from shared.reference import Level

ROWS = "rows"
PUPILS = "pupils"
FactsKey = tuple[str, Place, str]
"""Family (or ``PUPILS``), place and grain (or ``ROWS``)."""
FactsOf = Mapping[FactsKey, Facts]
"""Facts counted over all shards."""

_PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class Contributions:
    """Children whom municipalities can place in cells themselves.

    Attributes:
        owner: number of the row, that is: of the cell.
    """

    owner: Ints
    municipality: Ints
    clients: Ints

    @classmethod
    def none(cls) -> Contributions:
        """Of a measure to which nobody contributes."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of one measure in one category, or in every category of a key, at one level.

    Every array has a value per row; rows where value and contributors are 0 are no cells.
    """

    column: CellColumn
    unit: Ints
    period: Ints
    key: Ints
    value: Ints
    contributors: Ints
    providers: Ints
    share: Ints
    widths: tuple[Ints, Ints, Ints]
    dominated: Ints
    contributions: Contributions


@dataclass(slots=True)
class FamilyAtLevel:
    """One family of counts, rolled up to the units of one level."""

    family: Family
    clients: Facts
    suppliers: Facts
    providers: Facts
    rows: Facts | None
    _by_flag: dict[Flag, tuple[Ints, Contributions, Ints, Ints]] = field(default_factory=dict)
    _supplier_of: Ints = field(init=False)
    _provider_of: Ints = field(init=False)

    @classmethod
    def of(cls, family: Family, level: LevelUnits, facts: FactsOf) -> FamilyAtLevel:
        """Roll the facts of a family up to a level: those that its tables show there.

        Args:
            family: what the facts are of; it can be a part of the family of the plan.
        """
        place = place_of(level)
        shown = _shown(family, {level.level})

        def rolled(grain: str) -> Facts:
            found = facts[family.name, place, grain]
            return level.parts.rolled_up(_lines(found, family, shown, rows=grain == ROWS))

        return cls(
            shown,
            rolled(Grain.CLIENT.value),
            rolled(Grain.SUPPLIER.value),
            rolled(Grain.PROVIDER.value),
            rolled(ROWS) if shown.rows else None,
        )

    def __post_init__(self) -> None:
        """Find the row of clients that every row of a supplier or a provider belongs to."""
        keys = int(max(self.clients.key.max(initial=0), 0)) + 1
        mine = _packed(self.clients, keys)
        self._supplier_of = np.searchsorted(mine, _packed(self.suppliers, keys))
        self._provider_of = np.searchsorted(mine, _packed(self.providers, keys))

    def block(self, column: CellColumn, rule: PercentRule) -> Block:
        """The cells of one column."""
        contributors, contributions, providers, largest = self._counted(column.flag)
        nothing = np.zeros(len(self.clients), np.int64)
        widths, dominated = (nothing, nothing, nothing), nothing
        if column.amount is not None:
            value, widths, dominated = self._summed(column.amount, rule)
        elif column.quantity is Quantity.TRAJECTORIES:
            assert self.rows is not None
            value = _line(self.rows.counts, self.family.rows.index(column.flag))
        elif column.quantity is Quantity.PROVIDERS:
            value = providers
        elif column.quantity is Quantity.LARGEST_PROVIDER:
            value = largest
        else:
            value = contributors
        share = -(-_PER_MILLE * largest // np.maximum(contributors, 1))
        return Block(
            column, self.clients.place, self.clients.period, self.clients.key, value,
            contributors, providers, share, widths, dominated, contributions,
        )  # fmt: skip

    def _counted(self, flag: Flag) -> tuple[Ints, Contributions, Ints, Ints]:
        """Contributors, contributions, providers, and clients of the largest of them."""
        if flag not in self._by_flag:
            line = self.family.flags.index(flag)
            contributors = _line(self.clients.counts, line)
            claimed = _line(self.suppliers.counts, line)
            some = claimed > 0
            contributions = Contributions(
                self._supplier_of[some], self.suppliers.extra[some], claimed[some]
            )
            helped = _line(self.providers.counts, line)
            starts = run_starts(self._provider_of)
            providers, largest = np.zeros_like(contributors), np.zeros_like(contributors)
            if len(starts):
                owner = self._provider_of[starts]
                providers[owner] = np.add.reduceat(helped > 0, starts, dtype=np.int64)
                largest[owner] = np.maximum.reduceat(helped, starts)
            self._by_flag[flag] = (contributors, contributions, providers, largest)
        return self._by_flag[flag]

    def _summed(self, amount: Amount, rule: PercentRule) -> tuple[Ints, tuple[Ints, Ints, Ints],
                                                                  Ints]:  # fmt: skip
        """The sum, the widths that the p % rule asks, and who dominates."""
        line = self.family.amounts.index(amount)
        value = np.zeros(len(self.clients), np.int64)
        of_supplier = _line(self.suppliers.amounts, line)
        starts = run_starts(self._supplier_of)
        if len(starts):
            value[self._supplier_of[starts]] = np.add.reduceat(of_supplier, starts)
        tops = (
            tuple(_line(each, line)
                  for each in (self.clients.first, self.clients.second, self.clients.amounts)),
            self._largest(self._provider_of, _line(self.providers.amounts, line)),
            self._largest(self._supplier_of, of_supplier),
        )  # fmt: skip
        dominated = np.zeros_like(value)
        bits = (DOMINATED_BY_CLIENT, DOMINATED_BY_PROVIDER, DOMINATED_BY_SUPPLIER)
        for bit, (first, _, whole) in zip(bits, tops, strict=True):
            dominated += bit * rule.dominated(first, whole)
        clients, providers, suppliers = (rule.width(*each) for each in tops)
        return value, (clients, providers, suppliers), dominated

    def _largest(self, owner: Ints, amounts: Ints) -> tuple[Ints, Ints, Ints]:
        """Largest, second and sum of what each owner's contributors add, by its size."""
        starts = run_starts(owner)
        found = [np.zeros(len(self.clients), np.int64) for _ in range(3)]
        for whole, part in zip(found, largest_two(np.abs(amounts), starts), strict=True):
            whole[owner[starts]] = part
        return found[0], found[1], found[2]


def families_at(levels: Collection[Level]) -> tuple[Family, ...]:
    """What the tables show at any of these levels, of every family of which they show anything."""
    found = (_shown(family, levels) for family in plan().families)
    return tuple(family for family in found if family.flags)


def of_families(facts: FactsOf, families: Sequence[Family]) -> FactsOf:
    """Only the facts of these families, each with the lines that it has; and those of pupils."""
    held = {family.name: family for family in families}
    return {
        (name, place, grain): each
        if name == PUPILS
        else _lines(each, plan().family(name), held[name], rows=grain == ROWS)
        for (name, place, grain), each in facts.items()
        if name == PUPILS or name in held
    }


def _shown(family: Family, levels: Collection[Level]) -> Family:
    """What of a family stands in a table at one of these levels."""
    at = set(levels)
    columns = [each for each in plan().columns
               if each.family == family.name and not at.isdisjoint(each.levels)]  # fmt: skip
    flags = {each.flag for each in columns if each.quantity.of_care}
    rows = {each.flag for each in columns if each.quantity is Quantity.TRAJECTORIES}
    amounts = {each.amount for each in columns}
    return replace(
        family,
        flags=tuple(each for each in family.flags if each in flags),
        rows=tuple(each for each in family.rows if each in rows),
        amounts=tuple(each for each in family.amounts if each in amounts),
    )


def _lines(facts: Facts, family: Family, shown: Family, *, rows: bool) -> Facts:
    """The facts with the lines of what is shown only."""
    if shown == family:
        return facts
    every, kept = (family.rows, shown.rows) if rows else (family.flags, shown.flags)
    counts = [every.index(each) for each in kept]
    amounts = [family.amounts.index(each) for each in shown.amounts]
    tops = amounts if len(facts.first) else []
    return Facts(
        facts.keys,
        facts.counts[counts],
        facts.amounts[amounts] if len(facts.amounts) else facts.amounts,
        facts.first[tops],
        facts.second[tops],
    )


def place_of(level: LevelUnits) -> Place:
    """Of which places a level's units are made."""
    return Place.RESIDENCE if level.level is Level.RESIDENCE else Place.SCHOOL


def _packed(facts: Facts, keys: int) -> Ints:
    """One number per unit, period and category, the same for every grain, in their order."""
    return (facts.place * PERIODS + facts.period) * keys + facts.key


def _line(matrix: Matrix, line: int) -> Ints:
    return np.asarray(matrix[line], np.int64)


def pupils_block(column: CellColumn, level: LevelUnits, facts: FactsOf) -> Block:
    """The cells of a count of pupils, in care or not."""
    found = facts[PUPILS, place_of(level), ""]
    if column.category is not None:
        found = found.with_keys(2, np.zeros(len(found), np.int64))
    found = level.parts.rolled_up(found)
    value = _line(found.counts, 0 if column.quantity is Quantity.PUPILS else 1)
    nothing = np.zeros_like(value)
    return Block(
        column, found.place, found.period, found.key, value, value, nothing, nothing,
        (nothing, nothing, nothing), nothing, Contributions.none(),
    )  # fmt: skip


def present(block: Block) -> npt.NDArray[np.bool_]:
    """Which rows are cells."""
    found: npt.NDArray[np.bool_] = (block.value != 0) | (block.contributors != 0)
    return found
