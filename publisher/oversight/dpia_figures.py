"""The figures about a release that the DPIA quotes: made of what readers have, and no more.

The file goes to the municipalities and their privacy officers, and may be published. So it is
counted from the released bytes and the signed manifest: neither a reason why a cell is withheld,
nor how many are withheld to protect another, stands in it.

Source: DESIGN 8, PROTECTION 5; docs/dpia/cijfers.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from sqlalchemy import func, select

from publisher.oversight.holdings import find_holdings
from publisher.protection.measures import RULES, counts_persons
from publisher.reading import read_history
from publisher.released import CellStatus, ReleasedTable
from publisher.rounds.retention import Retention
from publisher.store import TallyRow, find_release
from shared.errors import StateError
from shared.holdings import Remains, remains_of
from shared.identity import PartyId
from shared.policy import Policy
from shared.statement import Body

Count = Annotated[int, Field(ge=0)]
PERSONS = tuple(measure for measure in RULES if counts_persons(measure))
"""Measures that count children."""
EXACT = (CellStatus.PLAIN.value, CellStatus.UNRELIABLE.value, CellStatus.PROVISIONAL.value)
"""Statuses of cells that show the number as it was counted."""


class TableFigures(Body):
    """What was published of one table.

    Attributes:
        withheld: cells without a value, whatever the reason.
        rounded: cells that were published rounded.
        smallest: the smallest number of children, above 0, that stands unrounded; None for none.
    """

    id: str
    title: str
    cells: Count
    withheld: Count
    rounded: Count
    smallest: Annotated[int, Field(ge=1)] | None


class PublisherFigures(Body):
    """The figures of one release at the publisher.

    Attributes:
        tallies_received: revisions of the round's tally.
        verified: a checker that shares no code with the search agreed with every proof.
        exactly_exposed: withheld cells that the attack could compute.
        too_narrow: withheld cells that the attack could come too close to.
    """

    format: Literal["MOJ/1 dpia-figures publisher"] = "MOJ/1 dpia-figures publisher"
    service: PartyId
    made_on: date
    release_id: str
    round_id: str
    revision: Annotated[int, Field(ge=1)]
    state: str
    synthetic: bool
    dpia_version: str
    rules: str
    tallies_received: Count
    tables: tuple[TableFigures, ...]
    verified: bool
    exactly_exposed: Count
    too_narrow: Count
    remains: Remains


def find_figures(
    retention: Retention, release_id: str, now: datetime, policy: Policy | None
) -> PublisherFigures:
    """The figures of a release that readers have or had.

    Raises:
        NotFoundError: ``release-unknown``.
        StateError: ``release-not-published``.
    """
    holdings = find_holdings(retention, now, policy)
    with retention.database.reading() as session:
        row = find_release(session, release_id)
        if row.published_at is None:
            raise StateError(
                "release-not-published",
                f"expected a release that was published, found {release_id} {row.state}",
                hint="publish it first; before that its figures are for the approvers only",
            )
        release = read_history(session, row)
        tallies = select(func.count()).where(TallyRow.round_id == row.round_id)
        manifest = release.manifest
        return PublisherFigures(
            service=retention.identity.party,
            made_on=now.date(),
            release_id=release_id,
            round_id=row.round_id,
            revision=row.revision,
            state=row.state.value,
            synthetic=manifest.synthetic,
            dpia_version=manifest.dpia_version,
            rules=manifest.proof.rules,
            tallies_received=session.scalar(tallies) or 0,
            tables=tuple(table_figures(table) for table in release.tables),
            verified=manifest.proof.verified,
            exactly_exposed=manifest.proof.exactly_exposed,
            too_narrow=manifest.proof.too_narrow,
            remains=remains_of(holdings, row.round_id),
        )


def table_figures(table: ReleasedTable) -> TableFigures:
    """What was published of a table, counted from its released cells."""
    cells = table.cells
    persons = cells.filter(
        pc.and_(
            pc.is_in(cells["measure"], value_set=_strings(PERSONS)),
            pc.is_in(cells["status"], value_set=_strings(EXACT)),
        )
    )
    positive = persons.filter(pc.greater(persons["value"], 0))
    return TableFigures(
        id=table.id,
        title=table.title,
        cells=cells.num_rows,
        withheld=_with_status(table, CellStatus.WITHHELD),
        rounded=_with_status(table, CellStatus.ROUNDED),
        smallest=pc.min(positive["value"]).as_py(),
    )


def _with_status(table: ReleasedTable, status: CellStatus) -> int:
    return int(pc.sum(pc.equal(table.cells["status"], status.value)).as_py() or 0)


def _strings(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())
