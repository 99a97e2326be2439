"""What the examples of docs/dpia/intake.toml change, done to the real linker."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi.testclient import TestClient
from sqlalchemy import select

from linker.intake.deliveries import decide_delivery
from linker.intake.figures import Figures
from linker.intake.inspection import Rules, inspect_by
from linker.intake.plausibility import DEFAULT_BANDS, Earlier, why_held
from linker.store import DeliveryRow, DeliveryState, RoundRow, RoundState
from shared.canonical import pae, to_base64
from shared.contract.deliveries import SCHEMAS
from shared.envelope import Header, Seal, read_header, seal
from shared.errors import MonitorError
from shared.hashing.delivering.sealing import to_parquet
from shared.identity import Role
from shared.round import TrustedRound
from tests.support.bombs import written
from tests.support.mirrors import looks_like_citizen_numbers
from tests.support.parties import (
    ROUND,
    Letter,
    MiniRegion,
    as_sent,
    care_table,
    enrolment_table,
    identity,
    objection_table,
    pseudonym,
    seal_letter,
)

ROWS = 30
HELD = "held"


@dataclass
class Desk:
    """A linker with an open round, and the supplier that sends to it."""

    region: MiniRegion
    trusted: TrustedRound
    client: TestClient

    def letter(self, *, party: str = "gm0197", schema: str = "care/1", **more: Any) -> Letter:
        table = more.pop("table", None)
        rows = care_of(5) if table is None else table
        return seal_letter(self.region, self.trusted, party, rows, schema, **more)

    def put(self, address: str, data: bytes) -> str:
        """The outcome as the specification writes it."""
        answer = self.client.put(f"/envelopes/{address}", content=data)
        if answer.status_code in {200, 201}:
            return HELD if self.delivery_state() is DeliveryState.HELD else ""
        return str(answer.json()["code"])

    def send(self, letter: Letter) -> str:
        return self.put(letter.address, letter.data)

    def delivery_state(self) -> DeliveryState:
        """Of the delivery that came last."""
        return self._last().state

    def _last(self) -> DeliveryRow:
        database = self.region.linker_database()
        with database.reading() as session:
            found = session.scalars(select(DeliveryRow)).all()[-1]
        database.close()
        return found

    def agree(self, old: str, new: str) -> None:
        """Change the agreement of the supplier."""
        blocks = self.region.agreements_path.read_text().split("[[agreements]]")
        mine = [each for each in blocks if 'party = "gm0197"' in each]
        assert old in mine[0]
        changed = [each.replace(old, new) if each in mine else each for each in blocks]
        self.region.agreements_path.write_text("[[agreements]]".join(changed))

    def close(self) -> None:
        database = self.region.linker_database()
        with database.transaction() as tx:
            tx.session.get_one(RoundRow, ROUND).state = RoundState.CLOSED
        database.close()

    def decide(self, *, accept: bool) -> str:
        """Decide the delivery that came last."""
        database = self.region.linker_database()
        try:
            decide_delivery(database, self._last().delivery_id, accept=accept)
        except MonitorError as error:
            return error.code
        finally:
            database.close()
        return ""


def care_of(count: int, **more: Any) -> pa.Table:
    return care_table([{"pseudonym": pseudonym(number), **more} for number in range(count)])


# --- envelopes -----------------------------------------------------------------------------------


def _changed(name: str, value: Any) -> Callable[[Desk], str]:
    return lambda desk: desk.send(desk.letter(**{name: value}))


def _other_address(desk: Desk) -> str:
    return desk.put("0" * 64, desk.letter().data)


def _stranger(desk: Desk) -> str:
    desk.region.identities["vreemde"] = identity("vreemde", Role.SUPPLIER)
    return desk.send(desk.letter(party="vreemde"))


def _forger(desk: Desk) -> str:
    return desk.send(desk.letter(signer=identity("gm0197", Role.SUPPLIER)))


def _agreement(old: str, new: str) -> Callable[[Desk], str]:
    def send(desk: Desk) -> str:
        desk.agree(old, new)
        return desk.send(desk.letter())

    return send


def _concept(desk: Desk) -> str:
    lines = desk.region.agreements_path.read_text()
    fingerprint = desk.region.identities["gm0197"].card.fingerprint
    desk.region.agreements_path.write_text(lines.replace(f'fingerprint = "{fingerprint}"\n', ""))
    desk.agree('status = "definitief"', 'status = "concept"')
    return desk.send(desk.letter())


def _other_card(desk: Desk) -> str:
    fingerprint = desk.region.identities["gm0197"].card.fingerprint
    desk.agree(fingerprint, "0" * 64)
    return desk.send(desk.letter())


def _expired(desk: Desk) -> str:
    """Until yesterday; it began the day before."""
    day = desk.region.clock().date()
    ends = f"in_force_until = {day + timedelta(days=365)}"
    desk.agree(ends, f"in_force_until = {day - timedelta(days=1)}")
    return desk.send(desk.letter())


def _again(desk: Desk) -> str:
    letter = desk.letter()
    assert desk.send(letter) == ""
    return desk.send(letter)


def _same_ciphertext(desk: Desk) -> str:
    """The sender signs a header of another delivery over bytes that it sent before."""
    letter = desk.letter()
    assert desk.send(letter) == ""
    header = read_header(letter.data)
    context = header.context.model_copy(update={"delivery": "0" * 32})
    told = (context.line(), str(header.seal.bytes).encode(), bytes.fromhex(header.sha256))
    signature = desk.region.identities["gm0197"].sign(pae(b"MOJ/1 envelope", *told))
    third = Seal(bytes=header.seal.bytes, sha256=header.sha256, signature=to_base64(signature))
    return desk.put(letter.address, Header(context, third).to_bytes() + letter.data[header.size :])


def _too_late(desk: Desk) -> str:
    letter = desk.letter()
    closes = desk.trusted.body.closes_on
    desk.region.clock.forward(days=(closes - desk.region.clock().date()).days + 1)
    return desk.send(letter)


def _closed(desk: Desk) -> str:
    desk.close()
    return desk.send(desk.letter())


def _enrolments(desk: Desk) -> str:
    return desk.send(
        desk.letter(schema="enrolment/1", table=enrolment_table([{"pseudonym": pseudonym(1)}]))
    )


def _counted_objections(desk: Desk) -> str:
    return desk.send(desk.letter(schema="objection/1", table=objection_table([1]), rows=1))


def _too_many(desk: Desk) -> str:
    most = desk.trusted.body.limits.max_rows_per_delivery
    return desk.send(desk.letter(rows=most + 1))


def _bit(desk: Desk) -> str:
    letter = desk.letter()
    return desk.put(letter.address, letter.data[:-1] + bytes([letter.data[-1] ^ 1]))


def _short(desk: Desk) -> str:
    letter = desk.letter()
    return desk.put(letter.address, letter.data[:-10])


def _long(desk: Desk) -> str:
    letter = desk.letter()
    return desk.put(letter.address, letter.data + b"x" * 40_000)


def _other_key(desk: Desk) -> str:
    """Sealed to the publisher's key of the round."""
    context = desk.letter().context
    key = desk.region.trusted_offer("publicist").sealing_key()
    envelope = seal(context, to_parquet(care_of(5)), desk.region.identities["gm0197"], key)
    return desk.send(Letter(context, envelope))


