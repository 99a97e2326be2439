"""The tally with pandas: ``python -m benchmarks.linkage.peers.pandas_tally SOURCE OUT``.

Written as an analyst who knows pandas would: read everything, give long keys short numbers,
drop duplicates and group. Cells and contributions are two files, as pandas has no lists. It
shares no code with the linkage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

P_PERCENT, DOMINANCE_PERCENT = 15, 50
REGIONAL = ("region", "elsewhere", "total")
SCHOOL_LEVELS = ("school", "institution", "board", "type", "sector", "municipality",
                 "type*municipality", "swv_po", "swv_vo", *REGIONAL)  # fmt: skip
ALL = (*SCHOOL_LEVELS, "residence")
EDUCATION_LEVELS = ("municipality", "type*municipality", "type", "sector", "swv_po", "swv_vo",
                    *REGIONAL, "residence")  # fmt: skip
ARRANGEMENT_LEVELS = ("arrangement", "comparison")
KEY = ["unit", "period", "category"]

Rows = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, slots=True)
class Count:
    """One measure of one table: which rows, cut by what, and what is counted of them."""

    table: str
    measure: str
    levels: tuple[str, ...] = ALL
    where: Rows | None = None
    category: str = ""
    of: str = "persons"
    source: str = "care"


def counts() -> Iterator[Count]:
    """The whole catalogue."""
    yield Count("pupils_and_clients", "pupils", source="pupils")
    yield Count("pupils_and_clients", "clients")
    yield from both("clients_by_form", "clients", "form")
    yield Count("coverage", "not_covered", SCHOOL_LEVELS, source="not_covered")
    yield from both("clients_by_education", "pupils", "education", EDUCATION_LEVELS,
                    source="pupils")  # fmt: skip
    yield from both("clients_by_education", "clients", "education", EDUCATION_LEVELS)
    yield from both("clients_by_domain", "clients", "domain")
    kind = "clients_of_kind"
    yield Count(
        "clients_with_stay", "clients_with_stay", where=lambda rows: rows["form"].between(11, 14)
    )
    yield Count(kind, "clients_mental_health", where=mental_health)
    via_gp = "clients_mental_health_via_gp"
    yield Count(via_gp, via_gp,
                where=lambda rows: mental_health(rows) & (rows["referrer"] == 2))  # fmt: skip
    yield Count(kind, "clients_dyslexia", where=lambda rows: rows["domain"] == 4)
    for name, where in {"started": started, "ended": ended, "ended_as_planned": planned}.items():
        yield Count("starts_and_ends", f"clients_{name}", where=where)
        yield Count("starts_and_ends", f"{name}_trajectories", where=where, of="rows")
    yield from both("clients_started_by_referrer", "clients_started", "referrer", where=started)
    yield from both("started_trajectories_by_referrer", "started_trajectories", "referrer",
                    where=started, of="rows")  # fmt: skip
    yield from both("clients_started_by_age", "clients_started", "age_class", where=started)
    yield from both("clients_by_flow", "clients", "flow")
    yield from both("ended_trajectories_by_reason", "ended_trajectories", "end_reason",
                    where=ended, of="rows")  # fmt: skip
    for name, where in {"ended": ended, "running": running}.items():
        table = f"{name}_by_duration"
        yield from both(table, f"{name}_trajectories", "duration", where=where, of="rows")
        yield from both(table, f"{name}_days", "duration", where=where, of="days_since_start")
    yield Count("costs", "cost_eur", of="cost_eur")
    yield from both("costs_by_form", "cost_eur", "form", of="cost_eur")
    for measure, of in {"clients_day_treatment": "persons", "half_days": "half_days"}.items():
        yield Count("day_treatment", measure, SCHOOL_LEVELS, where=day_treatment, of=of)
    yield Count("providers", "providers", where=with_provider, of="providers")
    yield Count("providers", "largest_provider_clients", where=with_provider, of="largest")
    yield from both("clients_by_provider", "clients", "provider_category")
    yield from both("clients_by_arrangement", "clients", "arrangement_category")
    yield from both("costs_by_arrangement", "cost_eur", "arrangement_category", of="cost_eur")
    for measure, source, of in (("pupils", "pupils", "persons"), ("clients", "care", "persons"),
                                ("cost_eur", "care", "cost_eur")):  # fmt: skip
        yield Count("arrangement_schools", measure, ARRANGEMENT_LEVELS, source=source, of=of)


def both(table: str, measure: str, category: str, levels: tuple[str, ...] = ALL, *,
         where: Rows | None = None, of: str = "persons", source: str = "care",
) -> Iterator[Count]:  # fmt: skip
    """A measure in total and by category."""
    for each in ("", category):
        yield Count(table, measure, levels, where, each, of, source)


def mental_health(rows: pd.DataFrame) -> pd.Series:
    return rows["domain"].isin([2, 3])


def started(rows: pd.DataFrame) -> pd.Series:
    return rows["started"]


def ended(rows: pd.DataFrame) -> pd.Series:
    return rows["ended"]


def running(rows: pd.DataFrame) -> pd.Series:
    return ~rows["ended"]


def planned(rows: pd.DataFrame) -> pd.Series:
    return rows["ended"] & (rows["end_reason"] == 1)


def day_treatment(rows: pd.DataFrame) -> pd.Series:
    return (rows["half_days"] > 0) & rows["type"].isin(["SO", "VSO"])


def with_provider(rows: pd.DataFrame) -> pd.Series:
    return rows["provider_no"] > 0


class Places:
    """From a school or a residence to the units of every level."""

    def __init__(self, source: Path) -> None:
        schools = pd.read_parquet(source / "open" / "schools.parquet")
        self.number = pd.Series(np.arange(1, len(schools) + 1), index=schools["school"])
        self.type = pd.concat([pd.Series([""]), schools["type"]], ignore_index=True)
        units = pd.read_parquet(source / "open" / "units.parquet")
        arrangements = pd.read_parquet(source / "open" / "arrangements.parquet")
        units = pd.concat([units, arrangements[["school", "level", "unit"]]])
        units["school_no"] = units["school"].map(self.number).fillna(0).astype("int32")
        self.units = {level: of[["school_no", "unit"]].astype({"unit": "category"})
                      for level, of in units.groupby("level")}  # fmt: skip

    def place(self, rows: pd.DataFrame, level: str) -> pd.DataFrame:
        """The rows with their unit; those of no unit of this level are gone."""
        if level == "residence":
            return rows.rename(columns={"residence": "unit"})
        return rows.merge(self.units[level], on="school_no")

    @staticmethod
    def grain(level: str) -> str:
        """The finest place that the level is a sum of."""
        return "residence" if level == "residence" else "school_no"


def main(source: Path, out: Path) -> None:
    """Read, link, count, write."""
    places = Places(source)
    populations = read(source, places)
    cells: list[pd.DataFrame] = []
    contributions: list[pd.DataFrame] = []
    for count in counts():
        for level in cells_of(count, populations[count.source], places):
            cells.append(level[0])
            contributions += level[1:]
    public = pd.read_parquet(source / "open" / "public.parquet")
    public = public.assign(category="", contributors=0, providers=0, largest_share=0, dominated=0)
    public = public.assign(protect_clients=0, protect_providers=0, protect_suppliers=0)
    out.mkdir(exist_ok=True)
    pd.concat([*cells, public], ignore_index=True).to_parquet(out / "cells.parquet")
    pd.concat(contributions, ignore_index=True).to_parquet(out / "contributions.parquet")


def read(source: Path, places: Places) -> dict[str, pd.DataFrame]:
    """Pupils of the population, pupils who are not covered, and the care of the population."""
    enrolment = pd.read_parquet(source / "enrolment")
    care = pd.read_parquet(source / "care")
    objections = pd.read_parquet(source / "objections.parquet")
    codes, _ = pd.factorize(
        pd.concat([objections["link_id"], enrolment.pop("link_id"), care.pop("link_id")])
    )
    objected, enrolled = len(objections), len(objections) + len(enrolment)
    enrolment["person"], care["person"] = codes[objected:enrolled], codes[enrolled:]
    enrolment = enrolment[~enrolment["person"].isin(codes[:objected])]
    care = care[~care["person"].isin(codes[:objected])]
    pupils = one_school_each(enrolment, places)
    covered = pd.read_parquet(source / "covered.parquet").assign(covered=True)
    pupils = pupils.merge(covered, how="left", on=["period", "residence"])
    is_covered = pupils.pop("covered").notna()
    earliest = care.groupby("person")["period"].min()
    population = pupils[is_covered]
    clients = care.drop_duplicates().merge(
        population.loc[population["linkable"], ["person", "period", "pp", "school_no",
                                                "residence", "education"]],
        on=["person", "period"],
    )  # fmt: skip
    return {
        "pupils": population,
        "not_covered": pupils[~is_covered],
        "care": with_categories(clients, earliest, source, places),
    }


def one_school_each(enrolment: pd.DataFrame, places: Places) -> pd.DataFrame:
    """One row per person and period: the main enrolment, then the smallest in every column."""
    key = ["person", "period"]
    several = enrolment.duplicated(key, keep=False)
    chosen = (
        enrolment[several]
        .sort_values([*key, "main", "school", "residence", "education", "age", "linkable"],
                     ascending=[True, True, False, True, True, True, True, True])
        .drop_duplicates(key)
    )  # fmt: skip
    pupils = pd.concat([enrolment[~several], chosen], ignore_index=True)
    pupils["school_no"] = pupils.pop("school").map(places.number).fillna(0).astype("int32")
    pupils["pp"] = np.arange(len(pupils), dtype="int32")
    return pupils


def with_categories(
    rows: pd.DataFrame, earliest: pd.Series, source: Path, places: Places
) -> pd.DataFrame:
    """Care of the population with everything that it is cut by."""
    rows["type"] = rows["school_no"].map(places.type)
    groups = pd.read_parquet(source / "open" / "provider_groups.parquet")
    group = rows["provider"].map(groups.set_index("provider")["provider_group"])
    unlisted = rows["provider"].astype("str")
    none = rows["provider"] == b"0" * 8
    rows["provider_no"] = pd.factorize(group.fillna(unlisted))[0] + 1
    rows.loc[none, "provider_no"] = 0
    rows["provider_category"] = group.fillna("other").mask(none, "none").astype("category")
    known = pd.read_parquet(source / "open" / "arrangements.parquet")["unit"].unique()
    number = rows["arrangement"].astype("str")
    number = number.where(number.isin(known), "unknown").mask(rows["arrangement"] == 0, "none")
    rows["arrangement_category"] = number.astype("category")
    rows["age_class"] = pd.cut(rows["age_at_start"], [-1, 3, 7, 11, 14, 17, 200],
                               labels=["0", "4", "8", "12", "15", "18"])  # fmt: skip
    rows["duration"] = pd.cut(rows["days_since_start"], [0, 91, 182, 365, 730, 100_000],
                              labels=["1", "92", "183", "366", "731"])  # fmt: skip
    persons = pd.DataFrame(
        {
            "pp": rows["pp"],
            "continuing": ~rows["started"],
            "new": rows["first"] & rows["started"]
            & (rows["person"].map(earliest) >= rows["period"]),
        }
    ).groupby("pp").any()  # fmt: skip
    flow = np.select([persons["continuing"], persons["new"]], ["continuing", "new"], "returning")
    rows["flow"] = rows["pp"].map(pd.Series(flow, index=persons.index)).astype("category")
    return rows


def cells_of(count: Count, rows: pd.DataFrame, places: Places) -> Iterator[list[pd.DataFrame]]:
    """Every cell of one count, level by level, with its contributions."""
    if count.where is not None:
        rows = rows[count.where(rows)]
    rows = rows.assign(category=rows[count.category] if count.category else "")
    for grain in ("school_no", "residence"):
        levels = [level for level in count.levels if places.grain(level) == grain]
        if not levels:
            continue
        facts = facts_of(count, rows, grain)
        for level in levels:
            placed = {name: places.place(of, level) for name, of in facts.items()}
            yield [named(count, level, table) for table in roll_up(count, placed)]


def named(count: Count, level: str, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with the rest of their key, as text."""
    unit = cells["unit"].astype("str")
    return cells.assign(
        table=count.table,
        measure=count.measure,
        level=level,
        unit="GM" + unit.str.zfill(4) if level == "residence" else unit,
        category=cells["category"].astype("str"),
    )


