"""``tally/1``: what the linker sends to the publisher: counts per unit, never a row per person.

A tally is a catalogue of tables (what is counted) and one long table of cells. Each cell
carries its protection inputs. A tally has cells about one child and is treated as personal
data: sealed, expiring, never at rest in clear.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from shared.canonical import canonical_json, parse_canonical
from shared.contract.periods import Period
from shared.errors import InputError
from shared.reference import Level

SCHEMA = "tally/1"
_HEADER = b"MOJ/1 tally"

_TEXT = pa.dictionary(pa.int32(), pa.string())


def _field(name: str, type_: pa.DataType) -> pa.Field:
    return pa.field(name, type_, nullable=False)


CELLS = pa.schema(
    [
        _field("table", _TEXT),
        _field("level", _TEXT),
        _field("unit", _TEXT),
        _field("period", pa.uint8()),
        _field("category", _TEXT),  # "" is the total over categories
        _field("measure", _TEXT),
        _field("value", pa.int64()),
        # Protection inputs. A contribution: children whom this municipality can itself place in
        # the cell, by a row of its own that counts there.
        _field(
            "contributions",
            pa.list_(
                pa.struct([_field("municipality", pa.uint16()), _field("clients", pa.int32())])
            ),
        ),
        _field("contributors", pa.int32()),  # children behind the cell, whatever it measures
        _field("providers", pa.int32()),  # distinct provider groups behind it
        _field("largest_share", pa.uint16()),  # children of the largest, per mille of all, up
        # The p % rule on amounts: how uncertain the cell must stay, upward, by who would guess.
        _field("protect_clients", pa.int64()),
        _field("protect_providers", pa.int64()),
        _field("protect_suppliers", pa.int64()),
        _field("dominated", pa.uint8()),  # by one: 1 client, 2 provider group, 4 supplier
    ]
)
"""One row per cell. A combination that is absent is a true zero of its table.

Text stands in dictionaries in memory; in Parquet it is text.
"""

DOMINATED_BY_CLIENT, DOMINATED_BY_PROVIDER, DOMINATED_BY_SUPPLIER = 1, 2, 4

CELL_KEY = ("table", "level", "unit", "period", "category", "measure")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measure(_Frozen):
    """What one number means; docs/methodology.md is made from these.

    Attributes:
        label: its name in Dutch, for readers.
        unit: what is counted, such as ``persons``.
        explanation: what it means and does not mean, in plain Dutch, for readers.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: str
    unit: str
    explanation: str
    population: str
    numerator: str
    denominator: str = ""
    exclusions: str = ""
    overlap: str = ""
    source: str


class Table(_Frozen):
    """One table of the catalogue.

    Attributes:
        breakdown: name of the category column, empty where the table has none.
        categories: code and Dutch label of every category, in order.
        overlaps: a person can stand in several categories, so that they do not add up.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    levels: tuple[Level, ...]
    measures: tuple[Measure, ...]
    breakdown: str = ""
    categories: tuple[tuple[str, str], ...] = ()
    overlaps: bool = False


class SupplierQuality(_Frozen):
    """Linkage quality of one supplier's current delivery of one schema.

    Shares are whole per cents, and only over at least 1,000 persons: anything finer is an
    oracle.

    Attributes:
        rows: as delivered; every other figure is over what is left after objections.
        unknown_school_percent: rows whose school is not in the reference bundle.
        unknown_domain_percent: rows whose kind of help is unknown.
        unknown_referrer_percent: rows whose referrer is unknown.
        unknown_provider_percent: rows with an AGB code that is not in the bundle.
        unknown_arrangement_percent: rows of an arrangement that is not in the bundle.
    """

    supplier: str
    schema_name: str
    rows: int
    persons: int
    linked_percent: int | None
    not_linkable: int
    duplicates: int
    unknown_schools: int
    unknown_school_percent: int | None = None
    unknown_domain_percent: int | None = None
    unknown_referrer_percent: int | None = None
    unknown_provider_percent: int | None = None
    unknown_arrangement_percent: int | None = None


class TallyHeader(_Frozen):
    """Which linkage of which round this is, and with what it was made.

    Attributes:
        inputs: sha256 of the ciphertext of every part that was linked, sorted.
        covered: per period code, the municipalities whose residents are the population.
        derived: quotients that the publisher makes from released counts.
    """

    round_id: str
    round_statement: str
    revision: Annotated[int, Field(ge=1)]
    synthetic: bool
    policy: str
    reference: str
    linker_version: str
    engine: str
    periods: tuple[Period, ...]
    covered: dict[str, tuple[int, ...]]
    tables: tuple[Table, ...]
    derived: tuple[Measure, ...]
    quality: tuple[SupplierQuality, ...]
    double_claims: int
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """A header and its cells (``CELLS``), sorted by key."""

    header: TallyHeader
    cells: pa.Table

    def to_bytes(self) -> bytes:
        """Parquet with the header in the schema's metadata; the same tally, the same bytes."""
        metadata = {_HEADER: canonical_json(self.header.model_dump(mode="json"))}
        sink = io.BytesIO()
        pq.write_table(
            self.cells.cast(CELLS).replace_schema_metadata(metadata),
            sink,
            compression="zstd",
            write_statistics=False,
        )
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Tally:
        """Read a tally and check its schema.

        Raises:
            InputError: ``tally-invalid``.
        """
        try:
            file = pq.ParquetFile(io.BytesIO(data))
            schema = file.schema_arrow
            if _in_text(schema) != _in_text(CELLS):
                raise ValueError("other columns than tally/1")
            header = TallyHeader.model_validate(parse_canonical(schema.metadata[_HEADER]))
            cells = file.read().replace_schema_metadata(None).cast(CELLS)
        except (ValueError, KeyError, TypeError, InputError, pa.ArrowException) as error:
            raise InputError(
                "tally-invalid",
                f"expected a tally in the schema {SCHEMA}",
                hint="the linker and the publisher must run versions that belong together",
            ) from error
        return cls(header, cells)


def _in_text(schema: pa.Schema) -> pa.Schema:
    """The schema as it stands in Parquet: a dictionary is how text is held, not what it is."""
    return pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )
