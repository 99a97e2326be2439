"""Which language is spoken, and that both are complete."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import shared.hashing
from deploy.make_pages import BESIDE_HASHER, ENDINGS, ROOT, raised_codes
from shared.hashing.checks import Check
from shared.hashing.cli import hasher
from shared.hashing.language import Language, detect, help_of, texts, tr, translate, walk
from shared.hashing.roles import FileRole
from tests.support.language import speaking

HASHING = Path(shared.hashing.__path__[0])
NL, EN = texts(Language.NL), texts(Language.EN)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, Language.NL),
        ({"LANG": "nl_NL.UTF-8"}, Language.NL),
        ({"LANG": "en_GB.UTF-8"}, Language.EN),
        ({"LANG": "en"}, Language.EN),
        ({"LANG": "C.UTF-8"}, Language.NL),
        ({"LANG": "de_DE"}, Language.NL),
        ({"LANG": "English_United States.1252"}, Language.EN),
        ({"LC_MESSAGES": "en_US", "LANG": "nl_NL"}, Language.EN),
        ({"LC_ALL": "nl_NL", "LC_MESSAGES": "en_US"}, Language.NL),
        ({"LC_ALL": "", "LANG": "en_US"}, Language.EN),
        ({"MOJ_LANG": "en", "LC_ALL": "nl_NL"}, Language.EN),
        ({"MOJ_LANG": "NL", "LANG": "en_US"}, Language.NL),
        ({"MOJ_LANG": " ", "LANG": "en_US"}, Language.EN),
    ],
)
def test_the_environment_chooses_the_language(
    environ: Mapping[str, str], language: Language
) -> None:
    assert detect(environ) is language


def test_a_sentence_is_said_in_the_chosen_language_with_its_values() -> None:
    assert tr("{n} kaarten in {file}", n=2, file="a.json") == "2 kaarten in a.json"
    with speaking(Language.EN):
        assert tr("{n} kaarten in {file}", n=2, file="a.json") == "2 cards in a.json"


def test_braces_in_a_sentence_without_values_and_in_a_value_stay() -> None:
    assert tr("{dit blijft}") == "{dit blijft}"
    assert tr("{n} kaarten in {file}", n="{n}", file="{file}") == "{n} kaarten in {file}"


def test_a_sentence_without_english_is_said_in_dutch() -> None:
    with speaking(Language.EN):
        assert tr("Deze zin staat nergens {n}.", n=1) == "Deze zin staat nergens 1."


def spoken_sentences() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each ``tr("…")`` of the hasher: its module, its Dutch and the names of its values."""
    for module in sorted(HASHING.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "tr":
                (text,) = node.args
                if isinstance(text, ast.Constant):
                    names = frozenset(keyword.arg or "" for keyword in node.keywords)
                    yield module.name, str(text.value), names


SAID = sorted(set(spoken_sentences()), key=lambda each: each[:2])
ROLES = {role.label for role in FileRole}
"""The only sentences that are said through a name and not as they stand."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("dutch", "values"),
    [(dutch, values) for _, dutch, values in SAID],
    ids=[f"{module}-{number}" for number, (module, _, _) in enumerate(SAID)],
)
def test_every_sentence_has_english_with_the_same_values(
    dutch: str, values: frozenset[str]
) -> None:
    english = EN["messages"].get(dutch)
    assert english, f"expected English of: {dutch}"
    assert fields(dutch) == fields(english)
    assert not values or values == fields(dutch)


def test_no_english_is_left_of_a_sentence_that_is_gone() -> None:
    assert set(EN["messages"]) == {dutch for _, dutch, _ in SAID} | ROLES


def test_only_roles_are_said_through_a_name() -> None:
    named = [
        ast.unparse(node.args[0])
        for module in sorted(HASHING.rglob("*.py"))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "tr"
        and not isinstance(node.args[0], ast.Constant)
    ]
    assert set(named) == {"FileRole(role).label"}


@pytest.mark.parametrize("check", Check, ids=lambda check: check.slug)
def test_every_check_has_its_texts(check: Check) -> None:
    dutch, english = check.said(Language.NL), check.said(Language.EN)
    assert set(dutch) == {"text", "fix", "example"}
    assert set(english) == {"text", "fix"}
    for sentence in (*dutch.values(), *english.values()):
        assert sentence.endswith((".", "?")), sentence
        assert "|" not in sentence
        assert "  " not in sentence
    assert (check.text, check.fix) == (dutch["text"], dutch["fix"])
    with speaking(Language.EN):
        assert (check.text, check.fix) == (english["text"], english["fix"])


def test_no_text_is_left_of_a_check_that_is_gone() -> None:
    codes = {str(check.code) for check in Check}
    assert set(NL["checks"]) == codes
    assert set(EN["checks"]) == codes


RAISED = raised_codes(ROOT / "shared", BESIDE_HASHER)
"""What a hasher can raise; what only a linker raises reaches it as a refusal."""


@pytest.mark.parametrize("code", sorted(set(RAISED) | set(ENDINGS)))
def test_every_error_has_dutch(code: str) -> None:
    if code in {check.slug for check in Check}:
        return
    said = NL["errors"].get(code)
    assert said, f"expected Dutch of the error {code}"
    assert set(said) == {"text", "hint"}
    assert all(said.values())
    assert not any("|" in sentence for sentence in said.values())


def test_no_dutch_is_left_of_an_error_that_is_gone() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("linker", "shared/service", "shared/state")
        for path in (ROOT / folder).rglob("*.py")
    )
    by_linker = {code for code in NL["errors"] if f'"{code}"' in sources}
    made_there = {"round-statement-differs", "policy-differs", "synthetic-differs"}
    assert set(NL["errors"]) <= set(RAISED) | set(ENDINGS) | by_linker | made_there


def walked() -> list[tuple[str, click.Command]]:
    return list(walk(hasher))


@pytest.mark.parametrize(("path", "command"), walked(), ids=lambda each: str(each)[:40])
def test_every_command_and_option_has_help_in_both_languages(
    path: str, command: click.Command
) -> None:
    for language in Language:
        with speaking(language):
            translate(hasher)
            shared_by_all = path in NL["commands"]
            assert shared_by_all or path in EN["commands"], f"expected English of {path}"
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    assert help_of(parameter), f"expected help of {path} {parameter.opts}"
    translate(hasher)
    of_click = set(NL["help"]["notes"])
    for parameter in command.params:
        dutch = help_of(parameter)
        known = dutch in EN["options"] or dutch in NL["options"].values() or dutch in of_click
        assert not dutch or known, f"expected English of: {dutch}"
        if metavar := parameter.metavar:
            assert metavar in EN["metavars"] or metavar in {"ID", "URL"}, metavar


def test_no_english_is_left_of_help_that_is_gone() -> None:
    translate(hasher)
    commands = walked()
    options = {help_of(each) for _, command in commands for each in command.params}
    metavars = {each.metavar for _, command in commands for each in command.params}
    assert set(EN["commands"]) <= {path for path, _ in commands}
    assert set(EN["options"]) <= options
    assert set(EN["metavars"]) <= metavars


def test_help_can_be_turned_to_english_and_back() -> None:
    def shown(language: str) -> str:
        return CliRunner().invoke(hasher, ["--lang", language, "key", "pin", "--help"]).output

    with speaking(Language.NL):
        dutch, english, again = shown("nl"), shown("en"), shown("nl")
    assert dutch == again
    assert "Gebruik:" in dutch
    assert "verplicht" in dutch or "Opties" in dutch
    assert "Usage:" in english
    assert "Gebruik" not in english
    assert "signed agreement" in english
