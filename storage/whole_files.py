"""Files that appear under their name only when they are whole, checked and on the disk."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.translate import translated
from watchers.errors import StoreCorrupt, StoreError

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database that is open, or was not closed in order."""


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A file beside `path`, mode 0600, that becomes `path` unless an error ends it. StoreError:
    it exists already, or the disk refused.
    """
    if path.exists():
        msg = f"{path} exists already; choose another name."
        raise StoreError(msg)
    if not path.absolute().parent.is_dir():
        msg = f"There is no folder {path.absolute().parent}; make it first."
        raise StoreError(msg)
    left = next((name for rest in BESIDE if (name := beside(path, rest)).exists()), None)
    if left is not None:
        msg = f"{left} was left there by another database; move it away, or choose another name."
        raise StoreError(msg)
    with translated(str(path)), part_of(path) as part:
        yield part
        part.rename(path)
        sync(path.parent)


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """A file beside `path` that is gone at the end, unless it was renamed.

    Its name is of chance: in a container all processes may have one number, also that which was
    killed and left its own behind.
    """
    # Mode 0600 from the first: it holds chat ids.
    number, name = tempfile.mkstemp(".part", f".{path.name}.", path.absolute().parent)
    os.close(number)
    part = path.with_name(Path(name).name)
    try:
        yield part
    finally:
        for rest in ("", *BESIDE):
            beside(part, rest).unlink(missing_ok=True)


def beside(path: Path, rest: str) -> Path:
    """What is called like a database and a bit more: one of :data:`BESIDE`."""
    return path.with_name(path.name + rest)


def seal(part: Path) -> None:
    """See that a database is whole, keeps no log beside it, and is on the disk. StoreCorrupt."""
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        msg = f"The copy is damaged: {answer}."
        raise StoreCorrupt(msg)
    sync(part)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
