"""``hasher check``, ``seal`` and ``show``: from files to envelopes; no connection is opened."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shared.cli import PATH
from shared.errors import InputError
from shared.hashing.commands.common import (
    Session,
    Verb,
    dry_run_option,
    is_screen,
    json_option,
    print_json,
)
from shared.hashing.language import tr
from shared.hashing.roles import MAIN_ROLE, OPTION_HELP, ROLE_OPTIONS, FileRole
from shared.round import SchemaName

if TYPE_CHECKING:
    from shared.hashing.delivering.steps import Request, Sealed, Work

SCHEMA = click.Choice([schema.value for schema in SchemaName])
REPORT_KEYS = "schema, sealable, fatal, rows, total, files, counts, findings, not_shown"


def reads_files(command: click.Command) -> click.Command:
    """Add the arguments that say what to read, as one ``Request``."""
    inner = command.callback
    assert inner is not None

    def callback(
        schema: str, round_id: str, files: Sequence[str], profile: str, **others: Any
    ) -> object:
        beside = {role: others.pop(role.value) for role in ROLE_OPTIONS}
        request = make_request(SchemaName(schema), round_id, files, beside, profile)
        return inner(request=request, **others)

    command.callback = callback
    command.params = [
        click.Argument(["schema"], type=SCHEMA, metavar="SOORT"),
        click.Argument(["files"], type=click.UNPROCESSED, nargs=-1, required=True,
                       metavar="BESTANDEN..."),
        click.Option(["--round", "round_id"], required=True, metavar="ID",
                     help="De ronde waarvoor u levert."),
        *(click.Option([option, role.value], type=click.UNPROCESSED, multiple=True,
                       metavar="BESTAND", help=OPTION_HELP[role])
          for role, option in ROLE_OPTIONS.items()),
        click.Option(["--profile"], default="", metavar="PROFIEL",
                     help="Profiel van uw bronsysteem: een naam of een .toml-bestand."),
        *command.params,
    ]  # fmt: skip
    return command


def make_request(
    schema: SchemaName,
    round_id: str,
    files: Sequence[str],
    beside: Mapping[FileRole, Sequence[str]],
    profile: str,
) -> Request:
    """What was asked, with every file that was meant."""
    from shared.hashing.delivering.steps import Request, expand

    roles = {MAIN_ROLE[schema.value]: tuple(files)} | dict(beside)
    by_role = {role: expand(paths, role) for role, paths in roles.items()}
    return Request(schema, round_id, by_role, profile)


@reads_files
@click.command(
    "check",
    cls=Verb,
    examples=(
        "hasher check care/1 toewijzingen.xlsx --declarations declaraties.xlsx --round proef-2027",
        "hasher check enrolment/1 leerlingen-*.csv --links koppelfile.xls --round proef-2027",
    ),
    json_keys=REPORT_KEYS,
)
@click.option("--report", type=PATH, metavar="BESTAND",
              help="Schrijf het verslag ook in dit bestand: .html, .txt of .json.")  # fmt: skip
@json_option
@click.pass_obj
def check(session: Session, request: Request, report: Path | None, as_json: bool) -> None:
    """Controleer bestanden. Er wordt niets verzegeld en niets verstuurd.

    SOORT is care/1 (jeugdhulp), enrolment/1 (leerlingen) of objection/1 (bezwaren).
    """
    from shared.hashing.delivering.steps import begin, write_report

    request.check_output(report)
    with session.bar() as tell:
        work = begin(session.home, request, session.day, tell)
        found = work.preparation.finish()
    if report is not None:
        write_report(found, report)
    if as_json:
        print_json(json.loads(found.to_json()))
    else:
        session.say(found.to_text())
    work.preparation.check_sealable()


@reads_files
@click.command(
    "seal",
    cls=Verb,
    examples=(
        "hasher seal care/1 toewijzingen.csv --round proef-2027 --out verzegeld-care",
        "hasher seal care/1 toewijzingen.csv --round proef-2027 --out verzegeld-care --dry-run",
    ),
    json_keys="round, schema, delivery, supersedes, dry_run, parts [part, file, rows, sha256], "
    "leaves (what leaves the building), report (as check --json)",
)
@click.option("--out", type=PATH, required=True, metavar="MAP",
              help="Nieuwe map, voor de enveloppen.")  # fmt: skip
@click.option("--supersedes", default="", metavar="LEVERING",
              help="De levering die deze vervangt.")  # fmt: skip
@click.option("--report", type=PATH, metavar="BESTAND",
              help="Schrijf het verslag ook in dit bestand: .html, .txt of .json.")  # fmt: skip
@dry_run_option
@json_option
@click.pass_obj
def seal(
    session: Session,
    request: Request,
    out: Path,
    supersedes: str,
    report: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Controleer, pseudonimiseer en verzegel een levering voor de koppelaar.

    Bij de enveloppen komt wat-vertrekt.txt: wat er het gebouw verlaat, voor uw dossier. De eerste
    rijen staan alleen op het scherm.
    """
    from shared.hashing.delivering.packed import check_new_folder
    from shared.hashing.delivering.steps import begin, write_report

    request.check_output(report)
    check_new_folder(out)
    with session.bar() as tell:
        work = begin(session.home, request, session.day, tell)
        sealed, refusal = _attempt(work, out, supersedes, dry_run=dry_run)
    if report is not None and not dry_run:
        write_report(work.preparation.report, report)
    if as_json:
        print_json(_document(work, sealed, supersedes, dry_run=dry_run))
    else:
        session.say(work.preparation.report.to_text())
    if sealed is None:
        assert refusal is not None
        raise refusal
    if not as_json:
        show_sealed(session, sealed, out, dry_run=dry_run)
        remind(session, work)


