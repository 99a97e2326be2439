"""The compound file (OLE) in which an XLS workbook lies: read a stream, and write one.

A damaged file can send a reader in circles: a chain of sectors is followed no further than the
file has sectors.

Source: MS-CFB 2.2 to 2.6.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.hashing.checks import Check

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_BYTES = 512
_HEADER_SECTORS = 109
_END_OF_CHAIN, _FREE, _FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_ENTRY_BYTES = 128
_STREAM, _ROOT = 2, 5
_SMALL_SECTOR_BYTES = 64
_SMALL_STREAM_BYTES = 4096
_MAX_ENTRIES = 10_000
_MAX_SMALL_BYTES = 8 << 20
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class _Entry:
    start: int
    size: int


class CompoundFile:
    """The named streams of a compound file.

    Raises:
        FileError: ``workbook-broken``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes: int = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise Check.WORKBOOK_BROKEN.error()
        shift, small_shift = struct.unpack_from("<2H", header, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise Check.WORKBOOK_BROKEN.error()
        self._sector_bytes: int = 1 << shift
        (directory,) = struct.unpack_from("<I", header, 48)
        (small_table,) = struct.unpack_from("<I", header, 60)
        (more,) = struct.unpack_from("<I", header, 68)
        self._table = self._read_table(array("I", header[76:]), more)
        self._entries = self._read_directory(directory)
        self._small_table = small_table

    def has(self, name: str) -> bool:
        """Whether there is a stream of this name."""
        return name in self._entries

    def stream(self, name: str, start: int = 0) -> Iterator[bytes]:
        """A stream from byte ``start`` on, sector by sector.

        Raises:
            FileError: ``workbook-broken``.
        """
        entry = self._entries[name]
        if start > entry.size:
            raise Check.WORKBOOK_BROKEN.error()
        if entry.size < _SMALL_STREAM_BYTES:
            yield self._small(entry)[start:]
            return
        skip, left = start, entry.size - start
        for sector in self._chain(entry.start):
            if skip >= self._sector_bytes:
                skip -= self._sector_bytes
                continue
            data = self._sector(sector)[skip : skip + left]
            skip, left = 0, left - len(data)
            yield data
            if not left:
                return
        raise Check.WORKBOOK_BROKEN.error()

    def _sector(self, number: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek((number + 1) * self._sector_bytes)
            return file.read(self._sector_bytes)

    def _sectors(self) -> int:
        return self._bytes // self._sector_bytes

    def _read_table(self, listed: array[int], more: int) -> array[int]:
        """The sector after each sector."""
        sectors = list(listed)
        for _ in range(self._sectors()):
            if more in (_END_OF_CHAIN, _FREE):
                break
            numbers = _numbers(self._sector(more))
            more = numbers.pop() if numbers else _END_OF_CHAIN
            sectors += numbers
        table = array("I")
        for number in sectors:
            if number < self._sectors():
                table += _numbers(self._sector(number))
        return table

    def _chain(self, sector: int) -> Iterator[int]:
        for _ in range(self._sectors() + 1):
            if sector == _END_OF_CHAIN:
                return
            if sector >= len(self._table):
                break
            yield sector
            sector = self._table[sector]
        raise Check.WORKBOOK_BROKEN.error()

    def _read_directory(self, start: int) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        count = 0
        for sector in self._chain(start):
            data = self._sector(sector)
            for at in range(0, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
                count += 1
                (length, kind) = struct.unpack_from("<HB", data, at + 64)
                first, size = struct.unpack_from("<2I", data, at + 116)
                if kind in (_STREAM, _ROOT) and 2 <= length <= 64:
                    name = data[at : at + length - 2].decode("utf-16-le", errors="replace")
                    found.setdefault("" if kind == _ROOT else name, _Entry(first, size))
            if count > _MAX_ENTRIES:
                break
        return found

    def _small(self, entry: _Entry) -> bytes:
        """A stream that lies in sectors of 64 bytes inside the root's stream."""
        root = self._entries.get("")
        if root is None or root.size > _MAX_SMALL_BYTES:
            raise Check.WORKBOOK_BROKEN.error()
        inside = b"".join(self._sector(sector) for sector in self._chain(root.start))
        table = array("I")
        for sector in self._chain(self._small_table):
            table += _numbers(self._sector(sector))
        found, sector = bytearray(), entry.start
        while len(found) < entry.size:
            if sector >= len(table):
                raise Check.WORKBOOK_BROKEN.error()
            found += inside[sector * _SMALL_SECTOR_BYTES :][:_SMALL_SECTOR_BYTES]
            sector = table[sector]
        return bytes(found[: entry.size])


def _numbers(sector: bytes) -> array[int]:
    return array("I", sector[: len(sector) // 4 * 4])


def make_compound_file(name: str, data: bytes) -> bytes:
    """A compound file with one stream."""
    data = data.ljust(_SMALL_STREAM_BYTES, b"\0")
    count = -(-len(data) // _SECTOR_BYTES)
    per_table = _SECTOR_BYTES // 4
    tables = -(-(count + 1) // (per_table - 1))  # the table has room for itself too
    listed = max(0, -(-(tables - _HEADER_SECTORS) // (per_table - 1)))
    while tables * per_table < count + 1 + tables + listed:
        tables += 1
    listed = max(0, -(-(tables - _HEADER_SECTORS) // (per_table - 1)))
    # Sectors: the stream, the directory, the tables, and where the tables are.
    first_table, first_list = count + 1, count + 1 + tables
    numbers = [*range(1, count), _END_OF_CHAIN, _END_OF_CHAIN, *[_FAT_SECTOR] * (tables + listed)]
    numbers += [_FREE] * (tables * per_table - len(numbers))
    places = [*range(first_table, first_table + tables)]
    lists = b""
    for index in range(listed):
        some = places[_HEADER_SECTORS + index * (per_table - 1) :][: per_table - 1]
        some += [_FREE] * (per_table - 1 - len(some))
        after = first_list + index + 1 if index + 1 < listed else _END_OF_CHAIN
        lists += struct.pack(f"<{per_table}I", *some, after)
    head = places[:_HEADER_SECTORS] + [_FREE] * (_HEADER_SECTORS - len(places))
    header = MAGIC + bytes(16) + struct.pack(
        "<5H6x3IIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, count, 0, _SMALL_STREAM_BYTES,
        _END_OF_CHAIN, 0, first_list if listed else _END_OF_CHAIN, listed,
    ) + struct.pack(f"<{_HEADER_SECTORS}I", *head)  # fmt: skip
    directory = (
        _entry("Root Entry", _ROOT, 1, _END_OF_CHAIN, 0)
        + _entry(name, _STREAM, _FREE, 0, len(data))
    ).ljust(_SECTOR_BYTES, b"\0")
    body = data.ljust(count * _SECTOR_BYTES, b"\0")
    return b"".join((header, body, directory, struct.pack(f"<{len(numbers)}I", *numbers), lists))


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(encoded) + 2, kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
