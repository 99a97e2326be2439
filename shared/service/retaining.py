"""Commands that both services have about retention: end what reached its term, and show it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import click

from shared.cli import PATH
from shared.clock import instant, system_clock
from shared.destruction import Destruction, Ended, Kept
from shared.errors import ConfigurationError
from shared.holdings import Alarm, Holdings, Warned
from shared.policy import Policy
from shared.service.commands import Installation
from shared.settings import ServiceSettings
from shared.statement import Statement

AnyInstallation = Installation[Any]


class Retains(Protocol):
    """What the commands need of a service's retention."""

    def retain(
        self, now: datetime, *, policy: Policy | None = None, clock_confirmed: bool = False
    ) -> Iterator[Ended]:
        """End everything whose term was reached."""
        ...

    def statements(self) -> list[Statement]:
        """The statement of every destruction."""
        ...


def keys_lie_apart(settings: ServiceSettings) -> bool:
    """Whether the key folder is on another volume than what a backup of the service holds."""
    if not settings.key_folder.is_dir():
        return True  # not mounted or not made; another alarm says which
    return settings.key_folder.stat().st_dev != settings.identity.stat().st_dev


def with_volume(holdings: Holdings, settings: ServiceSettings) -> Holdings:
    """Add the alarm about the key folder's volume, which only the settings know."""
    if keys_lie_apart(settings):
        return holdings
    warned = Warned(alarm=Alarm.KEY_VOLUME, of="")
    return holdings.model_copy(update={"alarms": (*holdings.alarms, warned)})


def policy_of(settings: ServiceSettings) -> tuple[Policy | None, ConfigurationError | None]:
    """The policy, or why it cannot be read: that never keeps a round from being destroyed."""
    try:
        return settings.load_policy().policy, None
    except ConfigurationError as error:
        return None, error


def retain_command(make: Callable[[AnyInstallation], Retains]) -> click.Command:
    """The command ``retain``, over the retention that ``make`` gives."""

    @click.command("retain")
    @click.option(
        "--statements", type=PATH, required=True, help="Folder for destruction statements."
    )
    @click.option("--confirm-clock", is_flag=True)
    @click.option("--json", "as_json", is_flag=True)
    @click.pass_obj
    def retain(here: AnyInstallation, statements: Path, confirm_clock: bool, as_json: bool) -> None:
        """End everything whose term was reached; finish what was interrupted; safe to repeat."""
        retention = make(here)
        statements.mkdir(parents=True, exist_ok=True)
        policy, problem = policy_of(here.settings)
        ended: list[Ended] = []
        try:
            for each in retention.retain(
                system_clock(), policy=policy, clock_confirmed=confirm_clock
            ):
                ended.append(each)
                if not as_json:
                    click.echo(_line(each))
        finally:  # a statement that an earlier run could not write any more is written too
            save_missing(retention.statements(), statements)
            if as_json:
                click.echo(json.dumps([_document(each) for each in ended]))
            else:
                click.echo(f"ended: {len(ended)}")
        if problem is not None:
            raise problem

    return retain


def save_missing(stored: list[Statement], folder: Path) -> None:
    """Write every statement that the folder does not have."""
    for statement in stored:
        path = folder / f"destruction-{statement.sha256[:16]}.json"
        if not path.exists():
            statement.save(path)


def _line(ended: Ended) -> str:
    if ended.statement is None:
        return f"expired {ended.what} {ended.id}"
    body = Destruction.of(ended.statement)
    return (
        f"destroyed {ended.what} {ended.id}: {body.objects} sealed objects, {body.reason}, "
        f"statement {ended.statement.sha256[:16]}"
    )


def _document(ended: Ended) -> dict[str, Any]:
    statement = None if ended.statement is None else ended.statement.sha256
    return {"what": ended.what.value, "id": ended.id, "statement": statement}


def holdings_command(find: Callable[[AnyInstallation], Holdings]) -> click.Command:
    """The command ``holdings``, over what ``find`` finds."""

    @click.command("holdings")
    @click.option("--json", "as_json", is_flag=True)
    @click.pass_obj
    def holdings(here: AnyInstallation, as_json: bool) -> None:
        """What is held, since and until when, and what was destroyed; for the privacy officer."""
        found = with_volume(find(here), here.settings)
        if as_json:
            click.echo(json.dumps(found.model_dump(mode="json")))
            return
        for line in in_lines(found):
            click.echo(line)

    return holdings


def in_lines(found: Holdings) -> Iterator[str]:
    """Holdings as they are printed."""
    yield f"{found.service}, {instant(found.as_of)}"
    for each in found.held:
        until = "no term" if each.until is None else f"until {instant(each.until)}"
        yield (
            f"  {each.kind:<12} {each.count:>6}  {each.of or '-'}  "
            f"since {instant(each.since)}  {until}"
        )
        if each.policy:
            yield f"    policy {each.policy[:16]}  agreements {each.agreements[:16] or '-'}"
    for gone in found.gone:
        verb = "expired" if gone.what is Kept.RELEASE else "destroyed"
        yield (
            f"  {verb} {gone.what} {gone.id}  {instant(gone.at)}  {gone.objects} sealed objects, "
            f"{gone.reason}"
        )
        yield (
            f"    statement {gone.statement}  ledger entry {gone.ledger_seq} "
            f"{gone.ledger_sha256[:16]}"
        )
    for warned in found.alarms:
        yield f"  ALARM {warned.alarm} {warned.of}".rstrip()