def _attempt(
    work: Work, out: Path, supersedes: str, *, dry_run: bool
) -> tuple[Sealed | None, InputError | None]:
    """The sealed delivery, or why there is none; what was found is told in both cases."""
    from shared.hashing.delivering.steps import seal as seal_work

    try:
        return seal_work(work, out, supersedes, dry_run=dry_run), None
    except InputError as error:
        return None, error


def show_sealed(session: Session, sealed: Sealed, out: Path, *, dry_run: bool) -> None:
    """Say what leaves, with the first rows, and what was written."""
    from shared.hashing.delivering.showing import page, preview

    for line in page(sealed.leaving):
        session.say(line)
    session.say()
    if is_screen() or sealed.leaving.opened.trusted.body.synthetic:
        session.say(tr("De eerste rijen, met het pseudoniem ingekort (alleen hier op het scherm):"))
        for line in preview(sealed.first):
            session.say(f"  {line}")
    else:
        # What is not a screen is a file, and these are rows of people.
        session.say(tr("De eerste rijen staan alleen op een scherm, niet in een bestand."))
    session.say()
    if dry_run:
        session.say(tr("Proef: er is niets geschreven."))
        return
    for part in sealed.parts:
        session.say(f"{part.path.name}: sha256 {part.sha256}")
    session.say(
        tr("Verzegeld in {folder}; aantal delen: {n}. Versturen: hasher send {folder} --to ADRES",
           n=len(sealed.parts), folder=str(out))
    )  # fmt: skip


def remind(session: Session, work: Work) -> None:
    """Remind of a list of objections that was not sealed for this round yet."""
    from shared.hashing.delivering.objecting import reminder
    from shared.hashing.delivering.own_list import load_own_list

    if work.request.schema is not SchemaName.OBJECTION:
        own = load_own_list(session.home.folder, work.identity)
        if text := reminder(own, work.opened, work.identity.party):
            session.warn(text)


def _document(
    work: Work, sealed: Sealed | None, supersedes: str, *, dry_run: bool
) -> dict[str, Any]:
    """What was sealed, or why nothing was, for machines."""
    from shared.hashing.delivering.showing import page_document

    parts = sealed.parts if sealed else ()
    return {
        "round": work.request.round_id,
        "schema": work.request.schema.value,
        "delivery": sealed.delivery if sealed else "",
        "supersedes": supersedes,
        "dry_run": dry_run,
        "parts": [
            {"part": number, "file": part.path.name, "rows": part.rows, "sha256": part.sha256}
            for number, part in enumerate(parts, start=1)
        ],
        "leaves": page_document(sealed.leaving) if sealed else None,
        "report": json.loads(work.preparation.report.to_json()),
    }


@click.command(
    "show",
    cls=Verb,
    examples=("hasher show verzegeld-care", "hasher show verzegeld-care/care-1-1a2b3c4d-0001.moj"),
    json_keys="envelopes [every field of the public header, bytes, sha256]",
)
@click.argument("path", type=click.Path(path_type=Path, exists=True), metavar="MAP-OF-ENVELOP")
@json_option
@click.pass_obj
def show(session: Session, path: Path, as_json: bool) -> None:
    """Toon in woorden wat een verzegeld bestand is, of alle delen in een map."""
    from shared.hashing.delivering.packed import load_header, parts_in
    from shared.hashing.delivering.showing import describe, header_document

    headers = [each.header for each in parts_in(path)] if path.is_dir() else [load_header(path)]
    if as_json:
        print_json({"envelopes": [header_document(header) for header in headers]})
        return
    for number, header in enumerate(headers):
        if number:
            session.say()
        for line in describe(header):
            session.say(line)
