"""A round is trusted by a party's own pins, never by what the key office says."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linker.rounds.lifecycle import accept_round
from publisher.rounds.lifecycle import accept_round as publisher_accepts
from publisher.rounds.retention import Retention
from shared.canonical import parse_canonical
from shared.clock import today
from shared.envelope import read_header, seal
from shared.errors import InputError, PolicyError, StateError, TrustError
from shared.hashing.custody.ceremony import _make_grant, make_grants, make_register
from shared.hashing.custody.home import Home, OwnPins
from shared.hashing.pseudonym import SECRET_BYTES
from shared.identity import Identity, Role
from shared.redaction import Secret
from shared.register import Register
from shared.round import Expected, Offer, Round, SchemaName, check_round
from shared.statement import Kind, Statement
from tests.support.parties import ROUND, MiniRegion, identity, make_region, pins_of


def accept(region: MiniRegion, **changes: Statement) -> Statement:
    database = region.linker_database()
    try:
        return accept_round(
            database,
            region.identities["koppelaar"],
            region.linker_keys,
            region.files(**changes),
            region.pinned_agreements,
            region.clock,
        )
    finally:
        database.close()


def altered(region: MiniRegion, *, signer: Identity | None = None, **changes: Any) -> Statement:
    """The round with other content, signed anew by the key office (or another)."""
    body = region.made.read(Kind.ROUND, Round).model_copy(update=changes)
    return Statement.make(Kind.ROUND, body, signer or region.identities["sleutelbeheer"])


def supplier_home(region: MiniRegion, party: str = "gm0197") -> Home:
    home = Home(region.folder / party)
    home.write_pins(OwnPins(pins=region.pins(), agreement="demo-1"))
    region.identities[party].save(home.identity_path)
    return home


def test_an_accepted_round_carries_both_signatures(region: MiniRegion) -> None:
    accepted = accept(region)
    assert [s.party for s in accepted.signatures] == ["sleutelbeheer", "koppelaar"]
    assert accepted.sha256 == region.made.sha256


def test_a_round_is_accepted_once_and_its_file_can_be_had_again(region: MiniRegion) -> None:
    first = accept(region)
    assert accept(region) == first
    other = altered(region, closes_on=region.clock().date())
    with pytest.raises(StateError, match="round-known"):
        accept(region, statement=other)


def test_a_round_goes_no_further_than_its_policy(region: MiniRegion) -> None:
    body = region.made.read(Kind.ROUND, Round)
    beyond: tuple[dict[str, Any], ...] = (
        {"limits": body.limits.model_copy(update={"max_rows_per_delivery": 10**9})},
        {"limits": body.limits.model_copy(update={"max_objections_per_supplier": 10**6})},
        {"closes_on": body.closes_on.replace(year=2126)},
    )
    for changes in beyond:
        with pytest.raises(PolicyError, match="round-beyond-policy"):
            accept(region, statement=altered(region, **changes))
    yesterday = region.clock().date() - timedelta(days=1)
    with pytest.raises(PolicyError, match="closes-in-past"):
        accept(region, statement=altered(region, closes_on=yesterday))


@pytest.mark.parametrize("party", ["sleutelbeheer", "koppelaar", "publicist"])
def test_a_round_rests_on_agreements_that_are_in_force(region: MiniRegion, party: str) -> None:
    text = region.agreements_path.read_text()
    block = next(b for b in text.split("[[agreements]]") if f'party = "{party}"' in b)
    concept = block.replace('status = "definitief"', 'status = "concept"')
    region.agreements_path.write_text(text.replace(block, concept))
    with pytest.raises(PolicyError, match="agreement-not-in-force"):
        accept(region)


def test_care_is_delivered_for_one_municipality(region: MiniRegion) -> None:
    body = region.made.read(Kind.ROUND, Round)
    both = body.suppliers[1].model_copy(
        update={"expected": (Expected(schema_name=SchemaName.CARE, municipalities=(197, 222)),)}
    )
    suppliers = (body.suppliers[0], both)
    with pytest.raises(PolicyError, match="care-of-several-municipalities"):
        accept(region, statement=altered(region, suppliers=suppliers))


def test_a_secret_is_sealed_to_the_cards_of_an_accepted_round_only(
    region: MiniRegion, accepted: Statement
) -> None:
    """A register that was swapped on its way, with another's card under a supplier's name."""
    false_office = identity("sleutelbeheer", Role.KEY_OFFICE)
    thief = identity("gm0197", Role.SUPPLIER)
    real = region.register.read(Kind.REGISTER, Register)
    others = tuple(c for c in real.cards if c.party not in {"gm0197", "sleutelbeheer"})
    for office in (false_office, region.identities["sleutelbeheer"]):
        register = make_register(office, "proef", (*others, thief.card), region.clock)
        with pytest.raises(TrustError, match="register-not-pinned"):
            make_grants(region.office, accepted, register)
    with pytest.raises(TrustError, match="signature-missing"):
        make_grants(region.office, region.made, region.register)  # the linker did not accept it


def test_a_round_is_made_once(region: MiniRegion) -> None:
    with pytest.raises(StateError, match="round-made"):
        region.office.check_not_made(ROUND)
    (region.office.round_folder(ROUND) / "made.json").unlink()
    region.office.check_not_made(ROUND)  # a secret alone is left over from a crash


@pytest.mark.parametrize("round_id", ["..", "", "../..", "/etc", "Ronde 1", "a/b"])
def test_a_round_id_is_never_a_path(region: MiniRegion, round_id: str) -> None:
    with pytest.raises(InputError, match="round-id-invalid"):
        region.office.forget(round_id)
    assert region.office.identity_path.exists()


def test_a_forged_linker_card_and_round_by_the_key_office_are_refused_by_everyone(
    region: MiniRegion, accepted: Statement
) -> None:
    """The key office makes its own 'linker', and a round whose offer is of that linker."""
    office, false = region.identities["sleutelbeheer"], identity("koppelaar", Role.LINKER)
    real = region.register.read(Kind.REGISTER, Register)
    others = tuple(c for c in real.cards if c.party not in {"koppelaar", "sleutelbeheer"})
    register = make_register(office, "proef", (*others, false.card), region.clock)
    offer = Offer(
        round_id=ROUND,
        card=false.card,
        seal_key=false.card.seal_key,
        offered_at=region.clock(),
    )
    offers = (
        Statement.make(Kind.OFFER, offer, false).document(),
        region.made.read(Kind.ROUND, Round).offers[1],
    )
    forged = altered(region, offers=offers, register_sha256=register.sha256).countersigned(false)
    for party in ("gm0197", "duo"):
        home = supplier_home(region, party)
        grant = _make_grant(region.office, region.trusted(accepted), party)
        with pytest.raises(TrustError, match="card-not-pinned"):
            home.import_round(
                forged.to_bytes(), register.to_bytes(), region.policy_bytes, grant,
                today(region.clock),
            )  # fmt: skip
        assert not home.round_folder(ROUND).exists()
    with pytest.raises(TrustError, match="card-not-pinned"):
        accept(region, statement=forged, register=register)
    database = region.publisher_database()
    with pytest.raises(TrustError, match="card-not-pinned"):
        publisher_accepts(
            Retention(database, region.publisher_keys, region.identities["publicist"]),
            region.files(statement=forged, register=register),
            region.pinned_agreements,
            region.clock,
        )
    database.close()


def test_a_forged_supplier_card_is_refused_by_the_linker(region: MiniRegion) -> None:
    office, false = region.identities["sleutelbeheer"], identity("gm0197", Role.SUPPLIER)
    real = region.register.read(Kind.REGISTER, Register)
    others = tuple(c for c in real.cards if c.party not in {"gm0197", "sleutelbeheer"})
    register = make_register(office, "proef", (*others, false.card), region.clock)
    statement = altered(region, register_sha256=register.sha256)
    with pytest.raises(TrustError, match="card-not-pinned"):
        accept(region, statement=statement, register=register)


def test_a_round_that_another_signed_is_refused(region: MiniRegion) -> None:
    statement = altered(region, signer=identity("sleutelbeheer", Role.KEY_OFFICE))
    with pytest.raises(TrustError, match="signature-missing"):
        accept(region, statement=statement)


def test_a_round_whose_text_was_changed_is_refused(region: MiniRegion) -> None:
    body = region.made.body.replace(b'"region":"proef"', b'"region":"ander"')
    assert body != region.made.body
    with pytest.raises(TrustError, match="signature-invalid"):
        accept(region, statement=replace(region.made, body=body))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"policy": "0" * 64}, "policy-not-pinned"),
        ({"reference": "0" * 64}, "reference-not-pinned"),
        ({"register_sha256": "0" * 64}, "register-not-pinned"),
        ({"round_id": "andere-ronde"}, "offer-of-other-round"),
    ],
)
def test_what_the_round_pins_must_be_what_is_used(
    region: MiniRegion, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(TrustError, match=code):
        accept(region, statement=altered(region, **changes))


def test_a_real_round_under_a_synthetic_policy_is_refused(region: MiniRegion) -> None:
    with pytest.raises(PolicyError, match="synthetic-mismatch"):
        accept(region, statement=altered(region, synthetic=False))


def test_a_real_round_under_a_concept_is_refused(tmp_path: Path) -> None:
    from deploy.demo.documents import shipped_policy

    with pytest.raises(PolicyError, match="synthetic-mismatch"):
        make_region(tmp_path, policy=shipped_policy())  # the shipped policy is for real data
    from shared.policy import read_policy

    with pytest.raises(PolicyError, match="policy-not-definitive"):
        read_policy(shipped_policy().encode()).policy.check_round_allowed(synthetic=False)


def test_terms_longer_than_the_policys_are_refused(region: MiniRegion) -> None:
    terms = region.made.read(Kind.ROUND, Round).terms
    longer = terms.model_copy(update={"input_days_after_close": 4000})
    with pytest.raises(PolicyError, match="round-beyond-policy"):
        accept(region, statement=altered(region, terms=longer))


def test_a_supplier_imports_an_accepted_round(region: MiniRegion, accepted: Statement) -> None:
    home = supplier_home(region)
    opened = home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("gm0197", accepted),
        today(region.clock),
    )
    assert opened.trusted.body.round_id == ROUND
    assert home.open_round(ROUND, today(region.clock)).key == opened.key
    kept = b"".join(path.read_bytes() for path in home.round_folder(ROUND).iterdir())
    assert opened.key.reveal() not in kept
    assert region.office.secret(ROUND).reveal() not in kept


def test_a_round_without_the_linkers_signature_is_not_imported(region: MiniRegion) -> None:
    home = supplier_home(region)
    with pytest.raises(TrustError, match="signature-missing"):
        home.import_round(
            region.made.to_bytes(),
            region.register.to_bytes(),
            region.policy_bytes,
            region.grant("gm0197", region.made),
            today(region.clock),
        )


def test_a_grant_with_another_secret_is_refused(region: MiniRegion, accepted: Statement) -> None:
    """Zero matches through a wrong key cannot pass in silence: the calibration tells."""
    home = supplier_home(region)
    secret = region.office.round_folder(ROUND) / "secret"
    secret.write_bytes(b"\x07" * SECRET_BYTES)
    grant = region.grant("gm0197", accepted)
    with pytest.raises(TrustError, match="calibration-differs"):
        home.import_round(
            accepted.to_bytes(), region.register.to_bytes(), region.policy_bytes, grant,
            today(region.clock),
        )  # fmt: skip
    assert not home.round_folder(ROUND).exists()


def test_anothers_grant_is_refused(region: MiniRegion, accepted: Statement) -> None:
    home = supplier_home(region)
    with pytest.raises(TrustError, match="grant-differs"):
        home.import_round(
            accepted.to_bytes(),
            region.register.to_bytes(),
            region.policy_bytes,
            region.grant("gm0222", accepted),
            today(region.clock),
        )


@pytest.mark.parametrize(
    "changes",
    [{"round_id": "andere-2026"}, {"policy": "0" * 64}, {"calibration": "0" * 64},
     {"synthetic": 0}, {"schema_name": "grant/2"}, {"recipient": "gm0222"},
     {"round_statement": "0" * 64}],
    ids=str,
)  # fmt: skip
def test_a_grant_that_says_anything_else_is_refused(
    region: MiniRegion, accepted: Statement, changes: dict[str, Any]
) -> None:
    home, office = supplier_home(region), region.office.identity()
    context = read_header(region.grant("gm0197", accepted)).context
    card = region.identities["gm0197"].card
    secret = region.office.secret(ROUND).reveal()
    for update, code in (({}, ""), (changes, "grant-differs")):
        grant = seal(context.model_copy(update=update), secret, office, card.sealing_key())
        found = ""
        try:
            home.import_round(
                accepted.to_bytes(), region.register.to_bytes(), region.policy_bytes, grant,
                today(region.clock),
            )  # fmt: skip
        except TrustError as error:
            found = error.code
        assert found == code
        shutil.rmtree(home.round_folder(ROUND), ignore_errors=True)


def test_forgetting_a_round_leaves_nothing(region: MiniRegion, accepted: Statement) -> None:
    home = supplier_home(region)
    home.import_round(
        accepted.to_bytes(),
        region.register.to_bytes(),
        region.policy_bytes,
        region.grant("gm0197", accepted),
        today(region.clock),
    )
    assert home.forget(ROUND) == 4
    assert not home.round_folder(ROUND).exists()
    with pytest.raises(StateError, match="round-not-imported"):
        home.open_round(ROUND, today(region.clock))


def test_the_trust_root_is_the_readers_own_pin(region: MiniRegion, accepted: Statement) -> None:
    trusted = check_round(accepted, region.register, region.pins(), day=None)
    assert trusted.sha256 == accepted.sha256
    for party in ("sleutelbeheer", "koppelaar", "publicist"):
        changed = dict(region.identities)
        changed[party] = identity(party, changed[party].card.role)
        with pytest.raises(TrustError):
            check_round(accepted, region.register, pins_of(changed), day=None)


def test_the_calibration_says_nothing_of_the_secret(region: MiniRegion) -> None:
    public = parse_canonical(region.made.to_bytes().strip())
    secret = region.office.secret(ROUND)
    assert isinstance(secret, Secret)
    assert secret.reveal().hex() not in str(public)
