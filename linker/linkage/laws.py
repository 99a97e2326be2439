"""The laws that every tally obeys, checked on its cells alone, by other means than it was made.

A law that is broken stops the linkage. The error names the law and the place (table, level,
unit, period, category, measure: all of them public), never a value. What a law asks follows from
the definitions; how the cells came about does not matter here.

Most laws are *of units*: they hold among the cells of one unit, of all its tables, so that a range
of units can be checked as soon as it is made. The others are *of levels*: what is counted of some
units adds up to what is counted of those above. No law compares periods.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.cell_store import CellStore
from linker.linkage.coded import Coded, Flags, Lexicon, broken, in_periods, tables_of
from linker.linkage.definitions import Quantity, definitions
from linker.linkage.facts import PERIODS
from linker.linkage.laws_between import Totals, check_between
from linker.linkage.laws_of_sums import Parents, check_joint, check_sums, totals_of_schools
from shared.contract.periods import Period
from shared.contract.tally import Table
from shared.reference import JOINT_LEVELS, UNKNOWN_SCHOOL_UNITS, Level, Reference

_PER_MILLE = 1000
_WIDTHS = ("protect_clients", "protect_providers", "protect_suppliers")
_THREADS = 2
CELLS_AT_ONCE = 700_000
"""About so many cells are held against those above them at once by one thread."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier that spreads numbers over all bits: 2^64 divided by the golden ratio."""
_OF_CELLS, _OF_UNITS, _OF_LEVELS = "cells", "units", "levels"


def check_laws(
    cells: pa.Table, tables: Sequence[Table], reference: Reference, periods: Sequence[Period]
) -> int:
    """Check every law of a tally that is in memory.

    Args:
        cells: table in the schema ``CELLS``.
        tables: the catalogue that the cells belong to.
        reference: the bundle that the round pins.
        periods: the periods of the round.

    Returns:
        How many laws were checked.

    Raises:
        StateError: ``tally-breaks-law``, at the first place in key order.
    """
    laws = Laws(tables, reference, periods)
    parts = dict(tables_of(cells))
    known = {table.id for table in tables}
    for name in parts:
        if name not in known:
            raise broken("catalogue", {"table": name})
    for chosen in _periods_together(cells):
        laws.check_periods({name: in_periods(part, chosen) for name, part in parts.items()})
    return laws.checked


