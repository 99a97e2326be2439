"""The operator's pages: how each round is delivered and linked, in Dutch and without script.

An app of its own, which `linker operator` serves on this computer only: a proxy that shows the
service to suppliers has nothing to show of this. A page that is asked for under another name
than this computer's is refused, so that no web page elsewhere can read it through a browser.
"""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from starlette.middleware.trustedhost import TrustedHostMiddleware

from linker.oversight.assessing import assess
from linker.oversight.matrix import matrix_of
from linker.oversight.matrix_page import ROUND_STATES, SCHEMAS, matrix_page
from linker.oversight.quality_page import quality_page
from linker.settings import Settings
from linker.store import RoundRow, RoundState, look_up_round
from shared import __version__
from shared.clock import Clock, system_clock, today
from shared.service.hygiene import surround
from shared.service.logs import Log
from shared.service.looks import add_looks
from shared.service.markup import crumbs, page, sentence
from shared.service.rates import Rate
from shared.state.database import Database, open_engine
from shared.state.round_keys import RoundKeys

LOCAL_NAMES: Final = ("localhost", "127.0.0.1")
_STYLE_ADDRESS: Final = "/operator/opmaak.css"
_ROUNDS: Final = ("/operator", "Rondes")

_SITE: Final = "Monitor Onderwijs-Jeugdhulp: koppelaar"
_MARK: Final = "SYNTHETISCH – geen echte cijfers"


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
        return _answer(
            f"Ronde {matrix.round_id}",
            matrix_page(matrix),
            (_ROUNDS,),
            synthetic=matrix.synthetic,
        )

    @app.get("/operator/rounds/{round_id}/koppeling")
    def get_quality(round_id: str) -> HTMLResponse:
        """How a round was linked, and what to look at."""
        with database.reading() as session:
            known = look_up_round(session, round_id).round_id
        assessed = assess(database, keys, known, settings.alarms)
        way = (_ROUNDS, (f"/operator/rounds/{known}", f"Ronde {known}"))
        return _answer(
            f"Koppeling van {known}",
            quality_page(assessed, SCHEMAS),
            way,
            synthetic=assessed.report.synthetic,
        )

    add_looks(app.router, _STYLE_ADDRESS)
    return app


def _answer(
    title: str, content: str, way: tuple[tuple[str, str], ...] = (), *, synthetic: bool = False
) -> HTMLResponse:
    top = crumbs(way, title) if way else ""
    content = f"{top}\n<h1>{escape(title)}</h1>\n{content}"
    mark = _MARK if synthetic else ""
    html = page(f"{title} – koppelaar", _STYLE_ADDRESS, content, site=_SITE, mark=mark)
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _rounds(found: list[tuple[str, RoundState]]) -> str:
    why = sentence(
        "Deze pagina’s zijn alleen voor u. Kies een ronde om te zien wie er heeft geleverd en hoe "
        "er is gekoppeld.",
        "lead",
    )
    items = (
        f'<li><a href="/operator/rounds/{escape(name)}">{escape(name)}</a>: '
        f"{ROUND_STATES[state]}</li>"
        for name, state in found
    )
    return why + (f"<ul>{''.join(items)}</ul>" if found else sentence("Er is nog geen ronde."))
