"""A real OpenID provider beside a publisher, and a browser that goes there and comes back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from fastapi.testclient import TestClient

from publisher.access.addresses import SIGN_IN
from publisher.access.doorway import BACK, START
from publisher.access.mandates import Mandates, account_of
from publisher.access.roles import AccessRole
from publisher.store import SessionRow, SignInRow
from tests.support.access import BASE
from tests.support.markdown import ROOT
from tests.support.oidc_provider import CLIENT, SECRET
from tests.support.parties import NOW, MiniRegion
from tests.support.publishing import Publisher

SUBJECT = "piet.puk@gemeente.example"


@contextmanager
def running_provider() -> Iterator[str]:
    """A provider in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.support.oidc_provider", f"{BASE}{BACK}",
               str(int(NOW.timestamp()))]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def sign_in_settings(region: MiniRegion, issuer: str) -> dict[str, Any]:
    secret = region.folder / "publicist" / "aanmelden.geheim"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    return {
        "sign_in_issuer": issuer,
        "sign_in_client": CLIENT,
        "sign_in_secret": str(secret),
        "public_address": BASE,
    }


def to_provider(client: TestClient, target: str = "/") -> str:
    """Begin; the address at the provider."""
    answer = client.get(START, params={"naar": target})
    assert answer.status_code == 303
    return answer.headers["location"]


def at_provider(address: str, subject: str = "iemand", lie: str = "") -> str:
    """Sign in there; the address to come back to, without the host."""
    more = urlencode({"as": subject, "lie": lie})
    with httpx2.Client() as browser:
        answer = browser.get(f"{address}&{more}")
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}" == BASE
    return f"{parts.path}?{parts.query}"


def sign_in(client: TestClient, subject: str = "iemand", target: str = "/") -> httpx2.Response:
    """Go there and come back."""
    return client.get(at_provider(to_provider(client, target), subject))


def give_role(publisher: Publisher, issuer: str, role: AccessRole = AccessRole.ANALYST) -> str:
    """A mandate for who signs in as ``SUBJECT``; its name."""
    identity = publisher.region.identities["publicist"]
    account = account_of(identity, issuer, SUBJECT)
    return Mandates(publisher.releases.database, identity).give(account, role, "Gemeente Proef", 90)


def kept(publisher: Publisher) -> tuple[int, int]:
    """How many sessions and unfinished sign-ins there are."""
    with publisher.releases.database.reading() as session:
        return session.query(SessionRow).count(), session.query(SignInRow).count()


def code_of(answer: httpx2.Response) -> str:
    """Of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return code


def form_token(browser: TestClient) -> str:
    """What the form to sign out carries."""
    page = browser.get(SIGN_IN).text
    (token,) = re.findall(r'name="form_token" value="([A-Za-z0-9_-]{43})"', page)
    return str(token)
