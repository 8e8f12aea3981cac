"""The coverage ledger, the hosts that asked to be left alone, and what admins are told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from storage.engine import insert_new, insert_one, insert_or_replace
from storage.mapping import storable
from storage.notices import Telling
from storage.planning import is_down
from storage.tables import FEED, HOST, LEDGER, NOTICE
from watchers.model import (
    Gap,
    LedgerRow,
    PollResult,
    Rhythm,
)
from watchers.telling import Notice

PRUNED = 5_000  # runs deleted in one transaction: other writers wait for its end

_WATCHED = FEED.c.removed_at.is_(None)
_BEGIN = insert(LEDGER).returning(LEDGER.c.id, LEDGER.c.feed_id)
_LENGTHEN = (
    update(LEDGER)
    .where(LEDGER.c.id == bindparam("run"))
    .values(
        until=case((LEDGER.c.until < bindparam("at"), bindparam("at")), else_=LEDGER.c.until),
        polls=LEDGER.c.polls + 1,
        status=bindparam("latest_status"),
        size=LEDGER.c.size + bindparam("more_size"),
        listed=bindparam("latest_listed"),
        overlap=bindparam("latest_overlap"),
    )
)
_OLD = (
    select(LEDGER.c.id)
    .where(LEDGER.c.until < bindparam("before"))
    .order_by(LEDGER.c.until)
    .limit(PRUNED)
)
_FORGET = delete(LEDGER).where(
    LEDGER.c.id == bindparam("run"), LEDGER.c.until < bindparam("before")
)


# ---------------------------------------------------------------- writing


def begin(connection: Connection, runs: Sequence[LedgerRow]) -> dict[int, int]:
    """Add runs of different feeds; their ids by feed."""
    if not runs:
        return {}
    rows = [
        {
            "feed_id": run.feed_id,
            "since": run.since,
            "until": run.until,
            "polls": run.polls,
            "outcome": run.outcome,
            "down": is_down(run.outcome),
            "status": run.status,
            "size": run.size,
            "listed": run.listed,
            "new": run.new,
            "overlap": run.overlap,
            "kind": run.kind,
            "gap_since": run.gap and run.gap[0],
            "gap_until": run.gap and run.gap[1],
        }
        for run in runs
    ]
    return {row.feed_id: row.id for row in connection.execute(_BEGIN, rows)}


def lengthen(connection: Connection, polls: Sequence[tuple[int, PollResult]]) -> None:
    """Add polls to the runs with these ids."""
    if polls:
        rows = [
            {
                "run": run,
                "at": result.at,
                "latest_status": result.status,
                "more_size": result.size,
                "latest_listed": result.listed,
                "latest_overlap": result.overlap,
            }
            for run, result in polls
        ]
        connection.execute(_LENGTHEN, rows)


def forget(connection: Connection, before: datetime) -> int:
    """Delete up to PRUNED runs that ended before then, and forget rests that are over."""
    connection.execute(delete(HOST).where(HOST.c.not_before < before))
    old = connection.execute(_OLD, {"before": before}).scalars().all()
    if old:
        connection.execute(_FORGET, [{"run": number, "before": before} for number in old])
    return len(old)


def rest(connection: Connection, rests: Iterable[tuple[str, datetime]]) -> None:
    """Leave hosts alone until a time; never sooner than they asked before."""
    longest: dict[str, datetime] = {}
    for name, until in rests:
        if name:
            longest[name.lower()] = max(until, longest.get(name.lower(), until))
    rows = [{"name": name, "not_before": until} for name, until in sorted(longest.items())]
    insert_or_replace(connection, HOST, rows, ["not_before"], rising="not_before")


# ---------------------------------------------------------------- reading


def runs(connection: Connection, feed_id: int, since: datetime) -> tuple[LedgerRow, ...]:
    """The feed's runs that reach to `since` or later, oldest first."""
    rows = connection.execute(
        select(LEDGER)
        .where(LEDGER.c.feed_id == feed_id, LEDGER.c.until >= since)
        .order_by(LEDGER.c.since, LEDGER.c.id)
    )
    return tuple(_run_of(row) for row in rows)


