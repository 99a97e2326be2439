"""The commands ``publisher note``; they parse, call and print, and hold no rule."""

from __future__ import annotations

from datetime import date

import click

from publisher.notes.keeping import latest_reference, read_notes, remove, write
from publisher.notes.note import Note, Status
from publisher.settings import Settings
from shared.clock import system_clock, today
from shared.reference import Level
from shared.service.commands import Installation

Here = Installation[Settings]


@click.group("note")
def note_group() -> None:
    """Notes about signals and measures, which readers see beside the figures."""


@note_group.command("write")
@click.argument("note_id")
@click.option("--arrangement", help="The number of the arrangement that it is about.")
@click.option("--school", help="The code of the school that it is about.")
@click.option("--status", type=click.Choice([each.value for each in Status]), required=True)
@click.option("--title", required=True, help="A few words.")
@click.option("--text", required=True, help="What was seen, or what is done; never about a child.")
@click.option("--owner", required=True, help="A function or an organisation, never a person.")
@click.option("--review-on", required=True, help="The day on which it is looked at again.")
@click.pass_obj
def write_command(
    here: Here,
    note_id: str,
    arrangement: str | None,
    school: str | None,
    status: str,
    title: str,
    text: str,
    owner: str,
    review_on: str,
) -> None:
    """Write a note, or its next version: signal, analysis, measure, monitoring."""
    if (arrangement is None) is (school is None):
        raise click.UsageError("expected either --arrangement or --school")
    try:
        review = date.fromisoformat(review_on)
    except ValueError as error:
        raise click.BadParameter("expected a day such as 2027-01-15") from error
    note = Note(
        id=note_id,
        version=1,
        level=Level.SCHOOL if arrangement is None else Level.ARRANGEMENT,
        unit=arrangement or school or "",
        status=Status(status),
        title=title,
        text=text,
        owner=owner,
        review_on=review,
        written_on=today(system_clock),
    )
    policy = here.settings.load_policy().policy
    known = latest_reference(here.database)
    version = write(here.database, note, policy.protection.threshold, known)
    click.echo(f"note {note_id}, version {version}")


@note_group.command("list")
@click.pass_obj
def list_command(here: Here) -> None:
    """Every note, where it stands, and which should have been looked at again."""
    for each in read_notes(here.database).shown:
        note = each.note
        said = "  REVIEW OVERDUE" if each.is_overdue else ""
        about = f"{note.level.value} {note.unit}"
        click.echo(f"{note.id:<24} {about:<18} {note.status.value:<10} {note.review_on}{said}")


@note_group.command("remove")
@click.argument("note_id")
@click.confirmation_option(prompt="The words of every version will be gone for good. Continue?")
@click.pass_obj
def remove_command(here: Here, note_id: str) -> None:
    """Delete the words of a note, such as one that says too much."""
    remove(here.database, note_id)
    click.echo(f"note {note_id} removed")
