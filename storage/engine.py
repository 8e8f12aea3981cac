"""SQLAlchemy engines for the two databases, and their transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage import postgres
from storage.columns import UtcTime
from storage.postgres import postgres_engine
from storage.translate import kind_of, translated
from watchers.errors import InputInvalid, StoreReadOnly

_T = TypeVar("_T")

BUSY_SECONDS = 10
_LOOK = 0.25  # seconds after which a writer of SQLite that waits looks whether it may go on waiting
_HIDDEN = True  # no values in errors: a log would have subscribers' numbers, and texts
_CHUNK = 1_000  # SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535


class Mode(Enum):
    """What a transaction is for: SQLite begins each of them differently."""

    READ = "read"  # what its statements see is of one moment
    LOOK = "look"  # one statement, or several that need not be of one moment
    WRITE = "write"
    DURABLE = "durable"  # on the disk before it returns: what was sent must survive a power cut


_ON_POSTGRES: dict[Mode, dict[str, object]] = {
    Mode.READ: {"isolation_level": "REPEATABLE READ"},
    Mode.LOOK: {"isolation_level": "AUTOCOMMIT"},
}


def parse_url(url: str) -> URL:
    """The URL as SQLAlchemy's, with our drivers. InputInvalid (without showing the URL)."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        msg = (
            "The database URL cannot be read; write sqlite:///path or postgresql://user@host/name."
        )
        raise InputInvalid(msg) from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite_url(parsed, has_options="?" in url)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        if "@" in f"{parsed.host}{parsed.database}":  # it is half a password, and would be shown
            msg = (
                "The database URL cannot be read: in a user or a password write @ as %40, / as "
                "%2F, : as %3A and % as %25."
            )
            raise InputInvalid(msg)
        return parsed.set(drivername="postgresql+psycopg")
    msg = (
        f"{parsed.drivername!r} is no database that Dadkhah knows; "
        "write sqlite:///path or postgresql://user@host/name."
    )
    raise InputInvalid(msg)


def _sqlite_url(parsed: URL, *, has_options: bool) -> URL:
    if not parsed.database or parsed.database == ":memory:" or has_options:
        msg = "A SQLite database is a file: write sqlite:///path, without options."
        raise InputInvalid(msg)
    return parsed.set(drivername="sqlite+pysqlite")


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def place(url: URL) -> str:
    """Where the database is, fit for a message: no user, no password, no options."""
    path = sqlite_path(url)
    if path is not None:
        return str(path)
    host = url.host or url.query.get("host") or "the local socket"
    return f"PostgreSQL database {url.database!r} at {host}"


def make_engine(url: str | URL, *, foreign_keys: bool = True, patient: bool = False) -> Engine:
    """An engine for a database URL; nothing is connected yet. InputInvalid.

    `foreign_keys` off is for migrations of SQLite only (Alembic rebuilds tables there).
    `patient`: PostgreSQL sets no limit to how long a statement, or a pause between two of a
    transaction, may take: for upgrades and copies.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if sqlite_path(parsed) is None:
        return postgres_engine(parsed, patient=patient, hide=_HIDDEN)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=_HIDDEN)
    _set_up_sqlite(engine, BUSY_SECONDS, foreign_keys=foreign_keys)
    return engine


def hurry(engine: Engine, seconds: float) -> None:
    """From so many seconds on no transaction waits for another process to finish.

    On PostgreSQL one that takes longer than a second is then cut off, also by a dead server.
    """
    if engine.dialect.name == "postgresql":
        postgres.hurry(engine, seconds)
        return
    engine.update_execution_options(wait_until=time.monotonic() + seconds)


def _set_up_sqlite(engine: Engine, busy_seconds: float, *, foreign_keys: bool) -> None:
    pragmas = (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA cache_size = -16384",
    )

    def connected(connection: Any, _record: object) -> None:
        # None: pysqlite begins nothing by itself, or it would commit before each DDL statement.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma)

    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("mode", Mode.WRITE)
        level = "FULL" if mode is Mode.DURABLE else "NORMAL"
        if connection.info.get("synchronous", "NORMAL") != level:
            connection.exec_driver_sql(f"PRAGMA synchronous = {level}")  # not possible later
            connection.info["synchronous"] = level
        # IMMEDIATE: the service and the command line share the file, and a transaction that
        # reads first and writes later fails at once if another wrote in between.
        if mode in (Mode.READ, Mode.LOOK):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_to_write(engine, connection.connection.dbapi_connection, busy_seconds)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begin)


def _begin_to_write(engine: Engine, connection: Any, busy_seconds: float) -> None:
    """BEGIN IMMEDIATE, which waits for other writers; in small parts, so that it can be told to
    :func:`hurry` meanwhile.
    """
    until = time.monotonic() + busy_seconds
    connection.execute(f"PRAGMA busy_timeout = {min(_LOOK, busy_seconds) * 1_000:.0f}")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                wait_until = engine.get_execution_options().get("wait_until", until)
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= min(until, wait_until):
                    raise
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_seconds * 1_000:.0f}")


@contextmanager
def transaction(engine: Engine, mode: Mode) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back by any error. StoreError.

    On PostgreSQL what only reads gets a snapshot, as SQLite gives it: a page that goes from one
    state to the next would be found twice by two statements, or never. A mere look needs no
    transaction, and saves BEGIN and COMMIT, a round trip each.
    """
    with translated(place(engine.url)):
        try:
            with _begun(engine, mode) as connection:
                yield connection
        except DBAPIError as error:
            if engine.dialect.name == "postgresql" and kind_of(error) is StoreReadOnly:
                engine.dispose()  # a primary that became a standby: look for the new one
            raise


