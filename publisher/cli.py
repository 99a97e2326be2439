"""The publisher's command line; it parses, calls and prints, and holds no rule."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from publisher.access.commands import token_group
from publisher.access.role_commands import access_group
from publisher.announcing.commands import webhook_group
from publisher.context.commands import context_group
from publisher.notes.commands import note_group
from publisher.oversight.commands import report_command
from publisher.oversight.dpia_figures import find_figures
from publisher.oversight.holdings import find_holdings
from publisher.protection.cli import protect_command
from publisher.releasing.approvals import approve, read_package, write_package
from publisher.releasing.editions import Edition
from publisher.releasing.releases import Releases
from publisher.releasing_commands import (
    announce_command,
    moment,
    record_request_command,
    request_command,
    screen_command,
)
from publisher.report_command import report_for_talks
from publisher.rounds.lifecycle import accept_round
from publisher.rounds.retention import Retention
from publisher.settings import Settings
from publisher.store import ReleaseRow, RoundRow
from shared.cli import EXISTING, NEW_FILE, PATH, run
from shared.clock import system_clock
from shared.destruction import OPERATOR_REASONS, Reason
from shared.files import read_file
from shared.holdings import Holdings
from shared.identity import PASSPHRASE, Identity, Role, load_card
from shared.service.commands import Installation, service_group
from shared.service.figures import figures_command
from shared.service.retaining import holdings_command, policy_of, retain_command
from shared.state.round_acceptance import RoundFiles
from shared.statement import Statement

Here = Installation[Settings]

publisher = service_group(
    "publisher", __doc__, Settings, (Role.PUBLISHER, Role.APPROVER, Role.AUDITOR)
)
publisher.add_command(protect_command)
publisher.add_command(context_group)
publisher.add_command(webhook_group)
publisher.add_command(token_group)
publisher.add_command(access_group)


def _retention(here: Here) -> Retention:
    return Retention(here.database, here.keys, here.identity)


def _holdings(here: Here) -> Holdings:
    return find_holdings(_retention(here), system_clock(), policy_of(here.settings)[0])


publisher.add_command(retain_command(_retention))
publisher.add_command(holdings_command(_holdings))
publisher.add_command(
    figures_command("release", lambda here, *asked: find_figures(_retention(here), *asked))
)


def _releases(here: Here) -> Releases:
    is_closed = here.settings.access == "closed"
    return Releases(here.database, here.identity, here.keys, os.cpu_count() or 1, is_closed)


publisher.add_command(report_command(_releases))
publisher.add_command(screen_command(_releases))
publisher.add_command(request_command)
publisher.add_command(record_request_command(_releases))
publisher.add_command(announce_command)
publisher.add_command(report_for_talks)
publisher.add_command(note_group)


@publisher.group("round")
def round_group() -> None:
    """Rounds: offer a key, accept, destroy."""


@round_group.command("offer")
@click.argument("round_id")
@click.option("--out", type=NEW_FILE, required=True)
@click.pass_obj
def round_offer(here: Here, round_id: str, out: Path) -> None:
    """Make this round's key and offer its public half to the key office."""
    _retention(here).offers.make(round_id, system_clock).save(out)
    click.echo(f"offer for {round_id} in {out.name}")


@round_group.command("accept")
@click.argument("statement", type=EXISTING)
@click.option("--register", type=EXISTING, required=True)
@click.option("--reference", type=EXISTING, required=True)
@click.pass_obj
def round_accept(here: Here, statement: Path, register: Path, reference: Path) -> None:
    """Check a countersigned round and keep it."""
    body = accept_round(
        _retention(here),
        RoundFiles(
            statement=Statement.load(statement),
            register=Statement.load(register),
            reference=read_file(reference, "a reference bundle"),
            policy=read_file(here.settings.policy, "a policy"),
        ),
        here.settings.load_agreements(),
        system_clock,
    )
    click.echo(f"round {body.round_id} accepted")


@round_group.command("destroy")
@click.argument("round_id")
@click.option(
    "--reason-code",
    type=click.Choice([each.value for each in OPERATOR_REASONS]),
    required=True,
    help="Stands in the ledger and in the statement for good.",
)
@click.option("--key-lost", is_flag=True, help="The key was lost before; the statement says so.")
@click.option("--out", type=NEW_FILE, required=True, help="The destruction statement.")
@click.confirmation_option(prompt="The round's key and tallies will be gone for good. Continue?")
@click.pass_obj
def round_destroy(here: Here, round_id: str, reason_code: str, key_lost: bool, out: Path) -> None:
    """Destroy a round's key, tallies and certificates now, before their term."""
    statement = _retention(here).destroy(round_id, Reason(reason_code), key_lost=key_lost)
    statement.save(out)
    click.echo(f"round {round_id} destroyed")


