"""The generator's files: forms, encodings, numbers; and read back, they say what the truth says."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from python_calamine import CalamineWorkbook
from stdnum.nl import bsn, onderwijsnummer

from deploy.demo.generator import Dirt, Truth, generate
from deploy.demo.generator.numbers import citizen_numbers, education_numbers
from deploy.demo.generator.schools import invented_schools
from deploy.demo.generator.truth import Enrolment, Trajectory
from shared.contract.codes import PROVIDER_TYPES
from tests.support.oracle import Key, expected

SEED = 77
EVERYWHERE = [197, 222, 294, 1509, 1586, 1859, 1876, 1955]
DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
REAL_SCHOOLS = DATA / "scholen_achterhoek_2024-11.csv"
REAL_SWVS = DATA / "swv_postcode4_2017.csv"


class Region(NamedTuple):
    folder: Path
    truth: Truth


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    folder = tmp_path_factory.mktemp("small")
    return Region(folder, generate(folder, seed=SEED, years=3, pupils_scale=0.12))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(path: Path, encoding: str = "cp1252") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as handle:
        return list(csv.DictReader(handle, delimiter=";"))


def test_same_seed_same_bytes_and_another_seed_others(region: Region, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", seed=SEED, years=3, pupils_scale=0.12)
    assert digests(tmp_path / "again") == digests(region.folder)
    assert again == region.truth
    generate(tmp_path / "other", seed=SEED + 1, years=3, pupils_scale=0.12)
    assert digests(tmp_path / "other") != digests(region.folder)


def test_exactly_the_files_that_the_readme_names(region: Region) -> None:
    names = {f"duo/duo_leerlingen_{year}.csv" for year in region.truth.periods}
    sources = ("scholen", "gemeenten", "swv", "aanbieders", "arrangementen", "leerlingen_totaal")
    names |= {f"bronnen/{name}.csv" for name in sources}
    for code in EVERYWHERE:
        ending = "xlsx" if code == 294 else "csv"
        names |= {
            f"gm{code:04d}/{kind}_{code:04d}.{ending}" for kind in ("jeugdhulp", "declaraties")
        }
    assert set(digests(region.folder)) == names | {"gm0197/bezwaren_0197.csv", "LEESMIJ.txt"}
    assert "SYNTHETISCH" in (region.folder / "LEESMIJ.txt").read_text("ascii")


def test_open_data_is_utf8_with_a_mark_and_deliveries_are_cp1252(region: Region) -> None:
    for path in (region.folder / "bronnen").iterdir():
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        data.decode("utf-8-sig")
    not_utf8 = 0
    for path in region.folder.glob("gm*/*.csv"):
        data = path.read_bytes()
        data.decode("cp1252")
        assert b"\r\n" in data
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            not_utf8 += 1
    assert not_utf8 == 7  # every assignment file has a name with é or ë; objections do not


def test_every_number_is_valid_from_the_999_range_and_used_once(region: Region) -> None:
    numbers = [person.number for person in region.truth.persons]
    assert len(numbers) == len(set(numbers))
    for person in region.truth.persons:
        if person.kind == "B":
            assert person.number.startswith("999")
            assert bsn.is_valid(person.number)
        else:
            assert person.number.startswith("1099")
            assert onderwijsnummer.is_valid(person.number)
            assert not person.trajectories


def test_the_pools_of_numbers_are_whole() -> None:
    citizens = list(citizen_numbers(np.random.default_rng(1)))
    assert len(citizens) == len(set(citizens)) == 90_909
    assert all(onderwijsnummer.is_valid(n) for n in education_numbers(np.random.default_rng(1)))


def test_written_numbers_differ_only_as_their_marks_say(region: Region) -> None:
    for person in region.truth.persons:
        rows: list[Enrolment | Trajectory] = [*person.enrolments, *person.trajectories]
        for row in rows:
            if Dirt.INVALID_NUMBER in row.dirt:
                assert not bsn.is_valid(row.written)
                assert not onderwijsnummer.is_valid(row.written)
            elif Dirt.SENTINEL_NUMBER in row.dirt:
                assert row.written in ("000000000", "999999999", "111111110")
            else:
                assert row.written.replace(".", "").replace(" ", "") == person.number
                assert (row.written != person.number) == (Dirt.SEPARATORS in row.dirt)


def test_provider_codes_look_like_agb_codes_and_not_like_citizen_numbers(region: Region) -> None:
    codes = [agb for provider in region.truth.providers for agb in provider.agb]
    assert all(len(code) == 8 and code[:2] in PROVIDER_TYPES for code in codes)
    assert any(code.startswith("0") for code in codes)
    assert sum(bsn.is_valid(code.zfill(9)) for code in codes) < 30  # chance: 1 in 11


def test_workbook_holds_numbers_dates_and_one_column_of_day_numbers(region: Region) -> None:
    book = CalamineWorkbook.from_path(str(region.folder / "gm0294" / "jeugdhulp_0294.xlsx"))
    header, *lines = book.get_sheet_by_index(0).to_python()
    first = dict(zip(header, lines[0], strict=True))
    assert isinstance(first["bsn"], float)
    assert isinstance(first["aanbieder_agb"], float)
    assert isinstance(first["ingangsdatum"], date)
    stops = [line[header.index("datum_stop_zorg")] for line in lines]
    assert {type(stop) for stop in stops} <= {float, str}
    assert {stop for stop in stops if isinstance(stop, str)} <= {""}
    numbers = [line[0] for line in lines]
    assert any(isinstance(number, str) for number in numbers)  # with dots or spaces


def test_totals_row_repeated_header_and_masked_totals_are_there(region: Region) -> None:
    declarations = read(region.folder / "gm0222" / "declaraties_0222.csv")
    assert [row["bsn"] for row in declarations].index("Totaal") == len(declarations) - 1
    assignments = read(region.folder / "gm1955" / "jeugdhulp_1955.csv")
    assert sum(row["bsn"] == "bsn" for row in assignments) == 1
    totals = read(region.folder / "bronnen" / "leerlingen_totaal.csv", "utf-8-sig")
    assert any(row["leerlingen"] == "<5" for row in totals)
    assert all(row["leerlingen"] == "<5" or int(row["leerlingen"]) >= 5 for row in totals)


def test_reference_files_hang_together(region: Region) -> None:
    folder = region.folder / "bronnen"
    schools = read(folder / "scholen.csv", "utf-8-sig")
    codes = {row["vestigingscode"] for row in schools}
    assert len(codes) == len(schools) == 228
    municipalities = {
        row["code"]: row["in_regio"] for row in read(folder / "gemeenten.csv", "utf-8-sig")
    }
    assert {row["gemeentecode"] for row in schools} <= set(municipalities)
    assert sum(inside == "J" for inside in municipalities.values()) == 8
    swvs = {row["code"] for row in read(folder / "swv.csv", "utf-8-sig")}
    assert {row[kind] for row in schools for kind in ("swv_po", "swv_vo")} <= swvs | {""}
    assert all(len(row["bevoegd_gezag"]) == 5 for row in schools)
    for row in read(folder / "arrangementen.csv", "utf-8-sig"):
        assert set(row["vestigingscodes"].split(",")) <= codes


SENTINELS = {"000000000", "999999999", "111111110"}


def accepted(written: object) -> str | None:
    """The nine digits of a usable number; a second reading of the rule, for this test alone."""
    text = str(int(written)) if isinstance(written, float) else str(written)
    digits = text.replace(".", "").replace(" ", "")
    if not digits.isdecimal() or len(digits) < 8:
        return None
    number = digits.zfill(9)
    return number if number not in SENTINELS and bsn.is_valid(number) else None


def day_of(value: object) -> date | None:
    """A date from a cell of either kind of file."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        day = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, float):
        day = date(1899, 12, 30) + timedelta(days=int(value))
    else:
        day = datetime.strptime(str(value), "%d-%m-%Y").date()
    return day if day.year >= 1950 else None


