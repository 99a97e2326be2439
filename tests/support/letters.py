"""Envelopes for the linker's intake: sealed, sent, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from fastapi.testclient import TestClient
from httpx2 import Response

from shared.receipt import Outcome, Receipt
from shared.round import TrustedRound
from shared.statement import Kind, Statement
from tests.support.parties import Letter, MiniRegion, care_table, pseudonym, seal_letter

Seal = Callable[..., Letter]
"""Seals a table; five rows of care of Aalten where nothing else is said."""


def sealer(region: MiniRegion, trusted: TrustedRound) -> Seal:
    """Who seals for the suppliers of a region."""

    def seal(table: pa.Table | None = None, schema: str = "care/1", **changes: Any) -> Letter:
        party = changes.pop("party", "gm0197")
        return seal_letter(region, trusted, party, table or care(5), schema, **changes)

    return seal


def care(count: int, forms: tuple[int, ...] = (2, 3, 11), children: int = 10_000) -> pa.Table:
    """Care that looks like care: several forms, domains and referrers."""
    return care_table(
        [
            {
                "pseudonym": pseudonym(number % children),
                "form": forms[number % children % len(forms)],
                "domain": 1 + number % children % 2,
                "referrer": 1 + number % children % 2,
            }
            for number in range(count)
        ]
    )


def put(client: TestClient, letter: Letter) -> Response:
    """Send a letter; the answer."""
    return client.put(f"/envelopes/{letter.address}", content=letter.data)


def outcome(answer: Response) -> Outcome:
    """What the receipt in an answer says."""
    assert answer.status_code == 201, answer.text
    return Statement.from_bytes(answer.content).read(Kind.RECEIPT, Receipt).outcome
