"""Hostile and broken CSV files, each with the findings that it must give.

A case is a table of one of the three schemas, spoiled in one way. What every case must do beside
that (an exit code, a coded line, nothing left behind) stands in the test.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from shared.hashing.checks import Check
from tests.support.hashing import ASSIGNMENT, PUPIL, Row

SEED = 20_260_101
CARE = {**ASSIGNMENT, "geboortedatum": "01-02-2016", "aanbieder_agb": "98000001",
        "ingangsdatum": "01-09-2025", "einddatum": "31-12-2025"}  # fmt: skip
PUPILS = {**PUPIL, "schooljaar": "2025/2026", "peildatum": "01-10-2025"}
OBJECTION = {"bsn": "999000007", "naam": "Jansen"}
TEMPLATES: Mapping[str, Row] = {"care/1": CARE, "enrolment/1": PUPILS, "objection/1": OBJECTION}
NUMBERS = ("999000007", "999000019", "999000020", "999000032")
Found = frozenset[Check] | None


@dataclass(frozen=True)
class Case:
    """A file to give to the command line.

    Attributes:
        found: checks that must be in the report: exactly these, or any where None.
        fatal: whether it must be refused; None where it may be sound.
    """

    name: str
    schema: str
    data: bytes
    found: Found = None
    fatal: bool | None = None
    suffix: str = ".csv"


def table(schema: str, *changes: Row, separator: str = ";", end: str = "\r\n") -> str:
    """A sound file with a row per number; ``changes`` to the first rows."""
    template = TEMPLATES[schema]
    key = next(iter(template))
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(template), delimiter=separator, lineterminator=end)
    writer.writeheader()
    for index, number in enumerate(NUMBERS):
        change = changes[index] if index < len(changes) else {}
        writer.writerow({**template, key: number, **change})
    return sink.getvalue()


def rows_of(schema: str) -> list[list[str]]:
    """The same as lists of cells, the header row first."""
    return list(csv.reader(io.StringIO(table(schema)), delimiter=";"))


Spoil = Callable[[str], bytes]
_SPOILED: dict[str, tuple[Spoil, frozenset[Check]]] = {}


def _add(name: str, spoil: Spoil, *checks: Check) -> None:
    _SPOILED[name] = (spoil, frozenset(checks))


def _encoded(schema: str, encoding: str, text: str = "é") -> bytes:
    return table(schema).replace("999000019", f"999000019{text}").encode(encoding)


def _lines(schema: str) -> list[bytes]:
    return table(schema).encode().splitlines(keepends=True)


def _keyed(*keys: str) -> Spoil:
    """A file whose first rows have these keys."""

    def spoil(schema: str) -> bytes:
        key = next(iter(TEMPLATES[schema]))
        return table(schema, *({key: value} for value in keys)).encode()

    return spoil


def _all_keyed(value: str) -> Spoil:
    return _keyed(*[value] * len(NUMBERS))


_NUL, _ENCODING, _EMPTY = Check.FILE_NUL, Check.FILE_ENCODING, Check.FILE_EMPTY
_LETTERS, _MOSTLY, _NONE = Check.NUMBER_CHARACTERS, Check.ROWS_MOSTLY_REFUSED, Check.NOTHING_LEFT
_HTML = b"<html><body><table><tr><td>bsn</td></tr><tr><td>999000007</td></tr></table></body></html>"
_XML = b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'

_add("utf-16-le without a mark", lambda s: _encoded(s, "utf-16-le"), _NUL)
_add("utf-16-be without a mark", lambda s: _encoded(s, "utf-16-be"), _NUL)
_add("utf-16 with a mark", lambda s: codecs.BOM_UTF16_LE + table(s).encode("utf-16-le"))
_add("utf-16-be with a mark", lambda s: codecs.BOM_UTF16_BE + table(s).encode("utf-16-be"))
_add("utf-16 cut in a character", lambda s: codecs.BOM_UTF16_LE + table(s).encode("utf-16-le")[:-1],
     _ENCODING)  # fmt: skip
_add("utf-16 with half a pair", lambda s: codecs.BOM_UTF16_LE + table(s).encode("utf-16-le")
     + b"\x00\xd8", _ENCODING)  # fmt: skip
_add("utf-32", lambda s: _encoded(s, "utf-32"), _NUL)
_add("utf-7", lambda s: _encoded(s, "utf-7"), _LETTERS)
_add("ebcdic", lambda s: _encoded(s, "cp500"), _ENCODING)
_add("cp437", lambda s: _encoded(s, "cp437", "ü"), _ENCODING)
_add("a mark and no utf-8", lambda s: codecs.BOM_UTF8 + table(s).encode() + b"\xe9", _ENCODING)
_add("utf-8 and cp437 mixed", lambda s: _encoded(s, "utf-8") + b"\x81", _ENCODING)
_add("utf-8 and cp1252 mixed", lambda s: _encoded(s, "utf-8") + b"\xe9", _LETTERS,
     Check.ROW_RAGGED)  # fmt: skip
_add("a cut utf-8 character", lambda s: _encoded(s, "utf-8")[:-2] + b"\xc3", _LETTERS)
_add("a surrogate in utf-8", lambda s: _encoded(s, "utf-8", "\ufffd").replace(
    "\ufffd".encode(), b"\xed\xa0\x80"), _LETTERS)  # fmt: skip
_add("a mark in a number", _keyed("999000007", "\ufeff999000019"), _LETTERS)
_add("NUL in the header", lambda s: b"\0" + table(s).encode(), _NUL)
_add("NUL in a row", lambda s: table(s).encode().replace(b"019", b"0\x0019"), _NUL)
_add("NUL at the end", lambda s: table(s).encode() + b"\0" * 4096, _NUL)
_add("NUL only", lambda _: b"\0" * 70_000, _NUL)
_add("empty", lambda _: b"", _EMPTY)
_add("spaces only", lambda _: b" \t\r\n" * 50, _EMPTY)
_add("a mark only", lambda _: codecs.BOM_UTF8, _EMPTY)
_add("a mark of utf-16 only", lambda _: codecs.BOM_UTF16_LE, _EMPTY)
_add("a header only", lambda s: _lines(s)[0], Check.FILE_HEADER_ONLY)
_add("a header without its end", lambda s: _lines(s)[0].strip(), Check.FILE_HEADER_ONLY)
_add("rows only", lambda s: b"".join(_lines(s)[1:]), Check.COLUMNS_MISSING)
_add("carriage returns only", lambda s: table(s, end="\r").encode())
_add("all line ends mixed", lambda s: b"".join(
    line.strip() + end for line, end in zip(_lines(s), (b"\r\n", b"\n", b"\r", b"\n", b""),
                                             strict=True)))  # fmt: skip
_add("a bar between columns", lambda s: table(s, separator="|").encode(), Check.COLUMNS_MISSING)
_add("tabs between columns", lambda s: table(s, separator="\t").encode())
_add("another separator in the rows", lambda s: table(s).encode().split(b"\r\n")[0] + b"\r\n"
     + table(s, separator=",").encode().split(b"\r\n", 1)[1],
     Check.ROW_RAGGED, _MOSTLY)  # fmt: skip
_add("a separator after each row", lambda s: b"".join(
    line if not n else line.strip() + b";\r\n" for n, line in enumerate(_lines(s))),
    Check.ROW_RAGGED, _MOSTLY)  # fmt: skip
_add("a column twice", lambda s: b"".join(
    line.split(b";")[0] + b";" + line for line in _lines(s)), Check.COLUMNS_DOUBLE)  # fmt: skip
_add("10,000 columns", lambda s: b"".join(
    line.strip() + b";x" * 10_000 + b"\r\n" for line in _lines(s)),
    Check.COLUMNS_TOO_MANY)  # fmt: skip
_add("10,000 empty columns", lambda s: b"".join(
    line.strip() + b";" * 10_000 + b"\r\n" for line in _lines(s)),
    Check.COLUMNS_TOO_MANY)  # fmt: skip
_add("a header of spaces and zero width", lambda s: table(s).replace(
    next(iter(TEMPLATES[s])), "b\u200bs\u200bn", 1).encode(), Check.COLUMNS_MISSING)  # fmt: skip
_add("an unclosed quote", lambda s: table(s).replace("999000019", '"999000019').encode(),
     Check.FILE_QUOTES)  # fmt: skip
_add("a formula", _keyed("=1+1", '=cmd|"/c calc"!A1', "@SUM(1)", "+999000032"), _LETTERS, _MOSTLY)
_add("dynamic data exchange", _keyed("=DDE(server;item)"), _LETTERS)
_add("a hyperlink", _keyed('=HYPERLINK("http://999000007.example")'), _LETTERS)
_add("a terminal command", _keyed("\x1b[2J\x1b]0;999000007\x07"), _LETTERS)
_add("mark-up in a number", _keyed("<script>alert(999000007)</script>"), _LETTERS)
_add("right to left", _keyed("\u202e700000999\u202c"), _LETTERS)
_add("zero width between digits", _keyed("999\u200b000\u200d007"), _LETTERS)
_add("combining characters", _keyed("9\u03019\u03089000007"), _LETTERS)
_add("arabic-indic digits", _keyed("٩٩٩٠٠٠٠٠٧"), _LETTERS)
_add("full-width digits", _keyed("９９９０００００７"), _LETTERS)
_add("superscript digits", _keyed("⁹⁹⁹⁰⁰⁰⁰⁰⁷"), _LETTERS)
_add("scientific notation", _keyed("1e9", "9,99E+08"), _LETTERS)
_add("a decimal number", _keyed("999000007,00"), _LETTERS)
_add("errors of Excel", _keyed("#N/B", "#VERW!"), Check.CELL_ERROR, _LETTERS)
_add("numbers that stand for unknown", _all_keyed("999999999"), Check.NUMBER_SENTINEL, _MOSTLY)
_add("no number passes", _all_keyed("999000008"), Check.NUMBER_CHECKSUM, _MOSTLY)
_add("every number is short", _all_keyed("9990000"), Check.NUMBER_LENGTH, _MOSTLY)
_add("every number is long", _all_keyed("9990000079990"), Check.NUMBER_LENGTH, _MOSTLY)
_add("a very long number", _keyed("9" * 100_000), Check.NUMBER_LENGTH)
_add("two numbers in a cell", _keyed("999000007 999000019"), Check.NUMBER_LENGTH)
_add("a row of totals", lambda s: table(s).encode() + b"Totaal" + b";" * (len(TEMPLATES[s]) - 1),
     Check.ROW_TOTALS)  # fmt: skip
_add("the header once more", lambda s: table(s).encode() + _lines(s)[0], Check.ROW_HEADER)
_add("50,000 empty lines", lambda s: table(s).encode() + b"\r\n" * 50_000, Check.ROW_EMPTY)
_add("html", lambda _: _HTML, Check.FILE_NOT_A_TABLE)
_add("html with a mark", lambda _: codecs.BOM_UTF8 + _HTML, Check.FILE_NOT_A_TABLE)
_add("a spreadsheet of 2003", lambda _: _XML, Check.FILE_NOT_A_TABLE)
_add("pdf", lambda _: b"%PDF-1.7\n999000007\n", Check.FILE_NOT_A_TABLE)
_add("json", lambda s: b'[{"bsn": "999000007"}]', Check.COLUMNS_MISSING)
_add("yaml", lambda s: b"bsn: 999000007\nbsn: 999000019\n", Check.COLUMNS_MISSING)
_add("a short line of letters", lambda _: b"a" * 5_000, Check.COLUMNS_MISSING)
_add("a long line of letters", lambda _: b"a" * (2 << 20), Check.COLUMNS_TOO_MANY)
_add("a long line of separators", lambda _: b";" * (2 << 20), Check.COLUMNS_TOO_MANY)
_add("a long line of quotes", lambda _: b'"' * (2 << 20), Check.COLUMNS_TOO_MANY)


def spoiled() -> Iterator[Case]:
    """Every way to spoil a table, for every schema."""
    for name, (spoil, found) in _SPOILED.items():
        fatal = any(2000 < check.code < 3000 for check in found)
        for schema in TEMPLATES:
            yield Case(f"{name}, {schema}", schema, spoil(schema), found, fatal)


def mutated(count: int) -> Iterator[Case]:
    """Sound files in which some bytes are changed, dropped or doubled."""
    generator = random.Random(SEED)
    schemas = sorted(TEMPLATES)
    for turn in range(count):
        schema = schemas[turn % len(schemas)]
        data = table(schema).encode(generator.choice(("utf-8", "cp1252", "utf-16")))
        yield Case(f"mutated {turn}, {schema}", schema, mutate(data, generator))


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Change, drop or double some bytes."""
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 12)):
        place = generator.randrange(len(changed))
        kind = generator.randrange(4)
        if kind == 0:
            changed[place] = generator.randrange(256)
        elif kind == 1:
            changed[place] = generator.choice(b';,"\n\r\t0 \0')
        elif kind == 2:
            del changed[place : place + generator.randrange(1, 60)]
        else:
            changed[place:place] = changed[place : place + generator.randrange(1, 60)]
    return bytes(changed)


