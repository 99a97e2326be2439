"""Seals on what opens something, the card that confirmed a mandate, and the mandate of a session.

Only the publisher's own key makes a seal, and no migration has that key. So sessions end here, and
tokens and roles that were given before open nothing until they are given, or confirmed, anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add columns to three tables; no table is made anew, so the triggers of the ledger stay."""
    op.execute("DELETE FROM access_session")
    for table in ("access_token", "access_mandate", "access_session"):
        op.add_column(table, sa.Column("seal", sa.String(64), nullable=False, server_default=""))
    op.add_column("access_mandate", sa.Column("card", sa.LargeBinary))
    op.add_column(
        "access_session",
        sa.Column("mandate_id", sa.String(16), nullable=False, server_default=""),
    )
