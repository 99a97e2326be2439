"""The operator's pages: the delivery matrix of each round, in Dutch and without script.

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

from linker.matrix import Line, Matrix, Received, matrix_of
from linker.reasons import in_dutch
from linker.settings import Settings
from linker.store import DeliveryState, RoundRow, RoundState, look_up_round
from shared import __version__
from shared.clock import Clock, system_clock, today
from shared.service.hygiene import surround
from shared.service.logs import Log
from shared.service.rates import Rate
from shared.state.database import Database, open_engine

LOCAL_NAMES: Final = ("localhost", "127.0.0.1")
_STYLE_ADDRESS: Final = "/operator/opmaak.css"

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

_STYLE: Final = """\
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; width: 100%; }
caption { font-weight: bold; text-align: left; }
th, td { border-bottom: 1px solid #767676; padding: .4rem .6rem; text-align: left;
  vertical-align: top; }
td.number { text-align: right; }
"""


def create_operator_app(
    settings: Settings, *, clock: Clock = system_clock, log: Log | None = None
) -> FastAPI:
    """The pages for one linker."""
    database = Database(open_engine(settings.database_url), settings.load_identity(), clock)
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
        return _answer(_page("Rondes", _rounds(found)))

    @app.get("/operator/rounds/{round_id}")
    def get_round(round_id: str) -> HTMLResponse:
        """The delivery matrix of a round."""
        with database.reading() as session:
            matrix = matrix_of(session, look_up_round(session, round_id), today(clock))
        return _answer(_page(f"Ronde {matrix.round_id}", _matrix(matrix)))

    @app.get(_STYLE_ADDRESS)
    def get_style() -> Response:
        """How the pages look."""
        return Response(_STYLE, media_type="text/css")

    return app


def _answer(page: str) -> HTMLResponse:
    return HTMLResponse(page, headers={"cache-control": "no-store"})


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html>\n<html lang="nl">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)} – koppelaar</title>\n"
        f'<link rel="stylesheet" href="{_STYLE_ADDRESS}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n</head>\n'
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )


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
    return (
        f'<p><a href="/operator">Alle rondes</a></p>{mark}'
        f"<p>De ronde is {ROUND_STATES[matrix.state]}. "
        f"Er is {matrix.revision} keer gekoppeld.</p>"
        + _table("Leveringen", heads, [_line(line) for line in matrix.lines])
        + _table(
            "Geweigerd bij de deur",
            ("Leverancier", "Code", "Aantal"),
            [_cells(each.supplier, each.code, each.count) for each in matrix.refused],
        )
    )


def _line(line: Line) -> str:
    standing = "<br>".join(_standing(each) for each in line.received) or "nog niets ontvangen"
    if line.overdue:
        standing += "<br><strong>te laat</strong>"
    rows = "<br>".join("" if each.rows is None else _number(each.rows) for each in line.received)
    return (
        _cells(line.supplier, SCHEMAS[line.schema_name], _day(line.due_on))
        + f'<td>{standing}</td><td class="number">{rows}</td>'
        + _cells("" if line.superseded is None else line.superseded)
    )


def _standing(received: Received) -> str:
    said = f"{DELIVERY_STATES[received.state]}: {received.delivery}"
    if received.held_for:
        said += f" ({in_dutch(received.held_for)})"
    return escape(said)


def _table(caption: str, heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return f"<h2>{escape(caption)}</h2><p>Niets.</p>"
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table>"
    )


def _cells(*values: str | int) -> str:
    return "".join(
        f'<td class="number">{_number(value)}</td>'
        if isinstance(value, int)
        else f"<td>{escape(value)}</td>"
        for value in values
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _day(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"
