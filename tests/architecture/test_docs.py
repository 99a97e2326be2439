"""The documents are true: links resolve, files exist, commands and definitions are the code's."""

from __future__ import annotations

import importlib
import itertools
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from sqlalchemy import MetaData

import linker.store
import publisher.store
from publisher.protection.rules import Rules
from shared.state import ledger_table
from tests.support.markdown import ROOT, code, read, table

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("docs/**/*.md", "CONTRIBUTING.md", "GLOSSARY.md", "SECURITY.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = [name for name in DOCUMENTS if re.match(r"docs/adr/[0-9]{4}-", name)]
FOLDERS = "shared|linker|publisher|deploy|tests|docs"
TEST_ID = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
COMMANDS = {
    "hasher": "shared.hashing.cli",
    "linker": "linker.cli",
    "publisher": "publisher.cli",
}


def codes(text: str) -> list[str]:
    """Every piece of inline code."""
    return re.findall(r"`([^`\n]+)`", text)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_resolve(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", read(name)):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), f"{name} links to {target}"
        assert not anchor or anchor in anchors(path), f"{name} links to {target}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_named_exist(name: str) -> None:
    for each in codes(read(name)):
        if re.fullmatch(rf"({FOLDERS})/[\w./-]*", each):
            assert (ROOT / each).exists(), f"{name} names {each}"


def test_tests_that_are_named_exist() -> None:
    """In every document and every file of the policy: a test that was moved is found here."""
    named = 0
    for path in sorted(path for path in ROOT.glob("docs/**/*") if path.suffix in {".md", ".toml"}):
        for file, test in TEST_ID.findall(path.read_text(encoding="utf-8")):
            named += 1
            assert (ROOT / file).is_file(), f"{path.name} names {file}"
            where = (ROOT / file).read_text(encoding="utf-8")
            found = re.search(rf"^ *(async )?def {test}\(", where, re.MULTILINE)
            assert found, f"{path.name} names {file}::{test}"
    assert named > 100


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_heading_skips_a_level(name: str) -> None:
    text = re.sub(r"^```.*?^```", "", read(name), flags=re.MULTILINE | re.DOTALL)
    depths = [len(each) for each in re.findall(r"^(#+) ", text, re.MULTILINE)]
    assert depths[0] == 1
    assert depths.count(1) == 1
    for before, after in itertools.pairwise(depths):
        assert after <= before + 1


def command(program: str) -> click.Command:
    module = importlib.import_module(COMMANDS[program])
    found = getattr(module, program)
    assert isinstance(found, click.Command)
    return found


def spoken_commands(program: str) -> set[tuple[str, ...]]:
    """Every command of a program that a document names, without what is given to it."""
    spoken = set()
    for name in DOCUMENTS:
        for each in codes(read(name)):
            words = each.split()
            if words[0] == program and len(words) > 1:
                given = next((n for n, w in enumerate(words) if not re.fullmatch("[a-z-]+", w)), 99)
                spoken.add(tuple(words[1:given]))
    return spoken


@pytest.mark.parametrize("program", [each for each, cli in COMMANDS.items() if find_spec(cli)])
def test_commands_that_are_named_exist(program: str) -> None:
    spoken = spoken_commands(program)
    assert spoken, f"expected documents to name commands of {program}"
    for words in spoken:
        here = command(program)
        for word in words:
            assert isinstance(here, click.Group), f"{program} {' '.join(words)}"
            assert word in here.commands, f"{program} {' '.join(words)}"
            here = here.commands[word]


GUIDES = [name for name in DOCUMENTS if name.startswith("docs/handleiding/")]
BROWSER_ONLY = {"docs/handleiding/analist.md"}
"""Guides for readers who type no command."""


def typed_commands(text: str) -> list[list[str]]:
    """Every command of ours in a fenced block, in words; a backslash continues a line."""
    blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    lines = [
        shlex.split(line, comments=True)
        for block in blocks
        for line in re.sub(r"\\\n\s*", " ", block).splitlines()
        if line.split() and line.split()[0] in COMMANDS
    ]
    return [words for words in lines if words]


TYPED = [(name, words) for name in GUIDES for words in typed_commands(read(name))]


def is_given(value: object) -> bool:
    """Whether the parser found a value, and not the mark of click for none."""
    return isinstance(value, str | bool) or (isinstance(value, list | tuple) and bool(value))


def check_typed(program: str, words: list[str]) -> None:
    """Parse what is typed as the program would, short of reading the files that it names.

    Raises:
        click.UsageError: no such command or option, or one that is needed is not given.
    """
    here, context = command(program), click.Context(command(program), info_name=program)
    while True:
        given, rest, _ = here.make_parser(context).parse_args(list(words))
        for param in here.params:
            value = given.get(param.name or "")
            if param.required and not is_given(value):
                raise click.MissingParameter(ctx=context, param=param)
            if isinstance(param.type, click.Choice) and isinstance(value, str):
                param.type.convert(value, param, context)
        if not isinstance(here, click.Group):
            break
        if {"--help", "--version"} & set(words) and not rest:
            return
        if not rest or rest[0] not in here.commands:
            raise click.UsageError(f"no command {' '.join(rest)}", context)
        here, words = here.commands[rest[0]], rest[1:]
        context = click.Context(here, info_name=here.name, parent=context)
    if rest:
        raise click.UsageError(f"too much is given: {' '.join(rest)}", context)


@pytest.mark.parametrize(("name", "words"), TYPED)
def test_a_command_in_a_guide_can_be_typed(name: str, words: list[str]) -> None:
    try:
        check_typed(words[0], words[1:])
    except click.ClickException as error:
        pytest.fail(f"{name}: {' '.join(words)}: {error.format_message()}")


@pytest.mark.parametrize(
    "typed",
    [
        "linker round shut r1",
        "linker round close r1 --wihtout gm0222:care/1",
        "linker round close",
        "linker round",
        "linker link r1 r2",
        "hasher check caring/1 a.csv --round r1",
        "hasher seal care/1 a.csv --round r1",
        "publisher submit r1 --proposer",
    ],
)
def test_a_command_that_cannot_be_typed_is_found(typed: str) -> None:
    program, *words = typed.split()
    with pytest.raises(click.ClickException):
        check_typed(program, words)


def test_every_guide_shows_commands_and_together_all_of_a_round() -> None:
    assert {name for name, _ in TYPED} == set(GUIDES) - BROWSER_ONLY
    shown = {" ".join(words[:3]) for _, words in TYPED} | {
        " ".join(words[:2]) for _, words in TYPED
    }
    assert set(typed_in_a_round()) <= shown


def typed_in_a_round() -> list[str]:
    """Every command of the three programs but the tools for a table outside a round."""
    outside = {"publisher protect"}
    found = []
    for program in COMMANDS:
        group = command(program)
        assert isinstance(group, click.Group)
        for name, each in group.commands.items():
            inner = each.commands if isinstance(each, click.Group) else {"": each}
            found += [f"{program} {name} {last}".rstrip() for last in inner]
    return [each for each in found if each not in outside]


@pytest.mark.parametrize("name", [name for name in GUIDES if name not in BROWSER_ONLY])
def test_errors_that_a_guide_explains_exist(name: str) -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("shared", "linker", "publisher")
        for path in (ROOT / folder).rglob("*.py")
    )
    rows = table(read(name), "Wat u ziet").rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for row in rows:
        assert f'"{code(row[0])}"' in sources, f"{name} explains {row[0]}"


@pytest.mark.skipif(not (ROOT / "Makefile").is_file(), reason="there is no Makefile yet")
def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for name in DOCUMENTS:
        for each in codes(read(name)):
            if found := re.fullmatch(r"make ([a-z-]+)", each):
                assert found.group(1) in targets, f"{name} names {each}"


def test_every_target_with_a_help_line_stands_in_the_table_for_newcomers() -> None:
    told = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))
    named = {
        code(row[0]).removeprefix("make ") for row in table(read("CONTRIBUTING.md"), "Command").rows
    }
    assert told - {"clean"} == named, "clean stands in the text above the table"


