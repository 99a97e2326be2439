"""The goals of PROTECTION section 10 beside what was measured."""

from __future__ import annotations

from benchmarks.measuring.documents import Goal
from benchmarks.protection.attack import Found
from benchmarks.protection.contenders import OURS, Result
from benchmarks.protection.report import Outcome
from benchmarks.protection.tables import Table
from publisher.protection.effort import Effort

NEAR = 0.05
"""So much dearer than the optimum is near it."""
CELLS = {"A": 41, "B": 108}
"""The best that is known of other methods, over their own draw of the table."""
Ran = dict[tuple[Table, str], tuple[Result, Found]]


def goals(outcomes: list[Outcome]) -> list[Goal]:
    """Each goal with what was measured and whether it was reached; none for what did not run."""
    ran: Ran = {
        (each.table, each.contender): (each.result, each.found)
        for each in outcomes
        if each.result and each.found
    }
    ours = [found for (_, contender), (_, found) in ran.items() if contender in OURS.values()]
    exposed = sum(found.exact + found.too_narrow + found.shown for found in ours)
    years = Table("A", 400, periods=6)
    return [
        ("nothing exposed, too narrow or shown, in any table", f"{exposed}", exposed == 0),
        *(goal for shape in "AB" for goal in _few_cells(ran, shape)),
        *_at_most(ran, Table("B", 400), 5),
        *_quickly(ran),
        *(
            goal
            for schools, seconds in ((2000, 30), (10000, 300))
            for shape in "AB"
            for goal in _at_most(ran, Table(shape, schools), seconds)
        ),
        *_at_most(ran, years, 20),
    ]


def _few_cells(ran: Ran, shape: str) -> list[Goal]:
    """Few cells, and hardly dearer than what no pattern can be cheaper than."""
    table, found = Table(shape, 400), list[Goal]()
    usual = ran.get((table, OURS[Effort.USUAL]))
    exact = ran.get((table, OURS[Effort.EXACT]))
    if usual is None:
        return found
    cells = usual[1].secondary
    most = CELLS[shape]
    found.append((f"{_name(table)}: at most {most} secondary cells", f"{cells}", cells <= most))
    if exact is None:
        return found
    optimum = exact[0].more["optimum"]
    above = usual[1].cost / optimum["bound"] - 1
    proved = optimum["gap"] <= 1e-6
    found.append(
        (f"{_name(table)}: at most {100 * NEAR:.0f} % above the optimum",
         f"{100 * above:.1f} %; the cheapest pattern has {exact[1].secondary} cells",
         above <= NEAR)
    )  # fmt: skip
    found.append(
        (f"{_name(table)}: the optimum proved in at most 30 s",
         f"{'proved' if proved else 'not proved'}, {_time(exact[0])}",
         proved and exact[0].seconds <= 30)
    )  # fmt: skip
    return found


def _quickly(ran: Ran) -> list[Goal]:
    table = Table("B", 400)
    quick = ran.get((table, OURS[Effort.QUICK]))
    if quick is None:
        return []
    result, found = quick
    return [
        (
            f"{_name(table)}, --quick: at most 127 secondary cells in at most 1.5 s",
            f"{found.secondary}, {_time(result)}",
            found.secondary <= 127 and result.seconds <= 1.5,
        )
    ]


def _at_most(ran: Ran, table: Table, seconds: float) -> list[Goal]:
    usual = ran.get((table, OURS[Effort.USUAL]))
    if usual is None:
        return []
    goal = f"{_name(table)}: in at most {seconds:.0f} s"
    return [(goal, _time(usual[0]), usual[0].seconds <= seconds)]


def _name(table: Table) -> str:
    years = f", {table.periods} years pooled" if table.periods > 1 else ""
    return f"{table.shape}, {table.schools:,} schools{years}"


def _time(result: Result) -> str:
    """On a machine that does other work as well, the seconds of CPU say more."""
    return f"{result.seconds:.1f} s; the whole process took {result.cpu_seconds:.1f} s of CPU"
