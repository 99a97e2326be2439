"""The linker's web service: it receives envelopes and shows receipts and mirrors; no rule here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from linker.intake.child import shared_inspector
from linker.intake.steps import Admitted, Intake
from linker.oversight.holdings import find_holdings
from linker.rounds.retention import Retention
from linker.settings import Settings
from linker.store import look_up_round
from linker.tallying.mirrors import find_mirror
from shared import __version__
from shared.clock import Clock, system_clock
from shared.envelope import MAX_HEADER_BYTES
from shared.holdings import Holdings
from shared.round import Round
from shared.service.health import health_router
from shared.service.hygiene import surround
from shared.service.ledger_page import ledger_router
from shared.service.logs import Log
from shared.service.oversight import oversight_router
from shared.service.rates import Buckets, Rate
from shared.service.retaining import policy_of, with_volume
from shared.service.upload import Room, read_upload
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement

STATEMENT_TYPE = "application/json"
SENDER_RATE: Final = Rate(per_second=2, burst=300)
"""How often one supplier may begin to send: a delivery of a whole region has tens of parts."""


@asynccontextmanager
async def _ready_to_inspect(_app: FastAPI) -> AsyncIterator[None]:
    """Start the program that inspects bodies before the first body is there."""
    await run_in_threadpool(shared_inspector().start)
    yield


def _envelope_router(intake: Intake, mirror_of: Callable[[str], bytes]) -> APIRouter:
    """What a supplier does: send an envelope, and ask what became of it."""
    router, senders, room = APIRouter(), Buckets(SENDER_RATE), Room()

    @router.put("/envelopes/{sha256}", status_code=201)
    async def put_envelope(sha256: str, request: Request) -> Response:
        """Store a part of a delivery; the same bytes again give the same receipt."""
        upload = await read_upload(request, MAX_HEADER_BYTES)
        admitted: Admitted = await run_in_threadpool(intake.admit, sha256, upload.head)
        if admitted.receipt is not None:  # known: the body is not read again
            return Response(admitted.receipt, 200, media_type=STATEMENT_TYPE)
        senders.take(admitted.header.context.sender)
        async with room.for_body(admitted.header):
            body = await upload.body(admitted.header)
            receipt = await run_in_threadpool(intake.store, admitted, body)
        return Response(receipt, 201, media_type=STATEMENT_TYPE)

    @router.get("/envelopes/{sha256}")
    def get_receipt(sha256: str) -> Response:
        """The receipt of a stored envelope."""
        return Response(intake.find_receipt(sha256), media_type=STATEMENT_TYPE)

    @router.get("/envelopes/{sha256}/mirror")
    def get_mirror(sha256: str) -> Response:
        """How the delivery of a stored envelope stands now."""
        return Response(mirror_of(sha256), media_type=STATEMENT_TYPE)

    return router


def _round_router(database: Database) -> APIRouter:
    """What anybody may know of a round."""
    router = APIRouter()

    @router.get("/rounds/{round_id}")
    def get_round(round_id: str) -> dict[str, str]:
        """Whether a round still takes deliveries."""
        with database.reading() as session:
            row = look_up_round(session, round_id)
            statement = Statement.from_bytes(row.statement)
        body = statement.read(Kind.ROUND, Round)
        return {
            "round": body.round_id,
            "state": row.state.value,
            "closesOn": row.last_day(body).isoformat(),
            "statement": statement.sha256,
        }

    return router


def create_app(
    settings: Settings, *, clock: Clock = system_clock, log: Log | None = None
) -> FastAPI:
    """The service for one linker."""
    identity = settings.load_identity()
    database = Database(open_engine(settings.database_url), identity, clock)
    intake = Intake(
        database,
        identity,
        RoundKeys(settings.key_folder),
        lambda: settings.load_agreements().agreements,
        clock,
        settings.bands,
    )
    app = FastAPI(title="Koppelaar", version=__version__, docs_url=None, redoc_url=None,
                  redirect_slashes=False, lifespan=_ready_to_inspect)  # fmt: skip
    rate = Rate(settings.requests_per_second, settings.request_burst)
    metrics = surround(app, log or Log("linker"), rate)
    app.include_router(_envelope_router(intake, partial(find_mirror, database, identity)))

    def holdings() -> Holdings:
        retention = Retention(database, RoundKeys(settings.key_folder), identity)
        return with_volume(find_holdings(retention, clock(), policy_of(settings)[0]), settings)

    app.include_router(_round_router(database))
    app.include_router(health_router(database))
    app.include_router(oversight_router(holdings))
    app.include_router(ledger_router(identity.card.party, database))
    metrics.watch(lambda: [each.alarm for each in holdings().alarms])
    return app
