"""The commands ``publisher webhook``; they parse, call and print, and hold no rule."""

from __future__ import annotations

import click

from publisher.announcing import webhooks
from publisher.announcing.place import place_of
from publisher.settings import Settings
from shared.clock import system_clock
from shared.errors import StateError
from shared.service.commands import Installation

Here = Installation[Settings]


@click.group("webhook")
def webhook_group() -> None:
    """Addresses that are told when a release comes, is replaced or goes."""


@webhook_group.command("add")
@click.argument("url")
@click.pass_obj
def add_command(here: Here, url: str) -> None:
    """Tell an address of what happens from now on."""
    webhooks.add(here.database, url)
    click.echo("added; run `publisher webhook send` every few minutes")


@webhook_group.command("list")
@click.pass_obj
def list_command(here: Here) -> None:
    """The addresses, and whether the last notice arrived."""
    for row in webhooks.listed(here.database):
        stand = f"{row.problem} ({row.attempts} times)" if row.problem else "in order"
        click.echo(f"{row.url}  {stand}")


@webhook_group.command("remove")
@click.argument("url")
@click.pass_obj
def remove_command(here: Here, url: str) -> None:
    """Tell an address no more."""
    webhooks.remove(here.database, url)
    click.echo("removed")


@webhook_group.command("send")
@click.pass_obj
def send_command(here: Here) -> None:
    """Send what was not confirmed yet to every address that is due; run it by a timer."""
    place = place_of(here.settings, here.identity)
    told = webhooks.tell_all(here.database, place, here.identity, system_clock)
    for each in told:
        # A timer runs this, and what it prints goes into the log of the machine.
        address, problem = webhooks.origin(each.url), f", {each.problem}" * bool(each.problem)
        click.echo(f"{address}  {each.sent} confirmed{problem}")
    if any(each.problem for each in told):
        raise StateError(
            "webhook-unconfirmed",
            "expected every address to confirm its notices, found one that did not",
            hint="they are sent again; see `publisher webhook list`",
        )
