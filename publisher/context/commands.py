"""The commands ``publisher context``; they parse, call and print, and hold no rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from publisher.context.catalogue import load_catalogue
from publisher.context.figures import Areas, Figures
from publisher.context.importing.areas import AREAS
from publisher.context.importing.lists import SURVEY, read_any, read_list
from publisher.context.importing.reading import About
from publisher.context.keeping import identity_of, imports, keep_all, withdraw
from publisher.context.surveys.blank import blank_counts, blank_questionnaire
from publisher.context.surveys.outcomes import Outcomes
from publisher.context.surveys.questions import questionnaires
from publisher.settings import Settings
from shared.cli import EXISTING, PATH
from shared.clock import system_clock, today
from shared.files import read_file, write_whole
from shared.service.commands import Installation

Here = Installation[Settings]

_INVENTED = click.option(
    "--synthetic", is_flag=True, help="The file was invented for a demonstration; pages say so."
)
_OWN = click.option(
    "--sources", "own", type=EXISTING, help="Sources of your own, beside those that are known."
)


@click.group("context")
def context_group() -> None:
    """Figures from elsewhere: open data and questionnaires, beside the releases."""


@context_group.command("sources")
@_OWN
def sources_command(own: Path | None) -> None:
    """The sources that can be imported, and what their layout was checked against."""
    for source in load_catalogue(own).sources:
        click.echo(f"{source.id:<26} {source.checked.value:<8} {source.holder}: {source.title}")
    click.echo(f"{AREAS.id:<26} {AREAS.checked.value:<8} {AREAS.holder}: {AREAS.title}")
    click.echo(f"{SURVEY:<26} {'':<8} counted answers of a questionnaire")


@context_group.command("import")
@click.argument("file", type=EXISTING)
@click.option("--as", "source_id", required=True, help="The source; see `context sources`.")
@click.option("--period", default="", help="The year of a file that does not say it itself.")
@click.option("--retrieved-on", help="The day on which it was downloaded; today by default.")
@_INVENTED
@_OWN
@click.pass_obj
def import_command(
    here: Here,
    file: Path,
    source_id: str,
    period: str,
    retrieved_on: str | None,
    synthetic: bool,
    own: Path | None,
) -> None:
    """Read a file whole, or import nothing of it; of counted answers only what may be shown."""
    about = About(_day(retrieved_on), period, synthetic)
    data = read_file(file, "a file of figures from elsewhere")
    _keep(here, [read_any(data, source_id, about, load_catalogue(own), _threshold(here))])


@context_group.command("import-list")
@click.argument("files", type=EXISTING)
@_INVENTED
@_OWN
@click.pass_obj
def import_list_command(here: Here, files: Path, synthetic: bool, own: Path | None) -> None:
    """Read every file of a list; where one is refused, nothing is imported."""
    known, day = load_catalogue(own), today(system_clock)
    found = read_list(files, known, _threshold(here), today=day, synthetic=synthetic)
    _keep(here, found)


@context_group.command("list")
@click.pass_obj
def list_command(here: Here) -> None:
    """Every import, the newest first, with the hash by which it is withdrawn."""
    for each in imports(here.database):
        state = f"withdrawn: {each.reason}" if each.is_withdrawn else each.kind.value
        click.echo(f"{each.imported_at:%Y-%m-%d} {each.source:<26} {each.sha256} {state}")


@context_group.command("withdraw")
@click.argument("sha256")
@click.option("--reason", required=True, help="Stands in the list of imports.")
@click.pass_obj
def withdraw_command(here: Here, sha256: str, reason: str) -> None:
    """Take an import back: its figures are deleted and shown no more."""
    done = withdraw(here.database, sha256, reason)
    click.echo(f"withdrawn {done.source} {done.sha256}")


@context_group.command("blank")
@click.option("--out", type=PATH, required=True, help="Folder to write.")
@click.option("--period", default="", help="The year that stands in the files for the counts.")
def blank_command(out: Path, period: str) -> None:
    """Write the blank questionnaires, each with the file for its counted answers."""
    asked = questionnaires()
    out.mkdir(parents=True, exist_ok=True)
    for group in asked.groups:
        for name, text in (
            (f"vragenlijst-{group.id}.md", blank_questionnaire(asked, group)),
            (f"uitkomsten-{group.id}.csv", blank_counts(asked, group, period)),
        ):
            write_whole(out / name, text.encode("utf-8"))
            click.echo(name)


def _threshold(here: Here) -> int:
    return here.settings.load_policy().policy.protection.split_threshold


def _keep(here: Here, documents: Sequence[Figures | Areas | Outcomes]) -> None:
    allowed = here.settings.load_policy().policy.synthetic
    kept = keep_all(here.database, documents, synthetic_allowed=allowed)
    for document, new in zip(documents, kept, strict=True):
        source, _ = identity_of(document)
        click.echo(f"{source}: {'imported' if new else 'known already; nothing changed'}")


def _day(text: str | None) -> date:
    if text is None:
        return today(system_clock)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("expected a day such as 2026-02-01") from error
