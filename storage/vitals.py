"""Numbers for those who watch over the service: each from an index (see watchers.vitals)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, select, text

from storage.engine import is_postgres
from storage.tables import ARTICLE, CHANNEL, DELIVERY, DIGEST, FEED, HOST, NOTICE, SEARCH_DUE
from watchers.telling import DeliveryState
from watchers.vitals import AUDIENCES, PAGE_STATES, Vitals

ALIVE = 60
"""Seconds after its last heartbeat that a worker of the distributed engine counts as alive."""
MOST = 100_000
"""Articles that wait for the index that are counted: when it is first filled, all of them do."""

_WATCHED = FEED.c.removed_at.is_(None)
_FEEDS = select(func.count()).where(_WATCHED)
_RESTS = exists().where(HOST.c.name == FEED.c.host, HOST.c.not_before > bindparam("now"))
_DUE = select(func.count().label("due"), func.min(FEED.c.next_due).label("since")).where(
    _WATCHED, ~FEED.c.paused, FEED.c.next_due <= bindparam("now"), ~_RESTS
)
_PAGES = (
    select(DELIVERY.c.private, DELIVERY.c.state, func.count().label("pages"))
    .where(DELIVERY.c.private.in_((False, True)), DELIVERY.c.state.in_(PAGE_STATES))
    .group_by(DELIVERY.c.private, DELIVERY.c.state)
)
_OLDEST = (
    select(DIGEST.c.built_at)
    .join(DELIVERY, DELIVERY.c.digest_id == DIGEST.c.id)
    .where(
        DELIVERY.c.private == bindparam("private"),
        DELIVERY.c.state == DeliveryState.QUEUED.value,
    )
    .order_by(DELIVERY.c.id)
    .limit(1)
)
_UNSETTLED = select(func.count()).where(~ARTICLE.c.settled)
_RESETTLE = select(func.count()).where(ARTICLE.c.resettle)
_UNINDEXED = select(func.count()).select_from(select(SEARCH_DUE.c.mark).limit(MOST).subquery())
_NOTICES = select(func.count()).where(NOTICE.c.told_at.is_(None))
_BEHIND = select(func.min(func.coalesce(CHANNEL.c.last_slot, CHANNEL.c.added_at))).where(
    ~CHANNEL.c.private, ~CHANNEL.c.paused, CHANNEL.c.chat != "console"
)
_WORKERS = text(
    "SELECT count(*) FROM procrastinate_workers"
    " WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)
_JOBS = text(
    "SELECT status::text, count(*) FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') GROUP BY status"
)


def vitals(connection: Connection, now: datetime) -> Vitals:
    """How things are now."""
    due = connection.execute(_DUE, {"now": now}).one()
    pages = dict.fromkeys(((who, state) for who in AUDIENCES for state in PAGE_STATES), 0)
    for row in connection.execute(_PAGES):
        pages[AUDIENCES[row.private], row.state] = row.pages
    waits = {
        audience: connection.execute(_OLDEST, {"private": audience == "private"}).scalar()
        for audience in AUDIENCES
    }
    workers, jobs = _queue(connection)
    return Vitals(
        feeds=_number(connection, _FEEDS),
        due=due.due,
        due_since=due.since,
        pages=pages,
        queued_since={audience: since for audience, since in waits.items() if since is not None},
        unsettled=_number(connection, _UNSETTLED) + _number(connection, _RESETTLE),
        unindexed=_number(connection, _UNINDEXED),
        notices=_number(connection, _NOTICES),
        digest_behind=connection.execute(_BEHIND).scalar(),
        size=size(connection),
        workers=workers,
        jobs=jobs,
    )


def _number(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).scalar_one())


def size(connection: Connection) -> int:
    """Bytes of the database; for SQLite without what its `-wal` file holds."""
    if is_postgres(connection):
        return int(
            connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        )
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _queue(connection: Connection) -> tuple[int | None, dict[str, int]]:
    """Workers alive and jobs of the distributed engine, where it was set up."""
    if not is_postgres(connection):
        return None, {}
    there = text("SELECT to_regclass('procrastinate_workers') IS NOT NULL")
    if not connection.execute(there).scalar_one():
        return None, {}
    workers = connection.execute(_WORKERS, {"seconds": ALIVE}).scalar_one()
    jobs = {"todo": 0, "doing": 0}
    return int(workers), jobs | {str(state): int(n) for state, n in connection.execute(_JOBS)}
