"""The whole dashboard over a release with every table: its addresses, and what readers ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.api import api_router
from publisher.dashboard import dashboard_router
from publisher.dashboard.governance import Governance
from publisher.dashboard.problem_pages import ProblemPages
from publisher.dashboard.site import NotesNow
from publisher.notes.note import Note, Status
from publisher.notes.shown import Notes
from publisher.released import Release
from shared.agreements import load_agreements
from shared.policy import load_policy
from shared.reference import Level
from shared.service.headers import SecurityHeaders
from shared.service.problems import install_problem_handlers
from tests.support.context import context
from tests.support.region_release import PRIMARY, REGION_RELEASE, SECONDARY, SPECIAL, region
from tests.support.releases import MemoryReader

DOCUMENTS = Path(__file__).parents[2] / "docs" / "dpia"
"""Of this repository."""

EVERY_PAGE = (
    "/",
    "/gemeenten",
    "/gemeenten/GM0222",
    "/gemeenten/GM0222/oogo",
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
    "/aanbieders",
    "/aanbieders/g0",
    "/context",
    "/context/land",
    "/context/gemeenten/GM0222",
    "/context/samenwerkingsverbanden/PO2502",
    "/context/vragenlijsten/beleid",
    "/context/vragenlijsten/ouders-jongeren",
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
    Question("one-provider", ("/onderwerpen/aanbieders", "/aanbieders", "/aanbieders/g0"),
             "Leerlingen met hulp van deze aanbieder"),
    Question("referrers", ("/onderwerpen/verwijzers",), "Huisarts"),
    Question("duration", ("/onderwerpen/duur",), "Gemiddelde duur in dagen"),
    Question("age", ("/onderwerpen/leeftijd",), "8 tot en met 11 jaar"),
    Question("arrangement", ("/arrangementen", "/arrangementen/1"), "Voor en na de start"),
    Question("elsewhere-by-municipality", ("/context", "/context/gemeenten/GM0222"),
             "Eenoudergezinnen"),
    Question("elsewhere-by-swv", ("/context",), "Oost Achterhoek"),
    Question("elsewhere-country", ("/context", "/context/land"), "Voortijdig schoolverlaters"),
    Question("policy-staff", ("/context", "/context/vragenlijsten/beleid"), "Alle regio’s"),
    Question("professionals", ("/context", "/context/vragenlijsten/professionals"),
             "Alle regio’s"),
    Question("parents-and-young", ("/context", "/context/vragenlijsten/ouders-jongeren"),
             "Alle regio’s"),
    Question("note", ("/arrangementen", "/arrangementen/1"), "Wordt opnieuw bekeken op"),
    Question("compare", (*_SCHOOL, f"/vergelijken?kies=school:{PRIMARY}"),
             "Leerlingen met jeugdhulp per 100 leerlingen"),
    Question("report", ("/gemeenten", "/gemeenten/GM0222", "/gemeenten/GM0222/oogo"),
             "Welke onderwerpen komen in het rapport?"),
    Question("kept", ("/verantwoording",), "Bewaartermijnen"),
)  # fmt: skip
"""The questions of docs/handleiding/analist.md that can be answered."""

_NOTE = Note(
    id="zorg-in-de-klas", version=1, level=Level.ARRANGEMENT, unit="1", status=Status.SIGNAL,
    title="Minder losse trajecten", text="Wij kijken of hulp in de klas losse hulp vervangt.",
    owner="Werkgroep onderwijs en jeugdhulp", review_on=date(2026, 9, 1),
    written_on=date(2025, 10, 1),
)  # fmt: skip
NOTES = Notes.of((
    _NOTE,
    replace(_NOTE, version=2, status=Status.MONITORING, written_on=date(2026, 3, 2)),
    replace(_NOTE, id="de-linde", level=Level.SCHOOL, unit=PRIMARY, status=Status.ANALYSIS,
            review_on=date(2027, 9, 1)),
), date(2026, 10, 1))  # fmt: skip
"""Notes for whoever looks at the pages; the first should have been looked at again."""


def governance() -> Governance:
    """The policy and agreements of this repository: the example, with status concept."""
    policy = load_policy(DOCUMENTS / "policy.toml")
    agreements = load_agreements(DOCUMENTS / "agreements.toml")
    return Governance(policy.policy, policy.sha256, agreements.agreements, agreements.sha256)


def dashboard_app(*releases: Release, notes: NotesNow = Notes) -> FastAPI:
    """Pages and API over releases in memory, newest first, put together as the publisher does."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ProblemPages)
    reader = MemoryReader(releases)
    app.include_router(api_router(reader))
    app.include_router(
        dashboard_router(reader, lambda _release: region(), governance, context, notes)
    )
    return app


def dashboard(*releases: Release, notes: NotesNow = Notes) -> TestClient:
    """A client of the same."""
    return TestClient(dashboard_app(*releases, notes=notes), raise_server_exceptions=False)
