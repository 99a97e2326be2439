"""Inspection of an opened delivery part: exactly the declared schema, or refused.

The schema is checked before any column is read; then ranges, code lists and guards against
raw identifiers. Nothing that is said about a refusal holds a value of a row.

Source: DESIGN 4 and 5 (intake judges a delivery only by itself).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shared.contract.columns import Column, WireSchema
from shared.contract.deliveries import SCHEMAS
from shared.contract.guards import check_no_raw_identifiers
from shared.contract.periods import Period
from shared.errors import InputError, PolicyError
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Inspected:
    """An opened part that is what it must be.

    Attributes:
        held_for: why a person must look at it first; empty when nobody needs to.
    """

    rows: pa.Table
    held_for: str


def inspect(
    body: bytes, *, schema_name: str, rows: int, policy: Policy, periods: tuple[Period, ...]
) -> Inspected:
    """Read a body as Parquet and check it in numbered steps.

    Args:
        body: the opened bytes.
        schema_name: the schema that the header names.
        rows: the number of rows that the header states; 0 where it states none.
        policy: whose attributes are the only ones that may be delivered.
        periods: the periods of the round.

    Raises:
        InputError: the body is not what its schema says; names the place, never a value.
        PolicyError: ``attribute-undeclared``.
    """
    schema = SCHEMAS[schema_name]
    file = _open_parquet(body)
    # 1. Only attributes that the policy declares, before any column is read.
    undeclared = [name for name in file.schema_arrow.names if name not in
                  policy.attributes(schema_name)]  # fmt: skip
    if undeclared:
        raise PolicyError(
            "attribute-undeclared",
            f"expected the attributes that the policy declares for {schema_name}, "
            f"found {len(undeclared)} other column(s)",
            hint="seal with the profile of this round; an attribute needs a new DPIA version first",
        )
    # 2. Exactly the schema: names, order, types, nullability.
    if not file.schema_arrow.equals(schema.arrow, check_metadata=False):
        raise InputError(
            "schema-differs",
            f"expected exactly the columns and types of {schema_name}, found others",
            hint="update the hasher to the version of this round and seal again",
        )
    # 3. As many rows as the header says.
    if rows and file.metadata.num_rows != rows:
        raise InputError(
            "row-count-differs",
            f"expected the {rows} rows that the header states, found {file.metadata.num_rows}",
            hint="seal the delivery again",
        )
    table = _read(file)
    # 4. Ranges and code lists.
    for column in schema.columns:
        _check_values(table, column, schema)
    # 5. Only periods of the round.
    if "period" in table.column_names:
        known = pa.array([period.code for period in periods], pa.uint8())
        _refuse_rows(table, pc.invert(pc.is_in(table["period"], value_set=known)), "period", schema)
    # 6. No raw identifiers, in whatever column they may hide.
    held_for = check_no_raw_identifiers(table, schema)
    return Inspected(table, held_for)


def _open_parquet(body: bytes) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(io.BytesIO(body))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            "body-not-parquet",
            "expected a Parquet table inside the envelope, found something else",
            hint="seal the delivery again with the hasher",
        ) from error


def _read(file: pq.ParquetFile) -> pa.Table:
    try:
        return file.read().replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            "body-damaged",
            "expected a readable Parquet table inside the envelope, found a damaged one",
            hint="seal the delivery again with the hasher",
        ) from error


def _check_values(table: pa.Table, column: Column, schema: WireSchema) -> None:
    values = table[column.name]
    if values.null_count:
        _refuse_rows(table, pc.is_null(values), column.name, schema)
    if column.codes is not None:
        allowed = pa.array(sorted(column.codes), column.type)
        bad = pc.invert(pc.is_in(values, value_set=allowed))
    elif column.low is not None and column.high is not None:
        bad = pc.or_(pc.less(values, column.low), pc.greater(values, column.high))
    else:
        return
    _refuse_rows(table, bad, column.name, schema)


def _refuse_rows(table: pa.Table, bad: pa.ChunkedArray, column: str, schema: WireSchema) -> None:
    count = pc.sum(bad, min_count=0).as_py()
    if count:
        raise InputError(
            "value-not-allowed",
            f"expected allowed values in column {column} of {schema.name}, "
            f"found others in {count} of {table.num_rows} rows",
            hint="update the hasher to the version of this round and seal again",
        )