def test_kinds_of_tests_are_the_folders() -> None:
    named = {code(row[0]) for row in table(read("CONTRIBUTING.md"), "Kind").rows}
    folders = {
        path.name
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and path.name not in {"support", "__pycache__"}
    }
    assert named == folders


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_has_its_three_headings_and_is_short(name: str) -> None:
    headings = re.findall(r"^## (.+)$", read(name), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequence"]
    assert len(read(name).splitlines()) <= 30
    number = Path(name).name[:4]
    assert read(name).startswith(f"# {number} ")


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    numbers = [Path(name).name[:4] for name in DECISIONS]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", read("docs/adr/README.md"), re.MULTILINE)
    assert listed == [
        (read(name).splitlines()[0].removeprefix("# "), Path(name).name) for name in DECISIONS
    ]


def test_the_glossary_is_in_order_and_has_one_meaning_per_term() -> None:
    terms = [row[0] for row in table(read("GLOSSARY.md"), "Term").rows]
    assert terms == sorted(terms, key=str.lower)
    assert len(set(terms)) == len(terms)
    assert all(all(row) for row in table(read("GLOSSARY.md"), "Term").rows)


def test_protection_lists_every_rule_with_its_default() -> None:
    rows = table(read("docs/protection.md"), "Rule", "Default").rows
    assert [(code(row[0]), row[1]) for row in rows] == [
        (name, ", ".join(value) if isinstance(value, tuple) else str(value).lower())
        for name, value in Rules().as_dict().items()
    ]


@pytest.mark.parametrize(
    ("service", "metadata"),
    [("Linker", linker.store.Base.metadata), ("Publisher", publisher.store.Base.metadata)],
)
def test_the_data_model_has_every_table_and_no_other(service: str, metadata: MetaData) -> None:
    section = read("docs/data-model.md").split(f"\n## {service}\n")[1].split("\n## ")[0]
    named = [
        name for row in table(section, "Table", "What is stored").rows for name in codes(row[0])
    ]
    assert sorted(named) == sorted([*metadata.tables, *ledger_table.metadata.tables])
