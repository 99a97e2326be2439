"""A made-up municipality with its dirty exports, a round to deliver for, and a linker at work."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deploy.demo.documents import Signed, agreements_text, policy_text, shipped_policy
from deploy.demo.generator import generate
from deploy.demo.generator.workbook import write_workbook
from deploy.guide.terminal import Terminal
from deploy.loopback import await_answer, free_port
from linker.app import create_app
from linker.rounds.lifecycle import accept_round
from linker.settings import Settings
from shared.agreements import load_agreements
from shared.contract.periods import PeriodKind
from shared.files import write_whole
from shared.hashing.custody.ceremony import Plan, make_grants, make_register, make_round
from shared.hashing.custody.home import Home, OwnPins
from shared.hashing.custody.reference_files import ReferenceFiles, build_reference
from shared.identity import Card, Identity, Role, load_card
from shared.policy import read_policy
from shared.reference import Reference
from shared.round import Expected, Pins, SchemaName, Supplier
from shared.service.logs import Log
from shared.service.serving import serve
from shared.state.database import Database, open_engine
from shared.state.migrating import migrate
from shared.state.round_acceptance import RoundFiles, make_offer
from shared.state.round_keys import RoundKeys
from shared.statement import Statement

NOW = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
ROUND = "achterhoek-2027"
PARTY, PLACE = "gm0222", 222
SEED, SCALE = 20261001, 0.05
FIRST_YEAR, YEARS = 2024, 2
OPEN_DAYS = 28


def clock() -> datetime:
    """The instant at which everything in the scene happens."""
    return NOW


@dataclass(frozen=True, slots=True)
class Scene:
    """Every party's folder; the municipality's is the one that the guide is about."""

    folder: Path

    @property
    def municipality(self) -> Terminal:
        """A window of the data officer, in the folder with the exports."""
        return Terminal(self.folder / PARTY, self.folder / f"moj-{PARTY}", clock)

    def write_exports(self) -> None:
        """The exports of one municipality, as workbooks: everything in them is text."""
        generate(
            self.folder / "regio",
            seed=SEED,
            first_year=FIRST_YEAR,
            years=YEARS,
            pupils_scale=SCALE,
        )
        (self.folder / PARTY).mkdir()
        self.write_workbooks()

    def write_workbooks(self, renamed: Mapping[str, str] | None = None) -> None:
        """The workbooks themselves, where a mistake needs it with other names of columns."""
        for kind, name in (("jeugdhulp", "toewijzingen"), ("declaraties", "declaraties")):
            source = self.folder / "regio" / PARTY / f"{kind}_{PLACE:04d}.csv"
            with source.open(encoding="cp1252", newline="") as handle:
                columns, *rows = csv.reader(handle, delimiter=";")
            named = [(renamed or {}).get(column, column) for column in columns]
            write_workbook(self.folder / PARTY / f"{name}.xlsx", named, rows,
                           numbers=frozenset(), serials=frozenset())  # fmt: skip

    def open_round(self) -> Pins:
        """Everything between the municipality's card and the files of the round in its folder.

        Returns:
            The fingerprints that stand in the municipality's signed agreement.
        """
        own = self.folder / PARTY
        services = {party: self._service(party, role) for party, role in _SERVICES.items()}
        office, duo = _identity("sleutelbeheer", Role.KEY_OFFICE), _identity("duo", Role.SUPPLIER)
        cards = (
            *(service.card for service in services.values()),
            duo.card,
            load_card(own / f"{PARTY}.card.json"),
        )
        pins = Pins(
            key_office=office.card.fingerprint,
            linker=services["koppelaar"].card.fingerprint,
            publisher=services["publicist"].card.fingerprint,
        )
        approvers = [_identity(f"goedkeurder-{name}", Role.APPROVER).card for name in ("a", "b")]
        self._sign_agreements((office.card, *cards, *approvers))
        home = Home(self.folder / "sleutelbeheer")
        home.write_pins(OwnPins(pins=pins, agreement=""))
        office.save(home.identity_path)
        files = self._make(home, make_register(office, "achterhoek", cards, clock), services)
        accepted = self._accept(files, services["koppelaar"])
        accepted.save(own / "round.json")
        files.register.save(own / "register.json")
        write_whole(own / "policy.toml", files.policy)
        grants = make_grants(home, accepted, files.register)
        write_whole(own / f"{PARTY}.grant.moj", grants[PARTY])
        return pins

    def _sign_agreements(self, cards: Sequence[Card]) -> None:
        """Agreements in force with every party."""
        signed = [
            Signed(card.party, card.role.value, card.name, card.organisation, card.fingerprint)
            for card in cards
        ]
        text = agreements_text(signed, NOW.date())
        (self.folder / "agreements.toml").write_text(text, encoding="utf-8")

    def _make(
        self, office: Home, register: Statement, services: Mapping[str, Identity]
    ) -> RoundFiles:
        """The round as the key office makes it, with what goes with it."""
        policy = (self.folder / "koppelaar" / "policy.toml").read_bytes()
        reference = self._reference()
        offer, other = (
            make_offer(service, RoundKeys(self.folder / party / "keys"), ROUND, clock)
            for party, service in services.items()
        )
        made = make_round(office, ROUND, _plan(), read_policy(policy), register, reference.sha256,
                          (offer, other), clock)  # fmt: skip
        return RoundFiles(made, register, reference.to_bytes(), policy)

    def _reference(self) -> Reference:
        """The reference bundle, from the open data of the made-up region."""
        sources = self.folder / "regio" / "bronnen"
        return build_reference(
            ReferenceFiles(
                schools=sources / "scholen.csv",
                municipalities=sources / "gemeenten.csv",
                swvs=sources / "swv.csv",
                swv_postcodes=None,
                providers=sources / "aanbieders.csv",
                arrangements=None,
                pupil_totals=None,
            ),
            region="achterhoek",
            region_name="Achterhoek",
            licence="synthetisch",
            retrieved_on=NOW.date(),
        )

    def _accept(self, files: RoundFiles, linker: Identity) -> Statement:
        """The round with the linker's signature too."""
        settings = self._settings(1)
        engine = open_engine(settings.database_url)
        try:
            return accept_round(
                Database(engine, linker, clock),
                linker,
                RoundKeys(settings.key_folder),
                files,
                load_agreements(settings.agreements),
                clock,
            )
        finally:
            engine.dispose()

    def _service(self, party: str, role: Role) -> Identity:
        """The identity of a service, in a folder with its policy and an empty database."""
        folder = self.folder / party
        folder.mkdir()
        own = _identity(party, role)
        own.save(folder / "identity.json")
        (folder / "policy.toml").write_text(policy_text(shipped_policy()), encoding="utf-8")
        migrate(f"sqlite:///{folder / 'state.db'}", role.value)
        return own

    def _settings(self, port: int) -> Settings:
        own = self.folder / "koppelaar"
        return Settings(
            database_url=f"sqlite:///{own / 'state.db'}",
            key_folder=own / "keys",
            identity=own / "identity.json",
            policy=own / "policy.toml",
            agreements=self.folder / "agreements.toml",
            port=port,
            publisher_url="http://127.0.0.1:1",
        )

    @contextmanager
    def linker(self) -> Iterator[str]:
        """Run the linker on loopback; gives its address."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        pid = os.fork()
        if pid == 0:
            try:
                log = (self.folder / "koppelaar" / "service.log").open("w", encoding="utf-8")
                serve(create_app(self._settings(port), clock=clock, log=Log("linker", log)),
                      "127.0.0.1", port)  # fmt: skip
            finally:
                os._exit(0)
        try:
            await_answer(f"{address}/healthz")
            yield address
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


_SERVICES = {"koppelaar": Role.LINKER, "publicist": Role.PUBLISHER}


def _identity(party: str, role: Role) -> Identity:
    return Identity.create(
        party=party,
        role=role,
        name=f"{party} (voorbeeld)",
        organisation=f"Voorbeeld van een {party}",
        valid_from=date(2026, 1, 1),
        valid_until=date(2029, 12, 31),
    )


def _plan() -> Plan:
    def expects(schema: SchemaName) -> Expected:
        return Expected(schema_name=schema, municipalities=(PLACE,))

    return Plan(
        region="achterhoek",
        closes_on=NOW.date() + timedelta(days=OPEN_DAYS),
        synthetic=True,
        period_kind=PeriodKind.SCHOOL_YEAR,
        first_years=tuple(range(FIRST_YEAR, FIRST_YEAR + YEARS)),
        suppliers=(
            Supplier(party="duo", expected=(expects(SchemaName.ENROLMENT),)),
            Supplier(
                party=PARTY,
                expected=(expects(SchemaName.CARE), expects(SchemaName.OBJECTION)),
            ),
        ),
    )
