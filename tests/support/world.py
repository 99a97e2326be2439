"""Everybody of a life in one folder: services, key office, and what others were handed.

A copy of the folder is a snapshot; a new ``World`` over it is a restart of everything.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from linker.intake.child import Inspector, Verdict
from linker.intake.figures import figures_of
from linker.intake.inspection import Rules, inspect_by
from linker.rounds.retention import Retention as LinkerRetention
from linker.store import DeliveryRow, DeliveryState, RoundState
from linker.store import find_round as linker_round
from publisher.policies import ReleaseState
from publisher.releasing.releases import Releases
from publisher.rounds.retention import Retention as PublisherRetention
from publisher.store import ReleaseRow
from shared.envelope import read_header
from shared.hashing.custody.home import Home
from shared.round import TrustedRound
from shared.state.database import Database, sqlite_url
from shared.statement import Statement
from tests.support.parties import NOW, ROUND, Clock, MiniRegion, make_region

LINKER, PUBLISHER = "koppelaar", "publicist"


class InProcess(Inspector):
    """Inspects in this process: what a child of its own can do to us is another test's question."""

    def inspect(self, body: bytes, rules: Rules) -> Verdict:
        """Have a body inspected."""
        inspected = inspect_by(body, rules)
        return Verdict(figures_of(inspected.rows, rules.schema), inspected.held_for)


def begin(folder: Path) -> MiniRegion:
    """A region in ``folder`` in which nothing has happened yet."""
    region = make_region(folder)
    for folder_ in (region.linker_settings.key_folder, region.publisher_settings.key_folder):
        shutil.rmtree(folder_)
    shutil.rmtree(folder / "sleutelbeheer" / "rounds")
    (folder / "outside").mkdir()
    return region


@dataclass
class World:
    """Everybody in one folder at one moment; a new one is a restart of everything."""

    facts: MiniRegion
    folder: Path
    day: int

    @cached_property
    def region(self) -> MiniRegion:
        """The region in this folder."""
        facts = self.facts
        return replace(
            facts,
            folder=self.folder,
            clock=Clock(self.now),
            office=Home(self.folder / "sleutelbeheer"),
            linker_settings=facts.linker_settings.model_copy(update=self._places(LINKER)),
            publisher_settings=facts.publisher_settings.model_copy(update=self._places(PUBLISHER)),
        )

    def _places(self, party: str) -> dict[str, object]:
        """Where a service keeps what lasts."""
        own = self.folder / party
        return {"database_url": sqlite_url(own / "state.db"), "key_folder": own / "keys"}

    @property
    def now(self) -> datetime:
        return NOW + timedelta(days=self.day)

    @property
    def outside(self) -> Path:
        """What other parties were handed."""
        return self.folder / "outside"

    def keep(self, name: str, data: bytes) -> None:
        """Somebody was handed something; what is handed out again must be the same.

        Raises:
            AssertionError: it is not.
        """
        path = self.outside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            assert path.read_bytes() == data, f"{name} was handed out twice and differs"
        path.write_bytes(data)

    def statement(self, name: str) -> Statement:
        """A statement that somebody was handed."""
        return Statement.load(self.outside / name)

    @cached_property
    def linker(self) -> Database:
        """The linker's database, opened anew."""
        return self.region.linker_database()

    @cached_property
    def publisher(self) -> Database:
        """The publisher's database, opened anew."""
        return self.region.publisher_database()

    @property
    def linker_retention(self) -> LinkerRetention:
        region = self.region
        return LinkerRetention(self.linker, region.linker_keys, region.identities[LINKER])

    @property
    def publisher_retention(self) -> PublisherRetention:
        region = self.region
        return PublisherRetention(
            self.publisher, region.publisher_keys, region.identities[PUBLISHER]
        )

    @property
    def releases(self) -> Releases:
        region = self.region
        return Releases(self.publisher, region.identities[PUBLISHER], region.publisher_keys)

    @property
    def trusted(self) -> TrustedRound:
        """The round as a supplier has it."""
        return self.region.trusted(self.statement("accepted.json"))

    def letter(self, name: str) -> bytes:
        """A sealed envelope that a supplier has."""
        return (self.outside / "letters" / f"{name}.moj").read_bytes()

    def delivery(self, name: str) -> str:
        """The delivery of a letter."""
        return read_header(self.letter(name)).context.delivery

    def delivery_state(self, name: str) -> DeliveryState:
        """How a delivery stands, as `linker round status` says."""
        with self.linker.reading() as session:
            return session.get_one(DeliveryRow, self.delivery(name)).state

    def round_state(self) -> RoundState:
        """How the round stands at the linker, as `linker round status` says."""
        with self.linker.reading() as session:
            return linker_round(session, ROUND).state

    def release_state(self, release: str) -> ReleaseState | None:
        """How a release stands, as `publisher status` says; None before it is staged."""
        with self.publisher.reading() as session:
            row = session.get(ReleaseRow, release)
            return None if row is None else row.state

    def close(self) -> None:
        """Give up every connection, as the end of a process does."""
        for name in ("linker", "publisher"):
            if name in self.__dict__:
                self.__dict__[name].close()
