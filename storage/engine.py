"""SQLAlchemy engines for the two databases, and their transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    TextClause,
    bindparam,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError

from storage.translate import translated
from watchers.errors import InputInvalid

_T = TypeVar("_T")

BUSY_SECONDS = 10
_CHUNK = 1_000  # SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535
_POSTGRES_SESSION = (
    "SET TIME ZONE 'UTC'",
    f"SET lock_timeout = '{BUSY_SECONDS}s'",
    # A machine that vanished must lose its advisory locks in a minute, not in two hours.
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)


class Mode(Enum):
    """What a transaction is for: SQLite begins each of them differently."""

    READ = "read"
    WRITE = "write"
    DURABLE = "durable"  # on the disk before it returns: what was sent must survive a power cut


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
        return _sqlite_url(parsed)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    msg = (
        f"{parsed.drivername!r} is no database that Dadkhah knows; "
        "write sqlite:///path or postgresql://user@host/name."
    )
    raise InputInvalid(msg)


def _sqlite_url(parsed: URL) -> URL:
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
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


def make_engine(url: str | URL, *, foreign_keys: bool = True) -> Engine:
    """An engine for a database URL; nothing is connected yet. InputInvalid.

    `foreign_keys` off is for migrations of SQLite only (Alembic rebuilds tables there).
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    if sqlite_path(parsed) is None:
        return _postgres_engine(parsed)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    _set_up_sqlite(engine, foreign_keys=foreign_keys)
    return engine


def _set_up_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    pragmas = (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA cache_size = -65536",
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
        connection.exec_driver_sql("BEGIN" if mode is Mode.READ else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begin)


def _postgres_engine(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": BUSY_SECONDS})

    def connected(connection: Any, _record: object) -> None:
        for statement in _POSTGRES_SESSION:
            connection.execute(statement)
        connection.commit()

    event.listen(engine, "connect", connected)
    return engine


@contextmanager
def transaction(engine: Engine, mode: Mode) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back by any error. StoreError."""
    with (
        translated(place(engine.url)),
        engine.connect().execution_options(mode=mode) as connection,
        connection.begin(),
    ):
        yield connection


def is_postgres(connection: Connection) -> bool:
    """Which of the two databases this is."""
    return connection.dialect.name == "postgresql"


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert these rows, all of the same columns; those that break a unique key are left out."""
    if rows:
        connection.execute(_insert(table, tuple(rows[0]), "DO NOTHING"), rows)


def insert_or_replace(
    connection: Connection, table: Table, row: Mapping[str, object], changed: Iterable[str]
) -> None:
    """Insert a row, or give the one with its primary key new values for `changed`."""
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    news = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
    connection.execute(_insert(table, tuple(row), f"({keys}) DO UPDATE SET {news}"), row)


@cache
def _insert(table: Table, columns: tuple[str, ...], conflict: str) -> TextClause:
    """Spell it as text, which both databases read alike.

    SQLAlchemy would compile its own INSERT with ON CONFLICT anew each time (``inherit_cache =
    False`` in its dialects), at 1 ms each.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f":{name}" for name in columns)
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({values}) ON CONFLICT {conflict}'  # noqa: S608 - names of our own tables and columns only
    types = [bindparam(name, type_=table.c[name].type) for name in columns]
    return text(statement).bindparams(*types)


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """The values in pieces that fit the parameters of one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
