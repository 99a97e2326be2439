"""The operator's command line of the linker; it parses, calls and prints, and holds no rule."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from linker.intake.deliveries import decide_delivery
from linker.intake.reasons import in_english
from linker.linking_commands import COMMANDS
from linker.oversight.dpia_figures import find_figures
from linker.oversight.holdings import find_holdings
from linker.oversight.matrix import as_text, matrices
from linker.rounds import lifecycle as rounds
from linker.rounds.policy_changes import report
from linker.rounds.reopening import ReopenReason, reopen_round
from linker.rounds.retention import Retention
from linker.settings import Settings
from linker.tallying import mirrors, outbox
from shared.cli import EXISTING, NEW_FILE, run
from shared.clock import system_clock
from shared.holdings import Holdings
from shared.identity import Role, check_pinned, load_card
from shared.policy import load_policy
from shared.round import Round
from shared.service.commands import Installation, service_group
from shared.service.figures import figures_command
from shared.service.retaining import holdings_command, policy_of, retain_command
from shared.service.round_commands import read_round_files, round_group
from shared.statement import Kind

Here = Installation[Settings]
DAY = click.DateTime(["%Y-%m-%d"])

linker = service_group("linker", __doc__, Settings, (Role.LINKER,))


def _retention(here: Here) -> Retention:
    return Retention(here.database, here.keys, here.identity)


def _holdings(here: Here) -> Holdings:
    return find_holdings(_retention(here), system_clock(), policy_of(here.settings)[0])


linker.add_command(retain_command(_retention))
linker.add_command(holdings_command(_holdings))
linker.add_command(
    figures_command("round", lambda here, *asked: find_figures(_retention(here), *asked))
)
for _command in COMMANDS:
    linker.add_command(_command)
rounds_group = round_group(
    _retention, "Rounds: offer a key, accept, close, reopen, status, destroy."
)
linker.add_command(rounds_group)


@rounds_group.command("accept")
@click.argument("statement", type=EXISTING)
@click.option("--register", type=EXISTING, required=True)
@click.option("--reference", type=EXISTING, required=True)
@click.option("--out", type=NEW_FILE, required=True, help="The countersigned round.")
@click.pass_obj
def round_accept(here: Here, statement: Path, register: Path, reference: Path, out: Path) -> None:
    """Check a round in every respect, countersign it and open it."""
    accepted = rounds.accept_round(
        here.database,
        here.identity,
        here.keys,
        read_round_files(here.settings, statement, register, reference),
        here.settings.load_agreements(),
        system_clock,
    )
    accepted.save(out)
    body = accepted.read(Kind.ROUND, Round)
    click.echo(f"round {body.round_id} open until {body.closes_on}")


@rounds_group.command("close")
@click.argument("round_id")
@click.option("--without", multiple=True, help="SUPPLIER:SCHEMA that need not be there.")
@click.pass_obj
def round_close(here: Here, round_id: str, without: tuple[str, ...]) -> None:
    """Close a round; every delivery must be there, complete and decided."""
    named = [each.partition(":") for each in without]
    absent = frozenset((supplier, schema) for supplier, _, schema in named)
    rounds.close_round(here.database, round_id, without=absent)
    click.echo(f"round {round_id} closed")


@rounds_group.command("reopen")
@click.argument("round_id")
@click.option(
    "--reason-code",
    type=click.Choice([each.value for each in ReopenReason]),
    required=True,
    help="Stands in the ledger for good.",
)
@click.option("--until", type=DAY, required=True, help="Last day of deliveries, YYYY-MM-DD.")
@click.pass_obj
def round_reopen(here: Here, round_id: str, reason_code: str, until: datetime) -> None:
    """Take deliveries again; then close and link again, for a higher revision."""
    reopen_round(here.database, round_id, ReopenReason(reason_code), until.date())
    click.echo(f"round {round_id} open until {until.date()}")


@rounds_group.command("status")
@click.argument("round_id")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def round_status(here: Here, round_id: str, as_json: bool) -> None:
    """What is expected, received, held and refused."""
    status = rounds.status_on(here.database, round_id, system_clock)
    if as_json:
        click.echo(json.dumps(status))
        return
    click.echo(
        f"round {status['round']}: {status['state']}, open until {status['open_until']}, "
        f"kept until {status['destroy_by']}"
    )
    if status["retention_overdue"]:
        click.echo("  ALARM retention-overdue: run `linker retain`")
    for line in status["matrix"]:
        states = ", ".join(
            f"{each['state']} {each['id']}"
            + (f" ({in_english(each['held_for'])})" if each["held_for"] else "")
            for each in line["deliveries"]
        )
        click.echo(f"  {line['supplier']:<16} {line['schema']:<14} {states or 'expected'}")
    for refusal in status["refusals"]:
        click.echo(f"  refused: {refusal['supplier']} {refusal['code']} {refusal['count']}x")


@linker.command("matrix")
@click.argument("round_id", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def matrix_command(here: Here, round_id: str | None, as_json: bool) -> None:
    """What is expected, received, held, refused and replaced, of one round or of every round."""
    found = matrices(here.database, round_id, system_clock)
    if as_json:
        click.echo(json.dumps([each.document() for each in found]))
        return
    for each in found:
        click.echo("\n".join(as_text(each)))


@linker.command("operator")
@click.pass_obj
def operator_command(here: Here) -> None:
    """Show the operator's pages on this computer only; stops with Ctrl+C."""
    # Imported here: no other command needs the web framework, and each starts faster without.
    from linker.oversight.operator_pages import create_operator_app
    from shared.service.serving import serve

    port = here.settings.operator_port
    click.echo(f"http://localhost:{port}/operator")
    serve(create_operator_app(here.settings), "127.0.0.1", port)


