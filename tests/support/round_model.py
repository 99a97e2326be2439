"""What must be true of a round after any steps: the model that both services are compared with.

It holds no code of the product: states are words, and every rule is written down again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tests.support.parties import NOW, Letter
from tests.support.round_children import CAP, Key, rows_of
from tests.support.round_world import INPUT_DAYS, RELEASE_DAYS, TALLY_DAYS

CLOSES_ON = NOW.date() + timedelta(days=30)
PLANNED = datetime.combine(CLOSES_ON, time.max, UTC)

ROUND_MOVES = {
    ("open", "closed"), ("closed", "linked"), ("linked", "sent"),
    ("closed", "open"), ("linked", "open"), ("sent", "open"),
    ("open", "destroyed"), ("closed", "destroyed"), ("linked", "destroyed"), ("sent", "destroyed"),
}  # fmt: skip
RELEASE_MOVES = {
    ("staged", "submitted"), ("submitted", "approved"), ("approved", "published"),
    ("published", "superseded"), ("staged", "withdrawn"), ("submitted", "withdrawn"),
    ("approved", "withdrawn"), ("published", "withdrawn"), ("superseded", "withdrawn"),
    ("staged", "expired"), ("submitted", "expired"), ("approved", "expired"),
    ("published", "expired"), ("superseded", "expired"), ("withdrawn", "expired"),
}  # fmt: skip


@dataclass
class Delivery:
    """A delivery of which the linker stored at least one part."""

    key: Key
    variant: int
    letters: list[Letter]
    supersedes: str
    stored: int = 0
    state: str = "incomplete"

    @property
    def id(self) -> str:
        return self.letters[0].context.delivery

    @property
    def is_whole(self) -> bool:
        return self.stored == len(self.letters)


@dataclass
class Release:
    """A release as the publisher must have it."""

    revision: int
    state: str
    term_from: datetime
    is_overtaken: bool = False


@dataclass
class Model:
    """Both services, as far as anybody can tell."""

    state: str = "open"
    revision: int = 0
    last_day: date = CLOSES_ON
    first_closed: datetime | None = None
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    current: dict[Key, str] = field(default_factory=dict)
    receipts: list[tuple[Letter, bytes]] = field(default_factory=list)
    linked_from: dict[int, dict[Key, int]] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)
    tallies: dict[int, bytes] = field(default_factory=dict)
    first_tally: datetime | None = None
    publisher_gone: bool = False
    releases: dict[str, Release] = field(default_factory=dict)

    # --- the linker ----------------------------------------------------------------------------

    @property
    def pending(self) -> int | None:
        """The revision that is waiting to be sent."""
        if self.state == "destroyed" or not self.revision:
            return None
        done = self.withdrawn | self.acknowledged
        return None if self.revision in done else self.revision

    @property
    def destroy_by(self) -> datetime:
        return min(self.first_closed or PLANNED, PLANNED) + timedelta(days=INPUT_DAYS)

    def undecided(self) -> list[Delivery]:
        return [d for d in self.deliveries.values() if d.state in {"incomplete", "held"}]

    def variants(self) -> dict[Key, int]:
        """The variant that is current, by supplier and schema."""
        return {key: self.deliveries[id_].variant for key, id_ in self.current.items()}

    def refusal_of_part(self, delivery: Delivery, number: int, now: datetime) -> str:
        """Why the linker must refuse part ``number`` of a delivery now; empty where it may not."""
        if self.state != "open":
            return "round-not-open"
        if now.date() > self.last_day:
            return "round-past-closing"
        is_current = delivery.supersedes == self.current.get(delivery.key, "")
        if delivery.stored == 0 and not is_current:
            return "supersedes-not-current"
        if delivery.state != "incomplete" or number != delivery.stored + 1:
            return "part-out-of-order"
        if number == len(delivery.letters) and not self.is_held(delivery) and not is_current:
            return "supersedes-not-current"
        return ""

    def is_held(self, delivery: Delivery) -> bool:
        """Whether a person must look first: many objections, or far fewer rows than before."""
        rows = rows_of(delivery.key, delivery.variant)
        if delivery.key[1] == "objection/1" and rows > CAP:
            return True
        replaced = self.deliveries.get(delivery.supersedes)
        return replaced is not None and 2 * rows < rows_of(delivery.key, replaced.variant)

    def store_part(self, delivery: Delivery) -> None:
        """A part was stored."""
        self.deliveries[delivery.id] = delivery
        delivery.stored += 1
        if delivery.is_whole:
            if self.is_held(delivery):
                delivery.state = "held"
            else:
                self.make_current(delivery)

    def make_current(self, delivery: Delivery) -> None:
        if old := self.current.get(delivery.key):
            self.deliveries[old].state = "superseded"
        delivery.state = "current"
        self.current[delivery.key] = delivery.id

    def refusal_of_decision(self, delivery: Delivery, *, accept: bool) -> str:
        may = {"held"} if accept else {"held", "incomplete"}
        if delivery.state not in may:
            return "delivery-not-undecided"
        if self.state != "open":
            return "round-not-open"
        if accept and delivery.supersedes != self.current.get(delivery.key, ""):
            return "supersedes-not-current"
        return ""

    def refusal_of_reopening(self, until: date) -> str:
        if self.state not in {"closed", "linked", "sent"}:
            return "round-state"
        if until > (self.destroy_by - timedelta(days=1)).date():
            return "reopen-beyond-term"
        return ""

    def reopen(self, until: date) -> None:
        if (pending := self.pending) is not None:
            self.withdrawn.add(pending)
        self.state, self.last_day = "open", until

    # --- the publisher -------------------------------------------------------------------------

    def refusal_of_tally(self, revision: int) -> str:
        """Why the publisher must refuse a tally that it does not have."""
        if self.publisher_gone:
            return "round-not-open"
        return "revision-not-higher" if revision <= max(self.tallies, default=0) else ""

    def take(self, revision: int, receipt: bytes, now: datetime) -> None:
        assert revision not in self.tallies
        self.tallies[revision] = receipt
        self.first_tally = self.first_tally or now

    @property
    def publisher_term(self) -> datetime:
        return (self.first_tally or PLANNED) + timedelta(days=TALLY_DAYS)

    def publisher_overdue(self, now: datetime) -> bool:
        """Whether something is there a day after its term: nothing new is staged then."""
        day = timedelta(days=1)
        is_late = not self.publisher_gone and self.publisher_term + day < now
        return is_late or bool(self.due_releases(now - day - timedelta(microseconds=1)))

    def due_releases(self, now: datetime) -> list[str]:
        term = timedelta(days=RELEASE_DAYS)
        return sorted(
            id_
            for id_, each in self.releases.items()
            if each.state != "expired" and each.term_from + term <= now
        )

    def move_release(self, release_id: str, to: str) -> None:
        release = self.releases[release_id]
        assert (release.state, to) in RELEASE_MOVES
        had = release.state in {"published", "superseded"} and to != "superseded"
        release.state = to
        if to == "published" or had:
            for each in self.releases.values():
                each.is_overtaken |= each.state in {"staged", "submitted", "approved"}
