"""Locks across processes and machines that go with their holder, even after kill -9."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from storage.engine import place, sqlite_path
from storage.translate import translated


@contextmanager
def lock(engine: Engine, name: str) -> Iterator[bool]:
    """Whether the lock was got; never waits. StoreError."""
    path = sqlite_path(engine.url)
    with _file_lock(path, name) if path is not None else _advisory_lock(engine, name) as got:
        yield got


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


@contextmanager
def _file_lock(database: Path, name: str) -> Iterator[bool]:
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
        yield got
    finally:
        if got:
            own.release()


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[bool]:
    """On a connection of its own, which is closed at the end: the lock ends with it."""
    key = {"key": int.from_bytes(_digest(name), "big", signed=True)}
    where = place(engine.url)
    with translated(where):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # never back to the pool, so that no pooled one holds a lock
    try:
        with translated(where):
            got = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one()
        yield got
    finally:
        with translated(where):
            connection.close()