@linker.command("decide")
@click.argument("delivery_id")
@click.option("--accept/--reject", required=True)
@click.pass_obj
def decide(here: Here, delivery_id: str, accept: bool) -> None:
    """Decide a held delivery, or give up an incomplete one."""
    decide_delivery(here.database, delivery_id, accept=accept)
    click.echo("decided")


@linker.command("mirror")
@click.argument("round_id")
@click.option("--supplier", help="Only the deliveries of this party.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def mirror_command(here: Here, round_id: str, supplier: str | None, as_json: bool) -> None:
    """What each supplier can read about its deliveries, and no more than that."""
    found = mirrors.mirrors_of(here.database, here.identity, round_id, supplier)
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in found]))
        return
    for each in found:
        click.echo(f"{each.supplier:<16} {each.schema_name:<14} {each.standing} {each.delivery}")
        if each.rows_received is not None:
            click.echo(f"  received {each.rows_received} rows, refused {each.rows_refused}")
        rate = each.no_match_percent or f"about {each.match_percent} %"
        click.echo(f"  linked: {rate}")
        for refused in each.refused_uploads:
            click.echo(f"  refused uploads: {refused.code} {refused.count}x")


@linker.group("policy")
def policy_group() -> None:
    """The policy: what differs between two versions."""


@policy_group.command("diff")
@click.argument("old", type=EXISTING)
@click.argument("new", type=EXISTING)
def policy_diff(old: Path, new: Path) -> None:
    """Say in plain Dutch what NEW allows that OLD does not, and the other way round."""
    for line in report(load_policy(old).policy, load_policy(new).policy):
        click.echo(line)


@linker.group("outbox")
def outbox_group() -> None:
    """Tallies on their way to the publisher."""


@outbox_group.command("send")
@click.option("--publisher-card", type=EXISTING, required=True)
@click.pass_obj
def outbox_send(here: Here, publisher_card: Path) -> None:
    """Send what the publisher did not acknowledge yet."""
    card = load_card(publisher_card)
    agreements = here.settings.load_agreements().agreements
    check_pinned(card, agreements.fingerprint(card.party, Role.PUBLISHER), role=Role.PUBLISHER)
    connection = outbox.Connection(here.settings.publisher_ca, here.settings.client_certificate)
    sent = outbox.send_pending(here.database, here.settings.publisher_url, card, connection)
    click.echo(f"acknowledged: {', '.join(sent) or 'nothing was pending'}")


def main() -> None:
    """Entry point."""
    run(linker, "linker")