LETTERS: dict[str, Callable[[Desk], str]] = {
    "niets": lambda desk: desk.send(desk.letter()),
    "geen-envelop": lambda desk: desk.put("0" * 64, b"dit is geen envelop"),
    "adres": _other_address,
    "recipient=publicist": _changed("recipient", "publicist"),
    "round_id=andere-ronde": _changed("round_id", "andere-ronde"),
    "vreemde": _stranger,
    "vervalser": _forger,
    "overeenkomst-weg": _agreement('party = "gm0197"', 'party = "gm9999"'),
    "overeenkomst-concept": _concept,
    "overeenkomst-kaart": _other_card,
    "overeenkomst-verlopen": _expired,
    "nog-eens": _again,
    "andere-levering": _same_ciphertext,
    "round_statement": _changed("round_statement", "0" * 64),
    "policy": _changed("policy", "0" * 64),
    "calibration": _changed("calibration", "0" * 64),
    "synthetic=0": _changed("synthetic", 0),
    "agreement=oud": _changed("agreement", "oud"),
    "dag-te-laat": _too_late,
    "gesloten": _closed,
    "schema_name=care/9": _changed("schema_name", "care/9"),
    "inschrijvingen": _enrolments,
    "bezwaren-geteld": _counted_objections,
    "part=2": lambda desk: desk.send(desk.letter(part=2, previous="1" * 64)),
    "supersedes": _changed("supersedes", "0" * 32),
    "te-veel-rijen": _too_many,
    "bit": _bit,
    "kort": _short,
    "lang": _long,
    "andere-sleutel": _other_key,
}
"""What can be wrong with an envelope, by its key in the specification."""

# --- tables --------------------------------------------------------------------------------------


