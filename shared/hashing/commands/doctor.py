"""``hasher doctor``: is this computer ready to deliver?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from shared.errors import ConfigurationError
from shared.hashing.commands.common import (
    Session,
    Verb,
    connection_options,
    json_option,
    print_json,
)
from shared.hashing.language import tr


@click.command(
    "doctor",
    cls=Verb,
    examples=("hasher doctor", "hasher doctor --to https://koppelaar.voorbeeld.nl"),
    json_keys="ok, lines [check, state (ok, note, wrong), text, fix]",
)
@click.option(
    "--to",
    "url",
    default="",
    metavar="URL",
    help="Kijk ook of de koppelaar antwoordt. Zonder dit wordt geen verbinding gemaakt.",
)
@connection_options
@json_option
@click.pass_obj
def doctor(session: Session, url: str, proxy: str, ca: Path | None, as_json: bool) -> None:
    """Kijk of deze computer, uw sleutels en uw rondes in orde zijn.

    Elke regel is ok, let op of fout, met wat u kunt doen. Bij een fout is de uitkomst code 7.
    """
    from shared.hashing.commands.diagnosis import State, Surroundings
    from shared.hashing.commands.readiness import examine

    around = Surroundings(
        session.clock, os.environ, getattr(sys.stdout, "encoding", "") or "", Path.cwd()
    )
    lines = list(examine(session.home, around))
    if url:
        from shared.hashing.commands.readiness_network import examine_network
        from shared.hashing.delivering.connection import check_address, connect

        lines += examine_network(check_address(url), connect(proxy, ca), around)
    wrong = any(line.state is State.WRONG for line in lines)
    if as_json:
        print_json({"ok": not wrong, "lines": [line.document() for line in lines]})
    else:
        words = {State.OK: tr("ok"), State.NOTE: tr("let op"), State.WRONG: tr("fout")}
        width = max(map(len, words.values()))
        for line in lines:
            session.say(f"{words[line.state]:<{width}}  {line.text}")
            if line.fix:
                session.say(f"{'':<{width}}  → {line.fix}")
    if wrong:
        sys.exit(ConfigurationError.exit_code)
