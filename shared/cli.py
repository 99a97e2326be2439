"""What the three command lines do alike: errors, exit codes, and identities.

An error is one line and a hint on stderr; its exit code is that of its class (shared/errors.py).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from shared.clock import system_clock, today
from shared.errors import InputError, MonitorError
from shared.identity import PASSPHRASE, Card, Identity, Role, load_card, save_card
from shared.ledger import Head, verify_ledger
from shared.policy import explain
from shared.receipt import Receipt
from shared.statement import Kind, Statement

DEBUG = "MOJ_DEBUG"
"""With this variable set, an unexpected error shows its traceback; for developers only."""
VALIDITY_DAYS = 3 * 366
ABORTED = 130
"""Exit code of a command that its user stopped, as shells have it for Ctrl+C."""
UNEXPECTED = "unexpected"


Translate = Callable[[Exception], tuple[str, str]]
"""From an error to a message and a hint, in the user's language and without any value."""


def run(command: click.Command, name: str, translate: Translate | None = None) -> None:
    """Run a command line and end the process with its exit code.

    Args:
        translate: says what went wrong; without it, errors are told as they were raised.
    """
    gc.freeze()  # what was imported stays: looking for garbage there costs a search a tenth
    try:
        _run(command, name, translate)
    finally:
        gc.unfreeze()  # at the end of the process it goes as well, or libraries call it a leak


def _run(command: click.Command, name: str, translate: Translate | None) -> None:
    try:
        # Click hands the code of ``ctx.exit`` back instead of raising it.
        ended = command.main(prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        if translate is None:
            error.show()
        else:
            _tell_usage(name, error, translate)
        sys.exit(2)
    except Exception as error:
        code, status = classify(error)
        if code == UNEXPECTED and os.environ.get(DEBUG):
            raise
        _tell(name, code, *(translate or in_english)(error))
        sys.exit(status)
    if isinstance(ended, int) and ended:
        sys.exit(ended)


def classify(error: Exception) -> tuple[str, int]:
    """The stable code and the exit code of an error that ends a command."""
    match error:
        case MonitorError():
            return error.code, error.exit_code
        case click.Abort():
            return "aborted", ABORTED
        case ValidationError():
            return "input-invalid", InputError.exit_code
        case OSError():
            return "file-problem", InputError.exit_code
    return UNEXPECTED, MonitorError.exit_code


def in_english(error: Exception) -> tuple[str, str]:
    """The message and the hint of an error as it was raised."""
    match error:
        case MonitorError():
            return error.message, error.hint
        case click.Abort():
            return "afgebroken / stopped before the end", ""
        case ValidationError():
            return explain(error), ""
        case OSError():
            place = Path(str(error.filename)).name if error.filename else "a file"
            return (
                f"{place}: {error.strerror or 'cannot be used'}",
                "check the name, the folder and who may read and write it",
            )
    # Only the class: a message of another library could hold a value.
    return type(error).__name__, f"set {DEBUG}=1 to see where, on synthetic data only"


def _tell(name: str, code: str, message: str, hint: str) -> None:
    click.echo(f"{name}: {code}: {message}", err=True)
    if hint:
        click.echo(f"  → {hint}", err=True)


def _tell_usage(name: str, error: click.ClickException, translate: Translate) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    _tell(name, "usage", *translate(error))


def show_card(card: Card) -> None:
    """Print what an agreement pins."""
    click.echo(f"{card.party} ({card.role}), {card.organisation}")
    click.echo(f"vingerafdruk / fingerprint: {card.fingerprint}")


def create_identity(
    *, party: str, role: Role, name: str, organisation: str, private: Path, card: Path
) -> Identity:
    """Make an identity, and write its private file and its card."""
    day = today(system_clock)
    identity = Identity.create(
        party=party,
        role=role,
        name=name,
        organisation=organisation,
        valid_from=day - timedelta(days=1),
        valid_until=day + timedelta(days=VALIDITY_DAYS),
    )
    identity.save(private, os.environ.get(PASSPHRASE))
    save_card(identity.card, card)
    return identity


def identity_command(roles: tuple[Role, ...]) -> click.Command:
    """``identity``: make an identity in one of ``roles``."""

    @click.command("identity")
    @click.option("--party", required=True, help="Short id, such as gm0197.")
    @click.option("--role", type=click.Choice([role.value for role in roles]),
                  default=roles[0].value, show_default=True)  # fmt: skip
    @click.option("--name", required=True, help="Name of the party or person.")
    @click.option("--organisation", required=True)
    @click.option("--private", type=NEW_FILE, required=True, help="Private file to write.")
    @click.option("--card", type=NEW_FILE, required=True, help="Public card to write.")
    def identity(
        party: str, role: str, name: str, organisation: str, private: Path, card: Path
    ) -> None:
        """Make an identity: a private file to keep and a card to show."""
        made = create_identity(
            party=party,
            role=Role(role),
            name=name,
            organisation=organisation,
            private=private,
            card=card,
        )
        show_card(made.card)

    return identity


@click.command("card")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def card_command(path: Path) -> None:
    """Show whose card a file is, with the fingerprint that an agreement pins."""
    show_card(load_card(path))


class NewFile(click.Path):
    """A file to write: absent now, in a folder that exists; checked before anything is done."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path.

        Raises:
            InputError: ``file-exists`` or ``folder-missing``.
        """
        path = Path(str(super().convert(value, param, ctx)))
        if path.exists():
            raise InputError(
                "file-exists",
                f"expected no file at {path.name}, found one",
                hint="choose another name, or remove the file if you no longer need it",
                about=path.name,
            )
        if not path.parent.is_dir():
            raise InputError(
                "folder-missing",
                f"expected a folder for {path.name}, found none",
                hint="make the folder first, or choose another place",
                about=path.name,
            )
        return path


NEW_FILE = NewFile()
PATH = click.Path(path_type=Path)
EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("verify")
@click.argument("export", type=EXISTING)
@click.option("--card", "card_path", type=EXISTING, required=True, help="The service's card.")
@click.option("--receipt", "receipts", type=EXISTING, multiple=True, help="A witness.")
def ledger_verify_command(export: Path, card_path: Path, receipts: tuple[Path, ...]) -> None:
    """Check every hash, link and signature of an export; name the first bad entry."""
    card = load_card(card_path)
    witnesses = []
    for path in receipts:
        statement = Statement.load(path)
        statement.check_signed_by(card)
        receipt = statement.read(Kind.RECEIPT, Receipt)
        witnesses.append(Head(receipt.ledger_seq, receipt.ledger_sha256))
    with export.open("rb") as lines:
        head = verify_ledger(lines, card, witnesses)
    click.echo(f"ledger ok: {head.seq} entries, head {head.sha256}")


def parse_day(text: str) -> date:
    """A date on the command line, ``jjjj-mm-dd``.

    Raises:
        InputError: ``date-invalid``.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            "date-invalid",
            "expected a date as jjjj-mm-dd, found something else",
            hint="type the year first, as in 2026-10-01",
        ) from error
