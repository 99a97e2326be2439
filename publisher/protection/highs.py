"""HiGHS as it is used here: one thread, no presolve, no randomness, and integers on request."""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from shared.errors import ProtectionError

_FEASIBLE = int(highspy.SolutionStatus.kSolutionStatusFeasible)
_MIP_NODES = 5_000
_MIP_GAP = 0.5
"""A limit in nodes, not in seconds: the same input always ends in the same way."""


def quiet_highs() -> highspy.Highs:
    """A solver that says nothing and gives the same answer every time."""
    highs: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    for option, setting in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("presolve", "off"),
        ("random_seed", 0),
        ("solver", "simplex"),
        ("dual_simplex_cost_perturbation_multiplier", 0.0),
        ("simplex_scale_strategy", 0),  # relations are mostly in ones
    ):
        must(highs.setOptionValue(option, setting))
    return highs


def check_ended(status: highspy.HighsModelStatus, *, infeasible: bool = False) -> bool:
    """Whether a program has an optimum.

    Args:
        status: how the solver ended.
        infeasible: whether having no solution is an answer too.

    Raises:
        ProtectionError: ``solver-stopped`` where it ended without an answer.
    """
    if status == highspy.HighsModelStatus.kOptimal:
        return True
    if infeasible and status == highspy.HighsModelStatus.kInfeasible:
        return False
    raise ProtectionError(
        "solver-stopped",
        f"expected the solver to answer, it ended with status {status.name}",
        hint="nothing is published; protect again, and report it if it returns",
    )


def must(status: highspy.HighsStatus) -> None:
    """Stop where the solver refuses a call; a programmer's error."""
    if status == highspy.HighsStatus.kError:
        raise RuntimeError("the solver refused a call")


def integral_values(
    program: highspy.HighsLp, allowed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64] | None:
    """Integer values of a program in which only the allowed columns may be other than 0.

    Its matrix is column-wise, as HiGHS keeps it. None where no integer point was found.
    """
    lower, upper = np.array(program.col_lower_), np.array(program.col_upper_)
    kept = np.flatnonzero((allowed & (upper > 0)) | (lower > 0))
    matrix = program.a_matrix_
    start = np.array(matrix.start_)
    lengths = np.diff(start)[kept]
    entries = np.concatenate([np.arange(start[c], start[c + 1]) for c in kept])
    # A row of dropped columns only is satisfied: changing nothing always is.
    rows, index = np.unique(np.array(matrix.index_)[entries], return_inverse=True)
    small = highspy.HighsLp()
    small.num_col_, small.num_row_ = int(kept.size), int(rows.size)
    small.col_cost_ = np.array(program.col_cost_)[kept]
    small.col_lower_, small.col_upper_ = lower[kept], upper[kept]
    small.row_lower_ = np.array(program.row_lower_)[rows]
    small.row_upper_ = np.array(program.row_upper_)[rows]
    small.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    small.a_matrix_.start_ = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    small.a_matrix_.index_ = index.astype(np.int32)
    small.a_matrix_.value_ = np.array(matrix.value_)[entries]
    small.integrality_ = [highspy.HighsVarType.kInteger] * int(kept.size)
    highs = quiet_highs()
    must(highs.setOptionValue("presolve", "on"))
    must(highs.setOptionValue("mip_max_nodes", _MIP_NODES))
    must(highs.setOptionValue("mip_rel_gap", _MIP_GAP))
    must(highs.passModel(small))
    must(highs.run())
    if highs.getInfo().primal_solution_status != _FEASIBLE:
        return None
    values = np.zeros(program.num_col_)
    values[kept] = np.array(highs.getSolution().col_value)
    return values
