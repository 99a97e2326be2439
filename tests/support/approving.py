"""The approver's page: a release that was just proposed, browsers in front of it, its forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

from publisher.access.four_eyes import countersign
from publisher.access.mandates import Mandates, account_of
from publisher.policies import ReleaseState
from publisher.store import (
    ApprovalRow,
    ChangeRequestRow,
    ReleaseRow,
)
from shared.ledger import Event
from shared.state.ledger_table import entries
from tests.support.access import (
    app_of,
    as_before,
    fed_publisher,
)
from tests.support.narrow_policy import narrow_policy
from tests.support.oidc import running_provider, sign_in_settings
from tests.support.parties import ROUND
from tests.support.publishing import Publisher
from tests.support.web import Html

ANNA, BOB = "anna@a.example", "bob@b.example"
PARTIES = {ANNA: "goedkeurder-a", BOB: "goedkeurder-b"}


def policy_with(accepted: str) -> str:
    text = narrow_policy()
    assert 'accepted = ["offline"]' in text
    return text.replace('accepted = ["offline"]', f"accepted = {accepted}")


@dataclass
class Desk:
    """A release that was just proposed, and browsers in front of its page."""

    publisher: Publisher
    app: FastAPI
    issuer: str
    release: str

    @property
    def mandates(self) -> Mandates:
        return Mandates(
            self.publisher.releases.database, self.publisher.region.identities["publicist"]
        )

    def give_approver(self, who: str) -> str:
        region, party = self.publisher.region, PARTIES[who]
        account = account_of(self.mandates.identity, self.issuer, who)
        proposal = self.mandates.propose(account, party, region.agreements, 90)
        other = region.identities["goedkeurder-b" if party == "goedkeurder-a" else "goedkeurder-a"]
        card = self.mandates.identity.card
        confirmed = countersign(proposal, card, card.fingerprint, other)
        return self.mandates.confirm(confirmed, other.card, region.pinned_agreements)

    def events(self) -> list[Event]:
        with self.publisher.releases.database.reading() as session:
            return [each.event for each in entries(session.connection())]

    def approvals(self) -> list[ApprovalRow]:
        with self.publisher.releases.database.reading() as session:
            return list(session.query(ApprovalRow).filter_by(release_id=self.release))

    @property
    def path(self) -> str:
        return f"/goedkeuren/{self.release}"


def proposed(publisher: Publisher, folder: Path) -> str:
    """The id of a release that is staged and proposed."""
    release = publisher.releases.stage(ROUND).release_id
    publisher.submit(folder / "pakket", release_id=release)
    return release


@contextmanager
def proposed_desk(folder: Path) -> Iterator[Desk]:
    """Of a round whose policy accepts both ways, with a provider to sign in at."""
    for name in ("regio", "voorstel"):
        (folder / name).mkdir()
    policy = policy_with('["offline", "page"]')
    with running_provider() as issuer, fed_publisher(folder / "regio", policy) as publisher:
        settings = sign_in_settings(publisher.region, issuer)
        app = app_of(publisher.region, access="public", **settings)
        yield Desk(publisher, app, issuer, proposed(publisher, folder / "voorstel"))


def as_proposed(desk: Desk) -> Desk:
    """The desk as before: staging costs more than everything else here."""
    as_before(desk.publisher)
    with desk.publisher.releases.database.transaction() as tx:
        for table in (ApprovalRow, ChangeRequestRow):
            tx.session.query(table).delete()
        row = tx.session.get_one(ReleaseRow, desk.release)
        row.state, row.published_at = ReleaseState.SUBMITTED, None
        row.proposer = "publicist"
    return desk


def page(client: TestClient, desk: Desk, language: str = "") -> Html:
    answer = client.get(language + desk.path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return Html.of(answer.text)


def form(shown: Html, decision: str) -> dict[str, str]:
    """The fields of the form with a decision, as a browser would send them."""
    fields: dict[str, str] = {}
    for element in shown.all("input"):
        name, value = element.attributes["name"], element.attributes.get("value", "")
        if name == "form_token":
            fields = {}
        fields[name] = value
        if fields.keys() == {"form_token", "release", "decision", "reason"} and (
            fields["decision"] == decision
        ):
            return fields
    raise AssertionError(f"no form to {decision}")


def decide(client: TestClient, desk: Desk, decision: str, **changes: str) -> httpx2.Response:
    return client.post(desk.path, data={**form(page(client, desk), decision), **changes})


def code_of(answer: httpx2.Response) -> str:
    code: str = answer.json()["code"]
    return code


def unchanged(desk: Desk) -> None:
    assert desk.publisher.state(desk.release) is ReleaseState.SUBMITTED
    assert desk.approvals() == []
