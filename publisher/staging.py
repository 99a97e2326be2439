"""From a tally to a staged release: protect, verify, label, and sign the manifest.

Nothing is stored unless the verifier, which shares no code with the protection, agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa

from publisher.protection import (
    Protected,
    Published,
    Rules,
    derive_rates,
    protect_tally,
    to_json_lines,
    verify_protection,
)
from publisher.protection.rates import COVERAGE, RATE
from publisher.released import (
    COLUMNS,
    CellStatus,
    Manifest,
    MeasureNote,
    Proof,
    ReleasedTable,
    TableEntry,
)
from shared import __version__
from shared.canonical import sha256_hex
from shared.contract.tally import Tally
from shared.errors import PolicyError
from shared.policy import Policy
from shared.reference import Level, Reference
from shared.state.round_documents import KnownRound

RULES_VERSION = "PROTECTION 1"

DERIVED = frozenset({RATE, COVERAGE})
"""Measures that are made from released counts, and are not counted."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A release that could be proposed: its tables, its manifest, and its internal documents."""

    manifest: Manifest
    tables: tuple[ReleasedTable, ...]
    certificates: bytes
    report: bytes


def rules_of(policy: Policy) -> Rules:
    """The policy's parameters as the protection's rules; the same names on both sides."""
    return Rules(**policy.protection.model_dump())


def published_of(policy: Policy, tally: Tally) -> tuple[Published, ...]:
    """The tables and levels that both the policy allows and the tally holds."""
    held = {table.id: table.levels for table in tally.header.tables}
    return tuple(
        Published(table.id, tuple(level for level in table.levels if level in held[table.id]))
        for table in policy.tables
        if table.id in held
    )


def stage(
    round_: KnownRound,
    tally: Tally,
    *,
    release_id: str,
    supersedes: str,
    made_at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Staged:
    """Protect a tally and make the release that follows from it.

    Raises:
        PolicyError: ``mark-missing``.
        ProtectionError: ``protection-unmet`` or a refusal of the verifier; nothing is released.
    """
    check_mark(tally.header.synthetic, round_)
    rules, published = rules_of(round_.policy), published_of(round_.policy, tally)
    protected = protect_tally(tally, round_.reference, rules, published, progress=progress)
    verify_protection(
        protected.cells, tally, round_.reference, rules, published, protected.certificates
    )
    cells = derive_rates(protected.cells, round_.reference, rules)
    tables = tuple(
        _released_table(each.table, cells, tally, round_.reference) for each in published
    )
    manifest = _manifest(round_, tally, tables, protected, release_id, supersedes, made_at)
    return Staged(
        manifest, tables, to_json_lines(protected.certificates), protected.report.to_json()
    )


def check_mark(synthetic: bool, round_: KnownRound) -> None:
    """Refuse what does not carry the synthetic mark of its round, or carries one it may not.

    Raises:
        PolicyError: ``mark-missing``.
    """
    if synthetic is not round_.body.synthetic:
        raise PolicyError(
            "mark-missing",
            f"expected the mark synthetic={round_.body.synthetic} of round "
            f"{round_.body.round_id}, found {synthetic}",
            hint="a synthetic release is published with its mark or not at all",
        )


def _released_table(
    table_id: str, cells: pd.DataFrame, tally: Tally, reference: Reference
) -> ReleasedTable:
    definition = next(table for table in tally.header.tables if table.id == table_id)
    rows = cells[cells["table"] == table_id]
    categories = {"": "totaal", **dict(definition.categories)}
    measures = {measure.id: measure.label for measure in definition.measures}
    measures.update({measure.id: measure.label for measure in tally.header.derived})
    periods = {period.code: period.label for period in tally.header.periods}
    labels = [
        reference.label(Level(level), unit)
        for level, unit in zip(rows["level"], rows["unit"], strict=True)
    ]
    decimals = rows["decimals"] if "decimals" in rows else pd.Series(0, index=rows.index)
    columns: dict[str, Sequence[object] | pa.Array] = {
        "level": rows["level"].tolist(),
        "unit": rows["unit"].tolist(),
        "unit_label": labels,
        "period": rows["period"].tolist(),
        "period_label": [periods[code] for code in rows["period"]],
        "category": rows["category"].tolist(),
        "category_label": [categories[code] for code in rows["category"]],
        "measure": rows["measure"].tolist(),
        "measure_label": [measures[id_] for id_ in rows["measure"]],
        "value": pa.array(rows["value"], pa.int64(), from_pandas=True),
        "decimals": decimals.tolist(),
        "status": rows["status"].tolist(),
    }
    return ReleasedTable.make(table_id, definition.title, pa.table(columns, schema=COLUMNS))


def count_cells(tables: Sequence[ReleasedTable]) -> pd.DataFrame:
    """The counts of released tables as the verifier reads them, without derived measures."""
    frames = [table.cells.to_pandas().assign(table=table.id) for table in tables]
    cells = pd.concat(frames, ignore_index=True)
    counts = cells[~cells["measure"].isin(list(DERIVED))].reset_index(drop=True)
    columns = ["table", "level", "unit", "period", "category", "measure", "value", "status"]
    types = {"period": "int64", "value": "Int64"}
    return pd.DataFrame(counts, columns=columns).astype(types)


def _manifest(
    round_: KnownRound,
    tally: Tally,
    tables: Sequence[ReleasedTable],
    protected: Protected,
    release_id: str,
    supersedes: str,
    made_at: datetime,
) -> Manifest:
    report, reference, header = protected.report, round_.reference, tally.header
    return Manifest(
        release_id=release_id,
        title=f"Jeugdhulp op school, {reference.region_name}",
        region=reference.region,
        region_name=reference.region_name,
        synthetic=round_.body.synthetic,
        made_at=made_at,
        reference_on=tuple(period.reference_on for period in header.periods),
        round_id=header.round_id,
        round_statement=header.round_statement,
        revision=header.revision,
        policy=header.policy,
        policy_version=round_.policy.version,
        dpia_version=round_.policy.dpia_version,
        reference=header.reference,
        software=f"publisher {__version__}",
        periods=header.periods,
        covered=header.covered,
        tables=tuple(
            TableEntry(
                id=table.id,
                title=table.title,
                sha256=sha256_hex(table.to_bytes()),
                rows=table.cells.num_rows,
                withheld=table.cells["status"].to_pylist().count(CellStatus.WITHHELD.value),
            )
            for table in tables
        ),
        measures=_measure_notes(tally),
        proof=Proof(
            rules=RULES_VERSION,
            certificates_issued=report.certificates,
            certificates_verified=report.certificates,  # the verifier ran on every one of them
            exactly_exposed=report.total.exact,
            too_narrow=report.total.too_narrow,
        ),
        supersedes=supersedes,
        sources=tuple(f"{source.title} ({source.licence})" for source in reference.sources),
    )


def _measure_notes(tally: Tally) -> tuple[MeasureNote, ...]:
    """One note per measure; the first table that has it says what it means."""
    counted = [measure for table in tally.header.tables for measure in table.measures]
    notes: dict[str, MeasureNote] = {}
    for measure in (*counted, *tally.header.derived):
        notes.setdefault(
            measure.id,
            MeasureNote(
                id=measure.id,
                label=measure.label,
                unit=measure.unit,
                definition=measure.explanation,
                caution="",
            ),
        )
    return tuple(notes.values())
