"""Vectors of statements, of rounds as they are checked, and of the ledger."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from deploy.vectors.parties import NOW, PARTIES, ROUND, Json, b64, seed
from deploy.vectors.primitives import secret_key
from publisher.access.four_eyes import AccessMandate
from publisher.access.roles import AccessRole
from publisher.released import Manifest, MeasureNote, Proof, TableEntry
from publisher.releasing.approvals import Approval
from publisher.releasing.decisions import Decision, PageDecision
from publisher.releasing.releases import Withdrawal
from publisher.releasing.requests import ChangeRequest
from shared.canonical import canonical_json, parse_canonical
from shared.contract.periods import school_year
from shared.destruction import Destruction
from shared.hashing.pseudonym import calibration
from shared.ledger import EMPTY, Entry, Event, Head, next_entry
from shared.mirror import Mirror, RefusedUploads, Standing
from shared.receipt import Outcome, Receipt
from shared.register import Register
from shared.round import SCHEME, Expected, Limits, Offer, Round, SchemaName, Supplier, Terms
from shared.state.round_keys import RoundKeys
from shared.statement import Kind, Statement


def offer_of(service: str) -> Statement:
    """The offer of a service for the vectors' round."""
    with tempfile.TemporaryDirectory() as name:
        keys = RoundKeys(Path(name))
        keys.create(ROUND)
        (Path(name) / ROUND / "round.seed").write_bytes(seed(f"{service} round"))
        public = keys.public_bytes(ROUND)
    body = Offer(round_id=ROUND, card=PARTIES[service].card, seal_key=b64(public), offered_at=NOW)
    return Statement.make(Kind.OFFER, body, PARTIES[service])


@cache
def round_statements() -> dict[str, Statement]:
    """Register, offers and round, signed by whom it takes."""
    office, cards = PARTIES["sleutelbeheer"], sorted(PARTIES)
    body = Register(
        region="proef", issued_at=NOW, cards=tuple(PARTIES[party].card for party in cards)
    )
    register = Statement.make(Kind.REGISTER, body, office)
    linker, publisher = offer_of("koppelaar"), offer_of("publicist")
    expected = (
        Expected(schema_name=SchemaName.ENROLMENT, municipalities=(197,)),
        Expected(schema_name=SchemaName.CARE, municipalities=(197,)),
        Expected(schema_name=SchemaName.OBJECTION, municipalities=(197,)),
    )
    round_ = Round(
        round_id=ROUND, region="proef", made_at=NOW, closes_on=date(2026, 11, 30), synthetic=True,
        periods=(school_year(2024), school_year(2025)),
        suppliers=(Supplier(party="gm0197", expected=expected),),
        scheme=SCHEME, calibration=calibration(secret_key()), policy=seed("policy").hex(),
        register_sha256=register.sha256, reference=seed("reference").hex(),
        offers=(linker.document(), publisher.document()),
        terms=Terms(input_days_after_close=30, tally_days_after_receipt=90),
        limits=Limits(max_rows_per_delivery=100_000, max_objections_per_supplier=500),
    )  # fmt: skip
    made = Statement.make(Kind.ROUND, round_, office)
    accepted = made.countersigned(PARTIES["koppelaar"])
    return {"register": register, "offer-linker": linker, "offer-publisher": publisher,
            "round": accepted}  # fmt: skip


def ledger_entries() -> list[Entry]:
    """Three entries of the linker's ledger; the second records an envelope with objections."""
    opened = {"round": ROUND, "statement": round_statements()["round"].sha256,
              "agreements": seed("agreements").hex()}  # fmt: skip
    happened: tuple[tuple[Event, Json], ...] = (
        (Event.ROUND_OPENED, opened),
        (Event.PART_STORED, {"round": ROUND}),
        (Event.DELIVERY_COMPLETE, {"round": ROUND}),
    )
    entries: list[Entry] = []
    head = EMPTY
    for minute, (event, body) in enumerate(happened):
        moment = NOW + timedelta(minutes=minute)
        entry = next_entry(head, moment, event, body, PARTIES["koppelaar"])
        entries.append(entry)
        head = Head(entry.seq, entry.sha256)
    return entries


