"""Sealing a prepared delivery: Parquet parts, each an envelope to this round's linker key."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shared import __version__
from shared.contract.deliveries import OBJECTION_BLOCK, PSEUDONYM_BYTES
from shared.envelope import Context, EnvelopeKind, read_header, seal
from shared.files import PRIVATE, sync_folder, write_whole
from shared.hashing.custody.home import OpenRound
from shared.hashing.delivering.packed import SUFFIX, check_new_folder
from shared.hashing.delivering.replacing import Part
from shared.identity import Identity
from shared.round import SchemaName

PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part that was written."""

    path: Path
    sha256: str
    rows: int


def seal_delivery(
    parts: Iterable[Part],
    schema: SchemaName,
    round_: OpenRound,
    sender: Identity,
    folder: Path,
    *,
    supersedes: str = "",
) -> list[SealedPart]:
    """Seal ``parts`` (the contract's columns, pseudonyms in) into ``folder``.

    The folder appears when everything in it is whole; a failure leaves nothing behind. What a
    killed process leaves is a hidden folder beside it that nothing reads.

    Raises:
        InputError: ``folder-not-empty``, or what the making of the parts raises.
    """
    check_new_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    building.mkdir(mode=PRIVATE_FOLDER)
    try:
        envelopes = _Envelopes(schema, round_, sender, supersedes, building)
        written = [envelopes.write(part) for part in parts]
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    return [SealedPart(folder / part.path.name, part.sha256, part.rows) for part in written]


class _Envelopes:
    """The envelopes of one delivery, each of which names the one before it."""

    def __init__(
        self,
        schema: SchemaName,
        round_: OpenRound,
        sender: Identity,
        supersedes: str,
        folder: Path,
    ) -> None:
        self._schema = schema
        self._round = round_
        self._sender = sender
        self._supersedes = supersedes
        self._folder = folder
        self._delivery = secrets.token_hex(16)
        self._written: list[SealedPart] = []

    def write(self, part: Part) -> SealedPart:
        """Seal and write the next part."""
        table = _padded(part.table) if self._schema is SchemaName.OBJECTION else part.table
        context = self._context(table.num_rows, part.last)
        offer = self._round.trusted.linker_offer
        envelope = seal(context, to_parquet(table), self._sender, offer.sealing_key())
        stem = f"{self._schema.value.replace('/', '-')}-{self._delivery[:8]}"
        path = self._folder / f"{stem}-{context.part:04d}{SUFFIX}"
        write_whole(path, envelope, mode=PRIVATE)
        sealed = SealedPart(path, read_header(envelope).sha256, table.num_rows)
        self._written.append(sealed)
        return sealed

    def _context(self, rows: int, last: bool) -> Context:
        body = self._round.trusted.body
        return Context(
            kind=EnvelopeKind.DELIVERY,
            sender=self._sender.party,
            recipient=self._round.trusted.linker_offer.card.party,
            round_id=body.round_id,
            round_statement=self._round.trusted.sha256,
            schema_name=self._schema.value,
            policy=self._round.policy.sha256,
            agreement=self._round.agreement,
            calibration=body.calibration,
            synthetic=int(body.synthetic),
            delivery=self._delivery,
            part=len(self._written) + 1,
            previous=self._written[-1].sha256 if self._written else "",
            last=int(last),
            supersedes=self._supersedes,
            # Nobody needs to know how many parents objected.
            rows=0 if self._schema is SchemaName.OBJECTION else rows,
            tool=f"hasher {__version__}",
        )


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
    """The body of a part: Parquet without statistics, which would hold the largest pseudonym.

    Pseudonyms are as good as random: a dictionary or compression of them only costs time.
    """
    sink = pa.BufferOutputStream()
    names = [name for name in table.column_names if name != "pseudonym"]
    pq.write_table(
        table,
        sink,
        compression={**dict.fromkeys(names, "zstd"), "pseudonym": "none"},
        use_dictionary=names,
        write_statistics=False,
        store_schema=True,
    )
    body: bytes = sink.getvalue().to_pybytes()
    return body