def down_runs(connection: Connection, since: datetime) -> tuple[LedgerRow, ...]:
    """The runs of all watched feeds in which they were not reached, by feed and time."""
    rows = connection.execute(
        select(LEDGER)
        .join(FEED, FEED.c.id == LEDGER.c.feed_id)
        .where(LEDGER.c.down, LEDGER.c.until >= since, _WATCHED)
        .order_by(LEDGER.c.feed_id, LEDGER.c.since, LEDGER.c.id)
    )
    return tuple(_run_of(row) for row in rows)


def _run_of(row: Any) -> LedgerRow:
    return LedgerRow(
        feed_id=row.feed_id,
        since=row.since,
        until=row.until,
        polls=row.polls,
        outcome=row.outcome,
        status=row.status,
        size=row.size,
        listed=row.listed,
        new=row.new,
        overlap=row.overlap,
        kind=row.kind,
        gap=(row.gap_since, row.gap_until) if row.gap_since is not None else None,
    )


def gaps(connection: Connection, since: datetime, limit: int) -> tuple[Gap, ...]:
    """Possible gaps of watched feeds found at or after `since`, latest first."""
    rows = connection.execute(
        select(LEDGER.c.feed_id, FEED.c.name, FEED.c.url, LEDGER.c.gap_since, LEDGER.c.gap_until)
        .join(FEED, FEED.c.id == LEDGER.c.feed_id)
        .where(LEDGER.c.gap_since.is_not(None), LEDGER.c.until >= since, _WATCHED)
        .order_by(LEDGER.c.until.desc(), LEDGER.c.id.desc())
        .limit(limit)
    )
    return tuple(
        Gap(row.feed_id, row.name or row.url, row.gap_since, row.gap_until) for row in rows
    )


def rhythms(connection: Connection, since: datetime) -> Mapping[int, Rhythm]:
    """By feed: how many readings since then found something new, the first and the last."""
    rows = connection.execute(
        select(
            LEDGER.c.feed_id,
            func.count().label("finds"),
            func.min(LEDGER.c.since).label("first"),
            func.max(LEDGER.c.since).label("last"),
        )
        .join(FEED, FEED.c.id == LEDGER.c.feed_id)
        .where(LEDGER.c.new > literal_column("0"), LEDGER.c.since >= since, _WATCHED)
        .group_by(LEDGER.c.feed_id)
    )
    return {row.feed_id: Rhythm(row.finds, row.first, row.last) for row in rows}


# ---------------------------------------------------------------- notices


def tell(connection: Connection, tellings: Iterable[Telling], at: datetime) -> None:
    """Add notices, those of keys that are there already left out."""
    ordered = sorted(tellings, key=lambda telling: telling.key)
    insert_new(connection, NOTICE, [_notice_values(telling, at) for telling in ordered])


def add_notice(connection: Connection, telling: Telling, at: datetime) -> bool:
    """Add one; False if its key is there already."""
    return insert_one(connection, NOTICE, _notice_values(telling, at))


def _notice_values(telling: Telling, at: datetime) -> dict[str, object]:
    return {
        "key": storable(telling.key),
        "at": at,
        "kind": telling.kind,
        "text": storable(telling.text),
    }


def notices(connection: Connection, limit: int, *, untold: bool) -> tuple[Notice, ...]:
    """Newest first; or only those not told yet, oldest first."""
    statement = select(NOTICE)
    if untold:
        statement = statement.where(NOTICE.c.told_at.is_(None)).order_by(NOTICE.c.id)
    else:
        statement = statement.order_by(NOTICE.c.id.desc())
    rows = connection.execute(statement.limit(limit))
    return tuple(Notice(row.id, row.at, row.kind, row.text, row.told_at) for row in rows)


def mark_told(connection: Connection, notice_id: int, at: datetime) -> bool:
    """Claim a notice; False if it is told already, or there is none."""
    untold = (NOTICE.c.id == notice_id, NOTICE.c.told_at.is_(None))
    return connection.execute(update(NOTICE).where(*untold).values(told_at=at)).rowcount == 1


def give_back(connection: Connection, notice_id: int) -> None:
    """Make a notice untold again."""
    connection.execute(update(NOTICE).where(NOTICE.c.id == notice_id).values(told_at=None))
