"""What a database says when it cannot go on, told as an error of this project.

Two things are told apart from a programmer's error: the storage is full, and another writer was
in the way for too long. In both cases the database undid the transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import BusyError, StorageError

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
_POSTGRESQL_FULL = {"53100"}
_POSTGRESQL_BUSY = {
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # the lock was not there in time
}


@contextmanager
def told_plainly() -> Iterator[None]:
    """Tell a database's error as one of this project's, where it is one.

    Raises:
        StorageError: ``storage-full``.
        BusyError: ``database-busy``.
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


def _sqlite_code(error: sqlite3.Error) -> int:
    """The extended result code; an error of the driver itself has none."""
    return getattr(error, "sqlite_errorcode", 0)
