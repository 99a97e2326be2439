"""What is kept of every linkage: its manifest, its sealed report, and figures for the next round.

The manifest holds nothing about a person and stays. The report is sealed under the round's key and
goes with it. Figures are whole per cents and rows rounded to tens; they outlive the round, because
the next is judged by them, and go at the term of the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from linker.store import LinkageFigureRow, LinkageRow, RoundRow, find_round
from linker.tallying.manifest import Manifest
from linker.tallying.quality import Report
from shared.errors import GoneError, StateError
from shared.redaction import Secret
from shared.round import Round
from shared.state.database import Transaction
from shared.state.round_keys import RoundKeys
from shared.state.sealed import open_at_rest, seal_at_rest

LINKED = "linked"
"""The figure with the share that was linked, as the supplier was told."""
ROWS = "rows:"
"""Begins the name of the figure with the rows of a period, rounded to tens."""
UNKNOWN = "unknown:"
"""Begins the name of the figure with the share of unknown codes of a column."""

Figures = Mapping[tuple[str, str, str], int]
"""By supplier, schema and name."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """What is kept of a linkage, before it is."""

    manifest: Manifest
    tally_mac: str
    report: Report
    sealed: bytes

    @classmethod
    def of(cls, manifest: Manifest, tally_mac: str, report: Report, keys: RoundKeys) -> Linkage:
        """Seal the report of a linkage under the round's key."""
        key, binding = _sealing(keys, manifest.round_id, manifest.revision)
        sealed = seal_at_rest(key, binding, report.to_bytes())
        return cls(manifest, tally_mac, report, sealed)


def keep_linkage(tx: Transaction, linkage: Linkage) -> None:
    """Keep a linkage in the transaction that queues its tally."""
    manifest = linkage.manifest
    place = {"round_id": manifest.round_id, "revision": manifest.revision}
    tx.session.add(
        LinkageRow(
            **place,
            made_at=tx.now,
            manifest=manifest.to_bytes(),
            tally_mac=linkage.tally_mac,
            report=linkage.sealed,
        )
    )
    tx.session.flush()  # the figures refer to it
    for (supplier, schema, name), value in figures_of(linkage.report).items():
        tx.session.add(
            LinkageFigureRow(**place, supplier=supplier, schema_name=schema, name=name, value=value)
        )


def figures_of(report: Report) -> Figures:
    """The figures of a report that are kept for the next round; a share over too few is not."""
    found: dict[tuple[str, str, str], int | None] = {}
    for line in report.lines:
        key = (line.supplier, line.schema_name)
        found[*key, LINKED] = line.linked_percent
        for column, percent in line.unknown.items():
            found[*key, f"{UNKNOWN}{column}"] = percent
        for period, rows in line.rows_by_period.items():
            found[*key, f"{ROWS}{period}"] = rows
    return {key: value for key, value in found.items() if value is not None}


def find_linkage(session: Session, round_id: str, revision: int | None = None) -> LinkageRow:
    """One linkage of a round, the last unless told otherwise.

    Raises:
        StateError: ``round-unknown``, or ``round-not-linked``.
    """
    row = find_round(session, round_id)
    found = session.get(LinkageRow, (round_id, revision or row.revision))
    if found is None:
        which = f"revision {revision}" if revision else "a linkage"
        raise StateError(
            "round-not-linked",
            f"expected {which} of {round_id}, found none",
            hint="link the round first; see `linker round status`",
        )
    return found


def open_report(row: LinkageRow, keys: RoundKeys) -> Report:
    """The report of a linkage.

    Raises:
        GoneError: ``round-destroyed``.
        StateError: ``round-key-absent``.
        TrustError: ``document-altered``.
    """
    if row.report is None:
        raise GoneError(
            "round-destroyed",
            "expected a round that was not destroyed, found that it was",
            hint="the manifest of the linkage and the statement of destruction stay",
        )
    key, binding = _sealing(keys, row.round_id, row.revision)
    return Report.from_bytes(open_at_rest(key, binding, row.report))


def figures_before(session: Session, row: LinkageRow, *, synthetic: bool) -> Figures | None:
    """The figures of the round that was linked last before ``row``; None where there is none."""
    before = linked_before(session, row, synthetic=synthetic)
    if before is None:
        return None
    query = select(LinkageFigureRow).where(
        LinkageFigureRow.round_id == before.round_id,
        LinkageFigureRow.revision == before.revision,
    )
    return {
        (each.supplier, each.schema_name, each.name): each.value for each in session.scalars(query)
    }


def linked_before(session: Session, row: LinkageRow, *, synthetic: bool) -> RoundRow | None:
    """The round with the same kind of data that was linked last before ``row``'s own."""
    first = session.scalars(
        select(LinkageRow.made_at)
        .where(LinkageRow.round_id == row.round_id)
        .order_by(LinkageRow.made_at)
    ).first()
    query = (
        select(RoundRow)
        .join(LinkageRow, LinkageRow.round_id == RoundRow.round_id)
        .where(RoundRow.round_id != row.round_id, LinkageRow.made_at < first)
        .order_by(LinkageRow.made_at.desc(), RoundRow.round_id)
    )
    for found in session.scalars(query):
        body: Round = found.body()
        if body.synthetic == synthetic:
            return found
    return None


def delete_reports(tx: Transaction, round_id: str) -> None:
    """Delete the sealed reports of a round."""
    tx.session.execute(
        update(LinkageRow).where(LinkageRow.round_id == round_id).values(report=None)
    )


def forget_linkage_figures(tx: Transaction, term: timedelta) -> int:
    """Delete figures whose term has ended; how many there were."""
    old = select(LinkageRow.round_id, LinkageRow.revision).where(
        LinkageRow.made_at <= tx.now - term
    )
    place = tuple_(LinkageFigureRow.round_id, LinkageFigureRow.revision)
    found = tx.session.connection().execute(delete(LinkageFigureRow).where(place.in_(old)))
    return found.rowcount


def _sealing(keys: RoundKeys, round_id: str, revision: int) -> tuple[Secret, tuple[str, ...]]:
    return keys.storage_key(round_id), ("linkage", round_id, str(revision), "quality")
