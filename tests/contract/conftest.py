"""The stores that the contract is tested on: memory, SQLite, PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from storage import MemoryStore, SqlStore, open_store
from storage.engine import make_engine
from storage.tables import METADATA
from tests.conftest import PostgresServer
from watchers.ports import Store

_TABLES = (*METADATA.tables, "search_doc")
_FILLED = " UNION ALL ".join(
    f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in _TABLES
)
_FROM_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public'
"""
_SWEEP = 50  # tests after which what was deleted is swept out

Opener = Callable[[], Store]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied: migrating one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path


class Emptied:
    """A database that is made empty again and again, by one connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        plain = url.replace("+psycopg", "", 1)
        self._connection = psycopg.connect(plain, autocommit=True)
        # Else deleting would look for each row's children.
        self._connection.execute("SET session_replication_role = replica")
        self._times = 0

    def again(self) -> str:
        """Its URL; it holds no rows, and counts them from 1."""
        self._times += 1
        if self._times % _SWEEP == 0:
            self._connection.execute(f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY CASCADE")
        else:
            # Truncating makes two hundred files anew; few tables have a row, and few rows.
            for (name,) in self._connection.execute(_FILLED).fetchall():
                self._connection.execute(f"DELETE FROM {name}")
            self._connection.execute(_FROM_ONE)
        return self.url

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture(scope="session")
def emptied(shared_postgres: str) -> Iterator[Emptied]:
    """Makes the worker's database empty."""
    made = Emptied(shared_postgres)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: PostgresServer) -> str:
    """One migrated database a worker; each test finds it empty."""
    with postgres_server.connect() as connection:
        connection.execute("CREATE DATABASE contract TEMPLATE template0 STRATEGY file_copy")
    url = postgres_server.url("contract")
    open_store(url, create=True).close()
    return url


@contextmanager
def _opener(url: str) -> Iterator[Opener]:
    opened: list[Store] = []

    def another() -> Store:
        # As `open_store`, but for looking first whether the schema is right, which it is.
        opened.append(SqlStore(make_engine(url)))
        return opened[-1]

    try:
        yield another
    finally:
        for store in opened:
            store.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same database once more, as another process would."""
    if request.param == "memory":
        one = MemoryStore()
        yield lambda: one
        return
    if request.param == "sqlite":
        path = tmp_path / "dadkhah.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("emptied").again()
    with _opener(url) as opener:
        yield opener


@pytest.fixture
def store(another: Opener) -> Store:
    """An empty store."""
    return another()
