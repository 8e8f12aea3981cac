"""Hosts taken by holders: the SQL of :class:`watchers.claiming.ClaimPort`.

PostgreSQL judges leases and pauses by its own clock (``now()``: the time at which the transaction
began), and several claim at once: each locks the feeds that it would take their hosts by, skips
what others have locked, and then takes the hosts in the order of their names, so that nobody
waits for a claim and nobody deadlocks. SQLite goes by the caller's clock, one writer at a time.

What must go row by row in the order of an index is written as subqueries of one value, and
PostgreSQL is told (`_BY_INDEX`) to do nothing else: without fresh statistics it takes it for
cheaper to sort all that is due (seen: 50,000 due feeds, 450 ms instead of 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    select,
    text,
    true,
    update,
)

from storage.columns import UtcTime
from storage.engine import chunks, insert_or_replace, is_postgres
from storage.mapping import feed_of
from storage.tables import FEED, HOST, HOST_TURN
from watchers.model import Feed

_TRIES = 3  # of a claim all of whose hosts were taken by others just before


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a claim asks for: see :meth:`watchers.claiming.ClaimPort.claim_feeds`."""

    holder: str
    now: datetime
    limit: int
    lease: timedelta
    per_host: int
    among: Sequence[int] | None = None
    without: Sequence[int] = ()


class _Statements:
    """What reads, made once for each of the two clocks."""

    def __init__(self, clock: ColumnElement[Any]) -> None:
        turn = select((HOST_TURN.c.held_until <= clock) & (HOST_TURN.c.next_start <= clock))
        free = _or_true(turn.where(HOST_TURN.c.name == FEED.c.host))
        due = _due(FEED)
        first = FEED.alias("first")
        # By the order of the index of hosts, or PostgreSQL might walk the one of due times.
        of_host = select(first.c.id).where(first.c.host == FEED.c.host, *_due(first))
        ordered = of_host.order_by(first.c.host, first.c.next_due, first.c.id).limit(1)
        is_first = FEED.c.id == ordered.correlate(FEED).scalar_subquery()
        overdue = (FEED.c.next_due, FEED.c.id)
        self.candidates = (
            select(FEED.c.host)
            .where(*due, is_first, _has_no_rest(), free)
            .order_by(*overdue)
            .limit(bindparam("most"))
            .with_for_update(key_share=True, skip_locked=True, of=FEED)
        )
        self.named = (
            select(FEED.c.host)
            .where(*_named(), free)
            .order_by(*overdue)
            .with_for_update(key_share=True, skip_locked=True, of=FEED)
        )
        every = select(FEED.c.id).where(*_due(FEED, without=False), _has_no_rest(), free)
        counted = every.limit(bindparam("most")).subquery()
        self.claimable = select(func.count()).select_from(counted)
        self.turn = select(HOST_TURN.c.held_until, HOST_TURN.c.next_start, clock.label("clock"))
        self.turn = self.turn.where(HOST_TURN.c.name == bindparam("host"))


def _or_true(answer: Any) -> ColumnElement[bool]:
    """A yes or no of the one row that there may be; without one it is yes."""
    return func.coalesce(answer.correlate(FEED).scalar_subquery(), true(), type_=Boolean)


def _has_no_rest() -> ColumnElement[bool]:
    is_over = HOST.c.not_before <= bindparam("now", type_=UtcTime)
    return _or_true(select(is_over).where(HOST.c.name == FEED.c.host))


def _due(feed: Any, *, without: bool = True) -> tuple[ColumnElement[bool], ...]:
    is_due = (
        feed.c.removed_at.is_(None),
        ~feed.c.paused,
        feed.c.next_due <= bindparam("now", type_=UtcTime),
    )
    left_out = feed.c.id.not_in(bindparam("without", expanding=True))
    return (*is_due, left_out) if without else is_due


def _named() -> tuple[ColumnElement[bool], ...]:
    named = FEED.c.id.in_(bindparam("among", expanding=True))
    left_out = FEED.c.id.not_in(bindparam("without", expanding=True))
    return (FEED.c.removed_at.is_(None), named, left_out)


