"""The approver's page: what it shows, whose decision counts, and everything that is none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.access.mandates import account_of
from publisher.access.roles import AccessRole
from publisher.policies import ReleaseState
from publisher.released import Manifest, TableEntry
from publisher.releasing.approvals import read_package
from publisher.releasing.decisions import PageDecision
from publisher.store import (
    ChangeRequestRow,
    MandateRow,
    ReleaseRow,
)
from shared.errors import MonitorError
from shared.ledger import Event
from shared.statement import Kind, Statement
from tests.support.access import (
    agreement_ended,
    app_of,
    asking,
    fed_publisher,
    give,
)
from tests.support.approving import (
    ANNA,
    BOB,
    Desk,
    as_proposed,
    code_of,
    decide,
    form,
    page,
    policy_with,
    proposed,
    proposed_desk,
    unchanged,
)
from tests.support.oidc import running_provider, sign_in, sign_in_settings
from tests.support.web import Html

ANALYST = "cor@c.example"
ROLES_GIVEN = (Event.ACCESS_PROPOSED, Event.ACCESS_GRANTED)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with proposed_desk(tmp_path_factory.mktemp("goedkeuren")) as found:
        yield found


@pytest.fixture
def desk(made: Desk) -> Desk:
    return as_proposed(made)


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
    links = set(shown.attributes("a", "href"))
    assert links >= {"#anders", "#weggelaten", "#controle", "#oordeel"}  # what is asked, in order
    assert not any(link.endswith(f"/releases/{desk.release}") for link in links)  # not there yet
    (rows,) = (each[1:] for each in shown.tables if each[0][0] == "Tabel")
    assert [[cell.replace(".", "") for cell in each[:3]] for each in rows] == [
        [each.title, str(each.rows), str(each.withheld)] for each in page_tables(desk)
    ]
    smallest = re.findall(r"kleinste (\S+),", row.summary)
    assert [each[4] for each in rows] == ["–" if each == "geen" else each for each in smallest]
    assert any(each.isdigit() for each in smallest)


def page_tables(desk: Desk) -> tuple[TableEntry, ...]:
    """The tables of the release, as its statement pins them."""
    with desk.publisher.releases.database.reading() as session:
        statement = session.get_one(ReleaseRow, desk.release).statement
    return Statement.from_bytes(statement).read(Kind.RELEASE, Manifest).tables


def test_the_page_says_what_comes_after_each_decision(desk: Desk) -> None:
    """One more of two, then nothing more to do; the second is told that it is the last."""
    after = []
    for who in (ANNA, BOB):
        desk.give_approver(who)
        with asking(desk.app) as client:
            sign_in(client, who)
            before = page(client, desk).text
            decide(client, desk, "goedkeuren")
            after.append((before, page(client, desk).text))
    assert "0 van 2 organisaties" in after[0][0]
    assert "nog moet goedkeuren: 1." in after[0][0]
    assert "U hebt deze uitgave goedgekeurd." in after[0][1]
    assert "1 van 2 organisaties: organisatie van goedkeurder-a" in after[0][1]
    assert "Daarna zijn er genoeg goedkeuringen" in after[1][0]
    assert "Genoeg organisaties hebben deze uitgave goedgekeurd" in after[1][1]


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


# --- what is no decision ------------------------------------------------------------------------


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
