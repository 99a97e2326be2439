"""The figures about a round that the DPIA quotes, as far as they may leave the linker.

The file goes to the municipalities and their privacy officers, and may be published. So it holds
what is public already (deliveries, refusals, destruction), rows rounded to hundreds over all
suppliers of a schema, the blurred shares that the suppliers were told, and a whole per cent over at
least 1,000 rows. Nothing is said of objections, also not by a sum that holds them: every count of
deliveries or envelopes is of the schemas in ``TOLD_SCHEMAS``, or the others follow by subtraction.

Source: DESIGN 5 and 8; docs/dpia/cijfers.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linker.linkage.quality import SMALLEST_BASE
from linker.oversight.holdings import find_holdings
from linker.rounds.retention import Retention
from linker.store import (
    DeliveryRow,
    DeliveryState,
    LinkageFigureRow,
    LinkageRow,
    PartRow,
    RefusalRow,
    deliveries,
    find_round,
)
from linker.tallying.causes import Cause
from linker.tallying.linkages import LINKED, find_linkage, open_report
from linker.tallying.quality import Line, Report
from linker.tallying.told import TOGETHER
from shared.holdings import Remains, remains_of
from shared.identity import PartyId
from shared.policy import Policy
from shared.round import TOLD_SCHEMAS, SchemaName
from shared.state.round_keys import RoundKeys
from shared.statement import Body

WITH_BODIES = (DeliveryState.INCOMPLETE, DeliveryState.HELD, DeliveryState.CURRENT)
"""Deliveries that keep their envelopes until the round is destroyed."""

Percent = Annotated[int, Field(ge=0, le=100)]


class Received(Body):
    """What was received of one schema, over all suppliers together.

    Attributes:
        deliveries: current deliveries.
        rows: rounded to hundreds; None below 1,000.
        unlinkable_percent: rows without a citizen number, which can never be linked; None for
            care, below 1,000 rows, where a small number would follow, and after destruction.
        linked_percent: lowest and highest share of the persons of one delivery that was linked, as
            the suppliers were told; None where nobody was told.
    """

    schema_name: SchemaName
    deliveries: Annotated[int, Field(ge=0)]
    rows: Annotated[int, Field(ge=SMALLEST_BASE)] | None
    unlinkable_percent: Percent | None
    linked_percent: tuple[Percent, Percent] | None


class LinkerFigures(Body):
    """The figures of one round at the linker.

    Attributes:
        refused_uploads: envelopes that intake refused.
        remains: envelopes of the told schemas only.
    """

    format: Literal["MOJ/1 dpia-figures linker"] = "MOJ/1 dpia-figures linker"
    service: PartyId
    made_on: date
    round_id: str
    revision: Annotated[int, Field(ge=1)]
    synthetic: bool
    dpia_version: str
    received: tuple[Received, ...]
    refused_uploads: Annotated[int, Field(ge=0)]
    remains: Remains


def find_figures(
    retention: Retention, round_id: str, now: datetime, policy: Policy | None
) -> LinkerFigures:
    """The figures of a round that was linked.

    Raises:
        StateError: ``round-unknown``, ``round-not-linked`` or ``round-key-absent``.
    """
    holdings = find_holdings(retention, now, policy)
    with retention.database.reading() as session:
        linkage = find_linkage(session, round_id)
        report = _report(linkage, retention.keys)
        pinned = find_round(session, round_id).read()
        refusals = select(func.sum(RefusalRow.count)).where(RefusalRow.round_id == round_id)
        return LinkerFigures(
            service=retention.identity.party,
            made_on=now.date(),
            round_id=round_id,
            revision=linkage.revision,
            synthetic=pinned.body.synthetic,
            dpia_version=pinned.policy.dpia_version,
            received=tuple(_received(session, linkage, report)),
            refused_uploads=session.scalar(refusals) or 0,
            remains=_remains(session, remains_of(holdings, round_id), round_id),
        )


def _remains(session: Session, of_all: Remains, round_id: str) -> Remains:
    """The term and the evidence of the whole round, with counts of the told schemas only.

    What was replaced or rejected lost its bytes at that moment and is not counted; the rest loses
    them when the round is destroyed.
    """
    is_held = PartRow.envelope.is_not(None)
    told = (
        select(is_held, func.count())
        .join(DeliveryRow, DeliveryRow.delivery_id == PartRow.delivery_id)
        .where(
            DeliveryRow.round_id == round_id,
            DeliveryRow.schema_name.in_([each.value for each in TOLD_SCHEMAS]),
            DeliveryRow.state.in_(WITH_BODIES),
        )
        .group_by(is_held)
    )
    counts = {bool(held): count for held, count in session.execute(told)}
    return Remains(
        held=counts.get(True, 0),
        until=of_all.until,
        destroyed=counts.get(False, 0),
        destroyed_at=of_all.destroyed_at,
        statement=of_all.statement,
    )


def _report(linkage: LinkageRow, keys: RoundKeys) -> Report | None:
    """The report; None once it was destroyed."""
    return None if linkage.report is None else open_report(linkage, keys)


def _received(session: Session, linkage: LinkageRow, report: Report | None) -> list[Received]:
    current: dict[str, list[DeliveryRow]] = defaultdict(list)
    for each in deliveries(session, linkage.round_id, DeliveryState.CURRENT):
        current[each.schema_name].append(each)
    lines = report.lines if report else ()
    told = _told(session, linkage)
    return [
        Received(
            schema_name=schema,
            deliveries=len(current[schema.value]),
            rows=rounded_rows(sum(each.rows for each in current[schema.value])),
            unlinkable_percent=(
                unlinkable_percent([each for each in lines if each.schema_name == schema.value])
                if schema is SchemaName.ENROLMENT
                else None
            ),
            linked_percent=told.get(schema.value),
        )
        for schema in TOLD_SCHEMAS
    ]


def rounded_rows(rows: int) -> int | None:
    """Rows as they may leave: to hundreds, and not at all below 1,000."""
    return round(rows, -2) if rows >= SMALLEST_BASE else None


def unlinkable_percent(lines: list[Line]) -> int | None:
    """The share of rows without a citizen number, from what an operator is told of each delivery.

    What is told of several causes together can hold some of them; the share is given only where
    it is the same whether all or none of these are.
    """
    rows = sum(each.rows for each in lines)
    if rows < SMALLEST_BASE:
        return None
    least = most = 0
    for each in lines:
        if each.unlinked is None:
            return None
        told: Mapping[str, int] = dict(each.unlinked)
        known = told.get(Cause.NOT_LINKABLE.value)
        least += known or 0
        most += told.get(TOGETHER, 0) if known is None else known
    percents = {round(100 * count / rows) for count in (least, most)}
    return percents.pop() if len(percents) == 1 else None


def _told(session: Session, linkage: LinkageRow) -> dict[str, tuple[int, int]]:
    """Per schema the lowest and highest share that a supplier was told."""
    figure = LinkageFigureRow
    query = (
        select(figure.schema_name, func.min(figure.value), func.max(figure.value))
        .where(
            figure.round_id == linkage.round_id,
            figure.revision == linkage.revision,
            figure.name == LINKED,
        )
        .group_by(figure.schema_name)
    )
    return {schema: (lowest, highest) for schema, lowest, highest in session.execute(query)}
