"""The page of the privacy officer, on both services: what is held, until when, what is gone.

Rendered on the server, in Dutch, without script. It shows what the ledger and the statements say
too, so that anybody may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from shared.destruction import KEY_LOST, Kept, Reason
from shared.holdings import Alarm, HeldKind, Holdings

PATH: Final = "/toezicht"
STYLE_PATH: Final = f"{PATH}/opmaak.css"

KINDS: Final = {
    HeldKind.OFFERED_KEY: "aangeboden sleutel, nog zonder ronde",
    HeldKind.ROUND_KEY: "sleutel van de ronde",
    HeldKind.DELIVERIES: "verzegelde leveringen (enveloppen)",
    HeldKind.MATCH_RATES: "percentages voor de terugkoppeling",
    HeldKind.FIGURES: "percentages over de opbouw van leveringen",
    HeldKind.TALLIES: "verzegelde tellingen",
    HeldKind.PROOFS: "verzegelde bewijzen en redenen",
    HeldKind.RELEASES: "tabellen van een uitgave",
    HeldKind.HISTORY: "tabellen van een vervallen uitgave, ter controle",
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

STYLE: Final = """\
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; width: 100%; }
caption { font-weight: bold; text-align: left; }
th, td { border-bottom: 1px solid #767676; padding: .4rem .6rem; text-align: left;
  vertical-align: top; }
td.number { text-align: right; }
td.hash { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.alarm { border-left: .4rem solid #a10000; padding-left: 1rem; }
"""


def oversight_router(find: Callable[[], Holdings]) -> APIRouter:
    """The page and its style; ``find`` gives what is held at this instant."""
    router = APIRouter()

    @router.get(PATH, include_in_schema=True)
    def oversight() -> HTMLResponse:
        """What this service holds and has destroyed."""
        return HTMLResponse(render(find()), headers={"cache-control": "no-store"})

    @router.get(STYLE_PATH)
    def style() -> Response:
        """The style of the page."""
        return Response(STYLE, media_type="text/css")

    return router


def render(found: Holdings) -> str:
    """The page."""
    service = escape(found.service)
    return f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Toezicht op {service}</title>
<link rel="stylesheet" href="{STYLE_PATH}">
</head>
<body>
<main>
<h1>Wat {service} bewaart en heeft vernietigd</h1>
<p>Stand van {_instant(found.as_of)}. Aantallen zijn verzegelde stukken, tabellen of regels, nooit
personen. Wat hier staat, staat ook in het getekende logboek of in een getekende verklaring.</p>
{_alarms(found)}
{_held(found)}
{_gone(found)}
</main>
</body>
</html>
"""


def _alarms(found: Holdings) -> str:
    if not found.alarms:
        return "<p>Er zijn geen waarschuwingen.</p>"
    said = "".join(
        f"<li>{escape(each.of or found.service)}: {ALARMS[each.alarm]}</li>"
        for each in found.alarms
    )
    return f'<section class="alarm"><h2>Waarschuwingen</h2><ul>{said}</ul></section>'


def _held(found: Holdings) -> str:
    heads = ("Wat", "Ronde of uitgave", "Aantal", "Sinds", "Tot", "Beleid", "Overeenkomsten")
    rows = (
        (
            _cell(KINDS[each.kind]),
            _cell(each.of or "alle"),
            _cell(str(each.count), "number"),
            _cell(_instant(each.since)),
            _cell("geen termijn" if each.until is None else _instant(each.until)),
            _cell(each.policy, "hash"),
            _cell(each.agreements, "hash"),
        )
        for each in found.held
    )
    return _table("Wat er is", heads, rows, "Er wordt niets bewaard.")


def _gone(found: Holdings) -> str:
    heads = ("Wat", "Ronde of uitgave", "Wanneer", "Gewiste stukken", "Reden", "Verklaring",
             "Regel in het logboek")  # fmt: skip
    rows = (
        (
            _cell(GONE[each.what]),
            _cell(each.id),
            _cell(_instant(each.at)),
            _cell(str(each.objects), "number"),
            _cell(_reason(each.reason)),
            _cell(each.statement, "hash"),
            _cell(f"{each.ledger_seq}: {each.ledger_sha256}", "hash"),
        )
        for each in found.gone
    )
    return _table("Wat er niet meer is", heads, rows, "Er is nog niets vernietigd of vervallen.")


def _table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], empty: str) -> str:
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    if not body:
        return f"<h2>{caption}</h2><p>{empty}</p>"
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    return (
        f"<table><caption>{caption}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def _cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def _instant(moment: datetime) -> str:
    return moment.strftime("%d-%m-%Y %H:%M UTC")


def _reason(code: str) -> str:
    """A reason in words; an old or unknown one as it stands."""
    bare = code.removesuffix(f" {KEY_LOST}")
    said = REASONS[Reason(bare)] if bare in list(Reason) else bare
    return f"{said}; de sleutel was al verloren" if bare != code else said
