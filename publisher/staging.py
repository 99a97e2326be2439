"""From a tally to a staged release: protect, verify, label, and sign the manifest.

Nothing is stored unless the verifier, which shares no code with the protection, agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
import pyarrow as pa

from publisher.history import counts_of
from publisher.protection import (
    Certificate,
    Earlier,
    Protected,
    Published,
    RoundedTable,
    Rounding,
    Rules,
    derive_rates,
    narrowed_until_made,
    protect_tally,
    to_json_lines,
    verify_protection,
)
from publisher.protection.rates import DERIVED
from publisher.released import (
    COLUMNS,
    CellStatus,
    Manifest,
    MeasureNote,
    Proof,
    Release,
    ReleasedTable,
    TableEntry,
)
from publisher.summary import Subject, checker_summary
from shared import __version__
from shared.canonical import sha256_hex
from shared.contract.tally import Tally
from shared.errors import PolicyError, ProtectionError
from shared.policy import Policy
from shared.redaction import Secret
from shared.reference import Level, Reference
from shared.state.round_documents import KnownRound

RULES_VERSION = "PROTECTION 1"

AMOUNTS = {"dominance_percent"}
"""Parameters of the policy that only the linker can compute with: it has the contributions."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A release that could be proposed: its tables, its manifest, and its internal documents."""

    manifest: Manifest
    tables: tuple[ReleasedTable, ...]
    summary: str
    certificates: bytes
    report: bytes
    counts: bytes


def rules_of(policy: Policy) -> Rules:
    """The policy's parameters as the protection's rules; the same names on both sides.

    The linker has already computed with those that are about shares of an amount.
    """
    return Rules(**policy.protection.model_dump(exclude=AMOUNTS))


def published_of(policy: Policy, tally: Tally) -> tuple[Published, ...]:
    """The tables and levels that both the policy allows and the tally holds."""
    held = {table.id: table.levels for table in tally.header.tables}
    return tuple(
        Published(
            table.id,
            tuple(level for level in table.levels if level in held[table.id]),
            table.sensitive,
        )
        for table in policy.tables
        if table.id in held and not table.of
    )


def rounding_of(policy: Policy, published: Sequence[Published], key: Secret) -> Rounding:
    """The tables that the policy lets be published rounded, beside what is published exactly."""
    exact = {each.table for each in published}
    tables = (RoundedTable(table.id, table.of) for table in policy.tables if table.of in exact)
    return Rounding(tuple(tables), key)


