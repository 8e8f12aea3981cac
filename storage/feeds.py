"""Feeds: what is watched, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)

from storage import ledger
from storage.audits import note
from storage.engine import chunks, insert_new
from storage.mapping import feed_of, feed_values, printed_key
from storage.planning import (
    CLOCK_SLACK,
    LONGEST_WAIT,
    MOST_GAPS,
    UNREACHABLE_AFTER,
    already_watched,
)
from storage.tables import FEED, FORMER_ADDRESS, HOST, LISTING
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import Feed, FeedSpec
from watchers.telling import AuditRecord, Coverage

MAX_ID = 2**31 - 1  # PostgreSQL refuses to compare an INTEGER with more
_WATCHED = FEED.c.removed_at.is_(None)
_RESTS = exists().where(HOST.c.name == FEED.c.host, HOST.c.not_before > bindparam("now"))
_IS_DUE = (_WATCHED, ~FEED.c.paused, FEED.c.next_due <= bindparam("now"), ~_RESTS)
_OVERDUE = (FEED.c.next_due, FEED.c.id)
_DUE = select(FEED).where(*_IS_DUE).order_by(*_OVERDUE).limit(bindparam("most"))
# Not by the column itself: SQLite would read all feeds in the order of an index of hosts.
_BY_HOST = FEED.c.host.concat("")
_PLACE = func.row_number().over(partition_by=_BY_HOST, order_by=_OVERDUE).label("place")
_PLACED = select(FEED.c.id, _PLACE).where(*_IS_DUE).subquery()
_DUE_BY_HOST = (
    select(FEED)
    .join(_PLACED, _PLACED.c.id == FEED.c.id)
    .where(_PLACED.c.place <= bindparam("of_host"))
    .order_by(_PLACED.c.place, *_OVERDUE)
    .limit(bindparam("most"))
)


def as_id(ref: str) -> int | None:
    """The id that these digits mean; None if they can be none."""
    return int(ref) if ref.isdecimal() and len(ref) <= len(str(MAX_ID)) else None


def add(connection: Connection, spec: FeedSpec, at: datetime, actor: str) -> Feed:
    """Watch a feed, due at once. FeedExists."""
    added = add_many(connection, [spec], at, actor)
    feed = find(connection, spec.url)
    if not added:
        raise FeedExists(already_watched(spec.url, feed))
    return feed


def add_many(connection: Connection, specs: Sequence[FeedSpec], at: datetime, actor: str) -> int:
    """Watch those that are not watched yet; how many were added."""
    wanted: dict[bytes, FeedSpec] = {}
    for spec in specs:
        wanted.setdefault(printed_key(spec.url), spec)
    known: set[bytes] = set()
    for keys in chunks(list(wanted)):
        now = select(FEED.c.url_key).where(FEED.c.url_key.in_(keys), _WATCHED)
        known.update(connection.execute(now).scalars())
        former = _former(FORMER_ADDRESS.c.url_key).where(FORMER_ADDRESS.c.url_key.in_(keys))
        known.update(connection.execute(former).scalars())
    fresh = [spec for key, spec in wanted.items() if key not in known]
    insert_new(connection, FEED, [feed_values(spec, at) for spec in fresh])
    note(connection, *(AuditRecord(at, actor, "feed.add", spec.url) for spec in fresh))
    return len(fresh)


def all_feeds(connection: Connection) -> tuple[Feed, ...]:
    """All feeds that are watched, by id."""
    rows = connection.execute(select(FEED).where(_WATCHED).order_by(FEED.c.id))
    return tuple(feed_of(row) for row in rows)


def find(connection: Connection, ref: str) -> Feed:
    """The feed with this id (digits), URL or former URL. FeedUnknown."""
    number = as_id(ref)
    key = printed_key(ref)
    same = FEED.c.url_key == key if number is None else FEED.c.id == number
    row = connection.execute(select(FEED).where(same, _WATCHED)).one_or_none()
    if row is None and number is None:
        moved = _former(*FEED.c).where(FORMER_ADDRESS.c.url_key == key)
        latest = moved.order_by(FORMER_ADDRESS.c.until.desc(), FEED.c.id).limit(1)
        row = connection.execute(latest).one_or_none()
    if row is None:
        msg = f"No feed has the number or address {ref[:200]!r}."
        raise FeedUnknown(msg)
    return feed_of(row)


def _former(*columns: ColumnElement[Any]) -> Select[Any]:
    joined = FORMER_ADDRESS.join(FEED, FEED.c.id == FORMER_ADDRESS.c.feed_id)
    return select(*columns).select_from(joined).where(_WATCHED)


def former_addresses(connection: Connection, feed_id: int) -> tuple[str, ...]:
    """Where the feed was before permanent redirects moved it, oldest first."""
    former = select(FORMER_ADDRESS.c.url).where(FORMER_ADDRESS.c.feed_id == feed_id)
    ordered = former.order_by(FORMER_ADDRESS.c.until, FORMER_ADDRESS.c.url)
    return tuple(connection.execute(ordered).scalars())


def due(
    connection: Connection, now: datetime, limit: int, per_host: int | None = None
) -> tuple[Feed, ...]:
    """Feeds to poll, longest overdue first; none of a host that rests until later.

    With `per_host`: the first of every host, then the second of each, and so on.
    """
    wanted: dict[str, object] = {"now": now, "most": limit}
    if per_host is None:
        rows = connection.execute(_DUE, wanted)
    else:
        rows = connection.execute(_DUE_BY_HOST, {**wanted, "of_host": per_host})
    return tuple(feed_of(row) for row in rows)


def heal_clock(connection: Connection, now: datetime) -> int:
    """Make due what a clock that was ahead put off; how many feeds.

    Reads all feeds: for the start and for a clock that was set back, not for every look.
    """
    latest = now + LONGEST_WAIT
    of_the_future = func.coalesce(FEED.c.last_polled, FEED.c.added_at) > now + CLOCK_SLACK
    healed = connection.execute(
        update(FEED)
        .where(_WATCHED, FEED.c.next_due > now, of_the_future | (FEED.c.next_due > latest))
        .values(next_due=now)
    )
    connection.execute(delete(HOST).where(HOST.c.not_before > latest))
    return healed.rowcount


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
    for table in (LISTING, FORMER_ADDRESS):
        connection.execute(delete(table).where(table.c.feed_id == feed_id))
    note(connection, AuditRecord(at, actor, "feed.remove", feed.url))
    return feed


def coverage(connection: Connection, now: datetime, since: datetime | None = None) -> Coverage:
    """How many feeds there are, how many are paused, how many failed for 6 hours or more.

    With `since`, also the possible gaps found since then.
    """
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
    found = () if since is None else ledger.gaps(connection, since, MOST_GAPS)
    return Coverage(row.feeds, row.unreachable, row.paused, row.read, found)
