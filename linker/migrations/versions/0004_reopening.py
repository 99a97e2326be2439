"""Reopening a round, and the keys that were offered for rounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add one column and one table; adding a column copies no table, so the triggers stay."""
    op.add_column("round", sa.Column("open_until", sa.Date))
    op.create_table(
        "offer",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("offered_at", sa.String(20), nullable=False),
        sa.Column("destruction", sa.LargeBinary),
    )
