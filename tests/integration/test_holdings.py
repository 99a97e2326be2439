"""What both services say that they hold and have destroyed: command, page and alarms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from sqlalchemy import select

from linker import cli as linker_cli
from linker.oversight.holdings import find_holdings as find_at_linker
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import PartRow
from publisher import cli as publisher_cli
from publisher.app import create_app
from publisher.oversight.holdings import find_holdings as find_at_publisher
from publisher.rounds.retention import Retention as PublisherRetention
from shared.destruction import Destruction, Kept, Reason
from shared.holdings import Alarm, HeldKind, Holding, Holdings
from shared.ledger import Event
from shared.round import TrustedRound
from shared.service import oversight, retaining
from shared.service.logs import Log
from shared.state.database import Database
from shared.state.ledger_table import entries
from shared.statement import Statement
from tests.support.parties import (
    ROUND,
    MiniRegion,
    care_table,
    objection_table,
    pseudonym,
    seal_letter,
)
from tests.support.publishing import RELEASE, Publisher

INTERNAL = ("certificates", "report", "counts")
"""What the publisher seals of one release."""
DAY = timedelta(days=1)


@contextmanager
def linker_of(region: MiniRegion) -> Iterator[LinkerRetention]:
    database = region.linker_database()
    yield LinkerRetention(database, region.linker_keys, region.identities["koppelaar"])
    database.close()


def publisher_of(publisher: Publisher) -> PublisherRetention:
    releases = publisher.releases
    return PublisherRetention(releases.database, releases.keys, releases.identity)


def at_linker(region: MiniRegion) -> Holdings:
    with linker_of(region) as retention:
        return find_at_linker(retention, region.clock(), region.policy.policy)


def at_publisher(publisher: Publisher) -> Holdings:
    region = publisher.region
    return find_at_publisher(publisher_of(publisher), region.clock(), region.policy.policy)


def counts(found: Holdings) -> dict[HeldKind, int]:
    return {each.kind: each.count for each in found.held if each.kind is not HeldKind.LEDGER}


def one(found: Holdings, kind: HeldKind) -> Holding:
    (holding,) = [each for each in found.held if each.kind is kind]
    return holding


def alarms(found: Holdings) -> list[tuple[Alarm, str]]:
    return [(each.alarm, each.of) for each in found.alarms]


# --- what is held ------------------------------------------------------------------------------


def test_the_linker_counts_envelopes_and_says_until_when_and_why(publisher: Publisher) -> None:
    region = publisher.region
    found = at_linker(region)
    assert found.service == "koppelaar"
    assert counts(found) == {
        HeldKind.ROUND_KEY: 1,
        HeldKind.DELIVERIES: 3,
        HeldKind.MATCH_RATES: 3,
        HeldKind.TALLIES: 1,
        HeldKind.FIGURES: 3,
        HeldKind.REPORTS: 1,
        HeldKind.LINKAGE_FIGURES: 1,
    }
    terms = region.policy.policy.retention
    held = one(found, HeldKind.DELIVERIES)
    assert (held.of, held.since) == (ROUND, region.clock())
    assert held.until == region.clock() + terms.input_after_close_days * DAY
    assert held.policy == region.policy.sha256
    assert held.agreements == region.pinned_agreements.sha256
    assert one(found, HeldKind.LEDGER).until is None
    assert alarms(found) == []


def test_objections_are_in_no_count_while_they_are_held_nor_when_they_are_gone(
    region: MiniRegion, trusted: TrustedRound
) -> None:
    """Of objections nobody hears more than that they were accepted, a privacy officer neither."""
    objections = seal_letter(region, trusted, "gm0197", objection_table([1]), "objection/1")
    rows = care_table([{"pseudonym": pseudonym(1)}])
    care = seal_letter(region, trusted, "gm0197", rows, "care/1")
    with region.linker_client() as client:
        for letter in (objections, care):
            answer = client.put(f"/envelopes/{letter.address}", content=letter.data)
            assert answer.status_code == 201
    found = at_linker(region)
    assert counts(found)[HeldKind.DELIVERIES] == 1
    assert "gm0197" not in oversight.render(found) + found.model_dump_json()
    with linker_of(region) as retention:
        statement = retention.destroy(ROUND, Reason.TERM)
        with retention.database.reading() as session:
            left = session.scalars(select(PartRow.envelope)).all()
    assert left == [None, None]
    assert Destruction.of(statement).objects == 1
    assert [each.objects for each in at_linker(region).gone] == [1]


def test_the_publisher_tells_of_tallies_proofs_and_releases(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    found = at_publisher(publisher)
    assert counts(found) == {
        HeldKind.ROUND_KEY: 1,
        HeldKind.TALLIES: 1,
        HeldKind.PROOFS: len(INTERNAL),
        HeldKind.RELEASES: len(publisher.region.policy.policy.tables),
    }
    terms, now = publisher.region.policy.policy.retention, publisher.region.clock()
    assert one(found, HeldKind.TALLIES).until == now + terms.tally_after_receipt_days * DAY
    release = one(found, HeldKind.RELEASES)
    assert release.of == RELEASE
    assert release.until == now + terms.release_after_publication_days * DAY


def test_an_offered_key_is_held_until_its_term(publisher: Publisher) -> None:
    region = publisher.region
    publisher_of(publisher).offers.make("volgende-ronde", region.clock)
    held = one(at_publisher(publisher), HeldKind.OFFERED_KEY)
    assert (held.of, held.count) == ("volgende-ronde", 1)
    assert held.until == region.clock() + 90 * DAY
    without = find_at_publisher(publisher_of(publisher), region.clock(), None)
    assert one(without, HeldKind.OFFERED_KEY).until is None


# --- what is gone, and the evidence ------------------------------------------------------------


def entry(database: Database, event: Event) -> tuple[int, str]:
    with database.reading() as session:
        (found,) = [each for each in entries(session.connection()) if each.event is event]
    return found.seq, found.sha256


def test_what_was_destroyed_is_told_with_its_evidence(publisher: Publisher, tmp_path: Path) -> None:
    publisher.releases.stage(ROUND)
    publisher.publish(tmp_path / "pakket")
    region, service = publisher.region, publisher_of(publisher)
    statement = service.destroy(ROUND, Reason.REQUEST)
    days = region.policy.policy.retention.release_after_publication_days
    region.clock.forward(days)
    list(service.retain(region.clock(), clock_confirmed=True))
    found = at_publisher(publisher)
    assert [(each.what, each.id) for each in found.gone] == [
        (Kept.ROUND, ROUND),
        (Kept.RELEASE, RELEASE),
    ]
    destroyed, expired = found.gone
    assert (destroyed.statement, destroyed.objects) == (statement.sha256, 1 + len(INTERNAL))
    assert (destroyed.ledger_seq, destroyed.ledger_sha256) == entry(
        service.database, Event.DESTROYED
    )
    assert (expired.ledger_seq, expired.ledger_sha256) == entry(
        service.database, Event.RELEASE_EXPIRED
    )
    # What readers once had is kept to compare later releases with, and nothing else of the round.
    assert counts(found) == {HeldKind.HISTORY: len(region.policy.policy.tables)}
    assert one(found, HeldKind.HISTORY).until is None


# --- alarms ------------------------------------------------------------------------------------


def test_the_linker_warns_before_a_tally_is_destroyed_that_nobody_has(
    publisher: Publisher,
) -> None:
    region = publisher.region
    days = region.policy.policy.retention.input_after_close_days
    region.clock.forward(days - 15)
    assert alarms(at_linker(region)) == []
    region.clock.forward(1)
    assert alarms(at_linker(region)) == [(Alarm.UNSENT, ROUND)]


def test_what_is_overdue_or_unfinished_or_without_its_key_is_an_alarm(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = publisher.region
    days = region.policy.policy.retention.tally_after_receipt_days
    region.clock.forward(days + 1)
    assert alarms(at_publisher(publisher)) == []
    region.clock.now += timedelta(seconds=1)
    assert alarms(at_publisher(publisher)) == [(Alarm.OVERDUE, ROUND)]
    service = publisher_of(publisher)

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(service.keys), "destroy", stops)
        with pytest.raises(KeyboardInterrupt):
            service.destroy(ROUND, Reason.TERM)
    assert alarms(at_publisher(publisher)) == [(Alarm.UNFINISHED, ROUND)]
    with linker_of(region) as linker:
        linker.keys.destroy(ROUND)
    assert (Alarm.KEY_ABSENT, ROUND) in alarms(at_linker(region))


# --- the commands ------------------------------------------------------------------------------

Command = Callable[..., Result]


@pytest.fixture(params=["linker", "publisher"])
def command(
    request: pytest.FixtureRequest, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command line of either service, at the region's clock."""
    region = publisher.region
    program = {"linker": linker_cli, "publisher": publisher_cli}[request.param]
    model = {"linker": region.linker_settings, "publisher": region.publisher_settings}
    tables = {"bands", "alarms"}
    values = model[request.param].model_dump(mode="json", exclude_none=True, exclude=tables)
    settings = region.folder / f"{request.param}.toml"
    settings.write_text("\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items()))
    for module in (program, retaining):
        monkeypatch.setattr(module, "system_clock", region.clock)
    monkeypatch.setattr("shared.state.database.system_clock", region.clock)
    group = getattr(program, request.param)

    def run(*words: str) -> Result:
        return CliRunner().invoke(group, ["--settings", str(settings), *words])

    run.program = request.param  # type: ignore[attr-defined]
    return run


def test_holdings_are_printed_and_given_as_json(command: Command) -> None:
    shown = command("holdings")
    assert shown.exit_code == 0, shown.output
    assert f"tallies           1  {ROUND}" in shown.output
    assert "ALARM keys-not-apart" in shown.output  # the tests have one volume
    found = Holdings.model_validate_json(command("holdings", "--json").output)
    assert counts(found)[HeldKind.TALLIES] == 1
    assert Alarm.KEY_VOLUME in {each.alarm for each in found.alarms}


def test_retain_says_what_it_did_once_and_writes_each_statement(
    command: Command, publisher: Publisher, tmp_path: Path
) -> None:
    folder = tmp_path / "verklaringen"

    def retain(*more: str) -> Result:
        return command("retain", "--statements", str(folder), "--confirm-clock", *more)

    assert retain().output == "ended: 0\n"
    publisher.region.clock.forward(366)
    first = retain()
    assert f"destroyed round {ROUND}: " in first.output
    assert first.output.endswith("ended: 1\n")
    (path,) = folder.iterdir()
    assert json.loads(retain("--json").output) == []
    # A statement that could not be written is written by a later run: it lies in the database.
    stated = path.read_bytes()
    path.unlink()
    assert retain().output == "ended: 0\n"
    assert path.read_bytes() == stated
    assert Statement.from_bytes(stated).sha256[:16] in path.name


def test_retain_gives_json_for_a_programme(
    command: Command, publisher: Publisher, tmp_path: Path
) -> None:
    publisher.region.clock.forward(366)
    words = ("retain", "--statements", str(tmp_path / "v"), "--confirm-clock", "--json")
    (done,) = json.loads(command(*words).output)
    assert (done["what"], done["id"], len(done["statement"])) == ("round", ROUND, 64)


def test_a_policy_that_cannot_be_read_keeps_nothing_from_being_destroyed(
    command: Command, publisher: Publisher, tmp_path: Path
) -> None:
    for party in ("koppelaar", "publicist"):
        (publisher.region.folder / party / "policy.toml").write_text("geen toml")
    publisher.region.clock.forward(366)
    done = command("retain", "--statements", str(tmp_path / "v"), "--confirm-clock")
    assert f"destroyed round {ROUND}" in done.output
    assert "toml-invalid" in str(done.exception)
    assert len(list((tmp_path / "v").iterdir())) == 1


def test_the_status_has_the_alarm(command: Command, publisher: Publisher) -> None:
    words = ("round", "status", ROUND) if command.program == "linker" else ("status",)  # type: ignore[attr-defined]
    assert "ALARM" not in command(*words).output
    publisher.region.clock.forward(400)
    assert "ALARM retention-overdue" in command(*words).output


def test_a_round_is_destroyed_for_a_reason_from_the_list(command: Command, tmp_path: Path) -> None:
    out = str(tmp_path / "vernietiging.json")
    words = ("round", "destroy", ROUND, "--out", out, "--yes")
    assert command(*words, "--reason-code", "omdat het kan").exit_code == 2
    assert command(*words, "--reason-code", "term-reached").exit_code == 2
    assert command(*words, "--reason-code", "on-request").exit_code == 0
    assert '"reason":"on-request"' in Path(out).read_text()


# --- the page ----------------------------------------------------------------------------------


@contextmanager
def client_of(publisher: Publisher, which: str) -> Iterator[TestClient]:
    region = publisher.region
    if which == "linker":
        with region.linker_client() as client:
            yield client
        return
    app = create_app(region.publisher_settings, clock=region.clock, log=Log("publisher"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("which", ["linker", "publisher"])
def test_the_page_says_the_same_without_script_or_other_origin(
    publisher: Publisher, which: str
) -> None:
    service = "koppelaar" if which == "linker" else "publicist"
    with client_of(publisher, which) as client:
        page, style = client.get("/toezicht"), client.get("/toezicht/opmaak.css")
    assert (page.status_code, style.status_code) == (200, 200)
    assert style.headers["content-type"].startswith("text/css")
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    text = page.text
    assert '<html lang="nl">' in text
    assert f"Wat {service} bewaart en heeft vernietigd" in text
    assert "verzegelde tellingen" in text
    assert publisher.region.policy.sha256 in text
    assert "de sleutelmap ligt niet op een eigen volume" in text
    for absent in ("<script", "style=", "http://", "https://", "99XA", "onclick"):
        assert absent not in text


@pytest.mark.parametrize("which", ["linker", "publisher"])
def test_the_page_shows_what_was_destroyed(publisher: Publisher, which: str) -> None:
    if which == "linker":
        with linker_of(publisher.region) as linker:
            statement = linker.destroy(ROUND, Reason.INCIDENT)
    else:
        statement = publisher_of(publisher).destroy(ROUND, Reason.INCIDENT)
    with client_of(publisher, which) as client:
        text = client.get("/toezicht").text
    assert "ronde vernietigd" in text
    assert "<td>incident</td>" in text
    assert statement.sha256 in text


def test_everything_that_can_be_shown_has_a_word() -> None:
    assert set(oversight.KINDS) == set(HeldKind)
    assert set(oversight.ALARMS) == set(Alarm)
    assert set(oversight.GONE) == set(Kept)
    assert set(oversight.REASONS) == set(Reason)


def test_what_a_name_could_hold_is_escaped(publisher: Publisher) -> None:
    found = at_publisher(publisher)
    evil = found.model_copy(update={"service": "<b>x</b>"})
    assert "<b>x</b>" not in oversight.render(evil)
