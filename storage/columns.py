"""What several tables need: their root, times in UTC, indexes on some rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Index, Integer, MetaData, TypeDecorator, text
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

# SQLite numbers rows of INTEGER keys only (64-bit all the same); PostgreSQL's have 32 bits.
BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond, on both databases; naive ones are refused.

    SQLite keeps text without a zone, which sorts as the time does. It is written and read
    here: SQLAlchemy's own way takes five times as long, and a row has up to eight times.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """To the database."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """From the database, aware again."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        msg = f"a naive time cannot be stored: {value!r}"
        raise ValueError(msg)
    return value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    value = _to_utc(value)
    if value is None:
        return None
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def index_of(name: str, *columns: str, unique: bool = False, **where: bool | None) -> Index:
    """An index on the rows where each column is true, false or (None) null."""
    lite, post = [], []
    for column, wanted in where.items():
        lite.append(f"{column} IS NULL" if wanted is None else f"{column} = {wanted:d}")
        post.append(
            f"{column} IS NULL" if wanted is None else column if wanted else f"NOT {column}"
        )
    return Index(
        name,
        *columns,
        unique=unique,
        sqlite_where=text(" AND ".join(lite)) if lite else None,
        postgresql_where=text(" AND ".join(post)) if post else None,
    )


def index_where(name: str, *columns: str, where: str) -> Index:
    """An index on the rows that a condition chooses, spelled alike for both databases."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Row(SQLModel, registry=registry(metadata=MetaData())):
    """The root of our tables, with a metadata of their own."""
