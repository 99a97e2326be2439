"""A planted mistake for every check of the table: source files that have it, and no other one.

Dates are those of the school years 2021 to 2023 (``tests.support.hashing.PERIODS``); ``later``
moves them for a round of other years.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

from shared.hashing.checks import Check
from shared.hashing.reading.workbook import OLE_MAGIC
from tests.support.care_files import BUDGET, CBS, EXTENDED, LINE, LINK, START
from tests.support.hashing import ASSIGNMENT, DECLARATION, PUPIL, Row, table_text

PUPIL_MISTAKES: dict[Check, Row] = {
    Check.NUMBER_EMPTY: {"pgn": ""},
    Check.NUMBER_CHARACTERS: {"pgn": "9,99E+08"},
    Check.NUMBER_LENGTH: {"pgn": "9990000"},
    Check.NUMBER_CHECKSUM: {"pgn": "999000008"},
    Check.NUMBER_SENTINEL: {"pgn": "999999999"},
    Check.NUMBER_OTHER_TYPE: {"pgn_type": "O"},
    Check.BIRTH_UNUSABLE: {"geboortedatum": "01-01-1900"},
    Check.DATE_PARTIAL: {"geboortedatum": "20120000"},
    Check.BIRTH_AFTER_START: {"geboortedatum": "01-01-2023"},
    Check.PERIOD_UNUSABLE: {"schooljaar": "x", "peildatum": ""},
    Check.PERIOD_OTHER: {"schooljaar": "2015/2016", "peildatum": ""},
    Check.PERIOD_CONFLICT: {"peildatum": "01-10-2021"},
    Check.NOT_ENROLLED: {"datum_inschrijving": "02-10-2022"},
    Check.ENROLLED_UNUSABLE: {"datum_uitschrijving": "31-02-2023"},
    Check.ENROLLED_EMPTY: {"datum_inschrijving": ""},
    Check.RESIDENCE_UNUSABLE: {"woongemeente": "Aalten"},
    Check.RESIDENCE_OTHER: {"woongemeente": "0301"},
    Check.SCHOOL_UNUSABLE: {"vestigingscode": "99X000"},
    Check.EDUCATION_UNKNOWN: {"onderwijssoort": "MAVO"},
    Check.MAIN_UNKNOWN: {"hoofdinschrijving": ""},
}
CARE_MISTAKES: dict[Check, Row] = {
    Check.CELL_ERROR: {"toewijzingnummer": "#N/B"},
    Check.START_UNUSABLE: {"ingangsdatum": ""},
    Check.END_UNUSABLE: {"einddatum": "onbekend"},
    Check.END_BEFORE_START: {"einddatum": "31-08-2022"},
    Check.AGE_ADULT: {"geboortedatum": "01-09-1999"},
    Check.CARE_REMOVED: {"reden_wijziging": "13"},
    Check.CATEGORY_UNKNOWN: {"productcategorie": "99"},
    Check.PROVIDER_UNUSABLE: {"aanbieder_agb": ""},
    Check.PROVIDER_PADDED: {"aanbieder_agb": "6012345"},
    Check.PROVIDER_TYPE: {"aanbieder_agb": "99012345"},
    Check.REFERRER_EMPTY: {"verwijzer": ""},
    Check.REFERRER_UNKNOWN: {"verwijzer": "09"},
    Check.FUNDING_EMPTY: {"leveringsvorm": ""},
    Check.FUNDING_UNKNOWN: {"leveringsvorm": "ZVW"},
    Check.END_REASON_UNKNOWN: {"reden_beeindiging": "99"},
    Check.MUNICIPALITY_UNUSABLE: {"gemeentecode": "Aalten"},
    Check.MUNICIPALITY_OTHER: {"gemeentecode": "0222"},
    Check.CARE_OUTSIDE: {"ingangsdatum": "01-09-2010", "einddatum": "02-09-2010",
                         "geboortedatum": "01-01-2005"},
    Check.NOT_YOUTH_CARE: {"productcategorie": "48", "productcode": ""},
    Check.DAYS_CAPPED: {"ingangsdatum": "01-09-1990", "geboortedatum": "01-01-1985"},
    Check.CARE_ONE_DAY: {"einddatum": "01-09-2022"},
}  # fmt: skip
COST_MISTAKES: dict[Check, Row] = {
    Check.COST_UNMATCHED: {"bsn": "999000032", "toewijzingnummer": "9"},
    Check.AMOUNT_UNUSABLE: {"toegekend_bedrag_ct": "900,50"},
    Check.AMOUNT_TOO_LARGE: {"toegekend_bedrag_ct": "100000001"},
    Check.DECLARED_PERIOD_UNUSABLE: {"periode_eind": "31-08-2022"},
    Check.SIGN_UNKNOWN: {"debet_credit": "X"},
    Check.VOLUME_UNUSABLE: {"eenheid": "16", "geleverd_volume": "veel"},
    Check.COST_OUTSIDE: {"periode_begin": "01-09-2015", "periode_eind": "02-09-2015"},
    Check.COST_MOVED: {"periode_begin": "01-07-2022", "periode_eind": "30-09-2022"},
    Check.DECLARATION_NUMBER: {"bsn": ""},
    Check.LINE_DOUBLE: {},
    Check.LINE_ZERO: {"toegekend_bedrag_ct": "0", "geleverd_volume": "0"},
    Check.LINE_WITHDRAWN: {"status_aanlevering": "3"},
}
HEADER = ";".join(PUPIL)
FILE_MISTAKES: dict[Check, bytes] = {
    Check.FILE_EMPTY: b"",
    Check.FILE_HEADER_ONLY: HEADER.encode(),
    Check.FILE_ENCODING: table_text(PUPIL, [{"leerjaar": "\x81"}]).encode("latin-1"),
    Check.FILE_NUL: table_text(PUPIL, [{"leerjaar": "\0"}]).encode(),
    Check.FILE_NOT_A_TABLE: b"<!DOCTYPE html>",
    Check.FILE_QUOTES: table_text(PUPIL, [{}]).encode() + b'"',
    Check.WORKBOOK_PASSWORD: OLE_MAGIC + "EncryptedPackage".encode("utf-16-le"),
    Check.WORKBOOK_BROKEN: b"PK\x03\x04",
    Check.WORKBOOK_TOO_LARGE: b"PK\x03\x04" + b"PK\x01\x02" * 10_001,
    Check.COLUMNS_MISSING: table_text(PUPIL, [{}]).replace("vestigingscode", "x").encode(),
    Check.COLUMNS_DOUBLE: table_text(PUPIL, [{}]).replace("leerjaar", "PGN").encode(),
    Check.COLUMNS_TOO_MANY: (HEADER + ";x" * 10_000 + "\n").encode(),
}
GOOD: tuple[Row, ...] = ({"pgn": "999000019"}, {"pgn": "999000020"})
NO_DATA = {Check.ROW_EMPTY: 3, Check.ROW_HEADER: 4, Check.ROW_TOTALS: 7, Check.ROW_RAGGED: 8}
"""Rows that are no data, by their number in ``rows_that_are_no_data``."""
_EDUCATION: Row = {"pgn": "109900012", "pgn_type": "O"}
_ARRANGEMENT = "onderwijszorgarrangement"
_CHILD_OF_TWO: Row = {"toewijzingnummer": "1002", "geboortedatum": "15-03-1984"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Source files in which one check finds something.

    Attributes:
        files: the content of the files of each role, the main one first; None is a folder.
        also: checks that cannot but find something too.
    """

    schema: str
    files: Mapping[str, Sequence[bytes | None]]
    profile: str = ""
    also: frozenset[Check] = field(default=frozenset())

    def write(self, folder: Path, years: int = 0) -> dict[str, list[Path]]:
        """Write the files, with their dates some years later."""
        written: dict[str, list[Path]] = {}
        for role, contents in self.files.items():
            for place, content in enumerate(contents):
                path = folder / f"{role}{place}"
                if content is None:
                    path.mkdir()
                else:
                    path.write_bytes(content if content[:2] in _ZIPPED else later(content, years))
                written.setdefault(role, []).append(path)
        return written


