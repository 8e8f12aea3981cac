"""A whole database copied: between files and servers, for a move, a backup, a restore.

One snapshot of the source, which goes on being used; all tables in the order of their foreign
keys; one transaction on the target, so that what is killed half-way leaves it as it was. At the
end every table is read back, and its rows and their content are compared with the source's.
A table of `storage.tables` is copied by being one; what another machinery makes for itself (the
queue of the workers, the index of the search) is not copied but made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, MetaData, inspect

from storage import copy_rows, restored, schema
from storage.copy_rows import Row, Shape, Sum, shape_of
from storage.engine import Mode, is_postgres, make_engine, place, sqlite_path, transaction
from storage.tables import METADATA
from storage.translate import translated
from storage.whole_files import new_file, seal
from watchers.errors import InputInvalid, StoreCorrupt, StoreError, StoreNewer, StoreOlder

REBUILT = ("search_doc", "search_words")
"""How the names of our tables begin that are made anew of the others (storage.search_index)."""

Progress = Callable[[int, int], None]
"""Told how many rows are done, of how many: each is written once and read back once."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table, and how many rows of it were copied."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied; `cleaned` rows had texts or times that PostgreSQL does not take as they
    were.
    """

    tables: tuple[CopiedTable, ...]
    cleaned: int = 0

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


def no_progress(_done: int, _total: int) -> None:
    """For those who do not watch."""


def copy(
    source: URL,
    target: URL,
    progress: Progress = no_progress,
    *,
    hold_at: datetime | None = None,
) -> Copied:
    """Copy a database to one that is missing or empty. With `hold_at`, the time, posting is held
    in the copy: its source goes on posting.

    InputInvalid: they are the same. StoreOlder, StoreNewer: the source's schema is not this
    program's. StoreError: the target is not empty, or the copy is not what the source was.
    """
    if same(source, target):
        msg = f"FROM and TO are the same database: {place(source)}."
        raise InputInvalid(msg)
    path = sqlite_path(target)
    with _source(source) as given:
        _refuse_other_schema(given, source)
        if path is not None:
            return _to_file(given, path, progress, hold_at)
        return _to_server(given, target, progress, _refuse_content, hold_at)


def copy_to_file(source: URL, path: Path, progress: Progress = no_progress) -> Copied:
    """Copy a database, also one of an older schema, to a SQLite file that does not exist yet."""
    with _source(source) as given:
        return _to_file(given, path, progress)


def replace(source: Path, target: URL, progress: Progress = no_progress) -> Copied:
    """Put the content of a file in the place of a server's, in one transaction. StoreError."""
    with _source(URL.create("sqlite+pysqlite", database=str(source))) as given:
        _refuse_other_schema(given, given.engine.url)
        return _to_server(given, target, progress, _empty)


def same(one: URL, other: URL) -> bool:
    """Whether two URLs mean one database, as far as they say."""
    path, another = sqlite_path(one), sqlite_path(other)
    if path is not None and another is not None:
        return path.resolve() == another.resolve()
    return _whereabouts(one) == _whereabouts(other)


def _whereabouts(url: URL) -> tuple[object, ...]:
    host = url.host or url.query.get("host")
    return (url.get_backend_name(), host, url.port or 5432, url.database)


# ---------------------------------------------------------------- the two ends


