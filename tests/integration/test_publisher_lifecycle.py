"""The life of a release around approval: screening, requests for change, embargo, calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from publisher.policies import ReleaseState
from publisher.reading import DatabaseReader
from publisher.releasing.approvals import read_package
from publisher.releasing.calendar import announce, announcements
from publisher.releasing.editions import Edition
from publisher.releasing.releases import Releases
from publisher.releasing.requests import request_change
from publisher.screening.screen import Verdict
from publisher.store import ApprovalRow, ChangeRequestRow, ReleaseRow
from shared.errors import InputError, PolicyError, StateError, TrustError
from shared.identity import Role
from shared.state.ledger_table import entries
from shared.statement import Kind, Statement
from tests.support.parties import NOW, ROUND, identity
from tests.support.publishing import RELEASE, Publisher, approved


def request(publisher: Publisher, folder: Path, party: str = "goedkeurder-a") -> Statement:
    card = publisher.region.identities["publicist"].card
    package = read_package(folder, card, card.fingerprint)
    approver = publisher.region.identities[party]
    return request_change(package, approver, "Kolom verwisseld.", publisher.region.clock())


def record(publisher: Publisher, statement: Statement, party: str) -> ReleaseState:
    card = publisher.region.identities[party].card
    return publisher.releases.record_request(statement, card, publisher.region.pinned_agreements)


def events(publisher: Publisher) -> list[str]:
    with publisher.releases.database.reading() as session:
        return [entry.event.value for entry in entries(session.connection())]


def test_a_staged_release_passes_the_screener_and_a_spoilt_one_is_not_submitted(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    assert publisher.releases.screen(RELEASE).verdict is not Verdict.FAIL
    with publisher.releases.database.transaction() as tx:
        tx.session.get_one(ReleaseRow, RELEASE).summary = "Alles veilig.\n"
    failed = publisher.releases.screen(RELEASE).with_verdict(Verdict.FAIL)
    assert [outcome.check.id for outcome in failed] == ["summary-pinned"]
    with pytest.raises(PolicyError, match="summary-pinned"):
        publisher.submit(tmp_path / "pakket")
    assert publisher.state() is ReleaseState.STAGED


def test_a_request_for_change_sends_a_release_back_and_everyone_signs_anew(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = tmp_path / "pakket"
    approved(publisher, folder)
    statement = request(publisher, folder)
    assert record(publisher, statement, "goedkeurder-a") is ReleaseState.RETURNED
    assert record(publisher, statement, "goedkeurder-a") is ReleaseState.RETURNED
    with pytest.raises(StateError, match="release-state"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    with pytest.raises(StateError, match="release-state"):
        publisher.record(publisher.sign("goedkeurder-b", folder), "goedkeurder-b")
    with publisher.releases.database.reading() as session:
        assert session.query(ApprovalRow).count() == 0
        assert session.get_one(ChangeRequestRow, statement.sha256).party == "goedkeurder-a"
    assert events(publisher).count("change_requested") == 1
    approved(publisher, tmp_path / "pakket-2")
    publisher.releases.publish(RELEASE, publisher.region.agreements)


def test_who_proposed_it_before_cannot_approve_it_by_letting_another_propose(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket", proposer="goedkeurder-a")
    record(publisher, request(publisher, folder, "goedkeurder-b"), "goedkeurder-b")
    with pytest.raises(PolicyError, match="proposer-differs"):
        publisher.submit(tmp_path / "pakket-2", proposer="publicist")
    assert publisher.state() is ReleaseState.RETURNED


@pytest.mark.parametrize("wrong", ["key", "release", "party", "reason"])
def test_a_request_that_is_not_an_approvers_changes_nothing(
    publisher: Publisher, tmp_path: Path, wrong: str
) -> None:
    publisher.releases.stage(ROUND)
    folder = publisher.submit(tmp_path / "pakket")
    if wrong == "key":
        publisher.region.identities["goedkeurder-a"] = identity("goedkeurder-a", Role.APPROVER)
        expected: tuple[type[Exception], str] = (TrustError, "card-not-pinned")
    elif wrong == "party":
        publisher.region.identities["vreemde"] = identity("vreemde", Role.APPROVER)
        expected = (PolicyError, "agreement-missing")
    elif wrong == "reason":
        card = publisher.region.identities["publicist"].card
        package = read_package(folder, card, card.fingerprint)
        with pytest.raises(InputError, match="reason-missing"):
            request_change(package, publisher.region.identities["goedkeurder-a"], " ", NOW)
        return
    else:
        expected = (TrustError, "request-about-other-bytes")
    party = "vreemde" if wrong == "party" else "goedkeurder-a"
    statement = request(publisher, folder, party)
    if wrong == "release":
        with publisher.releases.database.transaction() as tx:
            tx.session.get_one(ReleaseRow, RELEASE).sha256 = "0" * 64
    with pytest.raises(expected[0], match=expected[1]):
        record(publisher, statement, party)
    assert publisher.state() is ReleaseState.SUBMITTED


def test_an_embargo_keeps_readers_out_until_it_ends(publisher: Publisher, tmp_path: Path) -> None:
    ends = publisher.region.clock() + timedelta(days=2)
    manifest = publisher.releases.stage(ROUND, edition=Edition(True, ends))
    assert (manifest.version, manifest.provisional, manifest.not_before) == ("1.0", True, ends)
    approved(publisher, tmp_path / "pakket")
    with pytest.raises(StateError, match="embargo-not-over"):
        publisher.releases.publish(RELEASE, publisher.region.agreements)
    reader = DatabaseReader(publisher.releases.database)
    assert reader.latest() is None
    assert reader.find(RELEASE) is None
    publisher.region.clock.now = ends
    publisher.releases.publish(RELEASE, publisher.region.agreements)
    assert reader.find(RELEASE) is not None


def test_an_embargo_has_a_time_zone() -> None:
    with pytest.raises(InputError, match="embargo-without-zone"):
        Edition(not_before=datetime(2027, 1, 15, 9, 0))


def test_a_later_release_has_a_version_and_says_what_changed(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    again = publisher.releases.stage(ROUND)
    assert again.version == "1.1"
    # Counts and amounts are as they were; providers of a period that was published before are not.
    changed = {(change.table, change.kind) for change in again.changes}
    assert changed == {("providers", "cells-changed")}


def test_a_release_that_another_overtook_goes_no_further(
    publisher: Publisher, tmp_path: Path
) -> None:
    """It was protected beside what readers had then, and they have more by now."""
    publisher.releases.stage(ROUND)
    overtaken = publisher.releases.stage(ROUND).release_id
    publisher.publish(tmp_path / "pakket")
    with pytest.raises(StateError, match="release-overtaken"):
        publisher.submit(tmp_path / "later", release_id=overtaken)
    failed = publisher.releases.screen(overtaken).with_verdict(Verdict.FAIL)
    assert "protection-proof" in {outcome.check.id for outcome in failed}
    publisher.releases.verify(RELEASE)


def test_a_release_that_follows_one_that_was_withdrawn_is_staged_again(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    follows = publisher.releases.stage(ROUND).release_id
    never = publisher.releases.stage(ROUND).release_id
    publisher.releases.withdraw(never, "Niet nodig.")
    publisher.submit(tmp_path / "later", release_id=follows)
    publisher.releases.withdraw(RELEASE, "Een fout in de bron.")
    with pytest.raises(StateError, match="release-overtaken"):
        publisher.releases.publish(follows, publisher.region.agreements)
    again = publisher.releases.stage(ROUND)
    assert again.supersedes == ""
    publisher.submit(tmp_path / "opnieuw", release_id=again.release_id)


def test_a_release_that_is_overtaken_while_its_proof_is_read_is_not_published(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.releases.stage(ROUND)
    other = publisher.releases.stage(ROUND).release_id
    approved(publisher, tmp_path / "pakket")
    folder = publisher.submit(tmp_path / "ander", release_id=other)
    for party in ("goedkeurder-a", "goedkeurder-b"):
        publisher.record(publisher.sign(party, folder), party)
    verify = Releases.verify

    def slow(releases: Releases, release_id: str) -> int:
        count = verify(releases, release_id)
        if release_id == other:
            releases.publish(RELEASE, publisher.region.agreements)
        return count

    monkeypatch.setattr(Releases, "verify", slow)
    with pytest.raises(StateError, match="release-overtaken"):
        publisher.releases.publish(other, publisher.region.agreements)
    assert publisher.state() is ReleaseState.PUBLISHED


def test_readers_see_why_a_release_was_withdrawn(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    publisher.releases.withdraw(RELEASE, "verkeerd bronbestand ")
    found = DatabaseReader(publisher.releases.database).find(RELEASE)
    assert found is not None
    assert (found.state, found.reason) == ("withdrawn", "verkeerd bronbestand")
    statement = publisher.releases.withdraw(RELEASE, "verkeerd bronbestand")
    assert statement.kind is Kind.WITHDRAWAL


def test_the_calendar_shows_what_is_coming_and_that_a_day_was_moved(
    publisher: Publisher, tmp_path: Path
) -> None:
    database = publisher.releases.database
    first, later = (NOW.date() + timedelta(days=days) for days in (30, 60))
    assert not announce(database, ROUND, "Jeugdhulp op school", first, provisional=True)
    assert announce(database, ROUND, "Jeugdhulp op school", later, provisional=False)
    assert not announce(database, ROUND, "Jeugdhulp op school ", later, provisional=False)
    (line,) = announcements(database)
    assert (line.expected_on, line.moved_from, line.provisional) == (later, first, False)
    assert events(publisher).count("release_announced") == 3
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    assert announcements(database) == ()


def test_a_wrong_announcement_is_refused(publisher: Publisher) -> None:
    database, day = publisher.releases.database, date(2020, 1, 1)
    with pytest.raises(InputError, match="announcement-in-past"):
        announce(database, ROUND, "Te laat", day, provisional=False)
    with pytest.raises(InputError, match="title-missing"):
        announce(database, ROUND, " ", date(2030, 1, 1), provisional=False)
    with pytest.raises(StateError, match="round-unknown"):
        announce(database, "onbekend", "Titel", date(2030, 1, 1), provisional=False)
    assert announcements(database) == ()


def test_an_embargo_in_the_past_is_only_an_advice(publisher: Publisher) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    publisher.releases.stage(ROUND, edition=replace(Edition(), not_before=past))
    found = publisher.releases.screen(RELEASE)
    assert "embargo" in [each.check.id for each in found.with_verdict(Verdict.ADVISORY)]
    assert found.verdict is Verdict.ADVISORY
