"""Making the tally of a closed round: open, re-key, link, check, seal, queue.

Plain rows exist in the memory of this process only, and only while it links.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from linker.linkage.database import ENGINE, EngineSettings
from linker.linkage.database import Database as Embedded
from linker.linkage.engine import Linked, Progress, check_inputs, link, link_shards, silent
from linker.linkage.engines import EMBEDDED, open_engine
from linker.linkage.feedback import Noise, told_percent, two_sided_noise
from linker.linkage.indicators import DERIVED, catalogue
from linker.linkage.protecting import PercentRule
from linker.store import (
    DeliveryState,
    OutboxRow,
    RoundRow,
    RoundState,
    deliveries,
    find_round,
    parts,
)
from linker.tallying.causes import Explained
from linker.tallying.linkages import Linkage, keep_linkage
from linker.tallying.manifest import Manifest, tally_mac
from linker.tallying.mirrors import keep_rates
from linker.tallying.opening import Opened, changed, open_deliveries
from linker.tallying.quality import make_report
from linker.tallying.unlinked import Explainer
from shared import __version__
from shared.contract.tally import SCHEMA, SupplierQuality, Tally, TallyHeader
from shared.envelope import Context, EnvelopeKind, read_header, seal
from shared.errors import StateError
from shared.identity import Identity
from shared.ledger import Event
from shared.round import SchemaName
from shared.state.database import Database, Transaction
from shared.state.round_documents import KnownRound
from shared.state.round_keys import RoundKeys


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of some deliveries, before anything is kept of it.

    Attributes:
        told: what the suppliers are told of it.
        laws: how many laws the tally was checked against.
    """

    tally: Tally
    explained: Explained
    told: Mapping[tuple[str, str], int | None]
    laws: int

    @property
    def rows(self) -> int:
        """Rows of enrolments and care that were read."""
        return sum(each.rows for each in self.explained.values())


def make_tally(
    database: Database,
    identity: Identity,
    keys: RoundKeys,
    round_id: str,
    settings: EngineSettings,
    progress: Progress = silent,
    noise: Noise = two_sided_noise,
) -> Tally:
    """Link a closed round and queue its sealed tally for the publisher; see ``link_round``."""
    return link_round(database, identity, keys, round_id, settings, progress, noise).tally


def link_round(
    database: Database,
    identity: Identity,
    keys: RoundKeys,
    round_id: str,
    settings: EngineSettings,
    progress: Progress = silent,
    noise: Noise = two_sided_noise,
) -> Counted:
    """Link a closed round, keep with what it was made, and queue its sealed tally.

    An error leaves the round closed, so that it can be linked again.

    Args:
        settings: what this machine allows.
        progress: told of every step that begins.
        noise: blurs what the suppliers are told about the linkage.

    Raises:
        StateError: ``round-state``, ``round-changed``, ``nothing-covered``, or what the engine
            refuses.
    """
    with database.reading() as session:
        row = find_round(session, round_id)
        if row.state is not RoundState.CLOSED:
            raise StateError(
                "round-state",
                f"expected a closed round, found {round_id} {row.state}",
                hint="close it first with `linker round close`",
            )
        round_, revision = row.read(), row.revision + 1
    progress("open", 0, 1)
    with open_deliveries(database, round_, keys, settings) as opened:
        counted = count_tally(opened, round_, revision, settings, progress, noise)
    progress("keep", 0, 1)
    tally = counted.tally
    linkage = Linkage.of(
        Manifest.of(tally.header, settings),
        tally_mac(tally, keys.tally_key(round_id)),
        make_report(round_.body, tally, counted.explained, counted.told),
        keys,
    )
    _queue(database, identity, round_, counted, linkage)
    return counted


def count_tally(
    opened: Opened,
    round_: KnownRound,
    revision: int,
    settings: EngineSettings,
    progress: Progress = silent,
    noise: Noise = two_sided_noise,
) -> Counted:
    """Count everything in opened deliveries; nothing is kept or changed.

    Raises:
        StateError: ``nothing-covered``, or what the engine refuses.
    """
    covered = {period.code: opened.covered(period.code) for period in round_.body.periods}
    if not any(covered.values()):
        raise StateError(
            "nothing-covered",
            "expected at least one municipality with both enrolment and care, found none",
            hint="see `linker round status` for what was delivered",
        )
    explained = _explain(opened, covered, settings, progress)
    linked, engine = _link(opened, round_, covered, settings, progress)
    header = _header(round_, revision, covered, linked, opened, engine)
    told = {supplier: told_percent(match, noise) for supplier, match in linked.matches.items()}
    return Counted(Tally(header, linked.cells), explained, told, linked.laws)


def _explain(
    opened: Opened,
    covered: Mapping[int, tuple[int, ...]],
    settings: EngineSettings,
    progress: Progress,
) -> Explained:
    """Why rows are not linked, shard by shard, before the linkage has its memory."""
    count = opened.shard_count(settings)
    with Embedded(settings) as engine:
        explainer = Explainer(engine, opened.suppliers)
        explainer.begin(covered)
        for index, inputs in enumerate(opened.shards(settings)):
            progress("explain", index, count)
            explainer.count(inputs)
    return explainer.result()


