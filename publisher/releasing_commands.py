"""The command line of a release, from staging to withdrawing; it parses, calls and prints."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from publisher.releasing.approvals import approve, read_package, write_package
from publisher.releasing.calendar import announce
from publisher.releasing.editions import Edition
from publisher.releasing.releases import Releases
from publisher.releasing.requests import request_change
from publisher.screening.reporting import as_json, as_text
from publisher.screening.screen import Verdict
from publisher.settings import Settings
from shared.cli import EXISTING, NEW_FILE, PATH
from shared.clock import system_clock
from shared.errors import PolicyError
from shared.identity import PASSPHRASE, Identity, load_card
from shared.service.commands import Installation
from shared.statement import Statement

Here = Installation[Settings]
FindReleases = Callable[[Here], Releases]


def releases_of(here: Here) -> Releases:
    """The releases of an installation, on every processor that it has."""
    is_closed = here.settings.access == "closed"
    return Releases(here.database, here.identity, here.keys, os.cpu_count() or 1, is_closed)


def moment(text: str | None) -> datetime | None:
    """An instant with its zone, as typed; None for nothing.

    Raises:
        click.BadParameter: when it is none.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("expected an instant such as 2027-01-15T09:00+01:00") from error


@click.command("stage")
@click.argument("round_id")
@click.option("--provisional", is_flag=True, help="The figures may still change.")
@click.option("--not-before", help="Embargo: an instant such as 2027-01-15T09:00+01:00.")
@click.pass_obj
def stage_command(here: Here, round_id: str, provisional: bool, not_before: str | None) -> None:
    """Protect the newest tally of a round and sign the release that follows."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("protect", total=None)
        manifest = releases_of(here).stage(
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


def screen_command(releases: FindReleases) -> click.Command:
    """The command ``screen``."""

    @click.command("screen")
    @click.argument("release_id")
    @click.option("--json", "as_document", is_flag=True, help="Every check, for programs.")
    @click.pass_obj
    def screen(here: Here, release_id: str, as_document: bool) -> None:
        """Run every check on a release; a FAIL stops it from being submitted."""
        found = releases(here).screen(release_id)
        click.echo(as_json(found) if as_document else as_text(found), nl=False)
        if found.verdict is Verdict.FAIL:
            raise PolicyError("screening-failed", "expected a release that passes every check")

    return screen


@click.command("request-change")
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--private", type=EXISTING, required=True, help="The approver's private file.")
@click.option("--publisher-card", type=EXISTING, required=True)
@click.option("--fingerprint", required=True, help="The publisher's, from the agreement.")
@click.option("--reason", required=True, help="What should change; for the publisher.")
@click.option("--out", type=NEW_FILE, required=True)
def request_command(
    package: Path, private: Path, publisher_card: Path, fingerprint: str, reason: str, out: Path
) -> None:
    """Ask, signed and offline, for a change before a release is published."""
    checked = read_package(package, load_card(publisher_card), fingerprint)
    approver = Identity.load(private, os.environ.get(PASSPHRASE))
    request_change(checked, approver, reason, system_clock()).save(out)
    click.echo(f"request of {approver.party} in {out.name}")


def record_request_command(releases: FindReleases) -> click.Command:
    """The command ``record-request``."""

    @click.command("record-request")
    @click.argument("request", type=EXISTING)
    @click.option("--card", type=EXISTING, required=True, help="The approver's card.")
    @click.pass_obj
    def record(here: Here, request: Path, card: Path) -> None:
        """Check an approver's request for change and record it; approvals are asked anew."""
        agreements = here.settings.load_agreements()
        statement = Statement.load(request)
        state = releases(here).record_request(statement, load_card(card), agreements)
        click.echo(f"recorded; the release is {state}")

    return record


@click.command("announce")
@click.argument("round_id")
@click.option("--title", required=True, help="What readers may expect.")
@click.option("--on", "expected_on", required=True, help="The day, such as 2027-01-15.")
@click.option("--provisional", is_flag=True, help="The figures will be provisional.")
@click.pass_obj
def announce_command(
    here: Here, round_id: str, title: str, expected_on: str, provisional: bool
) -> None:
    """Put a release on the calendar that readers see, or move it to another day."""
    try:
        day = date.fromisoformat(expected_on)
    except ValueError as error:
        raise click.BadParameter("expected a day such as 2027-01-15") from error
    moved = announce(here.database, round_id, title, day, provisional=provisional)
    click.echo(f"{round_id} {'moved to' if moved else 'announced for'} {day}")


@click.command("submit")
@click.argument("release_id")
@click.option("--proposer", required=True, help="Party id of who proposes it.")
@click.option("--package", type=PATH, required=True, help="Folder to write for the approvers.")
@click.pass_obj
def submit_command(here: Here, release_id: str, proposer: str, package: Path) -> None:
    """Propose a release, and write the package that approvers look at and sign."""
    agreements = here.settings.load_agreements().agreements
    release, summary = releases_of(here).submit(release_id, proposer, agreements)
    statement = Statement.from_bytes(release.statement)
    write_package(package, statement, release.tables, summary)
    click.echo(summary)
    click.echo(f"package in {package.name}")


@click.command("approve")
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


@click.command("record-approval")
@click.argument("approval", type=EXISTING)
@click.option("--card", type=EXISTING, required=True, help="The approver's card.")
@click.pass_obj
def record_approval_command(here: Here, approval: Path, card: Path) -> None:
    """Check an approver's signed statement and record it."""
    agreements = here.settings.load_agreements()
    state = releases_of(here).record_approval(Statement.load(approval), load_card(card), agreements)
    click.echo(f"recorded; the release is {state}")


@click.command("publish")
@click.argument("release_id")
@click.pass_obj
def publish_command(here: Here, release_id: str) -> None:
    """Verify an approved release once more and show it to readers."""
    release = releases_of(here).publish(release_id, here.settings.load_agreements().agreements)
    click.echo(f"published {release.manifest.release_id} {release.sha256}")


@click.command("verify-protection")
@click.argument("release_id")
@click.pass_obj
def verify_command(here: Here, release_id: str) -> None:
    """Verify a release's certificates with the checker that shares no code with the solver."""
    click.echo(f"verified: {releases_of(here).verify(release_id)} certificates")


@click.command("withdraw")
@click.argument("release_id")
@click.option("--reason", required=True, help="Shown to readers on the permalink.")
@click.option("--out", type=NEW_FILE, required=True, help="The withdrawal statement.")
@click.pass_obj
def withdraw_command(here: Here, release_id: str, reason: str, out: Path) -> None:
    """Withdraw a release; its permalink stays and says why."""
    releases_of(here).withdraw(release_id, reason).save(out)
    click.echo(f"withdrawn {release_id}")


COMMANDS = (
    stage_command,
    screen_command(releases_of),
    submit_command,
    approve_command,
    request_command,
    record_approval_command,
    record_request_command(releases_of),
    publish_command,
    verify_command,
    withdraw_command,
    announce_command,
)
