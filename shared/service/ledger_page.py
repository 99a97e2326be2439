"""The ledger as a page, on both services: the last entries, newest first, each with its hash.

What stands in a ledger was written to be read by anyone. The page says how to check the whole
chain; it is no proof by itself.
"""

from __future__ import annotations

import json
from html import escape
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from shared.clock import parse_instant
from shared.ledger import Entry, Event
from shared.service.markup import cell, crumbs, lines_cell, name_cell, page, table
from shared.service.oversight import PATH, STYLE_PATH
from shared.state.database import Database
from shared.state.ledger_table import last_entries

LEDGER_PATH: Final = f"{PATH}/logboek"
SHOWN: Final = 200
"""Entries on the page; an export has all of them."""

EVENTS: Final = {
    Event.KEY_OFFERED: "sleutel aangeboden",
    Event.ROUND_OPENED: "ronde geopend",
    Event.ROUND_CLOSED: "ronde gesloten",
    Event.ROUND_REOPENED: "ronde heropend",
    Event.ROUND_LINKED: "ronde gekoppeld",
    Event.PART_STORED: "deel van een levering bewaard",
    Event.DELIVERY_COMPLETE: "levering compleet",
    Event.DELIVERY_CURRENT: "levering telt mee",
    Event.DELIVERY_HELD: "levering aangehouden",
    Event.DELIVERY_DECIDED: "besloten over een levering",
    Event.DELIVERY_SUPERSEDED: "levering vervangen",
    Event.TALLY_QUEUED: "telling staat klaar",
    Event.TALLY_WITHDRAWN: "telling ingetrokken",
    Event.TALLY_ACKNOWLEDGED: "ontvangst van de telling bevestigd",
    Event.TALLY_RECEIVED: "telling ontvangen",
    Event.TALLY_SUPERSEDED: "telling vervangen",
    Event.RELEASE_STAGED: "uitgave gemaakt",
    Event.RELEASE_SUBMITTED: "uitgave voorgesteld",
    Event.APPROVAL_RECORDED: "goedkeuring vastgelegd",
    Event.CHANGE_REQUESTED: "om een wijziging gevraagd",
    Event.RELEASE_APPROVED: "uitgave goedgekeurd",
    Event.RELEASE_PUBLISHED: "uitgave gepubliceerd",
    Event.RELEASE_SUPERSEDED: "uitgave vervangen",
    Event.RELEASE_WITHDRAWN: "uitgave ingetrokken",
    Event.RELEASE_EXPIRED: "uitgave verlopen",
    Event.RELEASE_ANNOUNCED: "uitgave aangekondigd",
    Event.CONTEXT_IMPORTED: "cijfers uit een andere bron toegevoegd",
    Event.CONTEXT_WITHDRAWN: "cijfers uit een andere bron ingetrokken",
    Event.NOTE_WRITTEN: "notitie geschreven",
    Event.NOTE_REMOVED: "notitie gewist",
    Event.TOKEN_CREATED: "toegangscode gemaakt",
    Event.TOKEN_REVOKED: "toegangscode ingetrokken",
    Event.ACCESS_PROPOSED: "rol voorgesteld",
    Event.ACCESS_GRANTED: "rol gegeven",
    Event.ACCESS_REVOKED: "rol ingetrokken",
    Event.DESTROYING: "vernietiging begonnen",
    Event.DESTROYED: "vernietigd",
}
"""What each event is called on the page."""


def ledger_router(service: str, database: Database) -> APIRouter:
    """The page.

    Args:
        service: the party whose ledger it is.
        database: where it stands.
    """
    router = APIRouter()

    @router.get(LEDGER_PATH)
    def ledger() -> HTMLResponse:
        """The last entries of the ledger."""
        with database.reading() as session:
            found = last_entries(session.connection(), SHOWN)
        html = render_ledger(service, found)
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    return router


def render_ledger(service: str, found: tuple[Entry, ...]) -> str:
    """The page with these entries."""
    heads = ("Regel", "Wanneer", "Wat", "Waarover", "Kenmerk van de regel")
    rows = (
        (
            name_cell(str(each.seq)),
            cell(parse_instant(each.at).strftime("%d-%m-%Y %H:%M UTC")),
            cell(EVENTS.get(each.event, each.event.value)),
            lines_cell(f"{name}: {value}" for name, value in json.loads(each.body).items()),
            cell(each.sha256, "hash"),
        )
        for each in found
    )
    return page(
        f"Logboek van {service}",
        STYLE_PATH,
        f"""{crumbs(((PATH, "Toezicht"),), "Logboek")}
<h1>Logboek van {escape(service)}</h1>
<p>Elke verandering bij deze dienst staat in een getekend logboek. Elke regel verwijst naar de regel
ervoor, zodat niemand er later iets aan kan veranderen. Hier staan de laatste {SHOWN} regels, de
nieuwste bovenaan. Onder “Waarover” staan de woorden zoals zij zijn getekend. Deze pagina bewijst
niets: controleer het hele logboek met <code>ledger verify</code>.</p>
{table("Laatste regels", heads, rows, "Er staat nog niets in het logboek.")}""",
        site="Monitor Onderwijs-Jeugdhulp: toezicht",
    )
