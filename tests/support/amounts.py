"""Small tallies with amounts, providers and suppliers, counted from rows in plain loops."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from shared.contract.codes import SchoolType
from shared.contract.periods import school_year
from shared.contract.tally import (
    CELLS,
    DOMINATED_BY_CLIENT,
    DOMINATED_BY_PROVIDER,
    DOMINATED_BY_SUPPLIER,
    Measure,
    Table,
    Tally,
    TallyHeader,
)
from shared.reference import ALL_LEVELS, JOINT_LEVELS, Level, Reference, municipality_key
from tests.support.protection import PERIOD, TABLES, joint_units_of, reference, school

P_PERCENT, DOMINANCE_PERCENT = 15, 50


def measure(name: str) -> Measure:
    return Measure(
        explanation="", id=name, label=name, unit="test", population="test", numerator="test",
        source="test",
    )  # fmt: skip


NO_PROVIDER, LISTED = -1, 8
"""Care of nobody with a code; and providers from this number up are not in the reference."""


@dataclass(frozen=True, slots=True)
class Care:
    """One trajectory of a child: who pays, who helps, what it costs."""

    form: str = "1"
    provider: int = 1
    supplier: int = 1
    cost: int = 1000
    started: bool = False
    ended: bool = False
    days: int = 100


@dataclass(frozen=True, slots=True)
class Child:
    """A client with trajectories."""

    school: str
    residence: int
    care: tuple[Care, ...]


DERIVED = tuple(
    measure(name)
    for name in (
        "clients_per_100_pupils", "coverage_percent", "cost_per_client", "cost_per_pupil",
        "mean_days_ended", "mean_days_running", "planned_end_percent",
    )
)  # fmt: skip
DURATIONS = (("1", 1, 91), ("92", 92, 182), ("183", 183, 365), ("366", 366, 730),
             ("731", 731, 10_000))  # fmt: skip


def _table(
    name: str, measures: Iterable[str], breakdown: str = "", codes: Iterable[str] = (),
    *, overlaps: bool = False,
) -> Table:  # fmt: skip
    return Table(
        id=name, title=name, levels=ALL_LEVELS, measures=tuple(map(measure, measures)),
        breakdown=breakdown, categories=tuple((code, code) for code in codes), overlaps=overlaps,
    )  # fmt: skip


MORE_TABLES = (
    _table("costs", ["cost_eur"]),
    _table("costs_by_form", ["cost_eur"], "form", [code for code, _ in TABLES[1].categories]),
    _table("providers", ["providers", "largest_provider_clients"]),
    _table("clients_by_provider", ["clients"], "provider",
           [*(f"G{number}" for number in range(LISTED)), "other", "none"], overlaps=True),
    _table("starts_and_ends", ["clients_started", "started_trajectories", "clients_ended",
                               "ended_trajectories"]),
    _table("ended_by_duration", ["ended_trajectories", "ended_days"], "duration",
           [code for code, *_ in DURATIONS]),
)  # fmt: skip
_ALL_TABLES = (
    *(table for table in TABLES if table.id != "arrangement_schools"),
    *MORE_TABLES,
    Table(
        id="arrangement_schools", title="arrangement_schools", levels=JOINT_LEVELS,
        measures=tuple(map(measure, ("pupils", "clients", "cost_eur", "lump_sum_eur"))),
    ),
)  # fmt: skip


Rows = list[tuple[Child, Care]]
_Key = tuple[str, str, str, int, str, str]


def amount_tally(
    bundle: Reference, children: Iterable[Child], pupils: Mapping[tuple[str, int], int]
) -> Tally:
    """Count children and their care at every level.

    Args:
        bundle: the schools.
        children: the clients.
        pupils: resident pupils per school and municipality of residence.
    """
    behind: dict[_Key, Rows] = {}
    cells: dict[_Key, dict[str, object]] = {}
    for child in children:
        for care in child.care:
            for level, unit in _units(bundle, child.school, child.residence):
                for table, category, name in _places(care):
                    key = (table, level.value, unit, PERIOD, category, name)
                    behind.setdefault(key, []).append((child, care))
            for level, unit in joint_units_of(bundle, child.school):
                for name in ("clients", "cost_eur"):
                    key = ("arrangement_schools", level.value, unit, PERIOD, "", name)
                    behind.setdefault(key, []).append((child, care))
    for (code, home), count in sorted(pupils.items()):
        of_table = [("pupils_and_clients", *unit) for unit in _units(bundle, code, home)]
        of_table += [("arrangement_schools", *unit) for unit in joint_units_of(bundle, code)]
        for table, level, unit in of_table:
            key = (table, level.value, unit, PERIOD, "", "pupils")
            held = cells.setdefault(key, _cell(key, 0, []))
            held["value"] = held["contributors"] = int(str(held["value"])) + count
    for key, rows in behind.items():
        cells[key] = _cell(key, _value(key[5], rows), rows)
    residences = sorted({home for _, home in pupils})
    header = TallyHeader(
        round_id="test", round_statement="test", revision=1, synthetic=True, policy="test",
        reference=bundle.sha256, linker_version="test", engine="test",
        periods=(school_year(2000 + PERIOD),), covered={str(PERIOD): tuple(residences)},
        tables=_ALL_TABLES, derived=DERIVED, quality=(), double_claims=0, inputs=(),
    )  # fmt: skip
    ordered = [cells[key] for key in sorted(cells)]
    return Tally(header, pa.Table.from_pylist(ordered, schema=CELLS))


def _units(bundle: Reference, school: str, residence: int) -> Iterator[tuple[Level, str]]:
    yield from bundle.school_by_code[school].units().items()
    yield Level.RESIDENCE, municipality_key(residence)


def _places(care: Care) -> Iterator[tuple[str, str, str]]:
    """Every table, category and measure that a trajectory counts in."""
    yield "pupils_and_clients", "", "clients"
    for category in ("", care.form):
        yield "clients_by_form", category, "clients"
        yield "costs_by_form", category, "cost_eur"
    for category in ("", _category(care.provider)):
        yield "clients_by_provider", category, "clients"
    yield "costs", "", "cost_eur"
    yield "providers", "", "providers"
    if care.started:
        yield "starts_and_ends", "", "clients_started"
        yield "starts_and_ends", "", "started_trajectories"
    if care.ended:
        yield "starts_and_ends", "", "clients_ended"
        yield "starts_and_ends", "", "ended_trajectories"
        (code,) = (code for code, low, high in DURATIONS if low <= care.days <= high)
        for category in ("", code):
            yield "ended_by_duration", category, "ended_trajectories"
            yield "ended_by_duration", category, "ended_days"


def _category(provider: int) -> str:
    if provider == NO_PROVIDER:
        return "none"
    return f"G{provider}" if provider < LISTED else "other"


def _value(name: str, rows: Rows) -> int:
    if name == "cost_eur":
        return sum(care.cost for _, care in rows)
    if name == "ended_days":
        return sum(care.days for _, care in rows)
    if name == "providers":
        return len({care.provider for _, care in rows} - {NO_PROVIDER})
    if name.endswith("trajectories"):
        return len(rows)
    return len({id(child) for child, _ in rows})


def _cell(key: _Key, value: int, rows: Rows) -> dict[str, object]:
    suppliers = sorted({care.supplier for _, care in rows})
    widths, dominated = (0, 0, 0), 0
    if key[5] in ("cost_eur", "ended_days"):
        widths, dominated = _shares(key[5], rows)
    return {
        **dict(zip(("table", "level", "unit", "period", "category", "measure"), key, strict=True)),
        "value": value,
        "contributions": [
            {
                "municipality": code,
                "clients": len({id(child) for child, care in rows if care.supplier == code}),
            }
            for code in suppliers
        ],
        "contributors": len({id(child) for child, _ in rows}),
        "providers": len({care.provider for _, care in rows} - {NO_PROVIDER}),
        "largest_share": 0,
        "protect_clients": widths[0],
        "protect_providers": widths[1],
        "protect_suppliers": widths[2],
        "dominated": dominated,
    }


def _shares(name: str, rows: Rows) -> tuple[tuple[int, int, int], int]:
    """What the p % rule asks per dimension, and who has more than half."""
    widths, dominated = [], 0
    bits = (DOMINATED_BY_CLIENT, DOMINATED_BY_PROVIDER, DOMINATED_BY_SUPPLIER)
    for at, bit in enumerate(bits):
        shares: dict[int, int] = {}
        for child, care in rows:
            who = (id(child), care.provider, care.supplier)[at]
            amount = care.cost if name == "cost_eur" else care.days
            shares[who] = shares.get(who, 0) + amount
        sizes = sorted(map(abs, shares.values()), reverse=True)
        first, rest = sizes[0], sum(sizes[2:])
        widths.append(max(0, -(-(P_PERCENT * first - 100 * rest) // 100)))
        dominated += bit * (100 * first > DOMINANCE_PERCENT * sum(sizes))
    return (widths[0], widths[1], widths[2]), dominated


def some_care(seed: int, schools: int = 8) -> tuple[Reference, Tally]:
    """A region of a few schools with children, of whom some are costly, and several suppliers."""
    chance = random.Random(seed)
    bundle = reference(
        school(
            f"{number:02d}AA00",
            SchoolType.BO if number % 4 else SchoolType.VO,
            1 + number % 3,
            board=f"{41000 + number % 2}",
        )
        for number in range(schools)
    )
    children: list[Child] = []
    pupils: dict[tuple[str, int], int] = {}
    for number, item in enumerate(bundle.schools):
        home = 1 + number % 3
        pupils[item.code, home] = 150
        pupils[item.code, 1 + (number + 1) % 3] = 40
        for _ in range(chance.choice((6, 18, 30))):
            where = home if chance.random() < 0.8 else 1 + (number + 1) % 3
            care = tuple(_some_care(chance, where) for _ in range(chance.choice((1, 1, 2))))
            children.append(Child(item.code, where, care))
    return bundle, amount_tally(bundle, children, pupils)


def _some_care(chance: random.Random, supplier: int) -> Care:
    return Care(
        form=chance.choice(("1", "1", "2", "2", "11")),
        provider=chance.choice((1, 2, 3, 4, 5)),
        supplier=supplier,
        cost=int(chance.lognormvariate(8, 1)),
        started=chance.random() < 0.5,
        ended=chance.random() < 0.4,
        days=chance.randrange(20, 900),
    )
