"""``hasher profile`` and ``hasher duo``: what source files look like, and how to ask for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shared.cli import EXISTING, PATH
from shared.errors import InputError
from shared.files import write_whole
from shared.hashing.commands.common import Session, Verb, ask_number, is_interactive
from shared.hashing.language import tr
from shared.hashing.roles import MAIN_ROLE, FileRole

if TYPE_CHECKING:  # what is slow to load is loaded by the verb that needs it
    from shared.hashing.systems.draft_toml import Sketch
    from shared.hashing.systems.drafting import Drafted

_TWINS = {
    "submitted_eur": "submitted_cents",
    "submitted_cents": "submitted_eur",
    "granted_eur": "granted_cents",
    "granted_cents": "granted_eur",
    "paid_eur": "paid_cents",
    "paid_cents": "paid_eur",
}
"""The same amount in the other unit."""


@click.group("profile")
def profile() -> None:
    """Profielen: hoe de kolommen van uw bronsysteem heten en wat de codes betekenen."""


@profile.command("list", cls=Verb, examples=("hasher profile list",))
@click.pass_obj
def list_command(session: Session) -> None:
    """Noem de profielen die bij het programma horen."""
    from shared.hashing.systems.profile import SHIPPED, shipped_profile

    for name in SHIPPED:
        shipped = shipped_profile(name)
        roles = ", ".join(role.label for role in shipped.files)
        session.say(f"{name:<24}{shipped.schema_name:<14}{shipped.title} ({roles})")


@profile.command(
    "show", cls=Verb, examples=("hasher profile show ijw-jeugdhulp > mijn-profiel.toml",)
)
@click.argument("name", metavar="NAAM")
def show_command(name: str) -> None:
    """Toon een profiel dat bij het programma hoort, met uitleg. U mag het kopiëren."""
    from shared.hashing.systems.profile import shipped_text

    click.echo(shipped_text(name), nl=False)


@profile.command(
    "new",
    cls=Verb,
    examples=(
        "hasher profile new jeugdhulp.csv declaraties.csv --name zorgned --out zorgned.toml",
        "hasher check care/1 jeugdhulp.csv --profile zorgned.toml --round achterhoek-2027",
    ),
)
@click.argument("files", type=EXISTING, nargs=-1, required=True, metavar="BESTAND...")
@click.option("--out", type=PATH, required=True, metavar="BESTAND",
              help="Het profiel dat wordt geschreven (eindigt op .toml).")  # fmt: skip
@click.option("--name", default="eigen", show_default=True, metavar="NAAM",
              help="Naam van het profiel: kleine letters, cijfers en streepjes.")  # fmt: skip
@click.option("--schema", type=click.Choice(list(MAIN_ROLE)), default=None,
              help="Waar de bestanden voor zijn. Anders volgt dat uit de kolommen.")  # fmt: skip
@click.option("--role", type=click.Choice([role.value for role in FileRole]), default=None,
              help="Wat het bestand bevat. Anders volgt dat uit de kolommen.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Stel geen vragen. Wat niet zeker is, blijft open.")
@click.pass_obj
def new_command(
    session: Session,
    files: tuple[Path, ...],
    out: Path,
    name: str,
    schema: str | None,
    role: str | None,
    yes: bool,
) -> None:
    """Maak een eerste profiel bij een bestand, door naar de kopregel te kijken.

    Het programma vraagt wat het niet kan weten. Het toont nooit wat er in de cellen staat.
    """
    from shared.hashing.systems.draft_toml import render

    if out.suffix != ".toml":
        raise InputError(
            "profile-name-invalid",
            "expected a file name that ends in .toml for the profile, got another",
            hint="choose a name such as profiel.toml",
        )
    ask = is_interactive() and not yes
    drafts = _drafts(files, schema or "", FileRole(role) if role else None)
    sketch = _sketch(session, drafts, name, ask)
    write_whole(out, render(sketch, drafts).encode())
    session.say(tr("Profiel geschreven: {name}", name=out.name))
    for field, unknown in sketch.unknown.items():
        if unknown:
            session.say(tr("Zonder betekenis ({field}): {codes}", field=field,
                           codes=", ".join(unknown)))  # fmt: skip
    if sketch.open_points:
        raise InputError(
            "profile-incomplete",
            f"expected a column for every field that is needed, found none for: "
            f"{'; '.join(sketch.open_points)}",
            hint="fill in the lines marked ONTBREEKT in the profile",
            about="; ".join(sketch.open_points),
        )
    session.say(tr("Probeer het: hasher check {schema} BESTAND --profile {name} --round RONDE",
                   schema=sketch.schema, name=out.name))  # fmt: skip


def _drafts(files: Sequence[Path], schema: str, role: FileRole | None) -> list[Drafted]:
    """What each file seems to be; all for the schema of the first."""
    from shared.hashing.systems.drafting import draft

    drafts: list[Drafted] = []
    for path in files:
        found = draft(path, drafts[0].schema if drafts else schema, role)
        if any(found.role is other.role for other in drafts):
            raise InputError(
                "profile-role-twice",
                f"expected one file of each kind, found two with {found.role.value}",
                hint="name one file of each kind; the profile serves for all others",
                about=found.role.label,
            )
        drafts.append(found)
    return drafts


def _sketch(session: Session, drafts: Sequence[Drafted], name: str, ask: bool) -> Sketch:
    from shared.hashing.roles import KEY
    from shared.hashing.systems.draft_toml import MEANINGS, Sketch, base_of, known_codes
    from shared.hashing.systems.drafting import codes_in

    files: dict[FileRole, Mapping[str, str]] = {}
    for drafted in drafts:
        session.say(tr("Bestand {place}: {label}, {count} kolommen herkend",
                       place=len(files) + 1, label=drafted.role.label,
                       count=len(drafted.fields)))  # fmt: skip
        files[drafted.role] = _fields(drafted, ask)
    schema = drafts[0].schema
    base = base_of(schema, files)
    meanings: dict[str, dict[str, int]] = {}
    unknown: dict[str, list[str]] = {}
    for drafted in drafts:
        fields = files[drafted.role]
        found = codes_in(drafted, fields) if KEY in fields else {}
        for field, codes in found.items():
            for code in codes:
                if code in known_codes(base, field) | meanings.get(field, {}).keys():
                    continue
                meaning = _meaning(field, code) if ask and field in MEANINGS else None
                if meaning is not None:
                    meanings.setdefault(field, {})[code] = meaning
                elif field != "product" and code not in unknown.get(field, []):
                    unknown.setdefault(field, []).append(code)
    return Sketch(name, schema, files, meanings, unknown)


def _fields(drafted: Drafted, ask: bool) -> dict[str, str]:
    """The column of every field, after asking for what is needed and not certain."""
    from shared.hashing.systems.draft_toml import LABELS

    fields = dict(drafted.fields)
    if not ask:
        return fields
    free = [c.header for c in drafted.columns if c.header not in fields.values()]
    for name in [*drafted.missing, *(n for n in drafted.guesses if n not in drafted.missing)]:
        if _TWINS.get(name) in fields or not free:
            continue
        chosen = _column(LABELS[name], free, drafted.guesses.get(name, ""))
        if chosen:
            fields[name] = chosen
            free.remove(chosen)
    for name in [name for name in fields if name in _TWINS and name not in drafted.fields]:
        header = fields.pop(name)
        in_euros = click.confirm(
            tr("Staan er euro's in de kolom {name}, en geen eurocenten?", name=header)
        )
        fields[name if name.endswith("_eur") == in_euros else _TWINS[name]] = header
    return fields


def _column(label: str, free: Sequence[str], guess: str) -> str:
    """Ask which column is meant; empty for none."""
    click.echo(tr("Welke kolom is: {label}?", label=label))
    for number, header in enumerate(free, start=1):
        click.echo(f"  {number:>3}  {header}")
    click.echo(f"    0  {tr('geen van deze')}")
    default = free.index(guess) + 1 if guess in free else 0
    number = ask_number(tr("Nummer"), 0, len(free), default, err=False)
    return free[number - 1] if number else ""


def _meaning(field: str, code: str) -> int | None:
    """Ask what a code means; None where the user does not know."""
    from shared.hashing.systems.draft_toml import LABELS, MEANINGS, NOT_YOUTH_CARE

    click.echo(tr("Wat betekent {label} {code}?", label=LABELS[field], code=code))
    choices: dict[str, int | None] = {}
    for meaning in MEANINGS[field]:
        choices[str(int(meaning))] = int(meaning)
        click.echo(f"  {int(meaning):>3}  {meaning.label}")
    if field == "category":
        choices["-"] = NOT_YOUTH_CARE
        click.echo(f"    -  {tr('geen jeugdhulp: de rij verlaat het gebouw niet')}")
    choices["?"] = None
    click.echo(f"    ?  {tr('weet ik niet')}")
    while True:
        answer = str(click.prompt(tr("Keuze"), default="?")).strip()
        if answer in choices:
            return choices[answer]
        click.echo(tr("Typ wat voor een van de keuzes staat."), err=True)


@click.group("duo")
def duo() -> None:
    """DUO: een C-levering aanvragen, het bestand met alle leerlingen."""


@duo.command(
    "request",
    cls=Verb,
    examples=(
        "hasher duo request --scope gemeente --code 0222 --date 2026-10-01 --out aanvraag",
        "hasher duo request --scope regio --code 0013 --date 2026-10-01 --out aanvraag",
    ),
)
@click.option("--scope", type=click.Choice(["gemeente", "regio"]), required=True,
              help="Voor één gemeente, of voor een hele Doorstroompuntregio.")  # fmt: skip
@click.option("--code", required=True, metavar="CODE",
              help="Gemeentecode, of code van de Doorstroompuntregio: vier cijfers.")  # fmt: skip
@click.option("--date", "counted_on", type=click.DateTime(["%Y-%m-%d"]), required=True,
              metavar="JJJJ-MM-DD", help="De peildatum: 1 oktober van het schooljaar.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar="MAP", help="Map waarin het verzoek wordt geschreven.")  # fmt: skip
@click.pass_obj
def request_command(
    session: Session, scope: str, code: str, counted_on: datetime, out: Path
) -> None:
    """Schrijf het verzoek om een C-levering, en toon wat u ermee doet."""
    from shared.hashing.systems.duo_request import (
        CONTENT,
        DuoRequest,
        Scope,
        checklist,
        is_reference_date,
    )

    request = DuoRequest.of(Scope(scope), code, counted_on.date())
    if not is_reference_date(request.counted_on):
        session.warn(tr("Let op: de monitor telt op 1 oktober. U vroeg een andere datum."))
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / request.name, CONTENT)
    for line in _said(request.name, checklist(request)):
        session.say(line)


def _said(name: str, steps: Iterator[str]) -> Iterator[str]:
    yield tr("Verzoek geschreven: {name}", name=name)
    yield ""
    yield from steps
