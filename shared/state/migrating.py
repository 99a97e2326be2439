"""Bringing a service's database to this version; on PostgreSQL by a role of its own.

There the owner's role makes the tables and the service's role only uses them: it cannot drop a
trigger, and of the ledger it can read and append. On SQLite both are one account.
"""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from shared.errors import ConfigurationError
from shared.state.database import is_sqlite, open_engine
from shared.state.ledger_table import ledger_entry, ledger_head_table

RIGHTS = {
    ledger_entry.name: "SELECT, INSERT",
    ledger_head_table.name: "SELECT, UPDATE",
    "alembic_version": "SELECT",
}
"""What the service may do with the tables that it does not keep as it likes."""
OWN_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
"""What the service may do with every other table."""


def migrate(url: str, package: str, revision: str = "head", *, service_role: str = "") -> None:
    """Bring the schema of ``package`` (``linker`` or ``publisher``) to ``revision``.

    Args:
        url: of the database, as the role that owns the tables.
        service_role: the role that gets the rights of a service; none where it owns a file.
    """
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            attributes: dict[str, Any] = config.attributes
            attributes["connection"] = connection
            command.upgrade(config, revision)
            if service_role:
                _grant(connection, service_role)
    finally:
        engine.dispose()


def migrate_service(service_url: str, package: str, owner_url: str = "") -> None:
    """Bring the database of a service to this version, as whoever owns its tables.

    Args:
        service_url: as in the settings.
        owner_url: the same database as the role that owns the tables; PostgreSQL only.

    Raises:
        ConfigurationError: ``owner-url-missing``, ``owner-url-needless`` or
            ``ledger-not-guarded``.
    """
    if is_sqlite(service_url):
        if owner_url:
            raise ConfigurationError(
                "owner-url-needless",
                "expected no owner of a SQLite file but this account, found an owner's URL",
                hint="leave --owner-url out",
            )
        migrate(service_url, package)
        return
    if not owner_url:
        raise ConfigurationError(
            "owner-url-missing",
            "expected the URL of the role that owns the tables, found none",
            hint="give --owner-url; the service's own role must not own the ledger",
        )
    engine = open_engine(service_url)
    try:
        with engine.connect() as connection:
            role = connection.exec_driver_sql("SELECT current_user").scalar_one()
        migrate(owner_url, package, service_role=role)
        check_guarded(engine)
    finally:
        engine.dispose()


def check_guarded(engine: Engine) -> None:
    """Refuse to work as a role that could change the ledger, or take its triggers away.

    Raises:
        ConfigurationError: ``ledger-not-guarded``.
    """
    if engine.dialect.name == "sqlite":
        return
    with engine.connect() as connection:
        is_free = connection.exec_driver_sql(
            "SELECT pg_has_role(current_user, relowner, 'MEMBER') "
            "OR has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') "
            "FROM pg_class WHERE oid = 'ledger_entry'::regclass"
        ).scalar_one()
    if is_free:
        raise ConfigurationError(
            "ledger-not-guarded",
            "expected a role that can only read and append to the ledger, found one that can more",
            hint="let another role own the tables, and migrate with --owner-url",
        )


def _grant(connection: Connection, role: str) -> None:
    """Give ``role`` exactly the rights of a service, on the tables that are there now."""
    quote = connection.dialect.identifier_preparer.quote
    tables = connection.dialect.get_table_names(connection)
    for table in tables:
        rights = RIGHTS.get(table, OWN_RIGHTS)
        connection.exec_driver_sql(f"REVOKE ALL ON {quote(table)} FROM {quote(role)}")
        connection.exec_driver_sql(f"GRANT {rights} ON {quote(table)} TO {quote(role)}")
