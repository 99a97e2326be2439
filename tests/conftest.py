from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linker.rounds import accept_round
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support.parties import MiniRegion, make_region
from tests.support.publishing import Publisher, publisher_with_tally

REFERENCE_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def region(tmp_path: Path) -> MiniRegion:
    """A region whose round is made and not yet accepted."""
    return make_region(tmp_path)


@pytest.fixture
def accepted(region: MiniRegion) -> Statement:
    """The round, accepted and countersigned by the linker."""
    database = region.linker_database()
    try:
        return accept_round(
            database,
            region.identities["koppelaar"],
            region.linker_keys,
            region.files(),
            region.pinned_agreements,
            region.clock,
        )
    finally:
        database.close()


@pytest.fixture
def trusted(region: MiniRegion, accepted: Statement) -> TrustedRound:
    """The accepted round as a supplier sees it."""
    return region.trusted(accepted)


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Open data beside the project."""
    if not REFERENCE_DATA.is_dir():
        pytest.skip("reference_data: no open data beside the project")
    return REFERENCE_DATA


@pytest.fixture
def publisher(
    region: MiniRegion, accepted: Statement, trusted: TrustedRound
) -> Iterator[Publisher]:
    """A publisher that took the tally of the round."""
    yield from publisher_with_tally(region, accepted, trusted)
