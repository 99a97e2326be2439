"""Protect a tally, and verify that a release of it is protected."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import pandas as pd

from publisher.protection.audit import Audit, audit_claim, together
from publisher.protection.certificates import Certificate
from publisher.protection.engine import Solution
from publisher.protection.grid import Grid, Published
from publisher.protection.measures import is_public
from publisher.protection.named import where_few_are_named
from publisher.protection.narrowing import refused_cell
from publisher.protection.period import protect_period, protect_what_follows_again
from publisher.protection.report import ProtectionReport, report_of
from publisher.protection.rounding.method import (
    Placed,
    Rounding,
    fit_period,
    frame_of,
    read_placed,
)
from publisher.protection.rules import Rules
from publisher.protection.secondary import Progress
from publisher.protection.time.again import protect_period_again
from publisher.protection.time.earlier import (
    Earlier,
    Version,
    counted_cells,
    over_all_levels,
    versions_of,
    waits,
)
from publisher.protection.time.kept import kept_amounts
from publisher.protection.verification.claim import Claim
from publisher.protection.verification.over_time import claim_over_time
from publisher.protection.verification.rounded import with_rounded
from publisher.protection.verification.tally import (
    COUNTS,
    check_claims,
    claim_of_tally,
    claims_beside_counts,
)
from shared.contract.tally import Tally
from shared.errors import ProtectionError
from shared.redaction import Secret
from shared.reference import Reference

WITHHELD = "c"
NOT_AVAILABLE = "x"
NO_ROUNDING = Rounding((), Secret(b""))
COLUMNS = ("table", "level", "unit", "period", "category", "measure", "value", "status")


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected release, with its proof and its report.

    Attributes:
        cells: complete grid in ``COLUMNS``; ``value`` is ``Int64`` and missing where withheld;
            ``status`` is ``c`` (withheld), ``x`` (DUO gives no total) or empty.
        certificates: internal; they hold true values.
        report: internal.
        rounded: cells of rounded tables in ``COLUMNS``; ``status`` is ``r`` or ``c``.
    """

    cells: pd.DataFrame
    certificates: tuple[Certificate, ...]
    report: ProtectionReport
    rounded: pd.DataFrame


def protect_tally(
    tally: Tally,
    reference: Reference,
    rules: Rules,
    published: Sequence[Published],
    *,
    earlier: Sequence[Earlier] = (),
    rounding: Rounding = NO_ROUNDING,
    progress: Progress | None = None,
    processes: int = 1,
) -> Protected:
    """Decide which cells of a tally are published, and prove it.

    Args:
        tally: true counts, a part of which is published.
        reference: the bundle that the tally was made with.
        rules: parameters of disclosure control.
        published: tables and levels that policy allows.
        earlier: every release that readers once had, oldest first.
        rounding: tables that are published rounded, beside these.
        progress: called with per cents done and 100.
        processes: periods are divided over so many; the result is the same for any number.

    Raises:
        ProtectionError: ``protection-unmet`` where no pattern protects every cell,
            ``correction-waits`` where a period was published before and what changed cannot be
            told, and codes of ``Grid.of`` and ``PeriodProblem`` for a tally that cannot be
            protected.
    """
    grid = Grid.of(tally, reference, published)
    _check_named(grid, "protection-unmet")
    found = _in_turn(grid, rules, earlier, rounding, progress, processes)
    solutions = {period: each.solution for period, each in found.items()}
    audits = {period: each.audit for period, each in found.items()}
    placed = {period: each.placed for period, each in found.items()}
    return Protected(
        _frame(grid, solutions),
        tuple(item for solution in solutions.values() for item in solution.certificates),
        report_of(grid, rules, solutions, audits, placed),
        frame_of(placed, COLUMNS),
    )


@dataclass(frozen=True, slots=True)
class _OfPeriod:
    """What protecting one period gave."""

    solution: Solution
    audit: Audit
    placed: tuple[Placed, ...]