def _of_linker(address: str) -> list[Statement]:
    linker = PARTIES["koppelaar"]
    witness, last = ledger_entries()[1:]
    receipt = Receipt(
        service="koppelaar", sender="gm0197", round_id=ROUND, schema_name="objection/1",
        delivery=seed("delivery").hex()[:32], part=2, envelope=address, rows=0,
        outcome=Outcome.ACCEPTED, stored_at=NOW + timedelta(minutes=1), ledger_seq=witness.seq,
        ledger_sha256=witness.sha256,
    )  # fmt: skip
    mirror = Mirror(
        service="koppelaar", supplier="gm0197", round_id=ROUND, schema_name="care/1",
        delivery=seed("care").hex()[:32], envelope=seed("care envelope").hex(),
        standing=Standing.CURRENT, parts_received=1, rows_received=2400, rows_refused=0,
        refused_uploads=(RefusedUploads(code="part-out-of-order", count=1),), revision=1,
        match_percent=93, no_match_percent=None, as_of=NOW,
    )  # fmt: skip
    destruction = Destruction(
        service="koppelaar", round_id=ROUND, objects=3, reason="the retention term was reached",
        destroyed_at=NOW, ledger_seq=last.seq, ledger_sha256=last.sha256,
    )  # fmt: skip
    return [
        Statement.make(kind, body, linker)
        for kind, body in (
            (Kind.RECEIPT, receipt), (Kind.MIRROR, mirror), (Kind.DESTRUCTION, destruction)
        )
    ]  # fmt: skip


def _of_publisher() -> list[Statement]:
    publisher, release_id = PARTIES["publicist"], f"{ROUND}-v1.0"
    manifest = Manifest(
        release_id=release_id, title="Jeugdhulp op school, Proefregio", region="proef",
        region_name="Proefregio", synthetic=True, made_at=NOW, reference_on=(date(2025, 10, 1),),
        round_id=ROUND, round_statement=round_statements()["round"].sha256, revision=1,
        policy=seed("policy").hex(), policy_version="1.0.0", dpia_version="1.0.0",
        reference=seed("reference").hex(), software="publisher 0.1.0",
        periods=(school_year(2025),), covered={"25": (197,)},
        tables=(TableEntry(id="clients", title="Cliënten", sha256=seed("table").hex(), rows=2,
                           withheld=1),),
        measures=(MeasureNote(id="clients", label="cliënten", unit="persons",
                              definition="Kinderen met jeugdhulp.", caution=""),),
        proof=Proof(rules="p", verified=True, exactly_exposed=0, too_narrow=0), supersedes="",
        summary_sha256=seed("summary").hex(), sources=("testvector",),
    )  # fmt: skip
    release = Statement.make(Kind.RELEASE, manifest, publisher)
    # A real approver is nobody else; the vectors need no fifth pair of keys to show the form.
    approver = PARTIES["gm0197"]
    approval = Approval(
        release_id=release_id, release=release.sha256, approver=approver.party,
        organisation=approver.card.organisation, decided_at=NOW,
    )  # fmt: skip
    request = ChangeRequest(
        release_id=release_id, release=release.sha256, approver=approver.party,
        reason="De titel is onvolledig.", decided_at=NOW,
    )  # fmt: skip
    mandate = Statement.make(
        Kind.ACCESS,
        AccessMandate(
            mandate="0123456789abcdef", account=seed("account").hex(), role=AccessRole.APPROVER,
            party=approver.party, organisation=approver.card.organisation, until=NOW,
        ),
        publisher,
    ).countersigned(PARTIES["sleutelbeheer"])  # fmt: skip
    decision = PageDecision(
        release_id=release_id, release=release.sha256, approver=approver.party,
        organisation=approver.card.organisation, mandate=mandate.sha256, decision=Decision.APPROVE,
        reason="", decided_at=NOW,
    )  # fmt: skip
    withdrawal = Withdrawal(
        release_id=release_id, release=release.sha256, reason="Een fout in de bron.",
        withdrawn_at=NOW,
    )  # fmt: skip
    return [
        release,
        Statement.make(Kind.APPROVAL, approval, approver),
        mandate,
        Statement.make(Kind.PAGE_DECISION, decision, publisher),
        Statement.make(Kind.CHANGE_REQUEST, request, approver),
        Statement.make(Kind.WITHDRAWAL, withdrawal, publisher),
    ]