class Laws:
    """The laws of one tally, and which were checked; several threads may check units.

    Args:
        tables: the catalogue that the cells belong to.
        reference: the bundle that the round pins.
        periods: the periods of the round.
        at_once: about so many cells are held against those above them at once.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        reference: Reference,
        periods: Sequence[Period],
        at_once: int = CELLS_AT_ONCE,
    ) -> None:
        self._tables = {table.id: table for table in tables}
        self._allowed = _Allowed.of(reference, periods)
        self._parents = Parents(reference)
        self._at_once = at_once
        self._lexicon = Lexicon()
        self._checked: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    @property
    def checked(self) -> int:
        """How many laws were checked: each counts once, in however many units and periods."""
        return self._checked.total()

    def _note(self, laws: Mapping[tuple[str, str], int]) -> None:
        with self._lock:
            self._checked |= Counter(laws)

    def check_periods(self, pieces: Mapping[str, pa.Table]) -> None:
        """Check all laws of all cells of some periods, by table.

        Raises:
            StateError: ``tally-breaks-law``.
        """

        def check(name: str) -> tuple[Coded, Totals]:
            coded = Coded.of(pieces[name], self._lexicon)
            kinds = _Kinds.of(coded)
            self._check_each_cell(name, coded, kinds)
            self._check_of_levels(name, coded)
            self._check_within_cells(name, coded, kinds)
            return coded, Totals.of(coded)

        with ThreadPoolExecutor(_THREADS) as threads:
            checked = dict(zip(pieces, threads.map(check, pieces), strict=True))
        self._check_between({name: totals for name, (_, totals) in checked.items()})
        coded = {name: each for name, (each, _) in checked.items()}
        for table in self._tables.values():
            if table.id in coded and set(table.levels) <= set(JOINT_LEVELS):
                schools = [
                    coded[other].cells.filter(
                        pa.array(totals_of_schools(coded[other], measure))
                    )
                    for measure, other in _sources(table, self._tables.values(), coded)
                ]  # fmt: skip
                self._check_joint(table, coded[table.id], schools)

    def check_units(self, pieces: Mapping[str, pa.Table]) -> None:
        """Check the laws of units: of a range of units at one level, all their cells, by table.

        Raises:
            StateError: ``tally-breaks-law``, at the first place in key order of the range.
        """
        totals: dict[str, Totals] = {}
        for name in sorted(pieces):
            coded = Coded.of(pieces[name], self._lexicon)
            kinds = _Kinds.of(coded)
            self._check_each_cell(name, coded, kinds)
            self._check_within_cells(name, coded, kinds)
            totals[name] = Totals.of(coded)
        self._check_between(totals)

    def check_levels(self, store: CellStore) -> None:
        """Check the laws of levels, of a tally whose units were checked.

        Raises:
            StateError: ``tally-breaks-law``.
        """
        self._check_order(store)
        slices = [
            (name, number, count)
            for name, size in store.sizes().items()
            for count in [-(-size // self._at_once)]
            for number in range(count)
        ]
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(lambda each: self._check_slice(store, *each), slices))
        for table in self._tables.values():
            if set(table.levels) <= set(JOINT_LEVELS) and store.ranges(table.id):
                self._check_joint_of(store, table)

    def _check_slice(self, store: CellStore, name: str, number: int, count: int) -> None:
        """What adds up has the same period, category and measure: a slice has all of some."""
        keep = partial(_slice, number=number, count=count)
        cells = pa.concat_tables([store.read(key, keep) for key in store.ranges(name)])
        if len(cells):  # else there is no dictionary to read the texts of units from
            self._check_of_levels(name, Coded.of(cells, self._lexicon))

    def _check_joint_of(self, store: CellStore, table: Table) -> None:
        """Measure by measure and period by period: a school is a part of many of these units."""
        whole = pa.concat_tables([store.read(key) for key in store.ranges(table.id)])
        sources = dict(_sources(table, self._tables.values(), store.sizes()))
        for measure in (each.id for each in table.measures):
            other = sources.get(measure)
            keys = store.ranges(other, Level.SCHOOL.value) if other else []
            schools = [self._totals_of(store.read(key), measure) for key in keys]
            cells = _where(whole, pc.equal(whole["measure"], measure))
            for period in self._allowed.periods:
                of_period = _where(cells, pc.equal(cells["period"], period))
                self._check_joint(
                    table,
                    Coded.of(of_period, self._lexicon),
                    [each.filter(pc.equal(each["period"], period)) for each in schools],
                )

    def _totals_of(self, cells: pa.Table, measure: str) -> pa.Table:
        chosen = totals_of_schools(Coded.of(cells, self._lexicon), measure)
        return cells.filter(pa.array(chosen))

    def _check_order(self, store: CellStore) -> None:
        """Units of ranges follow one another: no cell of one range is in another too."""
        last: dict[tuple[str, str], str] = {}
        for key in store.ranges():
            units = store.ends(key)
            if key[:2] in last and units[0] <= last[key[:2]]:
                raise broken("unique-keys", {"table": key[0], "level": key[1], "unit": units[0]})
            last[key[:2]] = units[1]

    def _check_each_cell(self, name: str, coded: Coded, kinds: _Kinds) -> None:
        table = self._tables[name]
        laws = _check_keys(coded, table, self._allowed) + _check_numbers(coded, kinds)
        self._note({(_OF_CELLS, name): laws})

    def _check_within_cells(self, name: str, coded: Coded, kinds: _Kinds) -> None:
        table = self._tables[name]
        laws = _check_breakdown(coded, table, kinds) if table.breakdown else 0
        self._note({(_OF_UNITS, name): laws + _check_contributions(coded, kinds)})

    def _check_of_levels(self, name: str, coded: Coded) -> None:
        table = self._tables[name]
        if not set(table.levels) <= set(JOINT_LEVELS):
            self._note({(_OF_LEVELS, name): check_sums(coded, table, self._parents)})

    def _check_between(self, found: Mapping[str, Totals]) -> None:
        for law in check_between(found, list(self._tables.values())):
            self._note({law: 1})

    def _check_joint(self, table: Table, whole: Coded, schools: Sequence[pa.Table]) -> None:
        sources = pa.concat_tables([whole.cells.slice(0, 0), *schools])
        source = Coded.of(sources, self._lexicon)
        self._note({(_OF_LEVELS, table.id): check_joint(source, whole, table, self._parents)})


def _sources(
    table: Table, tables: Iterable[Table], present: Mapping[str, object]
) -> Iterable[tuple[str, str]]:
    """Every measure of a table, with the first table that has it of schools."""
    for measure in table.measures:
        for other in tables:
            if Level.SCHOOL in other.levels and measure in other.measures and other.id in present:
                yield measure.id, other.id
                break


def _where(cells: pa.Table, chosen: pa.ChunkedArray) -> pa.Table:
    """The cells for which this holds; none of them still have the dictionaries of their texts."""
    found = cells.filter(chosen)
    return found if len(found) else cells.slice(0, 0)


def _slice(cells: pa.Table, number: int, count: int) -> pa.Table:
    """The cells of some periods, categories and measures: one of so many slices, of like size."""
    if count == 1:
        return cells
    category, measure = (cells.column(name).combine_chunks() for name in ("category", "measure"))
    packed = category.indices.to_numpy().astype(np.uint64) * np.uint64(len(measure.dictionary))
    packed += measure.indices.to_numpy().astype(np.uint64)
    packed = packed * np.uint64(PERIODS) + cells.column("period").to_numpy().astype(np.uint64)
    # Mixed, because a count that divides the number of measures would leave slices empty.
    mixed = (packed * _MIXER >> np.uint64(33)) % np.uint64(count)
    return cells.filter(pa.array(mixed == number))


def _periods_together(cells: pa.Table) -> list[list[int]]:
    """Periods that are checked at once, so that few cells are coded beside one another."""
    found: list[list[int]] = []
    size = 0
    for counted in sorted(pc.value_counts(cells.column("period")).to_pylist(), key=_code):
        size += counted["counts"]
        if not found or size > CELLS_AT_ONCE:
            found.append([])
            size = counted["counts"]
        found[-1].append(_code(counted))
    return found


def _code(counted: dict[str, int]) -> int:
    return counted["values"]


@dataclass(frozen=True, slots=True)
class _Allowed:
    """Units and periods that cells may have."""

    units: frozenset[tuple[str, str]]
    periods: tuple[int, ...]

    @classmethod
    def of(cls, reference: Reference, periods: Sequence[Period]) -> _Allowed:
        units = {(level.value, unit) for level, unit in UNKNOWN_SCHOOL_UNITS.items()}
        for school in reference.schools:
            units |= {(level.value, unit) for level, unit in school.units().items()}
        for joint in reference.arrangements:
            units |= {(level.value, str(joint.number)) for level in JOINT_LEVELS}
        units |= {(Level.RESIDENCE.value, place.key) for place in reference.municipalities}
        return cls(frozenset(units), tuple(period.code for period in periods))


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Which cells are of what kind of measure."""

    persons: Flags
    care: Flags
    sums: Flags
    public: Flags
    providers: Flags
    largest: Flags

    @classmethod
    def of(cls, coded: Coded) -> _Kinds:
        """Take the kinds from the definitions."""

        def having(*chosen: Quantity) -> Flags:
            named = [each.id for each in definitions().measures if each.quantity in chosen]
            return coded.having("measure", named)

        return cls(
            persons=having(Quantity.PERSONS, Quantity.PUPILS, Quantity.NOT_COVERED),
            care=having(*(each for each in Quantity if each.of_care)),
            sums=having(Quantity.SUM),
            public=having(Quantity.PUBLIC),
            providers=having(Quantity.PROVIDERS),
            largest=having(Quantity.LARGEST_PROVIDER),
        )


