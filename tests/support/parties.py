"""A tiny region inside one test process: real identities, agreements, policy, round and keys."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from fastapi.testclient import TestClient

from deploy.demo.documents import Signed, agreements_text
from linker import app as linker_app
from linker.intake.plausibility import Bands
from linker.settings import Settings as LinkerSettings
from publisher.settings import Settings as PublisherSettings
from shared.agreements import Agreements, PinnedAgreements, load_agreements
from shared.canonical import sha256_hex
from shared.contract.deliveries import OBJECTION_BLOCK, SCHEMAS
from shared.contract.periods import PeriodKind
from shared.envelope import Context, EnvelopeKind, seal
from shared.hashing.custody.ceremony import Plan, make_grants, make_register, make_round
from shared.hashing.custody.home import Home, OwnPins
from shared.hashing.delivering.replacing import ordered
from shared.hashing.delivering.sealing import to_parquet
from shared.identity import Identity, Role
from shared.policy import PinnedPolicy, read_policy
from shared.reference import Reference
from shared.round import (
    Expected,
    Offer,
    Pins,
    Round,
    SchemaName,
    Supplier,
    TrustedRound,
    check_round,
)
from shared.service.logs import Log
from shared.state.database import Database, open_engine
from shared.state.round_acceptance import RoundFiles, make_offer
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement
from tests.support.databases import NewDatabase, sqlite_database
from tests.support.narrow_policy import narrow_policy
from tests.support.places import small_reference

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
ROUND = "proef-2026"
PLACES = (197, 222)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, days: int) -> None:
        self.now += timedelta(days=days)


def identity(party: str, role: Role) -> Identity:
    """A new identity, valid for years around the tests' day."""
    return Identity.create(
        party=party,
        role=role,
        name=f"{party} (proef)",
        organisation=f"organisatie van {party}",
        valid_from=date(2026, 1, 1),
        valid_until=date(2029, 12, 31),
    )


@dataclass
class MiniRegion:
    """Every party of the tests, and the documents between them."""

    folder: Path
    clock: Clock
    identities: dict[str, Identity]
    policy_bytes: bytes
    agreements_path: Path
    reference: Reference
    register: Statement
    made: Statement
    office: Home
    linker_settings: LinkerSettings
    publisher_settings: PublisherSettings
    log_lines: list[str] = field(default_factory=list)

    @property
    def policy(self) -> PinnedPolicy:
        return read_policy(self.policy_bytes)

    @property
    def agreements(self) -> Agreements:
        return load_agreements(self.agreements_path).agreements

    @property
    def pinned_agreements(self) -> PinnedAgreements:
        return load_agreements(self.agreements_path)

    @property
    def linker_keys(self) -> RoundKeys:
        return RoundKeys(self.linker_settings.key_folder)

    @property
    def publisher_keys(self) -> RoundKeys:
        return RoundKeys(self.publisher_settings.key_folder)

    def linker_database(self) -> Database:
        engine = open_engine(self.linker_settings.database_url)
        return Database(engine, self.identities["koppelaar"], self.clock)

    def publisher_database(self) -> Database:
        engine = open_engine(self.publisher_settings.database_url)
        return Database(engine, self.identities["publicist"], self.clock)

    def files(self, **changes: Statement) -> RoundFiles:
        """What a service receives of the round."""
        files = RoundFiles(
            statement=self.made,
            register=self.register,
            reference=self.reference.to_bytes(),
            policy=self.policy_bytes,
        )
        return replace(files, **changes)  # type: ignore[arg-type]

    def pins(self) -> Pins:
        return pins_of(self.identities)

    def trusted_offer(self, party: str) -> Offer:
        """The offer of a service in this round."""
        offers = [
            Statement.from_document(each).read(Kind.OFFER, Offer)
            for each in self.made.read(Kind.ROUND, Round).offers
        ]
        return next(offer for offer in offers if offer.card.party == party)

    def trusted(self, accepted: Statement) -> TrustedRound:
        return check_round(accepted, self.register, self.pins(), day=self.clock().date())

    def grant(self, party: str, accepted: Statement) -> bytes:
        return make_grants(self.office, accepted, self.register)[party]

    @contextmanager
    def linker_client(self) -> Iterator[TestClient]:
        log = Log("linker", _Lines(self.log_lines))  # type: ignore[arg-type]
        app = linker_app.create_app(self.linker_settings, clock=self.clock, log=log)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, text: str) -> None:
        self._lines.append(text)

    def flush(self) -> None:
        return None