def statement_vectors(address: str) -> list[Json]:
    """Every kind of statement: its name, who signed and its one spelling."""
    named = round_statements() | {
        each.kind.value: each for each in (*_of_linker(address), *_of_publisher())
    }
    return [
        {
            "id": id_,
            "kind": each.kind.value,
            "name": each.sha256,
            "signers": [signature.party for signature in each.signatures],
            "text": each.to_bytes().decode().rstrip("\n"),
        }
        for id_, each in named.items()
    ]


def refused_statement_vectors(address: str) -> list[Json]:
    """A receipt that was altered, and what becomes of it; and what a reader still takes."""
    receipt = _of_linker(address)[0]
    text, document = receipt.to_bytes().decode().rstrip("\n"), receipt.document()
    signature = document["signatures"][0]

    def spelled(**change: Any) -> str:
        return canonical_json({**document, **change}).decode()

    body = {**document["body"], "part": 3}
    forged = {**signature, "value": b64(bytes(64))}
    cases: list[tuple[str, str, str, str]] = [
        ("as it was made", text, "koppelaar", ""),
        ("another value in the body", spelled(body=body), "koppelaar", "signature-invalid"),
        ("another kind", spelled(kind="mirror"), "koppelaar", "signature-invalid"),
        ("another signature", spelled(signatures=[forged]), "koppelaar", "signature-invalid"),
        (
            "a signature that names another party",
            spelled(signatures=[{**signature, "party": "publicist"}]),
            "koppelaar",
            "signature-missing",
        ),
        (
            "a signature that names another fingerprint",
            spelled(signatures=[{**signature, "fingerprint": "0" * 64}]),
            "koppelaar",
            "signature-missing",
        ),
        ("nobody signed", spelled(signatures=[]), "koppelaar", "signature-missing"),
        ("another party is asked for", text, "publicist", "signature-missing"),
        ("white space", text.replace(",", ", ", 1), "koppelaar", "not-canonical"),
        ("a field beside the three", spelled(format="MOJ/2"), "koppelaar", "statement-invalid"),
        ("a kind that there is not", spelled(kind="promise"), "koppelaar", "statement-invalid"),
        ("no JSON object", "[]", "koppelaar", "statement-invalid"),
    ]
    signer = PARTIES["koppelaar"]
    for why, change in (
        ("a field that its kind has not, signed", {"note": "x"}),
        ("part 0, signed", {"part": 0}),
    ):
        wrong = canonical_json({**document["body"], **change})
        signed = Statement(Kind.RECEIPT, wrong, ()).countersigned(signer)
        cases.append((why, signed.to_bytes().decode().rstrip(), "koppelaar", "statement-invalid"))
    return [
        {"why": why, "text": each, "card": card, "read_as": "receipt", "refused": code}
        for why, each, card, code in cases
    ]


def round_check_vectors() -> list[Json]:
    """A round against pins, a register and a day; ``signatures`` is how many of the two it has."""
    pins = {
        "key_office": PARTIES["sleutelbeheer"].card.fingerprint,
        "linker": PARTIES["koppelaar"].card.fingerprint,
        "publisher": PARTIES["publicist"].card.fingerprint,
    }
    good = {"round": "round", "signatures": 2, "register": "register", "pins": pins,
            "day": "2026-10-05", "accepted": True, "refused": ""}  # fmt: skip
    changes: tuple[Json, ...] = (
        {},
        {"signatures": 1, "accepted": False},
        {"signatures": 1, "refused": "signature-missing"},
        {"signatures": 0, "accepted": False, "refused": "signature-missing"},
        {"round": "register", "refused": "statement-invalid"},
        {"register": "receipt", "refused": "register-not-pinned"},
        *({"pins": {**pins, name: "0" * 64}, "refused": "card-not-pinned"} for name in pins),
        {"day": "2029-01-01", "refused": "card-not-valid"},
    )
    return [{**good, **each} for each in changes]