def stage(
    round_: KnownRound,
    tally: Tally,
    *,
    release_id: str,
    previous: Release | None,
    made_at: datetime,
    rounding_key: Secret,
    earlier: Sequence[Earlier] = (),
    progress: Callable[[int, int], None] | None = None,
    processes: int = 1,
) -> Staged:
    """Protect a tally and make the release that follows from it.

    Raises:
        PolicyError: ``mark-missing``.
        ProtectionError: ``correction-waits``; ``protection-unmet`` or a refusal of the verifier
            where leaving levels out is no remedy. Nothing is released then.
    """
    check_mark(tally.header.synthetic, round_)
    rules = rules_of(round_.policy)

    def make(published: tuple[Published, ...]) -> tuple[Protected, tuple[Published, ...]]:
        rounding = rounding_of(round_.policy, published, rounding_key)
        protected = protect_tally(
            tally, round_.reference, rules, published, earlier=earlier, rounding=rounding,
            progress=progress, processes=processes,
        )  # fmt: skip
        verify_protection(
            protected.cells, tally, round_.reference, rules, published, protected.certificates,
            earlier, rounding, protected.rounded,
        )  # fmt: skip
        return protected, published

    allowed = published_of(round_.policy, tally)
    protected, published = (
        narrowed_until_made(make, allowed, tally.header.tables) if rules.fallback else make(allowed)
    )
    rounding = rounding_of(round_.policy, published, rounding_key)
    tables = _released_tables(round_, tally, protected, published, rounding)
    report = protected.report.to_json()
    subject = Subject(
        title=f"Jeugdhulp op school, {round_.reference.region_name}",
        release_id=release_id,
        round_id=tally.header.round_id,
        revision=tally.header.revision,
        synthetic=round_.body.synthetic,
        proof=_proof(protected),
    )
    summary = checker_summary(subject, tables, report, previous)
    manifest = _manifest(round_, tally, tables, subject, summary, previous, made_at)
    return Staged(
        manifest,
        tables,
        summary,
        to_json_lines(protected.certificates),
        report,
        counts_of(tally, [each.table for each in published]),
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


def _released_tables(
    round_: KnownRound,
    tally: Tally,
    protected: Protected,
    published: Sequence[Published],
    rounding: Rounding,
) -> tuple[ReleasedTable, ...]:
    """What readers get: the protected tables with their rates, then the rounded ones."""
    reference = round_.reference
    cells = derive_rates(protected.cells, reference, rules_of(round_.policy))
    titles = {table.id: table.title for table in round_.policy.tables}
    return (
        *(_released_table(each.table, each.table, cells, tally, reference) for each in published),
        *(
            replace(
                _released_table(each.id, each.of, protected.rounded, tally, reference),
                title=titles[each.id],
            )
            for each in rounding.tables
        ),
    )


def _released_table(
    table_id: str, counted_as: str, cells: pd.DataFrame, tally: Tally, reference: Reference
) -> ReleasedTable:
    definition = next(table for table in tally.header.tables if table.id == counted_as)
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


def check_release(
    round_: KnownRound,
    tally: Tally,
    tables: Sequence[ReleasedTable],
    proofs: Sequence[Certificate],
    rounding_key: Secret,
    earlier: Sequence[Earlier] = (),
) -> None:
    """Check released tables against the tally: counts and certificates, then every quotient.

    Raises:
        ProtectionError: ``release-differs``, ``verification-failed`` or ``quotient-differs``.
    """
    rules = rules_of(round_.policy)
    published = _held(published_of(round_.policy, tally), tables)
    rounding = rounding_of(round_.policy, published, rounding_key)
    of_rounded = {each.id for each in rounding.tables}
    rounded = [_frame(table) for table in tables if table.id in of_rounded]
    frames = [_frame(table) for table in tables if table.id not in of_rounded]
    cells = pd.concat(frames, ignore_index=True)
    counts = _cells(cells[~cells["measure"].isin(list(DERIVED))])
    verify_protection(
        counts, tally, round_.reference, rules, published, proofs, earlier, rounding,
        _cells(pd.concat(rounded, ignore_index=True)) if rounded else _cells(counts[:0]),
    )  # fmt: skip
    expected = derive_rates(counts, round_.reference, rules)
    if _keyed(expected) != _keyed(cells):
        raise ProtectionError(
            "quotient-differs",
            "expected every rate and coverage to follow from the released counts, found others",
            hint="stage the release again",
        )


def _held(allowed: Sequence[Published], tables: Sequence[ReleasedTable]) -> tuple[Published, ...]:
    """What a release has of what it may have: less may have been protected, and is then proven."""
    held = {table.id: set(table.cells["level"].unique().to_pylist()) for table in tables}
    kept = (
        replace(
            each,
            levels=tuple(of for of in each.levels if of.value in held.get(each.table, ())),
        )
        for each in allowed
    )
    return tuple(each for each in kept if each.levels)


def _frame(table: ReleasedTable) -> pd.DataFrame:
    cells: pd.DataFrame = table.cells.to_pandas()
    return cells.assign(table=table.id)


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["table", "level", "unit", "period", "category", "measure", "value", "status"]
    types = {"period": "int64", "value": "Int64"}
    return pd.DataFrame(rows, columns=columns).reset_index(drop=True).astype(types)


def _keyed(cells: pd.DataFrame) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Value, decimals and status by key; a withheld value is None."""
    frame = _cells(cells)
    places = zip(*(frame[name] for name in frame.columns[:6]), strict=True)
    values = (None if pd.isna(value) else int(value) for value in frame["value"])
    shown = zip(values, (int(each) for each in cells["decimals"]), frame["status"], strict=True)
    return dict(zip(places, shown, strict=True))


def _proof(protected: Protected) -> Proof:
    report = protected.report
    return Proof(
        rules=RULES_VERSION,
        verified=True,  # `verify_protection` ran on every certificate, or nothing was staged
        exactly_exposed=report.total.exact,
        too_narrow=report.total.too_narrow,
    )


def _manifest(
    round_: KnownRound,
    tally: Tally,
    tables: Sequence[ReleasedTable],
    subject: Subject,
    summary: str,
    previous: Release | None,
    made_at: datetime,
) -> Manifest:
    reference, header = round_.reference, tally.header
    counted_as = {table.id: table.counted_as for table in round_.policy.tables}
    overlaps = {table.id: table.overlaps for table in header.tables}
    return Manifest(
        release_id=subject.release_id,
        title=subject.title,
        region=reference.region,
        region_name=reference.region_name,
        synthetic=subject.synthetic,
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
                overlaps=overlaps[counted_as[table.id]],
            )
            for table in tables
        ),
        measures=_measure_notes(tally, tables),
        proof=subject.proof,
        supersedes=previous.manifest.release_id if previous else "",
        summary_sha256=sha256_hex(summary.encode()),
        sources=tuple(f"{source.title} ({source.licence})" for source in reference.sources),
    )


def _measure_notes(tally: Tally, tables: Sequence[ReleasedTable]) -> tuple[MeasureNote, ...]:
    """One note per measure of the release; the first table that has it says what it means."""
    counted = [measure for table in tally.header.tables for measure in table.measures]
    shown = {id_ for table in tables for id_ in table.cells["measure"].unique().to_pylist()}
    notes: dict[str, MeasureNote] = {}
    for measure in (*counted, *tally.header.derived):
        if measure.id not in shown:
            continue
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
