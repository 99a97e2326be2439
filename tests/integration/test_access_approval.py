"""The approver's page: what it shows, whose decision counts, and everything that is none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from deploy.demo.documents import policy_text, shipped_policy
from publisher.access.four_eyes import countersign
from publisher.access.mandates import Mandates, account_of
from publisher.access.roles import AccessRole
from publisher.policies import ReleaseState
from publisher.released import Manifest
from publisher.releasing.approvals import read_package
from publisher.releasing.bytes_of import sha256_of
from publisher.releasing.decisions import Decision, PageDecision
from publisher.releasing.keeping import CERTIFICATES
from publisher.releasing.page_decisions import Decided, PageDecisions
from publisher.releasing.releases import Releases
from publisher.releasing.verified import Verdicts
from publisher.store import (
    ApprovalRow,
    ChangeRequestRow,
    InternalDocumentRow,
    MandateRow,
    ReleaseRow,
)
from shared.errors import MonitorError
from shared.ledger import Event
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.access import (
    agreement_ended,
    app_of,
    as_before,
    asking,
    fed_publisher,
    give,
)
from tests.support.oidc import running_provider, sign_in, sign_in_settings
from tests.support.parties import ROUND
from tests.support.publishing import Publisher
from tests.support.web import Html

ANNA, BOB, ANALYST = "anna@a.example", "bob@b.example", "cor@c.example"
ROLES_GIVEN = (Event.ACCESS_PROPOSED, Event.ACCESS_GRANTED)
PARTIES = {ANNA: "goedkeurder-a", BOB: "goedkeurder-b"}


def policy_with(accepted: str) -> str:
    text = policy_text(shipped_policy())
    assert 'accepted = ["offline"]' in text
    return text.replace('accepted = ["offline"]', f"accepted = {accepted}")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """Of a round whose policy accepts both ways."""
    folder = tmp_path_factory.mktemp("regio")
    with fed_publisher(folder, policy_with('["offline", "page"]')) as publisher:
        yield publisher


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


@pytest.fixture(scope="module")
def made(both: Publisher, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    settings = sign_in_settings(both.region, issuer)
    app = app_of(both.region, access="public", **settings)
    return Desk(both, app, issuer, proposed(both, tmp_path_factory.mktemp("voorstel")))


@pytest.fixture
def desk(made: Desk) -> Desk:
    """The desk as before: staging costs more than everything else here."""
    as_before(made.publisher)
    with made.publisher.releases.database.transaction() as tx:
        for table in (ApprovalRow, ChangeRequestRow):
            tx.session.query(table).delete()
        row = tx.session.get_one(ReleaseRow, made.release)
        row.state, row.published_at = ReleaseState.SUBMITTED, None
        row.proposer = "publicist"
    return made


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


def test_two_approvers_of_two_organisations_decide_on_the_page(desk: Desk) -> None:
    for who in (ANNA, BOB):
        desk.give_approver(who)
        with asking(desk.app) as client:
            sign_in(client, who)
            listed = client.get("/goedkeuren").text
            assert desk.release in listed
            assert decide(client, desk, "goedkeuren").status_code == 303
            with pytest.raises(AssertionError, match="no form"):
                form(page(client, desk), "goedkeuren")
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED
    told = [each for each in desk.events() if each not in ROLES_GIVEN]
    assert told[-3:] == [
        Event.APPROVAL_RECORDED, Event.APPROVAL_RECORDED, Event.RELEASE_APPROVED,
    ]  # fmt: skip
    publicist = desk.mandates.identity.card
    for row in desk.approvals():
        statement = Statement.from_bytes(row.statement)
        statement.check_signed_by(publicist)
        said = statement.read(Kind.PAGE_DECISION, PageDecision)
        assert (said.approver, said.release_id) == (row.party, desk.release)
        assert ANNA not in row.statement.decode() + row.card.decode()
    desk.publisher.releases.publish(desk.release, desk.publisher.region.agreements)
    assert desk.publisher.state(desk.release) is ReleaseState.PUBLISHED


def test_one_on_the_page_and_one_offline_are_two(desk: Desk, tmp_path: Path) -> None:
    desk.give_approver(ANNA)
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        decide(client, desk, "goedkeuren")
        archive = client.get(f"{desk.path}/pakket.zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        files.extractall(tmp_path / "gehaald")
    card = desk.mandates.identity.card
    package = read_package(tmp_path / "gehaald", card, card.fingerprint)
    assert package.manifest.release_id == desk.release
    offline = desk.publisher.sign("goedkeurder-b", tmp_path / "gehaald")
    assert desk.publisher.record(offline, "goedkeurder-b") is ReleaseState.APPROVED


def test_the_page_says_what_an_approver_has_to_know(desk: Desk) -> None:
    desk.give_approver(ANNA)
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        shown = page(client, desk)
        english = page(client, desk, "/en")
    with desk.publisher.releases.database.reading() as session:
        row = session.get_one(ReleaseRow, desk.release)
    assert row.sha256 in shown.text
    assert row.summary.splitlines()[-1] in shown.text
    assert "Alle bewijzen nagerekend en goed" in shown.text
    assert "All proofs" in english.text or "proof" in english.text.lower()
    assert ANNA not in shown.text
    assert re.search(r"controleerde \d+ punten", shown.text)


def test_a_request_for_change_sends_the_release_back_and_undoes_approvals(desk: Desk) -> None:
    for who in (ANNA, BOB):
        desk.give_approver(who)
    with asking(desk.app) as anna, asking(desk.app) as bob:
        sign_in(anna, ANNA)
        sign_in(bob, BOB)
        decide(anna, desk, "goedkeuren")
        assert code_of(decide(bob, desk, "wijzigen", reason="  ")) == "reason-missing"
        assert desk.publisher.state(desk.release) is ReleaseState.SUBMITTED
        assert decide(bob, desk, "wijzigen", reason="De titel klopt niet").status_code == 303
        assert "De titel klopt niet" not in anna.get("/").text
    assert desk.publisher.state(desk.release) is ReleaseState.RETURNED
    assert desk.approvals() == []
    with desk.publisher.releases.database.reading() as session:
        (kept,) = session.query(ChangeRequestRow).filter_by(release_id=desk.release)
    said = Statement.from_bytes(kept.statement).read(Kind.PAGE_DECISION, PageDecision)
    assert (said.reason, said.approver) == ("De titel klopt niet", "goedkeurder-b")


# --- what was verified --------------------------------------------------------------------------


def counted(patch: pytest.MonkeyPatch) -> list[str]:
    """The releases that are verified from now on."""
    asked: list[str] = []
    verify = Releases.verify

    def count(it: Releases, release_id: str) -> int:
        asked.append(release_id)
        return verify(it, release_id)

    patch.setattr(Releases, "verify", count)
    return asked


def test_the_page_says_over_which_bytes_its_verdict_is_and_of_when(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.give_approver(ANNA)
    asked = counted(monkeypatch)
    with desk.publisher.releases.database.reading() as session:
        sha256 = sha256_of(session, session.get_one(ReleaseRow, desk.release))
        box = session.get_one(InternalDocumentRow, (desk.release, CERTIFICATES)).box
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        first = page(client, desk)
        known = len(asked)
        assert known <= 1  # an earlier test may have looked at the same bytes
        assert sha256 in first.text
        (time,) = first.all("time")
        said = datetime.fromisoformat(time.attributes["datetime"])
        assert said <= desk.publisher.region.clock()
        desk.publisher.region.clock.now += timedelta(minutes=5)
        assert page(client, desk).all("time")[0].attributes == time.attributes
        assert len(asked) == known  # nothing changed, so nothing was done again
        write_box(desk, (box or b"")[:-1] + b"x")
        altered = page(client, desk)
        assert (len(asked), sha256 in altered.text) == (known + 1, False)
        assert "niet in orde" in altered.text
        assert datetime.fromisoformat(altered.all("time")[0].attributes["datetime"]) > said
        assert code_of(decide(client, desk, "goedkeuren")) == "screening-failed"
        unchanged(desk)
        write_box(desk, box)
        asked.clear()
        assert decide(client, desk, "goedkeuren").status_code == 303
    # The page had seen these bytes before; what is approved is verified once more all the same.
    assert asked == [desk.release]


def write_box(desk: Desk, box: bytes | None) -> None:
    """What somebody writes who has the database."""
    with desk.publisher.releases.database.transaction() as tx:
        tx.session.get_one(InternalDocumentRow, (desk.release, CERTIFICATES)).box = box


def test_other_bytes_than_were_just_verified_are_not_approved(desk: Desk) -> None:
    mandate = desk.give_approver(ANNA)
    decisions = PageDecisions(desk.publisher.releases.database, desk.mandates.identity)
    pinned = desk.publisher.region.pinned_agreements
    with desk.publisher.releases.database.reading() as session:
        row = session.get_one(ReleaseRow, desk.release)
        looked_at = sha256_of(session, row)
    decided = Decided(mandate, desk.release, row.sha256, Decision.APPROVE)
    for verified in ("", "0" * 64):
        with pytest.raises(MonitorError) as refusal:
            decisions.record(replace(decided, verified=verified), pinned)
        assert refusal.value.code == "released-bytes-differ"
        unchanged(desk)
    decisions.record(replace(decided, verified=looked_at), pinned)
    assert len(desk.approvals()) == 1


def test_a_release_that_changes_while_it_is_verified_gets_no_verdict(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.publisher.releases.database.reading() as session:
        box = session.get_one(InternalDocumentRow, (desk.release, CERTIFICATES)).box
    verify = Releases.verify

    def somebody_writes(it: Releases, release_id: str) -> int:
        found = verify(it, release_id)
        write_box(desk, b"x")
        return found

    monkeypatch.setattr(Releases, "verify", somebody_writes)
    with pytest.raises(MonitorError) as refusal:
        Verdicts(desk.publisher.releases).anew(desk.release)
    assert refusal.value.code == "release-changing"
    write_box(desk, box)


@pytest.mark.parametrize("column", ["summary", "statement"])
def test_what_is_not_as_it_was_signed_is_not_shown(desk: Desk, column: str) -> None:
    desk.give_approver(ANNA)
    with desk.publisher.releases.database.transaction() as tx:
        row = tx.session.get_one(ReleaseRow, desk.release)
        before = getattr(row, column)
        other = Statement.make(
            Kind.RELEASE, Statement.from_bytes(row.statement).read(Kind.RELEASE, Manifest),
            desk.publisher.region.identities["koppelaar"],
        ).to_bytes()  # fmt: skip
        setattr(row, column, "Alles is goed." if column == "summary" else other)
    code = {"summary": "released-bytes-differ", "statement": "signature-missing"}[column]
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        for path in ("/goedkeuren", desk.path, f"{desk.path}/pakket.zip"):
            answer = client.get(path)
            assert (answer.status_code, code_of(answer)) == (403, code)
    with desk.publisher.releases.database.transaction() as tx:
        setattr(tx.session.get_one(ReleaseRow, desk.release), column, before)


# --- what is no decision ------------------------------------------------------------------------


def unchanged(desk: Desk) -> None:
    assert desk.publisher.state(desk.release) is ReleaseState.SUBMITTED
    assert desk.approvals() == []


def test_only_an_approver_sees_and_decides(desk: Desk) -> None:
    mandates = desk.mandates
    account = account_of(mandates.identity, desk.issuer, ANALYST)
    mandates.give(account, AccessRole.ANALYST, "Regio", 90)
    desk.give_approver(ANNA)
    with asking(desk.app) as approver:
        sign_in(approver, ANNA)
        fields = form(page(approver, desk), "goedkeuren")
    token = give(desk.publisher.releases).text
    paths = ("/goedkeuren", desk.path, f"{desk.path}/pakket.zip")
    with asking(desk.app) as nobody, asking(desk.app, token) as program, asking(desk.app) as reader:
        sign_in(reader, ANALYST)
        for client, status in ((nobody, 401), (program, 403), (reader, 403)):
            for path in paths:
                assert client.get(path).status_code == status
            assert client.post(desk.path, data=fields).status_code == status
    unchanged(desk)


def test_a_form_of_another_session_or_without_its_token_changes_nothing(desk: Desk) -> None:
    for who in (ANNA, BOB):
        desk.give_approver(who)
    with asking(desk.app) as anna, asking(desk.app) as bob:
        sign_in(anna, ANNA)
        sign_in(bob, BOB)
        good = form(page(anna, desk), "goedkeuren")
        for sent, code in (
            (form(page(bob, desk), "goedkeuren"), "form-not-ours"),
            ({**good, "form_token": ""}, "form-not-ours"),
            ({key: value for key, value in good.items() if key != "form_token"}, "form-not-ours"),
            ({**good, "meer": "x"}, "form-invalid"),
            ({**good, "decision": "publiceren"}, "decision-unknown"),
        ):
            answer = anna.post(desk.path, data=sent)
            assert (answer.status_code in (400, 403), code_of(answer)) == (True, code)
            assert good["form_token"] not in answer.text
    unchanged(desk)


def test_an_approval_of_other_bytes_changes_nothing(desk: Desk) -> None:
    desk.give_approver(ANNA)
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        for other in ("0" * 64, "", "x" * 64, "é"):
            answer = decide(client, desk, "goedkeuren", release=other)
            assert answer.status_code in (400, 403), answer.text
            assert not other or other not in answer.text
            unchanged(desk)


def test_who_proposed_a_release_cannot_approve_it(desk: Desk) -> None:
    with desk.publisher.releases.database.transaction() as tx:
        tx.session.get_one(ReleaseRow, desk.release).proposer = "goedkeurder-a"
    for who in (ANNA, BOB):
        desk.give_approver(who)
    with asking(desk.app) as anna, asking(desk.app) as bob:
        sign_in(anna, ANNA)
        sign_in(bob, BOB)
        with pytest.raises(AssertionError, match="no form"):
            form(page(anna, desk), "goedkeuren")
        forged = {**form(page(anna, desk), "wijzigen"), "decision": "goedkeuren"}
        assert code_of(anna.post(desk.path, data=forged)) == "approver-is-proposer"
        unchanged(desk)
        decide(bob, desk, "goedkeuren")
    assert desk.publisher.state(desk.release) is ReleaseState.SUBMITTED


def test_a_role_that_ends_takes_its_approval_along(desk: Desk) -> None:
    """What was approved on the page counts at publication only while the account still may."""
    given = [desk.give_approver(who) for who in (ANNA, BOB)]
    for who in (ANNA, BOB):
        with asking(desk.app) as client:
            sign_in(client, who)
            decide(client, desk, "goedkeuren")
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED
    desk.mandates.revoke(given[0])
    with pytest.raises(MonitorError) as refusal:
        desk.publisher.releases.publish(desk.release, desk.publisher.region.agreements)
    assert refusal.value.code == "mandate-not-in-force"
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED


@pytest.mark.parametrize("party", ["goedkeurder-a", "goedkeurder-b"])
def test_an_agreement_that_ended_closes_the_desk_and_takes_approvals_along(
    desk: Desk, party: str
) -> None:
    """Of the approver, or of who confirmed that this account decides for them."""
    for who in (ANNA, BOB):
        desk.give_approver(who)
    region, paths = desk.publisher.region, (desk.path, "/goedkeuren", f"{desk.path}/pakket.zip")
    with asking(desk.app) as anna, asking(desk.app) as bob:
        sign_in(anna, ANNA)
        sign_in(bob, BOB)
        sent = form(page(anna, desk), "goedkeuren")
        with agreement_ended(region, party):
            for client in (anna, bob):
                for path in paths:
                    answer = client.get(path)
                    assert (answer.status_code, code_of(answer)) == (403, "agreement-not-in-force")
                assert client.get("/").status_code == 200  # that is for everybody
                told = client.get(desk.path, headers={"accept": "text/html"})
                assert (told.status_code, "overeenkomst" in told.text) == (403, True)
            assert code_of(anna.post(desk.path, data=sent)) == "agreement-not-in-force"
            unchanged(desk)
        for client in (anna, bob):
            assert decide(client, desk, "goedkeuren").status_code == 303
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED
    with agreement_ended(region, party), pytest.raises(MonitorError) as refusal:
        desk.publisher.releases.publish(desk.release, region.agreements)
    assert refusal.value.code == "agreement-not-in-force"
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED


def test_a_mandate_that_somebody_wrote_makes_no_approval_count(desk: Desk) -> None:
    """Whoever can write in the database can point a mandate at another; the signatures do not."""
    given = [desk.give_approver(who) for who in (ANNA, BOB)]
    with asking(desk.app) as anna, asking(desk.app) as bob:
        for client, who in ((anna, ANNA), (bob, BOB)):
            sign_in(client, who)
            decide(client, desk, "goedkeuren")
        with desk.publisher.releases.database.transaction() as tx:
            tx.session.get_one(MandateRow, given[1]).party = "goedkeurder-a"
        refused = bob.get(desk.path)
        assert (refused.status_code, code_of(refused)) == (403, "mandate-altered")
        assert bob.get("/aanmelden").status_code == 200  # there is a way to sign in anew
    with pytest.raises(MonitorError) as refusal:
        desk.publisher.releases.publish(desk.release, desk.publisher.region.agreements)
    assert refusal.value.code == "mandate-altered"
    assert desk.publisher.state(desk.release) is ReleaseState.APPROVED


@pytest.mark.parametrize("state", [ReleaseState.STAGED, ReleaseState.WITHDRAWN])
def test_a_release_that_is_not_proposed_is_not_to_be_seen(desk: Desk, state: ReleaseState) -> None:
    desk.give_approver(ANNA)
    with desk.publisher.releases.database.transaction() as tx:
        tx.session.get_one(ReleaseRow, desk.release).state = state
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        for path in (desk.path, f"{desk.path}/pakket.zip", "/goedkeuren/x"):
            answer = client.get(path)
            assert (answer.status_code, code_of(answer)) == (404, "release-not-proposed")


# --- the policy says which way counts -----------------------------------------------------------


@pytest.mark.parametrize(("accepted", "way"), [('["offline"]', "page"), ('["page"]', "offline")])
def test_a_way_that_the_policy_does_not_accept_does_not_count(
    tmp_path: Path, issuer: str, accepted: str, way: str
) -> None:
    (tmp_path / "regio").mkdir()
    with fed_publisher(tmp_path / "regio", policy_with(accepted)) as publisher:
        settings = sign_in_settings(publisher.region, issuer)
        app = app_of(publisher.region, access="public", **settings)
        desk = Desk(publisher, app, issuer, proposed(publisher, tmp_path))
        desk.give_approver(ANNA)
        if way == "offline":
            signed = publisher.sign("goedkeurder-b", tmp_path / "pakket")
            with pytest.raises(MonitorError) as refusal:
                publisher.record(signed, "goedkeurder-b")
            assert refusal.value.code == "approval-kind-not-accepted"
        else:
            with asking(desk.app) as client:
                sign_in(client, ANNA)
                shown = page(client, desk)
                assert "publisher approve" in shown.text
                out = Html.of(client.get("/aanmelden").text)
                (token,) = [each.attributes["value"] for each in out.all("input")]
                sha256 = re.findall(r"\b[0-9a-f]{64}\b", shown.text)[0]
                sent = {"form_token": token, "release": sha256, "decision": "goedkeuren",
                        "reason": ""}  # fmt: skip
                assert code_of(client.post(desk.path, data=sent)) == "approval-kind-not-accepted"
        unchanged(desk)
