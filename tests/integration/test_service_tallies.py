"""The header of a tally says of its round what the round says, field by field, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.contract.tally import Tally, TallyHeader
from shared.errors import MonitorError, PolicyError, StateError
from tests.support.parties import ROUND
from tests.support.publishing import Publisher, resealed
from tests.support.rounds import take

Change = Callable[[TallyHeader], dict[str, Any]]
PLANTED = "r999000007"

CHANGES: dict[str, Change] = {
    "round_id": lambda _: {"round_id": "andere-ronde"},
    "round_statement": lambda _: {"round_statement": "0" * 64},
    "revision": lambda _: {"revision": 7},
    "synthetic": lambda _: {"synthetic": False},
    "policy": lambda _: {"policy": "0" * 64},
    "reference": lambda _: {"reference": "0" * 64},
    "linker_version": lambda _: {"linker_version": "9.9.9"},
    "periods": lambda header: {"periods": header.periods[:1]},
    "covered": lambda header: {"covered": dict.fromkeys(header.covered, (1, 2))},
    "quality": lambda header: {"quality": (*header.quality, header.quality[0])},
    "inputs": lambda header: {"inputs": tuple(reversed(header.inputs))},
    "tables": lambda header: {"tables": (*header.tables, header.tables[0])},
}
MORE: list[tuple[str, Change]] = [
    ("covered", lambda header: {"covered": dict(list(header.covered.items())[:1])}),
    ("quality", lambda header: {"quality": (stranger(header),)}),
    ("inputs", lambda _: {"inputs": ()}),
    ("inputs", lambda _: {"inputs": ("no hash",)}),
]


def stranger(header: TallyHeader) -> object:
    return header.quality[0].model_copy(update={"supplier": "vreemde"})


def revised(publisher: Publisher, changes: dict[str, Any]) -> bytes:
    """The tally with another header, in an envelope of the next revision."""
    header = publisher.tally.header.model_copy(update={"revision": 2, **changes})
    return resealed(publisher, Tally(header, publisher.tally.cells), revision=2)


@pytest.mark.parametrize(
    ("field", "change"), [*CHANGES.items(), *MORE], ids=lambda each: str(each)[:20]
)
def test_a_header_that_differs_from_the_round_is_refused_by_its_field(
    publisher: Publisher, field: str, change: Change
) -> None:
    envelope = revised(publisher, change(publisher.tally.header))
    with pytest.raises(PolicyError) as refused:
        take(publisher.releases, envelope)
    assert refused.value.code == "tally-differs"
    assert refused.value.message.endswith(f"found others in: {field}")


def test_every_field_that_the_round_knows_is_compared() -> None:
    not_of_the_round = {"engine", "derived", "double_claims"}  # how, and what, the linker counted
    assert set(CHANGES) | not_of_the_round == set(TallyHeader.model_fields)


def test_the_same_header_in_the_next_revision_is_taken(publisher: Publisher) -> None:
    assert take(publisher.releases, revised(publisher, {}))


@pytest.mark.parametrize(
    "changes",
    [
        {"round_id": PLANTED},
        {"recipient": PLANTED},
        {"schema_name": f"{PLANTED[0]}/{PLANTED[1:]}"},
        {"policy": f"{PLANTED[1:]:0<64}"},
        {"round_statement": f"{PLANTED[1:]:0<64}"},
        {"synthetic": 0},
    ],
)
def test_no_refusal_repeats_what_a_header_said(
    publisher: Publisher, changes: dict[str, Any]
) -> None:
    envelope = resealed(publisher, publisher.tally, revision=2, **changes)
    with pytest.raises(MonitorError) as refused:
        take(publisher.releases, envelope)
    assert isinstance(refused.value, StateError) == ("round_id" in changes)
    assert PLANTED[1:] not in refused.value.message + refused.value.hint
    assert ROUND not in refused.value.message
