"""The doctor's look at the linker: the only lines for which a connection is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from shared.hashing.commands.diagnosis import Line, State, Surroundings, failed
from shared.hashing.delivering.connection import unreachable
from shared.hashing.language import tr

CLOCK_SLACK = timedelta(minutes=5)


def examine_network(
    url: str, client: AbstractContextManager[httpx2.Client], around: Surroundings
) -> Iterator[Line]:
    """Whether the linker answers, and whether its clock is ours."""
    try:
        with client as opened:
            answer = opened.get(f"{url}/healthz")
    except httpx2.HTTPError as error:
        yield failed("network", unreachable(error))
        return
    yield _health(answer)
    yield _other_clock(answer.headers.get("Date", ""), around.clock())


def _health(answer: httpx2.Response) -> Line:
    try:
        health: Any = answer.json()
        fine = answer.status_code == 200 and health["status"] == "ok"
    except (ValueError, KeyError, TypeError):
        fine = False
    if fine:
        return Line("network", State.OK, tr("de koppelaar antwoordt"))
    return Line(
        "network",
        State.WRONG,
        tr("op dit adres antwoordt iets anders dan een koppelaar"),
        tr("Controleer het adres. Hebt u een proxy nodig? Geef --proxy URL."),
    )


def _other_clock(header: str, now: datetime) -> Line:
    try:
        theirs = parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return Line("network-clock", State.NOTE, tr("de koppelaar zegt niet hoe laat het is"))
    minutes = round(abs((theirs - now).total_seconds()) / 60)
    said = tr("verschil met de klok van de koppelaar: {n} minuten", n=minutes)
    if abs(theirs - now) > CLOCK_SLACK:
        return Line("network-clock", State.WRONG, said, tr("Zet de klok van deze computer goed."))
    return Line("network-clock", State.OK, said)
