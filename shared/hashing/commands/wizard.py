"""All steps of a delivery in conversation: round, files, check, seal, show, send, receipt.

It asks and calls what the commands call; it decides nothing itself. Every question has an answer
to start from, and Ctrl+C leaves at any moment with nothing half-done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shared.errors import MonitorError
from shared.hashing.commands.common import Session, Verb, ask_number
from shared.hashing.commands.deliver import remind, show_sealed
from shared.hashing.commands.send import deliver, look_back, receipt_line, summary
from shared.hashing.language import tr
from shared.hashing.roles import MAIN_ROLE, ROLE_OPTIONS, FileRole
from shared.round import SchemaName

if TYPE_CHECKING:
    from shared.hashing.custody.home import OpenRound
    from shared.hashing.delivering.steps import Request, Work

SOURCE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsb", ".xlsm", ".ods")
NEW_TRIES = 1_000
_LONG_NUMBER = re.compile(r"[0-9](?:[ .-]?[0-9]){7,}")
_NAMES = {
    role: re.compile(words, re.IGNORECASE)
    for role, words in {
        FileRole.ASSIGNMENTS: "toewijz|jeugdhulp|beleidsinformatie",
        FileRole.DECLARATIONS: "declar",
        FileRole.STARTS: "start|stop|305|307",
        FileRole.PGB: "pgb|budget",
        FileRole.PUPILS: "leerling|duo|inschrijv",
        FileRole.LINKS: "koci|koppel",
        FileRole.OBJECTIONS: "bezwaar|bezwaren",
    }.items()
}
"""How people tend to name their files; only to propose an answer."""
"""What could be the number of a person in the name of a file."""


@click.command("wizard", cls=Verb, examples=("hasher", "hasher wizard"))
@click.pass_obj
def wizard(session: Session) -> None:
    """Loop alle stappen van een levering langs, met vragen. U kunt altijd stoppen met Ctrl+C."""
    session.say(tr("Welkom. Elke vraag heeft een antwoord tussen haken; Enter neemt dat over."))
    session.say(tr("Stoppen kan altijd met Ctrl+C. Er gaat niets weg zonder uw akkoord."))
    opened = _choose_round(session)
    if opened is None:
        return
    schema = _choose_schema(session, opened)
    request = _choose_files(session, opened, schema)
    work = _check(session, request)
    while work is None:
        if not _yes(tr("Hebt u de bestanden hersteld en opgeslagen? Dan kijk ik opnieuw.")):
            session.say(tr("Goed. Kom terug als de bestanden klaar zijn; er is niets geschreven."))
            return
        work = _check(session, request)
    out = _seal(session, work)
    if out is not None:
        _send(session, out, opened)


def _choose_round(session: Session) -> OpenRound | None:
    """The round to deliver for; None where there is none, with what to do first."""
    home = session.home
    rounds = [each for each in home.rounds() if (home.round_folder(each) / "grant.moj").exists()]
    if not rounds:
        session.say(tr("Er is nog geen ronde ingelezen. Doe eerst, in deze volgorde:"))
        for line in (
            "hasher key identity --party … --name … --organisation … --card …",
            "hasher key pin --key-office … --linker … --publisher … --agreement …",
            "hasher key import --round … --register … --policy … --grant …",
        ):
            session.say(f"  {line}")
        session.say(tr("Uw sleutelbeheerder geeft u wat u daarvoor nodig hebt."))
        return None
    number = _pick(session, tr("Welke ronde?"), rounds, len(rounds))
    opened = home.open_round(rounds[number], session.day)
    session.say(
        tr("Ronde {round_id}: open tot en met {day}; de ijking klopt.",
           round_id=rounds[number], day=opened.trusted.body.closes_on.isoformat())
    )  # fmt: skip
    return opened


def _choose_schema(session: Session, opened: OpenRound) -> SchemaName:
    """What to deliver, of what the round expects from this party."""
    party = session.home.identity().party
    expected = [item.schema_name for item in opened.trusted.body.supplier(party).expected]
    words = {
        SchemaName.CARE: tr("jeugdhulp (care/1)"),
        SchemaName.ENROLMENT: tr("leerlingen (enrolment/1)"),
        SchemaName.OBJECTION: tr("bezwaren uit een bestand (objection/1)"),
    }
    labels = [words[schema] for schema in expected]
    return expected[_pick(session, tr("Wat wilt u leveren?"), labels, 1)]


def _choose_files(session: Session, opened: OpenRound, schema: SchemaName) -> Request:
    """The files of the delivery, by their numbers in a listing of a folder."""
    from shared.hashing.delivering.steps import PROFILES, Request

    while True:
        profile = click.prompt(
            tr("Welk profiel? (naam, of een .toml-bestand van uzelf)"),
            default=PROFILES[schema],
            err=True,
        )
        request = Request(schema, opened.trusted.body.round_id, {}, profile)
        try:
            roles = request.load_profile().files
            break
        except MonitorError as error:
            _tell(error)
    listed = _list_folder(session)
    main = MAIN_ROLE[schema.value]
    files = {main: _ask_files(main, listed, default=_by_name(main, listed) or "1")}
    for role in ROLE_OPTIONS:
        if role in roles:
            found = _by_name(role, listed) or "0"
            files[role] = _ask_files(role, listed, default=found, none=True)
    return Request(schema, request.round_id, files, profile)


def _list_folder(session: Session) -> list[Path]:
    """The source files of a folder, on the screen with a number before each."""
    while True:
        folder = Path(click.prompt(tr("In welke map staan de bestanden?"), default=".", err=True))
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        files = [path for path in found if path.suffix.lower() in SOURCE_SUFFIXES]
        if files:
            break
        session.say(tr("Daar staan geen CSV- of Excel-bestanden. Kies een andere map."))
    for number, path in enumerate(files, start=1):
        session.say(f"  {number:>2}  {_LONG_NUMBER.sub('…', path.name)}")
    return files


def _by_name(role: FileRole, listed: Sequence[Path]) -> str:
    """The numbers of the files whose names say that they are of this role; often empty."""
    words = _NAMES[role]
    places = [k for k, path in enumerate(listed, start=1) if words.search(path.name)]
    return ",".join(str(place) for place in places)


def _ask_files(
    role: FileRole, listed: Sequence[Path], default: str, *, none: bool = False
) -> tuple[Path, ...]:
    """The files of one role, by number; 0 is none."""
    question = tr("Welke nummers zijn {role}? (met komma's)", role=role.label)
    if none:
        question = tr("Welke nummers zijn {role}? (met komma's; 0 is geen)", role=role.label)
    while True:
        typed = str(click.prompt(question, default=default, err=True))
        numbers = [part.strip() for part in typed.split(",")]
        if none and numbers == ["0"]:
            return ()
        if all(part.isascii() and part.isdigit() for part in numbers):
            chosen = [int(part) for part in numbers]
            if all(1 <= number <= len(listed) for number in chosen):
                return tuple(dict.fromkeys(listed[number - 1] for number in chosen))
        click.echo(tr("Typ nummers uit de lijst."), err=True)


def _check(session: Session, request: Request) -> Work | None:
    """The report of a check; a delivery that can be sealed, or None."""
    from shared.hashing.delivering.steps import begin

    session.say(tr("Controleren…"))
    with session.bar() as tell:
        work = begin(session.home, request, session.day, tell)
        report = work.preparation.finish()
    session.say(report.to_text())
    return None if report.fatal else work


def _seal(session: Session, checked: Work) -> Path | None:
    """Show what would leave, ask, and seal; the folder, or None where the answer is no."""
    from shared.hashing.delivering.steps import begin
    from shared.hashing.delivering.steps import seal as seal_work

    request = checked.request
    if not _yes(tr("Verzegelen?")):
        return None
    out = _ask_new_folder(request)
    supersedes = str(
        click.prompt(
            tr("Vervangt dit een eerdere levering? Typ dan haar nummer"),
            default="", show_default=False, err=True,
        )
    )  # fmt: skip
    with session.bar() as tell:
        work = begin(session.home, request, session.day, tell)
        sealed = seal_work(work, out, supersedes.strip())
    show_sealed(session, sealed, out, dry_run=False)
    remind(session, work)
    return out


def _ask_new_folder(request: Request) -> Path:
    """A folder for the envelopes that is new or empty."""
    from shared.hashing.delivering.packed import check_new_folder

    while True:
        question, proposed = tr("In welke nieuwe map?"), _new_folder(request)
        out = Path(click.prompt(question, default=proposed, err=True))
        try:
            check_new_folder(out)
        except MonitorError as error:
            _tell(error)
        else:
            return out


def _new_folder(request: Request) -> str:
    """A name for a folder that is not there yet."""
    name = f"verzegeld-{request.schema.value.partition('/')[0]}"
    tries = (name, *(f"{name}-{number}" for number in range(2, NEW_TRIES)))
    return next(each for each in tries if not Path(each).exists())


def _send(session: Session, folder: Path, opened: OpenRound) -> None:
    """Ask, send and say what came back."""
    from shared.hashing.delivering.connection import check_address
    from shared.hashing.delivering.mirroring import describe
    from shared.hashing.delivering.packed import check_confirmed, parts_in

    if not _yes(tr("Laat de pagina hierboven zien aan wie moet meekijken. Nu versturen?"), no=True):
        session.say(
            tr("Goed. Later versturen: hasher send {folder} --to ADRES", folder=str(folder))
        )
        return
    parts = parts_in(folder)
    while True:
        url = str(
            click.prompt(
                tr("Adres van de koppelaar (https://…)"), default=session.home.address(), err=True
            )
        )
        typed = str(
            click.prompt(tr("Eerste 8 tekens van de sha256 van het laatste deel"), err=True)
        )
        try:
            address = check_address(url)
            check_confirmed(typed, parts)
            done = deliver(session, parts, address, opened)
            _done, mirror = look_back(parts, address, opened)
            break
        except MonitorError as error:
            _tell(error)
            if not _yes(tr("Nog een keer proberen?")):
                session.say(
                    tr("De enveloppen blijven liggen. Later: hasher send {folder} --to ADRES",
                       folder=str(folder))
                )  # fmt: skip
                return
    for each in done:
        session.say(receipt_line(each.receipt))
    session.say(summary(done))
    for line in describe(mirror):
        session.say(line)
    session.home.remember_address(address)


def _tell(error: MonitorError) -> None:
    from shared.hashing.explaining import explain_error

    text, hint = explain_error(error)
    click.echo(f"{error.code}: {text}", err=True)
    if hint:
        click.echo(f"  → {hint}", err=True)


def _pick(session: Session, question: str, choices: Sequence[str], default: int) -> int:
    """The place of what was chosen, from 0."""
    for number, choice in enumerate(choices, start=1):
        session.say(f"  {number:>2}  {choice}")
    return ask_number(question, 1, len(choices), default) - 1


def _yes(question: str, *, no: bool = False) -> bool:
    """Whether the answer is yes; ``j`` and ``y`` both are."""
    words = tr("[j/N]") if no else tr("[J/n]")
    typed = str(click.prompt(f"{question} {words}", default="", show_default=False, err=True))
    answer = typed.strip().lower()[:1]
    return answer in {"j", "y"} if answer else not no
