"""The stores that the contract is tested on: memory, SQLite, PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from storage import MemoryStore, open_store
from storage.tables import METADATA
from tests.conftest import PostgresServer
from watchers.ports import Store

_TABLES = ", ".join(f'"{name}"' for name in (*METADATA.tables, "search_doc"))

Opener = Callable[[], Store]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied: migrating one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path


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
        opened.append(open_store(url, create=False))
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
        url = request.getfixturevalue("shared_postgres")
        with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE")
    with _opener(url) as opener:
        yield opener


@pytest.fixture
def store(another: Opener) -> Store:
    """An empty store."""
    return another()