def facts_of(count: Count, rows: pd.DataFrame, grain: str) -> dict[str, pd.DataFrame]:
    """Persons, contributions, providers and amounts at the finest place."""
    key = [grain, "period", "category"]

    def by(table: pd.DataFrame, *more: str) -> Any:
        return table.groupby([*key, *more], observed=True, as_index=False, sort=False)

    persons = rows.drop_duplicates(["pp", "category"])
    facts = {"persons": by(persons).size()}
    if count.source == "care":
        claimed = rows.drop_duplicates(["pp", "category", "municipality"])
        facts["contributions"] = by(claimed, "municipality").size()
        provided = rows[rows["provider_no"] > 0].drop_duplicates(["pp", "category", "provider_no"])
        facts["providers"] = by(provided, "provider_no").size()
    if count.of == "rows":
        facts["values"] = by(rows).size()
    elif count.of in rows.columns:
        amount = rows.rename(columns={count.of: "size"}).astype({"size": "int64"})
        with_provider_only = amount[amount["provider_no"] > 0]
        facts["values"] = by(amount)["size"].sum()
        facts["client_amounts"] = by(amount, "pp")["size"].sum()
        facts["provider_amounts"] = by(with_provider_only, "provider_no")["size"].sum()
        facts["supplier_amounts"] = by(amount, "municipality")["size"].sum()
    return facts


