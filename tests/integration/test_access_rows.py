"""Rows that somebody else wrote: whoever can write in the database gives nobody access by it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from publisher.access.four_eyes import AccessMandate
from publisher.access.holding import held, mandate_of, mandate_stated
from publisher.access.keys import told
from publisher.access.roles import MAY, AccessRole
from publisher.access.seals import put_seal
from publisher.access.tokens import Wanted, shown
from publisher.store import MandateRow, SessionRow, TokenRow
from shared.canonical import canonical_json
from shared.identity import Identity, Role
from shared.redaction import Secret
from shared.statement import Kind, Signature, Statement
from tests.support.access import agreement_ended
from tests.support.accounts import ACCOUNT, CONFIRMER, OTHER, PARTY, Access, refusal, values
from tests.support.parties import MiniRegion, identity

ANY_USE = ("last_used_on",)
"""Columns that open nothing, whatever they say."""


@pytest.fixture
def access(region: MiniRegion) -> Iterator[Access]:
    database = region.publisher_database()
    yield Access(region, database)
    database.close()


def other_value(value: object) -> object:
    """Something else of the same kind, as it could stand in that column."""
    if isinstance(value, datetime):
        return value + timedelta(days=400)
    if value is None:
        return datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    if isinstance(value, bytes):
        return value + b" "
    text = str(value)
    last = "8" if text.endswith("9") else "9"
    return {"analyst": "approver", "approver": "analyst"}.get(text, text[:-1] + last)


# --- each column of each row --------------------------------------------------------------------


def altered_columns(
    access: Access, kind: type[MandateRow | SessionRow | TokenRow], is_binary: tuple[str, ...] = ()
) -> Iterator[str]:
    """Alter one column after another, and put each back."""
    with access.database.reading() as session:
        (row,) = session.query(kind)
        before = values(row)
    for name, value in before.items():
        if name in ANY_USE or kind.__table__.columns[name].primary_key:
            continue
        written = b"{}" if name in is_binary and value is None else other_value(value)
        access.write(kind, **{name: written})
        yield name
        access.write(kind, **{name: value})


def test_a_token_counts_as_it_was_given_and_in_no_other_way(access: Access) -> None:
    wanted = Wanted("Regio", AccessRole.ANALYST, MAY[AccessRole.ANALYST], 90)
    _, secret = access.tokens.create(wanted)
    now = access.region.clock()
    seen = {}
    for name in altered_columns(access, TokenRow):
        seen[name] = refusal(access.tokens.reader, shown(secret), now)
    assert seen.pop("sha256") == "token-unknown"
    assert set(seen.values()) == {"token-altered"}
    assert {"role", "scopes", "area", "expires_at", "revoked_at", "seal"} <= set(seen)
    assert access.tokens.reader(shown(secret), now).role is AccessRole.ANALYST


def test_a_session_counts_as_it_began_and_in_no_other_way(access: Access) -> None:
    access.analyst()
    secret = access.signed_in()
    seen = {name: refusal(access.reader, secret) for name in altered_columns(access, SessionRow)}
    assert set(seen) == {"account", "mandate_id", "started_at", "seen_at", "seal"}
    assert set(seen.values()) == {"session-altered"}
    assert access.reader(secret) is not None


def test_a_role_counts_as_it_was_given_and_in_no_other_way(access: Access) -> None:
    mandate_id = access.analyst()
    secret, now = access.signed_in(), access.region.clock()
    with access.database.reading() as session:
        names = set(values(session.get_one(MandateRow, mandate_id))) - {"mandate_id"}
    seen = set()
    for name in altered_columns(access, MandateRow, ("statement", "card")):
        seen.add(name)
        assert refusal(access.reader, secret) == "mandate-altered"
        with access.database.reading() as session:
            assert refusal(held, session, mandate_id, access.publicist, now) == "mandate-altered"
    assert seen == names
    assert access.reader(secret) is not None


# --- rows that are wholly made up ----------------------------------------------------------------


def test_a_session_that_somebody_wrote_for_an_approver_opens_nothing(access: Access) -> None:
    """With a secret of their own choice: its hash is no secret, the seal is."""
    mandate_id = access.approver()
    secret, now = Secret(b"k" * 32), access.region.clock()
    row = SessionRow(
        sha256=hashlib.sha256(secret.reveal()).hexdigest(), account=ACCOUNT,
        mandate_id=mandate_id, started_at=now, seen_at=now,
    )  # fmt: skip
    put_seal(row, identity("publicist", Role.PUBLISHER))  # of the same name, and another key
    for seal in ("", "0" * 64, "é", row.seal):
        with access.database.transaction() as tx:
            tx.session.merge(SessionRow(**(values(row) | {"seal": seal})))
        assert refusal(access.reader, secret) == "session-altered"


def test_the_seal_of_one_row_fits_no_other(access: Access) -> None:
    access.analyst()
    first, second = access.signed_in(), access.signed_in()
    with access.database.transaction() as tx:
        one, two = tx.session.query(SessionRow)
        one.seal, two.seal = two.seal, one.seal
    assert refusal(access.reader, first) == refusal(access.reader, second) == "session-altered"


def test_a_role_that_somebody_wrote_lets_nobody_sign_in(access: Access) -> None:
    now = access.region.clock()
    row = MandateRow(
        mandate_id="1" * 16, account=ACCOUNT, role="approver", organisation="x", party=PARTY,
        proposed_at=now, confirmed_at=now, expires_at=now + timedelta(days=90),
    )  # fmt: skip
    with access.database.transaction() as tx:
        tx.session.add(row)
    with access.database.reading() as session:
        assert refusal(mandate_of, session, ACCOUNT, access.publicist, now) == "mandate-altered"
    assert refusal(access.confirmed, "1" * 16) == "mandate-altered"
    assert refusal(access.confirmed, "2" * 16) == "mandate-not-in-force"


def test_a_row_that_is_put_back_after_it_ended_lets_nobody_in(access: Access) -> None:
    """An older copy has a seal that fits; the ledger says what became of it."""
    mandate_id = access.approver()
    with access.database.reading() as session:
        before = values(session.get_one(MandateRow, mandate_id))
    access.mandates.revoke(mandate_id)
    access.write(MandateRow, **before)
    with access.database.reading() as session:
        now = access.region.clock()
        assert refusal(mandate_of, session, ACCOUNT, access.publicist, now) == "mandate-altered"
    assert refusal(access.confirmed, mandate_id) == "mandate-not-in-force"


def test_a_token_that_is_put_back_after_it_was_revoked_opens_nothing(access: Access) -> None:
    wanted = Wanted("Regio", AccessRole.ANALYST, MAY[AccessRole.ANALYST], 90)
    token_id, secret = access.tokens.create(wanted)
    other_id, other = access.tokens.create(wanted)
    now = access.region.clock()
    with access.database.reading() as session:
        before = values(session.get_one(TokenRow, token_id))
    access.tokens.revoke(token_id)
    assert refusal(access.tokens.reader, shown(secret), now) == "token-revoked"
    with access.database.transaction() as tx:
        tx.session.merge(TokenRow(**before))
    assert refusal(access.tokens.reader, shown(secret), now) == "token-revoked"
    with access.database.transaction() as tx:  # and where it was forgotten meanwhile
        tx.session.delete(tx.session.get_one(TokenRow, token_id))
        tx.session.flush()
        tx.session.add(TokenRow(**before))
    assert refusal(access.tokens.reader, shown(secret), now) == "token-revoked"
    assert access.tokens.reader(shown(other), now).role is AccessRole.ANALYST
    assert other_id != token_id


def test_a_session_and_its_role_that_are_put_back_open_nothing(access: Access) -> None:
    mandate_id = access.analyst()
    secret = access.signed_in()
    with access.database.reading() as session:
        kept = values(session.query(SessionRow).one())
        role = values(session.get_one(MandateRow, mandate_id))
    access.mandates.revoke(mandate_id)
    with access.database.transaction() as tx:
        tx.session.add(SessionRow(**kept))
        tx.session.merge(MandateRow(**role))
    assert refusal(access.reader, secret) == "mandate-altered"


# --- what two organisations signed ---------------------------------------------------------------


def test_an_approver_is_one_while_both_signatures_are_there(access: Access) -> None:
    mandate_id = access.approver()
    with access.database.reading() as session:
        kept = values(session.get_one(MandateRow, mandate_id))
        name = access.confirmed(mandate_id)
        assert mandate_stated(session, name) == mandate_id
        assert mandate_stated(session, "0" * 64) == ""
    assert isinstance(kept["statement"], bytes)
    statement = Statement.from_bytes(kept["statement"])
    body = statement.read(Kind.ACCESS, AccessMandate)
    first, second = statement.signatures
    forger = identity(CONFIRMER, Role.APPROVER)
    approver = access.region.identities[PARTY]
    other = Statement.make(
        Kind.ACCESS, body.model_copy(update={"account": OTHER}), access.publicist
    ).countersigned(access.region.identities[CONFIRMER])

    def card_of(who: Identity) -> bytes:
        return canonical_json(who.card.model_dump(mode="json"))

    def bytes_of(*signatures: Signature) -> bytes:
        return replace(statement, signatures=signatures).to_bytes()

    for written, code in (
        ({"statement": bytes_of(first)}, "signature-missing"),
        ({"statement": bytes_of(second)}, "signature-missing"),
        ({"statement": bytes_of(first, replace(second, value=bytes(64)))}, "signature-invalid"),
        ({"statement": statement.countersigned(forger).to_bytes(), "card": card_of(forger)},
         "card-not-pinned"),
        ({"statement": statement.countersigned(approver).to_bytes(), "card": card_of(approver)},
         "confirmer-not-another"),
        ({"statement": other.to_bytes()}, "mandate-altered"),
        ({"statement": b"{}\n"}, "mandate-altered"),
        ({"statement": None}, "mandate-altered"),
        ({"card": b"{}"}, "mandate-altered"),
        ({"card": None}, "mandate-altered"),
        ({"account": OTHER}, "mandate-altered"),
        ({"party": CONFIRMER}, "mandate-altered"),
        ({"organisation": "x"}, "mandate-altered"),
        ({"role": "analyst"}, "mandate-altered"),
        ({"expires_at": access.region.clock() + timedelta(days=900)}, "mandate-altered"),
        ({"confirmed_at": None}, "mandate-not-in-force"),
        ({"revoked_at": access.region.clock()}, "mandate-not-in-force"),
    ):  # fmt: skip
        access.write(MandateRow, **written)
        with access.database.transaction() as tx:  # even where the seal would fit
            put_seal(tx.session.get_one(MandateRow, mandate_id), access.publicist)
        assert refusal(access.confirmed, mandate_id) == code, written.keys()
        access.write(MandateRow, **kept)
    assert access.confirmed(mandate_id) == name


@pytest.mark.parametrize("party", [PARTY, CONFIRMER])
def test_an_approver_is_one_while_both_agreements_are_in_force(access: Access, party: str) -> None:
    mandate_id = access.approver()
    with agreement_ended(access.region, party):
        assert refusal(access.confirmed, mandate_id) == "agreement-not-in-force"
    assert access.confirmed(mandate_id)
    access.region.clock.forward(90)
    assert refusal(access.confirmed, mandate_id) == "mandate-not-in-force"


def test_who_confirmed_can_be_another_later(access: Access) -> None:
    """A party gets a new key: the mandate stands again when that key confirmed it."""
    mandate_id = access.approver()
    with access.database.reading() as session:
        before = session.get_one(MandateRow, mandate_id)
    assert before.statement is not None
    statement = Statement.from_bytes(before.statement)
    office = access.region.identities["sleutelbeheer"]
    both = statement.countersigned(office)
    for _ in range(2):
        access.mandates.confirm(both, office.card, access.region.pinned_agreements)
    with agreement_ended(access.region, CONFIRMER):
        assert access.confirmed(mandate_id) == statement.sha256


def test_a_proposal_that_somebody_altered_is_not_confirmed(access: Access) -> None:
    proposal = access.mandates.propose(ACCOUNT, PARTY, access.region.agreements, 90)
    access.write(MandateRow, account=OTHER)
    confirmer = access.region.identities[CONFIRMER]
    confirmed = proposal.countersigned(confirmer)
    pinned = access.region.pinned_agreements
    code = refusal(access.mandates.confirm, confirmed, confirmer.card, pinned)
    assert code == "mandate-altered"


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_ends_with_the_mandate_under_which_it_began(access: Access) -> None:
    """Another role of the same account is another session."""
    first = access.analyst()
    secret = access.signed_in()
    with access.database.reading() as session:
        kept = values(session.query(SessionRow).one())
    access.mandates.revoke(first)
    with access.database.transaction() as tx:  # as if the end of its sessions was undone
        tx.session.add(SessionRow(**kept))
    access.mandates.give(ACCOUNT, AccessRole.AUDITOR, "Regio", 90)
    assert access.reader(secret) is None
    reader = access.reader(access.signed_in())
    assert reader is not None
    assert reader.role is AccessRole.AUDITOR


def test_signing_in_anew_ends_the_session_that_this_browser_had(access: Access) -> None:
    access.analyst()
    first, elsewhere = access.signed_in(), access.signed_in()
    second = access.signed_in(told(first))
    assert access.reader(first) is None
    assert access.reader(second) is not None
    assert access.reader(elsewhere) is not None  # another browser is left alone


def test_noting_the_use_of_a_session_makes_no_altered_row_right(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.analyst()
    secret = access.signed_in()
    access.region.clock.now += timedelta(minutes=5)
    run = access.database.run

    def somebody_writes_first(work: Callable[..., object]) -> object:
        access.write(SessionRow, account=OTHER)
        return run(work)

    with monkeypatch.context() as patch:
        patch.setattr(access.database, "run", somebody_writes_first)
        assert access.reader(secret) is not None
    assert refusal(access.reader, secret) == "session-altered"
