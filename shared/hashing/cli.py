"""The supplier's command line: check, seal, show, send, receipt, and the keys behind them.

Berichten zijn in het Nederlands: dit is het gereedschap van de gemeente.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from shared import __version__
from shared.cli import EXISTING, PATH, ledger_verify_command, run
from shared.clock import system_clock, today
from shared.envelope import read_header
from shared.errors import InputError, PolicyError
from shared.files import read_file, write_whole
from shared.hashing.cli_keys import key
from shared.hashing.home import Home, OpenRound, default_folder
from shared.hashing.prepare import Prepared, prepare, pseudonymise
from shared.hashing.profile import Profile, load_profile, shipped_profile
from shared.hashing.roles import FileRole
from shared.hashing.sealing import seal_delivery
from shared.hashing.sending import fetch_receipt, parts_in, send
from shared.hashing.showing import describe, preview
from shared.receipt import Outcome, Receipt
from shared.round import SchemaName

PROFILES = {
    SchemaName.ENROLMENT: "duo-leerplicht",
    SchemaName.CARE: "ijw-jeugdhulp",
    SchemaName.OBJECTION: "bezwaren",
}
ROLE_OF_SCHEMA = {
    SchemaName.ENROLMENT: FileRole.PUPILS,
    SchemaName.CARE: FileRole.ASSIGNMENTS,
    SchemaName.OBJECTION: FileRole.OBJECTIONS,
}
OUTCOMES = {
    Outcome.PART_STORED: "ontvangen; er komen nog delen",
    Outcome.DELIVERY_CURRENT: "ontvangen en in orde",
    Outcome.DELIVERY_HELD: "ontvangen; de koppelaar kijkt er eerst naar",
    Outcome.ACCEPTED: "aangenomen",
    Outcome.TALLY_STORED: "ontvangen",
}
SCHEMA = click.Choice([schema.value for schema in SchemaName])


@click.group(help=__doc__)
@click.version_option(__version__, prog_name="hasher")
@click.option("--home", "folder", type=PATH, default=default_folder, help="Uw eigen map.")
@click.pass_context
def hasher(context: click.Context, folder: Path) -> None:
    """Hold the home folder for the commands."""
    context.obj = Home(folder)


hasher.add_command(key)


@hasher.group("ledger")
def ledger() -> None:
    """Het logboek van een dienst: controleer een kopie, zonder verbinding."""


ledger.add_command(ledger_verify_command)


@dataclass(frozen=True, slots=True)
class Request:
    """What ``check`` and ``seal`` are asked to read."""

    schema: SchemaName
    round_id: str
    files: tuple[Path, ...]
    declarations: tuple[Path, ...]
    profile: str

    def load_profile(self) -> Profile:
        """The profile of the source system: a shipped name or a file."""
        name = self.profile or PROFILES[self.schema]
        return load_profile(Path(name)) if name.endswith(".toml") else shipped_profile(name)

    def by_role(self) -> dict[str, list[Path]]:
        """The files by what they are for."""
        roles = {ROLE_OF_SCHEMA[self.schema].value: list(self.files)}
        if self.declarations:
            roles[FileRole.DECLARATIONS.value] = list(self.declarations)
        return roles


def reads_files(command: click.Command) -> click.Command:
    """Add the options that say what to read, as one ``Request``."""
    inner = command.callback
    assert inner is not None

    def callback(
        schema: str,
        round_id: str,
        files: tuple[Path, ...],
        declarations: tuple[Path, ...],
        profile: str,
        **others: object,
    ) -> object:
        request = Request(SchemaName(schema), round_id, files, declarations, profile)
        return inner(request=request, **others)

    command.callback = callback
    command.params = [
        click.Argument(["schema"], type=SCHEMA),
        click.Argument(["files"], type=EXISTING, nargs=-1, required=True),
        click.Option(["--round", "round_id"], required=True, help="De ronde waarvoor u levert."),
        click.Option(["--declarations"], type=EXISTING, multiple=True,
                     help="Declaraties bij de toewijzingen."),
        click.Option(["--profile"], default="", help="Profiel (naam of .toml-bestand)."),
        *command.params,
    ]  # fmt: skip
    return command


def _prepare(home: Home, request: Request) -> tuple[OpenRound, Prepared]:
    """Read and check the files under the round's own terms, with a progress bar."""
    opened = home.open_round(request.round_id, today(system_clock))
    body, party = opened.trusted.body, home.identity().party
    municipalities = body.supplier(party).municipalities(request.schema)
    if municipalities is None:
        raise PolicyError(
            "schema-not-expected",
            f"expected from {party} only what the round names, found {request.schema.value}",
            hint="vraag sleutelbeheer wat uw organisatie in deze ronde levert",
        )
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("lezen", total=None)

        def show(step: str, done: int, steps: int) -> None:
            bar.update(task, description=step, completed=done, total=steps)

        prepared = prepare(
            request.schema.value,
            request.by_role(),
            request.load_profile(),
            body.periods,
            municipalities,
            show,
        )
    return opened, prepared


