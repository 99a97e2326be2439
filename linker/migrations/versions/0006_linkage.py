"""Linkages: the manifest and the sealed report of each, and figures for a later round."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add two tables; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "linkage",
        sa.Column("round_id", sa.String(41), sa.ForeignKey("round.round_id"), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("made_at", sa.String(20), nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("tally_mac", sa.String(64), nullable=False),
        sa.Column("report", sa.LargeBinary),
    )
    op.create_table(
        "linkage_figure",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("supplier", sa.String(31), primary_key=True),
        sa.Column("schema_name", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["round_id", "revision"], ["linkage.round_id", "linkage.revision"]),
    )
