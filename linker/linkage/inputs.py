"""What a linkage reads: deliveries that are re-keyed, so that no pseudonym comes past here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linker.linkage.octets import as_octets
from linker.linkage.rekey import LINK_ID_BYTES, link_ids
from shared.contract.columns import WireSchema
from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION, SCHEMAS

LINK_ID = "link_id"
_PSEUDONYM = "pseudonym"


def rekeyed_schema(wire: WireSchema) -> pa.Schema:
    """The wire schema with ``link_id`` fixed(16) in the place of the pseudonym."""
    link_id = pa.field(LINK_ID, pa.binary(LINK_ID_BYTES), nullable=False)
    return pa.schema([link_id if field.name == _PSEUDONYM else field for field in wire.arrow])


@dataclass(frozen=True, slots=True)
class Delivered:
    """The accepted rows of one supplier in one schema, re-keyed.

    One delivery may be split over several of these; that changes nothing.

    Attributes:
        supplier: party id.
        schema: name of the wire schema, such as ``care/1``.
        municipalities: for which it delivers; exactly one where the schema is ``care/1``.
        rows: the schema's columns, with ``link_id`` fixed(16) instead of the pseudonym.
    """

    supplier: str
    schema: str
    municipalities: tuple[int, ...]
    rows: pa.Table

    def __post_init__(self) -> None:
        expected = rekeyed_schema(SCHEMAS[self.schema])
        if self.rows.schema.names != expected.names or self.rows.schema.types != expected.types:
            raise RuntimeError(f"rows of {self.schema} have other columns than the contract")
        if any(column.null_count for column in self.rows.columns):
            raise RuntimeError(f"rows of {self.schema} hold nulls")
        if self.schema == CARE.name and len(self.municipalities) != 1:
            raise RuntimeError("a care delivery is for exactly one municipality")

    @classmethod
    def rekeyed(
        cls, supplier: str, schema: str, municipalities: Iterable[int], rows: pa.Table, key: bytes
    ) -> Delivered:
        """Take opened rows and put link ids in the place of their pseudonyms."""
        position = rows.schema.get_field_index(_PSEUDONYM)
        ids = link_ids(key, rows.column(position))
        field = pa.field(LINK_ID, ids.type, nullable=False)
        return cls(supplier, schema, tuple(municipalities), rows.set_column(position, field, ids))

    def shard(self, index: int, shards: int) -> Delivered:
        """The rows of the persons of one shard; every person is in exactly one.

        Counts of persons add up over shards, so which person is where never shows.
        """
        if shards == 1:
            return self
        mask = pa.chunked_array(
            [_shard_of(chunk, shards) == index for chunk in self.rows.column(LINK_ID).chunks],
            type=pa.bool_(),
        )
        return replace(self, rows=self.rows.filter(mask))


def _shard_of(ids: pa.Array, shards: int) -> npt.NDArray[np.uint32]:
    leading = np.ascontiguousarray(as_octets(ids, LINK_ID_BYTES)[:, :4])
    return leading.view(">u4").reshape(-1) % shards


Suppliers = tuple[tuple[str, str], ...]
"""Supplier and schema of everything that is counted, sorted; a place in it is a number."""


def suppliers_of(deliveries: Iterable[Delivered]) -> Suppliers:
    """Who delivered what, the same for every shard."""
    return tuple(sorted({(delivered.supplier, delivered.schema) for delivered in deliveries}))


@dataclass(frozen=True, slots=True)
class Inputs:
    """Every delivery of a linkage as three relations, with suppliers numbered.

    Attributes:
        enrolment_rows: ``supplier_no`` and the columns of ``enrolment/1``.
        care_rows: ``supplier_no``, the delivering ``municipality`` and those of ``care/1``.
        objection_rows: link ids.
    """

    enrolment_rows: pa.Table
    care_rows: pa.Table
    objection_rows: pa.Table

    @classmethod
    def of(cls, deliveries: Iterable[Delivered], suppliers: Suppliers) -> Inputs:
        """Put deliveries of every schema together."""
        deliveries = tuple(deliveries)
        numbers = {supplier: number for number, supplier in enumerate(suppliers)}
        return cls(*(_together(deliveries, wire, numbers) for wire in (ENROLMENT, CARE, OBJECTION)))


def _together(
    deliveries: Iterable[Delivered], wire: WireSchema, numbers: dict[tuple[str, str], int]
) -> pa.Table:
    schema = rekeyed_schema(wire)
    if wire is not OBJECTION:
        schema = schema.append(pa.field("supplier_no", pa.uint16(), nullable=False))
    if wire is CARE:
        schema = schema.append(pa.field("municipality", pa.uint16(), nullable=False))
    tables = []
    for delivered in deliveries:
        if delivered.schema != wire.name:
            continue
        columns = list(delivered.rows.columns)
        if wire is not OBJECTION:
            columns.append(_constant(numbers[delivered.supplier, wire.name], delivered.rows))
        if wire is CARE:
            columns.append(_constant(delivered.municipalities[0], delivered.rows))
        tables.append(pa.table(columns, schema=schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _constant(value: int, rows: pa.Table) -> pa.Array:
    return pa.array(np.full(len(rows), value, dtype=np.uint16))
