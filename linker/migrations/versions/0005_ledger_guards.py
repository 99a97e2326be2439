"""Guards of the ledger: against REPLACE by any program, and of the head that writers lock."""

from __future__ import annotations

from alembic import op

from shared.state.ledger_table import guard_ledger

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add triggers; no table is touched."""
    guard_ledger(op.get_bind())
