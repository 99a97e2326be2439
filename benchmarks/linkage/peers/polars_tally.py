"""The tally with polars: ``python -m benchmarks.linkage.peers.polars_tally SOURCE OUT``.

Written as a user of polars would: lazy scans, expressions, joins and group-bys, collected by the
streaming engine, with the joined care kept once in memory. It shares no code with the linkage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars import col, lit, when

P_PERCENT, DOMINANCE_PERCENT = 15, 50
REGIONAL = ("region", "elsewhere", "total")
SCHOOL_LEVELS = ("school", "institution", "board", "type", "sector", "municipality",
                 "type*municipality", "swv_po", "swv_vo", *REGIONAL)  # fmt: skip
ALL = (*SCHOOL_LEVELS, "residence")
EDUCATION_LEVELS = ("municipality", "type*municipality", "type", "sector", "swv_po", "swv_vo",
                    *REGIONAL, "residence")  # fmt: skip
ARRANGEMENT_LEVELS = ("arrangement", "comparison")
KEY = ["level", "unit", "period", "category"]

YES = lit(True)
NO_CATEGORY = lit("").cast(pl.Categorical)
STARTED, ENDED = col("started"), col("ended")
MENTAL = col("domain").is_in([2, 3])
DAY_TREATMENT = (col("half_days") > 0) & col("type").is_in(["SO", "VSO"])
WITH_PROVIDER = col("provider_no") > 0
PARTS = {
    "persons": (["pp"], "count"),
    "contributions": (["pp", "municipality"], "count"),
    "providers": (["pp", "provider_no"], "count"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """One measure of one table: which rows, cut by what, and what is counted of them."""

    table: str
    measure: str
    levels: tuple[str, ...] = ALL
    where: pl.Expr = YES
    category: pl.Expr = NO_CATEGORY
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
    yield Count("clients_with_stay", "clients_with_stay", where=col("form").is_between(11, 14))
    yield Count("clients_of_kind", "clients_mental_health", where=MENTAL)
    yield Count("clients_of_kind", "clients_dyslexia", where=col("domain") == 4)
    via_gp = "clients_mental_health_via_gp"
    yield Count(via_gp, via_gp, where=MENTAL & (col("referrer") == 2))
    moves = {
        "started": STARTED,
        "ended": ENDED,
        "ended_as_planned": ENDED & (col("end_reason") == 1),
    }
    for name, where in moves.items():
        yield Count("starts_and_ends", f"clients_{name}", where=where)
        yield Count("starts_and_ends", f"{name}_trajectories", where=where, of="rows")
    yield from both("clients_started_by_referrer", "clients_started", "referrer", where=STARTED)
    yield from both("started_trajectories_by_referrer", "started_trajectories", "referrer",
                    where=STARTED, of="rows")  # fmt: skip
    yield from both("clients_started_by_age", "clients_started", "age_class", where=STARTED)
    yield from both("clients_by_flow", "clients", "flow")
    yield from both("ended_trajectories_by_reason", "ended_trajectories", "end_reason",
                    where=ENDED, of="rows")  # fmt: skip
    for name, where in {"ended": ENDED, "running": ~ENDED}.items():
        table = f"{name}_by_duration"
        yield from both(table, f"{name}_trajectories", "duration", where=where, of="rows")
        yield from both(table, f"{name}_days", "duration", where=where, of="days_since_start")
    yield Count("costs", "cost_eur", of="cost_eur")
    yield from both("costs_by_form", "cost_eur", "form", of="cost_eur")
    for measure, of in {"clients_day_treatment": "persons", "half_days": "half_days"}.items():
        yield Count("day_treatment", measure, SCHOOL_LEVELS, where=DAY_TREATMENT, of=of)
    yield Count("providers", "providers", where=WITH_PROVIDER, of="providers")
    yield Count("providers", "largest_provider_clients", where=WITH_PROVIDER, of="largest")
    yield from both("clients_by_provider", "clients", "provider_category")
    yield from both("clients_by_arrangement", "clients", "arrangement_category")
    yield from both("costs_by_arrangement", "cost_eur", "arrangement_category", of="cost_eur")
    for measure, source, of in (("pupils", "pupils", "persons"), ("clients", "care", "persons"),
                                ("cost_eur", "care", "cost_eur")):  # fmt: skip
        yield Count("arrangement_schools", measure, ARRANGEMENT_LEVELS, source=source, of=of)


def both(table: str, measure: str, category: str, levels: tuple[str, ...] = ALL, *,
         where: pl.Expr = YES, of: str = "persons", source: str = "care",
) -> Iterator[Count]:  # fmt: skip
    """A measure in total and by category."""
    for each in (NO_CATEGORY, col(category).cast(pl.String).cast(pl.Categorical)):
        yield Count(table, measure, levels, where, each, of, source)


def main(source: Path, out: Path) -> None:
    """Read, link, count, write."""
    populations = read(source)
    units = all_units(source)
    cells: list[pl.DataFrame] = []
    contributions: list[pl.DataFrame] = []
    for count in counts():
        found = cells_of(count, populations[count.source], units)
        for table, into in zip(found, (cells, contributions), strict=False):
            into.append(table)
    public = pl.read_parquet(source / "open" / "public.parquet").with_columns(
        category=lit("").cast(pl.Categorical),
        level=col("level").cast(pl.Categorical),
        unit=col("unit").cast(pl.Categorical),
    )
    out.mkdir(exist_ok=True)
    for name, tables in (("cells", [*cells, public]), ("contributions", contributions)):
        pl.concat(tables, how="diagonal_relaxed").write_parquet(out / f"{name}.parquet")


def read(source: Path) -> dict[str, pl.LazyFrame]:
    """Pupils of the population, pupils who are not covered, and the care of the population."""
    objections = pl.scan_parquet(source / "objections.parquet")
    schools = pl.scan_parquet(source / "open" / "schools.parquet").with_row_index("school_no", 1)
    covered = pl.scan_parquet(source / "covered.parquet").with_columns(covered=lit(True))
    enrolment = pl.scan_parquet(source / "enrolment").join(objections, on="link_id", how="anti")
    pupils = (
        one_school_each(enrolment.collect(engine="streaming"))
        .lazy()
        .join(schools, on="school", how="left")
        .join(covered, on=["period", "residence"], how="left")
        .with_columns(col("school_no").fill_null(0))
        .drop("main", "school")
        .with_row_index("pp")
        .collect(engine="streaming")
    )
    population = pupils.filter(col("covered"))
    care = pl.scan_parquet(source / "care").join(objections, on="link_id", how="anti").unique()
    earliest = care.group_by("link_id").agg(earliest=col("period").min())
    linkable = population.lazy().filter(col("linkable")).drop("age", "linkable", "covered")
    clients = care.join(linkable, on=["link_id", "period"]).join(earliest, on="link_id")
    rows = with_categories(clients, source).collect(engine="streaming")
    return {
        "pupils": population.lazy(),
        "not_covered": pupils.filter(col("covered").is_null()).lazy(),
        "care": rows.lazy(),
    }


def one_school_each(enrolment: pl.DataFrame) -> pl.DataFrame:
    """One row per person and period: the main enrolment, then the smallest in every column."""
    key = ["link_id", "period"]
    several = enrolment.select(key).is_duplicated()
    order = ["main", "school", "residence", "education", "age", "linkable"]
    chosen = (
        enrolment.filter(several)
        .sort(order, descending=[True, False, False, False, False, False])
        .unique(key, keep="first", maintain_order=True)
    )
    return pl.concat([enrolment.filter(~several), chosen])


def with_categories(rows: pl.LazyFrame, source: Path) -> pl.LazyFrame:
    """Care of the population with everything that it is cut by."""
    groups = pl.scan_parquet(source / "open" / "provider_groups.parquet")
    known = pl.read_parquet(source / "open" / "arrangements.parquet")["unit"].unique()
    number, none = col("arrangement").cast(pl.String), col("provider") == b"0" * 8
    continuing = (~STARTED).any().over("pp")
    new = (STARTED & col("first") & (col("earliest") >= col("period"))).any().over("pp")
    return (
        rows.join(groups, on="provider", how="left")
        .with_columns(
            provider_no=when(none).then(0).otherwise(
                pl.coalesce("provider_group", col("provider").cast(pl.String)).rank("dense")
            ),
            provider_category=when(none).then(lit("none")).otherwise(
                col("provider_group").fill_null("other")
            ),
            arrangement_category=when(col("arrangement") == 0).then(lit("none"))
            .when(number.is_in(known.implode())).then(number).otherwise(lit("unknown")),
            age_class=_class(col("age_at_start"), (0, 4, 8, 12, 15, 18)),
            duration=_class(col("days_since_start"), (1, 92, 183, 366, 731)),
            flow=when(continuing).then(lit("continuing")).when(new).then(lit("new"))
            .otherwise(lit("returning")),
        )
        .drop("link_id", "provider", "provider_group", "earliest", "arrangement")
    )  # fmt: skip


def _class(values: pl.Expr, bounds: tuple[int, ...]) -> pl.Expr:
    """The lower bound of the class of each value, as text."""
    found = lit(str(bounds[0]))
    for bound in bounds[1:]:
        found = when(values >= bound).then(lit(str(bound))).otherwise(found)
    return found


def all_units(source: Path) -> pl.LazyFrame:
    """From a school or a residence to the units of every level."""
    schools = pl.read_parquet(source / "open" / "schools.parquet").with_row_index("school_no", 1)
    units = pl.concat(
        [
            pl.read_parquet(source / "open" / f"{name}.parquet").select("school", "level", "unit")
            for name in ("units", "arrangements")
        ]
    )
    placed = units.join(schools, on="school", how="left").with_columns(
        col("school_no").fill_null(0), grain=lit("school_no")
    )
    return placed.select(
        "grain", col("level", "unit").cast(pl.Categorical), place=col("school_no")
    ).lazy()


def cells_of(count: Count, rows: pl.LazyFrame, units: pl.LazyFrame) -> list[pl.DataFrame]:
    """Every cell of one count, and its contributions."""
    rows = rows.filter(count.where).with_columns(category=count.category)
    of_schools = units.filter(col("level").is_in(count.levels))
    parts = dict(parts_of(count))

    def placed(part: str) -> pl.LazyFrame:
        more, amount = parts[part]
        keys = [each for each in more if each != "pp" or part == "client_amounts"]
        found = []
        for grain in ("school_no", "residence"):
            place = col(grain).alias("place")
            facts = rows
            if part in PARTS:
                facts = facts.unique(["pp", "category", *more])
            if part in ("providers", "provider_amounts"):
                facts = facts.filter(WITH_PROVIDER)
            facts = facts.group_by(place, "period", "category", *keys).agg(size=amount)
            if grain == "school_no":
                facts = facts.join(of_schools, on="place")
            elif "residence" in count.levels:
                name = pl.format("GM{}", col("place").cast(pl.String).str.zfill(4)).cast(
                    pl.Categorical
                )
                facts = facts.with_columns(level=lit("residence").cast(pl.Categorical), unit=name)
            else:
                continue
            found.append(facts.select(*KEY, *keys, "size"))
        return pl.concat(found).group_by(*KEY, *keys).agg(col("size").sum())

    lazy = [roll_up(count, {part: placed(part) for part in parts})]
    if count.source == "care":
        lazy.append(placed("contributions").rename({"size": "clients"}))
    found = pl.collect_all(lazy, engine="streaming")
    names = {"table": lit(count.table), "measure": lit(count.measure)}
    return [table.with_columns(**names) for table in found]


AMOUNTS = {
    "client_amounts": "pp",
    "provider_amounts": "provider_no",
    "supplier_amounts": "municipality",
}


def parts_of(count: Count) -> Iterator[tuple[str, tuple[list[str], pl.Expr]]]:
    """What has to be known at the finest place: by which keys, and how it is counted."""
    for name, (keys, _) in PARTS.items():
        if name == "persons" or count.source == "care":
            yield name, (keys, pl.len().cast(pl.Int64))
    if count.of == "rows":
        yield "values", ([], pl.len().cast(pl.Int64))
    elif count.of in ("cost_eur", "half_days", "days_since_start"):
        amount = col(count.of).cast(pl.Int64).sum()
        yield "values", ([], amount)
        for name, key in AMOUNTS.items():
            yield name, ([key], amount)


def roll_up(count: Count, facts: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The cells, from facts that have their unit."""
    cells = facts["persons"].rename({"size": "contributors"})
    if "values" in facts:
        cells = cells.join(facts["values"].rename({"size": "value"}), on=KEY, how="left")
    if count.source == "care":
        provided = (
            facts["providers"].group_by(KEY).agg(providers=pl.len(), largest=col("size").max())
        )
        share = (col("largest") * 1000 + col("contributors") - 1) // col("contributors")
        cells = (
            cells.join(provided, on=KEY, how="left")
            .with_columns(col("providers", "largest").fill_null(0))
            .with_columns(largest_share=share)
        )
    values = {"providers": "providers", "largest": "largest"}
    if "values" not in facts:
        cells = cells.with_columns(value=col(values.get(count.of, "contributors")))
    for bit, part in enumerate(AMOUNTS):
        if part in facts:
            cells = cells.join(p_rule(facts[part], part, 1 << bit), on=KEY, how="left")
    if "client_amounts" in facts:
        dominated = pl.sum_horizontal(f"dominated_{part}" for part in AMOUNTS)
        cells = cells.with_columns(dominated=dominated)
    cells = cells.drop("largest", *[f"dominated_{part}" for part in AMOUNTS], strict=False)
    return cells.filter((col("value") != 0) | (col("contributors") != 0))


def p_rule(amounts: pl.LazyFrame, part: str, bit: int) -> pl.LazyFrame:
    """The required width, and whether one contribution dominates, per cell."""
    size = col("size").abs()
    first, second = size.max(), when(pl.len() > 1).then(size.top_k(2).min()).otherwise(0)
    gap = P_PERCENT * first - 100 * (size.sum() - first - second)
    who = part.removesuffix("_amounts")
    return amounts.group_by(KEY).agg(
        ((gap + 99) // 100).clip(lower_bound=0).alias(f"protect_{who}s"),
        when(100 * first > DOMINANCE_PERCENT * size.sum())
        .then(bit).otherwise(0).alias(f"dominated_{part}"),
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