def roll_up(count: Count, facts: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """The cells of one level and their contributions, from facts that have their unit."""

    def summed(name: str, *more: str) -> pd.Series:
        return facts[name].groupby([*KEY, *more], observed=True)["size"].sum()

    cells = summed("persons").rename("contributors").to_frame()
    cells["value"] = summed("values") if "values" in facts else cells["contributors"]
    for name in ("providers", "largest_share", "dominated"):
        cells[name] = 0
    if count.source == "care":
        provided = summed("providers", "provider_no").groupby(KEY, observed=True)
        largest = provided.max().reindex(cells.index, fill_value=0)
        cells["providers"] = provided.size().reindex(cells.index, fill_value=0)
        cells["largest_share"] = -(-1000 * largest // cells["contributors"])
        if count.of in ("providers", "largest"):
            cells["value"] = cells["providers"] if count.of == "providers" else largest
    for bit, (who, column) in enumerate(
        {"client": "pp", "provider": "provider_no", "supplier": "municipality"}.items()
    ):
        cells[f"protect_{who}s"] = 0
        if "client_amounts" in facts:
            width, dominated = p_rule(summed(f"{who}_amounts", column))
            cells[f"protect_{who}s"] = width.reindex(cells.index, fill_value=0)
            cells["dominated"] += dominated.reindex(cells.index, fill_value=False) * (1 << bit)
    cells = cells[(cells["value"] != 0) | (cells["contributors"] != 0)]
    if count.source != "care":
        return [cells.reset_index()]
    contributions = summed("contributions", "municipality").rename("clients")
    return [cells.reset_index(), contributions.reset_index()]


def p_rule(amounts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The required width, and whether one contribution dominates, per cell."""
    sizes = amounts.abs().rename("size").reset_index()
    sizes = sizes.sort_values("size", ascending=False)
    by_cell = sizes.groupby(KEY, observed=True)["size"]
    total, first = by_cell.sum(), by_cell.first()
    second = by_cell.nth(1)
    second = sizes.loc[second.index].set_index(KEY)["size"].reindex(first.index, fill_value=0)
    width = -(-(P_PERCENT * first - 100 * (total - first - second)) // 100)
    return width.clip(lower=0), 100 * first > DOMINANCE_PERCENT * total


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