@publisher.command("stage")
@click.argument("round_id")
@click.option("--provisional", is_flag=True, help="The figures may still change.")
@click.option("--not-before", help="Embargo: an instant such as 2027-01-15T09:00+01:00.")
@click.pass_obj
def stage(here: Here, round_id: str, provisional: bool, not_before: str | None) -> None:
    """Protect the newest tally of a round and sign the release that follows."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("protect", total=None)
        manifest = _releases(here).stage(
            round_id,
            lambda done, total: bar.update(task, completed=done, total=total),
            Edition(provisional, moment(not_before)),
        )
    click.echo(f"staged {manifest.release_id}, version {manifest.version}")
    for table in manifest.tables:
        click.echo(f"  {table.id:<20} {table.rows:>7} cells  {table.withheld:>6} withheld")
    proof = manifest.proof
    click.echo(
        f"  every certificate verified: {'yes' if proof.verified else 'no'}; "
        f"attack: {proof.exactly_exposed} exactly exposed, {proof.too_narrow} too narrow"
    )


@publisher.command("submit")
@click.argument("release_id")
@click.option("--proposer", required=True, help="Party id of who proposes it.")
@click.option("--package", type=PATH, required=True, help="Folder to write for the approvers.")
@click.pass_obj
def submit(here: Here, release_id: str, proposer: str, package: Path) -> None:
    """Propose a release, and write the package that approvers look at and sign."""
    agreements = here.settings.load_agreements().agreements
    release, summary = _releases(here).submit(release_id, proposer, agreements)
    statement = Statement.from_bytes(release.statement)
    write_package(package, statement, release.tables, summary)
    click.echo(summary)
    click.echo(f"package in {package.name}")


@publisher.command("approve")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--private", type=EXISTING, required=True, help="The approver's private file.")
@click.option("--publisher-card", type=EXISTING, required=True)
@click.option("--fingerprint", required=True, help="The publisher's, from the agreement.")
@click.option("--out", type=NEW_FILE, required=True)
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
def record_approval(here: Here, approval: Path, card: Path) -> None:
    """Check an approver's signed statement and record it."""
    agreements = here.settings.load_agreements()
    state = _releases(here).record_approval(Statement.load(approval), load_card(card), agreements)
    click.echo(f"recorded; the release is {state}")


@publisher.command("publish")
@click.argument("release_id")
@click.pass_obj
def publish(here: Here, release_id: str) -> None:
    """Verify an approved release once more and show it to readers."""
    release = _releases(here).publish(release_id, here.settings.load_agreements().agreements)
    click.echo(f"published {release.manifest.release_id} {release.sha256}")


@publisher.command("verify-protection")
@click.argument("release_id")
@click.pass_obj
def verify_protection(here: Here, release_id: str) -> None:
    """Verify a release's certificates with the checker that shares no code with the solver."""
    click.echo(f"verified: {_releases(here).verify(release_id)} certificates")


@publisher.command("withdraw")
@click.argument("release_id")
@click.option("--reason", required=True, help="Shown to readers on the permalink.")
@click.option("--out", type=NEW_FILE, required=True, help="The withdrawal statement.")
@click.pass_obj
def withdraw(here: Here, release_id: str, reason: str, out: Path) -> None:
    """Withdraw a release; its permalink stays and says why."""
    _releases(here).withdraw(release_id, reason).save(out)
    click.echo(f"withdrawn {release_id}")


@publisher.command("status")
@click.pass_obj
def status(here: Here) -> None:
    """Rounds and releases, and where they stand."""
    with here.database.reading() as session:
        for round_row in session.scalars(select(RoundRow).order_by(RoundRow.round_id)):
            click.echo(f"round {round_row.round_id}: {round_row.state}")
        for row in session.scalars(select(ReleaseRow).order_by(ReleaseRow.release_id)):
            click.echo(f"release {row.release_id}: {row.state}")
    now = system_clock()
    for due in _retention(here).overdue(now, policy_of(here.settings)[0]):
        click.echo(f"ALARM retention-overdue: {due.what} {due.id}; run `publisher retain`")


def main() -> None:
    """Entry point."""
    run(publisher, "publisher")
