"""Everything that can happen to a round and its release: each step, in the world and the model.

A step does the same to both and compares what came of it; what must hold after any steps is for
whoever walks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from linker.intake.deliveries import decide_delivery
from linker.rounds.lifecycle import close_round
from linker.rounds.reopening import ReopenReason, reopen_round
from publisher.released import Manifest
from publisher.releasing.approvals import Package, approve
from publisher.store import ReleaseRow
from shared.destruction import Ended, Reason
from shared.envelope import read_header
from shared.errors import MonitorError
from shared.receipt import Receipt
from shared.statement import Kind, Statement
from tests.support.parties import NOW, ROUND, Letter
from tests.support.round_children import KEYS, counted, covers_something, honest_count
from tests.support.round_model import Delivery, Model, Release
from tests.support.round_world import World
from tests.support.rounds import EVERY_DELIVERY

LAST = NOW + timedelta(days=300)
"""Agreements are in force for a year; the model does not leave it."""

Found = TypeVar("Found")
Retain = Callable[..., Iterable[Ended]]


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


class Moves:
    """One life: its world, its model, and the steps that move both."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = Model()
        self.copies: list[bytes] = []
        self.statements: list[Ended] = []
        self.tried: set[int] = set()

    # --- the ordinary course, without which a random walk gets nowhere -------------------------

    def next_step(self, variant: int) -> None:
        model = self.model
        expected = KEYS[: 3 + variant]  # the first three are needed, then come objections
        missing = [key for key in expected if key not in model.current]
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
        elif self.model.publisher_overdue(self.world.region.clock()):
            assert found == "retention-overdue"
        else:  # figures that were published once are not published again with another value
            assert found in {"", "correction-waits"}, found
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
                found = refusal(lambda: releases.submit(release_id, "publicist", agreements))
                assert found in self.refusals_of_old(release), found
                if not found:
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
        assert found in self.refusals_of_old(release), found
        if not found:
            for other, each in self.model.releases.items():
                if each.state == "published":
                    self.model.move_release(other, "superseded")
            self.model.move_release(release_id, "published")
            release.term_from = self.world.region.clock()

    def refusals_of_old(self, release: Release) -> set[str]:
        """How a release is refused whose time has passed; the empty code where it has not."""
        if release.revision != max(self.model.tallies):
            return {"tally-newer"}
        if release.is_overtaken:
            return {"release-overtaken"}
        if self.model.publisher_gone:
            return {"document-expired", "tally-expired", "round-key-absent"}
        return {""}

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

    def reach_term(self, which: int) -> None:
        """Retain a second before a term ends and at its end; not often, or no life gets far."""
        term = {0: self.model.destroy_by, 1: self.model.publisher_term}.get(which)
        if term is None or not self.world.region.clock() < term <= LAST:
            return
        for seconds in (1, 0):
            self.world.region.clock.now = (term - timedelta(seconds=seconds)).replace(microsecond=0)
            self.retain(confirmed=True)

    def destroy_early(self, reason: Reason) -> None:
        model = self.model
        if model.state == "destroyed" or (model.revision < 2 and not model.undecided()):
            return  # most lives should come further first
        self.world.linker_retention.destroy(ROUND, reason)
        self.model.state = "destroyed"

    def restart(self) -> None:
        self.world.stop()
        self.world.start()