def one_schema() -> Iterator[Case]:
    """What can be wrong with the rows of one schema only."""
    care, pupils, objection = TEMPLATES
    old = [{"ingangsdatum": "01-09-2010", "einddatum": "01-10-2010", "geboortedatum": "01-01-2005"}]
    year = [{"schooljaar": "2015/2016", "peildatum": "01-10-2015"}]
    double = "bsn\r\n" + "999000007\r\n" * 500
    yield Case("care of another year", care, table(care, *old * 4).encode(),
               frozenset({Check.CARE_OUTSIDE, _NONE}), None)  # fmt: skip
    yield Case("pupils of another year", pupils, table(pupils, *year * 4).encode(),
               frozenset({Check.PERIOD_OTHER, _NONE}), True)  # fmt: skip
    yield Case("one child 500 times", objection, double.encode(),
               frozenset({Check.OBJECTION_DOUBLE}), False)  # fmt: skip
    yield Case("care as gzip", care, gzip.compress(table(care).encode(), mtime=0), None, True)
    for schema, template in TEMPLATES.items():
        other = next(each for each in TEMPLATES if each != schema)
        yield Case(f"{other} given as {schema}", schema, table(other).encode())
        for field in list(template)[1:]:
            for value in ("=1+1", "9" * 400, "\x1b[31m999000007", "-1", "#WAARDE!"):
                if (len(field) + len(value)) % 4 == 0:  # some of all
                    data = table(schema, *[{field: value}] * 2).encode()
                    yield Case(f"{value[:8]!r} as {field}, {schema}", schema, data)
    sound = Case("sound", care, table(care).encode(), frozenset(), False)
    yield sound
    yield replace(sound, name="a workbook by name only", suffix=".xlsx")
    yield replace(sound, name="another name", suffix="")
