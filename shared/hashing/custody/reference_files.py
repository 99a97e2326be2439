"""Building the reference bundle from original open-data files.

The files are public and small; they are read as text, with ``;`` or ``,``, with or without a
BOM, in UTF-8 or cp1252, and with the header names that DUO used over the years.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.canonical import sha256_hex
from shared.contract.codes import SchoolType
from shared.errors import InputError
from shared.files import read_file
from shared.reference import (
    Arrangement,
    Board,
    Municipality,
    ProviderGroup,
    PupilTotal,
    Reference,
    School,
    Source,
    Swv,
)

_TYPES = {
    "basisschool": SchoolType.BO,
    "bo": SchoolType.BO,
    "sbao": SchoolType.SBO,
    "sbo": SchoolType.SBO,
    "so": SchoolType.SO,
    "(v)so": SchoolType.SO,
    "vso": SchoolType.VSO,
    "pro": SchoolType.PRO,
    "mbo": SchoolType.MBO,
    "vo": SchoolType.VO,
}
_VO_WORDS = ("vbo", "mavo", "havo", "vwo", "brugjaar", "lwoo")
_MASKED = "<5"
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class ReferenceFiles:
    """The files that a bundle is made of; those that may be absent are None."""

    schools: Path
    municipalities: Path
    swvs: Path | None = None
    swv_postcodes: Path | None = None
    providers: Path | None = None
    arrangements: Path | None = None
    pupil_totals: Path | None = None

    def present(self) -> Iterable[tuple[str, Path]]:
        """Every file that is there, by what it is for."""
        for part in self.__slots__:
            path = getattr(self, part)
            if path is not None:
                yield part, path


def build_reference(
    files: ReferenceFiles, *, region: str, region_name: str, licence: str, retrieved_on: date
) -> Reference:
    """Build a bundle.

    Args:
        licence: under which the files were published, such as ``CC0``.

    Raises:
        InputError: ``column-missing`` or ``reference-value``, naming file, row and column.
    """
    municipalities = _municipalities(files.municipalities)
    in_region = {m.code for m in municipalities if m.in_region}
    postcodes = _postcodes(files.swv_postcodes) if files.swv_postcodes else {}
    rows = read_rows(files.schools)
    schools = _schools(files.schools, rows, in_region, postcodes)
    known = {m.code for m in municipalities}
    return Reference(
        region=region,
        region_name=region_name,
        sources=tuple(
            Source(
                part=part,
                title=path.name,
                licence=licence,
                retrieved_on=retrieved_on.isoformat(),
                sha256=sha256_hex(path.read_bytes()),
            )
            for part, path in files.present()
        ),
        municipalities=(*municipalities, *_further_municipalities(rows, known)),
        swvs=_swvs(files.swvs, schools),
        boards=_boards(rows),
        schools=schools,
        provider_groups=_providers(files.providers) if files.providers else (),
        arrangements=_arrangements(files.arrangements) if files.arrangements else (),
        pupil_totals=_totals(files.pupil_totals) if files.pupil_totals else (),
    )


def read_rows(path: Path) -> list[Row]:
    """The rows of an open-data CSV file, header names in lower case.

    Raises:
        InputError: ``file-missing`` or ``reference-file-empty``.
    """
    data = read_file(path, "an open-data file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="strict")
    header = text.partition("\n")[0]
    separator = ";" if header.count(";") >= header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    rows = [
        {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if name}
        for row in reader
    ]
    if not rows:
        raise InputError(
            "reference-file-empty",
            f"expected rows in {path.name}, found none",
            hint="download the file again",
            about=path.name,
        )
    return rows


def _get(path: Path, row: Row, *names: str) -> str:
    for name in names:
        if name in row:
            return row[name]
    raise InputError(
        "column-missing",
        f"expected a column {' or '.join(names)} in {path.name}, found none",
        hint="use the original file, with its header row",
        about=path.name,
    )


def _wrong(path: Path, number: int, column: str, expected: str) -> InputError:
    return InputError(
        "reference-value",
        f"expected {expected} in {path.name}, row {number}, column {column}",
        hint="mend the row, or download the file again",
        about=f"{path.name}, rij {number}, kolom {column}",
    )


def _code(text: str) -> int:
    return int(text.upper().removeprefix("GM"))


def _municipalities(path: Path) -> tuple[Municipality, ...]:
    return tuple(
        Municipality(
            code=_code(_get(path, row, "code", "gemeentecode")),
            name=_get(path, row, "omschrijving", "naam"),
            in_region=row.get("in_regio", "J").upper() == "J",
        )
        for row in read_rows(path)
    )


def _further_municipalities(rows: Sequence[Row], known: set[int]) -> Iterable[Municipality]:
    names = {_code(row["gemeentecode"]): row["gemeente"].title() for row in rows}
    for code in sorted(set(names) - known):
        yield Municipality(code=code, name=names[code], in_region=False)


def _postcodes(path: Path) -> dict[str, tuple[str, str]]:
    return {
        _get(path, row, "postcode4"): (_get(path, row, "swv_po"), _get(path, row, "swv_vo"))
        for row in read_rows(path)
    }


def school_type(text: str) -> SchoolType | None:
    """The type of a school by the words of DUO's lists; None for other words."""
    word = text.strip().lower()
    if word in _TYPES:
        return _TYPES[word]
    return SchoolType.VO if any(part in word for part in _VO_WORDS) else None


