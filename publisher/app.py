"""The publisher's web service: takes tallies from the linker, shows releases to readers.

It holds no rule. The pages and the API know only the reader of released tables.
"""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from publisher.api import api_router
from publisher.dashboard import dashboard_router
from publisher.intake import Intake
from publisher.reading import DatabaseReader
from publisher.settings import Settings
from shared import __version__
from shared.clock import Clock, system_clock
from shared.envelope import MAX_HEADER_BYTES
from shared.service.headers import SecurityHeaders
from shared.service.logs import Log, RequestLog
from shared.service.problems import install_problem_handlers
from shared.service.upload import read_upload
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys

STATEMENT_TYPE = "application/json"


def create_app(
    settings: Settings, *, clock: Clock = system_clock, log: Log | None = None
) -> FastAPI:
    """The service for one publisher."""
    identity = settings.load_identity()
    database = Database(open_engine(settings.database_url), identity, clock)
    intake = Intake(database, identity, RoundKeys(settings.key_folder))
    app = FastAPI(title="Publicist", version=__version__, docs_url=None, redoc_url=None,
                  openapi_url=None, redirect_slashes=False)  # fmt: skip
    install_problem_handlers(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, log=log or Log("publisher"))

    @app.put("/tallies/{sha256}", status_code=201)
    async def put_tally(sha256: str, request: Request) -> Response:
        """Store a tally; the same bytes again give the same receipt."""
        upload = await read_upload(request, MAX_HEADER_BYTES)
        admitted = await run_in_threadpool(intake.admit, sha256, upload.head)
        if admitted.receipt is not None:
            return Response(admitted.receipt, 200, media_type=STATEMENT_TYPE)
        body = await upload.body(admitted.header)
        receipt = await run_in_threadpool(intake.store, admitted, body)
        return Response(receipt, 201, media_type=STATEMENT_TYPE)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The service is up and its database answers."""
        with database.reading() as session:
            session.connection().exec_driver_sql("SELECT 1")
        return {"status": "ok", "version": __version__}

    reader = DatabaseReader(database)
    app.include_router(api_router(reader))
    app.include_router(dashboard_router(reader, reader.reference_of))
    return app