_ZIPPED = (b"PK", OLE_MAGIC[:2])


def later(content: bytes, years: int) -> bytes:
    """The same text with every year from 2020 to 2023 some years later."""
    return re.sub(rb"202[0-3]", lambda found: str(int(found[0]) + years).encode(), content)


def mistakes() -> dict[Check, Mistake]:
    """The mistake of every check that files can have."""
    found = {check: _pupils([row, *GOOD]) for check, row in PUPIL_MISTAKES.items()}
    found |= {check: _care([row, *_GOOD_CARE]) for check, row in CARE_MISTAKES.items()}
    found |= {
        check: _declared([{}, {"geleverd_volume": "7"}, row])
        for check, row in COST_MISTAKES.items()
    }
    good = _text(PUPIL, GOOD)
    found |= {
        check: Mistake("enrolment/1", {"pupils": [content, good]})
        for check, content in FILE_MISTAKES.items()
    }
    no_data = Mistake("enrolment/1", {"pupils": [rows_that_are_no_data()]})
    found |= {
        check: Mistake(no_data.schema, no_data.files, also=frozenset(NO_DATA) - {check})
        for check in NO_DATA
    }
    return found | _whole_files() | _links() | _starts() | _budgets() | _corrections()


def _text(template: Row, rows: Sequence[Row]) -> bytes:
    return table_text(template, rows).encode()


def _pupils(rows: Sequence[Row], links: Sequence[Row] = ()) -> Mistake:
    more = {"links": [_text(LINK, links)]} if links else {}
    return Mistake("enrolment/1", {"pupils": [_text(PUPIL, rows)], **more})


def _care(rows: Sequence[Row], **more: bytes) -> Mistake:
    files = {"assignments": [_text(EXTENDED, rows)]}
    return Mistake("care/1", files | {role: [content] for role, content in more.items()})


def _declared(rows: Sequence[Row]) -> Mistake:
    return _care([{}], declarations=_text(LINE, rows))


_GOOD_CARE: tuple[Row, ...] = tuple({"bsn": row["pgn"]} for row in GOOD)


