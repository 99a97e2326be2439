"""Pages about signing in; they parse, call and render, and hold no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from publisher.access import terms
from publisher.access.addresses import SIGN_IN, TARGET_KEY, own_page
from publisher.access.doorway import (
    BACK,
    OUT,
    SESSION_COOKIE,
    SIGN_IN_COOKIE,
    START,
    Doorway,
    SignedIn,
)
from publisher.access.forms import FORM_TOKEN, read_form
from publisher.access.keys import told
from publisher.access.readers import Reader
from publisher.access.refusals import session_ended
from publisher.access.roles import AccessRole
from publisher.dashboard.language import DUTCH, LANGUAGES, Language, _, msg, speaking
from publisher.dashboard.rendering import HOME, HTML, Page, render

MAX_SENT = 2_000
_NO_STORE = {"cache-control": "no-store"}

ROLES = {
    AccessRole.ANALYST: msg("analist: u ziet de gepubliceerde cijfers"),
    AccessRole.APPROVER: msg("goedkeurder: u beoordeelt een uitgave voordat zij verschijnt"),
    AccessRole.AUDITOR: msg("toezichthouder: u ziet ook wat wordt bewaard en vernietigd"),
    AccessRole.OPERATOR: msg("beheerder: u ziet hoe de dienst draait"),
}

Sent = Annotated[str, Query(max_length=MAX_SENT)]
Target = Annotated[str, Query(alias=TARGET_KEY, max_length=MAX_SENT)]


def sign_in_router(doorway: Doorway) -> APIRouter:
    """Where people sign in and out."""
    router = APIRouter(include_in_schema=False)
    for language in LANGUAGES:
        address = f"{language.prefix}{SIGN_IN}"
        router.add_api_route(address, _front(doorway, language), methods=["GET"])

    @router.get(START)
    def start(target: Target = HOME.href) -> Response:
        """Off to the identity provider."""
        address, secret = doorway.begin(target)
        answer = RedirectResponse(address, 303, _NO_STORE)
        _keep(answer, SIGN_IN_COOKIE, told(secret), int(terms.SIGN_IN.total_seconds()))
        return answer

    @router.get(BACK)
    def back(request: Request, state: Sent = "", code: Sent = "") -> Response:
        """Back from the identity provider; what else it sends along is not looked at."""
        cookie = request.cookies.get(SIGN_IN_COOKIE, "")
        before = request.cookies.get(SESSION_COOKIE, "")
        found = doorway.finish(cookie, state, code, before)
        answer = _without_role(found) if found.session is None else _inside(doorway, found)
        _forget(answer, SIGN_IN_COOKIE)
        return answer

    @router.post(OUT)
    async def out(request: Request) -> Response:
        """The end of a session."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        reader = await run_in_threadpool(_reader, doorway, request)
        if reader is None:
            raise session_ended()
        await read_form(request, reader)
        await run_in_threadpool(doorway.leave, cookie, reader)
        # Whoever sits down next at this computer finds no page of this session in its cache.
        answer = RedirectResponse(SIGN_IN, 303, {**_NO_STORE, "clear-site-data": '"cache"'})
        _forget(answer, SESSION_COOKIE)
        return answer

    return router


def _front(doorway: Doorway, language: Language) -> Callable[..., Response]:
    def front(request: Request, target: Target = HOME.href) -> Response:
        """The page to sign in, and for who did, who they are here and the way out."""
        reader = _reader(doorway, request)
        start = f"{START}?{urlencode({TARGET_KEY: own_page(target)})}"
        with speaking(language):
            html = render(
                "sign_in.html",
                Page(_("Inloggen"), SIGN_IN),
                reader=reader,
                role=_(ROLES[reader.role]) if reader else "",
                account="",
                start=start,
                out=OUT,
                field=FORM_TOKEN,
            )
        return Response(html, 200, _NO_STORE, HTML)

    return front


def _without_role(found: SignedIn) -> Response:
    """The page for somebody who signed in and has no role: what to give to whom."""
    is_english = found.target.startswith("/en")
    with speaking(LANGUAGES[1] if is_english else DUTCH):
        html = render(
            "sign_in.html",
            Page(_("U hebt nog geen rol"), SIGN_IN),
            reader=None,
            role="",
            account=found.account,
            start=START,
            out=OUT,
            field=FORM_TOKEN,
        )
    answer = Response(html, 403, _NO_STORE, HTML)
    _forget(answer, SESSION_COOKIE)
    return answer


def _inside(doorway: Doorway, found: SignedIn) -> Response:
    assert found.session is not None
    answer = RedirectResponse(found.target, 303, _NO_STORE)
    _keep(answer, SESSION_COOKIE, told(found.session), doorway.session_seconds)
    return answer


def _reader(doorway: Doorway, request: Request) -> Reader | None:
    return doorway.reader(request.cookies.get(SESSION_COOKIE, ""))


def _keep(answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(name, value, seconds, secure=True, httponly=True, samesite="lax")


def _forget(answer: Response, name: str) -> None:
    answer.delete_cookie(name, secure=True, httponly=True, samesite="lax")
