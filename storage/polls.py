"""Polls' results, carried out: a fixed number of statements, whatever they found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from storage import ledger, poll_items, revising
from storage.audits import note
from storage.engine import change, chunks, insert_or_replace
from storage.mapping import feed_of, printed_key, storable
from storage.notices import Telling, moved, notices_of, same_feed
from storage.planning import (
    LISTED_LATELY,
    MOST_MOVES,
    SEEN_AGAIN,
    Run,
    begun_run,
    feed_changes,
    following_move,
    is_time_to_mark,
    lengthens,
    may_move,
    rounds,
)
from storage.tables import ARTICLE, ENTRY, FEED, FORMER_ADDRESS, LEDGER, LISTING
from watchers.model import Feed, PollResult, PollSaved, Remembered
from watchers.telling import AuditRecord
from watchers.urls import host

# Built once: building a statement costs more than SQLite needs to run it.
# Of the same feed: SQLite gives the id of a run that was forgotten to the next one.
_LATEST_RUN = and_(LEDGER.c.id == FEED.c.run_id, LEDGER.c.feed_id == FEED.c.id)
_FEEDS = (
    select(
        FEED,
        LEDGER.c.outcome.label("run_outcome"),
        LEDGER.c.kind.label("run_kind"),
        LEDGER.c.gap_since.is_not(None).label("run_has_gap"),
    )
    .select_from(FEED.outerjoin(LEDGER, _LATEST_RUN))
    .where(FEED.c.id.in_(bindparam("feeds", expanding=True)), FEED.c.removed_at.is_(None))
    .order_by(FEED.c.id)  # two processes with the same feeds must not wait for each other
    .with_for_update(of=FEED)
)
_LATEST = select(
    func.max(ENTRY.c.last_seen).label("seen"),
    select(LISTING.c.listing)
    .where(LISTING.c.feed_id == bindparam("feed"))
    .scalar_subquery()
    .label("listing"),
).where(ENTRY.c.feed_id == bindparam("feed"))
_LISTED = (
    select(ENTRY.c.guid_key, ENTRY.c.content_key, ARTICLE.c.url_key)
    .join(ARTICLE, ARTICLE.c.id == ENTRY.c.article_id)
    .where(ENTRY.c.feed_id == bindparam("feed"), ENTRY.c.last_seen >= bindparam("oldest"))
)
_MARK = (
    update(ENTRY)
    .where(
        ENTRY.c.feed_id == bindparam("feed"),
        ENTRY.c.guid_key == bindparam("guid"),
        ENTRY.c.last_seen <= bindparam("before"),
    )
    .values(last_seen=bindparam("at"))
)


@dataclass(slots=True)
class _Polled:
    """A feed whose poll is being stored, as it was before."""

    feed: Feed
    result: PollResult
    run: Run | None
    marked_at: datetime | None


def remembered(connection: Connection, feed_id: int) -> Remembered:
    """What the feed listed in the week before its latest reading.

    Not relative to now: a feed that answers 304 for a month still lists the same entries.
    """
    latest = connection.execute(_LATEST, {"feed": feed_id}).one()
    if latest.seen is None:
        return Remembered({}, listing=latest.listing or b"")
    oldest = latest.seen - LISTED_LATELY
    rows = connection.execute(_LISTED, {"feed": feed_id, "oldest": oldest}).all()
    return Remembered(
        {row[0]: row[1] for row in rows}, frozenset(row[2] for row in rows), latest.listing or b""
    )


def save(connection: Connection, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
    """Carry out polls; an empty PollSaved for a feed that was removed meanwhile."""
    saved = [PollSaved(result.feed_id) for result in results]
    for numbers in rounds(results):
        found = _save_round(connection, [results[number] for number in numbers])
        for number in numbers:
            saved[number] = found.get(results[number].feed_id, saved[number])
    return tuple(saved)


def _save_round(connection: Connection, results: Sequence[PollResult]) -> dict[int, PollSaved]:
    """Carry out polls of different feeds."""
    polled = _polled(connection, results)
    work = [(one.feed, one.result) for one in polled if one.result.items]
    saved = poll_items.save(connection, work) if work else {}
    for one in polled:
        if one.result.gone:
            revising.vanish(connection, one.feed, one.result.gone, one.result.seen, one.result.at)
    _store_states(connection, polled, saved, _mark_listed(connection, polled))
    listings = [
        {"feed_id": one.feed.id, "listing": one.result.listing}
        for one in polled
        if one.result.listing is not None
    ]
    insert_or_replace(connection, LISTING, listings, ["listing"])
    _store_aftermath(connection, polled)
    return saved


def _polled(connection: Connection, results: Sequence[PollResult]) -> list[_Polled]:
    """The polls of the feeds that are watched still, in the order given; the feeds locked."""
    rows: dict[int, Any] = {}
    for feeds in chunks(sorted(result.feed_id for result in results)):
        rows.update({row.id: row for row in connection.execute(_FEEDS, {"feeds": feeds})})
    polled = []
    for result in results:
        row = rows.get(result.feed_id)
        if row is not None:
            run = (
                Run(row.run_id, row.run_outcome, row.run_kind, bool(row.run_has_gap))
                if row.run_outcome is not None
                else None
            )
            polled.append(_Polled(feed_of(row), result, run, row.marked_at))
    return polled


def _mark_listed(connection: Connection, polled: Sequence[_Polled]) -> set[int]:
    """Renew when the entries that a feed lists were seen; the feeds for which that was due."""
    marked = set()
    rows: list[dict[str, object]] = []
    for feed, result, marked_at in ((one.feed, one.result, one.marked_at) for one in polled):
        if not is_time_to_mark(marked_at, result):
            continue
        marked.add(feed.id)
        if feed.is_new:
            continue  # all entries of a first reading were stored by it
        guids = {*result.seen, *(item.article.guid_key for item in result.items)}
        times = {"at": result.at, "before": result.at - SEEN_AGAIN}
        rows += ({"feed": feed.id, "guid": guid, **times} for guid in guids)
    if rows:
        connection.execute(_MARK, rows)
    return marked


# ---------------------------------------------------------------- the state of feeds


def _store_states(
    connection: Connection,
    polled: Sequence[_Polled],
    saved: dict[int, PollSaved],
    marked: set[int],
) -> None:
    """The feeds' own rows, and the ledger."""
    longer = [
        (one.run.id, one.result)
        for one in polled
        if one.run is not None and lengthens(one.run, one.result)
    ]
    ledger.lengthen(connection, longer)
    going_on = {result.feed_id: run for run, result in longer}
    begun = [
        begun_run(one.result, saved[one.feed.id].new if one.feed.id in saved else 0)
        for one in polled
        if one.feed.id not in going_on
    ]
    runs = going_on | ledger.begin(connection, begun)
    rows: dict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for one in polled:
        changes = feed_changes(one.feed, one.result)
        changes["run_id"] = runs[one.feed.id]
        changes["marked_at"] = one.result.at if one.feed.id in marked else one.marked_at
        rows[tuple(changes)].append({"id": one.feed.id, **_stored(changes)})
    for values in rows.values():
        change(connection, FEED, values)


