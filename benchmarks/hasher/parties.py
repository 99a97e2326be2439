"""The parties of the benchmark: one supplier's home with an imported round, and what opens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from benchmarks.hasher.source import MUNICIPALITY, SCHOOL_YEAR
from shared.clock import system_clock, today
from shared.contract.periods import PeriodKind
from shared.hashing.custody.ceremony import Plan, make_grants, make_register, make_round
from shared.hashing.custody.home import Home, OwnPins
from shared.identity import Identity, Role
from shared.policy import read_policy
from shared.round import Expected, Pins, SchemaName, Supplier
from shared.state.round_acceptance import make_offer
from shared.state.round_keys import RoundKeys

ROUND = "bench-hasher"
SUPPLIER = f"gm{MUNICIPALITY}"
AGREEMENT = "bench-1"
ROLES = {
    "sleutelbeheer": Role.KEY_OFFICE,
    "koppelaar": Role.LINKER,
    "publicist": Role.PUBLISHER,
    SUPPLIER: Role.SUPPLIER,
}
_NO_REFERENCE = "0" * 64
"""No supplier reads the reference bundle; the round pins the hash of none."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A round that one supplier imported.

    Attributes:
        home: the supplier's folder, for ``MOJ_HOME``.
        opening_key: the linker's private key of the round.
        public_key: file with its public half: ML-KEM-768, then X25519.
        secret: file with the round secret, for the plain script.
    """

    home: Path
    opening_key: MLKEM768X25519PrivateKey
    public_key: Path
    secret: Path


def hold(folder: Path, policy: bytes) -> Ceremony:
    """Identities, register, offers, round, acceptance, grant and import.

    Args:
        policy: a policy that allows synthetic rounds.
    """
    day = today(system_clock)
    identities = {
        party: Identity.create(
            party=party,
            role=role,
            name=f"{party} (bench)",
            organisation=f"{party} (bench)",
            valid_from=day - timedelta(days=1),
            valid_until=day + timedelta(days=365),
        )
        for party, role in ROLES.items()
    }
    office, supplier = Home(folder / "sleutelbeheer"), Home(folder / SUPPLIER)
    for home, party in ((office, "sleutelbeheer"), (supplier, SUPPLIER)):
        home.write_pins(OwnPins(pins=_pins(identities), agreement=AGREEMENT))
        identities[party].save(home.identity_path)
    others = tuple(each.card for party, each in identities.items() if party != "sleutelbeheer")
    register = make_register(identities["sleutelbeheer"], "bench", others, system_clock)
    keys = {party: RoundKeys(folder / party) for party in ("koppelaar", "publicist")}
    offers = (
        make_offer(identities["koppelaar"], keys["koppelaar"], ROUND, system_clock),
        make_offer(identities["publicist"], keys["publicist"], ROUND, system_clock),
    )
    expected = Expected(schema_name=SchemaName.ENROLMENT, municipalities=(int(MUNICIPALITY),))
    plan = Plan(
        region="bench",
        closes_on=day + timedelta(days=30),
        synthetic=True,
        period_kind=PeriodKind.SCHOOL_YEAR,
        first_years=(SCHOOL_YEAR,),
        suppliers=(Supplier(party=SUPPLIER, expected=(expected,)),),
    )
    made = make_round(
        office, ROUND, plan, read_policy(policy), register, _NO_REFERENCE, offers, system_clock
    )
    accepted = made.countersigned(identities["koppelaar"])
    grant = make_grants(office, accepted, register)[SUPPLIER]
    supplier.import_round(accepted.to_bytes(), register.to_bytes(), policy, grant, day)
    public_key = folder / "koppelaar.public"
    public_key.write_bytes(keys["koppelaar"].public_bytes(ROUND))
    secret = office.round_folder(ROUND) / "secret"
    return Ceremony(supplier.folder, keys["koppelaar"].opening_key(ROUND), public_key, secret)


def _pins(identities: dict[str, Identity]) -> Pins:
    return Pins(
        key_office=identities["sleutelbeheer"].card.fingerprint,
        linker=identities["koppelaar"].card.fingerprint,
        publisher=identities["publicist"].card.fingerprint,
    )
