from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linker.rounds.lifecycle import accept_round
from shared.hashing.language import Language, choose
from shared.round import TrustedRound
from shared.statement import Statement
from tests.support.databases import (
    BOTH,
    ON_BOTH,
    SQLITE,
    NewDatabase,
    PostgreSQL,
    find_binaries,
    running_server,
    sqlite_database,
)
from tests.support.parties import MiniRegion, make_region
from tests.support.publishing import Publisher, publisher_with_tally

REFERENCE_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what must hold on either kind of database on both."""
    is_on_both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
    if is_on_both and "new_database" in metafunc.fixturenames:
        metafunc.parametrize("new_database", BOTH, indirect=True)


@pytest.fixture(autouse=True)
def dutch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools speak Dutch, whatever the language of this machine is."""
    monkeypatch.setenv("MOJ_LANG", "nl")
    choose(Language.NL)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of the tests' own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine")
    with running_server(binaries) as server:
        yield server


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Iterator[NewDatabase]:
    """Makes a service's database: a SQLite file, or what a test on both asks for."""
    if getattr(request, "param", SQLITE) == SQLITE:
        yield sqlite_database
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lending():
        yield server.new_database


@pytest.fixture
def region(tmp_path: Path, new_database: NewDatabase) -> MiniRegion:
    """A region whose round is made and not yet accepted."""
    return make_region(tmp_path, new_database=new_database)


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
