"""Inspection of an opened delivery part: exactly the declared schema, or refused.

The footer is judged before any column is read: columns, metadata, number of rows, and the size
that the columns declare; then come ranges, code lists and guards against raw identifiers.
Nothing that is said about a refusal holds a value of a row.

It runs in a child of the service (``linker.intake.child``), which knows nothing but the body and
the ``Rules`` here; so this module imports no database, no keys and no web framework.

Source: DESIGN 4 and 5 (intake judges a delivery only by itself and by earlier aggregates).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linker.intake.parquet_form import check_form, check_order, check_padded
from linker.intake.reasons import Reason
from shared.contract.columns import Column, WireSchema
from shared.contract.deliveries import OBJECTION, SCHEMAS
from shared.contract.guards import check_no_raw_identifiers
from shared.errors import InputError, MonitorError, PolicyError

if TYPE_CHECKING:
    from shared.envelope import Context
    from shared.state.round_documents import KnownRound

INSIDE_FLOOR_BYTES = 64 * 1024 * 1024
INSIDE_ROW_WIDTHS = 4
"""What a part may declare to be inside, uncompressed: four times its rows at their fixed width,
for dictionaries and page headers, and never less than a body may be when it is sealed."""

_TYPES = b"ARROW:schema"  # the types of the columns; written by Arrow


@dataclass(frozen=True, slots=True)
class Rules:
    """All that an inspection needs to know beside the body; nothing in it is secret.

    Attributes:
        rows: what the header states; None for objections, whose number it does not state.
        declared: the attributes that the policy declares for the schema.
        max_rows: what one delivery may have.
        periods: codes of the round's periods.
        residences: municipalities of which the sender delivers enrolments.
    """

    schema_name: str
    rows: int | None
    declared: tuple[str, ...]
    max_rows: int
    periods: tuple[int, ...]
    residences: tuple[int, ...]

    @property
    def schema(self) -> WireSchema:
        """The schema that the body must have."""
        return SCHEMAS[self.schema_name]


def rules_of(context: Context, round_: KnownRound) -> Rules:
    """What a part with this header must be in this round."""
    expected = round_.body.supplier(context.sender).expected
    return Rules(
        schema_name=context.schema_name,
        rows=None if context.schema_name == OBJECTION.name else context.rows,
        declared=round_.policy.attributes(context.schema_name),
        max_rows=round_.body.limits.max_rows_per_delivery,
        periods=tuple(period.code for period in round_.body.periods),
        residences=tuple(
            place
            for each in expected
            if each.schema_name.value == context.schema_name
            for place in each.municipalities
        ),
    )


@dataclass(frozen=True, slots=True)
class Inspected:
    """An opened part that is what it must be.

    Attributes:
        held_for: why a person must look at it first; empty when nobody needs to.
    """

    rows: pa.Table
    held_for: str


def inspect(body: bytes, context: Context, round_: KnownRound) -> Inspected:
    """Inspect the body of an envelope of a round; see ``inspect_by``."""
    return inspect_by(body, rules_of(context, round_))


def inspect_by(body: bytes, rules: Rules) -> Inspected:
    """Read a body as Parquet and check it in numbered steps.

    Raises:
        InputError: the body is not what its schema says; names the place, never a value.
        PolicyError: ``attribute-undeclared``.
    """
    try:
        return _inspect(body, rules)
    except MonitorError:
        raise
    except MemoryError as error:  # also Arrow's; it is no ArrowException in every release
        raise too_costly() from error
    except Exception as error:
        # A body is hostile: whatever a library does with it is the body's fault.
        raise _damaged("a readable Parquet table", "a damaged one") from error


def _inspect(body: bytes, rules: Rules) -> Inspected:
    schema = rules.schema
    file = _open_parquet(body)
    # 1. Only attributes that the policy declares, before any column is read.
    _check_declared(file.schema_arrow, rules)
    # 2. Exactly the schema: names, order, types, nullability; and nothing beside the columns.
    _check_schema(file, schema)
    # 3. As many rows as the header says, within the limit, and no more inside than they take.
    _check_row_count(file.metadata, rules)
    check_padded(file.metadata.num_rows, schema)
    _check_size_inside(file.metadata, schema)
    # 4. The codecs and encodings of the contract, and no byte that is not of a column.
    check_form(file.metadata, len(body))
    table = _read(file)
    # 5. Ranges and code lists.
    for column in schema.columns:
        _check_values(table, column, schema)
    # 6. Only periods of the round, and residents of the municipalities that it names.
    _check_fits_round(table, rules)
    # 7. No raw identifiers, in whatever column they may hide; not even in the order of the rows.
    suspicious = check_no_raw_identifiers(table, schema)
    check_order(table, schema)
    return Inspected(table, Reason.PROVIDERS.code() if suspicious else "")


def too_costly() -> InputError:
    """The refusal of a body that takes more memory or time than any honest one."""
    return InputError(
        "body-too-costly",
        "expected a body that can be read within the limits of intake, found one that cannot",
        hint="seal the delivery again with the hasher, which divides it into parts",
    )


def _open_parquet(body: bytes) -> pq.ParquetFile:
    with _refusing_as("body-not-parquet", "a Parquet table", "something else"):
        file = pq.ParquetFile(io.BytesIO(body), pre_buffer=False)
        _ = file.schema_arrow.names  # names that are no text come to light here at the latest
        return file


def _read(file: pq.ParquetFile) -> pa.Table:
    with _refusing_as("body-damaged", "a readable Parquet table", "a damaged one"):
        table = file.read(use_threads=False).replace_schema_metadata(None)
        table.validate(full=True)
    if table.num_rows != file.metadata.num_rows:
        raise _damaged("as many rows as the footer states", "another number")
    return table


@contextmanager
def _refusing_as(code: str, expected: str, found: str) -> Iterator[None]:
    """Turn whatever Arrow says of bytes that it cannot read into a refusal."""
    try:
        yield
    except MemoryError:
        raise
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


def _check_declared(found: pa.Schema, rules: Rules) -> None:
    undeclared = [name for name in found.names if name not in rules.declared]
    if undeclared:
        raise PolicyError(
            "attribute-undeclared",
            f"expected the attributes that the policy declares for {rules.schema_name}, "
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
    beside = dict(file.metadata.metadata or {})
    types = beside.pop(_TYPES, None)
    if (
        beside
        or found.metadata
        or any(field.metadata for field in found)
        or (types is not None and not _says_the_types(types, schema))
    ):
        raise InputError(
            "metadata-not-allowed",
            "expected a Parquet table with columns only, found metadata beside them",
            hint="nothing was stored; seal the source file with the hasher, never by hand",
        )


def _says_the_types(text: bytes, schema: WireSchema) -> bool:
    """Whether what should be the types of the columns is that, and has no room for more."""
    if len(text) > 2 * len(base64.b64encode(schema.arrow.serialize())):
        return False
    try:
        said = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(text, validate=True)))
    except (pa.ArrowException, OSError, ValueError):
        return False
    return bool(said.equals(schema.arrow, check_metadata=True))


def _check_row_count(metadata: pq.FileMetaData, rules: Rules) -> None:
    rows = metadata.num_rows
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    if min(groups, default=0) < 0 or sum(groups) != rows:
        raise _damaged("row groups that add up to the rows of the footer", "others")
    if rules.rows is not None and rows != rules.rows:
        raise InputError(
            "row-count-differs",
            f"expected the {rules.rows} rows that the header states, found {rows}",
            hint="seal the delivery again",
        )
    check_within_limit(rows, rules.max_rows)


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


def _check_fits_round(table: pa.Table, rules: Rules) -> None:
    schema = rules.schema
    if "period" in table.column_names:
        known = pa.array(rules.periods, pa.uint8())
        _refuse_rows(table, pc.invert(pc.is_in(table["period"], value_set=known)), "period", schema)
    if "residence" in table.column_names:
        expected = pa.array(rules.residences, pa.uint16())
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
