"""A first profile from a file: what is recognised, what is asked, and what is never shown."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import xlsxwriter
from click.testing import CliRunner

from shared.clock import system_clock
from shared.errors import InputError
from shared.hashing.commands import profiles as cli_profiles
from shared.hashing.commands.common import Session
from shared.hashing.commands.profiles import profile
from shared.hashing.custody.home import Home
from shared.hashing.delivering.prepare import prepare
from shared.hashing.reading.first_rows import Shape, first_rows, shape_of
from shared.hashing.roles import FileRole
from shared.hashing.systems.drafting import draft
from shared.hashing.systems.profile import SHIPPED, load_profile, shipped_text
from tests.support.care_files import BUDGET, CBS, LINK, SIMPLE, START
from tests.support.hashing import (
    AALTEN,
    ASSIGNMENT,
    DECLARATION,
    PERIODS,
    PUPIL,
    Row,
    collect,
    table_text,
    write_table,
)

PEOPLE = ("999000007", "999000019", "999000020", "999000032", "999000044")
ODD = {
    "BSN cliënt (9 cijfers)": "999000007",
    "geb.datum": "15-03-2012",
    "AGB": "73731234",
    "Hulp vorm": "02",
    "Datum vanaf": "01-09-2022",
    "Datum t/m": "31-12-2022",
    "Naam": "Geheim van Dale",
}


def rows_of(template: Row, count: int = 12) -> list[Row]:
    key = next(iter(template))
    return [{key: PEOPLE[at % len(PEOPLE)]} for at in range(count)]


def run(*arguments: str, answers: str = "") -> tuple[int, str, str]:
    """Exit code of the class of error, what was said, and the code of the error."""
    session = Session(Home(Path("home")), False, system_clock)
    result = CliRunner().invoke(profile, list(arguments), obj=session, input=answers)
    error = result.exception
    if isinstance(error, InputError):
        return error.exit_code, result.output, error.code
    assert error is None or isinstance(error, SystemExit), error
    return result.exit_code, result.output, ""


@pytest.mark.parametrize(
    ("template", "schema", "role"),
    [
        (ASSIGNMENT, "care/1", FileRole.ASSIGNMENTS),
        (DECLARATION, "care/1", FileRole.DECLARATIONS),
        (START, "care/1", FileRole.STARTS),
        (BUDGET, "care/1", FileRole.PGB),
        (CBS, "care/1", FileRole.ASSIGNMENTS),
        (SIMPLE, "care/1", FileRole.ASSIGNMENTS),
        (PUPIL, "enrolment/1", FileRole.PUPILS),
        ({"bsn": "999000007"}, "objection/1", FileRole.OBJECTIONS),
    ],
)
def test_shipped_files_are_recognised_whole(
    tmp_path: Path, template: Row, schema: str, role: FileRole
) -> None:
    drafted = draft(write_table(tmp_path / "x.csv", template, rows_of(template)))
    assert (drafted.schema, drafted.role, drafted.missing) == (schema, role, [])


def test_a_link_file_is_recognised(tmp_path: Path) -> None:
    drafted = draft(write_table(tmp_path / "x.csv", LINK, [{}, {}]))
    assert drafted.role is FileRole.LINKS
    assert drafted.fields == {"number": "onderwijsnummer", "citizen_number": "bsn"}


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_any_separator_and_lines_above_the_header(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "x.csv"
    body = table_text(ASSIGNMENT, rows_of(ASSIGNMENT), separator)
    path.write_text(f"Export van 999000007\r\n\r\n{body}", encoding="utf-8")
    assert draft(path).missing == []


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Toelichting").write_string(0, 0, "Lees dit eerst")
        sheet = book.add_worksheet("Data")
        for at, row in enumerate([list(PUPIL), *[list(PUPIL.values())] * 3]):
            sheet.write_row(at + 2, 0, row)
    assert draft(path).missing == []


@pytest.mark.parametrize(
    ("cells", "shape"),
    [
        (["", ""], Shape.EMPTY),
        (["999000007", "9990.00.019", "999000020"], Shape.NUMBER),
        (["15-03-2012", "", "2012-03-15"], Shape.DATE),
        (["20120315", "20120300"], Shape.DATE),
        (["44835", "44836"], Shape.SERIAL),
        (["73731234", "06012345"], Shape.PROVIDER),
        (["99XA00", "99xa"], Shape.SCHOOL),
        (["1.234,50", "0,10"], Shape.AMOUNT),
        (["100000", "5"], Shape.INTEGER),
        (["45A49", "ZIN"], Shape.CODE),
        (["Jansen, Piet"], Shape.TEXT),
    ],
)
def test_shapes(cells: list[str], shape: Shape) -> None:
    assert shape_of(cells) is shape


def test_a_profile_of_known_columns_needs_no_question(tmp_path: Path) -> None:
    a = write_table(tmp_path / "a.csv", ASSIGNMENT, rows_of(ASSIGNMENT))
    d = write_table(tmp_path / "d.csv", DECLARATION, rows_of(DECLARATION))
    out = tmp_path / "p.toml"
    code, said, _ = run("new", str(a), str(d), "--out", str(out), "--name", "eigen", "--yes")
    assert code == 0, said
    made = load_profile(out)
    files = {"assignments": [a], "declarations": [d]}
    found = collect(prepare("care/1", files, made, PERIODS, (AALTEN,)), "care/1")
    assert found.table.num_rows == len(PEOPLE)
    assert not found.report.fatal


def test_a_header_row_alone_is_enough(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ASSIGNMENT, [])
    out = tmp_path / "p.toml"
    assert run("new", str(path), "--out", str(out), "--yes")[0] == 0
    assert load_profile(out).files[FileRole.ASSIGNMENTS]["number"] == ("bsn",)


def test_what_is_not_certain_stays_open_without_a_person(tmp_path: Path) -> None:
    path = write_table(tmp_path / "x.csv", ODD, rows_of(ODD))
    out = tmp_path / "p.toml"
    code, _, error = run("new", str(path), "--out", str(out), "--yes")
    assert (code, error) == (2, "profile-incomplete")
    text = out.read_text(encoding="utf-8")
    assert 'number = ["BSN cliënt (9 cijfers)"]' in text
    assert "# ONTBREEKT: toewijzingen: begindatum" in text
    assert "# ONTBREEKT: starts_on = [" in text


def test_a_person_says_what_the_tool_cannot_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_profiles, "is_interactive", lambda: True)
    path = write_table(tmp_path / "x.csv", ODD, [{**row, "Hulp vorm": "77"} for row in
                                                 rows_of(ODD)])  # fmt: skip
    out = tmp_path / "p.toml"
    drafted = draft(path)
    answers = []
    free = [c.header for c in drafted.columns if c.header not in drafted.fields.values()]
    wanted = {"born_on": "geb.datum", "starts_on": "Datum vanaf", "ends_on": "Datum t/m"}
    guessed = [name for name in drafted.guesses if name not in drafted.missing]
    for name in [*drafted.missing, *guessed]:
        answers.append(str(free.index(wanted[name]) + 1) if name in wanted else "0")
        if name in wanted:
            free.remove(wanted[name])
    code, said, _ = run("new", str(path), "--out", str(out), answers="\n".join([*answers, "12"]))
    assert code == 0, said
    made = load_profile(out)
    assert made.files[FileRole.ASSIGNMENTS]["starts_on"] == ("Datum vanaf",)
    assert made.codes.form["77"] == 12


def test_euros_and_cents_are_asked_unless_the_name_or_the_cells_say_so(tmp_path: Path) -> None:
    def fields(name: str, cell: str) -> set[str]:
        template = {k: v for k, v in DECLARATION.items() if not k.endswith("_ct")} | {name: cell}
        drafted = draft(write_table(tmp_path / "d.csv", template, rows_of(template)))
        return {field for field, header in drafted.fields.items() if header == name}

    assert fields("ingediend_bedrag_ct", "1000") == {"submitted_cents"}
    assert fields("IngediendBedrag", "1000") == {"submitted_cents"}
    assert fields("ingediend_bedrag", "1000") == {"submitted_eur"}
    assert fields("Ingediend bedrag", "1000") == set()
    assert fields("Ingediend bedrag", "10,50") == {"submitted_eur"}


def test_no_cell_and_no_name_with_a_number_is_ever_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {**ODD, "Dossier 999000044 Jansen": "999000044", "Code": "JANSEN", "Hulp vorm": "77"}
    path = write_table(tmp_path / "x.csv", secret, rows_of(secret))
    for interactive in (False, True):
        monkeypatch.setattr(cli_profiles, "is_interactive", lambda value=interactive: value)
        out = tmp_path / f"p{interactive}.toml"
        _, said, _ = run("new", str(path), "--out", str(out), answers="0\n" * 30)
        everything = said + (out.read_text(encoding="utf-8") if out.exists() else "")
        for cell in (*PEOPLE, "Geheim", "15-03-2012", "73731234", "01-09-2022"):
            assert cell not in everything
        assert not re.search(r"[0-9]{8}", everything)


@pytest.mark.parametrize("count", [9, 10])
def test_a_code_is_shown_from_ten_rows_on(tmp_path: Path, count: int) -> None:
    rows = [{**row, "productcategorie": "60"} for row in rows_of(ASSIGNMENT, count)]
    path = write_table(tmp_path / "a.csv", ASSIGNMENT, [*rows, *rows_of(ASSIGNMENT, 3)])
    _, said, _ = run("new", str(path), "--out", str(tmp_path / "p.toml"), "--yes")
    assert ("60" in said) == (count == 10)


def test_without_a_header_row_data_is_never_taken_for_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    body = table_text(ODD, rows_of(ODD)).split("\r\n", 1)[1]
    path.write_text(body, encoding="utf-8")
    code, said, error = run("new", str(path), "--out", str(tmp_path / "p.toml"), "--yes")
    assert (code, error) == (2, "header-not-found")
    assert "Geheim" not in said
    assert not (tmp_path / "p.toml").exists()


def test_two_files_of_one_kind_and_a_profile_that_exists_are_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ASSIGNMENT, rows_of(ASSIGNMENT))
    out = tmp_path / "p.toml"
    assert run("new", str(path), str(path), "--out", str(out), "--yes")[2] == "profile-role-twice"
    out.write_text("", encoding="utf-8")
    assert run("new", str(path), "--out", str(out), "--yes")[2] == "file-exists"
    assert run("new", str(path), "--out", str(tmp_path / "p.txt"))[2] == "profile-name-invalid"


def test_declarations_alone_are_no_profile(tmp_path: Path) -> None:
    path = write_table(tmp_path / "d.csv", DECLARATION, rows_of(DECLARATION))
    code, _, error = run("new", str(path), "--out", str(tmp_path / "p.toml"), "--yes")
    assert (code, error) == (2, "profile-incomplete")


def test_shipped_profiles_are_listed_and_shown() -> None:
    _, said, _ = run("list")
    assert all(name in said for name in SHIPPED)
    for name in SHIPPED:
        assert run("show", name)[1] == shipped_text(name)


def test_first_rows_of_a_large_file_are_few(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ASSIGNMENT, rows_of(ASSIGNMENT, 5_000))
    assert len(first_rows(path)[0].rows) == 200


def test_help_of_every_command_is_in_dutch() -> None:
    for command in profile.commands.values():
        assert isinstance(command, click.Command)
        assert command.help
