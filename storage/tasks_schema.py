"""Procrastinate's part of the database (PostgreSQL only): installed, upgraded, looked at.

Its tables stand beside our own, wherever the search path puts those: its SQL names no schema, so
that two Dadkhahs in one database, each in a schema of its own, have a queue each. The library
brings `sql/schema.sql` (everything, as it is now) and `sql/migrations/*.sql` (what became of it,
one version after the other); which of these was applied last is kept in a table of ours.

Nothing but the distributed engine needs it: a database without it is good for the embedded one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal

from sqlalchemy import Connection, inspect, text

from storage.engine import Mode, is_postgres, make_engine, parse_url, place, transaction
from watchers.errors import StoreError, StoreNewer, StoreOlder

VERSION_TABLE = "dadkhah_tasks_version"
PREFIX = "procrastinate_"  # of all that is the library's

State = Literal["missing", "current", "older", "newer", "foreign"]

LIVE_WORKERS = """
SELECT count(*) AS workers FROM procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s)
"""
WAITING_KEYS = """
SELECT queueing_lock AS key FROM procrastinate_jobs
WHERE status = 'todo' AND queueing_lock IS NOT NULL ORDER BY priority DESC, id LIMIT %(most)s
"""

SILENT = 30.0  # seconds without a sign of life after which a worker counts as dead

_HEAD = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})_(\d{1,4})_")
_SESSION = ("SET TIME ZONE 'UTC'", "SET lock_timeout = '10s'")
# A machine or a network that vanished is noticed in a minute, not in a quarter of an hour.
_KEEPALIVE = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # ms
    "fallback_application_name": "dadkhah queue",
}


@cache
def migrations() -> tuple[str, ...]:
    """The names of the library's migrations, oldest first."""
    folder = resources.files("procrastinate.sql") / "migrations"
    found = ((_HEAD.match(one.name), one.name) for one in folder.iterdir())
    numbered = [(tuple(map(int, head.groups())), name) for head, name in found if head]
    return tuple(name for _, name in sorted(numbered))


def upgrade(connection: Connection) -> bool:
    """Install it, or apply what the library's update brought; True if more is to be applied.

    Call it under the lock of upgrades, in a transaction that is committed after it, and again
    while it is True: PostgreSQL lets nobody use a new value of an enumeration in the transaction
    that added it. Each part leaves a schema that the library can work on. Tables of another
    program's Procrastinate are left alone.
    """
    found = _applied(connection)
    if found is None:
        if not _is_there(connection):
            _run(connection, _text("schema.sql"))
            connection.exec_driver_sql(f"CREATE TABLE {VERSION_TABLE} (name text PRIMARY KEY)")
            _note(connection, migrations()[-1])
        return False
    pending = list(_pending(found))
    while pending:
        name = pending.pop(0)
        statements = _text("migrations", name)
        _run(connection, statements)
        _note(connection, name)
        if "ADD VALUE" in statements.upper():
            break
    return bool(pending)


def state(url: str) -> State:
    """How the queue's tables at `url` compare with the installed library. StoreError."""
    engine = make_engine(url)
    try:
        with transaction(engine, Mode.READ) as connection:
            return state_of(connection)
    finally:
        engine.dispose()


def check(url: str) -> None:
    """Raise unless the queue's tables are as the installed library has them.

    StoreOlder, StoreNewer; StoreError for another program's; StoreUnreachable.
    """
    found, where = state(url), place(parse_url(url))
    if found in ("missing", "older"):
        msg = f"The job queue's tables are {found}: run `dadkhah db upgrade`. It is about {where}."
        raise StoreOlder(msg)
    if found == "newer":
        msg = f"The job queue's tables were made by a newer version of Procrastinate: {where}."
        raise StoreNewer(msg)
    if found == "foreign":
        msg = (
            "Another program has its Procrastinate tables there; give Dadkhah a database, or a "
            f"schema, of its own: {where}."
        )
        raise StoreError(msg)


def state_of(connection: Connection) -> State:
    """The same, of a connection; "missing" on SQLite."""
    if not is_postgres(connection):
        return "missing"
    found = _applied(connection)
    if found is None:
        return "foreign" if _is_there(connection) else "missing"
    if found == migrations()[-1]:
        return "current"
    return "older" if found in migrations() else "newer"


def live_workers(url: str) -> int:
    """How many lanes of workers are served now; 0 where there is no queue of ours. StoreError."""
    engine = make_engine(url)
    try:
        with transaction(engine, Mode.READ) as connection:
            if not is_postgres(connection) or _applied(connection) is None:
                return 0
            found = connection.exec_driver_sql(LIVE_WORKERS, {"seconds": SILENT})
            return int(found.scalar_one())
    finally:
        engine.dispose()


def _applied(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT name FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if found is None else str(found)


def _is_there(connection: Connection) -> bool:
    return inspect(connection).has_table(f"{PREFIX}jobs")


def _pending(applied: str) -> Sequence[str]:
    known = migrations()
    return known[known.index(applied) + 1 :] if applied in known else ()


def _note(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"DELETE FROM {VERSION_TABLE}")  # noqa: S608
    connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:name)"), {"name": name})  # noqa: S608


def _text(*path: str) -> str:
    return resources.files("procrastinate.sql").joinpath(*path).read_text(encoding="utf-8")


def _run(connection: Connection, statements: str) -> None:
    """Many statements at once, which only the driver takes, and without parameters."""
    driver: Any = connection.connection.dbapi_connection
    driver.cursor().execute(statements)


# ---------------------------------------------------------------- for the library's own pool


def connection_arguments(url: str) -> dict[str, Any]:
    """What psycopg connects with for a database URL; a password never stands in a string."""
    parsed = parse_url(url)
    _, arguments = parsed.get_dialect()().create_connect_args(parsed)
    return {**_KEEPALIVE, **arguments}


async def set_up(connection: Any) -> None:
    """Prepare a connection (psycopg's asynchronous one) as our own ones are."""
    for statement in _SESSION:
        await connection.execute(statement)
    if not connection.autocommit:
        await connection.commit()
