"""Inspection of an opened delivery part: exactly the declared schema, or refused.

The footer is judged before any column is read: columns, metadata, number of rows, and the size
that the columns declare; then come ranges, code lists and guards against raw identifiers.
Nothing that is said about a refusal holds a value of a row.

Source: DESIGN 4 and 5 (intake judges a delivery only by itself).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shared.contract.columns import Column, WireSchema
from shared.contract.deliveries import SCHEMAS
from shared.contract.guards import check_no_raw_identifiers
from shared.envelope import Context
from shared.errors import InputError, PolicyError
from shared.policy import Policy
from shared.round import Round, SchemaName
from shared.state.round_documents import KnownRound

INSIDE_FLOOR_BYTES = 64 * 1024 * 1024
INSIDE_ROW_WIDTHS = 4
"""What a part may declare to be inside, uncompressed: four times its rows at their fixed width,
for dictionaries and page headers, and never less than a body may be when it is sealed."""

_ALLOWED_METADATA = frozenset({b"ARROW:schema"})  # the types of the columns; written by Arrow


@dataclass(frozen=True, slots=True)
class Inspected:
    """An opened part that is what it must be.

    Attributes:
        held_for: why a person must look at it first; empty when nobody needs to.
    """

    rows: pa.Table
    held_for: str


def inspect(body: bytes, context: Context, round_: KnownRound) -> Inspected:
    """Read a body as Parquet and check it in numbered steps.

    Args:
        body: the opened bytes.
        context: names the sender, the schema and, except for objections, the number of rows.
        round_: its policy declares the attributes; its body names periods, limits and residences.

    Raises:
        InputError: the body is not what its schema says; names the place, never a value.
        PolicyError: ``attribute-undeclared``.
    """
    schema = SCHEMAS[context.schema_name]
    file = _open_parquet(body)
    # 1. Only attributes that the policy declares, before any column is read.
    _check_declared(file.schema_arrow, schema, round_.policy)
    # 2. Exactly the schema: names, order, types, nullability; and nothing beside the columns.
    _check_schema(file, schema)
    # 3. As many rows as the header says, within the limit, and no more inside than they take.
    _check_row_count(file.metadata, context, round_.body.limits.max_rows_per_delivery)
    _check_size_inside(file.metadata, schema)
    table = _read(file)
    # 4. Ranges and code lists.
    for column in schema.columns:
        _check_values(table, column, schema)
    # 5. Only periods of the round, and residents of the municipalities that it names.
    _check_fits_round(table, schema, context.sender, round_.body)
    # 6. No raw identifiers, in whatever column they may hide.
    held_for = check_no_raw_identifiers(table, schema)
    return Inspected(table, held_for)


def _open_parquet(body: bytes) -> pq.ParquetFile:
    with _refusing_as("body-not-parquet", "a Parquet table", "something else"):
        file = pq.ParquetFile(io.BytesIO(body))
        _ = file.schema_arrow.names  # names that are no text come to light here at the latest
        return file


def _read(file: pq.ParquetFile) -> pa.Table:
    with _refusing_as("body-damaged", "a readable Parquet table", "a damaged one"):
        table = file.read().replace_schema_metadata(None)
        table.validate(full=True)
    if table.num_rows != file.metadata.num_rows:
        raise _damaged("as many rows as the footer states", "another number")
    return table


@contextmanager
def _refusing_as(code: str, expected: str, found: str) -> Iterator[None]:
    """Turn whatever Arrow says of bytes that it cannot read into a refusal."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(
            code,
            f"expected {expected} inside the envelope, found {found}",
            hint="seal the delivery again with the hasher",
        ) from error


def _damaged(expected: str, found: str) -> InputError:
    return InputError(
        "body-damaged",
        f"expected {expected} inside the envelope, found {found}",
        hint="seal the delivery again with the hasher",
    )


