"""The API over releases in memory, with a calendar and the documents of the shipped example."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.api import api_router
from publisher.api.governing import documents_of
from publisher.downloads.addresses import API_ROOT
from publisher.released import Announcement, Release
from shared.agreements import load_agreements
from shared.policy import load_policy
from shared.service.problems import install_problem_handlers
from tests.support.releases import RELEASE_ID, MemoryReader, reference

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "docs" / "dpia" / "policy.toml"
RELEASE = f"/releases/{RELEASE_ID}"
TABLE = f"{RELEASE}/tables/pupils_and_clients"
CELLS = f"{TABLE}/observations"
PLANTED = "Planted123456782"
"""What a reader sends and no answer may repeat."""


def api_application(*releases: Release) -> FastAPI:
    """The API as the publisher puts it together, without anything around it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    install_problem_handlers(app)
    documents = documents_of(
        load_policy(POLICY), load_agreements(ROOT / "docs" / "dpia" / "agreements.toml")
    )
    calendar = (Announcement("Volgende uitgave", date(2027, 6, 1), True, date(2027, 5, 1)),)
    app.include_router(
        api_router(
            MemoryReader(releases),
            lambda _release: reference(),
            calendar_of=lambda: calendar,
            governance_of=lambda: documents,
        )
    )
    return app


def api_client(*releases: Release) -> TestClient:
    """A client that asks addresses below the root of the API."""
    return TestClient(
        api_application(*releases),
        base_url=f"http://testserver{API_ROOT}",
        raise_server_exceptions=False,
    )
