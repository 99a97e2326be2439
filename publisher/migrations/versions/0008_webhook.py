"""Addresses that are told of releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "webhook",
        sa.Column("url", sa.String(500), primary_key=True),
        sa.Column("told_seq", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.String(20)),
        sa.Column("problem", sa.String(40), nullable=False),
        sa.Column("added_at", sa.String(20), nullable=False),
    )
