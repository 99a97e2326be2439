"""Protect a tally, and verify that a release of it is protected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from publisher.protection.audit import Audit, audit_claim
from publisher.protection.catalogue import PeriodProblem
from publisher.protection.certificates import Certificate
from publisher.protection.engine import Solution, protect_block
from publisher.protection.grid import DUO_PUPILS, Grid, Published
from publisher.protection.report import ProtectionReport, report_of
from publisher.protection.rules import Rules
from publisher.protection.verification.check import check_claim
from publisher.protection.verification.tally import claim_of_tally
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.reference import Reference

WITHHELD = "c"
NOT_AVAILABLE = "x"
COLUMNS = ("table", "level", "unit", "period", "category", "measure", "value", "status")


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected release, with its proof and its report.

    Attributes:
        cells: complete grid in ``COLUMNS``; ``value`` is ``Int64`` and missing where withheld;
            ``status`` is ``c`` (withheld), ``x`` (DUO gives no total) or empty.
        certificates: internal; they hold true values.
        report: internal.
    """

    cells: pd.DataFrame
    certificates: tuple[Certificate, ...]
    report: ProtectionReport


def protect_tally(
    tally: Tally,
    reference: Reference,
    rules: Rules,
    published: Sequence[Published],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Protected:
    """Decide which cells of a tally are published, and prove it.

    Args:
        tally: true counts, a part of which is published.
        reference: the bundle that the tally was made with.
        rules: parameters of disclosure control.
        published: tables and levels that policy allows.
        progress: called with per cents done and 100.

    Raises:
        ProtectionError: ``protection-unmet`` where no pattern protects every cell, and codes
            of ``Grid.of`` and ``PeriodProblem`` for a tally that cannot be protected.
    """
    grid = Grid.of(tally, reference, published)
    solutions: dict[int, Solution] = {}
    audits: dict[int, Audit] = {}
    for place, period in enumerate(grid.periods):
        report_done = _progress_of(place, len(grid.periods), progress)
        solution = protect_block(PeriodProblem(grid, rules, period).build, rules, report_done)
        claim = claim_of_tally(grid, rules, period, solution.withheld)
        check_claim(claim, solution.certificates)
        solutions[period], audits[period] = solution, audit_claim(claim)
    return Protected(
        _frame(grid, solutions),
        tuple(item for solution in solutions.values() for item in solution.certificates),
        report_of(grid, rules, solutions, audits),
    )


def verify_protection(
    cells: pd.DataFrame,
    tally: Tally,
    reference: Reference,
    rules: Rules,
    published: Sequence[Published],
    certificates: Iterable[Certificate],
) -> None:
    """Verify released cells against their certificates, without a solver.

    Raises:
        ProtectionError: ``release-differs`` where the cells are not a release of this tally,
            ``verification-failed`` where the proof does not hold.
    """
    grid = Grid.of(tally, reference, published)
    withheld = _check_cells(grid, cells)
    of_period: dict[str, list[Certificate]] = {str(period): [] for period in grid.periods}
    for certificate in certificates:
        period_of = certificate.cell.partition("/")[0]
        if period_of not in of_period:
            raise _differs("a certificate about a period that is not in the tally")
        of_period[period_of].append(certificate)
    for period in grid.periods:
        claim = claim_of_tally(grid, rules, period, withheld[period])
        check_claim(claim, of_period[str(period)])


def _check_cells(grid: Grid, cells: pd.DataFrame) -> dict[int, frozenset[str]]:
    """That every cell is there once, with its true value or withheld; and which are withheld."""
    expected = [cell for period in grid.periods for cell in grid.cells(period)]
    if list(cells.columns) != list(COLUMNS) or len(cells) != len(expected):
        raise _differs("other columns or another number of cells")
    rows = {tuple(row[:6]): (row[6], row[7]) for row in cells.itertuples(index=False)}
    hidden: dict[int, set[str]] = {period: set() for period in grid.periods}
    shown: dict[int, set[str]] = {period: set() for period in grid.periods}
    for cell in expected:
        value, status = rows.get(cell.place_in_tally, (None, None))
        true = grid.true_value(cell)
        if status == WITHHELD and pd.isna(value) and cell.measure != DUO_PUPILS:
            hidden[cell.period].add(cell.key)
        elif status == NOT_AVAILABLE and pd.isna(value) and true is None:
            continue
        elif status == "" and not pd.isna(value) and value == true:
            shown[cell.period].add(cell.key)
        else:
            raise _differs("a cell has neither its true value nor a status that explains why")
    if any(hidden[period] & shown[period] for period in grid.periods):
        raise _differs("one quantity is withheld in one table and published in another")
    return {period: frozenset(keys) for period, keys in hidden.items()}


def _differs(what: str) -> ProtectionError:
    return ProtectionError(
        "release-differs",
        f"expected a release of this tally, found {what}",
        hint="stage the release again",
    )


def _frame(grid: Grid, solutions: dict[int, Solution]) -> pd.DataFrame:
    """The complete grid: sorted by table, level, unit, period, category and measure."""
    rows = []
    for period in grid.periods:
        withheld = solutions[period].withheld
        for cell in grid.cells(period):
            value = grid.true_value(cell)
            status = NOT_AVAILABLE if value is None else ""
            if cell.measure != DUO_PUPILS and cell.key in withheld:
                value, status = None, WITHHELD
            rows.append((cell, value, status))
    rows.sort(key=lambda row: row[0].place_in_release)
    return pd.DataFrame(
        {
            "table": pd.Series([cell.table for cell, _, _ in rows], dtype="str"),
            "level": pd.Series([cell.level.value for cell, _, _ in rows], dtype="str"),
            "unit": pd.Series([cell.unit for cell, _, _ in rows], dtype="str"),
            "period": pd.Series([cell.period for cell, _, _ in rows], dtype="int64"),
            "category": pd.Series([cell.category for cell, _, _ in rows], dtype="str"),
            "measure": pd.Series([cell.measure for cell, _, _ in rows], dtype="str"),
            "value": pd.Series([value for _, value, _ in rows], dtype="Int64"),
            "status": pd.Series([status for _, _, status in rows], dtype="str"),
        }
    )


def _progress_of(
    place: int, periods: int, progress: Callable[[int, int], None] | None
) -> Callable[[int, int], None] | None:
    if progress is None:
        return None

    def report(done: int, of: int) -> None:
        progress((100 * (place * max(of, 1) + done)) // (periods * max(of, 1)), 100)

    return report
