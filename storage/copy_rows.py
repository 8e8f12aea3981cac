"""Rows of whole tables, read and written alike on both databases, with a checksum of each table.

Between the two databases a row is what SQLite keeps: times as text in UTC, truth as 0 or 1.
PostgreSQL writes and reads both in that form itself, so that nothing is converted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Boolean, Connection, DateTime, Table, inspect

from storage.columns import UtcTime
from storage.engine import is_postgres
from storage.mapping import storable

Row = tuple[Any, ...]

BATCH = 2_000  # rows in memory at a time
_TIME_LENGTH = 26
_TIME = "YYYY-MM-DD HH24:MI:SS.US"  # as storage.columns writes it


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is copied: generated columns are not."""

    name: str
    columns: tuple[str, ...]
    times: frozenset[str]
    truths: frozenset[str]

    @property
    def named(self) -> str:
        """Its columns, for a statement."""
        return ", ".join(f'"{name}"' for name in self.columns)


@dataclass(slots=True)
class Sum:
    """How many rows, and what they hold, in whatever order they came."""

    rows: int = 0
    content: int = 0

    def take(self, rows: Sequence[Row]) -> None:
        """Count these in."""
        self.rows += len(rows)
        for row in rows:
            # repr tells 1 from "1" and from 1.0, and a float by its shortest exact spelling.
            hashed = blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()
            self.content = (self.content + int.from_bytes(hashed)) % 2**128


def shape_of(table: Table) -> Shape:
    """The shape of one of our tables, or of one that was reflected."""
    columns = [column for column in table.columns if column.computed is None]
    return Shape(
        table.name,
        tuple(column.name for column in columns),
        frozenset(c.name for c in columns if isinstance(c.type, (UtcTime, DateTime))),
        frozenset(c.name for c in columns if isinstance(c.type, Boolean)),
    )


def count(connection: Connection, shape: Shape) -> int:
    """How many rows the table has."""
    statement = f'SELECT count(*) FROM "{shape.name}"'  # noqa: S608 - a table of ours
    return int(connection.exec_driver_sql(statement).scalar_one())


def read(connection: Connection, shape: Shape) -> Iterator[list[Row]]:
    """All rows of a table in batches; memory does not grow with the table."""
    raw: Any = connection.connection.dbapi_connection
    postgres = is_postgres(connection)
    chosen = ", ".join(_spelled(shape, name) for name in shape.columns) if postgres else shape.named
    # PostgreSQL: a named cursor stays on the server.
    cursor = raw.cursor(name="dadkhah_copy") if postgres else raw.cursor()
    try:
        cursor.execute(f'SELECT {chosen} FROM "{shape.name}"')  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield rows
    finally:
        cursor.close()


def _spelled(shape: Shape, name: str) -> str:
    if name in shape.times:
        return f"to_char(\"{name}\" AT TIME ZONE 'UTC', '{_TIME}')"
    return f'"{name}"::int' if name in shape.truths else f'"{name}"'


def clean(shape: Shape, rows: list[Row]) -> tuple[list[Row], int]:
    """The rows as PostgreSQL takes them, which knows no NUL in a text, and as it gives them back:
    times in full; how many were changed.

    What Dadkhah stores is so (`storable`, `UtcTime`): this is for what another hand put there.
    """
    times = [place for place, name in enumerate(shape.columns) if name in shape.times]

    def is_odd(row: Row) -> bool:
        return any(type(v) is str and "\0" in v for v in row) or any(
            row[place] is not None and len(str(row[place])) != _TIME_LENGTH for place in times
        )

    odd = [place for place, row in enumerate(rows) if is_odd(row)]
    for place in odd:
        values = [storable(v) if type(v) is str else v for v in rows[place]]
        for column in times:
            values[column] = _in_full(values[column])
        rows[place] = tuple(values)
    return rows, len(odd)


def _in_full(time: object) -> object:
    """A time as :mod:`storage.columns` writes it; what is none stays, and PostgreSQL refuses it."""
    try:
        read = datetime.fromisoformat(str(time))
    except ValueError:
        return time
    read = read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    return read.isoformat(" ", "microseconds")


def write(
    connection: Connection, shape: Shape, batches: Iterator[list[Row]], done: Callable[[int], None]
) -> None:
    """Add these rows; `done` is told how many at a time.

    One statement a table on PostgreSQL, which looks at foreign keys at its end: rows may point
    at later ones of their own table. SQLite's are off while it is filled.
    """
    raw: Any = connection.connection.dbapi_connection
    if not is_postgres(connection):
        marks = ", ".join("?" * len(shape.columns))
        statement = f'INSERT INTO "{shape.name}" ({shape.named}) VALUES ({marks})'  # noqa: S608
        for rows in batches:
            raw.executemany(statement, rows)
            done(len(rows))
        return
    with (
        raw.cursor() as cursor,
        cursor.copy(f'COPY "{shape.name}" ({shape.named}) FROM STDIN') as copy,
    ):
        for rows in batches:
            for row in rows:
                copy.write_row(row)
            done(len(rows))


# ---------------------------------------------------------------- numbers given out


def highest(connection: Connection, shape: Shape) -> int:
    """The highest number that the table's rows ever had, as far as the database knows."""
    if "id" not in shape.columns:
        return 0
    if is_postgres(connection):
        sequence = _sequence(connection, shape)
        if sequence is None:
            return 0
        found = connection.exec_driver_sql(
            f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608
        )
        return int(found.scalar_one())
    if not inspect(connection).has_table("sqlite_sequence"):
        return 0
    known = connection.exec_driver_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (shape.name,)
    )
    return int(known.scalar() or 0)


def go_on_after(connection: Connection, shape: Shape, number: int) -> None:
    """Let the table's next row have a higher number than this, and than all that it has."""
    if "id" not in shape.columns:
        return
    if is_postgres(connection):
        _raise_sequence(connection, shape, number)
    elif number and _never_reuses(connection, shape):
        drop = "DELETE FROM sqlite_sequence WHERE name = ? AND seq < ?"
        if highest(connection, shape) < number:
            connection.exec_driver_sql(drop, (shape.name, number))
            keep = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
            connection.exec_driver_sql(keep, (shape.name, number))


def _raise_sequence(connection: Connection, shape: Shape, number: int) -> None:
    sequence = _sequence(connection, shape)
    if sequence is None:
        return
    most = connection.exec_driver_sql(f'SELECT max(id) FROM "{shape.name}"').scalar() or 0  # noqa: S608
    number = max(number, most)
    if number:
        connection.exec_driver_sql("SELECT setval(%s::regclass, %s)", (sequence, number))


def _sequence(connection: Connection, shape: Shape) -> str | None:
    asked = connection.exec_driver_sql(
        "SELECT pg_get_serial_sequence(%s, 'id')", (f'"{shape.name}"',)
    )
    found: str | None = asked.scalar()
    return found


def _never_reuses(connection: Connection, shape: Shape) -> bool:
    made = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (shape.name,)
    )
    return "AUTOINCREMENT" in str(made.scalar())
