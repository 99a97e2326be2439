"""Intake of tallies: at least once delivered, exactly once taken."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from publisher.store import (
    TallyRow,
)
from shared.contract.tally import Tally
from shared.envelope import read_header, seal
from shared.errors import (
    PolicyError,
    StateError,
    TrustError,
)
from shared.identity import Role
from shared.receipt import Outcome, Receipt
from shared.statement import Kind, Statement
from tests.support.parties import identity
from tests.support.publishing import Publisher, resealed
from tests.support.rounds import take


def test_a_tally_is_taken_once_and_acknowledged(publisher: Publisher) -> None:
    again = take(publisher.releases, publisher.envelope)
    statement = Statement.from_bytes(again)
    statement.check_signed_by(publisher.region.identities["publicist"].card)
    receipt = statement.read(Kind.RECEIPT, Receipt)
    assert (receipt.outcome, receipt.rows) == (Outcome.TALLY_STORED, 0)
    with publisher.releases.database.reading() as session:
        rows = session.scalars(select(TallyRow)).all()
    assert [(row.revision, row.envelope) for row in rows] == [(1, publisher.envelope)]


def test_other_bytes_for_a_revision_that_is_here_are_refused(publisher: Publisher) -> None:
    with pytest.raises(StateError, match="revision-not-higher"):
        take(publisher.releases, resealed(publisher, publisher.tally))


def test_a_tally_without_the_synthetic_mark_is_refused(publisher: Publisher) -> None:
    unmarked = resealed(publisher, publisher.tally, synthetic=0, revision=2)
    with pytest.raises(PolicyError, match="synthetic-differs"):
        take(publisher.releases, unmarked)


def test_a_tally_whose_content_lacks_the_mark_is_refused(publisher: Publisher) -> None:
    header = publisher.tally.header.model_copy(update={"synthetic": False, "revision": 2})
    unmarked = resealed(publisher, Tally(header, publisher.tally.cells), revision=2)
    with pytest.raises(PolicyError, match="tally-differs"):
        take(publisher.releases, unmarked)


def test_a_tally_of_another_sender_is_refused(publisher: Publisher) -> None:
    header = read_header(publisher.envelope)
    key = publisher.region.trusted_offer("publicist").sealing_key()
    forger = identity("koppelaar", Role.LINKER)
    forged = seal(header.context, publisher.tally.to_bytes(), forger, key)
    with pytest.raises(TrustError, match="signature-invalid"):
        take(publisher.releases, forged)
