"""Match rates: what a supplier is told about one linkage of its delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "match_rate",
        sa.Column(
            "delivery_id", sa.String(32), sa.ForeignKey("delivery.delivery_id"), primary_key=True
        ),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("percent", sa.Integer),
    )
