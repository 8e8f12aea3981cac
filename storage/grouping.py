"""What settling reads and decides: copies and stories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    String,
    bindparam,
    collate,
    func,
    select,
    update,
)

from storage.engine import chunks, insert_new, is_postgres
from storage.mapping import GROUPED_COLUMNS, grouped_of
from storage.planning import COPY_WINDOW, MOST_COPIES, MOST_STORIES, resolve_groupings
from storage.tables import ARTICLE, BAND, STORY
from watchers.model import Grouped, Grouping

# Built once: building a statement costs more than SQLite needs to run it.
_GROUPED = tuple(ARTICLE.c[name] for name in GROUPED_COLUMNS)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_BY_ID = select(*_GROUPED).where(ARTICLE.c.id.in_(_IDS)).order_by(ARTICLE.c.id)
_WITHIN = (
    ARTICLE.c.settled,
    ARTICLE.c.id != bindparam("own"),
    ARTICLE.c.time >= bindparam("since"),
    ARTICLE.c.time <= bindparam("until"),
)
_NEAR = select(ARTICLE.c.id, ARTICLE.c.time).where(*_WITHIN)
_SAME_TEXT = _NEAR.where(ARTICLE.c.text_key == bindparam("key"))
_SAME_BAND = (
    _NEAR.join(BAND, BAND.c.article_id == ARTICLE.c.id)
    .where(BAND.c.band.in_(bindparam("bands", expanding=True)))
    .distinct()
)
_FIRSTS = _NEAR.where(ARTICLE.c.relevant, ARTICLE.c.duplicate_of.is_(None))
_EARLIER = _FIRSTS.order_by(ARTICLE.c.time.desc(), ARTICLE.c.id).limit(MOST_STORIES)
_LATER = (
    _FIRSTS.where(ARTICLE.c.time > bindparam("here"))
    .order_by(ARTICLE.c.time, ARTICLE.c.id)
    .limit(MOST_STORIES)
)
_NAMED = (
    select(ARTICLE.c.id, ARTICLE.c.duplicate_of, ARTICLE.c.first_seen)
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_COPIED = select(ARTICLE.c.duplicate_of).where(ARTICLE.c.duplicate_of.in_(_IDS)).distinct()
_SETTLE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        settled=True,
        duplicate_of=bindparam("first"),
        story_id=func.coalesce(bindparam("story", type_=String), ARTICLE.c.story_id),
        reason=bindparam("why"),
    )
)
# Distinct: one text may have been printed a thousand times.
_SETTLED_TEXTS = (
    select(ARTICLE.c.text_key)
    .where(ARTICLE.c.settled, ARTICLE.c.text_key.in_(bindparam("keys", expanding=True)))
    .distinct()
)


def unsettled(connection: Connection, limit: int) -> tuple[Grouped, ...]:
    """Articles not yet grouped, by (published or first seen, canonical URL)."""
    statement = _unsettled("C" if is_postgres(connection) else "BINARY")
    return tuple(grouped_of(row) for row in connection.execute(statement, {"most": limit}))


@cache
def _unsettled(collation: str) -> Select[Any]:
    """URLs are compared by their bytes, whatever the collation of the database.

    The same articles have to be grouped in the same order everywhere.
    """
    bytewise = collate(ARTICLE.c.canonical_url, collation)
    ordered = select(*_GROUPED).where(~ARTICLE.c.settled).order_by(ARTICLE.c.time, bytewise)
    return ordered.limit(bindparam("most"))


def settled_texts(connection: Connection, keys: Collection[bytes]) -> frozenset[bytes]:
    """Those of these text_keys that some settled article has."""
    found: set[bytes] = set()
    for some in chunks(list(keys)):
        found.update(connection.execute(_SETTLED_TEXTS, {"keys": some}).scalars())
    return frozenset(found)


def copy_candidates(connection: Connection, article: Grouped) -> tuple[Grouped, ...]:
    """Settled articles of the same weeks with the same text_key or a common band, by id.

    The nearest in time: first their ids and times, then only those rows whole.
    """
    within: dict[str, object] = {
        "own": article.id,
        "since": article.time - COPY_WINDOW,
        "until": article.time + COPY_WINDOW,
    }
    same = connection.execute(_SAME_TEXT, {**within, "key": article.fingerprint.text_key})
    times = {row.id: row.time for row in same}
    for bands in chunks(article.fingerprint.bands):
        close = connection.execute(_SAME_BAND, {**within, "bands": bands})
        times.update({row.id: row.time for row in close})
    nearest = sorted(times, key=lambda number: (abs(times[number] - article.time), number))
    return _load(connection, nearest[:MOST_COPIES])


def story_candidates(
    connection: Connection, article: Grouped, since: datetime, until: datetime
) -> tuple[Grouped, ...]:
    """Settled relevant articles that are no copies, in [since, until], by id.

    The nearest in time: each side is read outwards from the article, by the index.
    """
    own = {"own": article.id, "since": since, "until": until, "here": article.time}
    earlier = connection.execute(_EARLIER, {**own, "until": min(article.time, until)})
    rows = [(row.id, row.time) for row in earlier]
    rows += [(row.id, row.time) for row in connection.execute(_LATER, own)]
    rows.sort(key=lambda row: (abs(row[1] - article.time), row[0]))
    return _load(connection, [row[0] for row in rows[:MOST_STORIES]])


def _load(connection: Connection, ids: Collection[int]) -> tuple[Grouped, ...]:
    found: list[Grouped] = []
    for some in chunks(sorted(ids)):
        found.extend(grouped_of(row) for row in connection.execute(_BY_ID, {"ids": some}))
    return tuple(found)


def save(connection: Connection, groupings: Sequence[Grouping]) -> None:
    """Settle these articles; `duplicate_of` is never re-pointed, and never makes a chain."""
    if not groupings:
        return
    named = {grouping.article_id for grouping in groupings}
    named.update(g.duplicate_of for g in groupings if g.duplicate_of is not None)
    firsts: dict[int, int | None] = {}
    have_copies: set[int] = set()
    seen: dict[int, datetime] = {}
    for ids in chunks(sorted(named)):
        rows = connection.execute(_NAMED, {"ids": ids}).all()
        firsts.update({row.id: row.duplicate_of for row in rows})
        seen.update({row.id: row.first_seen for row in rows})
        have_copies.update(connection.execute(_COPIED, {"ids": ids}).scalars())
    known = [grouping for grouping in groupings if grouping.article_id in firsts]
    _store(connection, resolve_groupings(known, firsts, have_copies), seen)


def _store(
    connection: Connection, groupings: Sequence[Grouping], seen: dict[int, datetime]
) -> None:
    stories: dict[str, datetime] = {}
    for grouping in groupings:
        if grouping.story is not None:
            stories.setdefault(grouping.story, seen[grouping.article_id])
    insert_new(connection, STORY, [{"id": k, "created_at": v} for k, v in stories.items()])
    rows = [
        {"article": g.article_id, "first": g.duplicate_of, "story": g.story, "why": g.reason}
        for g in groupings
    ]
    if rows:
        connection.execute(_SETTLE, rows)
