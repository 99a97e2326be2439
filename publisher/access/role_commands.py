"""Commands about roles of accounts and about who saw what; they parse, call and print."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import click

from publisher.access.four_eyes import AccessMandate, countersign
from publisher.access.journal import Journal
from publisher.access.mandates import Mandates
from publisher.access.report import access_report, report_lines
from publisher.access.roles import AccessRole
from publisher.access.tokens import Tokens
from publisher.settings import Settings
from shared.cli import EXISTING, NEW_FILE
from shared.clock import system_clock
from shared.identity import PASSPHRASE, Identity, load_card
from shared.service.commands import Installation
from shared.statement import Kind, Statement

Here = Installation[Settings]
GIVEN = (AccessRole.ANALYST, AccessRole.AUDITOR, AccessRole.OPERATOR)
"""Roles that the operator gives; of an approver another organisation confirms it."""
REPORTED_DAYS = 30


def _mandates(here: Here) -> Mandates:
    return Mandates(here.database, here.identity)


@click.group("access")
def access_group() -> None:
    """Roles of people who sign in, and who saw what."""


@access_group.command("give")
@click.argument("account")
@click.option("--role", type=click.Choice([each.value for each in GIVEN]), required=True)
@click.option("--organisation", required=True, help="Never a person's name.")
@click.option("--days", type=int, default=366, show_default=True, help="The term of the role.")
@click.pass_obj
def give(here: Here, account: str, role: str, organisation: str, days: int) -> None:
    """Give an account a role; somebody sees their account after signing in."""
    mandate_id = _mandates(here).give(account, AccessRole(role), organisation, days)
    click.echo(f"mandate {mandate_id}: {role} for {days} days")


@access_group.command("propose")
@click.argument("account")
@click.option("--party", required=True, help="The approver of the agreements.")
@click.option("--days", type=int, default=366, show_default=True, help="The term of the role.")
@click.option("--out", type=NEW_FILE, required=True, help="For who confirms it.")
@click.pass_obj
def propose(here: Here, account: str, party: str, days: int, out: Path) -> None:
    """Propose that an account decides for an approver; another organisation confirms it."""
    agreements = here.settings.load_agreements().agreements
    _mandates(here).propose(account, party, agreements, days).save(out)
    click.echo(f"proposal in {out.name}; it counts when another organisation has confirmed it")


@access_group.command("countersign")
@click.argument("proposal", type=EXISTING)
@click.option("--private", type=EXISTING, required=True, help="The confirmer's private file.")
@click.option("--publisher-card", type=EXISTING, required=True)
@click.option("--fingerprint", required=True, help="The publisher's, from the agreement.")
@click.option("--out", type=NEW_FILE, required=True)
def countersign_command(
    proposal: Path, private: Path, publisher_card: Path, fingerprint: str, out: Path
) -> None:
    """Confirm a proposal, offline; needs no settings and no network."""
    confirmer = Identity.load(private, os.environ.get(PASSPHRASE))
    card = load_card(publisher_card)
    statement = Statement.load(proposal)
    confirmed = countersign(statement, card, fingerprint, confirmer)
    asked = statement.read(Kind.ACCESS, AccessMandate)
    click.echo(
        f"account {asked.account} may decide for {asked.party} ({asked.organisation}) "
        f"until {asked.until}; ask {asked.party} whether this account is theirs"
    )
    confirmed.save(out)
    click.echo(f"confirmation of {confirmer.party} in {out.name}")


@access_group.command("confirm")
@click.argument("confirmation", type=EXISTING)
@click.option("--card", type=EXISTING, required=True, help="The confirmer's card.")
@click.pass_obj
def confirm(here: Here, confirmation: Path, card: Path) -> None:
    """Check a confirmed proposal and let the role count."""
    agreements = here.settings.load_agreements()
    statement = Statement.load(confirmation)
    mandate_id = _mandates(here).confirm(statement, load_card(card), agreements)
    click.echo(f"mandate {mandate_id} counts")


@access_group.command("revoke")
@click.argument("mandate_id")
@click.pass_obj
def revoke(here: Here, mandate_id: str) -> None:
    """Take a role away and end the sessions of its account."""
    _mandates(here).revoke(mandate_id)
    click.echo(f"mandate {mandate_id} revoked")


@access_group.command("list")
@click.pass_obj
def list_mandates(here: Here) -> None:
    """Every role that was given or proposed, and whether it counts."""
    now = system_clock()
    for each in _mandates(here).list():
        waits = each.confirmed_at is None and each.revoked_at is None and now < each.expires_at
        state = "counts" if each.counts_at(now) else "proposed" if waits else "ended"
        click.echo(
            f"{each.mandate_id}  {state:<8} until {each.expires_at.date()}  {each.role:<8}  "
            f"{each.party or '-'}  {each.organisation}  account {each.account[:16]}"
        )


@access_group.command("report")
@click.option("--from", "first", help="The first day; thirty days ago where it is left out.")
@click.option("--to", "last", help="The last day; today where it is left out.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def report(here: Here, first: str | None, last: str | None, as_json: bool) -> None:
    """Who saw what, per day and organisation, and who has access; for the privacy officer."""
    now = system_clock()
    until = _day(last) or now.date()
    since = _day(first) or until - timedelta(days=REPORTED_DAYS)
    database = here.database
    tokens = Tokens(database, here.identity)
    found = access_report(tokens, _mandates(here), Journal(database), since, until, now)
    if as_json:
        click.echo(found.model_dump_json())
        return
    for line in report_lines(found):
        click.echo(line)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("expected a day such as 2027-01-15") from error
