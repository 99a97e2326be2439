"""Commands about releases beyond staging and approving; they parse, call and print."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import click

from publisher.releasing.approvals import read_package
from publisher.releasing.calendar import announce
from publisher.releasing.releases import Releases
from publisher.releasing.requests import request_change
from publisher.screening.reporting import as_json, as_text
from publisher.screening.screen import Verdict
from publisher.settings import Settings
from shared.cli import EXISTING, NEW_FILE
from shared.clock import system_clock
from shared.errors import PolicyError
from shared.identity import PASSPHRASE, Identity, load_card
from shared.service.commands import Installation
from shared.statement import Statement

Here = Installation[Settings]
FindReleases = Callable[[Here], Releases]


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
