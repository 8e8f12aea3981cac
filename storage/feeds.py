"""Feeds: what is watched, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage.audits import note
from storage.engine import chunks, insert_new
from storage.mapping import feed_of, feed_values, printed_key
from storage.planning import UNREACHABLE_AFTER
from storage.tables import FEED
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import Feed, FeedSpec
from watchers.telling import AuditRecord, Coverage

MAX_ID = 2**31 - 1  # PostgreSQL refuses to compare an INTEGER with more
_WATCHED = FEED.c.removed_at.is_(None)


def as_id(ref: str) -> int | None:
    """The id that these digits mean; None if they can be none."""
    return int(ref) if ref.isdecimal() and len(ref) <= len(str(MAX_ID)) else None


def add(connection: Connection, spec: FeedSpec, at: datetime, actor: str) -> Feed:
    """Watch a feed, due at once. FeedExists."""
    if not add_many(connection, [spec], at, actor):
        msg = f"{spec.url} is watched already."
        raise FeedExists(msg)
    return find(connection, spec.url)


def add_many(connection: Connection, specs: Sequence[FeedSpec], at: datetime, actor: str) -> int:
    """Watch those that are not watched yet; how many were added."""
    wanted: dict[bytes, FeedSpec] = {}
    for spec in specs:
        wanted.setdefault(printed_key(spec.url), spec)
    known: set[bytes] = set()
    for keys in chunks(list(wanted)):
        rows = connection.execute(select(FEED.c.url_key).where(FEED.c.url_key.in_(keys), _WATCHED))
        known.update(rows.scalars())
    fresh = [spec for key, spec in wanted.items() if key not in known]
    insert_new(connection, FEED, [feed_values(spec, at) for spec in fresh])
    note(connection, *(AuditRecord(at, actor, "feed.add", spec.url) for spec in fresh))
    return len(fresh)


def all_feeds(connection: Connection) -> tuple[Feed, ...]:
    """All feeds that are watched, by id."""
    rows = connection.execute(select(FEED).where(_WATCHED).order_by(FEED.c.id))
    return tuple(feed_of(row) for row in rows)


def find(connection: Connection, ref: str) -> Feed:
    """The feed with this id (digits) or URL. FeedUnknown."""
    number = as_id(ref)
    same = FEED.c.url_key == printed_key(ref) if number is None else FEED.c.id == number
    row = connection.execute(select(FEED).where(same, _WATCHED)).one_or_none()
    if row is None:
        msg = f"No feed has the number or address {ref!r}."
        raise FeedUnknown(msg)
    return feed_of(row)


def due(connection: Connection, now: datetime, limit: int) -> tuple[Feed, ...]:
    """Feeds to poll, longest overdue first."""
    rows = connection.execute(
        select(FEED)
        .where(_WATCHED, ~FEED.c.paused, FEED.c.next_due <= now)
        .order_by(FEED.c.next_due, FEED.c.id)
        .limit(limit)
    )
    return tuple(feed_of(row) for row in rows)


def pause(connection: Connection, feed_id: int, at: datetime, actor: str, *, paused: bool) -> Feed:
    """Stop or resume polling a feed; resumed, it is due at once. FeedUnknown."""
    feed = find(connection, str(feed_id))
    changes: dict[str, object] = {"paused": paused} if paused else {"paused": False, "next_due": at}
    connection.execute(update(FEED).where(FEED.c.id == feed_id).values(changes))
    action = "feed.pause" if paused else "feed.resume"
    note(connection, AuditRecord(at, actor, action, feed.url))
    return find(connection, str(feed_id))


def remove(connection: Connection, feed_id: int, at: datetime, actor: str) -> Feed:
    """Stop watching for good. The row stays: articles say where they came from. FeedUnknown."""
    feed = find(connection, str(feed_id))
    connection.execute(update(FEED).where(FEED.c.id == feed_id).values(removed_at=at))
    note(connection, AuditRecord(at, actor, "feed.remove", feed.url))
    return feed


def coverage(connection: Connection, now: datetime) -> Coverage:
    """How many feeds there are, how many are paused, how many failed for 6 hours or more."""
    failing = FEED.c.failing_since <= now - UNREACHABLE_AFTER
    read = FEED.c.failing_since.is_(None) & FEED.c.last_success.is_not(None)
    row = connection.execute(
        select(
            func.count().label("feeds"),
            func.count().filter(FEED.c.paused).label("paused"),
            func.count().filter(~FEED.c.paused & failing).label("unreachable"),
            func.count().filter(~FEED.c.paused & read).label("read"),
        )
        .select_from(FEED)
        .where(_WATCHED)
    ).one()
    return Coverage(row.feeds, row.unreachable, row.paused, row.read)