def rows_that_are_no_data() -> bytes:
    """Three pupils, among an empty row, a header row, totals and a row with too few cells."""
    lines = table_text(PUPIL, [{}, *GOOD]).split("\r\n")
    totals = "Totaal" + ";" * (len(PUPIL) - 1)
    return "\r\n".join([*lines[:2], "", lines[0].upper(), *lines[2:4], totals, "x"]).encode()


def two_sheets() -> bytes:
    """A workbook with pupils on two sheets that can both be seen."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        for name in ("A", "B"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(PUPIL))
            sheet.write_row(1, 0, list(PUPIL.values()))
    return sink.getvalue()


def _whole_files() -> dict[Check, Mistake]:
    bad: Row = {"pgn": "999000008"}
    twice: list[Row] = [{"bsn": "999000007"}, {"bsn": "9990.00.007"}]
    large: list[Row] = [
        {"toegekend_bedrag_ct": "100000000", "geleverd_volume": f"{number}"} for number in range(11)
    ]
    return {
        Check.FILE_UNREADABLE: Mistake("enrolment/1", {"pupils": [None, _text(PUPIL, GOOD)]}),
        Check.WORKBOOK_SHEETS: Mistake("enrolment/1", {"pupils": [two_sheets()]}),
        Check.ROWS_MOSTLY_REFUSED: Mistake(
            "enrolment/1",
            {"pupils": [_text(PUPIL, [bad, bad, bad, *GOOD])]},
            also=frozenset({Check.NUMBER_CHECKSUM}),
        ),
        Check.NOTHING_LEFT: Mistake(
            "enrolment/1",
            {"pupils": [_text(PUPIL, [{"woongemeente": "0301"}])]},
            also=frozenset({Check.RESIDENCE_OTHER}),
        ),
        Check.COST_CAPPED: _declared(large),
        Check.LINE_AGAIN: Mistake(
            "care/1", {"assignments": [_text(ASSIGNMENT, [{}])],
                       "declarations": [_text(DECLARATION, [{}])] * 2},
        ),
        Check.OBJECTION_DOUBLE: Mistake(
            "objection/1", {"objections": [_text({"bsn": ""}, twice)]}
        ),
        Check.FORM_UNKNOWN: Mistake(
            "care/1",
            {"assignments": [_text(CBS, [{"Hulpvorm": "99"}])]},
            profile="cbs-beleidsinformatie",
        ),
    }  # fmt: skip


def _links() -> dict[Check, Mistake]:
    rows: list[Row] = [_EDUCATION, *GOOD]
    other = {"onderwijsnummer": "109900024"}
    planted: dict[Check, list[Row]] = {
        Check.LINK_USED: [{}],
        Check.LINK_NOT_EDUCATION: [other, {"onderwijsnummer": "999000019"}],
        Check.LINK_CITIZEN_UNUSABLE: [other, {"onderwijsnummer": "109900036", "bsn": "999000008"}],
        Check.LINK_CONFLICT: [{}, {"bsn": "999000019"}],
    }
    return {check: _pupils(rows, links) for check, links in planted.items()}


def _starts() -> dict[Check, Mistake]:
    planted: dict[Check, Row] = {
        Check.START_UNMATCHED: {"toewijzingnummer": "7"},
        Check.START_WITHDRAWN: {"status_aanlevering": "3"},
        Check.START_DATES_UNUSABLE: {"begindatum": ""},
        Check.START_KEY_EMPTY: {"toewijzingnummer": ""},
    }
    return {
        check: _care([{}], starts=_text(START, [{}, {}, row])) for check, row in planted.items()
    }


def _budgets() -> dict[Check, Mistake]:
    known: Row = {"agb": "73731234"}
    planted: dict[Check, Row] = {
        Check.PROVIDER_NONE: {},
        Check.ROW_COST_UNUSABLE: {**known, "besteed_bedrag": "veel"},
        Check.BUDGET_TAKEN: {**known, "besteed_bedrag": ""},
        Check.ROW_COST_ZERO: {**known, "besteed_bedrag": "0"},
    }
    return {check: _care(_GOOD_CARE, pgb=_text(BUDGET, [row])) for check, row in planted.items()}


def _corrections() -> dict[Check, Mistake]:
    removed: Row = {"reden_wijziging": "13"}
    return {
        Check.ARRANGEMENT_UNKNOWN: Mistake(
            "care/1", {"assignments": [_text(ASSIGNMENT | {_ARRANGEMENT: "SAMEN"}, [{}])]}
        ),
        Check.CARE_CORRECTED: _care([{}, {"reden_wijziging": "05"}]),
        Check.CARE_WITHDRAWN: Mistake(
            "care/1",
            {"assignments": [_text(EXTENDED, [{}, removed, *_GOOD_CARE])]},
            also=frozenset({Check.CARE_REMOVED}),
        ),
        Check.BIRTH_DIFFERS: Mistake(
            "care/1",
            {"assignments": [_text(EXTENDED, [{}, _CHILD_OF_TWO])]},
            also=frozenset({Check.AGE_ADULT}),
        ),
    }