def _check_declared(found: pa.Schema, schema: WireSchema, policy: Policy) -> None:
    declared = policy.attributes(schema.name)
    undeclared = [name for name in found.names if name not in declared]
    if undeclared:
        raise PolicyError(
            "attribute-undeclared",
            f"expected the attributes that the policy declares for {schema.name}, "
            f"found {len(undeclared)} other column(s)",
            hint="seal with the profile of this round; an attribute needs a new DPIA version first",
        )


def _check_schema(file: pq.ParquetFile, schema: WireSchema) -> None:
    found = file.schema_arrow
    if not found.equals(schema.arrow, check_metadata=False):
        raise InputError(
            "schema-differs",
            f"expected exactly the columns and types of {schema.name}, found others",
            hint="update the hasher to the version of this round and seal again",
        )
    # Numbers of persons could stand beside the columns, where no other check would look.
    beside = set(file.metadata.metadata or {}) - _ALLOWED_METADATA
    if beside or found.metadata or any(field.metadata for field in found):
        raise InputError(
            "metadata-not-allowed",
            "expected a Parquet table with columns only, found metadata beside them",
            hint="nothing was stored; seal the source file with the hasher, never by hand",
        )


def _check_row_count(metadata: pq.FileMetaData, context: Context, limit: int) -> None:
    rows = metadata.num_rows
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    if min(groups, default=0) < 0 or sum(groups) != rows:
        raise _damaged("row groups that add up to the rows of the footer", "others")
    if context.schema_name != SchemaName.OBJECTION.value and rows != context.rows:
        raise InputError(
            "row-count-differs",
            f"expected the {context.rows} rows that the header states, found {rows}",
            hint="seal the delivery again",
        )
    check_within_limit(rows, limit)


def check_within_limit(rows: int, limit: int) -> None:
    """Refuse more rows than one delivery may have.

    Raises:
        InputError: ``too-many-rows``.
    """
    if rows > limit:
        raise InputError(
            "too-many-rows",
            f"expected at most {limit} rows in a delivery, found more",
            hint="check whether the right files were read; the policy sets the limit",
        )


def _check_size_inside(metadata: pq.FileMetaData, schema: WireSchema) -> None:
    """A small body can expand without end; judged by what the footer declares."""
    width = -(-sum(field.type.bit_width for field in schema.arrow) // 8)
    bound = max(INSIDE_FLOOR_BYTES, INSIDE_ROW_WIDTHS * metadata.num_rows * width)
    sizes: list[int] = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(at).total_uncompressed_size for at in range(group.num_columns)]
        if min(group.total_byte_size, *columns) < 0:
            raise _damaged("sizes of columns that can be", "negative ones")
        # Both are declared apart; the larger counts.
        sizes.append(max(group.total_byte_size, sum(columns)))
    if sum(sizes) > bound:
        raise InputError(
            "body-too-large-inside",
            f"expected at most {bound} bytes inside the envelope when read, found {sum(sizes)}",
            hint="seal the delivery again with the hasher",
        )


def _check_fits_round(table: pa.Table, schema: WireSchema, sender: str, round_: Round) -> None:
    if "period" in table.column_names:
        known = pa.array([period.code for period in round_.periods], pa.uint8())
        _refuse_rows(table, pc.invert(pc.is_in(table["period"], value_set=known)), "period", schema)
    if "residence" in table.column_names:
        places = round_.supplier(sender).municipalities(SchemaName(schema.name)) or ()
        expected = pa.array(places, pa.uint16())
        _refuse_rows(
            table,
            pc.invert(pc.is_in(table["residence"], value_set=expected)),
            "residence",
            schema,
            code="residence-not-expected",
        )


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


def _refuse_rows(
    table: pa.Table,
    bad: pa.ChunkedArray,
    column: str,
    schema: WireSchema,
    *,
    code: str = "value-not-allowed",
) -> None:
    count = pc.sum(bad, min_count=0).as_py()
    if count:
        raise InputError(
            code,
            f"expected allowed values in column {column} of {schema.name}, "
            f"found others in {count} of {table.num_rows} rows",
            hint="update the hasher to the version of this round and seal again",
        )
