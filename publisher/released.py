"""What readers may see: released tables and the manifest that two approvers signed.

This is all that the web layer knows. A withheld cell has no value here; nothing in this module
or behind it can bring one back.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from shared.canonical import sha256_hex
from shared.contract.periods import Period
from shared.errors import InputError, StateError, TrustError
from shared.identity import Sha256
from shared.reference import Level
from shared.statement import Body


class CellStatus(StrEnum):
    """Why a released cell has no value, or what to know about the one that it has."""

    PLAIN = ""  # published as counted
    WITHHELD = "c"  # withheld for privacy; primary and secondary alike; never 0
    ROUNDED = "r"  # rounded, with bounds
    NOT_APPLICABLE = "z"  # cannot exist, such as a rate over no pupils
    NOT_AVAILABLE = "x"  # not delivered
    UNRELIABLE = "u"
    PROVISIONAL = "p"


VALUELESS = frozenset({CellStatus.WITHHELD, CellStatus.NOT_APPLICABLE, CellStatus.NOT_AVAILABLE})
"""Statuses under which a value is always absent."""

COLUMNS = pa.schema(
    [
        pa.field("level", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("unit_label", pa.string(), nullable=False),
        pa.field("period", pa.uint8(), nullable=False),
        pa.field("period_label", pa.string(), nullable=False),
        pa.field("category", pa.string(), nullable=False),  # "" is the total over categories
        pa.field("category_label", pa.string(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("measure_label", pa.string(), nullable=False),
        pa.field("value", pa.int64(), nullable=True),  # in units of 10 ** -decimals
        pa.field("decimals", pa.uint8(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
    ]
)
"""Columns of every released table, in this order, sorted as the release made them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One released cell."""

    level: Level
    unit: str
    unit_label: str
    period: int
    period_label: str
    category: str
    category_label: str
    measure: str
    measure_label: str
    value: int | None
    decimals: int
    status: CellStatus

    def __post_init__(self) -> None:
        if (self.value is None) is not (self.status in VALUELESS):
            raise RuntimeError("a cell has a value exactly when its status allows one")


@dataclass(frozen=True)
class ReleasedTable:
    """One table of a release, as published: ``COLUMNS`` and nothing more."""

    id: str
    title: str
    cells: pa.Table

    @classmethod
    def make(cls, id_: str, title: str, cells: pa.Table) -> ReleasedTable:
        """Take cells in ``COLUMNS`` and check that no withheld cell carries a value."""
        table = cls(id_, title, cells.cast(COLUMNS).replace_schema_metadata(None))
        table.check()
        return table

    def check(self) -> None:
        """Refuse a table in which a value stands where its status forbids one, or is missing.

        Raises:
            StateError: ``released-value-misplaced``.
        """
        valueless = pc.is_in(
            self.cells["status"], value_set=pa.array([status.value for status in VALUELESS])
        )
        if not pc.all(pc.equal(valueless, pc.is_null(self.cells["value"])), min_count=0).as_py():
            raise StateError(
                "released-value-misplaced",
                f"expected a value in table {self.id} exactly where its status allows one",
                hint="this release must not be published; report it to the developers",
            )

    def to_bytes(self) -> bytes:
        """Parquet without statistics (they are a disclosure channel); deterministic."""
        sink = io.BytesIO()
        pq.write_table(self.cells, sink, compression="zstd", write_statistics=False)
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, id_: str, title: str, data: bytes) -> ReleasedTable:
        """Read what ``to_bytes`` wrote.

        Raises:
            InputError: ``released-table-invalid``.
        """
        try:
            cells = pq.ParquetFile(io.BytesIO(data)).read()
            return cls.make(id_, title, cells)
        except pa.ArrowException as error:
            raise InputError(
                "released-table-invalid", f"expected the columns of a released table in {id_}"
            ) from error

    def select(
        self,
        *,
        level: Level | None = None,
        unit: str | None = None,
        measure: str | None = None,
        period: int | None = None,
        category: str | None = None,
    ) -> pa.Table:
        """The released rows that fit every given filter, in released order."""
        rows = self.cells
        for column, wanted in (
            ("level", level.value if level else None),
            ("unit", unit),
            ("measure", measure),
            ("period", period),
            ("category", category),
        ):
            if wanted is not None:
                rows = rows.filter(pc.equal(rows[column], wanted))
        return rows


def cells_of(rows: pa.Table) -> list[Cell]:
    """Released rows as values."""
    return [
        Cell(**{**row, "level": Level(row["level"]), "status": CellStatus(row["status"])})
        for row in rows.to_pylist()
    ]


class TableEntry(Body):
    """A table in the manifest, pinned by the hash of its released bytes.

    Attributes:
        overlaps: a child can stand in several categories, so that they do not add up.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    sha256: Sha256
    rows: Annotated[int, Field(ge=0)]
    withheld: Annotated[int, Field(ge=0)]
    overlaps: bool = False


