"""The databases of `make bench-scale`: a PostgreSQL of its own, filled once, copied for each part.

It is set up as it comes, on a disk: fsync, synchronous commits and autovacuum are on. The feeds
are stored as they are after a first reading, and due only when the clock of a part starts.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from sqlalchemy import make_url

from benchmarks.scale_feeds import address_of, first_document, tag_of
from storage import open_store, upgrade
from tests.conftest import PostgresServer
from watchers.model import FeedSpec, PollResult
from watchers.text import key

CONNECTIONS = 100  # PostgreSQL's own default
_OPTIONS = {"max_connections": str(CONNECTIONS), "timezone": "UTC"}  # all else as it comes
_BATCH = 500  # polls a transaction
_INTERVAL = 3600
_FIRST = "filled"


@contextlib.contextmanager
def postgres(folder: str) -> Iterator[PostgresServer]:
    """A server as it comes, on the disk of this folder."""
    server = PostgresServer(_OPTIONS, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def fill(server: PostgresServer, count: int, port: int) -> None:
    """Make the database that is copied: so many feeds, read an hour ago, due in a day."""
    _command(server, f"CREATE DATABASE {_FIRST} TEMPLATE template0")
    url = server.url(_FIRST)
    upgrade(url)
    store, now = open_store(url, create=False), datetime.now(UTC)
    with contextlib.closing(store):
        store.add_feeds(
            [
                FeedSpec(f"http://{address_of(n)}:{port}/feed", f"Feed {n}", "en", "world-media")
                for n in range(count)
            ],
            at=now - timedelta(days=9),
            actor="system",
        )
        store.set_value("feeds_loaded", now.isoformat())
        read = [_read(number, feed.id, now) for number, feed in enumerate(store.feeds())]
        for start in range(0, len(read), _BATCH):
            store.save_polls(read[start : start + _BATCH])
    with connected(url) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    _command(server, "CHECKPOINT")


def _read(number: int, feed_id: int, now: datetime) -> PollResult:
    at = now - timedelta(hours=1)
    return PollResult(
        feed_id=feed_id, at=at, next_due=now + timedelta(days=1), interval=_INTERVAL, failures=0.0,
        outcome="changed", status=200, size=300, etag=tag_of(number, changed=False),
        body_key=key(first_document(number)), title=f"Feed {number}", full=True, floor=_INTERVAL,
        newest=at, listing=b"",
    )  # fmt: skip


_NUMBERS = itertools.count(1)


@contextlib.contextmanager
def copied(server: PostgresServer) -> Iterator[str]:
    """The URL of a copy of the filled one, dropped at the end."""
    name = f"part_{next(_NUMBERS)}"
    _command(server, f"CREATE DATABASE {name} TEMPLATE {_FIRST} STRATEGY file_copy")
    try:
        yield server.url(name)
    finally:
        _command(server, f"DROP DATABASE {name} WITH (FORCE)")


def _command(server: PostgresServer, statement: LiteralString) -> None:
    with server.connect() as connection:
        connection.execute(statement)


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection that commits each statement."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


@dataclass(frozen=True, slots=True)
class Left:
    """What a part left in the database."""

    polls: dict[int, int]  # stored polls by feed, since it was filled
    held: int  # hosts that somebody holds still
    locks: int  # advisory locks of sessions
    failed: int  # feeds whose last poll failed
    doing: int  # jobs that are under way by what the queue says


def start_clock(connection: psycopg.Connection[Any]) -> None:
    """All feeds are due now."""
    connection.execute("UPDATE feed SET next_due = now()")


def still_due(connection: psycopg.Connection[Any]) -> int:
    """How many feeds were not polled since the clock was started."""
    found = connection.execute("SELECT count(*) FROM feed WHERE next_due <= now()").fetchone()
    return int(found[0]) if found else 0


def connections(connection: psycopg.Connection[Any]) -> int:
    """How many the programs have open just now."""
    query = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    return _count(connection, query)


def left(connection: psycopg.Connection[Any]) -> Left:
    """What there is to judge by."""
    polls = connection.execute("SELECT feed_id, sum(polls) - 1 FROM ledger GROUP BY feed_id")
    return Left(
        polls={int(feed): int(count) for feed, count in polls.fetchall()},
        held=_count(connection, "SELECT count(*) FROM host_turn WHERE held_until > now()"),
        locks=_count(
            connection,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
        ),
        failed=_count(connection, "SELECT count(*) FROM feed WHERE failures > 0"),
        doing=_count(connection, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"),
    )


def _count(connection: psycopg.Connection[Any], query: LiteralString) -> int:
    try:
        found: Sequence[Any] | None = connection.execute(query).fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return int(found[0]) if found else 0
