"""Hits of a question, newest first: looked up stretch by stretch, until there are enough.

A word that stands in every article, and a phrase of such words, cost no more than the stretch
that is looked at. SQLite's index can be asked for numbers from and to; PostgreSQL's has a token
for each 8,192 neighbours. A stretch that was quick makes the next one longer.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.columns import UtcTime
from storage.engine import is_postgres
from storage.search_index import BUCKET, bucket, packed
from watchers.search_order import chosen
from watchers.searching import MOST_HITS, MOST_RANKED, Hit, Hits, Phrase, Wanted

_FIRST_SQLITE, _FIRST_POSTGRES = 8, 2  # buckets of the first stretch
_QUICK, _SLOW = 0.1, 0.3  # seconds of a stretch that make the next one longer, or shorter
_MOST_BUCKETS = 256  # of one stretch
_STEPS = 20_000  # of SQLite's machine between two looks at the clock
_CANCELLED = "57014"  # query_canceled


class _TimeIsOver(Exception):
    """The database was stopped by us."""


@dataclass
class _Looking:
    """One question under way."""

    connection: Connection
    wanted: Wanted
    until: float
    found: set[int] = field(default_factory=set)
    titled: set[int] = field(default_factory=set)
    stopped: int | None = None

    def look(self) -> None:
        """Stretch by stretch, downwards."""
        last = self.connection.exec_driver_sql("SELECT max(article_id) FROM search_doc").scalar()
        first = _FIRST_POSTGRES if is_postgres(self.connection) else _FIRST_SQLITE
        top, size = (last or 0) // BUCKET, first
        while top >= 0 and len(self.found) <= MOST_HITS:
            began = time.monotonic()
            if began >= self.until:
                self.stopped = (top + 1) * BUCKET
                return
            bottom = max(0, top - size + 1)
            try:
                self._stretch(bottom, top, self.until - began)
            except _TimeIsOver:
                self.stopped = (top + 1) * BUCKET
                return
            took = time.monotonic() - began
            if took < _QUICK:
                size = min(2 * size, _MOST_BUCKETS)
            elif took > _SLOW:
                size = max(first, size // 2)
            top = bottom - 1

    def _stretch(self, bottom: int, top: int, seconds: float) -> None:
        ask = _ask_postgres if is_postgres(self.connection) else _ask_sqlite
        left = MOST_HITS + 1 - len(self.found)
        with _stopping(self.connection, seconds):
            self.found.update(ask(self.connection, self.wanted, (bottom, top), left))
            if self.wanted.title:
                titles = Wanted((*self.wanted.all_of, *self.wanted.title), self.wanted.none_of)
                self.titled.update(ask(self.connection, titles, (bottom, top), left))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The newest hits by their numbers, at most one more than MOST_HITS."""

    found: frozenset[int]
    titled: frozenset[int]
    stopped: int | None


def find(connection: Connection, wanted: Wanted, seconds: float) -> Numbers:
    """The newest hits; in a transaction, which is of no use any more if it was stopped."""
    looking = _Looking(connection, wanted, time.monotonic() + seconds)
    looking.look()
    return Numbers(frozenset(looking.found), frozenset(looking.titled), looking.stopped)


def with_streams(connection: Connection, numbers: Numbers) -> Hits:
    """The hits that may be shown, with their times and tokens."""
    docs = packed(connection, chosen(numbers.found, numbers.titled, MOST_RANKED))
    hits = [Hit(n, doc.time, n in numbers.titled, doc.text) for n, doc in docs.items()]
    hits.sort(key=lambda hit: hit.id, reverse=True)
    many = len(numbers.found)
    return Hits(tuple(hits), min(many, MOST_HITS), many > MOST_HITS, numbers.stopped)


# ---------------------------------------------------------------- SQLite


def _ask_sqlite(
    connection: Connection, wanted: Wanted, buckets: tuple[int, int], limit: int
) -> Sequence[int]:
    bottom, top = buckets
    dates, values = _dates(connection, wanted, "?")
    join = " JOIN search_doc d ON d.article_id = w.rowid" if dates else ""
    return (
        connection.exec_driver_sql(
            f"SELECT w.rowid FROM search_words w{join} "  # noqa: S608 - fixed words
            f"WHERE w.search_words MATCH ? AND w.rowid >= ? AND w.rowid < ?{dates} "
            "ORDER BY w.rowid DESC LIMIT ?",
            (_match(wanted), bottom * BUCKET, (top + 1) * BUCKET, *values, limit),
        )
        .scalars()
        .all()
    )


def _match(wanted: Wanted) -> str:
    """As FTS5 reads it. Every token stands in quotes: nothing in it is an operator."""
    clauses = (" OR ".join(map(_fts5, clause)) for clause in wanted.all_of)
    made = " AND ".join(f"({clause})" for clause in clauses)
    return f"({made}) NOT ({' OR '.join(map(_fts5, wanted.none_of))})" if wanted.none_of else made


def _fts5(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"{" *" if phrase.begins else ""}'


# ---------------------------------------------------------------- PostgreSQL


def _ask_postgres(
    connection: Connection, wanted: Wanted, buckets: tuple[int, int], limit: int
) -> Sequence[int]:
    bottom, top = buckets
    near = " | ".join(f"'{bucket(number)}'" for number in range(bottom, top + 1))
    dates, values = _dates(connection, wanted, "%s")
    # Materialized: else it would walk down the numbers and look into every article.
    return (
        connection.exec_driver_sql(
            "WITH found AS MATERIALIZED (SELECT article_id FROM search_doc d "  # noqa: S608 - fixed words
            f"WHERE words @@ %s::tsquery{dates}) "
            "SELECT article_id FROM found ORDER BY article_id DESC LIMIT %s",
            (f"({near}) & {_tsquery(wanted)}", *values, limit),
        )
        .scalars()
        .all()
    )


def _tsquery(wanted: Wanted) -> str:
    made = " & ".join(f"({' | '.join(map(_lexemes, clause))})" for clause in wanted.all_of)
    if not wanted.none_of:
        return made
    return f"{made} & !({' | '.join(map(_lexemes, wanted.none_of))})"


def _lexemes(phrase: Phrase) -> str:
    listed = [f"'{word}'" for word in phrase.words]
    return f"({' <-> '.join(listed)}{':*' if phrase.begins else ''})"


# ---------------------------------------------------------------- both


def _dates(connection: Connection, wanted: Wanted, sign: str) -> tuple[str, Sequence[object]]:
    to_database: Callable[[Any], Any] = UtcTime().bind_processor(connection.dialect)
    limits = ((">=", wanted.since), ("<", wanted.until))
    asked = [(how, to_database(at)) for how, at in limits if at is not None]
    return "".join(f" AND d.time {how} {sign}" for how, _ in asked), [at for _, at in asked]


@contextmanager
def _stopping(connection: Connection, seconds: float) -> Iterator[None]:
    """Stop the database after so many seconds: :class:`_TimeIsOver`."""
    if is_postgres(connection):
        wait = max(10, int(seconds * 1_000))
        connection.exec_driver_sql(
            "SELECT set_config('statement_timeout', %s, true), "
            "set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)",
            (f"{wait}ms",),
        )
        handler: Any = None
    else:
        handler = connection.connection.dbapi_connection
        until = time.monotonic() + seconds
        handler.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    except DBAPIError as error:
        if _is_ours(error.orig):
            raise _TimeIsOver from None
        raise
    finally:
        if handler is not None:
            handler.set_progress_handler(None, 0)


def _is_ours(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return getattr(error, "sqlstate", None) == _CANCELLED
