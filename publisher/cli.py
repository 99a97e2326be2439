"""The publisher's command line; it parses, calls and prints, and holds no rule."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from publisher import rounds
from publisher.approvals import approve, read_package, write_package
from publisher.protection.cli import protect_command
from publisher.releases import Releases
from publisher.retention import Retention
from publisher.settings import Settings, load
from publisher.store import ReleaseRow, RoundRow
from shared.cli import (
    EXISTING,
    PASSPHRASE,
    PATH,
    card_command,
    identity_command,
    ledger_verify_command,
    run,
)
from shared.clock import system_clock
from shared.files import read_file, write_whole
from shared.identity import Identity, Role, load_card
from shared.state.database import Database, migrate, open_engine
from shared.state.ledger_table import entries
from shared.state.round_acceptance import make_offer
from shared.state.round_keys import RoundKeys
from shared.statement import Statement


@dataclass
class Publisher:
    """This installation, opened as far as a command needs it."""

    settings_path: Path

    @cached_property
    def settings(self) -> Settings:
        """The settings file."""
        return load(self.settings_path)

    @cached_property
    def identity(self) -> Identity:
        """The publisher's identity."""
        return self.settings.load_identity()

    @cached_property
    def database(self) -> Database:
        """The database."""
        return Database(open_engine(self.settings.database_url), self.identity)

    @cached_property
    def keys(self) -> RoundKeys:
        """The key folder."""
        return RoundKeys(self.settings.key_folder)

    @property
    def releases(self) -> Releases:
        """The releases."""
        return Releases(self.database, self.identity, self.keys)


@click.group(help=__doc__)
@click.option(
    "--settings",
    type=PATH,
    envvar="PUBLISHER_SETTINGS",
    default="publisher.toml",
    show_default=True,
    help="Settings file.",
)
@click.pass_context
def publisher(context: click.Context, settings: Path) -> None:
    """Hold the settings for the commands."""
    context.obj = Publisher(settings)


publisher.add_command(card_command)
publisher.add_command(identity_command((Role.PUBLISHER, Role.APPROVER, Role.AUDITOR)))
publisher.add_command(protect_command)


@publisher.command("migrate")
@click.pass_obj
def migrate_command(here: Publisher) -> None:
    """Create the database, or bring it to this version."""
    migrate(here.settings.database_url, "publisher")
    click.echo("database up to date")


@publisher.command()
@click.pass_obj
def serve(here: Publisher) -> None:
    """Run the web service with the dashboard and the API."""
    # Imported here: no other command needs the web framework, and each starts faster without.
    import uvicorn

    from publisher.app import create_app

    app = create_app(here.settings)
    uvicorn.run(app, host=here.settings.host, port=here.settings.port, access_log=False,
                log_level="warning", server_header=False)  # fmt: skip


@publisher.group("round")
def round_group() -> None:
    """Rounds: offer a key, accept, destroy."""


@round_group.command("offer")
@click.argument("round_id")
@click.option("--out", type=PATH, required=True)
@click.pass_obj
def round_offer(here: Publisher, round_id: str, out: Path) -> None:
    """Make this round's key and offer its public half to the key office."""
    make_offer(here.identity, here.keys, round_id, system_clock).save(out)
    click.echo(f"offer for {round_id} in {out.name}")


@round_group.command("accept")
@click.argument("statement", type=EXISTING)
@click.option("--register", type=EXISTING, required=True)
@click.option("--reference", type=EXISTING, required=True)
@click.pass_obj
def round_accept(here: Publisher, statement: Path, register: Path, reference: Path) -> None:
    """Check a countersigned round and keep it."""
    body = rounds.accept_round(
        here.database,
        here.keys,
        statement=Statement.load(statement),
        register=Statement.load(register),
        reference=read_file(reference, "a reference bundle"),
        policy=here.settings.load_policy(),
        policy_bytes=read_file(here.settings.policy, "a policy"),
        agreements=here.settings.load_agreements().agreements,
    )
    click.echo(f"round {body.round_id} accepted")


@round_group.command("destroy")
@click.argument("round_id")
@click.option("--reason", required=True)
@click.option("--out", type=PATH, required=True, help="The destruction statement.")
@click.confirmation_option(prompt="The round's key and tallies will be gone for good. Continue?")
@click.pass_obj
def round_destroy(here: Publisher, round_id: str, reason: str, out: Path) -> None:
    """Destroy a round's key, tallies and certificates now, before their term."""
    Retention(here.database, here.keys, here.identity).destroy(round_id, reason).save(out)
    click.echo(f"round {round_id} destroyed")


