"""The publisher's command line; it parses, calls and prints, and holds no rule."""

from __future__ import annotations

from pathlib import Path

import click
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
from publisher.releasing_commands import COMMANDS, releases_of
from publisher.report_command import report_for_talks
from publisher.rounds.lifecycle import accept_round
from publisher.rounds.retention import Retention
from publisher.settings import Settings
from publisher.store import ReleaseRow, RoundRow
from shared.cli import EXISTING, run
from shared.clock import system_clock
from shared.holdings import Holdings
from shared.identity import Role
from shared.service.commands import Installation, service_group
from shared.service.figures import figures_command
from shared.service.retaining import holdings_command, policy_of, retain_command
from shared.service.round_commands import read_round_files, round_group

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
publisher.add_command(report_command(releases_of))
publisher.add_command(report_for_talks)
publisher.add_command(note_group)
for _command in COMMANDS:
    publisher.add_command(_command)
rounds_group = round_group(_retention, "Rounds: offer a key, accept, destroy.")
publisher.add_command(rounds_group)


@rounds_group.command("accept")
@click.argument("statement", type=EXISTING)
@click.option("--register", type=EXISTING, required=True)
@click.option("--reference", type=EXISTING, required=True)
@click.pass_obj
def round_accept(here: Here, statement: Path, register: Path, reference: Path) -> None:
    """Check a countersigned round and keep it."""
    body = accept_round(
        _retention(here),
        read_round_files(here.settings, statement, register, reference),
        here.settings.load_agreements(),
        system_clock,
    )
    click.echo(f"round {body.round_id} accepted")


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
