"""What settling reads and decides: copies and stories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
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
from storage.mapping import grouped_of
from storage.planning import COPY_WINDOW, MOST_COPIES, MOST_STORIES, resolve_groupings
from storage.tables import ARTICLE, BAND, STORY
from watchers.model import Grouped, Grouping

_STORY_FIRST = (ARTICLE.c.relevant, ARTICLE.c.settled, ARTICLE.c.duplicate_of.is_(None))


def unsettled(connection: Connection, limit: int) -> tuple[Grouped, ...]:
    """Articles not yet grouped, by (published or first seen, canonical URL).

    The URLs are compared by their bytes, whatever the collation of the database: the same
    articles have to be grouped in the same order everywhere.
    """
    bytewise = collate(ARTICLE.c.canonical_url, "C" if is_postgres(connection) else "BINARY")
    rows = connection.execute(
        select(ARTICLE).where(~ARTICLE.c.settled).order_by(ARTICLE.c.time, bytewise).limit(limit)
    )
    return tuple(grouped_of(row) for row in rows)


def copy_candidates(connection: Connection, article: Grouped) -> tuple[Grouped, ...]:
    """Settled articles of the same weeks with the same text_key or a common band, by id.

    The nearest in time: first their ids and times, then only those rows whole.
    """
    within = (
        ARTICLE.c.settled,
        ARTICLE.c.id != article.id,
        ARTICLE.c.time.between(article.time - COPY_WINDOW, article.time + COPY_WINDOW),
    )
    columns = select(ARTICLE.c.id, ARTICLE.c.time).where(*within)
    same = columns.where(ARTICLE.c.text_key == article.fingerprint.text_key)
    times = {row.id: row.time for row in connection.execute(same)}
    for bands in chunks(article.fingerprint.bands):
        close = columns.join(BAND, BAND.c.article_id == ARTICLE.c.id).where(BAND.c.band.in_(bands))
        times.update({row.id: row.time for row in connection.execute(close.distinct())})
    nearest = sorted(times, key=lambda number: (abs(times[number] - article.time), number))
    return _load(connection, nearest[:MOST_COPIES])


def story_candidates(
    connection: Connection, article: Grouped, since: datetime, until: datetime
) -> tuple[Grouped, ...]:
    """Settled relevant articles that are no copies, in [since, until], by id.

    The nearest in time: each side is read outwards from the article, by the index.
    """
    time = ARTICLE.c.time
    columns = select(ARTICLE.c.id, time).where(*_STORY_FIRST, ARTICLE.c.id != article.id)
    before = columns.where(time >= since, time <= min(article.time, until)).order_by(
        time.desc(), ARTICLE.c.id
    )
    after = columns.where(time > article.time, time >= since, time <= until).order_by(
        time, ARTICLE.c.id
    )
    rows = [*_nearest(connection, before), *_nearest(connection, after)]
    rows.sort(key=lambda row: (abs(row[1] - article.time), row[0]))
    return _load(connection, [row[0] for row in rows[:MOST_STORIES]])


def _nearest(
    connection: Connection, statement: Select[tuple[int, datetime]]
) -> list[tuple[int, datetime]]:
    rows = connection.execute(statement.limit(MOST_STORIES))
    return [(row.id, row.time) for row in rows]


def _load(
    connection: Connection, ids: Collection[int], *where: ColumnElement[bool]
) -> tuple[Grouped, ...]:
    found: list[Grouped] = []
    for some in chunks(sorted(ids)):
        rows = connection.execute(
            select(ARTICLE).where(ARTICLE.c.id.in_(some), *where).order_by(ARTICLE.c.id)
        )
        found.extend(grouped_of(row) for row in rows)
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
        rows = connection.execute(
            select(ARTICLE.c.id, ARTICLE.c.duplicate_of, ARTICLE.c.first_seen)
            .where(ARTICLE.c.id.in_(ids))
            .order_by(ARTICLE.c.id)
            .with_for_update()
        ).all()
        firsts.update({row.id: row.duplicate_of for row in rows})
        seen.update({row.id: row.first_seen for row in rows})
        copied = select(ARTICLE.c.duplicate_of).where(ARTICLE.c.duplicate_of.in_(ids)).distinct()
        have_copies.update(connection.execute(copied).scalars())
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
    if groupings:
        connection.execute(
            update(ARTICLE)
            .where(ARTICLE.c.id == bindparam("article"))
            .values(
                settled=True,
                duplicate_of=bindparam("first"),
                story_id=func.coalesce(bindparam("story", type_=String), ARTICLE.c.story_id),
                reason=bindparam("why"),
            ),
            [
                {
                    "article": g.article_id,
                    "first": g.duplicate_of,
                    "story": g.story,
                    "why": g.reason,
                }
                for g in groupings
            ],
        )
