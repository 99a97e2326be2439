"""Sealing a prepared delivery: Parquet parts, each an envelope to this round's linker key."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shared import __version__
from shared.contract.deliveries import PSEUDONYM_BYTES
from shared.envelope import TARGET_BODY_BYTES, Context, EnvelopeKind, read_header, seal
from shared.errors import InputError
from shared.files import PRIVATE, write_whole
from shared.hashing.home import OpenRound
from shared.identity import Identity
from shared.round import SchemaName

SUFFIX = ".moj"
OBJECTION_BLOCK = 25
"""Objections are padded to a multiple of this number of rows."""


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part that was written."""

    path: Path
    sha256: str
    rows: int


def seal_delivery(
    table: pa.Table,
    schema: SchemaName,
    round_: OpenRound,
    sender: Identity,
    folder: Path,
    *,
    supersedes: str = "",
) -> list[SealedPart]:
    """Seal ``table`` (the contract's columns, pseudonyms in) into ``folder``.

    Every part is written whole; a failure leaves no part of a delivery behind.

    Raises:
        InputError: ``folder-not-empty``.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            "folder-not-empty",
            f"expected an empty folder for the sealed delivery, found files in {folder.name}",
            hint="kies voor elke levering een nieuwe map",
        )
    folder.mkdir(parents=True, exist_ok=True)
    delivery = secrets.token_hex(16)
    pieces = list(_split(_padded(table) if schema is SchemaName.OBJECTION else table))
    written: list[SealedPart] = []
    try:
        for number, piece in enumerate(pieces, start=1):
            context = Context(
                kind=EnvelopeKind.DELIVERY,
                sender=sender.party,
                recipient=round_.trusted.linker_offer.card.party,
                round_id=round_.trusted.body.round_id,
                round_statement=round_.trusted.sha256,
                schema_name=schema.value,
                policy=round_.policy.sha256,
                agreement=round_.agreement,
                calibration=round_.trusted.body.calibration,
                synthetic=int(round_.trusted.body.synthetic),
                delivery=delivery,
                part=number,
                previous=written[-1].sha256 if written else "",
                last=int(number == len(pieces)),
                supersedes=supersedes,
                # Nobody needs to know how many parents objected.
                rows=0 if schema is SchemaName.OBJECTION else piece.num_rows,
                tool=f"hasher {__version__}",
            )
            offer = round_.trusted.linker_offer
            envelope = seal(context, to_parquet(piece), sender, offer.sealing_key())
            name = f"{schema.value.replace('/', '-')}-{delivery[:8]}-{number:04d}{SUFFIX}"
            write_whole(folder / name, envelope, mode=PRIVATE)
            digest = read_header(envelope).sha256
            written.append(SealedPart(folder / name, digest, piece.num_rows))
    except BaseException:
        for part in written:
            part.path.unlink(missing_ok=True)
        raise
    return written


def _padded(objections: pa.Table) -> pa.Table:
    """Objections with random pseudonyms, which fit nobody, up to a whole number of blocks.

    Neither the size of the envelope nor the number of rows tells how many children objected.
    """
    missing = -objections.num_rows % OBJECTION_BLOCK or OBJECTION_BLOCK * (not objections.num_rows)
    noise = pa.array([os.urandom(PSEUDONYM_BYTES) for _ in range(missing)],
                     objections.schema.field("pseudonym").type)  # fmt: skip
    together = pa.concat_tables([objections, pa.table([noise], schema=objections.schema)])
    return together.sort_by("pseudonym")


def to_parquet(table: pa.Table) -> bytes:
    """The body of a part: Parquet without statistics, which would hold the largest pseudonym."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_statistics=False, store_schema=True)
    return sink.getvalue()


def _split(table: pa.Table) -> Iterator[pa.Table]:
    """Pieces of about the target size; at least one, also of an empty table."""
    rows_per_part = max(1, TARGET_BODY_BYTES // max(1, _row_bytes(table.schema)))
    if table.num_rows == 0:
        yield table
    for start in range(0, table.num_rows, rows_per_part):
        yield table.slice(start, rows_per_part)


def _row_bytes(schema: pa.Schema) -> int:
    bits: int = sum(field.type.bit_width for field in schema)
    return bits // 8
