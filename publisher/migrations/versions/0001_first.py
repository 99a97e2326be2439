"""Rounds, tallies, releases, released tables, approvals, internal documents and ledger."""

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
        sa.Column("accepted_at", sa.String(20), nullable=False),
        sa.Column("destruction", sa.LargeBinary),
    )
    op.create_table(
        "tally",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("round_id", sa.String(41), sa.ForeignKey("round.round_id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("envelope", sa.LargeBinary),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.String(20), nullable=False),
        sa.UniqueConstraint("round_id", "revision"),
    )
    op.create_table(
        "release",
        sa.Column("release_id", sa.String(60), primary_key=True),
        sa.Column("round_id", sa.String(41), sa.ForeignKey("round.round_id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("proposer", sa.String(31), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("withdrawal", sa.LargeBinary),
        sa.Column("staged_at", sa.String(20), nullable=False),
        sa.Column("published_at", sa.String(20)),
    )
    release = sa.ForeignKey("release.release_id")
    op.create_table(
        "released_table",
        sa.Column("release_id", sa.String(60), release, primary_key=True),
        sa.Column("table_id", sa.String(60), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary),
    )
    op.create_table(
        "approval",
        sa.Column("release_id", sa.String(60), sa.ForeignKey("release.release_id"),
                  primary_key=True),
        sa.Column("party", sa.String(31), primary_key=True),
        sa.Column("organisation", sa.String(120), nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("card", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_table(
        "internal_document",
        sa.Column("release_id", sa.String(60), sa.ForeignKey("release.release_id"),
                  primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("box", sa.LargeBinary),
    )  # fmt: skip
    create_ledger(op.get_bind())
