"""Commands about tokens and about who saw what; they parse, call and print."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from publisher.access.roles import TOKEN_ROLES, AccessRole, Resource
from publisher.access.tokens import Token, Tokens, Wanted, shown
from publisher.settings import Settings
from shared.clock import instant, system_clock
from shared.service.commands import Installation

Here = Installation[Settings]


@click.group("token")
def token_group() -> None:
    """Tokens of programs: create, list, revoke."""


@token_group.command("create")
@click.option("--organisation", required=True, help="Whose token it is; never a person's name.")
@click.option("--role", type=click.Choice([each.value for each in TOKEN_ROLES]), required=True)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([each.value for each in Resource]),
    multiple=True,
    required=True,
    help="What it may use; give it once for each.",
)
@click.option("--area", default="", help="Only rows of one area, such as GM0197 or PO2506.")
@click.option("--days", type=int, default=90, show_default=True, help="Its term.")
@click.pass_obj
def token_create(
    here: Here, organisation: str, role: str, scopes: tuple[str, ...], area: str, days: int
) -> None:
    """Make a token and print it once; it is not to be seen again."""
    wanted = Wanted(
        organisation, AccessRole(role), frozenset(Resource(each) for each in scopes), days, area
    )
    token_id, secret = Tokens(here.database, here.identity).create(wanted)
    click.echo(f"token {token_id}, for {days} days; send it in the header Authorization: Bearer")
    click.echo(shown(secret))


@token_group.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def token_list(here: Here, as_json: bool) -> None:
    """Every token: whose, for what, until when, and the day on which it was last used."""
    found = Tokens(here.database, here.identity).list()
    if as_json:
        click.echo(json.dumps([token_document(each) for each in found]))
        return
    for line in _lines(found, system_clock()):
        click.echo(line)


@token_group.command("revoke")
@click.argument("token_id")
@click.pass_obj
def token_revoke(here: Here, token_id: str) -> None:
    """Let a token open nothing any more, from now on."""
    Tokens(here.database, here.identity).revoke(token_id)
    click.echo(f"token {token_id} revoked")


def token_document(token: Token) -> dict[str, Any]:
    """A token as JSON; its secret is in nothing that is kept."""
    return {
        "token": token.token_id,
        "organisation": token.organisation,
        "role": token.role.value,
        "scopes": sorted(token.scopes),
        "area": token.area,
        "created_at": instant(token.created_at),
        "expires_at": instant(token.expires_at),
        "revoked_at": None if token.revoked_at is None else instant(token.revoked_at),
        "last_used_on": None if token.last_used_on is None else token.last_used_on.isoformat(),
    }


def _lines(tokens: Iterable[Token], now: datetime) -> Iterable[str]:
    for each in tokens:
        state = "counts" if each.counts_at(now) else "revoked" if each.revoked_at else "expired"
        yield (
            f"{each.token_id}  {state:<8} until {each.expires_at.date()}  "
            f"last used {each.last_used_on or 'never'}  {each.role}  "
            f"{','.join(sorted(each.scopes))}  {each.area or 'all rows'}  {each.organisation}"
        )
