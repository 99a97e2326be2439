"""Alembic's environment: runs on the connection that ``shared.state.database.migrate`` opened."""

from __future__ import annotations

from alembic import context

from publisher.store import Base
from shared.state.ledger_table import metadata as ledger

context.configure(
    connection=context.config.attributes["connection"], target_metadata=[Base.metadata, ledger]
)
context.run_migrations()
