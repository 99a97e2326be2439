"""Commands that both services have about rounds: offer a key for one, and destroy one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click

from shared.cli import NEW_FILE
from shared.clock import system_clock
from shared.destruction import OPERATOR_REASONS, Reason
from shared.files import read_file
from shared.service.commands import Installation
from shared.settings import ServiceSettings
from shared.state.offers import Offers
from shared.state.round_acceptance import RoundFiles
from shared.statement import Statement

AnyInstallation = Installation[Any]


class KeepsRounds(Protocol):
    """What the commands need of a service's retention."""

    @property
    def offers(self) -> Offers:
        """The keys that were offered."""
        ...

    def destroy(self, round_id: str, reason: Reason, *, key_lost: bool = False) -> Statement:
        """Destroy a round now; the statement of it."""
        ...


def round_group(make: Callable[[AnyInstallation], KeepsRounds], help_: str) -> click.Group:
    """The group ``round``, with the commands that both services have.

    Args:
        make: gives the service's retention.
        help_: what ``--help`` says of the group.
    """

    @click.group("round", help=help_)
    def group() -> None:
        pass

    @group.command("offer")
    @click.argument("round_id")
    @click.option("--out", type=NEW_FILE, required=True)
    @click.pass_obj
    def offer(here: AnyInstallation, round_id: str, out: Path) -> None:
        """Make this round's key and offer its public half to the key office."""
        make(here).offers.make(round_id, system_clock).save(out)
        click.echo(f"offer for {round_id} in {out.name}")

    @group.command("destroy")
    @click.argument("round_id")
    @click.option(
        "--reason-code",
        type=click.Choice([each.value for each in OPERATOR_REASONS]),
        required=True,
        help="Stands in the ledger and in the statement for good.",
    )
    @click.option(
        "--key-lost", is_flag=True, help="The key was lost before; the statement says so."
    )
    @click.option("--out", type=NEW_FILE, required=True, help="The destruction statement.")
    @click.confirmation_option(
        prompt="The round's key and all that it opens will be gone for good. Continue?"
    )
    @click.pass_obj
    def destroy(
        here: AnyInstallation, round_id: str, reason_code: str, key_lost: bool, out: Path
    ) -> None:
        """Destroy a round's key now, and all that it opens, before their term."""
        make(here).destroy(round_id, Reason(reason_code), key_lost=key_lost).save(out)
        click.echo(f"round {round_id} destroyed")

    return group


def read_round_files(
    settings: ServiceSettings, statement: Path, register: Path, reference: Path
) -> RoundFiles:
    """The files that a round is accepted from; the policy is the one of the settings."""
    return RoundFiles(
        statement=Statement.load(statement),
        register=Statement.load(register),
        reference=read_file(reference, "a reference bundle"),
        policy=read_file(settings.policy, "a policy"),
    )