_POSTGRES = _Statements(func.now())
_SQLITE = _Statements(bindparam("clock", type_=UtcTime))

_CLOCK = select(func.clock_timestamp(type_=UtcTime))

_OF_HOST = (
    select(FEED)
    .where(FEED.c.host == bindparam("host"), *_due(FEED))
    .order_by(FEED.c.host, FEED.c.next_due, FEED.c.id)
    .limit(bindparam("of_host"))
)
_OF_HOSTS = text("""
    SELECT due.* FROM unnest(CAST(:hosts AS text[])) AS wanted (name)
    CROSS JOIN LATERAL (
        SELECT * FROM feed WHERE feed.host = wanted.name
        AND removed_at IS NULL AND NOT paused AND next_due <= :now
        AND id <> ALL (CAST(:without AS integer[]))
        ORDER BY feed.host, next_due, id LIMIT :of_host
    ) AS due
""").columns(*FEED.c)
_NAMED_OF_HOSTS = (
    select(FEED)
    .where(*_named(), FEED.c.host.in_(bindparam("hosts", expanding=True)))
    .order_by(FEED.c.next_due, FEED.c.id)
)

# For this transaction only.
_BY_INDEX = text("""
    SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true)
""")
# Locks in the order of the names, as all that take several.
_TAKE = text("""
    INSERT INTO host_turn (name, next_start, held_until, holder)
    SELECT name, now(), now() + :lease, :holder
    FROM unnest(CAST(:hosts AS text[])) AS wanted (name) ORDER BY name
    ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until, holder = excluded.holder
    WHERE host_turn.held_until <= now() AND host_turn.next_start <= now()
    RETURNING name
""")
_TAKE_ONE = text("""
    INSERT INTO host_turn (name, next_start, held_until, holder)
    VALUES (:host, now(), now() + :lease, :holder)
    ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until, holder = excluded.holder
    WHERE (host_turn.held_until <= now() AND host_turn.next_start <= now())
    OR (host_turn.holder = excluded.holder AND host_turn.held_until > now())
    RETURNING name
""")
_RENEW = text("""
    WITH mine AS (
        SELECT name FROM host_turn WHERE holder = :holder AND held_until > now()
        ORDER BY name FOR NO KEY UPDATE
    )
    UPDATE host_turn SET held_until = now() + :lease
    FROM mine WHERE host_turn.name = mine.name
    RETURNING host_turn.name
""")
_RELEASE = text("""
    WITH mine AS (
        SELECT host_turn.name, wanted.pause
        FROM unnest(CAST(:hosts AS text[]), CAST(:pauses AS interval[])) AS wanted (name, pause)
        JOIN host_turn ON host_turn.name = wanted.name
        WHERE holder = :holder ORDER BY host_turn.name FOR NO KEY UPDATE OF host_turn
    )
    UPDATE host_turn SET holder = NULL, held_until = now(), next_start = now() + mine.pause
    FROM mine WHERE host_turn.name = mine.name
""")
_RELEASE_ALL = text("""
    WITH mine AS (
        SELECT name FROM host_turn WHERE holder = :holder ORDER BY name FOR NO KEY UPDATE
    )
    UPDATE host_turn SET holder = NULL, held_until = now(), next_start = now() + :pause
    FROM mine WHERE host_turn.name = mine.name
""")

_MINE = HOST_TURN.c.holder == bindparam("mine")
_STILL_MINE = (_MINE, HOST_TURN.c.held_until > bindparam("clock", type_=UtcTime))
_HELD = select(HOST_TURN.c.name).where(*_STILL_MINE)
_HOLD_ON = update(HOST_TURN).where(*_STILL_MINE).values(held_until=bindparam("until"))
_LET_GO = update(HOST_TURN).values(
    holder=None, held_until=bindparam("clock", type_=UtcTime), next_start=bindparam("start")
)
_LET_ONE_GO = _LET_GO.where(HOST_TURN.c.name == bindparam("host"), _MINE)
_LET_ALL_GO = _LET_GO.where(_MINE)
_IS_OLD = (
    HOST_TURN.c.next_start < bindparam("before", type_=UtcTime),
    HOST_TURN.c.held_until < bindparam("before", type_=UtcTime),
)
_OLD = select(HOST_TURN.c.name).where(*_IS_OLD).limit(bindparam("most"))
# Once more whether they are old: one of them may have been taken meanwhile.
_FORGET = delete(HOST_TURN).where(
    HOST_TURN.c.name.in_(bindparam("names", expanding=True)), *_IS_OLD
)