def pins_of(identities: dict[str, Identity]) -> Pins:
    return Pins(
        key_office=identities["sleutelbeheer"].card.fingerprint,
        linker=identities["koppelaar"].card.fingerprint,
        publisher=identities["publicist"].card.fingerprint,
    )


def signed_parties(identities: dict[str, Identity]) -> list[Signed]:
    return [
        Signed(
            id_,
            each.card.role.value,
            each.card.name,
            each.card.organisation,
            each.card.fingerprint,
        )
        for id_, each in identities.items()
    ]


def suppliers() -> tuple[Supplier, ...]:
    expected = [Supplier(party="duo", expected=(_expects(SchemaName.ENROLMENT, *PLACES),))]
    for place in PLACES:
        schemas = (SchemaName.CARE, SchemaName.OBJECTION)
        expected.append(
            Supplier(
                party=f"gm{place:04d}",
                expected=tuple(_expects(schema, place) for schema in schemas),
            )
        )
    return tuple(expected)


def _expects(schema: SchemaName, *places: int) -> Expected:
    return Expected(schema_name=schema, municipalities=places)


def plan() -> Plan:
    """What the key office wants of the round."""
    return Plan(
        region="proef",
        closes_on=NOW.date() + timedelta(days=30),
        synthetic=True,
        period_kind=PeriodKind.SCHOOL_YEAR,
        first_years=(2024, 2025),
        suppliers=suppliers(),
    )


ROLES = {
    "sleutelbeheer": Role.KEY_OFFICE,
    "koppelaar": Role.LINKER,
    "publicist": Role.PUBLISHER,
    "duo": Role.SUPPLIER,
    "gm0197": Role.SUPPLIER,
    "gm0222": Role.SUPPLIER,
    "goedkeurder-a": Role.APPROVER,
    "goedkeurder-b": Role.APPROVER,
}
"""Everybody who takes part, and as what."""


def make_region(
    folder: Path, *, policy: str | None = None, new_database: NewDatabase = sqlite_database
) -> MiniRegion:
    """Everything up to a round that the key office made and nobody accepted yet."""
    clock = Clock()
    identities = {party: identity(party, role) for party, role in ROLES.items()}
    policy_bytes = (policy or narrow_policy()).encode()
    agreements = folder / "agreements.toml"
    agreements.write_text(agreements_text(signed_parties(identities), NOW.date()))

    def install(party: str, package: str) -> dict[str, Any]:
        """The settings of a service, in a folder with everything that these name."""
        own = folder / party
        own.mkdir()
        identities[party].save(own / "identity.json")
        (own / "policy.toml").write_bytes(policy_bytes)
        return {
            "database_url": new_database(package, own),
            "key_folder": own / "keys",
            "identity": own / "identity.json",
            "policy": own / "policy.toml",
            "agreements": agreements,
            "port": 1,
        }

    linker_settings = LinkerSettings(
        **install("koppelaar", "linker"),
        publisher_url="http://127.0.0.1:1",
        bands=Bands(one_code_percent=100),  # the rows of most tests have one form and referrer
    )
    publisher_settings = PublisherSettings(**install("publicist", "publisher"))
    office = Home(folder / "sleutelbeheer")
    office.write_pins(OwnPins(pins=pins_of(identities), agreement=""))
    identities["sleutelbeheer"].save(office.identity_path)
    others = tuple(each.card for id_, each in identities.items() if id_ != "sleutelbeheer")
    register = make_register(identities["sleutelbeheer"], "proef", others, clock)
    reference = small_reference()
    offers = (
        make_offer(identities["koppelaar"], RoundKeys(linker_settings.key_folder), ROUND, clock),
        make_offer(identities["publicist"], RoundKeys(publisher_settings.key_folder), ROUND, clock),
    )
    pinned = read_policy(policy_bytes)
    made = make_round(office, ROUND, plan(), pinned, register, reference.sha256, offers, clock)
    return MiniRegion(
        folder,
        clock,
        identities,
        policy_bytes,
        agreements,
        reference,
        register,
        made,
        office,
        linker_settings,
        publisher_settings,
    )


