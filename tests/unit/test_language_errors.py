"""What is said when a command cannot go on: by its error, in both languages, without values."""

from __future__ import annotations

import errno
from pathlib import Path

import click
import pytest
from pydantic import BaseModel, ValidationError

import shared.cli
from shared.cli import ABORTED, NEW_FILE, in_english
from shared.errors import ConfigurationError, InputError, MonitorError, StateError
from shared.hashing.checks import Check
from shared.hashing.explaining import explain_error
from shared.hashing.language import Language, translate
from shared.hashing.usage import UsageProblem
from tests.support.language import speaking

TYPED = "999000007"


@click.group("hasher")
def tool() -> None:
    """A tool with one command of every kind of parameter."""


@tool.command("doe")
@click.argument("soort", type=click.Choice(["care", "enrolment"]))
@click.option("--bestand", type=click.Path(exists=True, dir_okay=False))
@click.option("--map", type=click.Path(exists=True, file_okay=False))
@click.option("--nieuw", type=NEW_FILE)
@click.option("--getal", type=int)
@click.option("--deel", type=click.IntRange(1, 9))
@click.option("--vanaf", type=click.IntRange(min=3))
@click.option("--dag")
@click.option("--zeker", is_flag=True)
@click.option("--ronde", required=True)
def act(**given: object) -> None:
    if given["dag"]:
        raise UsageProblem("Dat kan niet samen.")


@tool.group("key")
def key() -> None:
    """A group within."""


CASES = {
    "no command": ([], "Gebruik:"),
    "no such command": (["deo"], "Deze opdracht bestaat niet: deo."),
    "no such command, near": (["do"], "Bedoelde u doe?"),
    "no such command, a number": ([TYPED], "Deze opdracht bestaat niet."),
    "no argument": (["doe", "--ronde", "r"], "Er ontbreekt nog iets op de regel: "),
    "no option": (["doe", "care"], "Ontbrekende optie --ronde."),
    "unknown option": (["doe", "care", "--rond", "r"], "Deze optie bestaat niet: --rond."),
    "unknown option, a number": (["doe", "care", f"--{TYPED}"], "Deze optie bestaat niet."),
    "no value": (["doe", "care", "--ronde"], "Achter --ronde hoort nog iets te staan."),
    "a value too many": (
        ["doe", "care", "--ronde", "r", f"--zeker={TYPED}"],
        "Achter --zeker hoort niets te staan.",
    ),
    "another choice": (["doe", TYPED, "--ronde", "r"], "een van deze: care, enrolment."),
    "no file": (
        ["doe", "care", "--ronde", "r", "--bestand", TYPED],
        "Het bestand bij --bestand bestaat niet",
    ),
    "no folder": (["doe", "care", "--ronde", "r", "--map", TYPED], "De map bij --map bestaat niet"),
    "no number": (["doe", "care", "--ronde", "r", "--getal", TYPED + "x"], "bij --getal een getal"),
    "outside a range": (["doe", "care", "--ronde", "r", "--deel", TYPED], "van 1 tot en met 9."),
    "below an end": (["doe", "care", "--ronde", "r", "--vanaf", "2"], "Het getal bij --vanaf is"),
    "too much": (["doe", "care", TYPED, "--ronde", "r"], "Er staat te veel op de regel."),
    "our own": (["doe", "care", "--ronde", "r", "--dag", TYPED], "Dat kan niet samen."),
}


