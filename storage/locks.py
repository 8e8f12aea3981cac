"""Locks across processes and machines that go with their holder, even after kill -9."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, text

from storage.engine import place, sqlite_path
from storage.postgres import at_work
from storage.translate import kind_of, translated
from watchers.errors import StoreError


class Lock:
    """What came of trying to get one: see :class:`watchers.ports.Lock`."""

    def __init__(self, got: bool, still: Callable[[], bool] = lambda: True) -> None:
        self._got = self._held = got
        self._still = still

    def __bool__(self) -> bool:
        """Whether it was got."""
        return self._got

    def held(self) -> bool:
        """Whether it was got and is not lost since. What was lost once does not come back."""
        self._held = self._held and self._still()
        return self._held


@contextmanager
def lock(engine: Engine, name: str) -> Iterator[Lock]:
    """A lock, true if it was got; never waits. StoreError."""
    path = sqlite_path(engine.url)
    with _file_lock(path, name) if path is not None else _advisory_lock(engine, name) as got:
        yield got


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


@contextmanager
def _file_lock(database: Path, name: str) -> Iterator[Lock]:
    folder = database.with_name(f"{database.name}.locks")
    # The kernel drops the lock with its holder; the empty file stays, which is harmless.
    own = FileLock(folder / f"{_digest(name).hex()}.lock", timeout=0, thread_local=False)
    with translated(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            own.acquire()
        except Timeout:
            got = False
        else:
            got = True
    try:
        yield Lock(got)
    finally:
        if got:
            own.release()


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[Lock]:
    """On a connection of its own, which is closed at the end: the lock ends with it."""
    key = {"key": int.from_bytes(_digest(name), "big", signed=True)}
    where = place(engine.url)
    with translated(where):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # never back to the pool, so that no pooled one holds a lock
    try:
        with translated(where), at_work(connection):
            got = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one()
        yield Lock(got, lambda: _answers(connection))
    finally:
        with suppress(StoreError), translated(where):  # that of a lost one fails: it is gone
            connection.close()


def _answers(connection: Connection) -> bool:
    """Whether its session, and with it the lock, lives; never a new session in its place."""
    driver = connection.connection.dbapi_connection
    try:
        if driver is not None:
            with at_work(connection):
                driver.execute("SELECT 1", prepare=False)
    except Exception as error:
        if kind_of(error) is None:
            raise
        return False
    return driver is not None
