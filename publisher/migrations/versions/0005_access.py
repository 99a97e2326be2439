"""Tokens, roles of accounts, signing in, sessions, and the log of access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add five tables; no other is touched, so the triggers of the ledger stay."""
    op.create_table(
        "access_token",
        sa.Column("token_id", sa.String(16), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("organisation", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("scopes", sa.String(120), nullable=False),
        sa.Column("area", sa.String(6), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.Column("revoked_at", sa.String(20)),
        sa.Column("last_used_on", sa.Date),
    )
    op.create_table(
        "access_mandate",
        sa.Column("mandate_id", sa.String(16), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organisation", sa.String(120), nullable=False),
        sa.Column("party", sa.String(31), nullable=False),
        sa.Column("statement", sa.LargeBinary),
        sa.Column("proposed_at", sa.String(20), nullable=False),
        sa.Column("confirmed_at", sa.String(20)),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.Column("revoked_at", sa.String(20)),
    )
    op.create_table(
        "access_sign_in",
        sa.Column("state_sha256", sa.String(64), primary_key=True),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("started_at", sa.String(20), nullable=False),
    )
    op.create_table(
        "access_session",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("started_at", sa.String(20), nullable=False),
        sa.Column("seen_at", sa.String(20), nullable=False),
    )
    op.create_table(
        "access_log",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("organisation", sa.String(120), primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("resource", sa.String(20), primary_key=True),
    )
