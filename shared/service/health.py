"""``/healthz``: whether a service is up and its database answers."""

from __future__ import annotations

from fastapi import APIRouter

from shared import __version__
from shared.state.database import Database


def health_router(database: Database) -> APIRouter:
    """The address that a supervisor asks; it says nothing of what the service holds."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """The service is up and its database answers."""
        with database.reading() as session:
            session.connection().exec_driver_sql("SELECT 1")
        return {"status": "ok", "version": __version__}

    return router