def _schools(
    path: Path, rows: Sequence[Row], in_region: set[int], postcodes: dict[str, tuple[str, str]]
) -> tuple[School, ...]:
    schools = []
    for number, row in enumerate(rows, start=2):
        kind = school_type(_get(path, row, "type"))
        if kind is None:
            raise _wrong(path, number, "type", "a known school type")
        place = _code(_get(path, row, "gemeentecode", "gemeentenummer"))
        po, vo = postcodes.get(_get(path, row, "postcode")[:4], ("", ""))
        po, vo = row.get("swv_po", po), row.get("swv_vo", vo)
        schools.append(
            School(
                code=_get(path, row, "vestigingscode", "vestigingsnummer"),
                name=_get(path, row, "naam", "vestigingsnaam"),
                board=row.get("bevoegd_gezag", row.get("bevoegd gezag nummer", "")),
                type=kind,
                municipality=place,
                swv_po=po if kind in {SchoolType.BO, SchoolType.SBO, SchoolType.SO} else "",
                swv_vo=vo if kind in {SchoolType.VO, SchoolType.PRO, SchoolType.VSO} else "",
                in_region=place in in_region,
            )
        )
    return tuple(sorted(schools, key=lambda school: school.code))


def _swvs(path: Path | None, schools: Sequence[School]) -> tuple[Swv, ...]:
    names = {} if path is None else {_get(path, r, "code"): _get(path, r, "naam")
                                     for r in read_rows(path)}  # fmt: skip
    used = {code for school in schools for code in (school.swv_po, school.swv_vo) if code}
    return tuple(
        Swv(code=code, name=names.get(code, f"Samenwerkingsverband {code}"))
        for code in sorted(used | names.keys())
    )


def _boards(rows: Sequence[Row]) -> tuple[Board, ...]:
    names = {
        row["bevoegd_gezag"]: row.get("bevoegd_gezag_naam", "")
        for row in rows
        if row.get("bevoegd_gezag")
    }
    return tuple(Board(code=code, name=name or f"Bestuur {code}") for code, name in
                 sorted(names.items()))  # fmt: skip


def _providers(path: Path) -> tuple[ProviderGroup, ...]:
    codes: dict[tuple[str, str], list[str]] = {}
    for row in read_rows(path):
        group = (_get(path, row, "groep"), _get(path, row, "naam"))
        codes.setdefault(group, []).append(_get(path, row, "agb").zfill(8))
    return tuple(
        ProviderGroup(group=group, name=name, agb=tuple(sorted(agb)))
        for (group, name), agb in sorted(codes.items())
    )


def _arrangements(path: Path) -> tuple[Arrangement, ...]:
    found = []
    for number, row in enumerate(read_rows(path), start=2):
        day, _, rest = _get(path, row, "startdatum").partition("-")
        month, _, year = rest.partition("-")
        try:
            starts_on = date(int(year), int(month), int(day)).isoformat()
        except ValueError as error:
            raise _wrong(path, number, "startdatum", "a date as dd-mm-jjjj") from error
        schools = _get(path, row, "vestigingscodes").split(",")
        found.append(
            Arrangement(
                number=int(_get(path, row, "nummer")),
                name=_get(path, row, "naam"),
                schools=tuple(sorted(code.strip() for code in schools if code.strip())),
                starts_on=starts_on,
                aim=_get(path, row, "doel"),
                target=_get(path, row, "doelgroep"),
                lump_sum_eur=int(_get(path, row, "bedrag_eur")),
                comparison=_get(path, row, "vergelijking"),
            )
        )
    return tuple(found)


def _totals(path: Path) -> tuple[PupilTotal, ...]:
    totals = []
    for number, row in enumerate(read_rows(path), start=2):
        text = _get(path, row, "leerlingen")
        if text != _MASKED and not text.isdigit():
            raise _wrong(path, number, "leerlingen", "a whole number or <5")
        low, high = (1, 4) if text == _MASKED else (int(text), int(text))
        totals.append(
            PupilTotal(
                school=_get(path, row, "vestigingscode"),
                period=int(_get(path, row, "schooljaar")[:4]) - 2000,
                low=low,
                high=high,
            )
        )
    return tuple(sorted(totals, key=lambda total: (total.school, total.period)))
