"""The supplier's command line: check, seal, show, send, receipt, and the keys behind them.

What is slow to load (Arrow, TLS, progress bars) is loaded by the command that needs it, so that
``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from shared import __version__
from shared.cli import PATH, ledger_verify_command, run
from shared.clock import system_clock
from shared.hashing.commands.common import Session, is_interactive, write_block
from shared.hashing.commands.deliver import check, seal, show
from shared.hashing.commands.doctor import doctor
from shared.hashing.commands.keys import key
from shared.hashing.commands.objections import object_
from shared.hashing.commands.profiles import duo, profile
from shared.hashing.commands.send import receipt_command, send_command
from shared.hashing.commands.wizard import wizard
from shared.hashing.custody.home import Home, default_folder
from shared.hashing.explaining import explain_error
from shared.hashing.language import Language, LocalContext, choose, detect, tr, translate


class Root(click.Group):
    """The whole command line; its help ends with the exit codes."""

    context_class = LocalContext

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Choose the language before anything is said, usage errors and ``--help`` too."""
        choose(_asked_language(args) or detect(os.environ))
        translate(self)
        return super().make_context(info_name, args, parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of exit codes."""
        codes = exit_codes()
        write_block(formatter, tr("Uitkomst (exitcode)"),
                    [f"{code:>3}  {meaning}" for code, meaning in codes.items()])  # fmt: skip


def exit_codes() -> dict[int, str]:
    """What each exit code means; as in shared/errors.py."""
    return {
        0: tr("gelukt"),
        1: tr("onverwachte fout in het programma"),
        2: tr("er klopt iets niet aan een bestand of aan de opdracht"),
        3: tr("een handtekening, vingerafdruk of sleutel klopt niet: stop en bel"),
        4: tr("het beleid of een overeenkomst staat dit niet toe"),
        5: tr("dit kan nu niet: de ronde of de koppelaar is er niet klaar voor"),
        6: tr("een tabel kan niet veilig worden gepubliceerd (niet bij leveranciers)"),
        7: tr("dit programma of deze computer is niet goed ingesteld"),
        130: tr("u hebt de opdracht afgebroken"),
    }


def _asked_language(args: Sequence[str]) -> Language | None:
    """The language after ``--lang``; click itself refuses one that we do not speak."""
    spoken = {each.value: each for each in Language}
    for word, following in zip(args, [*args, ""][1:], strict=True):
        name, _, value = word.partition("=")
        if name == "--lang":
            return spoken.get(value or following)
    return None


@click.group(cls=Root, invoke_without_command=True)
@click.version_option(__version__, prog_name="hasher")
@click.option("--lang", type=click.Choice([each.value for each in Language]), is_eager=True,
              expose_value=False,
              help="Taal: nl of en. Anders volgens uw computer.")  # fmt: skip
@click.option("--home", "folder", type=PATH, default=default_folder, metavar="MAP",
              help="Uw eigen map. Anders MOJ_HOME, of .moj in uw gebruikersmap.")  # fmt: skip
@click.option("--quiet", is_flag=True,
              help="Zeg niets, behalve fouten en wat --json geeft.")  # fmt: skip
@click.pass_context
def hasher(context: click.Context, folder: Path, quiet: bool) -> None:
    """Lever gegevens aan de monitor: controleren, verzegelen, bekijken, versturen.

    Zonder opdracht loopt het programma alle stappen met u langs.
    """
    context.obj = Session(Home(folder), quiet, system_clock)
    if context.invoked_subcommand is None:
        if is_interactive():
            context.invoke(wizard)
        else:
            click.echo(context.get_help())


@click.group("ledger")
def ledger() -> None:
    """Het logboek van een dienst: controleer een kopie, zonder verbinding."""


ledger.add_command(ledger_verify_command)
for command in (check, seal, show, send_command, receipt_command, doctor, object_, wizard,
                key, profile, duo, ledger):  # fmt: skip
    hasher.add_command(command)


def main() -> None:
    """Entry point."""
    for stream in (sys.stdout, sys.stderr):
        # A character that the screen does not have may not end a command half-way.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    run(hasher, "hasher", explain_error)
