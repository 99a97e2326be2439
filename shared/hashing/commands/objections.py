"""``hasher object``: objections of people, on the supplier's own sealed list.

A number is never given on the command line: it would stay in the history of the terminal.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from shared.cli import PATH
from shared.errors import InputError
from shared.hashing.commands.common import (
    Session,
    Verb,
    dry_run_option,
    is_interactive,
    json_option,
    print_json,
    round_option,
)
from shared.hashing.language import tr


class ObjectGroup(click.Group):
    """``hasher object`` without a verb adds; what is no verb is refused without repeating it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``add`` before arguments that do not start with a verb."""
        own = {*self.commands, *self.get_help_option_names(ctx)}
        return super().parse_args(ctx, args if args and args[0] in own else ["add", *args])


@click.group("object", cls=ObjectGroup)
def object_() -> None:
    """Bezwaren van ouders en kinderen: uw eigen, verzegelde lijst.

    Wie bezwaar maakt, telt nergens meer mee: ook niet in leveringen van anderen. Zet een nummer op
    de lijst en verzegel de lijst in elke ronde opnieuw. De lijst ligt verzegeld in uw eigen map;
    alleen u kunt haar openen.
    """


@object_.command(
    "add",
    cls=Verb,
    examples=("hasher object add --round achterhoek-2027", "hasher object add --from-stdin"),
)
@click.option(
    "--round",
    "round_id",
    default="",
    metavar="ID",
    help="De ronde waarvoor u de lijst daarna wilt verzegelen.",
)
@click.option("--from-stdin", is_flag=True, help="Lees de nummers van stdin, één op elke regel.")
@click.argument("given", nargs=-1, type=click.UNPROCESSED, metavar="")
@dry_run_option
@click.pass_obj
def add(
    session: Session, round_id: str, from_stdin: bool, given: tuple[str, ...], dry_run: bool
) -> None:
    """Zet iemand op de lijst. Het programma vraagt om het nummer; u ziet niet wat u typt."""
    from shared.hashing.delivering.objecting import check_expects_objections
    from shared.hashing.delivering.own_list import load_own_list, save_own_list

    _check_nothing_given(given)
    home, identity = session.home, session.home.identity()
    own = load_own_list(home.folder, identity)
    if round_id:
        check_expects_objections(home.open_round(round_id, session.day), identity.party)
    longer = own
    for number in _numbers(from_stdin=from_stdin, twice=True):
        longer = longer.with_number(number, session.day)
    added = len(longer.entries) - len(own.entries)
    if dry_run:
        session.say(tr("Proef: er is niets geschreven. Er zouden bij komen: {n}.", n=added))
        return
    if added:
        save_own_list(home.folder, longer, identity)
        session.say(tr("Toegevoegd. Aantal op uw lijst: {n}.", n=len(longer.entries)))
    else:
        session.say(tr("Stond al op uw lijst. Er is niets veranderd."))
    each = round_id or tr("RONDE")
    session.say(
        tr("Verzegel de lijst nu: hasher object seal --round {round_id} --out MAP", round_id=each)
    )


@object_.command("remove", cls=Verb, examples=("hasher object remove",))
@click.option("--from-stdin", is_flag=True, help="Lees de nummers van stdin, één op elke regel.")
@click.argument("given", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_obj
def remove(session: Session, from_stdin: bool, given: tuple[str, ...]) -> None:
    """Haal iemand van de lijst, die het bezwaar intrekt. Het programma vraagt om het nummer."""
    from shared.hashing.delivering.own_list import load_own_list, save_own_list

    _check_nothing_given(given)
    home, identity = session.home, session.home.identity()
    own = load_own_list(home.folder, identity)
    for number in _numbers(from_stdin=from_stdin, twice=False):
        own = own.without_number(number)
    save_own_list(home.folder, own, identity)
    session.say(tr("Van de lijst gehaald. Aantal op uw lijst: {n}.", n=len(own.entries)))
    session.say(
        tr("Verzegelde u de lijst al in deze ronde? Verzegel en verstuur haar dan opnieuw.")
    )


@object_.command(
    "list",
    cls=Verb,
    examples=("hasher object list",),
    json_keys="count, added_on, sealed [round, on, current, sent]",
)
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """Toon hoeveel mensen op de lijst staan en wanneer zij erbij kwamen; nooit wie."""
    from shared.hashing.delivering.own_list import load_own_list

    own = load_own_list(session.home.folder, session.home.identity())
    days = [entry.added_on.isoformat() for entry in own.entries]
    sealed = [
        {
            "round": once.round_id,
            "on": once.sealed_on.isoformat(),
            "current": once.version == own.version,
            "sent": once.sent,
        }
        for once in own.sealed
    ]
    if as_json:
        print_json({"count": len(days), "added_on": days, "sealed": sealed})
        return
    session.say(tr("Aantal op uw lijst: {n}.", n=len(days)))
    for day in days:
        session.say(tr("  erbij gekomen op {day}", day=day))
    for once in own.sealed:
        session.say(
            tr(
                "  verzegeld voor ronde {round_id} op {day}",
                round_id=once.round_id,
                day=once.sealed_on.isoformat(),
            )
            + (f" ({tr('verstuurd')})" if once.sent else "")
        )


@object_.command(
    "seal",
    cls=Verb,
    examples=("hasher object seal --round achterhoek-2027 --out verzegeld-bezwaren",),
    json_keys="round, delivery, supersedes, files, dry_run",
)
@round_option
@click.option("--out", type=PATH, required=True, metavar="MAP", help="Nieuwe map, voor de envelop.")
@click.option(
    "--supersedes",
    metavar="LEVERING",
    help="De levering die deze vervangt. Zonder deze optie: wat u het laatst verstuurde.",
)
@dry_run_option
@json_option
@click.pass_obj
def seal(
    session: Session,
    round_id: str,
    out: Path,
    supersedes: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Verzegel de lijst voor een ronde. Doe dit in elke ronde, ook als er niets veranderde."""
    from shared.hashing.delivering.objecting import check_expects_objections, seal_own_list
    from shared.hashing.delivering.own_list import load_own_list
    from shared.hashing.delivering.packed import check_new_folder

    home, identity = session.home, session.home.identity()
    opened = home.open_round(round_id, session.day)
    check_expects_objections(opened, identity.party)
    body = {"round": round_id, "delivery": "", "supersedes": "", "files": [], "dry_run": dry_run}
    if dry_run:
        own = load_own_list(home.folder, identity)
        check_new_folder(out)
        body["supersedes"] = own.last_sent(round_id) if supersedes is None else supersedes
        said = tr("Proef: er is niets geschreven. De lijst zou worden verzegeld.")
    else:
        made = seal_own_list(home, opened, out, supersedes, session.day)
        body |= {"delivery": made.delivery, "supersedes": made.supersedes}
        body["files"] = list(made.file_names)
        said = tr(
            "De lijst is verzegeld in {folder}. Versturen: hasher send {folder} --to ADRES",
            folder=str(out),
        )
    if as_json:
        print_json(body)
        return
    session.say(said)
    if body["supersedes"]:
        session.say(tr("Deze levering vervangt {delivery}.", delivery=str(body["supersedes"])))


