"""``hasher send`` and ``hasher receipt``: the only commands that open a connection.

(``doctor --to`` opens one too, to look whether sending would work.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shared.errors import InputError
from shared.hashing.commands.common import (
    FOLDER,
    Session,
    Verb,
    address_option,
    dry_run_option,
    is_interactive,
    json_option,
    print_json,
)
from shared.hashing.language import tr

if TYPE_CHECKING:
    from shared.hashing.custody.home import OpenRound
    from shared.hashing.delivering.packed import Packed
    from shared.hashing.delivering.sending import Delivered
    from shared.mirror import Mirror
    from shared.receipt import Receipt


@click.command(
    "send",
    cls=Verb,
    examples=(
        "hasher send verzegeld-care --to https://koppelaar.voorbeeld.nl",
        "hasher send verzegeld-care --to https://koppelaar.voorbeeld.nl --confirm 1a2b3c4d",
        "hasher send verzegeld-care --to https://koppelaar.voorbeeld.nl --ca eigen-ca.pem",
    ),
    json_keys="round, schema, delivery, to, dry_run, complete, parts [part, file, bytes, rows, "
    "sha256, sent, outcome, ledger_seq, ledger_sha256]",
)
@click.argument("folder", type=FOLDER, metavar="MAP")
@address_option
@click.option(
    "--confirm",
    default="",
    metavar="TEKENS",
    help="De eerste 8 tekens van de sha256 van het laatste deel; dan wordt niets gevraagd.",
)
@dry_run_option
@json_option
@click.pass_obj
def send_command(
    session: Session,
    folder: Path,
    url: str,
    proxy: str,
    ca: Path | None,
    confirm: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Verstuur de delen in een map en bewaar de ontvangstbewijzen ernaast.

    Het programma vraagt om de eerste 8 tekens van de sha256 van het laatste deel. Stopt het
    halverwege? Geef de opdracht nog een keer: wat al is ontvangen, gaat niet nog een keer.
    """
    from shared.hashing.delivering.connection import check_address
    from shared.hashing.delivering.packed import check_confirmed, parts_in

    parts, url = parts_in(folder), check_address(url)
    opened = session.home.open_round(parts[-1].header.context.round_id, session.day)
    if dry_run:
        _rehearse(session, parts, url, opened, as_json=as_json)
        return
    check_confirmed(confirm or _ask_characters(), parts)
    done = deliver(session, parts, url, opened, proxy, ca)
    if as_json:
        print_json(_body(url, parts, done, dry_run=False))
        return
    for each in done:
        session.say(receipt_line(each.receipt))
    session.say(summary(done))


def deliver(
    session: Session,
    parts: Sequence[Packed],
    url: str,
    opened: OpenRound,
    proxy: str = "",
    ca: Path | None = None,
) -> list[Delivered]:
    """Send what is not sent yet, with a bar; every receipt is kept as it comes."""
    from shared.hashing.delivering.connection import connect
    from shared.hashing.delivering.objecting import note_sent
    from shared.hashing.delivering.sending import Linker, send
    from shared.round import SchemaName

    context = parts[-1].header.context
    with connect(proxy, ca) as client, session.bar() as tell:
        linker = Linker(url, opened.trusted.linker_offer.card, client)
        done = list(send(parts, linker, lambda went, of: tell(tr("versturen"), went, of)))
    if context.schema_name == SchemaName.OBJECTION.value:
        note_sent(session.home, session.home.identity(), context.delivery)
    return done


@click.command(
    "receipt",
    cls=Verb,
    examples=("hasher receipt verzegeld-care --to https://koppelaar.voorbeeld.nl",),
    json_keys="round, schema, delivery, to, parts [part, file, bytes, rows, sha256, outcome, "
    "ledger_seq, ledger_sha256], mirror (the mirror report, as the linker signed it)",
)
@click.argument("folder", type=FOLDER, metavar="MAP")
@address_option
@json_option
@click.pass_obj
def receipt_command(
    session: Session, folder: Path, url: str, proxy: str, ca: Path | None, as_json: bool
) -> None:
    """Vraag de koppelaar naar de ontvangstbewijzen en het spiegelbericht van een levering.

    Het spiegelbericht zegt wat de koppelaar nu met de levering doet, en na sluiting hoeveel
    procent kon worden gekoppeld. Er staat nooit iets over een persoon in.
    """
    from shared.hashing.delivering.connection import check_address
    from shared.hashing.delivering.mirroring import describe
    from shared.hashing.delivering.packed import parts_in

    parts, url = parts_in(folder), check_address(url)
    opened = session.home.open_round(parts[-1].header.context.round_id, session.day)
    done, mirror = look_back(parts, url, opened, proxy, ca)
    if as_json:
        print_json(_body(url, parts, done) | {"mirror": mirror.model_dump(mode="json")})
        return
    for each in done:
        session.say(receipt_line(each.receipt))
    session.say()
    for line in describe(mirror):
        session.say(line)


