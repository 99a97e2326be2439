"""What a database says when it cannot go on, told as an error of this project.

Three things are told apart from a programmer's error. The storage is full, or another writer was
in the way for too long: then the database undid the transaction. Or the database cannot be reached:
then only what it has, when it is there again, says whether the last transaction was confirmed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import BusyError, StorageError, UnreachableError

_SQLITE_FULL = {sqlite3.SQLITE_FULL}
_SQLITE_NOT_WRITTEN = {
    # A quota or a limit on a file's size is told as a failed write, not as a full disk.
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_CLOSE,
}
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_AWAY = {sqlite3.SQLITE_CANTOPEN}
_POSTGRESQL_FULL = {"53100"}
_POSTGRESQL_BUSY = {
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # the lock was not there in time
}
_POSTGRESQL_AWAY = {
    "57P01",  # the server is being stopped
    "57P02",  # it crashed
    "57P03",  # it is starting
    "53300",  # it has no connection left
}
_POSTGRESQL_CONNECTION = "08"  # the class of what goes wrong with a connection


@contextmanager
def told_plainly() -> Iterator[None]:
    """Tell a database's error as one of this project's, where it is one.

    Raises:
        StorageError: ``storage-full``.
        BusyError: ``database-busy``.
        UnreachableError: ``database-unreachable``.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy() from error
    except DBAPIError as error:
        if _is_full(error.orig):
            raise StorageError(
                "storage-full",
                "expected room to store this, found none; nothing was changed",
                hint="the operator makes room; then try again",
            ) from error
        if _is_busy(error.orig):
            raise _busy() from error
        if error.connection_invalidated or _is_away(error.orig):
            raise UnreachableError(
                "database-unreachable",
                "expected an answer of the database of this service, got none",
                hint="try again in a minute; nothing is done twice",
            ) from error
        raise


def _busy() -> BusyError:
    return BusyError(
        "database-busy",
        "expected a turn to write, found others busy for too long; nothing was changed",
        hint="try again in a minute",
    )


def _is_full(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        code = _sqlite_code(error)
        return code & 0xFF in _SQLITE_FULL or code in _SQLITE_NOT_WRITTEN
    return getattr(error, "sqlstate", None) in _POSTGRESQL_FULL


def _is_busy(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return _sqlite_code(error) & 0xFF in _SQLITE_BUSY
    return getattr(error, "sqlstate", None) in _POSTGRESQL_BUSY


def _is_away(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return _sqlite_code(error) & 0xFF in _SQLITE_AWAY
    state = getattr(error, "sqlstate", "")
    if state is None:  # no server said this: the driver did, of a connection that is none
        return type(error).__name__ == "OperationalError"
    return state in _POSTGRESQL_AWAY or state.startswith(_POSTGRESQL_CONNECTION)


def _sqlite_code(error: sqlite3.Error) -> int:
    """The extended result code; an error of the driver itself has none."""
    return getattr(error, "sqlite_errorcode", 0)
