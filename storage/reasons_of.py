"""Why a digest tells a subject: its articles with what their verdicts rest on."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from storage.digests import TELLABLE, is_about
from storage.mapping import match_of, tellable_of
from storage.tables import ARTICLE, FEED, MATCH
from watchers.model import Match
from watchers.telling import Reasoned


def reasons(connection: Connection, subject: str, limit: int) -> tuple[Reasoned, ...]:
    """The subject's settled articles, by id."""
    rows = connection.execute(
        select(*TELLABLE, ARTICLE.c.text, ARTICLE.c.watchlist)
        .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
        .where(ARTICLE.c.settled, is_about(subject))
        .order_by(ARTICLE.c.id)
        .limit(limit)
    ).all()
    found: dict[int, list[Match]] = defaultdict(list)
    ids = [row.id for row in rows]
    matches = select(MATCH).where(MATCH.c.article_id.in_(ids)).order_by(*MATCH.primary_key)
    for row in connection.execute(matches) if ids else ():
        found[row.article_id].append(match_of(row))
    return tuple(
        Reasoned(tellable_of(row), row.text, row.watchlist, tuple(found[row.id])) for row in rows
    )
