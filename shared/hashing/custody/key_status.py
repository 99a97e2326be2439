"""What a party has: its card, its pins, and per round what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.errors import InputError, MonitorError
from shared.hashing.custody.home import MADE, Home, OwnPins
from shared.hashing.explaining import explain_error
from shared.hashing.language import tr
from shared.identity import Card
from shared.round import Pins


@dataclass(frozen=True, slots=True)
class RoundStatus:
    """One round in the home folder.

    Attributes:
        has_secret: this is the key office, which made the round.
        problem: why the round cannot be used, empty where it can.
    """

    round_id: str
    has_secret: bool
    has_grant: bool
    closes_on: date | None = None
    expected: tuple[str, ...] = ()
    calibrated: bool = False
    problem: str = ""


def pins_with(home: Home, given: tuple[str, str, str], agreement: str | None) -> OwnPins:
    """The pins to keep: those given, or those that are there where only the agreement is new.

    Raises:
        InputError: ``pins-incomplete`` or ``pins-same``.
    """
    office, linker, publisher = ("".join(each.split()).lower() for each in given)
    if not any((office, linker, publisher)) and agreement is not None:
        return OwnPins(pins=home.pins().pins, agreement=agreement)
    if not all((office, linker, publisher)):
        raise InputError(
            "pins-incomplete",
            "expected the fingerprints of key office, linker and publisher, found fewer",
            hint="give all three together; --agreement alone is enough where they are kept already",
        )
    if len({office, linker, publisher}) != len(given):
        raise InputError(
            "pins-same",
            "expected three different fingerprints, found the same one twice",
            hint="read them again from your signed agreement",
        )
    pins = Pins(key_office=office, linker=linker, publisher=publisher)
    return OwnPins(pins=pins, agreement=agreement or "")


def show_card(card: Card) -> Iterator[str]:
    """What an agreement pins, and until when the card is valid."""
    yield f"{card.party} ({card.role}), {card.organisation}"
    yield tr("vingerafdruk: {fingerprint}", fingerprint=card.fingerprint)
    yield tr("kaart geldig tot en met {day}", day=card.valid_until.isoformat())


def status_of(home: Home, round_id: str, day: date) -> RoundStatus:
    """What is known of a round; every signature, pin and the calibration are checked anew."""
    folder = home.round_folder(round_id)
    has_secret, has_grant = (folder / MADE).exists(), (folder / "grant.moj").exists()
    if not has_grant:
        return RoundStatus(round_id, has_secret, has_grant)
    try:
        body = home.open_round(round_id, day).trusted.body
    except MonitorError as error:
        text, _hint = explain_error(error)
        return RoundStatus(round_id, has_secret, has_grant, problem=f"{error.code}: {text}")
    expected = body.supplier(home.identity().party).expected
    return RoundStatus(
        round_id,
        has_secret,
        has_grant,
        closes_on=body.closes_on,
        expected=tuple(item.schema_name.value for item in expected),
        calibrated=True,
    )


def status_lines(home: Home, day: date) -> Iterator[str]:
    """The whole status in words."""
    yield from show_card(home.identity().card)
    try:
        version = home.pins().agreement or tr("geen versie")
        yield tr("vingerafdrukken vastgelegd; overeenkomst: {version}", version=version)
    except MonitorError:
        yield tr("vingerafdrukken nog niet vastgelegd (hasher key pin)")
    for round_id in home.rounds():
        yield from _round_lines(status_of(home, round_id, day))


def _round_lines(status: RoundStatus) -> Iterator[str]:
    what = [tr("geheim (sleutelbeheer)")] if status.has_secret else []
    what += [tr("machtiging")] if status.has_grant else []
    yield tr("ronde {round_id}: {what}", round_id=status.round_id, what=", ".join(what) or "–")
    if status.problem:
        yield tr("  kan niet worden gebruikt: {problem}", problem=status.problem)
    if status.closes_on is not None:
        yield tr("  leveren kan tot en met {day}", day=status.closes_on.isoformat())
        yield tr("  van u verwacht: {schemas}", schemas=", ".join(status.expected))
        yield tr("  ijking klopt")


def status_document(home: Home, day: date) -> dict[str, Any]:
    """The whole status for machines."""
    card = home.identity().card
    try:
        own: OwnPins | None = home.pins()
    except MonitorError:
        own = None
    rounds = [status_of(home, round_id, day) for round_id in home.rounds()]
    return {
        "party": card.party,
        "role": card.role.value,
        "organisation": card.organisation,
        "fingerprint": card.fingerprint,
        "card_valid_until": card.valid_until.isoformat(),
        "pins": own.pins.model_dump(mode="json") if own else None,
        "agreement": own.agreement if own else "",
        "rounds": [
            {
                "round": each.round_id,
                "secret": each.has_secret,
                "grant": each.has_grant,
                "closes_on": each.closes_on.isoformat() if each.closes_on else "",
                "expected": list(each.expected),
                "calibrated": each.calibrated,
                "problem": each.problem,
            }
            for each in rounds
        ],
    }
