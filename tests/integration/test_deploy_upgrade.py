"""An upgrade keeps what a service had: every row of the version before is there afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.state.database import open_engine, sqlite_url
from shared.state.ledger_table import metadata as ledger
from shared.state.migrating import migrate
from tests.support.databases import SERVICE, PostgreSQL, connections_closed

SERVICES = ("linker", "publisher")
KEPT_BY_ALEMBIC = {"alembic_version"}


def revisions(package: str) -> list[str]:
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    walked = ScriptDirectory.from_config(config).walk_revisions()
    return [each.revision for each in walked][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A bare database: its address, and who may migrate it."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "state.db")
        yield url, ""
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with connections_closed():
        yield server.owner_url(server.bare_database()), SERVICE


def a_value(column: sa.Column[Any]) -> Any:
    """Something that fits, the same for a column and those that refer to it."""
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer | sa.Numeric):
        return 1
    if isinstance(kind, sa.LargeBinary):
        return b"bytes"
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 10, 5, tzinfo=UTC)
    if isinstance(kind, sa.Date):
        return date(2026, 10, 5)
    return "2026-10-05T00:00:00Z"[: getattr(kind, "length", None) or 20]


def rows(connection: sa.Connection, tables: list[sa.Table]) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
        for table in tables
    }


ENDED = {("publisher", "access_session")}
"""What an upgrade ends: people sign in anew; see the upgrade to 0009."""


@pytest.mark.parametrize("package", SERVICES)
def test_every_row_of_any_earlier_version_survives(package: str, urls: tuple[str, str]) -> None:
    """From the version before as from the first; PostgreSQL from the version before only."""
    url, role = urls
    known = revisions(package)
    migrate(url, package, known[-2], service_role=role)
    engine = open_engine(url)
    old = sa.MetaData()
    old.reflect(engine)
    passed = {*KEPT_BY_ALEMBIC, *ledger.tables}
    tables = [table for table in old.sorted_tables if table.name not in passed]
    assert tables
    with engine.begin() as connection:
        for table in tables:
            values = {
                column.name: a_value(column) for column in table.columns if column.nullable is False
            }
            connection.execute(table.insert().values(values))
        before = rows(connection, tables)
    engine.dispose()
    migrate(url, package, service_role=role)
    engine = open_engine(url)
    new = sa.MetaData()
    new.reflect(engine)
    with engine.connect() as connection:
        after = rows(connection, [new.tables[table.name] for table in tables])
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    engine.dispose()
    assert version == known[-1]
    for name, kept in before.items():
        if (package, name) in ENDED:
            assert not after[name], name
            continue
        assert len(after[name]) == len(kept) == 1, name
        for key, value in kept[0].items():
            assert after[name][0][key] == value, f"{name}.{key}"


@pytest.mark.parametrize("package", SERVICES)
def test_upgrading_twice_changes_nothing(package: str, tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "state.db")
    migrate(url, package)
    data = (tmp_path / "state.db").read_bytes()
    migrate(url, package)
    assert (tmp_path / "state.db").read_bytes() == data