@publisher.command("stage")
@click.argument("round_id")
@click.pass_obj
def stage(here: Publisher, round_id: str) -> None:
    """Protect the newest tally of a round and sign the release that follows."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("protect", total=None)
        manifest = here.releases.stage(
            round_id, lambda done, total: bar.update(task, completed=done, total=total)
        )
    click.echo(f"staged {manifest.release_id}")
    for table in manifest.tables:
        click.echo(f"  {table.id:<20} {table.rows:>7} cells  {table.withheld:>6} withheld")
    proof = manifest.proof
    click.echo(
        f"  certificates {proof.certificates_verified} of {proof.certificates_issued} verified; "
        f"attack: {proof.exactly_exposed} exactly exposed, {proof.too_narrow} too narrow"
    )


@publisher.command("submit")
@click.argument("release_id")
@click.option("--proposer", required=True, help="Party id of who proposes it.")
@click.option("--package", type=PATH, required=True, help="Folder to write for the approvers.")
@click.pass_obj
def submit(here: Publisher, release_id: str, proposer: str, package: Path) -> None:
    """Propose a release, and write the package that approvers look at and sign."""
    release, summary = here.releases.submit(release_id, proposer)
    statement = Statement.from_bytes(release.statement)
    write_package(package, statement, release.tables, summary)
    click.echo(summary)
    click.echo(f"package in {package.name}")


@publisher.command("approve")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--private", type=EXISTING, required=True, help="The approver's private file.")
@click.option("--publisher-card", type=EXISTING, required=True)
@click.option("--fingerprint", required=True, help="The publisher's, from the agreement.")
@click.option("--out", type=PATH, required=True)
@click.option("--yes", is_flag=True, help="Sign without being asked.")
def approve_command(
    package: Path, private: Path, publisher_card: Path, fingerprint: str, out: Path, yes: bool
) -> None:
    """Look at a package and sign it, offline; needs no settings and no network."""
    checked = read_package(package, load_card(publisher_card), fingerprint)
    click.echo(checked.summary)
    if not yes:
        click.confirm(f"Uitgave {checked.manifest.release_id} goedkeuren?", abort=True)
    approver = Identity.load(private, os.environ.get(PASSPHRASE))
    approve(checked, approver, system_clock()).save(out)
    click.echo(f"approval of {approver.party} in {out.name}")


@publisher.command("record-approval")
@click.argument("approval", type=EXISTING)
@click.option("--card", type=EXISTING, required=True, help="The approver's card.")
@click.pass_obj
def record_approval(here: Publisher, approval: Path, card: Path) -> None:
    """Check an approver's signed statement and record it."""
    agreements = here.settings.load_agreements().agreements
    state = here.releases.record_approval(Statement.load(approval), load_card(card), agreements)
    click.echo(f"recorded; the release is {state}")


@publisher.command("publish")
@click.argument("release_id")
@click.pass_obj
def publish(here: Publisher, release_id: str) -> None:
    """Verify an approved release once more and show it to readers."""
    release = here.releases.publish(release_id)
    click.echo(f"published {release.manifest.release_id} {release.sha256}")


@publisher.command("verify-protection")
@click.argument("release_id")
@click.pass_obj
def verify_protection(here: Publisher, release_id: str) -> None:
    """Verify a release's certificates with the checker that shares no code with the solver."""
    click.echo(f"verified: {here.releases.verify(release_id)} certificates")


@publisher.command("withdraw")
@click.argument("release_id")
@click.option("--reason", required=True, help="Shown to readers on the permalink.")
@click.option("--out", type=PATH, required=True, help="The withdrawal statement.")
@click.pass_obj
def withdraw(here: Publisher, release_id: str, reason: str, out: Path) -> None:
    """Withdraw a release; its permalink stays and says why."""
    here.releases.withdraw(release_id, reason).save(out)
    click.echo(f"withdrawn {release_id}")


@publisher.command("retain")
@click.option("--statements", type=PATH, required=True, help="Folder for destruction statements.")
@click.option("--confirm-clock", is_flag=True)
@click.pass_obj
def retain(here: Publisher, statements: Path, confirm_clock: bool) -> None:
    """Destroy tallies and expire releases whose term was reached."""
    retention = Retention(here.database, here.keys, here.identity)
    done = 0
    for statement in retention.retain(system_clock(), clock_confirmed=confirm_clock):
        statement.save(statements / f"destruction-{statement.sha256[:16]}.json")
        done += 1
    click.echo(f"destroyed: {done}")


@publisher.command("status")
@click.pass_obj
def status(here: Publisher) -> None:
    """Rounds and releases, and where they stand."""
    with here.database.reading() as session:
        for round_row in session.scalars(select(RoundRow).order_by(RoundRow.round_id)):
            click.echo(f"round {round_row.round_id}: {round_row.state}")
        for row in session.scalars(select(ReleaseRow).order_by(ReleaseRow.release_id)):
            click.echo(f"release {row.release_id}: {row.state}")


@publisher.group("ledger")
def ledger_group() -> None:
    """The ledger: export, and verify an export offline."""


@ledger_group.command("export")
@click.argument("out", type=PATH)
@click.pass_obj
def ledger_export(here: Publisher, out: Path) -> None:
    """Write every entry, one a line."""
    with here.database.reading() as session:
        lines = [entry.line() for entry in entries(session.connection())]
    write_whole(out, b"".join(line + b"\n" for line in lines))
    click.echo(f"{len(lines)} entries in {out.name}")


ledger_group.add_command(ledger_verify_command)


def main() -> None:
    """Entry point."""
    run(publisher, "publisher")
