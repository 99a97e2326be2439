"""A stateful model of a round and its release, over lost messages, jumps of the clock, restarts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from linker.deliveries import decide_delivery
from linker.reopening import ReopenReason, reopen_round
from linker.rounds import close_round
from linker.store import DeliveryRow, PartRow
from linker.store import RoundRow as LinkerRound
from publisher.approvals import Package, approve
from publisher.released import Manifest
from publisher.store import ReleaseRow, TallyRow
from publisher.store import RoundRow as PublisherRound
from shared.destruction import Destruction, Ended, Reason
from shared.envelope import open_body, read_header
from shared.errors import MonitorError
from shared.ledger import Event, Head, verify_ledger
from shared.receipt import Receipt
from shared.state.database import Database
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.assurance import figure, recorded
from tests.support.parties import NOW, ROUND, Letter, MiniRegion
from tests.support.round_children import (
    KEYS,
    VARIANTS,
    counted,
    covers_something,
    honest_count,
)
from tests.support.round_model import ROUND_MOVES, Delivery, Model, Release
from tests.support.round_world import World, entries_after, no_waiting_for_the_disk, saved_region
from tests.support.rounds import EVERY_DELIVERY

LIVES, STEPS = figure(50, 2_000), figure(30, 50)
LAST = NOW + timedelta(days=300)
"""Agreements are in force for a year; the model does not leave it."""

Found = TypeVar("Found")
Retain = Callable[..., Iterable[Ended]]

pick = range(100)
ACTIONS: dict[str, dict[str, Sequence[Any]]] = {
    "deliver": {
        "key": KEYS,
        "variant": range(VARIANTS),
        "parts": (1, 1, 2),
        "fault": ("", "", "", "lost", "reordered", "unfinished", "stale", "twice"),
    },
    "resume": {"which": pick, "number": (1, 2, 2)},
    "send_again": {"which": pick},
    "decide": {"which": pick, "accept": (True, False)},
    "close": {},
    "reopen": {"days": range(13), "reason": tuple(ReopenReason)},
    "link": {},
    "send": {"fault": ("", "", "request lost", "answer lost", "twice")},
    "tally_arrives_late": {"which": pick},
    "stage": {},
    "advance": {"which": pick},
    "withdraw": {"which": pick},
    "retain": {"confirmed": (True, True, False)},
    "jump": {"hours": (-48, -48, 1, 24, 48, 48, 24 * 6, 24 * 9)},
    "destroy_early": {"reason": (Reason.REQUEST, Reason.INCIDENT, Reason.ERROR)},
    "restart": {},
}
"""What can happen at any moment, and with what."""
OFTEN = ("deliver",) * 5 + ("resume", "decide", "reopen", "reopen", "retain", "jump", "advance")
numbers = count()


def refusal(work: Callable[[], object]) -> str:
    """The code with which ``work`` was refused; empty where it was done."""
    try:
        work()
    except MonitorError as error:
        return error.code
    return ""


def one_of(found: Sequence[Found], which: int) -> Sequence[Found]:
    """One of what was found; nothing where nothing was."""
    return [found[which % len(found)]] if found else []


def opened(keys: RoundKeys, envelope: bytes) -> bytes:
    """The body of an envelope, opened with what is in a key folder."""
    header = read_header(envelope)
    return open_body(header, envelope[header.size :], keys.opening_key(ROUND))


class Ledger:
    """What was read of one service's ledger, and whether it only grew."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.head = Head(0, "0" * 64)
        self.events: list[Event] = []

    def grow(self, database: Database) -> None:
        for entry in entries_after(database, self.head.seq):
            assert (entry.seq, entry.previous) == (self.head.seq + 1, self.head.sha256)
            self.head = Head(entry.seq, entry.sha256)
            self.lines.append(entry.line())
            self.events.append(entry.event)


