"""Figures: whole per cents about a delivery, against which a later round's is judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "figure",
        sa.Column(
            "delivery_id", sa.String(32), sa.ForeignKey("delivery.delivery_id"), primary_key=True
        ),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("percent", sa.Integer, nullable=False),
    )
