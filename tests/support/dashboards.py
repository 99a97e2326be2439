"""The whole dashboard over a release with every table: its addresses, and what readers ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.api import api_router
from publisher.dashboard import dashboard_router
from publisher.dashboard.governance import Governance
from publisher.released import Release
from shared.agreements import load_agreements
from shared.policy import load_policy
from shared.service.headers import SecurityHeaders
from shared.service.problems import install_problem_handlers
from tests.support.region_release import PRIMARY, REGION_RELEASE, SECONDARY, SPECIAL, region
from tests.support.releases import MemoryReader

DOCUMENTS = Path(__file__).parents[2] / "docs" / "dpia"
"""Of this repository."""

EVERY_PAGE = (
    "/",
    "/gemeenten",
    "/gemeenten/GM0222",
    "/woongemeenten/GM0222",
    "/samenwerkingsverbanden",
    "/samenwerkingsverbanden-po/PO2502",
    "/schoolsoorten",
    "/schoolsoorten/BO",
    "/scholen",
    f"/scholen/{PRIMARY}",
    f"/scholen/{SPECIAL}",
    "/onderwerpen",
    "/onderwerpen/kosten",
    "/onderwerpen/vormen?niveau=school",
    "/vergelijken",
    f"/vergelijken?kies=school:{PRIMARY}&kies=school:{SECONDARY}&kies=municipality:GM0222",
    "/verkennen",
    "/arrangementen",
    "/arrangementen/1",
    "/methode",
    "/releases",
    f"/releases/{REGION_RELEASE}",
    "/wijzigingen",
    "/verantwoording",
    "/toegankelijkheid",
)
"""One address of every kind of page."""


@dataclass(frozen=True, slots=True)
class Question:
    """What readers ask, the links that they follow from the front page, and words of the answer.

    The search field counts as one click, and so does a choice from its results.
    """

    id: str
    clicks: tuple[str, ...]
    answer: str


_SCHOOL = ("/scholen?zoek=Linde", f"/scholen/{PRIMARY}")

QUESTIONS = (
    Question("clients-and-providers", _SCHOOL, "Aanbieders van jeugdhulp"),
    Question("per-100-by-type", ("/schoolsoorten",), "Per 100 leerlingen"),
    Question("around-the-mean", ("/schoolsoorten", "/schoolsoorten/BO"), "Naast het gemiddelde"),
    Question("development", _SCHOOL, "is het aantal per 100 leerlingen"),
    Question("costs-by-municipality", ("/onderwerpen/kosten",), "Kosten in euro’s"),
    Question("costs-by-type", ("/onderwerpen/kosten", "/onderwerpen/kosten?niveau=type"),
             "Basisonderwijs"),
    Question("costs-by-school", ("/onderwerpen/kosten", "/onderwerpen/kosten?niveau=school"),
             "Basisschool De Linde"),
    Question("forms", ("/onderwerpen/vormen",), "Pleegzorg"),
    Question("gp", ("/onderwerpen/ggz", "/onderwerpen/ggz?niveau=school&soort=VO"),
             "Met ggz via de huisarts"),
    Question("dyslexia", ("/onderwerpen/dyslexie", "/onderwerpen/dyslexie?niveau=swv_po"),
             "Oost Achterhoek"),
    Question("half-days", ("/onderwerpen/dagbehandeling",), "Dagdelen dagbehandeling"),
    Question("referrers", ("/onderwerpen/verwijzers",), "Huisarts"),
    Question("duration", ("/onderwerpen/duur",), "Gemiddelde duur in dagen"),
    Question("age", ("/onderwerpen/leeftijd",), "8 tot en met 11 jaar"),
    Question("arrangement", ("/arrangementen", "/arrangementen/1"), "Voor en na de start"),
    Question("kept", ("/verantwoording",), "Bewaartermijnen"),
)  # fmt: skip
"""The questions of docs/handleiding/analist.md that can be answered."""


def governance() -> Governance:
    """The policy and agreements of this repository: the example, with status concept."""
    policy = load_policy(DOCUMENTS / "policy.toml")
    agreements = load_agreements(DOCUMENTS / "agreements.toml")
    return Governance(policy.policy, policy.sha256, agreements.agreements, agreements.sha256)


def dashboard_app(*releases: Release) -> FastAPI:
    """Pages and API over releases in memory, newest first, put together as the publisher does."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)
    reader = MemoryReader(releases)
    app.include_router(api_router(reader))
    app.include_router(dashboard_router(reader, lambda _release: region(), governance))
    return app


def dashboard(*releases: Release) -> TestClient:
    """A client of the same."""
    return TestClient(dashboard_app(*releases), raise_server_exceptions=False)
