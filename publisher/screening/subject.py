"""What is screened: a release, the public documents that it rests on, and what came before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from publisher.released import Manifest, Release, ReleasedTable, TableEntry
from shared.canonical import sha256_hex
from shared.identity import Card
from shared.policy import Policy
from shared.reference import Reference
from shared.statement import Statement

KEY = ["table", "level", "unit", "period", "category", "measure"]
PERSONS = ("pupils", "clients", "not_covered")
"""Counts of children, each of whom stands in one unit of a level."""
_TYPES = {"period": "int64", "value": "Int64", "decimals": "int64"}
PUPILS, CLIENTS, RATE = "pupils", "clients", "clients_per_100_pupils"

Places = Iterator[str]
"""What a check found: each a place in words, never a figure."""


@dataclass(frozen=True)
class Screened:
    """A release on the screen.

    Attributes:
        publisher: the card that must have signed it.
        synthetic: whether its round is.
        policy_sha256: of the policy's bytes as the round pins them.
        summary: the checker's summary that approvers will read.
        previous: the release that readers see now, or None before the first.
        proof_refused: the code with which the verifier refused the proofs, or empty.
    """

    release: Release
    publisher: Card
    reference: Reference
    policy: Policy
    policy_sha256: str
    synthetic: bool
    summary: str
    previous: Release | None = None
    proof_refused: str = ""

    @property
    def manifest(self) -> Manifest:
        """The manifest of the release."""
        return self.release.manifest

    @cached_property
    def statement(self) -> Statement:
        """The signed statement."""
        return Statement.from_bytes(self.release.statement)

    @cached_property
    def summary_sha256(self) -> str:
        """The hash of the summary, as the manifest should pin it."""
        return sha256_hex(self.summary.encode())

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Every released cell with its table; a value that is not there is missing."""
        frames = [frame_of(table) for table in self.release.tables]
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def entry(self) -> dict[str, TableEntry]:
        """The manifest's line of every table."""
        return {entry.id: entry for entry in self.manifest.tables}

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Counts of children over all categories."""
        cells = self.cells
        return cells[cells["measure"].isin(PERSONS) & cells["category"].eq("")]


def frame_of(table: ReleasedTable) -> pd.DataFrame:
    """The cells of a table with its id; whole numbers stay whole beside missing ones."""
    columns = {
        name: pd.Series(table.cells[name].to_pylist(), dtype=_TYPES.get(name, "str"))
        for name in table.cells.schema.names
    }
    return pd.DataFrame(columns).assign(table=table.id)


def places(rows: pd.DataFrame) -> Places:
    """Each row of cells as a place."""
    for row in rows.itertuples():
        parts = (f"{row.level} {row.unit}", row.period_label, row.measure, row.category)
        yield f"{row.table}: {', '.join(str(part) for part in parts if part)}"
