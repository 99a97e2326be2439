"""What the three command lines do alike: errors, exit codes, and identities.

An error is one line and a hint on stderr; its exit code is that of its class (shared/errors.py).
"""

from __future__ import annotations

import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from shared.clock import system_clock, today
from shared.errors import MonitorError
from shared.identity import PASSPHRASE, Card, Identity, Role, load_card, save_card
from shared.ledger import Head, verify_ledger
from shared.policy import explain
from shared.receipt import Receipt
from shared.statement import Kind, Statement

DEBUG = "MOJ_DEBUG"
"""With this variable set, an unexpected error shows its traceback; for developers only."""
VALIDITY_DAYS = 3 * 366


def run(command: click.Command, name: str) -> None:
    """Run a command line and end the process with its exit code."""
    try:
        command.main(prog_name=name, standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("afgebroken / aborted", err=True)
        sys.exit(130)
    except MonitorError as error:
        click.echo(f"{name}: {error.code}: {error.message}", err=True)
        if error.hint:
            click.echo(f"  → {error.hint}", err=True)
        sys.exit(error.exit_code)
    except ValidationError as error:
        click.echo(f"{name}: input-invalid: {explain(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        place = Path(str(error.filename)).name if error.filename else "a file"
        click.echo(f"{name}: file-problem: {place}: {error.strerror or 'cannot be used'}", err=True)
        click.echo("  → check the name, the folder and who may read and write it", err=True)
        sys.exit(2)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        # Only the class: a message of another library could hold a value.
        click.echo(f"{name}: unexpected: {type(error).__name__}", err=True)
        click.echo(f"  → set {DEBUG}=1 to see where, on synthetic data only", err=True)
        sys.exit(1)


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
        """The path, or a usage error."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.exists():
            self.fail(f"{path.name} exists already; choose another name", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder for {path.name}", param, ctx)
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
    """A date on the command line, ``jjjj-mm-dd``."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("expected a date as jjjj-mm-dd") from error