# ---------------------------------------------------------------- claims


def claim(connection: Connection, wanted: Wanted) -> tuple[Feed, ...]:
    """Take hosts, and give what is due there: the first feed of each host, then the second."""
    if wanted.limit <= 0 or (wanted.among is not None and not wanted.among):
        return ()
    if is_postgres(connection):
        connection.execute(_BY_INDEX)
    take = _take_on_postgres if is_postgres(connection) else _take_on_sqlite
    for _ in range(_TRIES):
        candidates = _candidates(connection, wanted)
        if not candidates:
            return ()
        hosts = take(connection, wanted, candidates)
        # Read after the hosts were taken: what others polled there just before is not due now.
        feeds = _in_turn(_feeds(connection, wanted, hosts), wanted)
        without_feed = set(hosts).difference(host for host, _ in feeds)
        release(connection, wanted.holder, wanted.now, dict.fromkeys(without_feed, timedelta()))
        if feeds:
            return tuple(feed for _, feed in feeds)
    return ()


def _candidates(connection: Connection, wanted: Wanted) -> list[str]:
    statements = _POSTGRES if is_postgres(connection) else _SQLITE
    values = {"now": wanted.now, "clock": wanted.now, "without": tuple(wanted.without)}
    if wanted.among is None:
        most = {"most": wanted.limit}
        return list(connection.execute(statements.candidates, {**values, **most}).scalars())
    hosts: dict[str, None] = {}
    for some in chunks(wanted.among):
        rows = connection.execute(statements.named, {**values, "among": some}).scalars()
        hosts.update(dict.fromkeys(rows))
    return list(hosts)[: wanted.limit]


def _take_on_postgres(connection: Connection, wanted: Wanted, hosts: Sequence[str]) -> list[str]:
    values = {"hosts": list(hosts), "holder": wanted.holder, "lease": wanted.lease}
    return list(connection.execute(_TAKE, values).scalars())


def _take_on_sqlite(connection: Connection, wanted: Wanted, hosts: Sequence[str]) -> list[str]:
    """Nobody else writes in this transaction, in which all were seen to be free."""
    _hold(connection, wanted.holder, wanted.now, wanted.lease, hosts)
    return list(hosts)


def _hold(
    connection: Connection, holder: str, now: datetime, lease: timedelta, hosts: Sequence[str]
) -> None:
    held = {"next_start": now, "held_until": now + lease, "holder": holder}
    rows = [{"name": host, **held} for host in hosts]
    insert_or_replace(connection, HOST_TURN, rows, ["held_until", "holder"])


def _feeds(connection: Connection, wanted: Wanted, hosts: Sequence[str]) -> list[Any]:
    """What is due at these hosts, no more than `per_host` of each where that saves reading."""
    values = {"now": wanted.now, "of_host": wanted.per_host}
    without = tuple(wanted.without)
    rows: list[Any] = []
    if wanted.among is not None:
        for some in chunks(wanted.among):
            named = {"among": some, "without": without, "hosts": hosts}
            rows += connection.execute(_NAMED_OF_HOSTS, named)
    elif is_postgres(connection):
        many = {"hosts": hosts, "without": list(without)}
        rows += connection.execute(_OF_HOSTS, {**values, **many})
    else:
        for host in hosts:
            rows += connection.execute(_OF_HOST, {**values, "host": host, "without": without})
    return rows


