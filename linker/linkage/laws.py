"""The laws that every tally obeys, checked on its cells alone, by other means than it was made.

A law that is broken stops the linkage. The error names the law and the place (table, level,
unit, period, category, measure: all of them public), never a value. What a law asks follows from
the definitions; how the cells came about does not matter here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.coded import Coded, Flags, broken, in_periods, tables_of
from linker.linkage.definitions import Quantity, definitions
from linker.linkage.laws_between import Totals, check_between
from linker.linkage.laws_of_sums import Parents, check_joint, check_sums
from shared.contract.periods import Period
from shared.contract.tally import Table
from shared.reference import UNKNOWN_SCHOOL_UNITS, Level, Reference

_PER_MILLE = 1000
_WIDTHS = ("protect_clients", "protect_providers", "protect_suppliers")
_JOINT = frozenset({Level.ARRANGEMENT, Level.COMPARISON})
_THREADS = 2
_CELLS_AT_ONCE = 1_000_000
_BETWEEN = ""


def check_laws(
    cells: pa.Table, tables: Sequence[Table], reference: Reference, periods: Sequence[Period]
) -> int:
    """Check every law, first of each table and then between them.

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
    parts = dict(tables_of(cells))
    known = {table.id for table in tables}
    for name in parts:
        if name not in known:
            raise broken("catalogue", {"table": name})
    allowed, parents = _Allowed.of(reference, periods), Parents(reference)
    laws: Counter[str] = Counter()
    for chosen in _periods_together(cells):
        pieces = {name: in_periods(part, chosen) for name, part in parts.items()}
        # The same laws hold in every period: each counts once.
        laws |= _check_periods(pieces, tables, parents, allowed)
    return laws.total()


def _check_periods(
    pieces: Mapping[str, pa.Table],
    tables: Sequence[Table],
    parents: Parents,
    allowed: _Allowed,
) -> Counter[str]:
    """Check all cells of some periods; how many laws, by table and between them."""
    known = {table.id: table for table in tables}

    def check(name: str) -> tuple[int, Coded, Totals]:
        coded = Coded.of(pieces[name])
        return _check_table(coded, known[name], parents, allowed), coded, Totals.of(coded)

    with ThreadPoolExecutor(_THREADS) as threads:
        checked = dict(zip(pieces, threads.map(check, pieces), strict=True))
    laws = Counter({name: count for name, (count, *_) in checked.items()})
    laws[_BETWEEN] = check_between({name: each for name, (*_, each) in checked.items()}, tables)
    coded = {name: each for name, (_, each, _) in checked.items()}
    for table in tables:
        if table.id in pieces and set(table.levels) <= _JOINT:
            laws[_BETWEEN] += check_joint(coded, table, tables, parents)
    return laws


def _periods_together(cells: pa.Table) -> list[list[int]]:
    """Periods that are checked at once, so that few cells are coded beside one another.

    Every law is one of a period: nothing is compared over periods.
    """
    found: list[list[int]] = []
    size = 0
    for counted in sorted(pc.value_counts(cells.column("period")).to_pylist(), key=_code):
        size += counted["counts"]
        if not found or size > _CELLS_AT_ONCE:
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
            units |= {(level.value, str(joint.number)) for level in _JOINT}
        units |= {(Level.RESIDENCE.value, place.key) for place in reference.municipalities}
        return cls(frozenset(units), tuple(period.code for period in periods))


def _check_table(coded: Coded, table: Table, parents: Parents, allowed: _Allowed) -> int:
    kinds = _Kinds.of(coded)
    laws = _check_keys(coded, table, allowed) + _check_numbers(coded, kinds)
    if not set(table.levels) <= _JOINT:
        laws += check_sums(coded, table, parents)
    if table.breakdown:
        laws += _check_breakdown(coded, table, kinds)
    return laws + _check_contributions(coded, kinds)


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
