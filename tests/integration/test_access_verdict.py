"""What the approver's page says was verified: over which bytes, when, and again at a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest

from publisher.policies import ReleaseState
from publisher.released import Manifest
from publisher.releasing.bytes_of import sha256_of
from publisher.releasing.decisions import Decision
from publisher.releasing.keeping import CERTIFICATES
from publisher.releasing.page_decisions import Decided, PageDecisions
from publisher.releasing.releases import Releases
from publisher.releasing.verified import Verdicts
from publisher.store import (
    ApprovalRow,
    InternalDocumentRow,
    ReleaseRow,
)
from shared.errors import BusyError, MonitorError
from shared.statement import Kind, Statement
from tests.support.access import (
    asking,
)
from tests.support.approving import (
    ANNA,
    Desk,
    as_proposed,
    code_of,
    decide,
    form,
    page,
    proposed_desk,
    unchanged,
)
from tests.support.oidc import sign_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with proposed_desk(tmp_path_factory.mktemp("goedkeuren")) as found:
        yield found


@pytest.fixture
def desk(made: Desk) -> Desk:
    return as_proposed(made)


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


def test_who_approves_again_and_again_has_nothing_verified_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.give_approver(ANNA)
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        fields = form(page(client, desk), "goedkeuren")
        asked = counted(monkeypatch)

        def approve() -> httpx2.Response:
            return client.post(desk.path, data=fields)

        assert [approve().status_code for _ in range(3)] == [303, 303, 303]
        assert asked == [desk.release]
        assert len(desk.approvals()) == 1
        as_of_state(desk, ReleaseState.RETURNED)
        assert [code_of(approve()) for _ in range(3)] == ["release-state"] * 3
        assert asked == [desk.release]


def test_bytes_that_were_refused_are_not_verified_again_for_who_approves_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.give_approver(ANNA)
    with desk.publisher.releases.database.reading() as session:
        box = session.get_one(InternalDocumentRow, (desk.release, CERTIFICATES)).box
    with asking(desk.app) as client:
        sign_in(client, ANNA)
        fields = form(page(client, desk), "goedkeuren")
        write_box(desk, (box or b"")[:-1] + b"y")
        asked = counted(monkeypatch)
        codes = [code_of(client.post(desk.path, data=fields)) for _ in range(3)]
    write_box(desk, box)
    assert codes == ["screening-failed"] * 3
    assert asked == [desk.release]
    unchanged(desk)


def test_one_release_is_verified_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = Verdicts(desk.publisher.releases)
    verify, codes = Releases.verify, []

    def somebody_asks_meanwhile(it: Releases, release_id: str) -> int:
        with pytest.raises(BusyError) as refusal:
            verdicts.anew(release_id)
        codes.append(refusal.value.code)
        return verify(it, release_id)

    with monkeypatch.context() as patch:
        patch.setattr(Releases, "verify", somebody_asks_meanwhile)
        verdicts.known(desk.release)
    assert codes == ["release-being-verified"]
    verdicts.anew(desk.release)  # nobody is in the way any more


def as_of_state(desk: Desk, state: ReleaseState) -> None:
    """As after a request for change: nobody's approval is there."""
    with desk.publisher.releases.database.transaction() as tx:
        tx.session.query(ApprovalRow).delete()
        tx.session.get_one(ReleaseRow, desk.release).state = state


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