def inspected(body: bytes, schema: str, rows: int, *, without: str = "") -> str:
    """The outcome of an inspection."""
    names = tuple(name for name in SCHEMAS[schema].arrow.names if name != without)
    stated = None if schema == "objection/1" else rows
    try:
        found = inspect_by(body, Rules(schema, stated, names, 1_000, (24, 25), (197,)))
    except MonitorError as error:
        return error.code
    return HELD if found.held_for else ""


def _care() -> pa.Table:
    return as_sent(care_of(ROWS))


def _of(change: Callable[[pa.Table], pa.Table]) -> Callable[[], str]:
    return lambda: inspected(to_parquet(change(_care())), "care/1", ROWS)


def _of_other_type(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("cost_eur")
    return table.set_column(at, "cost_eur", table["cost_eur"].cast(pa.int64()))


def _of_three_objections() -> str:
    rows = sorted([pseudonym(number)] for number in range(3))
    table = pa.table([[row[0] for row in rows]], schema=SCHEMAS["objection/1"].arrow)
    return inspected(to_parquet(table), "objection/1", 3)


def _damaged() -> str:
    body = bytearray(to_parquet(_care()))
    page = pq.read_metadata(io.BytesIO(body)).row_group(0).column(1).data_page_offset
    body[page : page + 20] = bytes(20)
    return inspected(bytes(body), "care/1", ROWS)


TABLES: dict[str, Callable[[], str]] = {
    "niets": _of(lambda table: table),
    "kolom-erbij": _of(
        lambda table: table.append_column("postcode", pa.array([7121] * ROWS, pa.uint16()))
    ),
    "niet-genoemd": lambda: inspected(to_parquet(_care()), "care/1", ROWS, without="arrangement"),
    "kolom-weg": _of(lambda table: table.drop_columns(["arrangement"])),
    "ander-type": _of(_of_other_type),
    "notitie": lambda: inspected(
        written(_care().replace_schema_metadata({"naam": "x"})), "care/1", ROWS
    ),
    "aantal": lambda: inspected(to_parquet(_care()), "care/1", ROWS - 1),
    "geen-tabel": lambda: inspected(b"bsn;naam\n", "care/1", ROWS),
    "beschadigd": _damaged,
    "ingepakt": lambda: inspected(written(_care(), compression="gzip"), "care/1", ROWS),
    "volgorde": _of(lambda table: table.take(list(reversed(range(ROWS))))),
    "bezwaren": _of_three_objections,
}
"""What can be wrong with a table, by its key in the specification."""

# --- values --------------------------------------------------------------------------------------

_IN_WORDS: dict[str, bytes] = {
    "999000007 als tekst": b"999000007".ljust(32),
    "999000007 met nullen aangevuld": b"999000007".ljust(32, b"\0"),
}


def with_value(schema: str, column: str, value: Any) -> str:
    """The outcome of an inspection of rows of which one has ``value``."""
    if value == "400 codes die de elfproef doorstaan":
        table = as_sent(looks_like_citizen_numbers())
        return inspected(to_parquet(table), schema, table.num_rows)
    if isinstance(value, str):
        value = _IN_WORDS.get(value, value.encode())
    make = care_table if schema == "care/1" else enrolment_table
    rows = [{"pseudonym": pseudonym(number)} for number in range(ROWS - 1)]
    table = as_sent(make([*rows, {"pseudonym": pseudonym(ROWS), column: value}]))
    return inspected(to_parquet(table), schema, ROWS)


# --- plausibility --------------------------------------------------------------------------------

PUPILS = {"education=0": 100, "linkable": 99, "main": 97}


def held_by(found: Figures, earlier: Earlier | None = None, replaced: int | None = None) -> str:
    """The reason for which a delivery is held; empty where it is not."""
    said = why_held(found, 2, earlier, replaced, DEFAULT_BANDS)
    codes = {each.partition(":")[0] for each in said.split(";") if each}
    assert len(codes) <= 1, "an example has one reason"
    return codes.pop() if codes else ""


def by_itself(rows: int, name: str, percent: int) -> str:
    base = PUPILS if name == "linkable" else {}
    return held_by(Figures(rows, {**base, name: percent}))


def by_another(other: str, rows: int, name: str, then: int, now: int) -> str:
    figure = {} if name == "rijen" else {name: then}
    found = Figures(rows, {} if name == "rijen" else {name: now})
    if other == "de levering die wordt vervangen":
        return held_by(found, replaced=1_000)
    return held_by(found, Earlier(Figures(1_000, figure), 2))


def capped(policy: str, most: int) -> str:
    """The policy with another limit on objections."""
    found = re.sub(
        r"(?m)^max_objections_per_supplier = \d+$", f"max_objections_per_supplier = {most}", policy
    )
    assert found != policy
    return found
