"""The operator's pages: how each round is delivered and linked, in Dutch and without script.

An app of its own, which `linker operator` serves on this computer only: a proxy that shows the
service to suppliers has nothing to show of this. A page that is asked for under another name
than this computer's is refused, so that no web page elsewhere can read it through a browser.
"""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.middleware.trustedhost import TrustedHostMiddleware

from linker.intake.reasons import in_dutch
from linker.oversight.assessing import assess
from linker.oversight.matrix import Line, Matrix, Received, matrix_of
from linker.oversight.quality_page import quality_page
from linker.settings import Settings
from linker.store import DeliveryState, RoundRow, RoundState, look_up_round
from shared import __version__
from shared.clock import Clock, system_clock, today
from shared.service.hygiene import surround
from shared.service.logs import Log
from shared.service.markup import STYLE, cell, crumbs, lines_cell, number, page, table
from shared.service.rates import Rate
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys

LOCAL_NAMES: Final = ("localhost", "127.0.0.1")
_STYLE_ADDRESS: Final = "/operator/opmaak.css"
_ROUNDS: Final = ("/operator", "Rondes")

DELIVERY_STATES: Final = {
    DeliveryState.INCOMPLETE: "niet compleet",
    DeliveryState.HELD: "aangehouden",
    DeliveryState.CURRENT: "telt mee",
    DeliveryState.SUPERSEDED: "vervangen",
    DeliveryState.REJECTED: "afgewezen",
}
ROUND_STATES: Final = {
    RoundState.OPEN: "open",
    RoundState.CLOSED: "gesloten",
    RoundState.LINKED: "gekoppeld",
    RoundState.SENT: "verstuurd",
    RoundState.DESTROYING: "wordt vernietigd",
    RoundState.DESTROYED: "vernietigd",
}
SCHEMAS: Final = {
    "enrolment/1": "leerlingen",
    "care/1": "jeugdhulp",
    "objection/1": "bezwaren",
}


def create_operator_app(
    settings: Settings, *, clock: Clock = system_clock, log: Log | None = None
) -> FastAPI:
    """The pages for one linker."""
    database = Database(open_engine(settings.database_url), settings.load_identity(), clock)
    keys = RoundKeys(settings.key_folder)
    app = FastAPI(title="Koppelaar: beheer", version=__version__, docs_url=None, redoc_url=None,
                  openapi_url=None, redirect_slashes=False)  # fmt: skip
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOCAL_NAMES), www_redirect=False)
    surround(app, log or Log("operator"), Rate(20, 100))

    @app.get("/operator")
    def list_rounds() -> HTMLResponse:
        """Every round of this linker."""
        with database.reading() as session:
            rows = session.scalars(select(RoundRow).order_by(RoundRow.opened_at.desc()))
            found = [(row.round_id, row.state) for row in rows]
        return _answer("Rondes", _rounds(found))

    @app.get("/operator/rounds/{round_id}")
    def get_round(round_id: str) -> HTMLResponse:
        """The delivery matrix of a round."""
        with database.reading() as session:
            matrix = matrix_of(session, look_up_round(session, round_id), today(clock))
        return _answer(f"Ronde {matrix.round_id}", _matrix(matrix), (_ROUNDS,))

    @app.get("/operator/rounds/{round_id}/koppeling")
    def get_quality(round_id: str) -> HTMLResponse:
        """How a round was linked, and what to look at."""
        with database.reading() as session:
            known = look_up_round(session, round_id).round_id
        assessed = assess(database, keys, known, settings.alarms)
        way = (_ROUNDS, (f"/operator/rounds/{known}", f"Ronde {known}"))
        return _answer(f"Koppeling van {known}", quality_page(assessed, SCHEMAS), way)

    @app.get(_STYLE_ADDRESS)
    def get_style() -> Response:
        """How the pages look."""
        return Response(STYLE, media_type="text/css")

    return app


def _answer(title: str, content: str, way: tuple[tuple[str, str], ...] = ()) -> HTMLResponse:
    top = crumbs(way, title) if way else ""
    content = f"{top}\n<h1>{escape(title)}</h1>\n{content}"
    html = page(f"{title} – koppelaar", _STYLE_ADDRESS, content)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _rounds(found: list[tuple[str, RoundState]]) -> str:
    items = (
        f'<li><a href="/operator/rounds/{escape(name)}">{escape(name)}</a>: '
        f"{ROUND_STATES[state]}</li>"
        for name, state in found
    )
    return f"<ul>{''.join(items)}</ul>" if found else "<p>Er is nog geen ronde.</p>"


def _matrix(matrix: Matrix) -> str:
    mark = "<p><strong>SYNTHETISCH – geen echte cijfers</strong></p>" if matrix.synthetic else ""
    heads = ("Leverancier", "Wat", "Uiterlijk", "Stand", "Rijen", "Vervangen")
    refused = (
        (cell(each.supplier), cell(each.code), cell(number(each.count), "number"))
        for each in matrix.refused
    )
    return (
        f"{mark}<p>De ronde is {ROUND_STATES[matrix.state]}. "
        f"Er is {matrix.revision} keer gekoppeld.</p>{_linked(matrix)}"
        + table("Leveringen", heads, map(_line, matrix.lines), "Niets.")
        + table(
            "Geweigerd bij de deur",
            ("Leverancier", "Code", "Aantal"),
            refused,
            "Er is niets geweigerd.",
        )
    )


def _linked(matrix: Matrix) -> str:
    """Where the quality report is, once there is one."""
    if not matrix.revision or matrix.state in (RoundState.DESTROYING, RoundState.DESTROYED):
        return ""
    address = f"/operator/rounds/{escape(matrix.round_id)}/koppeling"
    return f'<p><a href="{address}">Hoe er is gekoppeld, en waar u naar kijkt</a></p>'


def _line(line: Line) -> tuple[str, ...]:
    standing = [_standing(each) for each in line.received] or ["nog niets ontvangen"]
    rows = ["" if each.rows is None else number(each.rows) for each in line.received]
    return (
        cell(line.supplier),
        cell(SCHEMAS[line.schema_name]),
        cell(_day(line.due_on)),
        lines_cell([*standing, "te laat"] if line.overdue else standing),
        lines_cell(rows, "number"),
        cell("" if line.superseded is None else number(line.superseded), "number"),
    )


def _standing(received: Received) -> str:
    said = f"{DELIVERY_STATES[received.state]}: {received.delivery}"
    return f"{said} ({in_dutch(received.held_for)})" if received.held_for else said


def _day(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"
