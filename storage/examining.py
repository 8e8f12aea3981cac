"""What the doctor looks at in a database, beyond its rows: the engine and how it is set up."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from storage.engine import Mode, make_engine, parse_url, place, sqlite_path, transaction
from storage.tables import FEED
from storage.translate import translated

_LOCK = 0x6461646B_00646F63  # any number that is no other lock's

_FACTS = """
SELECT current_setting('server_version') AS version,
    pg_database_size(current_database()) AS size,
    clock_timestamp() AS clock,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS most,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
    current_setting('autovacuum')::bool AND current_setting('track_counts')::bool AS vacuums,
    current_setting('transaction_read_only')::bool OR pg_is_in_recovery() AS read_only,
    has_schema_privilege(current_schema(), 'CREATE') AS may_create,
    pg_backend_pid() AS process
"""
_BLOAT = """
SELECT relname, n_dead_tup FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_dead_tup > 10000 AND n_dead_tup > 2 * n_live_tup
ORDER BY n_dead_tup DESC LIMIT 3
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A PostgreSQL server as it answers us."""

    version: str
    size: int  # bytes of this database
    ahead: timedelta  # its clock before ours; what a question takes is allowed for
    left: int  # connections that nobody uses
    most: int
    vacuums: bool  # autovacuum is on, and counts what it needs
    read_only: bool
    may_create: bool  # tables, which an upgrade does
    is_pooled: bool  # statements of one connection go to several sessions
    is_private: bool  # encrypted, or within this machine
    bloated: tuple[str, ...]  # tables with more dead rows than others


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A SQLite file."""

    version: str
    size: int  # bytes
    log_size: int  # bytes of its WAL
    journal: str  # "wal" as it must be


def facts(url: str) -> ServerFacts | FileFacts:
    """How the database is set up. StoreError."""
    engine = make_engine(url)
    path = sqlite_path(parse_url(url))
    try:
        return _server(engine) if path is None else _file(engine, path)
    finally:
        engine.dispose()


def latest_reading(url: str) -> tuple[int, datetime | None, datetime | None]:
    """Feeds that are watched and not paused; when one was polled, and read, at last. StoreError."""
    statement = select(
        func.count(), func.max(FEED.c.last_polled), func.max(FEED.c.last_success)
    ).where(FEED.c.removed_at.is_(None), ~FEED.c.paused)
    engine = make_engine(url)
    try:
        with transaction(engine, Mode.READ) as connection:
            number, polled, read = connection.execute(statement).one()
            return number, polled, read
    finally:
        engine.dispose()


def _file(engine: Engine, path: Path) -> FileFacts:
    with transaction(engine, Mode.READ) as connection:
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    log = path.with_name(f"{path.name}-wal")
    with translated(str(path)):
        log_size = log.stat().st_size if log.exists() else 0
        return FileFacts(sqlite3.sqlite_version, path.stat().st_size, log_size, journal)


def _server(engine: Engine) -> ServerFacts:
    with translated(place(engine.url)), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SELECT 1")
        asked, began = datetime.now(UTC), time.monotonic()
        row = connection.exec_driver_sql(_FACTS).one()
        middle = asked + timedelta(seconds=(time.monotonic() - began) / 2)
        bloated = tuple(one[0] for one in connection.exec_driver_sql(_BLOAT))
        return ServerFacts(
            version=row.version.split()[0],
            size=row.size,
            ahead=row.clock - middle,
            left=row.most - row.used,
            most=row.most,
            vacuums=row.vacuums,
            read_only=row.read_only,
            may_create=bool(row.may_create),
            is_pooled=_is_pooled(engine, connection, row.process),
            is_private=_is_private(connection.connection.dbapi_connection),
            bloated=bloated,
        )


def _is_pooled(engine: Engine, first: Connection, process: int) -> bool:
    """Whether a pooler in transaction mode is in between, which breaks our locks.

    Two connections that are open at once are two sessions, and one stays the same session. And
    what one has locked it still has with its next statement, and the other has not.
    """
    first.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    with engine.connect() as second, second.begin():
        other = _process(second)
        got = second.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK})").scalar_one()
        again = _process(first)
    first.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    return other == process or again != process or bool(got)


def _process(connection: Connection) -> int:
    number: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    return number


def _is_private(driver: Any) -> bool:
    line = driver.pgconn
    address = (line.hostaddr or b"").decode()
    local = not address or address.startswith("127.") or address == "::1"
    return local or bool(line.ssl_in_use)