def _in_turn(
    grid: Grid, rules: Rules, earlier: Sequence[Earlier], rounding: Rounding,
    progress: Progress | None, processes: int,
) -> dict[int, _OfPeriod]:  # fmt: skip
    """Every period by itself: nothing that is released ties two of them."""
    count = len(grid.periods)
    solve = partial(_solve, grid, rules, earlier)
    finish = partial(_finish, grid, rules, earlier, rounding)
    if processes < 2:
        return {
            period: finish(period, solve(period, _progress_of(place, count, progress)))
            for place, period in enumerate(grid.periods)
        }
    found: dict[int, _OfPeriod] = {}
    # Spawned, not forked: a fork would inherit the solver's threads. The key that rounds stays
    # in this process: it never travels. The rest is sent when a process starts, for whoever
    # finishes a period here adds to what the grid remembers.
    with ProcessPoolExecutor(
        min(processes, count),
        mp_context=get_context("spawn"),
        initializer=_Searcher.begin,
        initargs=(solve,),
    ) as pool:
        for period, solution in zip(
            grid.periods, pool.map(_Searcher.search, grid.periods), strict=True
        ):
            found[period] = finish(period, solution)
            if progress is not None:
                progress(100 * len(found) // count, 100)
    return found


class _Searcher:
    """One process that searches: it is told once what to search."""

    solve: Callable[[int], Solution]

    @classmethod
    def begin(cls, solve: Callable[[int], Solution]) -> None:
        cls.solve = staticmethod(solve)
        gc.freeze()  # the grid stays

    @classmethod
    def search(cls, period: int) -> Solution:
        return cls.solve(period)


def _solve(
    grid: Grid, rules: Rules, earlier: Sequence[Earlier], period: int,
    progress: Progress | None = None,
) -> Solution:  # fmt: skip
    """Search what to withhold of a period."""
    versions = versions_of(earlier, grid, period)
    if not versions:
        return protect_period(grid, rules, period, progress)
    counts = protect_period_again(grid, rules, period, versions, progress)
    kept = kept_amounts(grid, earlier, period)
    return protect_what_follows_again(grid, rules, period, counts, kept)


def _finish(
    grid: Grid, rules: Rules, earlier: Sequence[Earlier], rounding: Rounding, period: int,
    solution: Solution,
) -> _OfPeriod:  # fmt: skip
    """Round beside what was found, check the proof, and attack the whole."""
    versions = versions_of(earlier, grid, period)
    kept = kept_amounts(grid, earlier, period) if versions else frozenset()
    proofs = solution.certificates
    claims = _claims(grid, rules, period, solution.withheld, versions, proofs, kept)
    placed, proofs = fit_period(
        rounding, _every_level(grid, versions), period, claims[COUNTS].true,
        solution.certificates, rules.split_slide,
    )  # fmt: skip
    solution = replace(solution, certificates=proofs)
    claims[COUNTS] = _with_rounded(claims[COUNTS], placed, rules)
    try:
        check_claims(claims, solution.certificates)
    except ProtectionError as error:
        if versions:
            raise waits("a pattern that the verifier refuses") from error
        error.about = refused_cell(claims.values(), solution.certificates)
        raise
    return _OfPeriod(solution, together([audit_claim(claim) for claim in claims.values()]), placed)


def verify_protection(
    cells: pd.DataFrame,
    tally: Tally,
    reference: Reference,
    rules: Rules,
    published: Sequence[Published],
    certificates: Iterable[Certificate],
    earlier: Sequence[Earlier] = (),
    rounding: Rounding = NO_ROUNDING,
    rounded: pd.DataFrame | None = None,
) -> None:
    """Verify released cells against their certificates, without a solver.

    The arguments are those of ``protect_tally``, and the cells that it gave.

    Raises:
        ProtectionError: ``release-differs`` where the cells are not a release of this tally,
            ``verification-failed`` where the proof does not hold.
    """
    grid = Grid.of(tally, reference, published)
    _check_named(grid, "verification-failed")
    withheld = _check_cells(grid, cells)
    of_period: dict[str, list[Certificate]] = {str(period): [] for period in grid.periods}
    for certificate in certificates:
        period_of = certificate.cell.partition("/")[0]
        if period_of not in of_period:
            raise _differs("a certificate about a period that is not in the tally")
        of_period[period_of].append(certificate)
    for period in grid.periods:
        versions = versions_of(earlier, grid, period)
        proofs = of_period[str(period)]
        kept = kept_amounts(grid, earlier, period) if versions else frozenset()
        claims = _claims(grid, rules, period, withheld[period], versions, proofs, kept)
        if rounded is not None:
            whole = _every_level(grid, versions)
            tables = tuple(read_placed(rounding, whole, period, rounded))
            claims[COUNTS] = _with_rounded(claims[COUNTS], tables, rules)
        check_claims(claims, proofs)


def _check_named(grid: Grid, code: str) -> None:
    """That no table names providers where their number is withheld: they could be counted."""
    place = where_few_are_named(grid)
    if place:
        raise ProtectionError(
            code,
            f"expected the number of providers beside the clients of each, found it withheld or "
            f"at other levels, at {place}",
            hint="publish clients by provider at a coarser level",
            about=place,
        )


def _claims(
    grid: Grid,
    rules: Rules,
    period: int,
    withheld: frozenset[str],
    versions: Sequence[Version],
    proofs: Sequence[Certificate],
    kept: frozenset[str],
) -> dict[str, Claim]:
    """What the release claims for a period, together with what was published of it before."""
    if not versions:
        counts = claim_of_tally(grid, rules, period, withheld)
        return {COUNTS: counts, **claims_beside_counts(grid, rules, period, withheld, proofs)}
    counts = claim_over_time(grid, rules, period, withheld, versions)
    # Who is behind a change of an amount is not known: only what no change touched may be shown.
    hidden = withheld | counted_cells(grid, period)
    return {COUNTS: counts, **claims_beside_counts(grid, rules, period, hidden, proofs, kept)}


def _every_level(grid: Grid, versions: Sequence[Version]) -> Grid:
    return over_all_levels(grid, [version.grid.published for version in versions])


def _with_rounded(claim: Claim, tables: Sequence[Placed], rules: Rules) -> Claim:
    for each in tables:
        claim = with_rounded(
            claim, each.cells, each.shown_at, parts=each.parts, level=rules.split_slide
        )
    return claim


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
        if status == WITHHELD and pd.isna(value) and not is_public(cell.measure):
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
            if not is_public(cell.measure) and cell.key in withheld:
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


def _progress_of(place: int, periods: int, progress: Progress | None) -> Progress | None:
    if progress is None:
        return None

    def report(done: int, of: int) -> None:
        progress((100 * (place * max(of, 1) + done)) // (periods * max(of, 1)), 100)

    return report
