"""What every command of the hasher has in common: language, quiet, help, exit codes, speed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from shared.cli import ABORTED
from shared.errors import (
    ConfigurationError,
    InputError,
    MonitorError,
    PolicyError,
    ProtectionError,
    StateError,
    TrustError,
)
from shared.hashing import cli
from shared.hashing.cli import exit_codes, hasher
from shared.hashing.commands.common import Verb
from shared.hashing.language import walk
from shared.hashing.progress import bar
from tests.support.desk import LINKER, Desk, shared_desk, write_care
from tests.support.parties import ROUND

COMMANDS = {path: command for path, command in walk(hasher) if path}
VERBS = {path: each for path, each in COMMANDS.items() if not isinstance(each, click.Group)}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A municipality that imported the round; nothing here changes its home."""
    with shared_desk(tmp_path_factory.mktemp("regio")) as desk:
        yield desk


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_care(tmp_path / "jeugdhulp.csv")


def test_the_table_of_exit_codes_is_that_of_the_errors(desk: Desk) -> None:
    classes = (InputError, TrustError, PolicyError, StateError, ProtectionError, ConfigurationError)
    codes = {0, MonitorError.exit_code, ABORTED, *(each.exit_code for each in classes)}
    assert set(exit_codes()) == codes
    said = desk.run("--help")
    for code, meaning in exit_codes().items():
        assert f"{code:>3}  {meaning}" in said.out


Words = tuple[str | Path, ...]


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (0, "", ("key", "status")),
        (2, "source-missing", ("check", "care/1", "weg.csv", "--round", ROUND)),
        (2, "usage", ("check", "care/1")),
        (2, "usage", ("bestaat-niet",)),
        (2, "round-id-invalid", ("key", "forget", "../..", "--yes")),
        (2, "address-not-safe", ("doctor", "--to", "http://voorbeeld.nl")),
        (4, "schema-not-expected", ("check", "enrolment/1", "{source}", "--round", ROUND)),
        (5, "round-not-imported", ("check", "care/1", "{source}", "--round", "andere")),
        (7, "profile-unknown",
         ("check", "care/1", "{source}", "--round", ROUND, "--profile", "weg")),
        (7, "",
         ("check", "care/1", "{source}", "--round", ROUND, "--profile", "bezwaren")),
        (7, "role-unknown", ("check", "objection/1", "{source}", "--round", ROUND, "--links",
                             "{source}")),
    ],
)  # fmt: skip
def test_how_a_command_ends(
    desk: Desk, source: Path, code: int, says: str, words: tuple[str, ...]
) -> None:
    said = desk.run(*(str(source) if word == "{source}" else word for word in words))
    assert (said.code, says in said.err) == (code, True), said.err
    assert "Traceback" not in said.err


def test_a_signature_that_does_not_fit_is_3_and_ctrl_c_is_130(desk: Desk, source: Path) -> None:
    statement = desk.home.round_folder(ROUND) / "round.json"
    whole = statement.read_bytes()
    statement.write_bytes(whole.replace(b'"closes_on":"2026-11-04"', b'"closes_on":"2026-11-05"'))
    try:
        said = desk.run("check", "care/1", source, "--round", ROUND)
    finally:
        statement.write_bytes(whole)
    assert (said.code, "signature-invalid" in said.err) == (3, True)
    assert desk.run("wizard", typed="").code == 130


