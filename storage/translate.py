"""The one place that knows how SQLite, PostgreSQL, SQLAlchemy and the disk say no.

Each of their errors becomes one of :class:`watchers.errors.StoreError`, the cause kept.
Messages name the place (:func:`storage.engine.place`), never a URL: those have passwords.
"""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeGuard

from sqlalchemy import exc

from storage import refusals
from watchers.errors import (
    StoreBusy,
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreRefused,
    StoreUnreachable,
)

if TYPE_CHECKING:
    import psycopg

_MESSAGES: dict[type[StoreError], str] = {
    StoreBusy: "The database is in use by another process: {place}.",
    StoreConflict: "Two transactions were in each other's way again and again: {place}.",
    StoreFull: "The disk refused more data (full, over its quota, or failing): {place}.",
    StoreReadOnly: "The database cannot be opened for writing: {place}.",
    StoreCorrupt: "This is no database, or a damaged one: {place}.",
    StoreUnreachable: "The database cannot be reached: {place}.",
    StoreRefused: "The database does not let us in: {place}.",
    StoreError: "The database refused ({what}): {place}.",
}

# Primary result codes, https://sqlite.org/rescode.html; extended codes keep them in the low byte.
_SQLITE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_PROTOCOL: StoreBusy,  # lost the race for the locks of the WAL
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreFull,  # a quota, or a limit of the file's size, ends up here
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_AUTH: StoreReadOnly,
    sqlite3.SQLITE_CANTOPEN: StoreReadOnly,  # the folder exists by then, so it is its owner
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
    sqlite3.SQLITE_FORMAT: StoreCorrupt,
}
_SQLITE_EXTENDED: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_IOERR_CORRUPTFS: StoreCorrupt,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest prefix decides.
_POSTGRES: dict[str, type[StoreError]] = {
    "08": StoreUnreachable,  # connection exceptions
    "28": StoreRefused,  # authorization
    "3D": StoreRefused,  # no such database
    "57P": StoreUnreachable,  # shutdown, crash, starting up
    "25P03": StoreUnreachable,  # idle in a transaction for too long, and cut off
    "40": StoreConflict,  # serialization failure, deadlock: rolled back, tried again
    "40003": StoreError,  # nobody knows whether it was carried out: never tried again
    "55P03": StoreBusy,  # lock_timeout
    "55006": StoreBusy,
    "57014": StoreBusy,  # cancelled
    "53300": StoreBusy,  # too many connections
    "53100": StoreFull,
    "58030": StoreFull,  # I/O error
    "25006": StoreReadOnly,  # a standby, or default_transaction_read_only
    "42501": StoreReadOnly,
    "42P01": StoreCorrupt,  # no such table
    "42703": StoreCorrupt,  # no such column
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
}
_TOLD = {
    "25006": refusals.READ_ONLY,
    "42501": refusals.NO_RIGHTS,
    "57014": refusals.CANCELLED,
    "42P01": refusals.TABLES_MISSING,
    "42703": refusals.TABLES_MISSING,
}
_SYSTEM: dict[int, type[StoreError]] = {
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EFBIG: StoreFull,
    errno.EIO: StoreFull,
    errno.EACCES: StoreReadOnly,
    errno.EPERM: StoreReadOnly,
    errno.EROFS: StoreReadOnly,
    errno.ENOTDIR: StoreReadOnly,
    errno.EEXIST: StoreReadOnly,
}


def _sqlite_kind(error: sqlite3.Error) -> type[StoreError]:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreError
    if _misses_tables(error):
        return StoreCorrupt
    return _SQLITE_EXTENDED.get(code) or _SQLITE.get(code & 0xFF, StoreError)


def _misses_tables(error: BaseException) -> bool:
    """SQLite has one code for all that is wrong with a statement, and these words."""
    code = getattr(error, "sqlite_errorcode", None)
    missing = str(error).startswith(("no such table", "no such column"))
    return missing and code == sqlite3.SQLITE_ERROR


def _is_postgres(error: BaseException) -> TypeGuard[psycopg.Error]:
    """Of a driver that is loaded only where it is used: half a tenth of a second otherwise."""
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(error, driver.Error)


def _postgres_kind(error: psycopg.Error) -> type[StoreError]:
    state = error.sqlstate
    if state is None:
        # libpq's own failures (refused, cut, closed) have no SQLSTATE; a DataError is our bug.
        named = {kind.__name__ for kind in type(error).__mro__}
        found = refusals.why(str(error))
        if named.isdisjoint(("OperationalError", "InterfaceError")):
            return found.kind if found is refusals.OPTION else StoreError
        return found.kind
    prefixes = (state[:length] for length in range(len(state), 1, -1))
    return next((_POSTGRES[prefix] for prefix in prefixes if prefix in _POSTGRES), StoreError)


def kind_of(error: BaseException) -> type[StoreError] | None:
    """The class of our errors that this foreign one means; None if it is none of theirs."""
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        return kind_of(error.orig) or StoreError
    if isinstance(error, exc.TimeoutError):  # all connections of the pool are in use
        return StoreBusy
    if isinstance(error, sqlite3.Error):
        return _sqlite_kind(error)
    if _is_postgres(error):
        return _postgres_kind(error)
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0, StoreError)
    return None


def translate(error: BaseException, place: str) -> StoreError | None:
    """Our error for a foreign one, with a message for people; None if it is no such error."""
    kind = kind_of(error)
    if kind is None:
        return None
    origin = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    if _misses_tables(origin):
        return refusals.TABLES_MISSING.error(place)
    if _is_postgres(origin):
        told = _TOLD.get(origin.sqlstate or "")
        if told is None and issubclass(kind, StoreBusy | StoreUnreachable) and not origin.sqlstate:
            told = refusals.why(str(origin))
        if told is not None:
            return told.error(place)
    return kind(_MESSAGES[kind].format(place=place, what=type(origin).__name__))


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise our errors instead of the database's, the cause kept.

    A value that no column takes is a bug of the caller, and stays a ``ValueError``.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, exc.StatementError) and isinstance(error.orig, ValueError):
            raise error.orig from None
        ours = translate(error, place)
        if ours is None:
            raise
        raise ours from error
