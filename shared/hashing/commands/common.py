"""What the commands of the hasher have in common: a session, options, help with examples."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from shared.cli import EXISTING
from shared.clock import Clock, today
from shared.hashing.custody.home import Home
from shared.hashing.language import tr
from shared.hashing.progress import Tell, bar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command line.

    Attributes:
        quiet: say nothing but errors and what ``--json`` asks for.
        clock: the present instant.
    """

    home: Home
    quiet: bool
    clock: Clock

    @property
    def day(self) -> date:
        """The date of today."""
        return today(self.clock)

    def say(self, text: str = "") -> None:
        """Print a line on stdout, unless quiet."""
        if not self.quiet:
            click.echo(text)

    def warn(self, text: str) -> None:
        """Print a line on stderr, unless quiet; for what a user must not overlook."""
        if not self.quiet:
            click.echo(text, err=True)

    def bar(self) -> AbstractContextManager[Tell]:
        """A progress bar."""
        return bar(quiet=self.quiet)


def print_json(body: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout, also when quiet: it was asked for."""
    click.echo(json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True))


def is_interactive() -> bool:
    """Whether a person is typing at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_screen() -> bool:
    """Whether stdout is a screen, and not a file or another program."""
    return sys.stdout.isatty()


def ask_number(question: str, low: int, high: int, default: int, *, err: bool = True) -> int:
    """Ask for a number until there is one from ``low`` to ``high``.

    The library's own refusal is in English, and repeats what was typed.
    """
    while True:
        typed = str(click.prompt(question, default=str(default), err=err)).strip()
        if typed.isascii() and typed.isdigit() and low <= int(typed) <= high:
            return int(typed)
        click.echo(tr("Typ een nummer uit de lijst."), err=True)


class Verb(click.Command):
    """A command whose help ends with examples, and with the keys of its JSON object."""

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), json_keys: str = "", **others: Any
    ) -> None:
        super().__init__(*args, **others)
        self.examples, self.json_keys = tuple(examples), json_keys

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on a line of its own."""
        if self.examples:
            write_block(formatter, tr("Voorbeelden"), self.examples)
        if self.json_keys:
            with formatter.section(tr("Wat --json geeft")):
                formatter.write_text(self.json_keys)
        super().format_epilog(ctx, formatter)


def write_block(formatter: click.HelpFormatter, title: str, lines: Sequence[str]) -> None:
    """Write lines under a heading, exactly as they are."""
    with formatter.section(title):
        indent = " " * formatter.current_indent
        formatter.write("".join(f"{indent}{line}\n" for line in lines))


def round_option(function: Decorated) -> Decorated:
    """``--round``, which must be given."""
    return click.option(
        "--round", "round_id", required=True, metavar="ID", help="De ronde waarvoor u levert."
    )(function)


def json_option(function: Decorated) -> Decorated:
    """``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Geef één JSON-object, voor andere programma's."
    )(function)


def dry_run_option(function: Decorated) -> Decorated:
    """``--dry-run``."""
    return click.option(
        "--dry-run",
        is_flag=True,
        help="Doe alles behalve schrijven en versturen, en zeg wat er zou gebeuren.",
    )(function)


def connection_options(function: Decorated) -> Decorated:
    """``--proxy`` and ``--ca``: how the linker is reached."""
    for option in (
        click.option("--ca", type=EXISTING, metavar="BESTAND",
                     help="Vertrouw alleen de certificaten in dit bestand (PEM)."),
        click.option("--proxy", default="", metavar="URL",
                     help="Proxy van uw organisatie; omgevingsvariabelen tellen niet mee."),
    ):  # fmt: skip
        function = option(function)
    return function


def address_option(function: Decorated) -> Decorated:
    """``--to`` with the options of a connection."""
    to = click.option("--to", "url", required=True, metavar="URL",
                      help="Adres van de koppelaar, met https://.")  # fmt: skip
    return to(connection_options(function))


FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
