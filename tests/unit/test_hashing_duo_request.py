"""The request for a C-levering."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.clock import system_clock
from shared.errors import InputError
from shared.hashing.commands.common import Session
from shared.hashing.commands.profiles import duo
from shared.hashing.custody.home import Home
from shared.hashing.systems.duo_request import DuoRequest, Scope, checklist, is_reference_date

DAY = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("scope", "code", "name"),
    [
        (Scope.MUNICIPALITY, "0222", "20261001G0222"),
        (Scope.MUNICIPALITY, "222", "20261001G0222"),
        (Scope.REGION, "13", "20261001R0013"),
    ],
)
def test_the_name_is_date_letter_and_four_digits(scope: Scope, code: str, name: str) -> None:
    assert DuoRequest.of(scope, code, DAY).name == name


@pytest.mark.parametrize("code", ["", "0000", "12345", "GM0222", "-222", "02 2"])
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(InputError) as caught:
        DuoRequest.of(Scope.REGION, code, DAY)
    assert caught.value.code == "duo-code-invalid"


def test_the_checklist_says_who_where_and_how_long() -> None:
    text = "\n".join(checklist(DuoRequest.of(Scope.REGION, "13", DAY)))
    for part in ("Mijn DUO", "Behandelaar RMC", "5 werkdagen", "koppelfile", "30 dagen", "0013",
                 "20261001R0013", "hasher check enrolment/1", "alle gemeenten"):  # fmt: skip
        assert part in text
    assert "alle gemeenten" not in "\n".join(checklist(DuoRequest.of(Scope.MUNICIPALITY, "1", DAY)))


def test_only_the_first_of_october_is_the_reference_date() -> None:
    assert is_reference_date(DAY)
    assert not is_reference_date(date(2026, 10, 2))


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    session = Session(Home(folder / "home"), False, system_clock)
    result = CliRunner().invoke(duo, ["request", *arguments, "--out", str(folder / "aanvraag")],
                                obj=session)  # fmt: skip
    return result.exit_code, result.output


def test_the_file_holds_nine_ones_and_one_line_end(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--scope", "regio", "--code", "13", "--date", "2026-10-01")
    assert code == 0
    assert (tmp_path / "aanvraag" / "20261001R0013").read_bytes() == b"111111111\r\n"
    assert "20261001R0013" in said
    assert "Let op" not in said


def test_another_date_is_told_and_a_second_request_is_not_written_over(tmp_path: Path) -> None:
    arguments = ("--scope", "gemeente", "--code", "0222", "--date", "2026-09-01")
    code, said = run(tmp_path, *arguments)
    assert (code, "1 oktober" in said) == (0, True)
    assert run(tmp_path, *arguments)[0] == 1  # run() of shared/cli.py makes a coded error of it
