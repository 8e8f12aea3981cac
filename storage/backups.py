"""Backups: a consistent, checked copy in a SQLite file, while the database is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from storage.engine import Mode, make_engine, sqlite_path, transaction
from storage.translate import translated
from storage.whole_files import BESIDE, beside, new_file, seal


def backup(url: URL, target: Path) -> None:
    """A copy of a database at a path that does not exist yet; of PostgreSQL too. StoreError.

    Whatever the schema is, this program's or an older one: the copy has it as well. It gets its
    name when it is whole, so that a half-made one is never taken for it.
    """
    source = sqlite_path(url)
    if source is None:
        from storage.copying import copy_to_file  # it stands on the store, which stands on this

        copy_to_file(url, target)
        return
    with new_file(target) as part:
        copy_file(source, part)


def size(url: URL) -> int:
    """About how many bytes a backup of a database takes, rather too many. StoreError."""
    path = sqlite_path(url)
    if path is not None:
        with translated(str(path)):
            files = [path, *(beside(path, rest) for rest in BESIDE)]
            return sum(file.stat().st_size for file in files if file.exists())
    engine = make_engine(url)
    try:
        with transaction(engine, Mode.LOOK) as connection:
            asked = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(asked.scalar_one())
    finally:
        engine.dispose()


def copy_file(source: Path, part: Path) -> None:
    """All that a SQLite database holds, what is in its log too, in one read transaction."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(
        sqlite3.connect(address, uri=True, timeout=10, isolation_level=None)
    ) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))
    seal(part)
