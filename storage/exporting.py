"""Export: every stored article, a bounded batch at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, literal, select, tuple_

from storage.columns import UtcTime
from storage.first_published import of_groups
from storage.mapping import match_of, strings
from storage.revised import TOLD_KINDS
from storage.tables import ADDRESS, ARTICLE, FEED, MATCH, REVISION
from watchers.model import Match
from watchers.telling import Exported

BATCH = 200
_FIRST = ARTICLE.alias("first")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles to export: `first_seen` in [since, until)."""

    since: datetime | None = None
    until: datetime | None = None
    official: str | None = None
    language: str | None = None


Place = tuple[datetime, int]  # (first_seen, id) of the last article that was read


def batch(
    connection: Connection, selection: Selection, after: Place | None
) -> tuple[list[Exported], Place | None]:
    """The next articles after a place, and the place where they end (None: no more)."""
    statement = _statement(selection)
    if after is not None:
        here = tuple_(ARTICLE.c.first_seen, ARTICLE.c.id)
        statement = statement.where(here > tuple_(literal(after[0], UtcTime()), literal(after[1])))
    rows = connection.execute(statement.limit(BATCH)).all()
    if not rows:
        return [], None
    return list(_exported(connection, rows)), (rows[-1].first_seen, rows[-1].id)


def one(connection: Connection, article: int) -> Exported:
    """The article of this id."""
    statement = _statement(Selection()).where(ARTICLE.c.id == article)
    (found,) = _exported(connection, connection.execute(statement).all())
    return found


def _statement(selection: Selection) -> Select[Any]:
    statement = (
        select(
            ARTICLE,
            FEED.c.url.label("feed_url"),
            FEED.c.kind.label("feed_kind"),
            _FIRST.c.canonical_url.label("first_url"),
        )
        .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
        .outerjoin(_FIRST, _FIRST.c.id == ARTICLE.c.duplicate_of)
        .order_by(ARTICLE.c.first_seen, ARTICLE.c.id)
    )
    if selection.since is not None:
        statement = statement.where(ARTICLE.c.first_seen >= selection.since)
    if selection.until is not None:
        statement = statement.where(ARTICLE.c.first_seen < selection.until)
    if selection.language is not None:
        statement = statement.where(ARTICLE.c.language == selection.language)
    if selection.official is not None:
        quoted = json.dumps(selection.official, ensure_ascii=False)
        statement = statement.where(ARTICLE.c.officials.contains(quoted, autoescape=True))
    return statement


def _exported(connection: Connection, rows: Iterable[Any]) -> Iterator[Exported]:
    ids = [row.id for row in rows]
    reasons = _of_each(connection, MATCH, ids, match_of)
    addresses = _of_each(connection, ADDRESS, ids, lambda row: row.url)
    told = REVISION.c.kind.in_(TOLD_KINDS)  # facts and what vanished, no cosmetic changes
    updates = _of_each(
        connection,
        REVISION,
        ids,
        lambda row: {"at": row.at, "fields": strings(row.fields)},
        told,
    )
    earliest = of_groups(connection, (row.duplicate_of or row.id for row in rows))
    for row in rows:
        own = addresses[row.id], updates[row.id], reasons[row.id]
        yield replace(_one(row, *own), first_published=earliest[row.duplicate_of or row.id])


def _one(
    row: Any,
    addresses: list[str],
    updates: list[dict[str, object]],
    reasons: list[Match],
) -> Exported:
    return Exported(
        url=row.url,
        canonical_url=row.canonical_url,
        title=row.title,
        published=row.published,
        first_seen=row.first_seen,
        feed=row.feed_url,
        feed_kind=row.feed_kind,
        language=row.language,
        relevant=row.relevant,
        officials=strings(row.officials),
        people=strings(row.people),
        topics=strings(row.topics),
        # Of one that is not relevant by itself: as its group of copies was settled last.
        story=row.story_id if row.relevant or row.duplicate_of or not row.resettle else None,
        duplicate_of=row.first_url,
        also=tuple(sorted(addresses)),
        first_published=row.first_published,
        updates=tuple(updates),
        reasons=tuple(reasons),
        source=row.source,
        source_url=row.source_url,
        text=row.text,
        watchlist=row.watchlist,
    )


def _of_each(
    connection: Connection,
    table: Table,
    ids: list[int],
    make: Callable[[Any], Any],
    *where: ColumnElement[bool],
) -> dict[int, list[Any]]:
    """The rows of another table that belong to these articles, in the order of their keys."""
    found: dict[int, list[Any]] = defaultdict(list)
    chosen = select(table).where(table.c.article_id.in_(ids), *where)
    statement = chosen.order_by(*table.primary_key)
    for row in connection.execute(statement):
        found[row.article_id].append(make(row))
    return found
