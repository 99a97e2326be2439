"""The publisher's web service: takes tallies from the linker, shows releases to readers.

It holds no rule. The pages and the API know only the reader of released tables.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from publisher.access.gate import GatedRequests
from publisher.access.setting_up import gate_of, signing_in_of
from publisher.announcing.events import release_events
from publisher.announcing.place import place_of
from publisher.announcing.routes import announcing_router
from publisher.api import api_router
from publisher.api.governing import documents_of
from publisher.context.keeping import ContextReader
from publisher.dashboard import dashboard_router
from publisher.dashboard.governance import Governance
from publisher.dashboard.pages.approval import approval_router
from publisher.dashboard.pages.sign_in import sign_in_router
from publisher.dashboard.problem_pages import ProblemPages
from publisher.intake.steps import Intake
from publisher.notes.keeping import read_notes
from publisher.oversight.holdings import find_holdings
from publisher.reading import DatabaseReader
from publisher.releasing.calendar import announcements
from publisher.releasing.desk import ReleaseDesk
from publisher.releasing.recipients import check_shown
from publisher.releasing.releases import Releases
from publisher.releasing.verified import Verdicts
from publisher.remembering import RememberedAnswers
from publisher.rounds.retention import Retention
from publisher.settings import Settings
from shared import __version__
from shared.clock import Clock, system_clock, today
from shared.envelope import MAX_HEADER_BYTES
from shared.files import file_mark
from shared.holdings import Holdings
from shared.identity import Identity
from shared.service.health import health_router
from shared.service.hygiene import surround
from shared.service.ledger_page import ledger_router
from shared.service.logs import Log
from shared.service.oversight import oversight_router
from shared.service.rates import Rate
from shared.service.retaining import policy_of, with_volume
from shared.service.upload import Room, read_upload
from shared.state.database import Database, open_engine
from shared.state.ledger_table import read_head
from shared.state.round_keys import RoundKeys

STATEMENT_TYPE = "application/json"


def _tally_router(intake: Intake) -> APIRouter:
    """What the linker does: send a tally."""
    router, room = APIRouter(), Room()

    @router.put("/tallies/{sha256}", status_code=201)
    async def put_tally(sha256: str, request: Request) -> Response:
        """Store a tally; the same bytes again give the same receipt."""
        upload = await read_upload(request, MAX_HEADER_BYTES)
        admitted = await run_in_threadpool(intake.admit, sha256, upload.head)
        if admitted.receipt is not None:
            return Response(admitted.receipt, 200, media_type=STATEMENT_TYPE)
        async with room.for_body(admitted.header):
            body = await upload.body(admitted.header)
            receipt = await run_in_threadpool(intake.store, admitted, body)
        return Response(receipt, 201, media_type=STATEMENT_TYPE)

    return router


def _governance(settings: Settings) -> Governance:
    """The public documents that the service obeys, read anew so that a change counts at once."""
    policy, agreements = settings.load_policy(), settings.load_agreements()
    return Governance(policy.policy, policy.sha256, agreements.agreements, agreements.sha256)


def create_app(
    settings: Settings, *, clock: Clock = system_clock, log: Log | None = None
) -> FastAPI:
    """The service for one publisher.

    Raises:
        PolicyError: ``recipients-not-everybody``: it was closed, and shows what is for a few.
    """
    identity = settings.load_identity()
    database = Database(open_engine(settings.database_url), identity, clock)
    intake = Intake(database, identity, RoundKeys(settings.key_folder))
    with database.reading() as session:
        check_shown(session, is_closed=settings.access == "closed")
    app = FastAPI(title="Publicist", version=__version__, docs_url=None, redoc_url=None,
                  openapi_url=None, redirect_slashes=False)  # fmt: skip
    rate = Rate(settings.requests_per_second, settings.request_burst)
    signing_in = signing_in_of(settings, database, identity, clock)
    gate = gate_of(settings, database, identity, clock, signing_in)

    def refused(code: str) -> None:
        metrics.refused(code)

    def look() -> tuple[Hashable, ...]:
        """All that an answer to unknown readers follows from."""
        with database.reading() as session:
            head = read_head(session.connection())
        # A note whose day of review is over says so from the next day on.
        return head, today(clock), file_mark(settings.policy), file_mark(settings.agreements)

    # The first to be added stands nearest to the routes: what the gate refuses is logged and
    # counted, and nothing is remembered of what it did not let through.
    app.add_middleware(RememberedAnswers, look=look)
    app.add_middleware(GatedRequests, gate=gate, refused=refused)
    metrics = surround(app, log or Log("publisher"), rate)
    app.add_middleware(ProblemPages)
    app.include_router(_tally_router(intake))
    app.include_router(health_router(database))
    if signing_in is not None:
        app.include_router(sign_in_router(signing_in))
        releases = Releases(database, identity, RoundKeys(settings.key_folder))
        desk = ReleaseDesk(Verdicts(releases), settings.load_agreements)
        app.include_router(approval_router(desk))

    def holdings() -> Holdings:
        retention = Retention(database, RoundKeys(settings.key_folder), identity)
        return with_volume(find_holdings(retention, clock(), policy_of(settings)[0]), settings)

    app.include_router(oversight_router(holdings))
    app.include_router(ledger_router(identity.card.party, database))
    metrics.watch(lambda: [each.alarm for each in holdings().alarms])
    for router in _for_readers(settings, database, identity):
        app.include_router(router)
    return app


def _for_readers(
    settings: Settings, database: Database, identity: Identity
) -> Iterator[APIRouter]:  # fmt: skip
    """What readers get: the API, what announces a release, and the pages."""
    reader = DatabaseReader(database)
    yield api_router(
        reader,
        reader.reference_of,
        calendar_of=lambda: announcements(database),
        governance_of=lambda: documents_of(settings.load_policy(), settings.load_agreements()),
    )
    place = place_of(settings, identity)
    yield announcing_router(reader, lambda: release_events(database), place)
    yield dashboard_router(
        reader,
        reader.reference_of,
        lambda: _governance(settings),
        ContextReader(database),
        lambda: read_notes(database),
    )
