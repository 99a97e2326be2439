"""That speed is compared of equal results: our delivery against independent code.

The plain script's HKDF and HMAC (standard library) over the source file, and the plain script's
own delivery, row by row, against what the linker would read from our envelopes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.hasher.parties import ROUND, Ceremony
from benchmarks.hasher.peers.plain import INFO, SUITE, derive_key, pseudonym
from benchmarks.hasher.source import Sources
from shared.contract.deliveries import ENROLMENT
from shared.envelope import open_body, read_header


class DifferentResultsError(Exception):
    """Two contenders that must agree do not."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found to be equal, in rows."""

    pseudonyms: int
    delivery_rows: int


def opened_delivery(folder: Path, ceremony: Ceremony) -> pa.Table:
    """The rows that the linker would read, sorted by pseudonym."""
    parts = []
    for path in sorted(folder.glob("*.moj")):
        envelope = path.read_bytes()
        header = read_header(envelope)
        body = open_body(header, envelope[header.size :], ceremony.opening_key)
        parts.append(pq.read_table(io.BytesIO(body)))
    return pa.concat_tables(parts).sort_by("pseudonym").combine_chunks()


def plain_delivery(file: Path, ceremony: Ceremony) -> pa.Table:
    """The plain script's rows, in the contract's types, sorted by pseudonym."""
    body = SUITE.decrypt(file.read_bytes(), ceremony.opening_key, info=INFO)
    options = csv.ConvertOptions(column_types={"pseudonym": pa.string(), "school": pa.string()})
    table = csv.read_csv(io.BytesIO(body), convert_options=options)
    octets = [bytes.fromhex(text) for text in table.column("pseudonym").to_pylist()]
    table = table.set_column(0, "pseudonym", pa.array(octets, ENROLMENT.arrow.field(0).type))
    school = pa.array(table.column("school").to_pylist()).cast(pa.binary())
    table = table.set_column(2, "school", school)
    return table.cast(ENROLMENT.arrow).sort_by("pseudonym").combine_chunks()


def independent_pseudonyms(sources: Sources, ceremony: Ceremony) -> list[bytes]:
    """The pseudonym of every number in the source, sorted, without any of the product's code."""
    key = derive_key(ceremony.secret.read_bytes(), ROUND)
    with sources.duo.open(encoding="ascii") as file:
        place = next(file).rstrip("\n").split(";").index("pgn")
        numbers = (line.split(";")[place].zfill(9) for line in file)
        return sorted(bytes.fromhex(pseudonym(key, number)) for number in numbers)


def compare(sources: Sources, ceremony: Ceremony, sealed: Path, plain: Path | None) -> Compared:
    """Compare our delivery with both.

    Args:
        plain: what the plain script wrote; None where it did not run.

    Raises:
        DifferentResultsError: naming what differs, never a value.
    """
    delivery = opened_delivery(sealed, ceremony)
    pseudonyms = delivery.column("pseudonym").to_pylist()
    if pseudonyms != independent_pseudonyms(sources, ceremony):
        raise DifferentResultsError("the pseudonyms differ from the independent computation")
    if plain is None:
        return Compared(len(pseudonyms), 0)
    other = plain_delivery(plain, ceremony)
    for name in ENROLMENT.arrow.names:
        if not delivery.column(name).equals(other.column(name)):
            raise DifferentResultsError(f"the plain script's {name} differs from ours")
    return Compared(len(pseudonyms), other.num_rows)
