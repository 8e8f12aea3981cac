"""A backup put in the place of the database; what was there is kept aside.

prepared: a copy of the backup, checked, of this schema, posting held
put_back: a file takes the database's name in one step; a server is emptied and filled in
          one transaction. Killed at any moment there is the old database or the new one.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Engine

from storage import schema
from storage.backups import copy_file
from storage.copying import Progress, no_progress, replace
from storage.engine import Mode, make_engine, place, sqlite_path, transaction
from storage.locks import lock
from storage.translate import translated
from storage.whole_files import BESIDE, beside, part_of, seal, sync
from watchers.errors import StoreBusy, StoreCorrupt, StoreError, StoreNewer

_LEAVING = 2.0  # seconds in which a server sees that who hung up has gone
_IN_USE = (
    "The database is in use by another process: {}. Stop `run`, every `worker` and all other "
    "commands. Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that can be put back, and how many of its pages are in doubt now."""

    file: Path
    pages: int


@contextmanager
def prepared(backup: Path, goal: Path, at: datetime) -> Iterator[Prepared]:
    """A copy of the backup next to its goal, ready to be put back; gone at the end unless renamed.

    An older backup is upgraded. StoreError: there is no such file. StoreCorrupt: it is damaged,
    or none of ours. StoreNewer: a later Dadkhah made it.
    """
    if not backup.is_file():
        msg = f"There is no file {backup}."
        raise StoreError(msg)
    with translated(str(goal)), part_of(goal) as part:
        with translated(str(backup)):
            _refuse_damaged(backup)
            copy_file(backup, part)
        url = f"sqlite:///{part}"
        _refuse_strange(url, backup)
        with translated(str(goal)):
            schema.upgrade(url)
            store = schema.open_store(url, create=False)
            try:
                pages = store.hold_posting("restored", at=at)
            finally:
                store.close()
            seal(part)
        yield Prepared(part, pages)


def _refuse_damaged(backup: Path) -> None:
    """A copy of a damaged file may look sound."""
    address = f"{backup.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        msg = f"The backup is damaged ({answer}): {backup}."
        raise StoreCorrupt(msg)


def _refuse_strange(url: str, backup: Path) -> None:
    found = schema.state(url)
    if found == "missing":
        msg = f"This is a database of another program: {backup}."
        raise StoreCorrupt(msg)
    if found == "newer":
        msg = f"The backup was made by a newer version of Dadkhah: {backup}."
        raise StoreNewer(msg)


def put_back(
    ready: Prepared, url: URL, aside: Path, progress: Progress = no_progress
) -> Path | None:
    """Let a prepared copy be the database; where the one before it is kept, if there was one.

    `aside`: a name for that in the folder of a SQLite file; of a server nothing is kept here
    (make a backup first). StoreBusy: somebody has the file open. StoreError.
    """
    path = sqlite_path(url)
    if path is None:
        replace(ready.file, url, progress)
        return None
    with translated(place(url)):
        _give_to_owner(ready.file, path)
        kept = _keep(path, aside) if path.exists() else None
        _move_log(path, aside)
        ready.file.replace(path)
        sync(path.parent)
    return kept


def _give_to_owner(new: Path, path: Path) -> None:
    """Whoever runs the service must be able to open what root put back."""
    owner = (path if path.exists() else path.parent).stat()
    if os.geteuid() == 0:
        os.chown(new, owner.st_uid, owner.st_gid)


def lock_for_owner(path: Path) -> None:
    """And its locks (storage.locks), if root made them just now."""
    owner, folder = path.stat(), path.with_name(f"{path.name}.locks")
    if os.geteuid() == 0:
        for one in (folder, *folder.iterdir()):
            os.chown(one, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _keep(path: Path, aside: Path) -> Path:
    """Give the present file another name as well."""
    _close_log(path)
    try:
        os.link(path, aside)
    except OSError:  # a file system without: for a moment there is no database
        path.rename(aside)
    return aside


def _move_log(path: Path, aside: Path) -> None:
    """A log that could not be brought into its file (that is damaged, or was moved away without
    it) goes aside as well: SQLite would write what it holds into the new file.
    """
    for rest in BESIDE:
        with suppress(FileNotFoundError):
            beside(path, rest).rename(beside(aside, rest))
    sync(path.parent)


def _close_log(path: Path) -> None:
    """Bring the log into the file and take it away, which only a single user can. StoreBusy."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":  # SQLite would throw the log away
            return
    try:
        with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreBusy(_IN_USE.format(path)) from error
    except sqlite3.DatabaseError:
        pass  # damaged, or none: that may be why a backup is put back


@contextmanager
def sole(url: URL, name: str, told: str = _IN_USE) -> Iterator[None]:
    """The service's lock `name`, so that none starts meanwhile. StoreBusy, with what is `told` of
    a {}: it runs, or a worker or another command is connected to the server.
    """
    if sqlite_path(url) is None:
        url = url.update_query_dict({"application_name": f"dadkhah alone {os.getpid()}"})
    engine = make_engine(url)
    try:
        with lock(engine, name) as got:
            if not got or _stay(engine):
                raise StoreBusy(told.format(place(url)))
            yield
    finally:
        engine.dispose()


_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user
AND backend_type = 'client backend' AND application_name <> %s
"""


def _stay(engine: Engine) -> bool:
    """Whether there are others, who do not leave just now."""
    until = time.monotonic() + _LEAVING
    while _others(engine):
        if time.monotonic() >= until:
            return True
        time.sleep(0.1)
    return False


def _others(engine: Engine) -> int:
    """Other connections of our user to a server's database; a file's are seen by its locks."""
    if engine.dialect.name != "postgresql":
        return 0
    with transaction(engine, Mode.READ) as connection:
        own = engine.url.query.get("application_name", "")
        return int(connection.exec_driver_sql(_OTHERS, (own,)).scalar_one())
