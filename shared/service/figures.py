"""The command ``dpia-figures`` of both services: what the DPIA quotes, as JSON that may leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from shared.cli import NEW_FILE
from shared.clock import system_clock
from shared.files import write_whole
from shared.policy import Policy
from shared.service.commands import Installation
from shared.service.retaining import policy_of
from shared.statement import Body

Find = Callable[[Installation[Any], str, datetime, Policy | None], Body]
"""Finds the figures of what has the given id, at an instant, under the policy."""


def figures_command(about: str, find: Find) -> click.Command:
    """The command, over what ``find`` finds.

    Args:
        about: what the figures are about, ``round`` or ``release``.
        find: makes the figures.
    """

    @click.command("dpia-figures", help=f"The figures of a {about} for the DPIA; all may leave.")
    @click.argument("id_", metavar=f"{about.upper()}_ID")
    @click.option("--out", type=NEW_FILE, help="Write them to this file instead.")
    @click.pass_obj
    def figures(here: Installation[Any], id_: str, out: Path | None) -> None:
        found = find(here, id_, system_clock(), policy_of(here.settings)[0])
        text = json.dumps(found.model_dump(mode="json"), ensure_ascii=True, indent=2) + "\n"
        if out is None:
            click.echo(text, nl=False)
            return
        write_whole(out, text.encode("ascii"))
        click.echo(f"figures of {id_} in {out.name}")

    return figures
