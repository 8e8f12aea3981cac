"""Hits of a question, newest first: looked up stretch by stretch, until there are enough.

A word that stands in every article, and a phrase of such words, cost no more than the stretch
that is looked at. SQLite's index can be asked for numbers from and to; PostgreSQL's has a token
for each 8,192 neighbours. A beginning of a word costs the same for a short stretch and a long
one: so a stretch that was quick makes the next one much longer, and most questions need two.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.columns import UtcTime
from storage.engine import is_postgres
from storage.search_index import BUCKET, bucket, packed
from watchers.search_order import chosen, spelt
from watchers.searching import MOST_HITS, MOST_RANKED, Hit, Hits, Phrase, Wanted

_FIRST_SQLITE, _FIRST_POSTGRES = 8, 1  # buckets of the first stretch
_AIM = 0.05  # seconds that the next stretch shall take
_QUICK, _SLOW = 0.1, 0.3  # of a stretch that make the next one longer, or shorter
_LONGER, _DATED, _LONGEST = 2, 8, 64  # times: at least, with dates, and at most
_MOST_BUCKETS = 256  # of one stretch
_LATE = 0.02  # seconds that a statement may be stopped too late
_STEPS = 20_000  # of SQLite's machine between two looks at the clock
_CANCELLED = "57014"  # query_canceled
_LAST = "SELECT max(article_id) FROM search_doc"
_LIMIT = "set_config('statement_timeout', %s, true)"
_BY_INDEX = "set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"


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
    wait: float = math.inf  # seconds after which PostgreSQL stops a statement

    def look(self) -> None:
        """Stretch by stretch, downwards; then which of these have it in the title."""
        last = self._last()
        top = last // BUCKET
        size = _FIRST_POSTGRES if is_postgres(self.connection) else _FIRST_SQLITE
        while top >= 0 and len(self.found) <= MOST_HITS:
            began, bottom = time.monotonic(), max(0, top - size + 1)
            left = MOST_HITS + 1 - len(self.found)
            try:
                newest = self._ask(self.wanted, (bottom, top), left)
            except _TimeIsOver:
                self.stopped = (top + 1) * BUCKET
                return
            self.found.update(newest)
            size = _next(self.wanted, size, time.monotonic() - began)
            if newest:  # no more than those that are left, and a half, should need
                looked_at = min(last, top * BUCKET + BUCKET - 1) - bottom * BUCKET + 1
                size = min(size, 1 + left * looked_at * 3 // (2 * len(newest) * BUCKET))
            top = bottom - 1
        if len(self.found) > MOST_RANKED and self.wanted.title:
            buckets = (min(self.found) // BUCKET, last // BUCKET)
            with suppress(_TimeIsOver):  # all is found; only their order is less good
                self.titled.update(self._ask(_titles(self.wanted), buckets, MOST_HITS + 1))

    def _last(self) -> int:
        """The newest article of the index."""
        if not is_postgres(self.connection):
            return int(self.connection.exec_driver_sql(_LAST).scalar() or 0)
        asked = f"SELECT ({_LAST}), {_LIMIT}, {_BY_INDEX}"  # one round trip
        return int(self.connection.exec_driver_sql(asked, (self._limit(),)).scalar() or 0)

    def _limit(self) -> str:
        self.wait = max(0.01, self.until - time.monotonic())
        return f"{self.wait * 1_000:.0f}ms"

    def _ask(self, wanted: Wanted, buckets: tuple[int, int], most: int) -> Sequence[int]:
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise _TimeIsOver
        if not is_postgres(self.connection):
            with _stopping(self.connection, seconds):
                return _ask_sqlite(self.connection, wanted, buckets, most)
        if self.wait > seconds + _LATE:
            self.connection.exec_driver_sql(f"SELECT {_LIMIT}", (self._limit(),))
        with _stopped():
            return _ask_postgres(self.connection, wanted, buckets, most)


def _next(wanted: Wanted, size: int, took: float) -> int:
    """Buckets of the next stretch."""
    if took >= _QUICK:
        return max(1, size // 2) if took > _SLOW else size
    dated = wanted.since is not None or wanted.until is not None
    phrases = any(len(form.words) > 1 for form in (*chain(*wanted.all_of), *wanted.none_of))
    longer = _LONGEST
    if dated or phrases:  # which are looked up in each article
        longer = max(_LONGER, min(_DATED if dated else _LONGEST, int(_AIM / max(took, 0.001))))
    return min(size * longer, _MOST_BUCKETS)


def _titles(wanted: Wanted) -> Wanted:
    """The same in the title. A word that stands there need not be looked up once more."""
    words = {term for term in wanted.terms if all(len(form.words) == 1 for form in term)}
    others = (clause for clause in wanted.all_of if clause not in words)
    return replace(wanted, all_of=(*wanted.title, *others), title=())


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


def with_streams(connection: Connection, wanted: Wanted, numbers: Numbers) -> Hits:
    """The hits that may be shown, with their times and tokens. Of few, which all may be shown,
    these say too whether it stands in the title: a look-up less.
    """
    newest = sorted(numbers.found, reverse=True)[:MOST_HITS]
    docs = packed(connection, chosen(newest, numbers.titled, MOST_RANKED))
    titled = numbers.titled
    if len(newest) <= MOST_RANKED and wanted.title:
        title = [tuple(map(spelt, clause)) for clause in wanted.title]
        titled = frozenset(n for n, doc in docs.items() if _has(f"{doc.text} ", title))
    hits = [Hit(n, doc.time, n in titled, doc.text) for n, doc in docs.items()]
    hits.sort(key=lambda hit: hit.id, reverse=True)
    many = len(numbers.found)
    return Hits(tuple(hits), min(many, MOST_HITS), many > MOST_HITS, numbers.stopped)


def _has(tokens: str, clauses: Sequence[Sequence[str]]) -> bool:
    return all(any(form in tokens for form in clause) for clause in clauses)


# ---------------------------------------------------------------- SQLite


def _ask_sqlite(
    connection: Connection, wanted: Wanted, buckets: tuple[int, int], limit: int
) -> Sequence[int]:
    bottom, top = buckets
    dates, values = _dates(connection, wanted, "?")
    join = " JOIN search_doc d ON d.article_id = w.rowid" if dates else ""
    return _numbers(
        connection,
        "SELECT group_concat(rowid, ' ') FROM "  # noqa: S608 - fixed words
        f"(SELECT w.rowid FROM search_words w{join} "
        f"WHERE w.search_words MATCH ? AND w.rowid >= ? AND w.rowid < ?{dates} "
        "ORDER BY w.rowid DESC LIMIT ?)",
        (_match(wanted), bottom * BUCKET, (top + 1) * BUCKET, *values, limit),
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
    return _numbers(
        connection,
        "WITH found AS MATERIALIZED (SELECT article_id FROM search_doc d "  # noqa: S608 - fixed words
        f"WHERE words @@ %s::tsquery{dates}) "
        "SELECT string_agg(article_id::text, ' ') FROM "
        "(SELECT article_id FROM found ORDER BY article_id DESC LIMIT %s) newest",
        (f"({near}) & {_tsquery(wanted)}", *values, limit),
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


def _numbers(connection: Connection, asked: str, values: tuple[object, ...]) -> Sequence[int]:
    """Numbers that come as one text: thousands of rows would take longer than the look-up."""
    found = connection.exec_driver_sql(asked, values).scalar()
    return tuple(map(int, found.split())) if found else ()


def _dates(connection: Connection, wanted: Wanted, sign: str) -> tuple[str, Sequence[object]]:
    to_database: Callable[[Any], Any] = UtcTime().bind_processor(connection.dialect)
    limits = ((">=", wanted.since), ("<", wanted.until))
    asked = [(how, to_database(at)) for how, at in limits if at is not None]
    return "".join(f" AND d.time {how} {sign}" for how, _ in asked), [at for _, at in asked]


@contextmanager
def _stopping(connection: Connection, seconds: float) -> Iterator[None]:
    """Stop SQLite after so many seconds: :class:`_TimeIsOver`."""
    driver: Any = connection.connection.dbapi_connection
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        with _stopped():
            yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _stopped() -> Iterator[None]:
    """What was stopped by us is :class:`_TimeIsOver`."""
    try:
        yield
    except DBAPIError as error:
        if _is_ours(error.orig):
            raise _TimeIsOver from None
        raise


def _is_ours(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return getattr(error, "sqlstate", None) == _CANCELLED