def care_rows(folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for path in folder.glob("gm*/jeugdhulp_*.csv"):
        rows += [dict(row) for row in read(path)]
    book = CalamineWorkbook.from_path(str(folder / "gm0294" / "jeugdhulp_0294.xlsx"))
    header, *lines = book.get_sheet_by_index(0).to_python()
    rows += [dict(zip(map(str, header), line, strict=True)) for line in lines]
    return rows


def clients_in_files(folder: Path, year: int) -> set[str]:
    found = set()
    for row in care_rows(folder):
        number = accepted(row["bsn"])
        category = str(row["productcategorie"])[:2]
        if number is None or row["reden_wijziging"] == "13" or category in ("42", "47", "48", "49"):
            continue
        first = day_of(row["datum_start_zorg"]) or day_of(row["ingangsdatum"])
        last = day_of(row["datum_stop_zorg"]) or day_of(row["einddatum"]) or date.max
        if first is not None and first <= date(year + 1, 7, 31) and last >= date(year, 8, 1):
            found.add(number)
    return found


def pupils_in_files(folder: Path, year: int) -> dict[str, tuple[str, str, str]]:
    """Per number: main (J sorts before N when turned), school and home."""
    best: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in read(folder / "duo" / f"duo_leerlingen_{year}.csv"):
        foreign = row["pgn_type"] == "O" and onderwijsnummer.is_valid(row["pgn"])
        number = row["pgn"] if foreign else accepted(row["pgn"])
        since, left = day_of(row["datum_inschrijving"]), day_of(row["datum_uitschrijving"])
        reference = date(year, 10, 1)
        if number and since and since <= reference and (left is None or left > reference):
            main = "1" if row["hoofdinschrijving"] == "J" else "2"
            best[number].append((main, row["vestigingscode"], row["woongemeente"]))
    return {number: min(found) for number, found in best.items()}


def test_the_files_read_back_say_what_the_oracle_says(region: Region) -> None:
    folder, truth = region
    cells = expected(truth, EVERYWHERE)
    objectors = {row["bsn"] for row in read(folder / "gm0197" / "bezwaren_0197.csv")}
    assert len(objectors) == 3
    for year in truth.periods:
        pupils = pupils_in_files(folder, year)
        clients = clients_in_files(folder, year)
        counted: dict[tuple[str, str, str], int] = defaultdict(int)
        for number, (_, school, home) in pupils.items():
            if number not in objectors:
                for measure in ("pupils", "clients")[: 1 + (number in clients)]:
                    counted["residence", f"GM{home}", measure] += 1
                    counted["any school", school, measure] += 1
        inside = {school.code for school in truth.schools if school.in_region}
        for (level, unit, measure), value in counted.items():
            if level == "residence" or unit in inside:
                at = level if level == "residence" else "school"
                key = Key("pupils_and_clients", at, unit, year - 2000, "", measure)
                assert cells[key] == value, (SEED, key)
        schools = {
            key.unit
            for key in cells
            if key.level == "school" and key.period == year - 2000 and key.measure == "pupils"
        }
        assert schools == inside & {school for _, school, _ in pupils.values()}


@pytest.mark.reference_data
@pytest.mark.skipif(
    not REAL_SCHOOLS.exists(), reason="the open school list is not beside the project"
)
def test_a_real_list_of_schools_can_take_the_place_of_the_invented_ones(tmp_path: Path) -> None:
    truth = generate(
        tmp_path,
        seed=SEED,
        schools=REAL_SCHOOLS,
        swv_postcodes=REAL_SWVS,
        years=2,
        pupils_scale=0.2,
    )
    inside = [school for school in truth.schools if school.in_region]
    assert len(inside) == 187 + 1  # and one invented MBO location
    assert {school.swv_po for school in inside} == {"", "PO2501", "PO2502", "PO2503", "PO2504"}
    assert [trap.letter for trap in truth.traps] == list("abcdefg")
    cells = expected(truth, EVERYWHERE)
    pupils = cells[Key("pupils_and_clients", "total", "total", 21, "", "pupils")]
    assert 7_500 < pupils < 9_300


@pytest.mark.reference_data
@pytest.mark.skipif(
    not REAL_SCHOOLS.exists(), reason="the open school list is not beside the project"
)
def test_no_invented_school_has_the_name_or_code_of_a_real_one() -> None:
    real = read(REAL_SCHOOLS, "utf-8-sig")
    invented = invented_schools(SEED, 1.0)
    assert not {s.name.casefold() for s in invented} & {row["naam"].casefold() for row in real}
    assert not {s.code for s in invented} & {row["vestigingscode"] for row in real}