@reads_files
@hasher.command("check")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(home: Home, request: Request, as_json: bool) -> None:
    """Controleer bestanden zonder iets te schrijven of te versturen."""
    _opened, prepared = _prepare(home, request)
    click.echo(prepared.report.to_json() if as_json else prepared.report.to_text())
    prepared.check_sealable()


@reads_files
@hasher.command("seal")
@click.option("--out", type=PATH, required=True, help="Map voor de verzegelde levering.")
@click.option("--supersedes", default="", help="De levering die deze vervangt.")
@click.option("--report", type=PATH, help="Schrijf het controlerapport ook als JSON.")
@click.pass_obj
def seal(home: Home, request: Request, out: Path, supersedes: str, report: Path | None) -> None:
    """Controleer, pseudonimiseer en verzegel een levering voor de koppelaar."""
    opened, prepared = _prepare(home, request)
    click.echo(prepared.report.to_text())
    if report is not None:
        write_whole(report, prepared.report.to_json().encode(), replace=True)
    table = pseudonymise(prepared, opened.key.reveal())
    click.echo("Dit verlaat het gebouw (eerste rijen, pseudoniem ingekort):")
    for line in preview(table):
        click.echo(f"  {line}")
    parts = seal_delivery(
        table, request.schema, opened, home.identity(), out, supersedes=supersedes
    )
    for part in parts:
        click.echo(f"{part.path.name}: sha256 {part.sha256}")
    click.echo(f"{len(parts)} deel/delen in {out.name}; versturen: hasher send {out.name} --to …")


@hasher.command("show")
@click.argument("envelope", type=EXISTING)
def show(envelope: Path) -> None:
    """Toon in woorden wat een verzegeld bestand is en aan wie het is."""
    for line in describe(read_header(read_file(envelope, "an envelope"))):
        click.echo(line)


@hasher.command("send")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--to", "url", required=True, help="Adres van de koppelaar.")
@click.option("--confirm", default="", help="Eerste tekens van de sha256 van het laatste deel.")
@click.pass_obj
def send_command(home: Home, folder: Path, url: str, confirm: str) -> None:
    """Verstuur de delen in een map en bewaar de ontvangstbewijzen ernaast."""
    parts = parts_in(folder)
    last = parts[-1].header
    _confirm(confirm or click.prompt("Eerste 8 tekens van de sha256 van het laatste deel"),
             last.sha256)  # fmt: skip
    opened = home.open_round(last.context.round_id, today(system_clock))
    card = opened.trusted.linker_offer.card
    with click.progressbar(parts, label="versturen") as bar:
        receipts = send(bar, url.rstrip("/"), card)
    for receipt in receipts:
        click.echo(_line(receipt))


def _confirm(given: str, digest: str) -> None:
    if len(given) < 8 or not digest.startswith(given):
        raise InputError(
            "not-confirmed",
            "expected the first 8 or more characters of the hash of the last part, got others",
            hint="lees ze af met `hasher show` en vergelijk ze met uw formulier",
        )


@hasher.command("receipt")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--to", "url", required=True, help="Adres van de koppelaar.")
@click.pass_obj
def receipt_command(home: Home, folder: Path, url: str) -> None:
    """Vraag de koppelaar naar de ontvangstbewijzen van een levering."""
    for packed in parts_in(folder):
        opened = home.open_round(packed.header.context.round_id, today(system_clock))
        card = opened.trusted.linker_offer.card
        click.echo(_line(fetch_receipt(url.rstrip("/"), packed.header, card)))


def _line(receipt: Receipt) -> str:
    rows = f", {receipt.rows} rijen" if receipt.rows else ""
    return (
        f"{receipt.schema_name} deel {receipt.part}: {OUTCOMES[receipt.outcome]}{rows}; "
        f"levering {receipt.delivery}; logboek {receipt.ledger_seq} {receipt.ledger_sha256[:16]}…"
    )


def main() -> None:
    """Entry point."""
    run(hasher, "hasher")
