"""The approver's pages: releases that await a decision, and the decision itself.

Only who signed in as an approver gets here. A decision names the bytes that the page showed, so
that nobody approves what changed since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from publisher.access.addresses import APPROVALS
from publisher.access.forms import FORM_TOKEN, read_form
from publisher.access.readers import Reader
from publisher.access.refusals import sign_in_needed
from publisher.access.roles import Resource
from publisher.awaiting import Desk, ForApproval
from publisher.dashboard.blocks import changed
from publisher.dashboard.language import LANGUAGES, _, here, msg, spoken_by
from publisher.dashboard.rendering import HOME, HTML, Crumb, Page, render
from publisher.downloads.words import LEVEL_WORDS
from shared.clock import instant
from shared.errors import InputError
from shared.reference import Level

APPROVE, REQUEST = "goedkeuren", "wijzigen"
_LIST = Crumb(msg("Uitgaven die op een oordeel wachten"), APPROVALS)
_NO_STORE = {"cache-control": "no-store"}
STATES = {
    "submitted": msg("wacht op een oordeel"),
    "returned": msg("terug naar de indiener"),
    "approved": msg("goedgekeurd, nog niet gepubliceerd"),
}
VERDICTS = {
    "PASS": msg("alles in orde"),
    "ADVISORY": msg("er zijn punten om naar te kijken"),
    "FAIL": msg("niet in orde"),
}
FOUND = {"ADVISORY": msg("Let op"), "FAIL": msg("Niet in orde")}
NOTHING_TO_DO = {
    "returned": msg(
        "Er is om een wijziging gevraagd. De uitgave ligt weer bij de indiener. "
        "U hoeft nu niets te doen."
    ),
    "approved": msg(
        "Genoeg organisaties hebben deze uitgave goedgekeurd. De publicist kan haar nu publiceren. "
        "U hoeft niets meer te doen."
    ),
}
"""Why no decision is asked, by state."""


@dataclass(frozen=True, slots=True)
class Point:
    """Something that the check found, with tables and levels by their names.

    Attributes:
        rule: what should hold.
    """

    word: str
    rule: str
    remedy: str
    places: tuple[str, ...]


def approval_router(desk: Desk) -> APIRouter:
    """The pages, once in every language."""
    router = APIRouter(include_in_schema=False)
    for language in LANGUAGES:
        rooms = APIRouter(prefix=language.prefix, dependencies=[Depends(spoken_by(language))])
        rooms.include_router(_pages(desk))
        router.include_router(rooms)
    return router


def _pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get(APPROVALS)
    def waiting(request: Request) -> Response:
        """Every release that was proposed and is not published."""
        _approver(request)
        page = Page(_(_LIST.label), APPROVALS, (HOME,))
        return _shown("approval_list.html", page, waiting=desk.waiting(), states=STATES)

    @router.get(f"{APPROVALS}/{{release_id}}")
    def release(request: Request, release_id: str) -> Response:
        """One of these: what it holds, what was checked, and the forms to decide."""
        reader = _approver(request)
        found = desk.look(release_id, reader.party)
        page = Page(
            _("Uw oordeel over: {title}", title=found.manifest.title), APPROVALS, (HOME, _LIST),
            found.manifest, f"{APPROVALS}/{release_id}", awaits=True,
        )  # fmt: skip
        return _shown(
            "approval.html",
            page,
            it=found,
            reader=reader,
            state=STATES[found.state],
            verdict=VERDICTS[found.verdict],
            points=tuple(_points(found)),
            may_approve=found.verdict != "FAIL",
            changes=changed(found.manifest),
            still_needed=max(found.needed - len(found.given), 0),
            nothing_to_do=NOTHING_TO_DO.get(found.state, ""),
            verified=instant(found.verified_at),
            action=here(f"{APPROVALS}/{release_id}"),
            package=f"{APPROVALS}/{release_id}/pakket.zip",
            field=FORM_TOKEN,
            approve=APPROVE,
            change=REQUEST,
        )

    @router.get(f"{APPROVALS}/{{release_id}}/pakket.zip")
    def package(request: Request, release_id: str) -> Response:
        """The files that an approver signs offline."""
        _approver(request)
        # The name is that of a release that was found, so that it is plain text.
        body = desk.package(release_id)
        name = {"content-disposition": f'attachment; filename="{release_id}.zip"', **_NO_STORE}
        return Response(body, headers=name, media_type="application/zip")

    @router.post(f"{APPROVALS}/{{release_id}}")
    async def decide(request: Request, release_id: str) -> Response:
        """A decision about exactly the bytes that the page showed."""
        reader = _approver(request)
        sent = await read_form(request, reader, "decision", "release", "reason")
        await run_in_threadpool(_decide, desk, reader, release_id, sent)
        return RedirectResponse(here(f"{APPROVALS}/{release_id}"), 303, _NO_STORE)

    return router


def _decide(desk: Desk, reader: Reader, release_id: str, sent: dict[str, str]) -> None:
    if sent["decision"] == APPROVE:
        desk.approve(reader.mandate, release_id, sent["release"])
    elif sent["decision"] == REQUEST:
        desk.request_change(reader.mandate, release_id, sent["release"], sent["reason"])
    else:
        raise InputError(
            "decision-unknown",
            "expected one of the decisions of this page, found another",
            hint="open the page again and use its buttons; nothing was changed",
        )


def _points(it: ForApproval) -> Iterator[Point]:
    """What the check found; in Dutch, as the check says it."""
    titles = {"manifest": "de uitgave als geheel"}
    titles |= {table.id: table.title for table in it.manifest.tables}
    for each in it.found:
        places = tuple(dict.fromkeys(_place(place, titles) for place in each.places))
        yield Point(FOUND[each.verdict], each.asks, each.remedy, places)


def _place(place: str, titles: dict[str, str]) -> str:
    """A place such as ``costs: board`` by its names; what has none stays as it is."""
    table, separator, level = place.partition(": ")
    named = LEVEL_WORDS[Level(level)] if level in set(Level) else level
    return f"{titles.get(table, table)}{separator}{named}"


def _approver(request: Request) -> Reader:
    """Who decides; the gate let nobody else through, and this page trusts no gate alone."""
    reader = getattr(request.state, "reader", None)
    if not isinstance(reader, Reader):
        raise sign_in_needed()
    reader.check_may(Resource.APPROVAL)
    return reader


def _shown(template: str, page: Page, **view: Any) -> Response:
    return Response(render(template, page, **view), 200, _NO_STORE, HTML)
