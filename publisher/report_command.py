"""The command ``oogo-report``: the same PDF as readers get, also of an older release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from publisher.api.lookup import SHOWN_STATES
from publisher.dashboard.findings import Findings
from publisher.dashboard.language import LANGUAGES, speaking
from publisher.dashboard.reports.contents import KINDS, make_report, offered, wanted_of
from publisher.dashboard.units import UnitKind
from publisher.notes.keeping import read_notes
from publisher.reading import DatabaseReader
from publisher.settings import Settings
from shared.cli import NEW_FILE
from shared.errors import InputError, NotFoundError
from shared.files import write_whole
from shared.reference import Level
from shared.service.commands import Installation
from shared.state.database import Database

Here = Installation[Settings]


@click.command("oogo-report")
@click.argument("release_id")
@click.option("--municipality", help="Such as GM0222.")
@click.option("--swv", help="A samenwerkingsverband, such as PO2502.")
@click.option("--topic", "topics", multiple=True, help="Once per topic; all without it.")
@click.option("--language", type=click.Choice([each.code for each in LANGUAGES]), default="nl")
@click.option("--out", type=NEW_FILE, required=True, help="The PDF to write.")
@click.pass_obj
def report_for_talks(
    here: Here,
    release_id: str,
    municipality: str | None,
    swv: str | None,
    topics: tuple[str, ...],
    language: str,
    out: Path,
) -> None:
    """Write the report about one area for talks between municipalities and schools."""
    if (municipality is None) is (swv is None):
        raise click.UsageError("expected either --municipality or --swv")
    findings = find_shown(here.database, release_id)
    kind, unit = find_area(findings, municipality or swv or "")
    check_topics(findings, kind, unit, topics)
    with speaking(next(each for each in LANGUAGES if each.code == language)):
        wanted = wanted_of(findings, kind, unit, topics)
        pdf = make_report(findings, wanted, read_notes(here.database))
    write_whole(out, pdf)
    click.echo(f"report in {out.name}")


def find_shown(database: Database, release_id: str) -> Findings:
    """The findings of a release whose figures may be read.

    Raises:
        NotFoundError: ``release-not-shown``.
    """
    reader = DatabaseReader(database)
    release = reader.find(release_id)
    if release is None or release.state not in SHOWN_STATES:
        raise NotFoundError(
            "release-not-shown",
            "expected a release whose figures readers may see, found none with that id",
            hint="see `publisher status`; figures of a withdrawn release are not printed",
        )
    return Findings(release, reader.reference_of(release))


def find_area(findings: Findings, unit: str) -> tuple[UnitKind, str]:
    """The kind of area that a code names in a release.

    Raises:
        NotFoundError: ``area-unknown``.
    """
    kind = next((each for each in KINDS if unit in findings.units(each.level)), None)
    if kind is None:
        levels = (Level.MUNICIPALITY, Level.SWV_PO, Level.SWV_VO)
        known = ", ".join(code for level in levels for code in findings.units(level))
        raise NotFoundError(
            "area-unknown",
            f"expected an area of this release: {known}",
            hint="codes stand in the address of the page of an area",
        )
    return kind, unit


def check_topics(findings: Findings, kind: UnitKind, unit: str, chosen: Sequence[str]) -> None:
    """Refuse a topic of which the release has nothing about an area.

    Raises:
        InputError: ``topic-unknown``.
    """
    known = [topic.id for topic in offered(findings, kind, unit)]
    if not set(chosen) <= set(known):
        raise InputError(
            "topic-unknown", f"expected topics of this area: {', '.join(known)}, found another"
        )