def _link(
    opened: Opened,
    round_: KnownRound,
    covered: Mapping[int, tuple[int, ...]],
    settings: EngineSettings,
    progress: Progress,
) -> tuple[Linked, str]:
    """Link what was opened, and on which engine: embedded, unless the environment names another."""
    policy, periods = round_.policy.protection, round_.body.periods
    rule = PercentRule(policy.p_percent, policy.dominance_percent)
    counts = (SchemaName.ENROLMENT, SchemaName.CARE)
    embedded = os.environ.get("LINK_ENGINE", EMBEDDED) == EMBEDDED
    if opened.staged is None and embedded:
        rows, objections = opened.of(*counts), opened.of(SchemaName.OBJECTION)
        reference = round_.reference
        linked = link(rows, objections, reference, periods, covered, settings, progress, rule)
        return linked, ENGINE
    parts = [each.without_rows() for each in opened.seen if each.schema in counts]
    check_inputs(parts, (), round_.reference, periods, covered)
    count = opened.shard_count(settings)
    with open_engine(settings, os.environ, count) as engine:
        name = ENGINE if isinstance(engine, Embedded) else engine.name
        linked = link_shards(
            opened.shards(settings), opened.suppliers, round_.reference, periods, covered,
            settings, progress, rule, count=count, engine=engine,
            file=None if opened.staged is None else opened.staged.file,
        )  # fmt: skip
    return linked, name


def _header(
    round_: KnownRound,
    revision: int,
    covered: Mapping[int, tuple[int, ...]],
    linked: Linked,
    opened: Opened,
    engine: str,
) -> TallyHeader:
    return TallyHeader(
        round_id=round_.body.round_id,
        round_statement=round_.sha256,
        revision=revision,
        synthetic=round_.body.synthetic,
        policy=round_.body.policy,
        reference=round_.body.reference,
        linker_version=__version__,
        engine=engine,
        periods=round_.body.periods,
        covered={str(code): places for code, places in covered.items()},
        tables=catalogue(round_.reference),
        derived=DERIVED,
        quality=_quality(linked, opened.rows()),
        double_claims=linked.double_claims,
        inputs=opened.inputs,
    )


def _quality(
    linked: Linked, delivered: Mapping[tuple[str, str], int]
) -> tuple[SupplierQuality, ...]:
    """Quality with the rows as delivered: what is left after objections would tell their number."""
    return tuple(
        each.model_copy(update={"rows": delivered[each.supplier, each.schema_name]})
        for each in linked.quality
    )


def _queue(
    database: Database,
    identity: Identity,
    round_: KnownRound,
    counted: Counted,
    linkage: Linkage,
) -> None:
    offer, body, tally = round_.publisher, round_.body, counted.tally
    context = Context(
        kind=EnvelopeKind.TALLY,
        sender=identity.party,
        recipient=offer.card.party,
        round_id=body.round_id,
        round_statement=round_.sha256,
        schema_name=SCHEMA,
        policy=body.policy,
        agreement="",
        calibration=body.calibration,
        synthetic=int(body.synthetic),
        delivery=secrets.token_hex(16),
        part=1,
        previous="",
        last=1,
        supersedes="",
        revision=tally.header.revision,
        rows=0,
        tool=f"linker {__version__}",
    )
    envelope = seal(context, tally.to_bytes(), identity, offer.sealing_key())
    address = read_header(envelope).sha256

    def queue(tx: Transaction) -> None:
        row = find_round(tx.session, body.round_id)
        row.move(RoundState.LINKED)  # refuses a second link that ran at the same time
        _check_unchanged(tx.session, row, tally)
        row.revision = tally.header.revision
        tx.record(Event.ROUND_LINKED, round=body.round_id, revision=row.revision,
                  manifest=linkage.manifest.sha256)  # fmt: skip
        keep_rates(tx, body.round_id, row.revision, counted.told)
        keep_linkage(tx, linkage)
        tx.session.add(
            OutboxRow(
                sha256=address,
                round_id=body.round_id,
                revision=row.revision,
                envelope=envelope,
                attempts=0,
                created_at=tx.now,
            )
        )
        tx.record(Event.TALLY_QUEUED, round=body.round_id, envelope=address)

    database.run(queue)


def _check_unchanged(session: Session, row: RoundRow, tally: Tally) -> None:
    """Refuse a tally of deliveries that are not current any more.

    The round can have been reopened and closed again while it was linked.
    """
    now = sorted(
        part.sha256
        for delivery in deliveries(session, row.round_id, DeliveryState.CURRENT)
        for part in parts(session, delivery.delivery_id)
    )
    if (row.revision + 1, tuple(now)) != (tally.header.revision, tally.header.inputs):
        raise changed(row.round_id)