def test_quiet_says_nothing_but_errors_and_json(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    for words in (
        ("check", "care/1", source, "--round", ROUND),
        ("seal", "care/1", source, "--round", ROUND, "--out", out),
        ("show", out),
        ("send", out, "--to", LINKER, "--dry-run"),
        ("key", "status"),
        ("object", "list"),
        ("doctor",),
    ):
        said = desk.run("--quiet", *words)
        assert (said.out, said.err) == ("", ""), words
    assert desk.run("--quiet", "show", out, "--json").json["envelopes"]
    said = desk.run("--quiet", "show", tmp_path / "weg")
    assert (said.out, said.code) == ("", 2)
    assert said.err


def test_the_language_is_that_of_the_computer_unless_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, variable, says in (
        (("--help",), "nl", "Gebruik:"),
        (("--help",), "en", "Usage:"),
        (("--lang", "en", "--help"), "nl", "Exit code"),
        (("--lang=nl", "--help"), "en", "Uitkomst"),
        (("--help", "--lang", "nl"), "en", "Uitkomst"),
        (("--lang", "en", "key", "status"), "nl", "fingerprint"),
        (("--lang", "en", "seal", "--help"), "nl", "Examples"),
    ):
        monkeypatch.setenv("MOJ_LANG", variable)
        assert says.lower() in desk.run(*words).out.lower(), words
    said = desk.run("--lang", "fr", "--help")
    assert said.code == 2


def test_a_bar_is_drawn_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def drawn(*, quiet: bool, terminal: bool) -> str:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
        with bar(quiet=quiet) as tell:
            tell("lezen [b]", 1, 2)
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    monkeypatch.setenv("TERM", "xterm")
    assert "lezen [b]" in drawn(quiet=False, terminal=True)
    assert drawn(quiet=True, terminal=True) == ""
    assert drawn(quiet=False, terminal=False) == ""


@pytest.mark.parametrize("path", [path for path in VERBS if path != "ledger verify"])
def test_every_verb_has_examples_that_can_be_typed(path: str) -> None:
    verb = VERBS[path]
    assert isinstance(verb, Verb), path
    assert verb.help
    assert verb.examples, path
    for example in verb.examples:
        words = example.split(" > ")[0].replace('"', "").split()
        assert words[0] == "hasher"
        named, rest = command_of(words[1:])
        named.make_parser(click.Context(named)).parse_args(rest)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is typed, and what is given to it."""
    here: click.Command = hasher
    while isinstance(here, click.Group) and words:
        here, words = here.commands[words[0]], words[1:]
    return here, words


@pytest.mark.parametrize("path", ["check", "seal", "show", "send", "receipt", "doctor",
                                  "key status"])  # fmt: skip
def test_what_machines_read_is_asked_for_and_documented(path: str) -> None:
    verb = VERBS[path]
    assert isinstance(verb, Verb)
    assert any("--json" in each.opts for each in verb.params)
    assert verb.json_keys


def test_documented_keys_are_the_keys(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    runs: dict[str, Words] = {
        "check": ("care/1", source, "--round", ROUND),
        "seal": ("care/1", source, "--round", ROUND, "--out", out),
        "show": (out,),
        "send": (out, "--to", LINKER, "--dry-run"),
        "doctor": (),
        "key status": (),
    }
    for path, words in runs.items():
        verb = VERBS[path]
        assert isinstance(verb, Verb)
        body = desk.run(*path.split(), *words, "--json").json
        missing = {key for key in body if key not in verb.json_keys}
        assert not missing, path


def test_every_option_has_help() -> None:
    for path, command in COMMANDS.items():
        for parameter in command.params:
            if path != "ledger verify" and isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.opts}"


def in_a_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    root = Path(cli.__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root,
        env={**keep, **environment}, encoding="cp1252", errors="replace",
    )  # fmt: skip


def test_help_loads_nothing_slow() -> None:
    code = (
        "import sys; from shared.hashing.cli import hasher\n"
        "try: hasher.main(['send', '--help'], standalone_mode=False)\n"
        "finally: print(sorted({'pyarrow', 'numpy', 'httpx2', 'rich'} & set(sys.modules)))\n"
    )
    done = in_a_process(code, MOJ_LANG="nl")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_screen_without_our_characters_ends_nothing_half_way(desk: Desk) -> None:
    code = (
        "import sys; from shared.hashing.cli import main\n"
        f"sys.argv = ['hasher', '--home', {str(desk.home.folder / 'weg')!r}, 'doctor']\n"
        "main()\n"
    )
    done = in_a_process(code, MOJ_LANG="nl", PYTHONIOENCODING="cp1252")
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    assert "  ? Maak een identiteit" in done.stdout
