"""Dutch or English: which language is chosen, and every sentence in it.

Dutch is the source and stands in the code; English stands in ``texts/en.toml``. A Dutch sentence
without English is shown in Dutch; a test sees to it that there is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any
from weakref import WeakKeyDictionary

import click

LANGUAGE_VARIABLE = "MOJ_LANG"
"""Chooses the language before the locale does."""


class Language(StrEnum):
    """A language in which the hasher speaks."""

    NL = "nl"
    EN = "en"


class _Choice:
    """The language of this process; one person at one terminal reads what it says."""

    language = Language.NL


def chosen() -> Language:
    """The language that is spoken now."""
    return _Choice.language


def choose(language: Language) -> None:
    """Speak this language from now on."""
    _Choice.language = language


def detect(environ: Mapping[str, str]) -> Language:
    """The language that the environment asks for; Dutch where it asks for none that we speak.

    The first variable that is set decides, as POSIX has it for messages.
    """
    for name in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if asked := environ.get(name, "").strip().lower():
            return Language.EN if asked.startswith("en") else Language.NL
    return Language.NL


@cache
def texts(language: Language) -> Mapping[str, Any]:
    """The table of texts of a language, as it stands in its file."""
    file = resources.files("shared.hashing").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def tr(dutch: str, /, **values: str | int) -> str:
    """A sentence in the chosen language, with ``{name}`` replaced by the value of that name."""
    text = dutch
    if chosen() is Language.EN:
        text = texts(Language.EN)["messages"].get(dutch, dutch)
    return text.format_map(values) if values else text


class LocalHelp(click.HelpFormatter):
    """The words that click itself puts into a help page, in the chosen language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that says how the command is typed."""
        super().write_usage(prog, _click_words(args, "usage"), prefix or f"{tr('Gebruik')}: ")

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Write a heading and indent what follows."""
        with super().section(_click_words(name, "headings")):
            yield

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options or commands."""
        said = [(_click_words(first, "kinds"), _click_words(second, "notes"))
                for first, second in rows]  # fmt: skip
        super().write_dl(said, col_max, col_spacing)


def _click_words(text: str, kind: str) -> str:
    """Replace click's own English by Dutch, where Dutch is chosen."""
    if chosen() is Language.EN:
        return text
    for english, dutch in texts(Language.NL)["help"][kind].items():
        # Whole words, so that the name of an option keeps the word that is part of it.
        text = re.sub(rf"(?<![\w-]){re.escape(english)}(?!\w)", dutch, text)
    return text


class LocalContext(click.Context):
    """A context whose help pages are in the chosen language."""

    formatter_class = LocalHelp


_SOURCE: WeakKeyDictionary[click.Command | click.Parameter, tuple[str, str]] = WeakKeyDictionary()
"""The help and the metavar that each command and parameter was written with."""


def translate(group: click.Group) -> None:
    """Say the help of a group, its commands and their parameters in the chosen language."""
    table = texts(chosen())
    for path, command in walk(group):
        command.context_class = LocalContext
        help_, _ = _SOURCE.setdefault(command, (command.help or "", ""))
        command.help = table["commands"].get(path, help_)
        for parameter in command.params:
            help_, metavar = _SOURCE.setdefault(
                parameter, (help_of(parameter), parameter.metavar or "")
            )
            parameter.metavar = table["metavars"].get(metavar, metavar) or None
            if isinstance(parameter, click.Option | click.Argument):
                parameter.help = table["options"].get(help_, help_) or None


def help_of(parameter: click.Parameter) -> str:
    """The help of an option or argument as it is now; empty where it has none."""
    with_help = isinstance(parameter, click.Option | click.Argument)
    return (parameter.help or "") if with_help else ""


def walk(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """A group and all commands below it, each with what is typed after the program's name."""
    yield path, group
    for name, command in group.commands.items():
        below = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from walk(command, below)
        else:
            yield below, command