def pseudonym(number: int) -> bytes:
    """Something that looks like a pseudonym and is nobody's."""
    return hashlib.sha256(b"tests %d" % number).digest()


def enrolment_table(rows: list[dict[str, Any]]) -> pa.Table:
    """``enrolment/1`` rows with defaults for what a test does not say."""
    defaults: dict[str, Any] = {
        "period": 25, "school": b"99XA00", "education": 0, "residence": 197, "age": 9,
        "linkable": True, "main": True,
    }  # fmt: skip
    return _table("enrolment/1", defaults, rows)


def care_table(rows: list[dict[str, Any]]) -> pa.Table:
    """``care/1`` rows with defaults for what a test does not say."""
    defaults: dict[str, Any] = {
        "period": 25, "form": 2, "domain": 1, "provider": b"98000001", "referrer": 2, "funding": 1,
        "started": True, "first": True, "ended": False, "end_reason": 0, "days_in_period": 30,
        "days_since_start": 30, "age_at_start": 9, "cost_eur": 100, "half_days": 0,
        "arrangement": 0,
    }  # fmt: skip
    return _table("care/1", defaults, rows)


def objection_table(numbers: list[int]) -> pa.Table:
    return _table("objection/1", {}, [{"pseudonym": pseudonym(n)} for n in numbers])


def as_sent(table: pa.Table) -> pa.Table:
    """Rows as a part has them: sorted, and objections padded with persons whom nobody knows."""
    if table.schema == SCHEMAS["objection/1"].arrow:
        missing = -table.num_rows % OBJECTION_BLOCK or OBJECTION_BLOCK * (not table.num_rows)
        noise = objection_table([-number for number in range(1, missing + 1)])
        table = pa.concat_tables([table, noise])
    return ordered(table) if table.schema in [each.arrow for each in SCHEMAS.values()] else table


def _table(schema: str, defaults: dict[str, Any], rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([{**defaults, **row} for row in rows], schema=SCHEMAS[schema].arrow)


@dataclass(frozen=True)
class Letter:
    """An envelope with the context that made it, so that a test can change one thing."""

    context: Context
    data: bytes

    @property
    def address(self) -> str:
        # Not by read_header, which refuses what a test makes for intake to refuse.
        return str(json.loads(self.data.split(b"\n", 3)[2])["sha256"])


def seal_letter(
    region: MiniRegion,
    trusted: TrustedRound,
    party: str,
    table: pa.Table,
    schema: str,
    *,
    body: bytes | None = None,
    signer: Identity | None = None,
    **changes: Any,
) -> Letter:
    """Seal ``table`` as ``party`` would, with ``changes`` to the context."""
    table = as_sent(table)
    context = Context(
        kind=EnvelopeKind.DELIVERY,
        sender=party,
        recipient="koppelaar",
        round_id=trusted.body.round_id,
        round_statement=trusted.sha256,
        schema_name=schema,
        policy=sha256_hex(region.policy_bytes),
        agreement="demo-1",
        calibration=trusted.body.calibration,
        synthetic=1,
        delivery=secrets.token_hex(16),
        part=1,
        previous="",
        last=1,
        supersedes="",
        rows=0 if schema == "objection/1" else table.num_rows,
        tool="hasher 0.1.0",
    )
    context = context.model_copy(update=changes)
    sender = signer or region.identities[party]
    if sender.party != party:
        sender = replace(sender, card=sender.card.model_copy(update={"party": party}))
    offer = trusted.linker_offer
    return Letter(context, seal(context, body or to_parquet(table), sender, offer.sealing_key()))
