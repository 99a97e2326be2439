"""The zip container of a workbook: its parts with limits, and a small one to hand to the reader.

Nothing is unpacked to disk, and no part is read further than its reader allows.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.parsers import expat

from shared.hashing.checks import Check

MAX_ENTRIES = 10_000
MAX_XML_BYTES = 4 << 20
"""The parts that describe a workbook are small."""
MAX_UNPACKED_BYTES = 4 << 30
_CHUNK_BYTES = 1 << 20
_ENTRY_MARK = b"PK\x01\x02"
_ENCRYPTED = 1
_DEFLATED = 8
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
           struct.error)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Element:
    """The start of an XML element: names without their namespace."""

    name: str
    attributes: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Packed:
    """A part as it lies in a zip."""

    data: bytes = field(repr=False)
    crc: int
    size: int

    @classmethod
    def of(cls, chunks: Iterable[bytes]) -> Packed:
        """Pack a part without ever holding it unpacked."""
        packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed, crc, size = [], 0, 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            packed.append(packer.compress(chunk))
        packed.append(packer.flush())
        return cls(b"".join(packed), crc, size)


class Package:
    """A zip file that is read part by part; names are compared without capitals.

    Raises:
        FileError: ``workbook-broken``, or ``workbook-too-large`` when a part has no end.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            # Every entry costs memory, also in a file that says that it has none.
            entries = sum(chunk.count(_ENTRY_MARK) for chunk in _chunks(file.read))
        if entries > MAX_ENTRIES:
            raise Check.WORKBOOK_TOO_LARGE.error()
        self._file = path.open("rb")  # closed here, also under a part that is half read
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._parts = {_plain(info.filename): info for info in self._zip.infolist()}
        except _BROKEN:
            self._file.close()
            raise Check.WORKBOOK_BROKEN.error() from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def has(self, name: str) -> bool:
        """Whether there is a part of this name."""
        return _plain(name) in self._parts

    def stream(self, name: str, limit: int = MAX_UNPACKED_BYTES) -> Iterator[bytes]:
        """A part, some of it at a time.

        Raises:
            FileError: ``workbook-broken``, or ``workbook-too-large`` beyond ``limit`` bytes.
        """
        info = self._parts.get(_plain(name))
        if info is None or info.flag_bits & _ENCRYPTED:
            raise Check.WORKBOOK_BROKEN.error()
        if info.file_size > limit:
            raise Check.WORKBOOK_TOO_LARGE.error()
        try:
            with self._zip.open(info) as part:
                yield from _chunks(part.read)
        except _BROKEN:
            raise Check.WORKBOOK_BROKEN.error() from None

    def read(self, name: str, limit: int = MAX_XML_BYTES) -> bytes:
        """A small part as a whole."""
        return b"".join(self.stream(name, limit))

    def elements(self, name: str) -> list[Element]:
        """The elements of a small XML part, in order; none where there is no such part."""
        return elements(self.read(name)) if self.has(name) else []


def relations_of(part: str) -> str:
    """The part that says where the parts named in ``part`` are."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def targets(part: str, relations: Sequence[Element], kind: str) -> dict[str, str]:
    """Part names by relation id, of one kind; links to other files are left out."""
    found = {}
    for element in relations:
        of = element.attributes
        if of.get("Type", "").endswith(f"/{kind}") and of.get("TargetMode") != "External":
            target = posixpath.join("/", posixpath.dirname(part), of.get("Target", ""))
            found[of.get("Id", "")] = target
    return found


def _chunks(read: object) -> Iterator[bytes]:
    assert callable(read)
    return iter(lambda: bytes(read(_CHUNK_BYTES)), b"")


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/").lstrip("/")).lower()


def elements(data: bytes, *, whole: bool = True) -> list[Element]:
    """The elements of an XML text, in order. A document type is refused: it can define entities.

    Args:
        whole: the text may not stop halfway.

    Raises:
        FileError: ``workbook-broken``.
    """
    found: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(Element(_local(name), {_local(k): v for k, v in attributes.items()}))

    def refuse(*_: object) -> None:
        raise Check.WORKBOOK_BROKEN.error()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, whole)
    except (expat.ExpatError, ValueError, LookupError):  # LookupError: an unknown encoding
        raise Check.WORKBOOK_BROKEN.error() from None
    return found


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


def make_zip(parts: Sequence[tuple[str, Packed]]) -> bytes:
    """A zip of parts that are packed already."""
    body, directory, offset = [], [], 0
    for name, part in parts:
        encoded = name.encode("ascii")
        common = (_VERSION, 0, _DEFLATED, 0, 0, part.crc, len(part.data), part.size, len(encoded))
        local = _LOCAL.pack(b"PK\x03\x04", *common, 0) + encoded
        entry = _CENTRAL.pack(_ENTRY_MARK, _VERSION, *common, 0, 0, 0, 0, 0, offset) + encoded
        body += [local, part.data]
        directory.append(entry)
        offset += len(local) + len(part.data)
    listing = b"".join(directory)
    count = len(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), offset, 0)
    return b"".join([*body, listing, end])
