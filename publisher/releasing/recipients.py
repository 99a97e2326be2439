"""Who may read a table: what the policy declares, against who can read this publisher.

A release is read as a whole: whoever gets in, gets every table. So a table that is not for
everybody is published by a closed publisher only.

Source: DPIA, question 6.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from publisher.policies import ReleaseState
from publisher.store import ReleasedTableRow, ReleaseRow, find_round
from shared.errors import PolicyError
from shared.policy import EVERYBODY, Policy, read_policy


def check_recipients(policy: Policy, tables: Iterable[str], *, is_closed: bool) -> None:
    """Refuse to show a table to readers whom the policy does not name as its recipients.

    Args:
        policy: of the round.
        tables: ids of the tables that would be shown.
        is_closed: whether only readers whom somebody let in can read this publisher.

    Raises:
        PolicyError: ``recipients-not-everybody``.
    """
    shown = set(tables)
    narrow = [
        table.id
        for table in policy.tables
        if table.id in shown and EVERYBODY not in table.recipients
    ]
    if narrow and not is_closed:
        raise PolicyError(
            "recipients-not-everybody",
            f"expected tables for everybody on a public publisher, found {', '.join(narrow)}",
            hint='set access = "closed" in publisher.toml, or take the table out of the policy; '
            "another recipient needs a new version of the DPIA",
        )


def check_shown(session: Session, *, is_closed: bool) -> None:
    """Refuse to open a publisher that was closed, while it shows tables that are for a few.

    Raises:
        PolicyError: ``recipients-not-everybody``.
    """
    readable = ReleaseRow.published_at.is_not(None), ReleaseRow.state != ReleaseState.EXPIRED
    for row in session.scalars(select(ReleaseRow).where(*readable)):
        of_release = ReleasedTableRow.release_id == row.release_id
        tables = session.scalars(select(ReleasedTableRow.table_id).where(of_release))
        policy = read_policy(find_round(session, row.round_id).policy).policy
        check_recipients(policy, tables, is_closed=is_closed)
