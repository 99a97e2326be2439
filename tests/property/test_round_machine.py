"""A stateful model of a round and its release, over lost messages, jumps of the clock, restarts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

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

from linker.rounds.reopening import ReopenReason
from linker.store import DeliveryRow, PartRow
from linker.store import RoundRow as LinkerRound
from publisher.store import ReleaseRow, TallyRow
from publisher.store import RoundRow as PublisherRound
from shared.destruction import Destruction, Reason
from shared.envelope import open_body, read_header
from shared.ledger import Event, Head, verify_ledger
from shared.receipt import Receipt
from shared.state.database import Database
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.assurance import figure, recorded
from tests.support.parties import ROUND, MiniRegion
from tests.support.round_children import KEYS, VARIANTS
from tests.support.round_model import ROUND_MOVES
from tests.support.round_moves import Moves, refusal
from tests.support.round_world import World, entries_after, no_waiting_for_the_disk, saved_region

LIVES, STEPS = figure(50, 2_000), figure(30, 50)
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
    "jump": {"hours": (-48, -48, 1, 24, 48, 24 * 6, 24 * 9, 24 * 20)},
    "reach_term": {"which": range(8)},
    "destroy_early": {"reason": (Reason.REQUEST, Reason.INCIDENT, Reason.ERROR)},
    "restart": {},
}
"""What can happen at any moment, and with what."""
OFTEN = ("deliver",) * 5 + ("resume", "decide", "reopen", "reopen", "retain", "jump", "advance")

numbers = count()


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
    """Walks through lives, and looks after every step at what must hold."""

    saved: MiniRegion
    accepted: Statement
    folder: Path

    @initialize(steps=st.integers(0, 6), variant=st.integers(0, VARIANTS - 1))
    def begin(self, steps: int, variant: int) -> None:
        """Begin a life, and bring it to some moment of a round that goes well."""
        folder = self.folder / f"life-{next(numbers)}"
        self.moves = Moves(World.begin(self.saved, self.accepted, folder))
        self.world, self.model = self.moves.world, self.moves.model
        self.ledgers = (Ledger(), Ledger())
        self.before = "open"
        self.steps = 0
        self.proceed(steps, variant)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.check_ledgers_from_the_first()
        self.world.end()

    # --- the ordinary course, without which a random walk gets nowhere -------------------------

    @rule(drawn=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=2))
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
            getattr(self.moves, what)(**arguments)
            self.states_are_those_of_the_model_and_moved_as_allowed()

    @rule(steps=st.integers(1, 3), variant=st.integers(0, VARIANTS - 1))
    def proceed(self, steps: int, variant: int) -> None:
        """Take the next steps of a round that goes well."""
        for _ in range(steps):
            self.moves.next_step(variant)
            self.states_are_those_of_the_model_and_moved_as_allowed()

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
            if envelope is not None and envelope not in self.moves.copies:
                self.moves.copies.append(envelope)
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
            for copy in self.moves.copies[-3:]:
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
        for ended in self.moves.statements:
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