@contextmanager
def _source(url: URL) -> Iterator[Connection]:
    """A snapshot of a database that others go on using; nothing is written."""
    path = sqlite_path(url)
    if path is not None and not path.is_file():
        msg = f"There is no database: {path}."
        raise StoreError(msg)
    engine = make_engine(url, patient=True)
    options: dict[str, object] = {"mode": Mode.READ}
    if path is None:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with (
            translated(place(url)),
            engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            _speak_alike(connection)
            yield connection
    finally:
        engine.dispose()


def _speak_alike(connection: Connection) -> None:
    """Whatever the server's or the user's own settings are."""
    if is_postgres(connection):
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        connection.exec_driver_sql("SET LOCAL DateStyle = 'ISO, YMD'")


def _refuse_other_schema(source: Connection, url: URL) -> None:
    found = schema.revision_of(source)
    if found is None:
        msg = f"There is no database of Dadkhah: {place(url)}."
        raise StoreError(msg)
    if found in schema.REVISIONS[:-1]:
        msg = f"The database was made by an older version of Dadkhah: {place(url)}."
        raise StoreOlder(msg)
    if found != schema.REVISIONS[-1]:
        msg = f"The database was made by a newer version of Dadkhah: {place(url)}."
        raise StoreNewer(msg)


def _to_file(
    source: Connection, path: Path, progress: Progress, hold_at: datetime | None = None
) -> Copied:
    """To a file for its owner's eyes only, which gets its name when it is whole."""
    revision = schema.revision_of(source)
    if revision not in schema.REVISIONS:
        msg = (
            f"There is no database of this Dadkhah, or of an older one: {place(source.engine.url)}."
        )
        raise StoreError(msg)
    with new_file(path) as part:
        engine = make_engine(URL.create("sqlite+pysqlite", database=str(part)), foreign_keys=False)
        try:
            with transaction(engine, Mode.DURABLE) as target:
                schema.make(target, engine, revision)
                copied = _fill(source, target, _shapes(source, target, revision), progress)
                _refuse_orphans(target, path)
                _hold(target, hold_at)
        finally:
            engine.dispose()
        seal(part)
    return copied


def _refuse_orphans(connection: Connection, path: Path) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        msg = f"The copy would have rows without their parents: {path}."
        raise StoreCorrupt(msg)


def _to_server(
    source: Connection,
    url: URL,
    progress: Progress,
    clear: Callable[[Connection], None],
    hold_at: datetime | None = None,
) -> Copied:
    engine = make_engine(url, patient=True)
    try:
        with transaction(engine, Mode.DURABLE) as target:
            _speak_alike(target)
            if schema.revision_of(target) is None:
                _refuse_foreign(target)
                schema.make(target, engine, schema.REVISIONS[-1])
            clear(target)
            copied = _fill(source, target, _ours(), progress)
            _hold(target, hold_at)
            return copied
    finally:
        engine.dispose()


def _hold(target: Connection, at: datetime | None) -> None:
    if at is not None:
        restored.hold(target, "copied", at)


def _refuse_foreign(target: Connection) -> None:
    """Tables of somebody else's with names that we need."""
    taken = sorted(METADATA.tables.keys() & set(inspect(target).get_table_names()))
    if taken:
        msg = (
            f"{place(target.engine.url)} has tables of another program ({', '.join(taken[:3])}). "
            "Make an empty database for Dadkhah. Nothing was changed."
        )
        raise StoreError(msg)


def _refuse_content(target: Connection) -> None:
    where = place(target.engine.url)
    if schema.revision_of(target) != schema.REVISIONS[-1]:
        msg = f"TO has a schema of another version of Dadkhah: {where}. Make an empty database."
        raise StoreError(msg)
    full = [shape.name for shape in _ours() if copy_rows.count(target, shape)]
    if full:
        msg = (
            f"TO is not empty: {where}. Nothing was overwritten. Make an empty database, or "
            "name another."
        )
        raise StoreError(msg)


def _empty(target: Connection) -> None:
    """Empty all our tables; whoever uses them just now has 10 seconds to finish."""
    there = inspect(target).get_table_names()
    rebuilt = [name for name in there if name.startswith(REBUILT)]
    names = ", ".join(f'"{name}"' for name in (*METADATA.tables, *rebuilt))
    target.exec_driver_sql(f"TRUNCATE {names}")


# ---------------------------------------------------------------- the rows


def _ours() -> tuple[Shape, ...]:
    """Every table of this program, parents first."""
    return tuple(shape_of(table) for table in METADATA.sorted_tables)


def _shapes(source: Connection, target: Connection, revision: str) -> tuple[Shape, ...]:
    """What there is to copy to a file. Of an older schema: what its revisions made there."""
    if revision == schema.REVISIONS[-1]:
        return _ours()
    made = {
        name
        for name in inspect(target).get_table_names()
        if name != schema.VERSION_TABLE and not name.startswith(REBUILT)
    }
    found = MetaData()
    found.reflect(source, only=lambda name, _: name in made)
    return tuple(shape_of(table) for table in found.sorted_tables)


def _fill(
    source: Connection, target: Connection, shapes: Sequence[Shape], progress: Progress
) -> Copied:
    """Write all rows and compare them; the target's transaction is still open. StoreError."""
    counted = {shape.name: copy_rows.count(source, shape) for shape in shapes}
    work = _Work(source, target, progress, 2 * sum(counted.values()))
    sums = {shape.name: work.write(shape) for shape in shapes}
    for shape in shapes:
        copy_rows.go_on_after(target, shape, copy_rows.highest(source, shape))
    for shape in shapes:
        found = work.read_back(shape)
        if found != sums[shape.name] or found.rows != counted[shape.name]:
            msg = (
                f"The table {shape.name} was copied wrong ({counted[shape.name]} rows, "
                f"{found.rows} arrived): {place(target.engine.url)}. Nothing was kept of it."
            )
            raise StoreCorrupt(msg)
    tables = tuple(CopiedTable(name, total.rows) for name, total in sums.items())
    return Copied(tables, work.cleaned)


@dataclass(slots=True)
class _Work:
    """Rows on their way, counted."""

    source: Connection
    target: Connection
    progress: Progress
    total: int
    done: int = 0
    cleaned: int = 0

    def step(self, rows: int) -> None:
        self.done += rows
        self.progress(self.done, self.total)

    def write(self, shape: Shape) -> Sum:
        """Copy a table; what was written."""
        written = Sum()
        copy_rows.write(self.target, shape, self._counted(shape, written), self.step)
        return written

    def _counted(self, shape: Shape, written: Sum) -> Iterator[list[Row]]:
        mixed = is_postgres(self.target) and not is_postgres(self.source)
        for rows in copy_rows.read(self.source, shape):
            taken = rows
            if mixed:
                taken, dirty = copy_rows.clean(shape, rows)
                self.cleaned += dirty
            written.take(taken)
            yield taken

    def read_back(self, shape: Shape) -> Sum:
        """What the target has."""
        found = Sum()
        for rows in copy_rows.read(self.target, shape):
            found.take(rows)
            self.step(len(rows))
        return found
