"""Backups: a consistent, checked copy in a SQLite file, while the database is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from storage.engine import sqlite_path
from storage.whole_files import new_file, seal


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


def copy_file(source: Path, part: Path) -> None:
    """All that a SQLite database holds, what is in its log too, in one read transaction."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(
        sqlite3.connect(address, uri=True, timeout=10, isolation_level=None)
    ) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))
    seal(part)