def look_back(
    parts: Sequence[Packed], url: str, opened: OpenRound, proxy: str = "", ca: Path | None = None
) -> tuple[list[Delivered], Mirror]:
    """The linker's receipt of every part, and its mirror of the delivery as it stands now."""
    from shared.hashing.delivering.connection import connect
    from shared.hashing.delivering.mirroring import fetch_mirror
    from shared.hashing.delivering.sending import Delivered, Linker, fetch_receipt

    card = opened.trusted.linker_offer.card
    with connect(proxy, ca) as client:
        linker = Linker(url, card, client)
        done = [Delivered(each, fetch_receipt(each, linker), sent=False) for each in parts]
        return done, fetch_mirror(url, parts[-1].header, card, client)


def receipt_line(receipt: Receipt) -> str:
    """A receipt in one line."""
    rows = tr(", {n} rijen", n=receipt.rows) if receipt.rows else ""
    return tr(
        "{schema} deel {part}: {outcome}{rows}; levering {delivery}; logboek {seq} {sha256}…",
        schema=receipt.schema_name,
        part=receipt.part,
        outcome=outcome_words(receipt),
        rows=rows,
        delivery=receipt.delivery,
        seq=receipt.ledger_seq,
        sha256=receipt.ledger_sha256[:16],
    )


def outcome_words(receipt: Receipt) -> str:
    """What became of a part, in words."""
    words = {
        "part_stored": tr("ontvangen; er komen nog delen"),
        "delivery_current": tr("ontvangen en in orde"),
        "delivery_held": tr("ontvangen; de koppelaar kijkt er eerst naar"),
        "accepted": tr("aangenomen"),
        "tally_stored": tr("ontvangen"),
    }
    return words[receipt.outcome.value]


def summary(done: Sequence[Delivered]) -> str:
    """What was sent in all, and what to do with it."""
    sent = sum(each.sent for each in done)
    return tr(
        "Klaar: {sent} van de {all} delen nu verstuurd, {before} al eerder. De ontvangstbewijzen "
        "liggen ernaast; bewaar de map.",
        sent=sent,
        all=len(done),
        before=len(done) - sent,
    )


def _ask_characters() -> str:
    if not is_interactive():
        raise InputError(
            "confirm-missing",
            "expected --confirm with the first characters of the hash, got none",
            hint="nobody can be asked here; read them with `hasher show` and give --confirm",
        )
    return str(click.prompt(tr("Eerste 8 tekens van de sha256 van het laatste deel"), err=True))


def _rehearse(
    session: Session, parts: Sequence[Packed], url: str, opened: OpenRound, *, as_json: bool
) -> None:
    """Check everything that can be checked without a connection, and say what would go."""
    from shared.hashing.delivering.sending import Delivered, known_receipt

    card = opened.trusted.linker_offer.card
    done = []
    for each in parts:
        each.read()
        receipt = known_receipt(each, card)
        if receipt is not None:
            done.append(Delivered(each, receipt, sent=False))
    if as_json:
        print_json(_body(url, parts, done))
        return
    session.say(
        tr(
            "Proef: er is niets verstuurd. Naar {party} ({url}) zouden {n} delen gaan, samen "
            "{kb} kB; {known} delen hebben al een ontvangstbewijs.",
            party=card.party,
            url=url,
            n=len(parts) - len(done),
            kb=sum(each.path.stat().st_size for each in parts) // 1000,
            known=len(done),
        )
    )


def _body(
    url: str, parts: Sequence[Packed], done: Sequence[Delivered], *, dry_run: bool = True
) -> dict[str, Any]:
    context = parts[-1].header.context
    by_part = {each.receipt.part: each for each in done}
    return {
        "round": context.round_id,
        "schema": context.schema_name,
        "delivery": context.delivery,
        "to": url,
        "dry_run": dry_run,
        "complete": len(done) == len(parts),
        "parts": [_part(each, by_part.get(each.header.context.part)) for each in parts],
    }


def _part(packed: Packed, done: Delivered | None) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if done is not None:
        receipt = done.receipt
        known = {
            "sent": done.sent,
            "outcome": receipt.outcome.value,
            "ledger_seq": receipt.ledger_seq,
            "ledger_sha256": receipt.ledger_sha256,
        }
    return {
        "part": packed.header.context.part,
        "file": packed.path.name,
        "bytes": packed.path.stat().st_size,
        "rows": packed.header.context.rows,
        "sha256": packed.header.sha256,
        **known,
    }