def _in_turn(rows: Sequence[Any], wanted: Wanted) -> list[tuple[str, Feed]]:
    """With their hosts: the longest overdue of each host, then the second of each, and so on."""
    places: dict[str, int] = {}
    placed: list[tuple[int, Any]] = []
    for row in sorted(rows, key=lambda row: (row.next_due, row.id)):
        places[row.host] = places.get(row.host, 0) + 1
        if places[row.host] <= wanted.per_host:
            placed.append((places[row.host], row))
    placed.sort(key=lambda one: one[0])
    return [(row.host, feed_of(row)) for _, row in placed[: wanted.limit]]


def claimable(connection: Connection, now: datetime, limit: int) -> int:
    """How many feeds could be claimed, counted up to `limit`."""
    statements = _POSTGRES if is_postgres(connection) else _SQLITE
    values = {"now": now, "clock": now, "most": limit}
    return int(connection.execute(statements.claimable, values).scalar_one())


def clock(connection: Connection, now: datetime) -> datetime:
    """What the database's clock says; the caller's where it has none."""
    if not is_postgres(connection):
        return now
    found: datetime = connection.execute(_CLOCK).scalar_one()
    return found


# ---------------------------------------------------------------- hosts


def take_one(
    connection: Connection, host: str, holder: str, now: datetime, lease: timedelta
) -> timedelta | None:
    """Take one host: None, or how long until it is free for certain."""
    if is_postgres(connection):
        values = {"host": host, "holder": holder, "lease": lease}
        if connection.execute(_TAKE_ONE, values).first() is not None:
            return None
        row = connection.execute(_POSTGRES.turn, {"host": host}).one_or_none()
        return timedelta() if row is None else _wait(row)
    row = connection.execute(
        _SQLITE.turn.add_columns(HOST_TURN.c.holder), {"host": host, "clock": now}
    ).one_or_none()
    is_mine = row is not None and row.holder == holder and row.held_until > now
    if row is None or is_mine or _wait(row) <= timedelta():
        _hold(connection, holder, now, lease, [host])
        return None
    return _wait(row)


def _wait(row: Any) -> timedelta:
    """A moment at least, where it was let go since it was asked for."""
    wait: timedelta = max(row.held_until, row.next_start) - row.clock
    return max(timedelta(), wait)


def renew(connection: Connection, holder: str, now: datetime, lease: timedelta) -> frozenset[str]:
    """Hold on to what is still held; its hosts."""
    if is_postgres(connection):
        connection.execute(_BY_INDEX)
        values = {"holder": holder, "lease": lease}
        return frozenset(connection.execute(_RENEW, values).scalars())
    mine = {"mine": holder, "clock": now}
    held = frozenset(connection.execute(_HELD, mine).scalars())
    connection.execute(_HOLD_ON, {**mine, "until": now + lease})
    return held


def release(
    connection: Connection, holder: str, now: datetime, pauses: Mapping[str, timedelta]
) -> None:
    """Let these go, as far as the holder has them."""
    if not pauses:
        return
    if is_postgres(connection):
        connection.execute(_BY_INDEX)
        lists = {"hosts": list(pauses), "pauses": list(pauses.values())}
        connection.execute(_RELEASE, {**lists, "holder": holder})
        return
    mine = {"mine": holder, "clock": now}
    rows = [{**mine, "host": host, "start": now + pause} for host, pause in pauses.items()]
    connection.execute(_LET_ONE_GO, rows)


def release_all(connection: Connection, holder: str, now: datetime, pause: timedelta) -> int:
    """Let all go that the holder has; how many hosts."""
    if is_postgres(connection):
        connection.execute(_BY_INDEX)
        return connection.execute(_RELEASE_ALL, {"holder": holder, "pause": pause}).rowcount
    values = {"mine": holder, "clock": now, "start": now + pause}
    return connection.execute(_LET_ALL_GO, values).rowcount


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Delete hosts that were last held, and whose pause ended, before then."""
    values = {"before": before}
    forgotten = 0
    names = connection.execute(_OLD, {**values, "most": limit}).scalars().all()
    for some in chunks(names):
        forgotten += connection.execute(_FORGET, {**values, "names": some}).rowcount
    return forgotten
