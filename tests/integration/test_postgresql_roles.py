"""On PostgreSQL the tables have an owner that is not the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from linker.cli import linker
from shared.errors import ConfigurationError
from shared.state.database import open_engine
from shared.state.migrating import check_guarded, migrate, migrate_service
from tests.support.databases import OWNER, SERVER_ROLE, SERVICE, PostgreSQL, connections_closed
from tests.support.parties import MiniRegion


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    with connections_closed():
        yield


@pytest.fixture(params=["linker", "publisher"])
def package(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_the_owner_migrates_and_the_service_gets_what_it_needs(
    postgresql: PostgreSQL, package: str
) -> None:
    url = postgresql.bare_database()
    for _ in range(2):  # a second time changes nothing
        migrate_service(url, package, postgresql.owner_url(url))
    engine = open_engine(url)
    check_guarded(engine)
    query = text(
        "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
        "FROM information_schema.role_table_grants WHERE grantee = :role GROUP BY 1"
    )
    with engine.connect() as connection:
        found = connection.execute(query, {"role": SERVICE})
        rights = {str(row[0]): str(row[1]) for row in found}
        owners = set(connection.execute(text(
            "SELECT tableowner FROM pg_tables WHERE schemaname = 'public'"
        )).scalars())  # fmt: skip
    assert owners == {OWNER}
    special = {"ledger_entry": "INSERT SELECT", "ledger_head": "SELECT UPDATE",
               "alembic_version": "SELECT"}  # fmt: skip
    assert special.items() <= rights.items()
    assert {rights[name] for name in rights.keys() - special} == {"DELETE INSERT SELECT UPDATE"}
    assert {"round", "ledger_entry"} <= rights.keys()


def test_a_right_that_was_given_by_hand_is_taken_back(postgresql: PostgreSQL) -> None:
    url = postgresql.bare_database()
    migrate_service(url, "linker", postgresql.owner_url(url))
    owner = open_engine(postgresql.owner_url(url))
    with owner.begin() as connection:
        connection.exec_driver_sql(f"GRANT UPDATE, TRUNCATE ON ledger_entry TO {SERVICE}")
    engine = open_engine(url)
    with pytest.raises(ConfigurationError, match="ledger-not-guarded"):
        check_guarded(engine)
    migrate_service(url, "linker", postgresql.owner_url(url))
    check_guarded(engine)


def test_a_service_that_owns_its_tables_is_refused(postgresql: PostgreSQL) -> None:
    url = postgresql.bare_database()
    owner_url = postgresql.owner_url(url)
    with pytest.raises(ConfigurationError, match="ledger-not-guarded"):
        migrate_service(owner_url, "linker", owner_url)
    server_url = url.replace(f"//{SERVICE}@", f"//{SERVER_ROLE}@")
    with pytest.raises(ConfigurationError, match="ledger-not-guarded"):
        check_guarded(open_engine(server_url))


def test_postgresql_is_not_migrated_without_an_owner(postgresql: PostgreSQL) -> None:
    url = postgresql.bare_database()
    with pytest.raises(ConfigurationError, match="owner-url-missing"):
        migrate_service(url, "linker")
    with pytest.raises(DBAPIError):  # nor could the service's role
        migrate(url, "linker")


def test_a_file_has_no_other_owner(region: MiniRegion) -> None:
    url = region.linker_settings.database_url
    with pytest.raises(ConfigurationError, match="owner-url-needless"):
        migrate_service(url, "linker", url)
    migrate_service(url, "linker")
    check_guarded(open_engine(url))


def test_the_commands_take_the_owners_url_from_the_environment(
    postgresql: PostgreSQL, region: MiniRegion
) -> None:
    url = postgresql.bare_database()
    settings = region.folder / "koppelaar" / "linker.toml"
    shown = region.linker_settings.model_dump(mode="json") | {"database_url": url}
    settings.write_text(
        "".join(f"{name} = {value!r}\n" for name, value in shown.items()
                if isinstance(value, str | int))
    )  # fmt: skip
    command = ["--settings", str(settings), "migrate"]
    refused = CliRunner().invoke(linker, command)
    assert isinstance(refused.exception, ConfigurationError)
    assert refused.exception.code == "owner-url-missing"
    secret = {"LINKER_OWNER_URL": postgresql.owner_url(url)}
    done = CliRunner().invoke(linker, command, env=secret)
    assert (done.exit_code, done.output) == (0, "database up to date\n")
