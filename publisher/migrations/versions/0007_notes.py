"""Notes about signals and measures, beside the releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "note",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("text", sa.String(800), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("written_on", sa.Date, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
    )