def ledger_vectors() -> Json:
    """An export, what its verification gives, and what breaks it."""
    entries = ledger_entries()
    lines = {str(each.seq): each.line().decode() for each in entries}
    lines["altered"] = lines["2"].replace(ROUND, f"{ROUND}b")
    lines["unknown"] = lines["2"].replace('"part_stored"', '"part_lost"')
    lines["rehashed"] = lines["2"].replace(entries[1].sha256, "f" * 64)
    body = {"round": ROUND, "revision": 1}
    other = Head(1, "f" * 64)  # signed all the same, upon a history that nobody saw
    lines["forked"] = (
        next_entry(other, NOW, Event.ROUND_LINKED, body, PARTIES["koppelaar"]).line().decode()
    )
    witness = [2, entries[1].sha256]
    cases: list[tuple[str, str, list[list[Any]], int]] = [
        ("whole", "1 2 3", [witness], 0),
        ("nothing yet", "", [], 0),
        ("two entries swapped", "1 3 2", [], 2),
        ("the first entry left out", "2 3", [], 1),
        ("an entry left out", "1 3", [], 2),
        ("an altered entry", "1 altered 3", [], 2),
        ("an event that there is not", "1 unknown 3", [], 2),
        ("another hash than that of the content", "1 rehashed 3", [], 2),
        ("the next number upon another entry", "1 forked", [], 2),
        ("another history than a receipt saw", "1 2 3", [[2, "f" * 64]], 2),
        ("cut off before what a receipt saw", "1", [witness], 2),
    ]
    return {
        "signer": "koppelaar",
        "lines": lines,
        "cases": [
            {
                "why": why,
                "export": order.split(),
                "witnesses": witnesses,
                "first_bad": bad,
                "head": [] if bad else _head(order, entries),
            }
            for why, order, witnesses, bad in cases
        ],
        "refused": "ledger-broken",
    }


def _head(order: str, entries: list[Entry]) -> list[Any]:
    return [entries[-1].seq, entries[-1].sha256] if order else [EMPTY.seq, EMPTY.sha256]


def respelled_vectors(address: str) -> list[Json]:
    """Other spellings of good statements, ledger lines and cards: a reader refuses every one."""
    receipt, line = _of_linker(address)[0], ledger_entries()[0].line().decode()
    text, document = receipt.to_bytes().decode().rstrip("\n"), receipt.document()
    signature = document["signatures"][0]
    value: str = signature["value"]
    # 64 bytes leave four bits of the last letter unused.
    unused = f"{value[:-3]}{chr(ord(value[-3]) + 1)}=="
    card = PARTIES["gm0197"].card.model_dump(mode="json")

    def spelled(**change: Any) -> str:
        return canonical_json({**document, "signatures": [{**signature, **change}]}).decode()

    loose = canonical_json({**document["body"], "part": "2", "stored_at": 1791190860})
    signed = Statement(Kind.RECEIPT, loose, ()).countersigned(PARTIES["koppelaar"])
    more = canonical_json({**parse_canonical(line.encode()), "note": "x"}).decode()
    stray = {**card, "seal_key": f" {card['seal_key']}"}
    return [
        {"why": why, "reader": reader, "text": each, "refused": code}
        for why, reader, each, code in (
            ("unused bits of a signature", "statement", spelled(value=unused),
             "statement-invalid"),
            ("a field more in a signature", "statement", spelled(note="x"), "statement-invalid"),
            ("two newlines at the end", "statement", f"{text}\n\n", "not-canonical"),
            ("a number as text and a moment as a number, signed", "statement",
             signed.to_bytes().decode(), "statement-invalid"),
            ("a field more in a ledger line", "ledger", more, "ledger-broken"),
            ("a stray character in a sealing key", "card", canonical_json(stray).decode(),
             "card-invalid"),
            ("a day as a number", "card",
             canonical_json({**card, "valid_from": 1767225600}).decode(), "card-invalid"),
        )
    ]  # fmt: skip
