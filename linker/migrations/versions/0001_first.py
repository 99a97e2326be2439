"""Rounds, deliveries, parts, refusals, outbox and ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.state.ledger_table import create_ledger

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "round",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("register", sa.LargeBinary, nullable=False),
        sa.Column("reference", sa.LargeBinary, nullable=False),
        sa.Column("policy", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.String(20), nullable=False),
        sa.Column("closed_at", sa.String(20)),
        sa.Column("destruction", sa.LargeBinary),
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.String(32), primary_key=True),
        sa.Column("round_id", sa.String(41), sa.ForeignKey("round.round_id"), nullable=False),
        sa.Column("supplier", sa.String(31), nullable=False),
        sa.Column("schema_name", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("supersedes", sa.String(32), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("held_for", sa.String(200), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
    )
    op.create_index("ix_delivery_round_id", "delivery", ["round_id"])
    op.create_table(
        "part",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column(
            "delivery_id", sa.String(32), sa.ForeignKey("delivery.delivery_id"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("last", sa.Boolean, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("envelope", sa.LargeBinary),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("delivery_id", "number"),
    )
    op.create_index("ix_part_delivery_id", "part", ["delivery_id"])
    op.create_table(
        "refusal",
        sa.Column("round_id", sa.String(41), primary_key=True),
        sa.Column("supplier", sa.String(31), primary_key=True),
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("round_id", sa.String(41), sa.ForeignKey("round.round_id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("envelope", sa.LargeBinary),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("receipt", sa.LargeBinary),
        sa.Column("created_at", sa.String(20), nullable=False),
    )
    op.create_index("ix_outbox_round_id", "outbox", ["round_id"])
    create_ledger(op.get_bind())
