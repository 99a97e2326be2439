"""A block of rows as a reader hands them over: texts, row numbers, and rows that do not fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Loaded:
    """The wanted columns of some rows of one file.

    Attributes:
        table: a column per field that was found; the key as strings, others as dictionaries.
        rows: row number per row as Excel shows it.
        ragged: row numbers of the rows with another number of cells than the header row.
        unread: number of columns of the file that are never loaded.
        first_day_1904: numbers that are dates count from 1904, as in workbooks from old Macs.
    """

    table: pa.Table = field(repr=False)
    rows: npt.NDArray[np.int32]
    ragged: npt.NDArray[np.int32]
    unread: int = 0
    first_day_1904: bool = False