def _check_keys(coded: Coded, table: Table, allowed: _Allowed) -> int:
    """Every key is there once, and is of the catalogue, the reference and the round."""
    coded.refuse("unique-keys", coded.doubles)
    codes = {"", *(code for code, _ in table.categories)}
    measures = {measure.id for measure in table.measures}
    levels = {level.value for level in table.levels}
    for column, words in (("level", levels), ("category", codes), ("measure", measures)):
        coded.refuse("catalogue", ~coded.having(column, sorted(words)))
    changes = np.flatnonzero(np.diff(coded.places, prepend=-1))
    _, first = np.unique(coded.places[changes], return_index=True)
    for cell in changes[first].tolist():
        place = tuple(coded.words[name][coded.codes[name][cell]] for name in ("level", "unit"))
        if place not in allowed.units:
            coded.refuse("units-of-the-reference", np.array([cell]), ("level", "unit"))
    known = np.zeros(np.iinfo(np.uint8).max + 1, np.bool_)
    known[list(allowed.periods)] = True
    coded.refuse("periods-of-the-round", ~known[coded.codes["period"]], ("period",))
    return 4


def _check_numbers(coded: Coded, kinds: _Kinds) -> int:
    """What the numbers of one cell say of one another."""
    numbers = coded.numbers
    value, contributors = numbers["value"], numbers["contributors"]
    providers, share = numbers["providers"], numbers["largest_share"]
    widths = [numbers[name] for name in _WIDTHS]
    for law, wrong in {
        "no-cell-is-nothing": (value == 0) & (contributors == 0),
        "counts-are-not-negative": (contributors < 0) | ((value < 0) & ~kinds.sums),
        "persons-are-contributors": kinds.persons & (value != contributors),
        "public-facts-have-no-contributors": kinds.public & (contributors != 0),
        "providers-of-care-only": ~kinds.care & ((providers != 0) | (share != 0)),
        "providers-have-clients": (providers < 0) | ((providers == 0) != (share == 0)),
        "largest-share-within-all": share > _PER_MILLE,
        "providers-are-counted": kinds.providers & (value != providers),
        "largest-provider-has-its-share": kinds.largest
        & (share != -(-_PER_MILLE * value // np.maximum(contributors, 1))),
        "widths-of-sums-only": ~kinds.sums & np.any([each != 0 for each in widths], axis=0),
        "widths-are-not-negative": np.any([each < 0 for each in widths], axis=0),
        "dominance-of-sums-only": (numbers["dominated"] > 7)
        | (~kinds.sums & (numbers["dominated"] != 0)),
    }.items():
        coded.refuse(law, wrong)
    return 12


def _check_breakdown(coded: Coded, table: Table, kinds: _Kinds) -> int:
    """Categories that exclude each other add up to their total; others lie around it."""
    parts = np.flatnonzero(~coded.total)
    if not len(parts):
        return 0
    whole = coded.find(coded.key(parts, category=coded.number("category", "")))
    coded.refuse("category-has-total", parts[whole < 0])
    value, contributors = coded.numbers["value"], coded.numbers["contributors"]
    behind = coded.added(whole, contributors[parts])
    if not table.overlaps:
        summed = coded.added(whole, value[parts])
        coded.refuse("categories-are-total", coded.total & (summed != value))
        one = coded.total & kinds.persons
        coded.refuse("persons-stand-in-one-category", one & (behind != contributors))
    coded.refuse("category-within-total", parts[contributors[parts] > contributors[whole]])
    coded.refuse("total-within-categories", coded.total & (behind < contributors))
    return 3 if table.overlaps else 5


def _check_contributions(coded: Coded, kinds: _Kinds) -> int:
    """Largest contribution ≤ contributors ≤ sum of contributions; without care there are none."""
    contributors = coded.numbers["contributors"]
    coded.refuse("contributions-of-clients-only", coded.owner[~kinds.care[coded.owner]])
    coded.refuse("contributions-are-positive", coded.owner[coded.clients < 1])
    summed = coded.added(coded.owner, coded.clients)
    coded.refuse("clients-within-contributions", kinds.care & (summed < contributors))
    beyond = coded.clients > contributors[coded.owner]
    coded.refuse("contribution-within-clients", coded.owner[beyond])
    return 4
