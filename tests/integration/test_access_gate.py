"""A closed publisher gives nothing to nobody: every address, every role, every bad credential."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.access.addresses import own_page, resource_at
from publisher.access.roles import MAY, AccessRole, Resource
from publisher.access.tokens import Tokens
from publisher.store import AccessLogRow, TokenRow
from shared.ledger import Event
from shared.state.ledger_table import entries
from tests.support.access import (
    Given,
    app_of,
    as_before,
    asking,
    fed_publisher,
    give,
    one_of_each,
)
from tests.support.endpoints import Endpoint, endpoints
from tests.support.oidc import sign_in_settings
from tests.support.parties import ROUND
from tests.support.publishing import RELEASE, Publisher

TABLE = "pupils_and_clients"
AREA, OTHER_AREA = "GM0197", "GM0222"
KNOWN = {
    "releaseId": RELEASE, "release_id": RELEASE, "tableId": TABLE, "formatId": "csv",
    "unit": "99XA00", "kind": "rate", "level": "school", "look": "licht", "round_id": ROUND,
}  # fmt: skip

# Written out here and not taken from the product: what anybody gets of a closed publisher.
OPEN = {
    "/healthz", "/static/monitor.css", "/static/icon.svg", "/tallies/{sha256}",
}  # fmt: skip
SIGNING_IN = re.compile(r"(/en)?/aanmelden(/.*)?")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with fed_publisher(tmp_path_factory.mktemp("regio")) as publisher:
        publisher.releases.stage(ROUND)
        publisher.publish(publisher.region.folder / "pakket")
        yield publisher


@pytest.fixture
def published(once: Publisher) -> Publisher:
    return as_before(once)


@pytest.fixture
def closed(published: Publisher) -> FastAPI:
    """With every page that there can be; nobody gets as far as the provider."""
    return app_of(published.region, **sign_in_settings(published.region, "http://127.0.0.1:1"))


def filled(path: str) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: KNOWN.get(found[1], "x"), path)


def is_open(path: str) -> bool:
    return path in OPEN or SIGNING_IN.fullmatch(path) is not None


def expected_resource(path: str) -> Resource:
    """The second opinion: by the template of the route and not by what was asked."""
    bare = path.removeprefix("/en")
    if bare.startswith("/goedkeuren"):
        return Resource.APPROVAL
    if path.startswith("/api/v1/"):
        return Resource.DOWNLOADS if path.endswith("/downloads/{formatId}") else Resource.API
    if path == "/metrics":
        return Resource.METRICS
    return Resource.OVERSIGHT if path.startswith("/toezicht") else Resource.PAGES


def asked(client: TestClient, endpoint: Endpoint) -> int:
    method, path = endpoint
    return client.request(method, filled(path)).status_code


def test_every_address_is_one_kind_of_thing(closed: FastAPI) -> None:
    paths = [path for _method, path in endpoints(closed) if not is_open(path)]
    assert len(paths) > 40
    assert {path: resource_at(filled(path)) for path in paths} == {
        path: expected_resource(path) for path in paths
    }


def test_nobody_gets_anything_of_a_closed_publisher_but_what_is_open(closed: FastAPI) -> None:
    with asking(closed) as client:
        got = {each: asked(client, each) for each in endpoints(closed)}
        unknown = client.get("/bestaat-niet").status_code
    needs_session = ("POST", "/aanmelden/uit")
    assert {each for each, status in got.items() if status != 401} == {
        each for each in endpoints(closed) if is_open(each[1])
    } - {needs_session}
    assert got[needs_session] == 401
    assert unknown == 401  # nor whether there is anything at an address


def test_each_role_gets_what_it_may_and_nothing_else(published: Publisher, closed: FastAPI) -> None:
    for role, given in one_of_each(published.releases).items():
        with asking(closed, given.text) as client:
            for endpoint in sorted(endpoints(closed)):
                if is_open(endpoint[1]):
                    continue
                status = asked(client, endpoint)
                may = expected_resource(endpoint[1]) in MAY[role]
                assert (status not in (401, 403)) is may, (role, endpoint, status)
                assert status < 500, (role, endpoint)


@pytest.mark.parametrize("end", ["%0A", "%0D", "%00", "%E2%80%A8"])
@pytest.mark.parametrize("path", ["/toezicht", "/metrics", "/goedkeuren", "/api/v1/releases"])
def test_an_address_with_a_line_end_is_none(
    published: Publisher, closed: FastAPI, path: str, end: str
) -> None:
    """The routes take it for the address without; the gate would have taken it for a page."""
    given = give(published.releases, scopes=frozenset({Resource.PAGES}))
    for token in ("", given.text):
        with asking(closed, token) as client:
            answer = client.get(path + end)
            assert (answer.status_code, answer.json()["code"]) == (404, "address-not-plain")


@pytest.mark.parametrize("target", ["/" + "a" * 199, "/" + "a/" * 90, "/" + "a" * 190 + "!"])
def test_a_page_to_go_back_to_is_judged_at_once(target: str) -> None:
    """Of a text that nearly fits, too: looking for a way to let it fit could take for ever."""
    begun = time.process_time()
    assert own_page(target) == ("/" if target.endswith("!") else target)
    assert time.process_time() - begun < 1


def test_a_scope_is_all_that_a_token_may_use(published: Publisher, closed: FastAPI) -> None:
    given = give(published.releases, scopes=frozenset({Resource.DOWNLOADS}))
    table = f"/api/v1/releases/{RELEASE}/tables/{TABLE}"
    with asking(closed, given.text) as client:
        assert client.get(f"{table}/downloads/csv").status_code == 200
        for path in (table, f"{table}/observations", "/api/v1/releases", "/", "/metrics"):
            refusal = client.get(path)
            assert (refusal.status_code, refusal.json()["code"]) == (403, "access-not-allowed")


@pytest.mark.parametrize("access", ["public", "closed"])
def test_a_public_publisher_shows_figures_and_never_approvals(
    published: Publisher, access: str
) -> None:
    app = app_of(published.region, access=access)
    with asking(app) as client:
        assert (client.get("/").status_code == 200) is (access == "public")
        assert (client.get("/api/v1/releases").status_code == 200) is (access == "public")
        assert client.get("/goedkeuren").status_code == 401


# --- what does not count -----------------------------------------------------------------------


def bad_tokens(published: Publisher) -> Iterator[tuple[str, str]]:
    """A header and the code with which it is refused."""
    good = give(published.releases)
    yield f"Bearer {good.text[:-1]}", "token-malformed"
    yield f"Bearer {good.text}A", "token-malformed"
    yield f"Bearer {good.text.removeprefix('moj_')}", "token-malformed"
    yield f"Basic {good.text}", "token-malformed"
    yield "Bearer", "token-malformed"
    yield "Bearer moj_" + "A" * 43, "token-unknown"
    yield f"Bearer moj_{good.text[4:-1]}{'B' if good.text[-1] != 'B' else 'C'}", ""
    revoked = give(published.releases)
    Tokens(published.releases.database, published.releases.identity).revoke(revoked.token_id)
    yield f"Bearer {revoked.text}", "token-revoked"
    expired = give(published.releases, days=1)
    published.region.clock.forward(1)
    yield f"Bearer {expired.text}", "token-expired"


@pytest.mark.parametrize("access", ["public", "closed"])
def test_a_token_that_does_not_count_is_refused_everywhere(
    published: Publisher, access: str
) -> None:
    log = io.StringIO()
    app = app_of(published.region, log, access=access)
    with asking(app) as client:
        for header, code in bad_tokens(published):
            sent = header.split()[-1]
            for path in ("/", "/api/v1/releases", "/toezicht", "/bestaat-niet"):
                answer = client.get(path, headers={"authorization": header})
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["cache-control"] == "no-store"
                found = answer.json()["code"]
                assert found == code if code else found in ("token-malformed", "token-unknown")
                if len(sent) > 6:
                    assert sent not in answer.text + log.getvalue()
    with published.releases.database.reading() as session:
        assert session.query(AccessLogRow).count() == 0


def test_a_refusal_is_logged_by_route_and_counted_by_code(published: Publisher) -> None:
    log = io.StringIO()
    app = app_of(published.region, log)
    operator = give(published.releases, AccessRole.OPERATOR)
    with asking(app) as client:
        client.get("/api/v1/releases")
        counters = client.get("/metrics", headers={"authorization": f"Bearer {operator.text}"})
    assert 'moj_refusals_total{code="sign-in-needed"} 1.0' in counters.text
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["status"] for line in lines] == [401, 200]
    assert operator.text not in log.getvalue()


# --- the rows of one area ----------------------------------------------------------------------


ROWS = (
    f"/api/v1/releases/{RELEASE}/tables/{TABLE}",
    f"/api/v1/releases/{RELEASE}/tables/{TABLE}/observations",
    *(f"/api/v1/releases/{RELEASE}/tables/{TABLE}/downloads/{format_}"
      for format_ in ("csv", "csv-nl", "xlsx", "parquet", "json")),
    f"/api/v1/releases/{RELEASE}/downloads/zip",
    f"/api/v1/releases/latest/tables/{TABLE}/downloads/csv",
)  # fmt: skip


@pytest.fixture
def of_area(published: Publisher) -> Given:
    return give(published.releases, scopes=frozenset({Resource.DOWNLOADS, Resource.API}), area=AREA)


def test_an_area_gets_the_bytes_that_anybody_gets_who_asks_for_it(
    published: Publisher, closed: FastAPI, of_area: Given
) -> None:
    public = app_of(published.region, access="public")
    seen = 0
    with asking(public) as anybody, asking(closed, of_area.text) as client:
        for path in ROWS:
            expected = anybody.get(path, params={"area": AREA})
            whole = anybody.get(path)
            if expected.status_code == 404:  # a format that this release is not offered in
                continue
            seen += 1
            for question in ({}, {"area": AREA}):
                got = client.get(path, params=question)
                assert (got.status_code, got.content) == (200, expected.content), path
                assert got.headers["etag"] == expected.headers["etag"]
                assert got.headers["cache-control"] == "private, no-cache"
                assert "Cookie" in got.headers["vary"]
            assert got.content != whole.content
    assert seen >= 6


@pytest.mark.parametrize("question", [
    urlencode({"area": OTHER_AREA}), f"area={AREA}&area={OTHER_AREA}", f"%61rea={OTHER_AREA}",
    "area=", f"area={OTHER_AREA}&level=school", "ar%65a=GM0222&x=%ff",
])  # fmt: skip
def test_an_area_never_gets_the_rows_of_another(
    closed: FastAPI, of_area: Given, question: str
) -> None:
    with asking(closed, of_area.text) as client:
        for path in ROWS:
            refusal = client.get(f"{path}?{question}")
            assert (refusal.status_code, refusal.json()["code"]) == (403, "area-not-yours")
            assert OTHER_AREA not in refusal.text


def test_an_area_gets_its_own_rows_only_wherever_it_asks(
    published: Publisher, closed: FastAPI, of_area: Given
) -> None:
    """Whatever there is: an answer has a filter on the area, has no rows, or is a refusal."""
    described = {
        "/api/v1/releases", "/api/v1/releases/{releaseId}", "/api/v1/openapi.json",
        *(f"/api/v1/releases/{{releaseId}}/{each}"
          for each in ("statement", "tables", "indicators", "areas")),
    }  # fmt: skip
    with_rows = {"/api/v1/releases/{releaseId}/tables/{tableId}" + end
                 for end in ("", "/observations", "/downloads/{formatId}")}  # fmt: skip
    with_rows.add("/api/v1/releases/{releaseId}/downloads/{formatId}")
    with asking(closed, of_area.text) as client:
        for method, path in sorted(endpoints(closed)):
            if is_open(path):
                continue
            status = client.request(method, filled(path)).status_code
            if path in described | with_rows:
                assert status in (200, 404), path
            else:
                assert status == 403, path


# --- what is kept -------------------------------------------------------------------------------


def test_a_use_is_written_down_once_a_day_and_without_a_person(
    published: Publisher, closed: FastAPI
) -> None:
    given = give(published.releases)
    headers = {"user-agent": "Naam van een lezer", "x-forwarded-for": "203.0.113.7"}
    with asking(closed, given.text, **headers) as client:
        for path in ("/", "/scholen", "/api/v1/releases", "/"):
            assert client.get(path).status_code == 200
        published.region.clock.forward(1)
        client.get("/")
    with published.releases.database.reading() as session:
        rows = {
            (str(row.day), row.organisation, row.role, row.resource)
            for row in session.query(AccessLogRow)
        }
        (kept,) = session.query(TokenRow)
    day, next_day = sorted({row[0] for row in rows})
    who = ("Regio Voorbeeld", "analyst")
    assert rows == {(day, *who, "pages"), (day, *who, "api"), (next_day, *who, "pages")}
    assert str(kept.last_used_on) == next_day


def test_what_is_kept_of_a_token_does_not_give_it_away(published: Publisher) -> None:
    given = give(published.releases)
    region = published.region
    stored = Path(region.publisher_settings.database_url.removeprefix("sqlite:///")).read_bytes()
    assert given.text.encode() not in stored
    assert given.text.removeprefix("moj_").encode() not in stored
    with published.releases.database.reading() as session:
        last = list(entries(session.connection()))[-1]
    assert last.event is Event.TOKEN_CREATED
    assert given.text[4:].encode() not in last.body