def _stored(changes: Mapping[str, object]) -> dict[str, object]:
    return {
        name: storable(value) if isinstance(value, str) else value
        for name, value in changes.items()
    }


# ---------------------------------------------------------------- what follows of it


def _store_aftermath(connection: Connection, polled: Sequence[_Polled]) -> None:
    """Moves, what admins are told, hosts at rest: rare."""
    rests = []
    for one in polled:
        tellings = notices_of(one.feed, one.result)
        to = following_move(one.feed, one.result)
        if to is not None and _may_move(connection, one.feed.id, one.result.at):
            tellings.append(_move(connection, one.feed, to, one.result.at))
        ledger.tell(connection, tellings, one.result.at)
        if one.result.resting is not None:
            rests.append(one.result.resting)
    ledger.rest(connection, rests)


def _may_move(connection: Connection, feed_id: int, at: datetime) -> bool:
    former = select(FORMER_ADDRESS.c.until).where(FORMER_ADDRESS.c.feed_id == feed_id)
    latest = former.order_by(FORMER_ADDRESS.c.until.desc()).limit(MOST_MOVES)
    return may_move(connection.execute(latest).scalars().all(), at)


def _move(connection: Connection, feed: Feed, to: str, at: datetime) -> Telling:
    """Follow a permanent redirect, unless another watched feed has that address already."""
    url, key = storable(to), printed_key(to)
    taken = select(FEED.c.id, FEED.c.name).where(
        FEED.c.url_key == key, FEED.c.id != feed.id, FEED.c.removed_at.is_(None)
    )
    other = connection.execute(taken).first()
    if other is None:
        new = {"url": url, "url_key": key, "host": host(url)}
        try:
            with connection.begin_nested():
                connection.execute(update(FEED).where(FEED.c.id == feed.id).values(new))
        except IntegrityError:  # another process gave that address to a feed at this moment
            other = connection.execute(taken).first()
            if other is None:
                raise
    if other is not None:
        return same_feed(feed, other.id, other.name, to)
    former = {"feed_id": feed.id, "url_key": printed_key(feed.url), "url": feed.url, "until": at}
    insert_or_replace(connection, FORMER_ADDRESS, [former], ["until"])
    connection.execute(
        FORMER_ADDRESS.delete().where(
            FORMER_ADDRESS.c.feed_id == feed.id, FORMER_ADDRESS.c.url_key == key
        )
    )
    note(connection, AuditRecord(at, "system", "feed.move", feed.url, url))
    return moved(feed, to)
