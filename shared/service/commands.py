"""Commands that both services have: identity, card, migrate, serve, ledger."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic

import click

from shared.cli import NEW_FILE, PATH, card_command, identity_command, ledger_verify_command
from shared.files import write_whole
from shared.identity import Identity, Role
from shared.service.processing_log import processing_lines
from shared.settings import AnySettings, load_settings
from shared.state.database import Database, open_engine
from shared.state.ledger_table import entries
from shared.state.migrating import check_guarded, migrate_service
from shared.state.round_keys import RoundKeys

PRIVATE_UMASK = 0o077
"""Files that a service makes, its database first, are for its own account only."""


@dataclass
class Installation(Generic[AnySettings]):
    """One installation of a service, opened as far as a command needs it."""

    settings_path: Path
    model: type[AnySettings]

    @cached_property
    def settings(self) -> AnySettings:
        """The settings file."""
        return load_settings(self.settings_path, self.model)

    @cached_property
    def identity(self) -> Identity:
        """The service's identity."""
        return self.settings.load_identity()

    @cached_property
    def database(self) -> Database:
        """The database."""
        return Database(open_engine(self.settings.database_url), self.identity)

    @cached_property
    def keys(self) -> RoundKeys:
        """The key folder."""
        return RoundKeys(self.settings.key_folder)


def service_group(
    name: str, help_: str, model: type[AnySettings], roles: tuple[Role, ...]
) -> click.Group:
    """The command line of the service called ``name``, with the commands that both have.

    Args:
        name: the service's package, such as ``linker``.
        help_: what ``--help`` says of it.
        model: its settings.
        roles: of the identities that it makes.
    """

    @click.group(name, help=help_)
    @click.option(
        "--settings",
        type=PATH,
        envvar=f"{name.upper()}_SETTINGS",
        default=f"{name}.toml",
        show_default=True,
        help="Settings file.",
    )
    @click.pass_context
    def group(context: click.Context, settings: Path) -> None:
        os.umask(PRIVATE_UMASK)
        context.obj = Installation(settings, model)

    @group.command("migrate")
    @click.option(
        "--owner-url",
        envvar=f"{name.upper()}_OWNER_URL",
        default="",
        help="PostgreSQL: the database as the role that owns its tables.",
    )
    @click.pass_obj
    def migrate_command(here: Installation[AnySettings], owner_url: str) -> None:
        """Create the database, or bring it to this version."""
        migrate_service(here.settings.database_url, name, owner_url)
        click.echo("database up to date")

    @group.command("serve")
    @click.pass_obj
    def serve(here: Installation[AnySettings]) -> None:
        """Run the web service."""
        # Imported here: no other command needs the web framework, and each starts faster without.
        from shared.service import serving

        # What is allowed is read before anybody can ask anything: what is wrong is said at once.
        here.settings.load_policy()
        here.settings.load_agreements()
        check_guarded(here.database.engine)
        app = importlib.import_module(f"{name}.app").create_app(here.settings)
        serving.serve(app, here.settings.host, here.settings.port)

    group.add_command(card_command)
    group.add_command(identity_command(roles))
    group.add_command(_ledger_group(name))
    return group


def _ledger_group(name: str) -> click.Group:
    @click.group("ledger")
    def ledger() -> None:
        """The ledger: export, and verify an export offline."""

    @ledger.command("export")
    @click.argument("out", type=NEW_FILE)
    @click.pass_obj
    def export(here: Installation[AnySettings], out: Path) -> None:
        """Write every entry, one a line."""
        with here.database.reading() as session:
            lines = [entry.line() for entry in entries(session.connection())]
        write_whole(out, b"".join(line + b"\n" for line in lines))
        click.echo(f"{len(lines)} entries in {out.name}")

    @ledger.command("processing-log")
    @click.argument("out", type=NEW_FILE)
    @click.option("--register", required=True, help="Address of the register of processing.")
    @click.pass_obj
    def processing_log(here: Installation[AnySettings], out: Path, register: str) -> None:
        """Write a line per operation for a Logboek Dataverwerkingen; it names no person."""
        with here.database.reading() as session:
            told = list(processing_lines(entries(session.connection()), register, name))
        write_whole(out, "".join(line + "\n" for line in told).encode())
        click.echo(f"{len(told)} operations in {out.name}")

    ledger.add_command(ledger_verify_command)
    return ledger
