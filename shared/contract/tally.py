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

CELLS = pa.schema(
    [
        pa.field("table", pa.string(), nullable=False),
        pa.field("level", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("period", pa.uint8(), nullable=False),
        pa.field("category", pa.string(), nullable=False),  # "" is the total over categories
        pa.field("measure", pa.string(), nullable=False),
        pa.field("value", pa.int64(), nullable=False),
        # Protection inputs: clients in this cell per municipality that delivered care for them.
        pa.field(
            "contributions",
            pa.list_(
                pa.struct(
                    [
                        pa.field("municipality", pa.uint16(), nullable=False),
                        pa.field("clients", pa.int32(), nullable=False),
                    ]
                )
            ),
            nullable=False,
        ),
    ]
)
"""One row per cell. A combination that is absent is a true zero of its table."""

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
    """

    supplier: str
    schema_name: str
    rows: int
    persons: int
    linked_percent: int | None
    not_linkable: int
    duplicates: int
    unknown_schools: int


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
            if not schema.equals(CELLS, check_metadata=False):
                raise ValueError("other columns than tally/1")
            header = TallyHeader.model_validate(parse_canonical(schema.metadata[_HEADER]))
            cells = file.read().replace_schema_metadata(None)
        except (ValueError, KeyError, TypeError, InputError, pa.ArrowException) as error:
            raise InputError(
                "tally-invalid",
                f"expected a tally in the schema {SCHEMA}",
                hint="the linker and the publisher must run versions that belong together",
            ) from error
        return cls(header, cells)
