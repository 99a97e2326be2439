"""The rows: random pupils with distinct valid numbers, as each contender wants its file.

A valid number may be somebody's. So they are drawn anew in every run, stand only in the run's own
temporary folder, and are deleted with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

SENTINELS = (0, 111_111_110, 123_456_782, 999_999_999)
MUNICIPALITY = "0197"
SCHOOL_YEAR = 2025
FIRST_BIRTH, LAST_BIRTH = np.datetime64("2005-10-02"), np.datetime64("2021-09-30")
EDUCATION = ("BO", "SBO", "SO", "VSO", "PRO", "VMBO-BK", "VMBO-GT", "HAVO", "VWO")
CONSONANTS, VOWELS = "bdfghjklmnprstvwz", "aeiou"

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sources:
    """The same people in the three files that the contenders read.

    Attributes:
        duo: DUO C-levering: 16 columns, ``;`` and dd-mm-jjjj.
        anonlink: number and date of birth.
        openlinktoken: number, date of birth, names, sex and postal code.
    """

    rows: int
    duo: Path
    anonlink: Path
    openlinktoken: Path


def valid_numbers(count: int, draw: np.random.Generator) -> Ints:
    """``count`` distinct numbers that pass the elfproef, in random order."""
    prefixes = np.empty(0, np.int64)
    while True:
        prefixes = np.unique(np.append(prefixes, draw.integers(0, 10**8, count + count // 4 + 100)))
        digits = prefixes[:, None] // 10 ** np.arange(7, -1, -1) % 10
        check = digits @ np.arange(9, 1, -1) % 11
        numbers = (prefixes * 10 + check)[check < 10]  # of residue 10, no digit makes a number
        numbers = numbers[~np.isin(numbers, SENTINELS)]
        if len(numbers) >= count:
            return np.asarray(draw.permutation(numbers)[:count])


def write_sources(folder: Path, rows: int) -> Sources:
    """Draw people and write the three files."""
    draw = np.random.default_rng()
    folder.mkdir(mode=0o700)
    numbers = pc.utf8_lpad(pa.array(valid_numbers(rows, draw)).cast(pa.string()), 9, "0")
    days = (LAST_BIRTH - FIRST_BIRTH).astype(int)
    born = pa.array(FIRST_BIRTH + draw.integers(0, days + 1, rows).astype("timedelta64[D]"))
    iso = pc.strftime(born, "%Y-%m-%d")
    sources = Sources(
        rows, folder / "leerlingen.csv", folder / "anonlink.csv", folder / "openlinktoken.csv"
    )
    _write(sources.duo, _duo(numbers, born, draw), ";")
    _write(sources.anonlink, {"number": numbers, "born": iso}, ",")
    _write(sources.openlinktoken, _openlinktoken(numbers, iso, draw), ",")
    return sources


def _duo(numbers: pa.Array, born: pa.Array, draw: np.random.Generator) -> dict[str, pa.Array]:
    rows = len(numbers)
    schools = [f"99X{letter}{place:02d}" for letter in "ABCDEFGHIJ" for place in range(20)]
    school = _pick(schools, rows, draw)
    return {
        "pgn": numbers,
        "pgn_type": _same("B", rows),
        "geboortedatum": pc.strftime(born, "%d-%m-%Y"),
        "geslacht": _pick(["1", "2"], rows, draw),
        "woongemeente": _same(MUNICIPALITY, rows),
        "postcode4": _pick([str(code) for code in range(7100, 7150)], rows, draw),
        "instelling_brin": pc.utf8_slice_codeunits(school, 0, 4),
        "vestiging": pc.utf8_slice_codeunits(school, 4, 6),
        "vestigingscode": school,
        "onderwijssoort": _pick(EDUCATION, rows, draw),
        "leerjaar": _pick([str(year) for year in range(1, 9)], rows, draw),
        "datum_inschrijving": _pick([f"01-08-{year}" for year in range(2020, 2026)], rows, draw),
        "datum_uitschrijving": _same("", rows),
        "hoofdinschrijving": _same("J", rows),
        "schooljaar": _same(f"{SCHOOL_YEAR}/{SCHOOL_YEAR + 1}", rows),
        "peildatum": _same(f"01-10-{SCHOOL_YEAR}", rows),
    }


def _openlinktoken(
    numbers: pa.Array, born: pa.Array, draw: np.random.Generator
) -> dict[str, pa.Array]:
    rows = len(numbers)
    return {
        "RecordId": pa.array(np.arange(rows)).cast(pa.string()),
        "FirstName": _pick(_names(2_000, 2, draw), rows, draw),
        "LastName": _pick(_names(20_000, 3, draw), rows, draw),
        "BirthDate": born,
        "Sex": _pick(["Male", "Female"], rows, draw),
        "PostalCode": _pick([f"98{code}" for code in range(101, 200)], rows, draw),
        "SocialSecurityNumber": numbers,
    }


def _names(count: int, syllables: int, draw: np.random.Generator) -> list[str]:
    """Invented words of some syllables, some of them alike."""
    consonants = draw.choice(list(CONSONANTS), (count, syllables))
    vowels = draw.choice(list(VOWELS), (count, syllables))
    return [
        "".join(a + b for a, b in zip(*pair, strict=True)).capitalize() + "n"
        for pair in zip(consonants, vowels, strict=True)
    ]


def _pick(values: list[str] | tuple[str, ...], rows: int, draw: np.random.Generator) -> pa.Array:
    return pa.array(values).take(pa.array(draw.integers(0, len(values), rows)))


def _same(value: str, rows: int) -> pa.Array:
    return pa.repeat(value, rows)


def _write(path: Path, columns: Mapping[str, pa.Array], separator: str) -> None:
    options = csv.WriteOptions(delimiter=separator, quoting_style="none", quoting_header="none")
    csv.write_csv(pa.table(dict(columns)), path, options)