def spoken(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    translate(tool)
    monkeypatch.setattr("sys.argv", ["hasher", *arguments])
    with pytest.raises(SystemExit) as ended:
        shared.cli.run(tool, "hasher", explain_error)
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


@pytest.mark.parametrize("case", CASES)
def test_what_is_typed_wrongly_is_said_in_dutch_and_not_repeated(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, expected = CASES[case]
    code, said = spoken(arguments, monkeypatch, capsys)
    assert code == 2
    assert expected in said
    assert TYPED not in said
    assert "Usage" not in said
    assert "Error" not in said
    assert said.count("hasher: usage: ") == (case != "no command")


@pytest.mark.parametrize("case", CASES)
def test_what_is_typed_wrongly_is_said_in_english_and_not_repeated(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with speaking(Language.EN):
        code, said = spoken(CASES[case][0], monkeypatch, capsys)
    assert code == 2
    assert "Usage: hasher" in said or "Put --help behind the command" in said
    assert TYPED not in said
    assert "Gebruik" not in said


def test_a_new_file_that_exists_or_has_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kaart.json").write_text("{}", encoding="utf-8")
    arguments = ["doe", "care", "--ronde", "r", "--nieuw"]
    code, said = spoken([*arguments, str(tmp_path / "kaart.json")], monkeypatch, capsys)
    assert (code, said.splitlines()[0]) == (
        2,
        "hasher: file-exists: Er is al een bestand met deze naam (kaart.json).",
    )
    code, said = spoken([*arguments, str(tmp_path / "weg" / "k.json")], monkeypatch, capsys)
    assert code == 2
    assert "De map voor dit bestand bestaat niet (k.json)." in said


class Document(BaseModel):
    number: int


def invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Document.model_validate({"number": "geheim"})
    return caught.value


ERRORS: dict[str, tuple[Exception, int, str, str]] = {
    "with a place": (
        StateError("round-not-imported", "expected round r1", hint="import it", about="r1"),
        5,
        "round-not-imported: Deze ronde staat nog niet op deze computer (r1).",
        "round-not-imported: expected round r1",
    ),
    "without a place": (
        ConfigurationError("pins-missing", "expected fingerprints", hint="enter them"),
        7,
        "pins-missing: De vingerafdrukken uit uw overeenkomst zijn nog niet vastgelegd.",
        "pins-missing: expected fingerprints",
    ),
    "by the name of a check": (
        InputError("number-checksum", "expected a BSN", hint="look it up"),
        2,
        "number-checksum: Het BSN voldoet niet aan de elfproef.",
        "number-checksum: expected a BSN",
    ),
    "without Dutch": (
        MonitorError("of-tomorrow", "expected this"),
        1,
        "of-tomorrow: expected this",
        "of-tomorrow: expected this",
    ),
    "stopped": (
        click.Abort(),
        ABORTED,
        "aborted: U hebt de opdracht gestopt.",
        "aborted: afgebroken / stopped",
    ),
    "a document": (invalid(), 2, "input-invalid: Iets in de invoer klopt niet (number).", "number"),
    "a full disk": (
        OSError(errno.ENOSPC, "No space left", TYPED),
        2,
        "file-problem: De schijf is vol.",
        "file-problem: The disk is full.",
    ),
    "no rights": (
        PermissionError(errno.EACCES, "Permission denied", TYPED),
        2,
        "file-problem: U mag hier niet lezen of schrijven.",
        "file-problem: You may not read or write here.",
    ),
    "another file problem": (
        OSError(errno.EIO, "I/O", TYPED),
        2,
        "file-problem: Een bestand of map kan niet worden gebruikt.",
        "file-problem: A file or folder cannot be used.",
    ),
    "unexpected": (
        KeyError(TYPED),
        1,
        "unexpected: Er ging iets mis dat wij niet hadden voorzien (KeyError).",
        "unexpected: KeyError",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
@pytest.mark.parametrize("language", Language)
def test_an_error_ends_a_command_with_its_code_in_the_chosen_language(
    case: str,
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, status, dutch, english = ERRORS[case]
    monkeypatch.delenv("MOJ_DEBUG", raising=False)

    @click.command()
    def fails() -> None:
        raise error

    monkeypatch.setattr("sys.argv", ["hasher"])
    with speaking(language), pytest.raises(SystemExit) as ended:
        shared.cli.run(fails, "hasher", explain_error)
    said = capsys.readouterr().err
    assert ended.value.code == status
    assert said.startswith("hasher: ")
    assert (dutch if language is Language.NL else english) in said
    assert TYPED not in said
    assert "geheim" not in said


def test_a_finding_that_stops_the_reading_is_said_as_it_was_raised() -> None:
    assert explain_error(Check.COLUMNS_MISSING.error("bsn")) == (
        "Een verplichte kolom ontbreekt (kolom bsn).",
        Check.COLUMNS_MISSING.fix,
    )


def test_other_tools_tell_errors_as_they_were_raised() -> None:
    error = StateError("round-not-imported", "expected round r1", hint="import it", about="r1")
    assert in_english(error) == ("expected round r1", "import it")
    assert in_english(KeyError(TYPED))[0] == "KeyError"