class RoundMachine(RuleBasedStateMachine):
    """Moves the world and the model alike, and compares them after every step."""

    saved: MiniRegion
    accepted: Statement
    folder: Path

    @initialize(steps=st.integers(0, 6), variant=st.integers(0, VARIANTS - 1))
    def begin(self, steps: int, variant: int) -> None:
        """Begin a life, and bring it to some moment of a round that goes well."""
        self.world = World.begin(self.saved, self.accepted, self.folder / f"life-{next(numbers)}")
        self.model = Model()
        self.ledgers = (Ledger(), Ledger())
        self.before = "open"
        self.copies: list[bytes] = []
        self.statements: list[Ended] = []
        self.tried: set[int] = set()
        self.steps = 0
        self.proceed(steps, variant)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.check_ledgers_from_the_first()
        self.world.end()

    # --- the ordinary course, without which a random walk gets nowhere -------------------------

    @rule(drawn=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
    def happens(self, drawn: list[int]) -> None:
        """Anything, with anything.

        One rule draws from all of it: rules of their own would be switched off in most lives, and
        a round needs many different steps. The place in the life is drawn with: the same small
        number twice is then not the same step twice.
        """
        for number in drawn:
            self.steps += 1
            draw = random.Random(f"{number} {self.steps}")
            what = draw.choice([*ACTIONS, *OFTEN])
            arguments = {name: draw.choice(each) for name, each in ACTIONS[what].items()}
            note(f"{what} {arguments}")
            getattr(self, what)(**arguments)
            self.states_are_those_of_the_model_and_moved_as_allowed()

    @rule(steps=st.integers(1, 3), variant=st.integers(0, VARIANTS - 1))
    def proceed(self, steps: int, variant: int) -> None:
        """Take the next steps of a round that goes well."""
        for _ in range(steps):
            self.next_step(variant)
            self.states_are_those_of_the_model_and_moved_as_allowed()

    def next_step(self, variant: int) -> None:
        model = self.model
        missing = [key for key in KEYS[:3] if key not in model.current]
        if model.state == "open" and model.undecided():
            first = model.undecided()[0]
            self.decide_about(first, accept=model.refusal_of_decision(first, accept=True) == "")
        elif model.state == "open" and missing and self.is_taking():
            self.deliver(missing[0], variant, 1, "")
        elif model.state == "open":
            self.close()
        elif model.state == "closed" and covers_something(model.variants()):
            self.link()
        elif model.state == "linked":
            self.send("")
        elif model.tallies and not self.next_release() and max(model.tallies) not in self.tried:
            self.tried.add(max(model.tallies))
            self.stage()

    def is_taking(self) -> bool:
        return self.world.region.clock().date() <= self.model.last_day

    def next_release(self) -> bool:
        """Take the release of the newest tally further; False where there is none under way."""
        newest = max(self.model.tallies)
        for release_id, each in sorted(self.model.releases.items()):
            if each.revision == newest and each.state in {"staged", "submitted", "approved"}:
                self.advance_one(release_id)
                return True
        return False

    # --- suppliers -----------------------------------------------------------------------------

    def deliver(self, key: tuple[str, str], variant: int, parts: int, fault: str) -> None:
        supersedes = self.model.current.get(key, "")
        if fault == "stale":
            supersedes = "f" * 32
        if key[1] == "objection/1":
            parts = 1
        letters = self.world.letters(key, variant, supersedes, parts)
        delivery = Delivery(key, variant, letters, supersedes)
        if fault == "lost":
            return
        if fault == "reordered" and parts == 2:
            self.put(delivery, 2)
        sent = letters[:1] if fault == "unfinished" else letters
        for number in range(1, len(sent) + 1):
            self.put(delivery, number)
            if fault == "twice":
                self.put_again(letters[number - 1])

    def resume(self, which: int, number: int) -> None:
        found = [each for each in self.model.deliveries.values() if not each.is_whole]
        for each in one_of(found, which):
            self.put(each, min(number, len(each.letters)))

    def send_again(self, which: int) -> None:
        """The answer was lost: the same envelope, at any later moment, gets the same receipt."""
        for letter, _ in one_of(self.model.receipts, which):
            self.put_again(letter)

    def put(self, delivery: Delivery, number: int) -> None:
        letter = delivery.letters[number - 1]
        if any(letter is known for known, _ in self.model.receipts):
            self.put_again(letter)
            return
        expected = self.model.refusal_of_part(delivery, number, self.world.region.clock())
        receipts: list[bytes] = []
        found = refusal(lambda: receipts.append(self.world.put(letter)))
        assert found == expected, f"{delivery.key} part {number}"
        if found:
            return
        self.model.store_part(delivery)
        self.model.receipts.append((letter, receipts[0]))
        self.copies.append(letter.data)
        said = Statement.from_bytes(receipts[0]).read(Kind.RECEIPT, Receipt).outcome.value
        if delivery.key[1] == "objection/1":
            assert said == "accepted"
        else:
            states = {"incomplete": "part_stored", "held": "delivery_held",
                      "current": "delivery_current"}  # fmt: skip
            assert said == states[delivery.state]

    def put_again(self, letter: Letter) -> None:
        for known, receipt in self.model.receipts:
            if known is letter:
                assert self.world.put(letter) == receipt

    # --- the operator of the linker ------------------------------------------------------------

    def decide(self, which: int, accept: bool) -> None:
        found = self.model.undecided() or list(self.model.deliveries.values())
        for delivery in one_of(found, which):
            self.decide_about(delivery, accept=accept)

    def decide_about(self, delivery: Delivery, *, accept: bool) -> None:
        expected = self.model.refusal_of_decision(delivery, accept=accept)
        assert refusal(
            lambda: decide_delivery(self.world.linker, delivery.id, accept=accept)
        ) == expected  # fmt: skip
        if expected:
            return
        if accept:
            self.model.make_current(delivery)
        else:
            delivery.state = "rejected"

    def close(self) -> None:
        expected = "" if self.model.state == "open" else "round-state"
        if self.model.undecided():
            expected = "deliveries-undecided"
        found = refusal(lambda: close_round(self.world.linker, ROUND, without=EVERY_DELIVERY))
        assert found == expected
        if not expected:
            self.model.state = "closed"
            self.model.first_closed = self.model.first_closed or self.world.region.clock()

    def reopen(self, days: int, reason: ReopenReason) -> None:
        until = self.world.region.clock().date() + timedelta(days=days)
        expected = self.model.refusal_of_reopening(until)
        found = refusal(lambda: reopen_round(self.world.linker, ROUND, reason, until))
        assert found == expected
        if not expected:
            self.model.reopen(until)

    def link(self) -> None:
        expected = "" if self.model.state == "closed" else "round-state"
        current = self.model.variants()
        if not expected and not covers_something(current):
            expected = "nothing-covered"
        if expected:
            assert refusal(self.world.link) == expected
            return
        tally = self.world.link()
        self.model.revision += 1
        self.model.state = "linked"
        self.model.linked_from[self.model.revision] = current
        assert tally.header.revision == self.model.revision
        assert counted(tally) == honest_count(self.world.region.reference, current)

    def send(self, fault: str) -> None:
        pending, expected = self.model.pending, ""
        is_new = pending is not None and pending not in self.model.tallies
        if pending is not None and fault != "request lost":
            if is_new and self.model.refusal_of_tally(pending):
                expected = "publisher-refused"
            elif fault == "answer lost":
                expected = "publisher-unreachable"
        elif pending is not None:
            expected = "publisher-unreachable"
        queued = self.world.queued()
        assert refusal(lambda: self.world.send(fault)) == expected
        if pending is None or fault == "request lost" or expected == "publisher-refused":
            return
        if is_new:
            envelope = queued[pending]
            assert envelope is not None
            self.note_taken(pending, envelope)
        if not expected:
            self.model.acknowledged.add(pending)
            if self.model.state == "linked":
                self.model.state = "sent"

    def tally_arrives_late(self, which: int) -> None:
        """An envelope that was on its way comes at last, be it withdrawn or known."""
        tallies = [copy for copy in self.copies if read_header(copy).context.kind == "tally"]
        for envelope in one_of(tallies, which):
            self.arrives(envelope)

    def arrives(self, envelope: bytes) -> None:
        revision = read_header(envelope).context.revision
        if revision in self.model.tallies:
            assert self.world.take(envelope) == self.model.tallies[revision]
            return
        expected = self.model.refusal_of_tally(revision)
        receipts: list[bytes] = []
        assert refusal(lambda: receipts.append(self.world.take(envelope))) == expected
        if not expected:
            self.model.take(revision, receipts[0], self.world.region.clock())

    def note_taken(self, revision: int, envelope: bytes) -> None:
        """The publisher has a tally now; asked again, it gives the receipt that it gave."""
        receipt = self.world.take(envelope)
        self.model.take(revision, receipt, self.world.region.clock())

    # --- the publisher -------------------------------------------------------------------------

    def stage(self) -> None:
        if not self.model.tallies:
            assert refusal(self.world.stage) == "tally-missing"
            return
        newest = max(self.model.tallies)
        staged: list[str] = []
        found = refusal(lambda: staged.append(self.world.stage()))
        if self.model.publisher_gone:
            assert found == "tally-expired"
        else:  # figures that were published once are not published again with another value
            assert found in {"", "history-differs"}
        if found:
            return
        (release_id,) = staged
        assert release_id not in self.model.releases
        self.model.releases[release_id] = Release(newest, "staged", self.world.region.clock())

    def advance(self, which: int) -> None:
        """Take a release one step further: submit, approve, approve again, publish."""
        for release_id in one_of(sorted(self.model.releases), which):
            self.advance_one(release_id)

    def advance_one(self, release_id: str) -> None:
        release, releases = self.model.releases[release_id], self.world.publisher
        agreements = self.world.region.agreements
        match release.state:
            case "staged":
                releases.submit(release_id, "publicist", agreements)
                self.model.move_release(release_id, "submitted")
            case "submitted":
                for party in ("goedkeurder-a", "goedkeurder-b"):
                    self.approve(release_id, party)
                self.model.move_release(release_id, "approved")
            case "approved":
                self.publish(release_id)
            case _:
                found = refusal(lambda: releases.submit(release_id, "publicist", agreements))
                assert found == "release-state"

    def approve(self, release_id: str, party: str) -> None:
        with self.world.publisher.database.reading() as session:
            row = session.get_one(ReleaseRow, release_id)
            statement, summary = Statement.from_bytes(row.statement), row.summary
        region = self.world.region
        package = Package(statement, statement.read(Kind.RELEASE, Manifest), summary)
        signed = approve(package, region.identities[party], region.clock())
        card = region.identities[party].card
        self.world.publisher.record_approval(signed, card, region.pinned_agreements)

    def publish(self, release_id: str) -> None:
        release = self.model.releases[release_id]
        agreements = self.world.region.agreements
        found = refusal(lambda: self.world.publisher.publish(release_id, agreements))
        if release.revision != max(self.model.tallies):
            assert found == "tally-newer"
        elif self.model.publisher_gone:
            assert found in {"document-expired", "tally-expired", "round-key-absent"}
        else:
            assert not found
            for other, each in self.model.releases.items():
                if each.state == "published":
                    self.model.move_release(other, "superseded")
            self.model.move_release(release_id, "published")
            release.term_from = self.world.region.clock()

    def withdraw(self, which: int) -> None:
        for release_id in one_of(sorted(self.model.releases), which):
            self.withdraw_one(release_id)

    def withdraw_one(self, release_id: str) -> None:
        release, statements = self.model.releases[release_id], self.world.publisher
        was_withdrawn = release.state == "withdrawn"
        found = refusal(lambda: statements.withdraw(release_id, "een fout in de bron"))
        if release.state == "expired":
            assert found in {"", "release-state"}  # withdrawn before: the same statement again
            return
        assert not found
        if not was_withdrawn:
            self.model.move_release(release_id, "withdrawn")

    # --- time ----------------------------------------------------------------------------------

    def retain(self, confirmed: bool) -> None:
        now, model = self.world.region.clock(), self.model
        linker, publisher = self.world.linker_retention, self.world.publisher_retention
        gone = [ROUND] if model.state != "destroyed" and model.destroy_by <= now else []
        self.end(linker.retain, gone, confirmed=confirmed)
        ended = [ROUND] if not model.publisher_gone and model.publisher_term <= now else []
        self.end(publisher.retain, ended + model.due_releases(now), confirmed=confirmed)

    def end(
        self, retain: Callable[..., Iterable[Ended]], due: list[str], *, confirmed: bool
    ) -> None:
        now = self.world.region.clock()
        ended: list[Ended] = []
        if found := refusal(lambda: ended.extend(retain(now, clock_confirmed=confirmed))):
            assert (found, bool(due), confirmed) == ("clock-ahead", True, False)
            return
        assert sorted(each.id for each in ended) == sorted(due)
        self.statements += [each for each in ended if each.statement is not None]
        is_linker = getattr(retain, "__self__", None) == self.world.linker_retention
        for id_ in due:
            if id_ != ROUND:
                self.model.move_release(id_, "expired")
            elif is_linker:
                self.model.state = "destroyed"
            else:
                self.model.publisher_gone = True

    def jump(self, hours: int) -> None:
        later = self.world.region.clock() + timedelta(hours=hours)
        if NOW <= later <= LAST:
            self.world.region.clock.now = later

    def destroy_early(self, reason: Reason) -> None:
        if self.model.state == "destroyed" or self.model.revision < 2:
            return
        self.world.linker_retention.destroy(ROUND, reason)
        self.model.state = "destroyed"

    def restart(self) -> None:
        self.world.stop()
        self.world.start()

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def states_are_those_of_the_model_and_moved_as_allowed(self) -> None:
        model = self.model
        with self.world.linker.reading() as session:
            row = session.get_one(LinkerRound, ROUND)
            assert (row.state.value, row.revision) == (model.state, model.revision)
            found = session.execute(select(DeliveryRow.delivery_id, DeliveryRow.state))
            assert {id_: state.value for id_, state in found} == {
                id_: each.state for id_, each in model.deliveries.items()
            }
        assert self.before == model.state or (self.before, model.state) in ROUND_MOVES
        self.before = model.state
        with self.world.publisher.database.reading() as session:
            gone = session.get_one(PublisherRound, ROUND).state.value == "destroyed"
            assert gone is model.publisher_gone
            releases = session.execute(select(ReleaseRow.release_id, ReleaseRow.state))
            assert {id_: state.value for id_, state in releases} == {
                id_: each.state for id_, each in model.releases.items()
            }

    @invariant()
    def no_receipted_delivery_is_lost(self) -> None:
        """Every part that counts or may come to count has its body; no other part has."""
        kept = set()
        if self.model.state != "destroyed":
            for each in self.model.deliveries.values():
                if each.state in {"incomplete", "held", "current"}:
                    kept |= {letter.address for letter in each.letters[: each.stored]}
        with self.world.linker.reading() as session:
            query = select(PartRow.sha256, PartRow.envelope.is_not(None))
            found = {row[0]: row[1] for row in session.execute(query)}
        assert set(found) == {letter.address for letter, _ in self.model.receipts}
        assert {address for address, has_body in found.items() if has_body} == kept

    @invariant()
    def each_revision_is_queued_and_taken_once(self) -> None:
        model, queued = self.model, self.world.queued()
        assert sorted(queued) == list(range(1, model.revision + 1))
        for revision, envelope in queued.items():
            is_kept = model.state != "destroyed" and revision not in model.withdrawn
            assert (envelope is not None) is is_kept or revision in model.acknowledged
            if envelope is not None and envelope not in self.copies:
                self.copies.append(envelope)
        with self.world.publisher.database.reading() as session:
            query = select(TallyRow.revision, TallyRow.envelope.is_not(None))
            held = {row[0]: row[1] for row in session.execute(query)}
        assert set(held) == set(model.tallies)
        newest = {max(model.tallies)} if model.tallies and not model.publisher_gone else set()
        assert {revision for revision, has_body in held.items() if has_body} == newest

    @invariant()
    def ledgers_only_grow_and_say_what_happened(self) -> None:
        databases = (self.world.linker, self.world.publisher.database)
        for ledger, database in zip(self.ledgers, databases, strict=True):
            ledger.grow(database)
        linker, publisher = (ledger.events for ledger in self.ledgers)
        model = self.model
        assert linker.count(Event.ROUND_LINKED) == model.revision
        assert linker.count(Event.PART_STORED) == len(model.receipts)
        assert linker.count(Event.TALLY_ACKNOWLEDGED) == len(model.acknowledged)
        assert linker.count(Event.DESTROYED) == (model.state == "destroyed")
        assert publisher.count(Event.TALLY_RECEIVED) == len(model.tallies)
        assert publisher.count(Event.DESTROYED) == model.publisher_gone

    @invariant()
    def nothing_opens_after_its_destruction(self) -> None:
        region = self.world.region
        for is_gone, keys, kind in (
            (self.model.state == "destroyed", region.linker_keys, "delivery"),
            (self.model.publisher_gone, region.publisher_keys, "tally"),
        ):
            assert keys.exists(ROUND) is not is_gone
            if not is_gone:
                continue
            for copy in self.copies[-3:]:
                header = read_header(copy)
                if header.context.kind == kind:
                    assert refusal(partial(opened, keys, copy)) == "round-key-absent"

    def check_ledgers_from_the_first(self) -> None:
        """Verify both ledgers whole, with every receipt as a witness, and every statement."""
        region = self.world.region
        receipts = (
            [receipt for _, receipt in self.model.receipts],
            list(self.model.tallies.values()),
        )
        databases = (self.world.linker, self.world.publisher.database)
        services = ("koppelaar", "publicist")
        for ledger, database, service, given in zip(
            self.ledgers, databases, services, receipts, strict=True
        ):
            card = region.identities[service].card
            witnesses = []
            for each in given:
                statement = Statement.from_bytes(each)
                statement.check_signed_by(card)
                body = statement.read(Kind.RECEIPT, Receipt)
                witnesses.append(Head(body.ledger_seq, body.ledger_sha256))
            lines = [entry.line() for entry in entries_after(database, 0)]
            assert lines[: len(ledger.lines)] == ledger.lines
            verify_ledger(lines, card, witnesses)
        for ended in self.statements:
            assert ended.statement is not None
            service = Destruction.of(ended.statement).service
            ended.statement.check_signed_by(region.identities[service].card)


def test_a_round_holds_under_any_steps(tmp_path_factory: pytest.TempPathFactory) -> None:
    with no_waiting_for_the_disk():
        RoundMachine.saved, RoundMachine.accepted = saved_region(tmp_path_factory.mktemp("saved"))
        RoundMachine.folder = tmp_path_factory.mktemp("lives")
        with recorded("lives of a round and its release, of the stateful model", 0) as tally:
            tally.count = LIVES
            run_state_machine_as_test(
                RoundMachine,
                settings=settings(
                    max_examples=LIVES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            tally.passed = LIVES
