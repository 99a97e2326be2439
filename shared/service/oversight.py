"""The page of the privacy officer, on both services: what is held, until when, what is gone.

Rendered on the server, in Dutch, without script. It shows what the ledger and the statements say
too, so that anybody may read it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from shared.destruction import KEY_LOST, Kept, Reason
from shared.holdings import Alarm, HeldKind, Holdings
from shared.service.looks import add_looks
from shared.service.markup import box, cell, name_cell, page, section, sentence, table

PATH: Final = "/toezicht"
STYLE_PATH: Final = f"{PATH}/opmaak.css"

KINDS: Final = {
    HeldKind.OFFERED_KEY: "aangeboden sleutel, nog zonder ronde",
    HeldKind.ROUND_KEY: "sleutel van de ronde",
    HeldKind.DELIVERIES: "verzegelde leveringen (enveloppen)",
    HeldKind.MATCH_RATES: "percentages voor de terugkoppeling",
    HeldKind.FIGURES: "percentages over de opbouw van leveringen",
    HeldKind.REPORTS: "verzegelde rapporten over een koppeling",
    HeldKind.LINKAGE_FIGURES: "percentages over een koppeling",
    HeldKind.TALLIES: "verzegelde tellingen",
    HeldKind.PROOFS: "verzegelde bewijzen en redenen",
    HeldKind.RELEASES: "tabellen van een uitgave",
    HeldKind.HISTORY: "tabellen van een vervallen uitgave, ter controle",
    HeldKind.ACCESS: "regels in het logboek van toegang (dag, organisatie, rol, soort)",
    HeldKind.LEDGER: "regels in het logboek",
}
"""What each kind is called on the page."""

ALARMS: Final = {
    Alarm.OVERDUE: "de termijn is voorbij en het is er nog; laat retain draaien",
    Alarm.UNFINISHED: "de vernietiging is begonnen en niet afgemaakt; laat retain draaien",
    Alarm.UNSENT: "wordt binnenkort vernietigd en de publicist heeft de telling nog niet bevestigd",
    Alarm.KEY_ABSENT: "de sleutel is niet te zien; is het volume aangekoppeld?",
    Alarm.KEY_VOLUME: "de sleutelmap ligt niet op een eigen volume; een back-up kan haar meenemen",
}
"""What each alarm says on the page."""

GONE: Final = {
    Kept.ROUND: "ronde vernietigd",
    Kept.OFFER: "ongebruikte sleutel vernietigd",
    Kept.RELEASE: "uitgave vervallen",
    Kept.FIGURES: "kengetallen gewist",
    Kept.ACCESS: "logboek van toegang gewist",
}
"""What each end is called on the page."""

REASONS: Final = {
    Reason.TERM: "termijn bereikt",
    Reason.REQUEST: "op verzoek",
    Reason.INCIDENT: "incident",
    Reason.ERROR: "fout",
    Reason.UNUSED: "niet gebruikt",
}
"""What each reason is called on the page."""

_WHAT_IS_HELD = (
    "Na de dag onder “Tot” vernietigt het programma de sleutel. Wat daarmee is versleuteld, kan "
    "dan niemand meer lezen. De laatste kolommen zijn kenmerken (SHA-256) van de documenten die "
    "toen golden. Lijsten van bezwaren bij de koppelaar gaan op dezelfde dag weg en zijn nergens "
    "meegeteld: zo is niet te zien waar iemand bezwaar maakte."
)
_WHAT_IS_GONE = (
    "Van elke vernietiging is er een getekende verklaring en een regel in het logboek. Hier staan "
    "de kenmerken daarvan."
)


def oversight_router(find: Callable[[], Holdings]) -> APIRouter:
    """The page, its style and its icon; ``find`` gives what is held at this instant."""
    router = APIRouter()

    @router.get(PATH, include_in_schema=True)
    def oversight() -> HTMLResponse:
        """What this service holds and has destroyed."""
        return HTMLResponse(render(find()), headers={"cache-control": "no-store"})

    add_looks(router, STYLE_PATH)
    return router


def render(found: Holdings) -> str:
    """The page."""
    service = escape(found.service)
    return page(
        f"Toezicht op {found.service}",
        STYLE_PATH,
        f"""<h1>Wat {service} bewaart en heeft vernietigd</h1>
<p class="lead">Stand van {_instant(found.as_of)}. Aantallen zijn verzegelde stukken, tabellen of
regels, nooit personen. Wat hier staat, staat ook in
<a href="{PATH}/logboek">het getekende logboek</a> of in een getekende verklaring.</p>
{_alarms(found)}
{section("Wat er is", sentence(_WHAT_IS_HELD), _held(found))}
{section("Wat er niet meer is", sentence(_WHAT_IS_GONE), _gone(found))}""",
        site="Monitor Onderwijs-Jeugdhulp: toezicht",
    )


def _alarms(found: Holdings) -> str:
    if not found.alarms:
        return sentence("Er zijn geen waarschuwingen.", "box")
    said = (f"{each.of or found.service}: {ALARMS[each.alarm]}" for each in found.alarms)
    return box("Waarschuwingen", said, is_warning=True)


def _held(found: Holdings) -> str:
    heads = ("Wat", "Ronde of uitgave", "Aantal", "Sinds", "Tot", "Beleid", "Overeenkomsten")
    rows = (
        (
            name_cell(KINDS[each.kind]),
            cell(each.of or "alle"),
            cell(str(each.count), "num"),
            cell(_instant(each.since)),
            cell("geen termijn" if each.until is None else _instant(each.until)),
            cell(each.policy, "hash"),
            cell(each.agreements, "hash"),
        )
        for each in found.held
    )
    return table("Bewaarde stukken", heads, rows, "Er wordt niets bewaard.")


def _gone(found: Holdings) -> str:
    heads = ("Wat", "Ronde of uitgave", "Wanneer", "Gewiste stukken", "Reden", "Verklaring",
             "Regel in het logboek")  # fmt: skip
    rows = (
        (
            name_cell(GONE[each.what]),
            cell(each.id),
            cell(_instant(each.at)),
            cell(str(each.objects), "num"),
            cell(_reason(each.reason)),
            cell(each.statement, "hash"),
            cell(f"{each.ledger_seq}: {each.ledger_sha256}", "hash"),
        )
        for each in found.gone
    )
    return table(
        "Vernietigde en vervallen stukken", heads, rows, "Er is nog niets vernietigd of vervallen."
    )


def _instant(moment: datetime) -> str:
    return moment.strftime("%d-%m-%Y %H:%M UTC")


def _reason(code: str) -> str:
    """A reason in words; an old or unknown one as it stands."""
    bare = code.removesuffix(f" {KEY_LOST}")
    said = REASONS[Reason(bare)] if bare in list(Reason) else bare
    return f"{said}; de sleutel was al verloren" if bare != code else said