def _check_nothing_given(given: tuple[str, ...]) -> None:
    """Refuse anything on the command line that could be a number, without repeating it.

    Raises:
        InputError: ``number-on-command-line``.
    """
    if given:
        raise InputError(
            "number-on-command-line",
            "expected no number on the command line, found something there",
            hint="give the command without it: you will be asked. Clear the history of this window",
        )


def _numbers(*, from_stdin: bool, twice: bool) -> list[str]:
    """The numbers that a person typed unseen, or that a program wrote, normalised.

    Raises:
        InputError: ``number-needs-terminal`` or ``number-…``.
    """
    if not from_stdin and not is_interactive():
        raise InputError(
            "number-needs-terminal",
            "expected a person at a terminal, or --from-stdin",
            hint="give the command in a terminal, or send the numbers to it with --from-stdin",
        )
    # Loaded here: it brings Arrow along, and --help does without.
    from shared.hashing.normalise import normalise

    if not from_stdin:
        return [normalise(_ask_unseen(twice=twice))]
    lines = sys.stdin.read().splitlines()
    return [normalise(line) for line in lines if line.strip()]


def _ask_unseen(*, twice: bool) -> str:
    """What a person types unseen; where asked twice, until it is the same."""
    while True:
        typed = str(click.prompt(tr("BSN (u ziet niet wat u typt)"), hide_input=True, err=True))
        if not twice or typed == click.prompt(tr("Nog een keer"), hide_input=True, err=True):
            return typed
        click.echo(tr("Dat was niet twee keer hetzelfde. Typ het nummer opnieuw."), err=True)
