"""Signing in at a real provider: who comes back, what is kept, and every way in that is none."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.access.addresses import SIGN_IN
from publisher.access.doorway import BACK, OUT, SESSION_COOKIE, SIGN_IN_COOKIE
from publisher.access.journal import Journal, Passage
from publisher.access.mandates import Mandates, account_of
from publisher.access.report import access_report, report_lines
from publisher.access.roles import AccessRole
from publisher.access.tokens import Tokens
from shared.state.ledger_table import entries
from tests.support.access import app_of, as_before, asking, fed_publisher
from tests.support.oidc import (
    SUBJECT,
    at_provider,
    code_of,
    form_token,
    give_role,
    kept,
    running_provider,
    sign_in,
    sign_in_settings,
    to_provider,
)
from tests.support.oidc_provider import LIES, SECRET
from tests.support.parties import ROUND
from tests.support.publishing import Publisher


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with fed_publisher(tmp_path_factory.mktemp("regio")) as publisher:
        publisher.releases.stage(ROUND)
        publisher.publish(publisher.region.folder / "pakket")
        yield publisher


@pytest.fixture
def publisher(once: Publisher) -> Publisher:
    return as_before(once)


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def one_app(once: Publisher, issuer: str, log: io.StringIO) -> FastAPI:
    return app_of(once.region, log, **sign_in_settings(once.region, issuer))


@pytest.fixture
def app(one_app: FastAPI, publisher: Publisher) -> FastAPI:
    """Of a publisher that is as before."""
    assert publisher.region
    return one_app


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with asking(app, accept="text/html") as client:
        yield client


def test_who_has_a_role_signs_in_and_sees_the_page_that_they_asked_for(
    publisher: Publisher, issuer: str, browser: TestClient, log: io.StringIO
) -> None:
    give_role(publisher, issuer)
    refused = browser.get("/scholen")
    assert refused.status_code == 303
    way = urlsplit(refused.headers["location"])
    assert (way.path, parse_qs(way.query)) == (SIGN_IN, {"naar": ["/scholen"]})
    page = browser.get(refused.headers["location"])
    assert page.status_code == 200
    assert "naar=%2Fscholen" in page.text
    answer = sign_in(browser, SUBJECT, "/scholen")
    assert (answer.status_code, answer.headers["location"]) == (303, "/scholen")
    assert browser.get("/scholen").status_code == 200
    assert browser.get("/toezicht").status_code == 403
    front = browser.get(SIGN_IN).text
    assert "Gemeente Proef" in front
    told = log.getvalue() + front + answer.text
    for value in (SUBJECT, "Een Naam", "voorbeeld.nl", browser.cookies[SESSION_COOKIE], SECRET):
        assert value not in told


def test_the_cookies_are_for_this_host_and_no_script(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    give_role(publisher, issuer)
    started = browser.get("/aanmelden/start")
    answer = browser.get(at_provider(started.headers["location"], SUBJECT))
    set_now = [*started.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert [each.split("=")[0] for each in set_now] == [
        SIGN_IN_COOKIE, SESSION_COOKIE, SIGN_IN_COOKIE,
    ]  # fmt: skip
    for each in set_now:
        parts = {part.strip().lower() for part in each.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)


def test_the_provider_is_asked_with_pkce_state_and_nonce_and_for_no_more(
    browser: TestClient, issuer: str
) -> None:
    first, second = (parse_qs(urlsplit(to_provider(browser)).query) for _ in range(2))
    assert first["scope"] == ["openid"]
    assert first["response_type"] == ["code"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    assert SECRET not in str(first)


def test_nothing_that_is_kept_tells_who_signed_in_or_opens_a_session(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    give_role(publisher, issuer)
    address = to_provider(browser)
    began = browser.cookies[SIGN_IN_COOKIE]
    url = publisher.region.publisher_settings.database_url.removeprefix("sqlite:///")
    state = parse_qs(urlsplit(address).query)["state"][0]

    def stored() -> bytes:
        with open(url, "rb") as file:  # noqa: PTH123 - the whole database as it lies there
            return file.read()

    for value in (began, state):
        assert value.encode() not in stored()
    browser.get(at_provider(address, SUBJECT))
    for value in (SUBJECT, browser.cookies[SESSION_COOKIE]):
        assert value.encode() not in stored()
    with publisher.releases.database.reading() as session:
        chain = b"".join(each.body for each in entries(session.connection()))
    account = account_of(publisher.region.identities["publicist"], issuer, SUBJECT)
    assert account.encode() not in chain


def test_who_has_no_role_gets_a_code_to_give_and_no_session(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    answer = sign_in(browser, SUBJECT)
    account = account_of(publisher.region.identities["publicist"], issuer, SUBJECT)
    assert answer.status_code == 403
    assert account in answer.text
    assert SUBJECT not in answer.text
    assert SESSION_COOKIE not in browser.cookies
    assert kept(publisher) == (0, 0)
    english = sign_in(browser, SUBJECT, "/en/scholen")
    assert 'lang="en"' in english.text


# --- ways in that are none ----------------------------------------------------------------------


@pytest.mark.parametrize("lie", LIES)
def test_a_provider_that_lies_lets_nobody_in(
    publisher: Publisher, issuer: str, app: FastAPI, lie: str
) -> None:
    give_role(publisher, issuer)
    with asking(app) as client:
        answer = client.get(at_provider(to_provider(client), SUBJECT, lie))
        assert (answer.status_code, code_of(answer)) == (403, "sign-in-refused")
        assert SESSION_COOKIE not in client.cookies
    assert kept(publisher) == (0, 0)


def test_a_way_back_counts_once(publisher: Publisher, issuer: str, app: FastAPI) -> None:
    give_role(publisher, issuer)
    with asking(app) as client:
        address = to_provider(client)
        cookie = client.cookies[SIGN_IN_COOKIE]
        back = at_provider(address, SUBJECT)
        assert client.get(back).status_code == 303
        client.cookies.clear()
        again = client.get(back, headers={"cookie": f"{SIGN_IN_COOKIE}={cookie}"})
        assert (again.status_code, code_of(again)) == (403, "sign-in-not-begun")
    assert kept(publisher) == (1, 0)


def test_a_way_back_counts_in_the_browser_that_went(
    publisher: Publisher, issuer: str, app: FastAPI
) -> None:
    """Nobody can be signed in as somebody else by following a link."""
    give_role(publisher, issuer)
    with asking(app) as attacker, asking(app) as victim:
        back = at_provider(to_provider(attacker), SUBJECT)
        assert code_of(victim.get(back)) == "sign-in-not-begun"
        to_provider(victim)
        assert code_of(victim.get(back)) == "sign-in-not-begun"
        assert SESSION_COOKIE not in victim.cookies
        assert attacker.get(back).status_code == 303


def test_a_code_of_another_sign_in_is_refused(
    publisher: Publisher, issuer: str, app: FastAPI
) -> None:
    """The verifier of this browser does not fit the code of another: that is what PKCE is for."""
    give_role(publisher, issuer)
    with asking(app) as attacker, asking(app) as victim:
        stolen = parse_qs(urlsplit(at_provider(to_provider(victim), SUBJECT)).query)["code"][0]
        state = parse_qs(urlsplit(to_provider(attacker)).query)["state"][0]
        answer = attacker.get(f"{BACK}?{urlencode({'state': state, 'code': stolen})}")
        assert code_of(answer) == "sign-in-refused"


def test_a_way_back_ends_after_ten_minutes(publisher: Publisher, issuer: str, app: FastAPI) -> None:
    give_role(publisher, issuer)
    with asking(app) as client:
        back = at_provider(to_provider(client), SUBJECT)
        publisher.region.clock.now += timedelta(minutes=10)
        assert code_of(client.get(back)) == "sign-in-not-begun"


@pytest.mark.parametrize("sent", [
    {}, {"state": "x"}, {"code": "x"}, {"error": "access_denied"}, {"state": "ë", "code": "x"},
    {"state": "x" * 3000}, {"state": ["a", "b"]},
])  # fmt: skip
def test_a_way_back_that_is_made_up_is_refused(
    publisher: Publisher, app: FastAPI, log: io.StringIO, sent: dict[str, str]
) -> None:
    with asking(app) as client:
        for cookie in ("", "x", "A" * 43):
            headers = {"cookie": f"{SIGN_IN_COOKIE}={cookie}"} if cookie else {}
            answer = client.get(BACK, params=sent, headers=headers)
            assert answer.status_code in (400, 403)
            assert "xxx" not in answer.text + log.getvalue()
    assert kept(publisher) == (0, 0)


@pytest.mark.parametrize("target", [
    "//kwaad.example", "https://kwaad.example", "/\\kwaad.example", "javascript:alert(1)", "",
    "/x?y=1", "/" + "a" * 300, "/%0d%0aset-cookie", "kwaad.example", "/\tx",
])  # fmt: skip
def test_nobody_is_led_to_another_site(
    publisher: Publisher, issuer: str, browser: TestClient, target: str
) -> None:
    give_role(publisher, issuer)
    assert sign_in(browser, SUBJECT, target).headers["location"] == "/"


def test_a_provider_that_is_another_or_away_is_said_to_be(
    publisher: Publisher, issuer: str
) -> None:
    port = urlsplit(issuer).port
    for other, code in ((f"http://localhost:{port}", "provider-untrusted"),
                        ("http://127.0.0.1:1", "provider-unreachable")):  # fmt: skip
        app = app_of(publisher.region, **sign_in_settings(publisher.region, other))
        with asking(app) as client:
            assert code_of(client.get("/aanmelden/start")) == code
    assert kept(publisher) == (0, 0)


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_idle_and_in_the_end_always(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    give_role(publisher, issuer)
    clock = publisher.region.clock
    sign_in(browser, SUBJECT)
    clock.now += timedelta(minutes=29)
    assert browser.get("/").status_code == 200
    clock.now += timedelta(minutes=30)
    assert browser.get("/").status_code == 303
    sign_in(browser, SUBJECT)
    for _ in range(8 * 60 // 20 - 1):
        clock.now += timedelta(minutes=20)
        assert browser.get("/").status_code == 200
    clock.now += timedelta(minutes=20)
    assert browser.get("/").status_code == 303
    sign_in(browser, SUBJECT)
    assert kept(publisher) == (1, 0)  # those that ended are gone


def test_a_role_that_is_taken_away_ends_its_sessions(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    mandate = give_role(publisher, issuer)
    sign_in(browser, SUBJECT)
    identity = publisher.region.identities["publicist"]
    Mandates(publisher.releases.database, identity).revoke(mandate)
    assert browser.get("/").status_code == 303
    assert kept(publisher) == (0, 0)


def test_signing_out_needs_the_form_of_this_session(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    give_role(publisher, issuer)
    sign_in(browser, SUBJECT)
    token = form_token(browser)
    headers = {"accept": "application/json"}
    for form, status, code in (
        ({"x": "1"}, 403, "form-not-ours"),
        ({"form_token": "A" * 43}, 403, "form-not-ours"),
        ({"form_token": token, "meer": "1"}, 400, "form-invalid"),
        ({"form_token": token + "x" * 9000}, 400, "form-invalid"),
    ):
        answer = browser.post(OUT, data=form, headers=headers)
        assert (answer.status_code, code_of(answer)) == (status, code)
        assert token not in answer.text
        assert browser.get("/").status_code == 200
    as_json = browser.post(OUT, json={"form_token": token}, headers=headers)
    assert as_json.status_code in (400, 403)
    cookie = browser.cookies[SESSION_COOKIE]
    signed_out = browser.post(OUT, data={"form_token": token})
    assert (signed_out.status_code, signed_out.headers["clear-site-data"]) == (303, '"cache"')
    assert SESSION_COOKIE not in browser.cookies
    kept_cookie = {"cookie": f"{SESSION_COOKIE}={cookie}"}
    assert browser.get("/", headers=kept_cookie).status_code == 303
    assert browser.post(OUT, data={"form_token": token}).status_code == 401


def test_the_log_of_access_has_who_came_in_and_who_went_out(
    publisher: Publisher, issuer: str
) -> None:
    """By organisation, role and day; whoever has no role did not come in."""
    give_role(publisher, issuer)
    app = app_of(publisher.region, **sign_in_settings(publisher.region, issuer))
    journal, day = Journal(publisher.releases.database), publisher.region.clock().date()

    def passages() -> list[tuple[str, str, str]]:
        used = journal.between(day, day)
        return [(each.organisation, each.role, each.resource) for each in used
                if isinstance(each.resource, Passage)]  # fmt: skip

    with asking(app, accept="text/html") as client:
        assert sign_in(client, "iemand.anders@gemeente.example").status_code == 403
        assert passages() == []
        sign_in(client, SUBJECT)
        came_in = ("Gemeente Proef", AccessRole.ANALYST, Passage.SIGN_IN)
        assert passages() == [came_in]
        assert client.post(OUT, data={"form_token": "A" * 43}).status_code == 403
        assert passages() == [came_in]
        client.post(OUT, data={"form_token": form_token(client)})
        assert passages() == [came_in, (*came_in[:2], Passage.SIGN_OUT)]
    mandates = Mandates(publisher.releases.database, publisher.region.identities["publicist"])
    tokens = Tokens(publisher.releases.database, mandates.identity)
    told = access_report(tokens, mandates, journal, day, day, publisher.region.clock())
    assert any("sign-out" in line for line in report_lines(told))


def test_a_session_is_new_at_every_sign_in(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    give_role(publisher, issuer)
    fixed = "A" * 43
    browser.cookies.set(SESSION_COOKIE, fixed, domain="testserver.local", path="/")
    sign_in(browser, SUBJECT)
    assert fixed not in {each.value for each in browser.cookies.jar if each.name == SESSION_COOKIE
                         and each.domain != "testserver.local"}  # fmt: skip
    assert kept(publisher) == (1, 0)


def test_who_signs_in_anew_leaves_no_session_behind_in_this_browser(
    publisher: Publisher, issuer: str, browser: TestClient
) -> None:
    """Also where somebody else comes back, who has no role: the session before is over."""
    give_role(publisher, issuer)
    sign_in(browser, SUBJECT)
    before = browser.cookies[SESSION_COOKIE]
    sign_in(browser, SUBJECT)
    assert (kept(publisher)[0], browser.cookies[SESSION_COOKIE] == before) == (1, False)
    assert browser.get("/", headers={"cookie": f"{SESSION_COOKIE}={before}"}).status_code == 303
    assert sign_in(browser, "iemand.anders@gemeente.example").status_code == 403
    assert SESSION_COOKIE not in browser.cookies
    assert kept(publisher) == (0, 0)


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "A" * 5000, '"quoted"', "%00"])
def test_a_cookie_that_is_made_up_opens_nothing(app: FastAPI, cookie: str) -> None:
    with asking(app) as client:
        answer = client.get("/", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})
        assert (answer.status_code, code_of(answer)) == (401, "sign-in-needed")
