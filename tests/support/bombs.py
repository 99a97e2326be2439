"""Forty Parquet bodies that are made to break, fill or stall whoever reads them.

Each is small enough to be sent; what it declares or expands to is not. They are built here, from
files that pyarrow writes and from bytes of their footers and page headers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shared.contract.deliveries import CARE, ENROLMENT, OBJECTION
from tests.support.parties import care_table, enrolment_table, objection_table, pseudonym

MANY_ROWS = 1_500_000
ROWS = 100


@dataclass(frozen=True)
class Bomb:
    """A body, and the rows that the header of its envelope states."""

    name: str
    schema: str
    body: bytes
    rows: int = ROWS


def written(table: pa.Table, **options: Any) -> bytes:
    """A table as Parquet, packed as well as it can be."""
    sink = io.BytesIO()
    coded = [name for name in table.column_names if name != "pseudonym"]
    form = {"compression": "zstd", "write_statistics": False, "use_dictionary": coded}
    pq.write_table(table, sink, **{**form, **options})
    return sink.getvalue()


def footer_of(body: bytes) -> tuple[bytes, bytes]:
    """The pages and the footer."""
    size = int.from_bytes(body[-8:-4], "little")
    return body[: -8 - size], body[-8 - size : -8]


def closed(pages: bytes, footer: bytes, size: int | None = None) -> bytes:
    """Pages and a footer as one file; ``size`` is what it says of its footer."""
    return pages + footer + (len(footer) if size is None else size).to_bytes(4, "little") + b"PAR1"


def forged(body: bytes, old: bytes, new: bytes, count: int = -1) -> bytes:
    """The body with other bytes in its footer."""
    pages, footer = footer_of(body)
    assert old in footer
    return closed(pages, footer.replace(old, new, count))


def varint(number: int) -> bytes:
    """A number as a footer or page header writes it (zigzag)."""
    left, octets = (2 * number if number >= 0 else -2 * number - 1), bytearray()
    while left >= 0x80:
        octets.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*octets, left])


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return (value >> 1) ^ -(value & 1), at


def with_page_header(
    body: bytes, change: Callable[[int, int], tuple[int, int]], start: int = 4
) -> bytes:
    """The body with other sizes (inside, packed) in the header of the page at ``start``.

    It stays as long as it was: what a longer header takes is taken from the end of the pages.
    """
    assert body[start : start + 1] == b"\x15"
    _, at = read_varint(body, start + 1)
    assert body[at : at + 1] == b"\x15"
    inside, at2 = read_varint(body, at + 1)
    assert body[at2 : at2 + 1] == b"\x15"
    packed, end = read_varint(body, at2 + 1)
    inside, packed = change(inside, packed)
    header = body[start:at] + b"\x15" + varint(inside) + b"\x15" + varint(packed)
    pages, footer = footer_of(body)
    changed = (pages[:start] + header + pages[end:])[: len(pages)].ljust(len(pages), b"\0")
    return closed(changed, footer)


def objections(count: int = ROWS, **options: Any) -> bytes:
    """Objections in one column of one page."""
    return written(objection_table(list(range(count))), use_dictionary=False, **options)


def repeated(schema: Any, defaults: pa.Table, count: int) -> pa.Table:
    """One row many times, which packs into nothing."""
    columns = [pa.repeat(defaults.column(name)[0], count) for name in schema.arrow.names]
    return pa.Table.from_arrays([pa.array(each) for each in columns], schema=schema.arrow)


def _care(count: int) -> pa.Table:
    return care_table([{"pseudonym": pseudonym(number)} for number in range(count)])


def bombs() -> Iterator[Bomb]:
    """All of them."""
    yield from _rows()
    yield from _dictionaries()
    yield from _nested()
    yield from _columns()
    yield from _metadata()
    yield from _pages()


def _rows() -> Iterator[Bomb]:
    one = _care(1)
    many = written(repeated(CARE, one, MANY_ROWS))
    yield Bomb("rows-many", "care/1", many, MANY_ROWS)
    yield Bomb("rows-many-unsaid", "care/1", many)
    enrolments = repeated(ENROLMENT, enrolment_table([{"pseudonym": pseudonym(1)}]), MANY_ROWS)
    yield Bomb("rows-many-enrolments", "enrolment/1", written(enrolments), MANY_ROWS)
    yield Bomb(
        "rows-many-objections",
        "objection/1",
        written(repeated(OBJECTION, objection_table([1]), MANY_ROWS)),
    )
    body = objections()
    for name, told in (("most", 2**62), ("negative", -5)):
        yield Bomb(f"rows-{name}", "objection/1", forged(body, varint(ROWS), varint(told)))
    yield Bomb("rows-fewer", "care/1", forged(written(_care(ROWS)), varint(ROWS), varint(1)))
    groups = written(_care(2_000), row_group_size=1)
    yield Bomb("rows-one-a-group", "care/1", groups[:-1], 2_000)


def _dictionaries() -> Iterator[Bomb]:
    wide = objection_table(list(range(50_000)))
    body = written(wide, use_dictionary=True, dictionary_pagesize_limit=64 * 1024 * 1024)
    yield Bomb("dictionary-large-cut", "objection/1", body[: len(body) // 2] + body[-2_000:])
    schools = [{"pseudonym": pseudonym(n), "school": b"99XA%02d" % n} for n in range(ROWS)]
    small = written(enrolment_table(schools))
    column = pq.read_metadata(io.BytesIO(small)).row_group(0).column(2)
    start, end = column.dictionary_page_offset, column.data_page_offset
    for name, size in (("huge", 2**31 - 1), ("negative", -1), ("600-mb", 600 * 2**20)):
        yield Bomb(
            f"dictionary-{name}",
            "enrolment/1",
            with_page_header(small, lambda _inside, packed, size=size: (size, packed), start),  # type: ignore[misc]
        )
    pages, footer = footer_of(small)
    noise = pages[: start + 30] + bytes(end - start - 30) + pages[end:]
    yield Bomb("dictionary-noise", "enrolment/1", closed(noise, footer))
    after = end + column.total_compressed_size - (end - start)
    indices = pages[: after - 12] + b"\xff" * 12 + pages[after:]
    yield Bomb("dictionary-indices", "enrolment/1", closed(indices, footer))


def _nested() -> Iterator[Bomb]:
    for depth in (30, 80):
        kind: pa.DataType = pa.uint8()
        value: Any = 1
        for _ in range(depth):
            kind, value = pa.list_(kind), [value]
        yield Bomb(
            f"nested-lists-{depth}",
            "objection/1",
            written(pa.Table.from_arrays([pa.array([value], kind)], ["pseudonym"])),
        )
    kind, value = pa.uint8(), 1
    for _ in range(60):
        kind, value = pa.struct([pa.field("pseudonym", kind)]), {"pseudonym": value}
    yield Bomb(
        "nested-structs",
        "objection/1",
        written(pa.Table.from_arrays([pa.array([value], kind)], ["pseudonym"])),
    )
    kind = pa.map_(pa.int8(), pa.list_(pa.int8()))
    yield Bomb(
        "nested-maps",
        "objection/1",
        written(pa.Table.from_arrays([pa.array([[(1, [2] * 9)]] * ROWS, kind)], ["pseudonym"])),
    )
    wide = pa.struct([pa.field(f"a{number}", pa.int8()) for number in range(3_000)])
    yield Bomb(
        "nested-wide",
        "objection/1",
        written(pa.Table.from_arrays([pa.array([{"a0": 1}], wide)], ["pseudonym"])),
    )


def _columns() -> Iterator[Bomb]:
    names = [f"c{number}" for number in range(10_000)]
    yield Bomb(
        "columns-many",
        "care/1",
        written(pa.Table.from_arrays([pa.array([1], pa.int8())] * len(names), names)),
    )
    twice = pa.Table.from_arrays([objection_table([1])["pseudonym"]] * 200, ["pseudonym"] * 200)
    yield Bomb("columns-same-name", "objection/1", written(twice))
    for name, array in (
        ("text", pa.array(["9" * 1_000_000] * 20)),
        ("decimals", pa.array([None] * ROWS, pa.decimal256(76, 0))),
        ("wide-bytes", pa.array([b"\0" * 1_000_000] * 30, pa.binary(1_000_000))),
        ("nulls", pa.nulls(ROWS, pa.binary(32))),
    ):
        table = pa.Table.from_arrays([array], ["pseudonym"])
        yield Bomb(f"columns-{name}", "objection/1", written(table))
    long = pa.Table.from_arrays([pa.array([1])], ["p" * 5_000_000])
    yield Bomb("columns-long-name", "objection/1", written(long))


def _metadata() -> Iterator[Bomb]:
    table = objection_table(list(range(ROWS)))
    yield Bomb(
        "metadata-large",
        "objection/1",
        written(table.replace_schema_metadata({"a": "x" * 20_000_000})),
    )
    yield Bomb(
        "metadata-many",
        "objection/1",
        written(table.replace_schema_metadata({f"k{number}": "v" for number in range(50_000)})),
    )
    field = OBJECTION.arrow.field(0).with_metadata({"note": "x" * 1_000_000})
    yield Bomb("metadata-of-a-field", "objection/1", written(table.cast(pa.schema([field]))))
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": "////" * 100_000})
    yield Bomb("metadata-arrow-schema", "objection/1", sink.getvalue())
    pages, footer = footer_of(objections())
    for name, size in (("footer-longer", len(footer) + 10**6), ("footer-huge", 2**32 - 1),
                       ("footer-none", 0)):  # fmt: skip
        yield Bomb(f"metadata-{name}", "objection/1", closed(pages, footer, size))
    yield Bomb("metadata-lists", "objection/1", closed(pages, b"\x19\xfc" + b"\xff" * 4_000))


def _pages() -> Iterator[Bomb]:
    body = objections()
    for name, change in (
        ("inside-huge", lambda _inside, packed: (2**31 - 1, packed)),
        ("inside-600-mb", lambda _inside, packed: (600 * 2**20, packed)),
        ("inside-negative", lambda _inside, packed: (-1, packed)),
        ("packed-huge", lambda inside, _packed: (inside, 2**31 - 1)),
        ("packed-negative", lambda inside, _packed: (inside, -1)),
        ("both-none", lambda _inside, _packed: (0, 0)),
    ):
        yield Bomb(f"page-{name}", "objection/1", with_page_header(body, change))
