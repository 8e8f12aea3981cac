"""The schema's life: made, recognised, upgraded, opened."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, Engine, inspect, text

from storage import tasks_schema
from storage.engine import Mode, make_engine, parse_url, place, sqlite_path, transaction
from storage.store import SqlStore
from storage.tables import METADATA
from storage.translate import translated
from watchers.errors import StoreCorrupt, StoreForeign, StoreMissing, StoreNewer, StoreOlder

State = Literal["missing", "current", "older", "newer"]

SCRIPTS = "storage:migrations"
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
)  # oldest first; known here too, so that opening loads no Alembic
VERSION_TABLE = "dadkhah_version"  # a shared PostgreSQL may hold another alembic_version
_MIGRATION_LOCK = 0x6461646B  # any number, the same in all versions


def state(url: str) -> State:
    """How the database at `url` compares with this program. StoreCorrupt, StoreUnreachable."""
    path = sqlite_path(parse_url(url))
    if path is not None and not _has_content(url):
        return "missing"
    engine = make_engine(url)
    try:
        with transaction(engine, Mode.READ) as connection:
            return _state(connection)
    finally:
        engine.dispose()


def _has_content(url: str) -> bool:
    """Looked at first: opening a SQLite file that is not there would make it."""
    path = sqlite_path(parse_url(url))
    with translated(str(path)):
        return path is not None and path.exists() and path.stat().st_size > 0


def _state(connection: Connection) -> State:
    if not inspect(connection).has_table(VERSION_TABLE):
        return "missing"
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608
    if found is None:
        return "missing"
    if found == REVISIONS[-1]:
        return "current"
    return "older" if found in REVISIONS else "newer"


def upgrade(url: str) -> None:
    """Bring the schema to this program's, from nothing or from an older one; else do nothing.

    One transaction: killed half-way, the database is as it was. StoreNewer, StoreError.
    On PostgreSQL with the queue's tables; a later version of those may need some transactions.
    """
    path = sqlite_path(parse_url(url))
    if path is not None:
        with translated(str(path.parent)):
            path.parent.mkdir(parents=True, exist_ok=True)
    # Off while tables may be rebuilt: dropping the old one would delete its children's rows.
    engine = make_engine(url, foreign_keys=False, patient=True)
    try:
        more = True
        while more:
            with transaction(engine, Mode.DURABLE) as connection:
                more = _upgrade(connection, engine)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, engine: Engine) -> bool:
    """Whether there is more to do, in another transaction."""
    postgres = sqlite_path(engine.url) is None
    if postgres:
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(lock, {"key": _MIGRATION_LOCK})
    found = _state(connection)
    if found == "newer":
        raise StoreNewer(_newer(engine))
    if found == "missing":
        _refuse_foreign(connection, engine)
    if found != "current":
        _run_revisions(connection)
    if postgres:
        return tasks_schema.upgrade(connection)
    if found != "current" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        msg = f"The upgrade would leave rows without their parents: {place(engine.url)}."
        raise StoreCorrupt(msg)
    return False


def _refuse_foreign(connection: Connection, engine: Engine) -> None:
    """Somebody else's tables are not built upon. StoreForeign."""
    theirs = sorted(METADATA.tables.keys() & set(inspect(connection).get_table_names()))
    if theirs:
        named = ", ".join(theirs[:3]) + (" ..." if len(theirs) > 3 else "")
        msg = f"The database has tables that Dadkhah did not make ({named}): {place(engine.url)}."
        raise StoreForeign(msg)


def _run_revisions(connection: Connection, target: str = "head") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes.update({"connection": connection, "version_table": VERSION_TABLE})
    command.upgrade(config, target)


def revision_of(connection: Connection) -> str | None:
    """The revision that a database is of; None: it has no schema of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608
    return None if found is None else str(found)


def make(connection: Connection, engine: Engine, revision: str) -> None:
    """Bring an empty database to a revision, in the caller's transaction."""
    if revision == REVISIONS[-1]:
        _upgrade(connection, engine)
    else:
        _run_revisions(connection, revision)


def _newer(engine: Engine) -> str:
    return f"The database was made by a newer version of Dadkhah: {place(engine.url)}."


def open_store(url: str, *, create: bool) -> SqlStore:
    """The store at `url`.

    A missing one is made if `create` (folder included), else StoreMissing. StoreOlder,
    StoreNewer, StoreCorrupt, StoreUnreachable; InputInvalid for a URL of another kind.
    """
    found = state(url)
    if found == "missing" and create:
        upgrade(url)
        found = state(url)
    engine = make_engine(url)
    if found == "missing":
        msg = f"There is no database yet: {place(engine.url)}."
        raise StoreMissing(msg)
    if found == "older":
        msg = f"The database was made by an older version of Dadkhah: {place(engine.url)}."
        raise StoreOlder(msg)
    if found == "newer":
        raise StoreNewer(_newer(engine))
    return SqlStore(engine)
