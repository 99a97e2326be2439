"""Findings that only show when all files have been read, told per file and row all the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shared.hashing.checking.report import ROWS_PER_CODE, FileCounts
from shared.hashing.checks import Check
from shared.hashing.deriving.context import Context
from shared.hashing.roles import FileRole


def report_late(
    context: Context, check: Check, role: FileRole, records: npt.NDArray[np.void]
) -> None:
    """Report records, which have a ``file`` and a ``row``; where the check drops them, as dropped.

    No shape is told: the cells are gone by now.
    """
    for file in np.unique(records["file"]).tolist():
        rows = np.sort(records["row"][records["file"] == file])
        places = [(int(row), "") for row in rows[:ROWS_PER_CODE]]
        context.report.add(check, role.value, file, "", len(rows), places)
        if check.effect.drops:
            moved = len(rows)
            context.report.add_file(FileCounts(role.value, file, kept=-moved, left_out=moved))
