"""The operator's command line of the linker; it parses, calls and prints, and holds no rule."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from linker import outbox, rounds, tallying
from linker.deliveries import decide_delivery
from linker.linkage.database import EngineSettings
from linker.retention import Retention
from linker.settings import Settings
from shared.cli import EXISTING, NEW_FILE, PATH, run
from shared.clock import system_clock
from shared.files import read_file
from shared.identity import Role, check_pinned, load_card
from shared.round import Round
from shared.service.commands import Installation, service_group
from shared.state.round_acceptance import RoundFiles, make_offer
from shared.statement import Kind, Statement

Here = Installation[Settings]

linker = service_group("linker", __doc__, Settings, (Role.LINKER,))


@linker.group("round")
def round_group() -> None:
    """Rounds: offer a key, accept, close, status, destroy."""


@round_group.command("offer")
@click.argument("round_id")
@click.option("--out", type=NEW_FILE, required=True)
@click.pass_obj
def round_offer(here: Here, round_id: str, out: Path) -> None:
    """Make this round's key and offer its public half to the key office."""
    offer = make_offer(here.identity, here.keys, round_id, system_clock)
    offer.save(out)
    click.echo(f"offer for {round_id} in {out.name}")


@round_group.command("accept")
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
        RoundFiles(
            statement=Statement.load(statement),
            register=Statement.load(register),
            reference=read_file(reference, "a reference bundle"),
            policy=read_file(here.settings.policy, "a policy"),
        ),
        here.settings.load_agreements(),
        system_clock,
    )
    accepted.save(out)
    body = accepted.read(Kind.ROUND, Round)
    click.echo(f"round {body.round_id} open until {body.closes_on}")


@round_group.command("close")
@click.argument("round_id")
@click.option("--without", multiple=True, help="SUPPLIER:SCHEMA that need not be there.")
@click.pass_obj
def round_close(here: Here, round_id: str, without: tuple[str, ...]) -> None:
    """Close a round; every delivery must be there, complete and decided."""
    named = [each.partition(":") for each in without]
    absent = frozenset((supplier, schema) for supplier, _, schema in named)
    rounds.close_round(here.database, round_id, without=absent)
    click.echo(f"round {round_id} closed")


@round_group.command("status")
@click.argument("round_id")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def round_status(here: Here, round_id: str, as_json: bool) -> None:
    """What is expected, received, held and refused."""
    status = rounds.status_on(here.database, round_id, system_clock)
    if as_json:
        click.echo(json.dumps(status))
        return
    click.echo(f"round {status['round']}: {status['state']}, closes on {status['closes_on']}")
    for line in status["matrix"]:
        states = ", ".join(
            f"{each['state']} {each['id']}" + (f" ({each['held_for']})" if each["held_for"] else "")
            for each in line["deliveries"]
        )
        click.echo(f"  {line['supplier']:<16} {line['schema']:<14} {states or 'expected'}")
    for refusal in status["refusals"]:
        click.echo(f"  refused: {refusal['supplier']} {refusal['code']} {refusal['count']}x")


@round_group.command("destroy")
@click.argument("round_id")
@click.option("--reason", required=True)
@click.option("--key-lost", is_flag=True, help="The key was lost before; the statement says so.")
@click.option("--out", type=NEW_FILE, required=True, help="The destruction statement.")
@click.confirmation_option(prompt="The round's key and rows will be gone for good. Continue?")
@click.pass_obj
def round_destroy(here: Here, round_id: str, reason: str, key_lost: bool, out: Path) -> None:
    """Destroy a round's key and rows now, before its term."""
    retention = Retention(here.database, here.keys, here.identity)
    retention.destroy(round_id, reason, key_lost=key_lost).save(out)
    click.echo(f"round {round_id} destroyed")


@linker.command("decide")
@click.argument("delivery_id")
@click.option("--accept/--reject", required=True)
@click.pass_obj
def decide(here: Here, delivery_id: str, accept: bool) -> None:
    """Decide a held delivery, or give up an incomplete one."""
    decide_delivery(here.database, delivery_id, accept=accept)
    click.echo("decided")


@linker.command("link")
@click.argument("round_id")
@click.pass_obj
def link_command(here: Here, round_id: str) -> None:
    """Link a closed round and queue its tally for the publisher."""
    settings = EngineSettings(
        memory_limit_mb=here.settings.memory_limit_mb, threads=here.settings.threads
    )
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("open", total=None)

        def show(step: str, done: int, steps: int) -> None:
            bar.update(task, description=step, completed=done, total=steps)

        tally = tallying.make_tally(
            here.database, here.identity, here.keys, round_id, settings, show
        )
        bar.update(task, description="linked", total=1, completed=1)
    header = tally.header
    click.echo(f"tally of {round_id} revision {header.revision}: {tally.cells.num_rows} cells")
    for quality in header.quality:
        linked = "-" if quality.linked_percent is None else f"{quality.linked_percent} %"
        click.echo(
            f"  {quality.supplier:<16} {quality.schema_name:<14} {quality.rows:>8} rows  "
            f"linked {linked:>5}  not linkable {quality.not_linkable}  "
            f"duplicates {quality.duplicates}  unknown schools {quality.unknown_schools}"
        )
    click.echo(f"  children claimed by two municipalities: {header.double_claims}")


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
    sent = outbox.send_pending(here.database, here.settings.publisher_url, card)
    click.echo(f"acknowledged: {', '.join(sent) or 'nothing was pending'}")


@linker.command("retain")
@click.option("--statements", type=PATH, required=True, help="Folder for destruction statements.")
@click.option("--confirm-clock", is_flag=True)
@click.pass_obj
def retain(here: Here, statements: Path, confirm_clock: bool) -> None:
    """Destroy every round whose retention term was reached."""
    retention = Retention(here.database, here.keys, here.identity)
    statements.mkdir(parents=True, exist_ok=True)
    done = 0
    for statement in retention.retain(system_clock(), clock_confirmed=confirm_clock):
        statement.save(statements / f"destruction-{statement.sha256[:16]}.json")
        done += 1
    click.echo(f"destroyed: {done}")


def main() -> None:
    """Entry point."""
    run(linker, "linker")
