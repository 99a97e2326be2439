"""The command line of a linkage: link, quality, replay; it parses, calls and prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from linker.linkage.database import EngineSettings
from linker.oversight.assessing import as_text, assess
from linker.settings import Settings
from linker.tallying import replay as replaying
from linker.tallying.course import Course
from linker.tallying.making import link_round
from shared.service.commands import Installation

Here = Installation[Settings]
REVISION = click.option("--revision", type=click.IntRange(1), help="Of the linkage; else the last.")
AS_JSON = click.option("--json", "as_json", is_flag=True)


@contextmanager
def _watched() -> Iterator[Course]:
    """Show the steps on stderr while they last, and note how long each took."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("open", total=None)

        def show(step: str, done: int, steps: int) -> None:
            bar.update(task, description=step, completed=done, total=steps)

        course = Course(show)
        yield course
        course.finish()
        bar.update(task, description="done", total=1, completed=1)


def _engine(here: Here) -> EngineSettings:
    return EngineSettings(
        memory_limit_mb=here.settings.memory_limit_mb,
        threads=here.settings.threads,
        shard_rows=here.settings.shard_rows,
    )


@click.command("link")
@click.argument("round_id")
@AS_JSON
@click.pass_obj
def link_command(here: Here, round_id: str, as_json: bool) -> None:
    """Link a closed round and queue its tally for the publisher."""
    with _watched() as course:
        counted = link_round(
            here.database, here.identity, here.keys, round_id, _engine(here), course
        )
    header, cells = counted.tally.header, counted.tally.cells.num_rows
    assessed = assess(here.database, here.keys, round_id, here.settings.alarms)
    if as_json:
        made = {"round": round_id, "revision": header.revision, "rows_read": counted.rows}
        made |= {"cells": cells, "laws": counted.laws}
        alarms = [each.document() for each in assessed.alarms]
        click.echo(json.dumps(made | course.document() | {"alarms": alarms}))
        return
    click.echo(f"tally of {round_id} revision {header.revision}: {cells} cells")
    click.echo(
        f"  {counted.rows} rows read, {counted.laws} laws checked, in {course.seconds:.1f} seconds"
    )
    for step, seconds in course.steps:
        click.echo(f"    {seconds:>7.2f} s  {step}")
    click.echo(f"  {len(assessed.alarms)} alarms; see `linker quality {round_id}`")


@click.command("quality")
@click.argument("round_id")
@REVISION
@AS_JSON
@click.pass_obj
def quality_command(here: Here, round_id: str, revision: int | None, as_json: bool) -> None:
    """How much of every delivery was linked, why the rest was not, and what to look at."""
    assessed = assess(here.database, here.keys, round_id, here.settings.alarms, revision)
    if as_json:
        click.echo(json.dumps(assessed.document()))
        return
    click.echo("\n".join(as_text(assessed)))


@click.command("replay")
@click.argument("round_id")
@REVISION
@AS_JSON
@click.pass_obj
def replay_command(here: Here, round_id: str, revision: int | None, as_json: bool) -> None:
    """Link again from the inputs that are held, and compare; nothing is changed."""
    with _watched() as course:
        found = replaying.replay(
            here.database, here.keys, round_id, _engine(here), revision, course
        )
    if as_json:
        click.echo(json.dumps(found.document() | course.document()))
    else:
        _tell(found)
    found.check()


def _tell(found: replaying.Replayed) -> None:
    said = {True: "the same tally", False: "ANOTHER TALLY", None: "cannot be counted again"}
    click.echo(f"replay of {found.round_id} revision {found.revision}: {said[found.same]}")
    for gone in found.gone:
        click.echo(f"  gone: {gone.address} {gone.supplier} {gone.schema_name}".rstrip())
    for each in found.differs:
        click.echo(f"  {each.what}: then {each.then}, now {each.now}")


COMMANDS = (link_command, quality_command, replay_command)
