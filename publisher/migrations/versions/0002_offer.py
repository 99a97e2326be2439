"""Keys that were offered for rounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "offer",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("offered_at", sa.String(20), nullable=False),
        sa.Column("destruction", sa.LargeBinary),
    )