class MeasureNote(Body):
    """What a measure means, for readers; made from the definition that was counted by."""

    id: str
    label: str
    unit: str
    definition: str
    caution: str


class Proof(Body):
    """The verdict on protection that readers get: never a reason, interval or certificate.

    Not their number either: it could tell how many withheld cells were withheld for others.

    Attributes:
        verified: the verifier, which shares no code with the search, checked every proof.
    """

    rules: str
    verified: bool
    exactly_exposed: Annotated[int, Field(ge=0)]
    too_narrow: Annotated[int, Field(ge=0)]


class Change(Body):
    """How a table differs from the one of the release before; counts of released cells only.

    Attributes:
        kind: what happened, as in ``publisher/changes.py``.
        what: the measure, period or level that it is about, or empty for the table as a whole.
        cells: how many released cells it is about.
    """

    table: str
    kind: str
    what: str = ""
    cells: Annotated[int, Field(ge=0)] = 0


class Manifest(Body):
    """Body of a release statement: what approvers sign and readers cite.

    Attributes:
        version: ``major.minor``; major grows when something was removed or redefined.
        provisional: these figures may still change in a later release.
        not_before: the instant before which readers may not see it (embargo), or None.
        changes: compared with the release that it supersedes.
        supersedes: the release that this one replaces, empty for none.
        summary_sha256: of the checker's summary that approvers read; it holds released values.
        covered: per period code, the municipalities whose residents are the population.
    """

    release_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,40}-v[0-9]+\.[0-9]+$")]
    title: str
    region: str
    region_name: str
    synthetic: bool
    made_at: datetime
    reference_on: tuple[date, ...]
    round_id: str
    round_statement: Sha256
    revision: Annotated[int, Field(ge=1)]
    policy: Sha256
    policy_version: str
    dpia_version: str
    reference: Sha256
    software: str
    periods: tuple[Period, ...]
    covered: dict[str, tuple[int, ...]]
    tables: tuple[TableEntry, ...]
    measures: tuple[MeasureNote, ...]
    proof: Proof
    supersedes: str
    summary_sha256: Sha256
    sources: tuple[str, ...]
    version: Annotated[str, Field(pattern=r"^[1-9][0-9]*\.[0-9]+$")] = "1.0"
    provisional: bool = False
    not_before: datetime | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Release:
    """A release as readers meet it: the signed manifest, its tables and its present state.

    Attributes:
        sha256: name of the release statement.
        state: ``published``, ``superseded``, ``withdrawn`` or ``expired``.
        statement: the signed bytes, as offered for download.
        reason: why it was withdrawn, or empty.
    """

    manifest: Manifest
    sha256: str
    state: str
    published_at: datetime
    statement: bytes
    tables: tuple[ReleasedTable, ...]
    reason: str = ""

    @cached_property
    def table_by_id(self) -> dict[str, ReleasedTable]:
        """Every table by its id."""
        return {table.id: table for table in self.tables}

    def check(self) -> None:
        """Refuse tables other than the manifest pins.

        Raises:
            TrustError: ``released-bytes-differ``.
        """
        pinned = {entry.id: entry.sha256 for entry in self.manifest.tables}
        found = {table.id: sha256_hex(table.to_bytes()) for table in self.tables}
        if pinned != found:
            raise TrustError(
                "released-bytes-differ",
                "expected exactly the tables that the manifest pins, found other bytes",
                hint="restore the release from a copy, or publish it again",
            )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A line of the release calendar.

    Attributes:
        moved_from: the day that was announced before, or None.
    """

    title: str
    expected_on: date
    provisional: bool
    moved_from: date | None


class ReleaseReader(Protocol):
    """Where the web layer finds releases; it has no other door."""

    def latest(self) -> Release | None:
        """The published release that is shown by default, or None before the first."""

    def find(self, release_id: str) -> Release | None:
        """A release that was ever published, whatever its state now."""

    def list(self) -> tuple[Release, ...]:
        """Every release that was ever published, newest first."""
