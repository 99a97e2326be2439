"""The linker's web service: it receives envelopes and shows receipts; it holds no rule."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from linker.intake import Admitted, Intake
from linker.settings import Settings
from linker.store import look_up_round
from shared import __version__
from shared.clock import Clock, system_clock
from shared.envelope import MAX_HEADER_BYTES
from shared.round import Round
from shared.service.headers import SecurityHeaders
from shared.service.logs import Log, RequestLog
from shared.service.problems import install_problem_handlers
from shared.service.upload import read_upload
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement

STATEMENT_TYPE = "application/json"


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
    )
    app = FastAPI(title="Koppelaar", version=__version__, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, log=log or Log("linker"))

    @app.put("/envelopes/{sha256}", status_code=201)
    async def put_envelope(sha256: str, request: Request) -> Response:
        """Store a part of a delivery; the same bytes again give the same receipt."""
        upload = await read_upload(request, MAX_HEADER_BYTES)
        admitted: Admitted = await run_in_threadpool(intake.admit, sha256, upload.head)
        if admitted.receipt is not None:  # known: the body is not read again
            return Response(admitted.receipt, 200, media_type=STATEMENT_TYPE)
        body = await upload.body(admitted.header)
        receipt = await run_in_threadpool(intake.store, admitted, body)
        return Response(receipt, 201, media_type=STATEMENT_TYPE)

    @app.get("/envelopes/{sha256}")
    def get_receipt(sha256: str) -> Response:
        """The receipt of a stored envelope."""
        return Response(intake.find_receipt(sha256), media_type=STATEMENT_TYPE)

    @app.get("/rounds/{round_id}")
    def get_round(round_id: str) -> dict[str, str]:
        """Whether a round still takes deliveries."""
        with database.reading() as session:
            row = look_up_round(session, round_id)
            statement, state = Statement.from_bytes(row.statement), row.state
        body = statement.read(Kind.ROUND, Round)
        return {
            "round": body.round_id,
            "state": state.value,
            "closesOn": body.closes_on.isoformat(),
            "statement": statement.sha256,
        }

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The service is up and its database answers."""
        with database.reading() as session:
            session.connection().exec_driver_sql("SELECT 1")
        return {"status": "ok", "version": __version__}

    return app
