"""Command ``publisher report``: what protection did to a release; parses, calls and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from publisher.oversight.protection_report import ReleaseReport
from publisher.oversight.report_text import report_text
from publisher.releasing.releases import Releases
from publisher.settings import Settings
from shared.cli import NEW_FILE
from shared.files import PRIVATE, write_whole
from shared.service.commands import Installation


def report_command(releases: Callable[[Installation[Settings]], Releases]) -> click.Command:
    """The command, over the releases of an installation."""

    @click.command("report")
    @click.argument("release_id")
    @click.option("--json", "as_json", is_flag=True, help="As JSON, with every figure.")
    @click.option("--page", type=NEW_FILE, help="Write it as a page, with a picture.")
    @click.pass_obj
    def report(
        here: Installation[Settings], release_id: str, as_json: bool, page: Path | None
    ) -> None:
        """Say what is withheld and why; for approvers and the auditor, never for readers."""
        found = ReleaseReport.of(*releases(here).report(release_id))
        if page is not None:
            # Imported here: drawing takes a second to load, and the text needs none of it.
            from publisher.oversight.report_page import report_page

            write_whole(page, report_page(found).encode(), mode=PRIVATE)
            click.echo(f"report of {release_id} in {page.name}; internal")
            return
        click.echo(found.to_json() if as_json else report_text(found), nl=False)

    return report
