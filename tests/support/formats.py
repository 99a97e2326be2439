"""The vectors of docs/formats.md as tests use them: cards, identities, statements, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from publisher.access.four_eyes import AccessMandate
from publisher.released import Manifest
from publisher.releasing.approvals import Approval
from publisher.releasing.decisions import PageDecision
from publisher.releasing.releases import Withdrawal
from publisher.releasing.requests import ChangeRequest
from shared.destruction import Destruction
from shared.errors import MonitorError
from shared.identity import (
    Card,
    Identity,
)
from shared.mirror import Mirror
from shared.receipt import Receipt
from shared.redaction import Secret
from shared.register import Register
from shared.round import Offer, Round
from shared.statement import Body
from tests.support import vectors as second
from tests.support.markdown import ROOT
from tests.support.vectors import Json, RefusedError

TEXT = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
VECTORS = second.read_vectors()
SEEDS: dict[str, Json] = {each["card"]["party"]: each for each in VECTORS["identities"]["parties"]}
CARDS: dict[str, Json] = {party: each["card"] for party, each in SEEDS.items()}
STATEMENTS = {each["id"]: each["text"].encode() for each in VECTORS["statements"]}
BODIES: dict[str, type[Body]] = {
    "register": Register, "offer": Offer, "round": Round, "receipt": Receipt, "mirror": Mirror,
    "release": Manifest, "approval": Approval, "change-request": ChangeRequest,
    "withdrawal": Withdrawal, "page-decision": PageDecision, "access": AccessMandate,
    "destruction": Destruction,
}  # fmt: skip


def refused(action: Callable[[], object]) -> str:
    """The code with which the product or the second implementation refuses, empty for none."""
    try:
        action()
    except (MonitorError, RefusedError) as error:
        return error.code
    return ""


def card_of(party: str) -> Card:
    return Card.model_validate(CARDS[party])


def identity_of(party: str) -> Identity:
    seeds = SEEDS[party]
    sign, opening = (bytes.fromhex(seeds[name]) for name in ("sign_seed", "seal_seed"))
    return Identity(card_of(party), Secret(sign), Secret(opening))


def cases(name: str, *path: str) -> list[Json]:
    """The cases of a vector, of which there must be some."""
    found: Any = VECTORS[name]
    for each in path:
        found = found[each]
    assert found, f"expected cases of {name}"
    return cast(list[Json], found)
