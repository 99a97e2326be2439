"""Requests for change, and the release calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add two tables; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "change_request",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("release_id", sa.String(60), sa.ForeignKey("release.release_id"), nullable=False),
        sa.Column("party", sa.String(31), nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.String(20), nullable=False),
    )
    op.create_table(
        "announcement",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("expected_on", sa.Date, nullable=False),
        sa.Column("provisional", sa.Boolean, nullable=False),
        sa.Column("moved_from", sa.Date),
        sa.Column("announced_at", sa.String(20), nullable=False),
    )
