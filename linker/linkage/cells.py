"""From the engine's long rows of values and contributions to the cells of a tally."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linker.linkage.relations import VALUE
from shared.contract.tally import CELLS

_CONTRIBUTIONS = CELLS.field("contributions").type


def to_cells(rolled: pa.Table) -> pa.Table:
    """Cells (``CELLS``) from rows (``ROLLED``) that are sorted by cell key and municipality.

    Within a cell the row with municipality 0 is its value and comes first; the rows after it
    are its contributions.
    """
    is_value = pc.equal(rolled["municipality"], VALUE)
    values = rolled.filter(is_value)
    offsets = _offsets(is_value.to_numpy())
    contributions = _contributions(rolled.filter(pc.invert(is_value)), offsets)
    columns = [
        values["table_id"],
        values["level"],
        values["unit"],
        values["period"].cast(pa.uint8()),
        values["category"],
        values["measure"],
        values["persons"],
        contributions,
    ]
    return pa.table(columns, schema=CELLS).combine_chunks()


def _offsets(is_value: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Where the contributions of each cell start, and where those of the last end."""
    cell_of_row = np.cumsum(is_value) - 1
    lengths = np.bincount(cell_of_row[~is_value], minlength=int(is_value.sum()))
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _contributions(rows: pa.Table, offsets: npt.NDArray[np.int32]) -> pa.ListArray:
    fields = list(_CONTRIBUTIONS.value_type)
    pairs = pa.StructArray.from_arrays(
        [
            rows["municipality"].combine_chunks().cast(pa.uint16()),
            rows["persons"].combine_chunks().cast(pa.int32()),
        ],
        fields=fields,
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pairs, type=_CONTRIBUTIONS)
