"""Figures from elsewhere, beside the releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add one table; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "context_import",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("document", sa.LargeBinary),
        sa.Column("imported_at", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
    )
