"""The text of a CSV file: its encoding, found in one pass, and its bytes as UTF-8, in pieces.

Encoding: byte order mark, else strict UTF-8, else strict Windows-1252; never guessed.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.hashing.checks import Check

SAMPLE_BYTES = 1 << 20
"""The header row stands within this many bytes."""
_PIECE_BYTES = 1 << 20
_MARKUP = (b"<", b"%PDF", b"PK\x03\x04")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class CsvText:
    """A text file that can be read.

    Attributes:
        start: length of the byte order mark.
        quoted: whether a quote occurs anywhere.
    """

    path: Path
    encoding: str
    start: int
    quoted: bool

    def pieces(self) -> Iterator[bytes]:
        """The text after the byte order mark, as UTF-8, some megabytes at a time.

        Raises:
            FileError: the file cannot be read any more.
        """
        raw = _pieces(self.path, self.start)
        if self.encoding == "utf-8":
            return raw
        return (text.encode("utf-8") for text in codecs.iterdecode(raw, self.encoding))


def open_text(path: Path) -> tuple[CsvText, bytes]:
    """The text of a file, and its beginning as UTF-8.

    What the beginning shows is said before the whole file is read.

    Raises:
        FileError: the file is empty, not text, in no known encoding, or has an unpaired quote.
    """
    head = next(_pieces(path, 0), b"")[:SAMPLE_BYTES]
    start, encoding = next(
        ((len(mark), name) for mark, name in _MARKS.items() if head.startswith(mark)), (0, "")
    )
    if encoding in {"", "utf-8"}:
        _check_beginning(head[start:], len(head) == SAMPLE_BYTES)
    text = _scan(path, start, encoding)
    sample = next(text.pieces(), b"")[:SAMPLE_BYTES]
    _check_beginning(sample, len(sample) == SAMPLE_BYTES)
    return text, sample


def _check_beginning(sample: bytes, more: bool) -> None:
    if not more and not sample.strip():
        raise Check.FILE_EMPTY.error()
    _check_no_nul(b"\0" in sample)
    if sample.lstrip().startswith(_MARKUP):
        raise Check.FILE_NOT_A_TABLE.error()
    if more and b"\n" not in sample and b"\r" not in sample:
        raise Check.COLUMNS_TOO_MANY.error()


def _scan(path: Path, start: int, marked: str) -> CsvText:
    """Read the file once to see in which encoding it is sound."""
    quotes = 0
    sound = {name: codecs.getincrementaldecoder(name)() for name in _candidates(marked)}
    wide = marked.startswith("utf-16")
    for piece in _pieces(path, start):
        if not wide:
            _check_no_nul(b"\0" in piece)
            quotes += piece.count(b'"')
        for name, decoder in list(sound.items()):
            # Letters without accents are the same in UTF-8 and cp1252, and fast to see.
            if not wide and not decoder.getstate()[0] and piece.isascii():
                continue
            text = _decoded(decoder, piece)
            if text is None:
                del sound[name]
            elif wide:
                _check_no_nul("\0" in text)
                quotes += text.count('"')
    encoding = next((n for n, each in sound.items() if _decoded(each, b"", True) is not None), "")
    if not encoding:
        raise Check.FILE_ENCODING.error()
    # In a sound file quotes come in pairs. An odd one swallows rows without a trace.
    if quotes % 2:
        raise Check.FILE_QUOTES.error()
    return CsvText(path, encoding, start, quotes > 0)


def _candidates(marked: str) -> tuple[str, ...]:
    return (marked,) if marked else ("utf-8", "cp1252")


def _check_no_nul(found: bool) -> None:
    if found:
        raise Check.FILE_NUL.error()


def _decoded(decoder: codecs.IncrementalDecoder, piece: bytes, final: bool = False) -> str | None:
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError:
        return None


def _pieces(path: Path, start: int) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(start)
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except OSError as error:
        raise Check.FILE_UNREADABLE.error() from error
