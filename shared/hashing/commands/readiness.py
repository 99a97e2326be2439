"""Looks whether this computer and this home folder are ready for a round, line by line.

It reads and changes nothing, and opens no connection. A line never holds a secret, a number of a
person or the name of a source file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from shared import __version__
from shared.clock import today
from shared.errors import MonitorError
from shared.hashing.commands import readiness_machine as doctor_machine
from shared.hashing.commands.diagnosis import Line, State, Surroundings, failed
from shared.hashing.custody.home import Home, OpenRound
from shared.hashing.delivering.objecting import reminder
from shared.hashing.delivering.own_list import FILE_NAME, load_own_list
from shared.hashing.language import tr
from shared.identity import PASSPHRASE, Identity

CARD_WARNING_DAYS = 60
CLOCK_SLACK = timedelta(minutes=5)


def examine(home: Home, around: Surroundings) -> Iterator[Line]:
    """Every line that needs no connection."""
    yield Line("version", State.OK, f"hasher {__version__}")
    yield doctor_machine.python(around.python)
    yield from doctor_machine.encoding(around)
    yield from doctor_machine.disk(home, around)
    yield from doctor_machine.folder(home)
    yield from doctor_machine.proxy(around.environ)
    identity, lines = _identity(home, around)
    yield from lines
    yield from _pins(home)
    if identity is not None:
        yield from _rounds(home, identity, around)


def _identity(home: Home, around: Surroundings) -> tuple[Identity | None, list[Line]]:
    """The identity where it opens, and what there is to say of it."""
    path = home.identity_path
    if not path.exists():
        return None, [
            Line(
                "identity",
                State.WRONG,
                tr("u hebt nog geen identiteit"),
                tr("Maak er een met `hasher key identity`."),
            )
        ]
    try:
        identity = Identity.load(path, around.environ.get(PASSPHRASE))
    except MonitorError as error:
        return None, [failed("identity", error)]
    lines = [Line("identity", State.OK, tr("identiteit van {party}", party=identity.party))]
    if b'"sealed"' in path.read_bytes():
        lines.append(Line("passphrase", State.OK, tr("met een wachtwoordzin")))
    else:
        lines.append(
            Line(
                "passphrase",
                State.NOTE,
                tr("zonder wachtwoordzin"),
                tr("Wie dit bestand heeft, kan namens u leveren. Bewaar het versleuteld."),
            )
        )
    lines.append(_card(identity, today(around.clock)))
    return identity, lines


def _card(identity: Identity, day: date) -> Line:
    card = identity.card
    said = tr("uw kaart geldt tot en met {day}", day=card.valid_until.isoformat())
    if not card.valid_from <= day <= card.valid_until:
        return Line(
            "card",
            State.WRONG,
            said,
            tr("Maak een nieuwe identiteit en stuur de kaart aan de andere partijen."),
        )
    if (card.valid_until - day).days < CARD_WARNING_DAYS:
        return Line("card", State.NOTE, said, tr("Maak op tijd een nieuwe identiteit."))
    return Line("card", State.OK, said)


def _pins(home: Home) -> Iterator[Line]:
    try:
        own = home.pins()
    except MonitorError as error:
        yield failed("pins", error)
        return
    yield Line("pins", State.OK, tr("de drie vingerafdrukken zijn vastgelegd"))
    if own.agreement:
        yield Line("agreement", State.OK, tr("overeenkomst {version}", version=own.agreement))
    else:
        yield Line(
            "agreement",
            State.NOTE,
            tr("de versie van uw overeenkomst ontbreekt"),
            tr("Leg haar vast: hasher key pin --agreement VERSIE."),
        )


def _rounds(home: Home, identity: Identity, around: Surroundings) -> Iterator[Line]:
    rounds = [each for each in home.rounds() if (home.round_folder(each) / "grant.moj").exists()]
    if not rounds:
        yield Line(
            "rounds",
            State.NOTE,
            tr("er is nog geen ronde ingelezen"),
            tr("Lees de bestanden van de sleutelbeheerder in met `hasher key import`."),
        )
    latest: datetime | None = None
    opened_rounds = []
    for round_id in rounds:
        try:
            opened = home.open_round(round_id, today(around.clock))
        except MonitorError as error:
            yield failed(f"round {round_id}", error)
            continue
        opened_rounds.append(opened)
        body = opened.trusted.body
        latest = max(latest or body.made_at, body.made_at)
        yield _round(opened, today(around.clock))
    yield _clock(around.clock(), latest)
    yield from _objections(home, identity, opened_rounds)


def _round(opened: OpenRound, day: date) -> Line:
    body = opened.trusted.body
    check = f"round {body.round_id}"
    said = tr(
        "ronde {round_id}: ijking klopt, open tot en met {day}",
        round_id=body.round_id,
        day=body.closes_on.isoformat(),
    )
    if day > body.closes_on:
        return Line(
            check,
            State.NOTE,
            said,
            tr(
                "Leveren kan niet meer. Is de ronde klaar? Wis haar: hasher key forget {round_id}.",
                round_id=body.round_id,
            ),
        )
    return Line(check, State.OK, said)


def _clock(now: datetime, latest: datetime | None) -> Line:
    said = tr("de klok staat op {now} (UTC)", now=now.strftime("%Y-%m-%d %H:%M"))
    if latest is not None and now < latest - CLOCK_SLACK:
        return Line(
            "clock",
            State.WRONG,
            said,
            tr("Dat is vóór de ronde werd gemaakt. Zet de klok van deze computer goed."),
        )
    return Line("clock", State.OK, said)


def _objections(home: Home, identity: Identity, rounds: list[OpenRound]) -> Iterator[Line]:
    if not (home.folder / FILE_NAME).exists():
        return
    try:
        own = load_own_list(home.folder, identity)
    except MonitorError as error:
        yield failed("objections", error)
        return
    said = tr("uw lijst met bezwaren is leesbaar")
    due = [text for opened in rounds if (text := reminder(own, opened, identity.party))]
    yield Line("objections", State.NOTE if due else State.OK, said, " ".join(due))