@contextmanager
def _begun(engine: Engine, mode: Mode) -> Iterator[Connection]:
    postgres = engine.dialect.name == "postgresql"
    options = {"mode": mode, **(_ON_POSTGRES.get(mode, {}) if postgres else {})}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def is_postgres(connection: Connection) -> bool:
    """Which of the two databases this is."""
    return connection.dialect.name == "postgresql"


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert these rows, all of the same columns; those that break a unique key are left out."""
    if rows:
        _spelled_insert(table, tuple(rows[0]), "DO NOTHING").run(connection, rows)


def insert_one(connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Insert a row; False if it breaks a unique key, and is left out."""
    return _spelled_insert(table, tuple(row), "DO NOTHING").run(connection, [row]) == 1


def insert_or_replace(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    changed: Iterable[str],
    *,
    rising: str = "",
) -> None:
    """Insert rows, or give those with their primary keys new values for `changed`.

    With `rising`, the name of a column: only if that becomes greater.
    """
    if not rows:
        return
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    news = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
    where = f' WHERE excluded."{rising}" > "{table.name}"."{rising}"' if rising else ""
    conflict = f"({keys}) DO UPDATE SET {news}{where}"
    _spelled_insert(table, tuple(rows[0]), conflict).run(connection, rows)


def change(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Give the rows with these `id` new values, all for the same columns."""
    if rows:
        _spelled_update(table, tuple(name for name in rows[0] if name != "id")).run(
            connection, rows
        )


def select_pairs(
    connection: Connection,
    table: Table,
    key: tuple[str, str],
    columns: tuple[str, ...],
    pairs: Sequence[tuple[int, bytes]] | Sequence[tuple[int, str]],
    *,
    second: str = "bytea",
) -> Sequence[Any]:
    """These columns (no times) of the rows whose key, a number and a hash, is one of `pairs`.

    `second`: what PostgreSQL calls the type of the key's other half, if it is no hash.

    A join with the list: for ``(a, b) IN (VALUES ...)`` SQLite reads the whole table.
    """
    if not pairs:
        return ()
    mark = f"(%s::integer, %s::{second})" if is_postgres(connection) else "(?, ?)"
    chosen = ", ".join(f'"{table.name}"."{name}"' for name in columns)
    number, hashed = (f'"{table.name}"."{name}"' for name in key)
    # Names of our own tables and columns only. CROSS JOIN: SQLite keeps the list outside.
    statement = (
        f"WITH wanted (number, hashed) AS (VALUES {', '.join([mark] * len(pairs))}) "  # noqa: S608
        f'SELECT {chosen} FROM wanted CROSS JOIN "{table.name}" '
        f"WHERE {number} = wanted.number AND {hashed} = wanted.hashed"
    )
    values = tuple(value for pair in pairs for value in pair)
    return connection.exec_driver_sql(statement, values).all()


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as text, which both databases read alike, handed to the driver as it is.

    SQLAlchemy would compile an INSERT with ON CONFLICT anew each time (``inherit_cache =
    False`` in its dialects), at 1 ms each, and spend more on the parameters of a row than
    SQLite on the row. Only times need anything done to them.
    """

    statement: str  # with ? for its parameters
    values: Callable[[Mapping[str, object]], tuple[object, ...]]
    times: tuple[int, ...]  # places of those that are times

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Run it for each row; how many rows were changed, where the driver knows."""
        to_database = UtcTime().bind_processor(connection.dialect)
        parameters = []
        for row in rows:
            values = list(self.values(row))
            for place in self.times:
                values[place] = to_database(values[place])
            parameters.append(tuple(values))
        postgres = is_postgres(connection)
        statement = self.statement.replace("?", "%s") if postgres else self.statement
        only = parameters[0] if len(parameters) == 1 else parameters
        return connection.exec_driver_sql(statement, only).rowcount


@cache
def _spelled_insert(table: Table, columns: tuple[str, ...], conflict: str) -> _Spelled:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    # Names of our own tables and columns only.
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}) ON CONFLICT {conflict}'  # noqa: S608
    return _spelled(table, statement, columns)


@cache
def _spelled_update(table: Table, columns: tuple[str, ...]) -> _Spelled:
    news = ", ".join(f'"{name}" = ?' for name in columns)
    return _spelled(table, f'UPDATE "{table.name}" SET {news} WHERE "id" = ?', (*columns, "id"))  # noqa: S608 - as above


def _spelled(table: Table, statement: str, columns: tuple[str, ...]) -> _Spelled:
    times = (i for i, name in enumerate(columns) if isinstance(table.c[name].type, UtcTime))
    return _Spelled(statement, itemgetter(*columns), tuple(times))


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The values in pieces that fit the parameters of one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def overwrite_deleted(connection: Connection) -> None:
    """From now on this connection overwrites with zeros what it deletes (SQLite only).

    PostgreSQL's own cleaning (VACUUM) does away with old rows in its time.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def empty_log(engine: Engine) -> None:
    """Bring SQLite's log into the file and cut it, for it holds what was there before.

    As far as possible: somebody who reads just now keeps it until the next time.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execution_options(mode=Mode.READ)
            connection.rollback()
            raw = connection.connection.dbapi_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
