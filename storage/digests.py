"""Digests: what a channel was not told yet, and what it is told now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from storage.engine import chunks
from storage.holding import TOLD_UNTIL, told_until
from storage.mapping import storable, tellable_of
from storage.tables import ALERTED, ARTICLE, DIGEST, FEED, TOLD
from storage.upkeep import value
from watchers.telling import Tellable

_FIRST = func.coalesce(ARTICLE.c.duplicate_of, ARTICLE.c.id)
_SUBJECT = func.coalesce(ARTICLE.c.story_id, "article:" + cast(_FIRST, String))
TELLABLE = (
    ARTICLE.c.id,
    ARTICLE.c.canonical_url,
    ARTICLE.c.title,
    ARTICLE.c.host,
    FEED.c.name.label("feed_name"),
    FEED.c.kind.label("feed_kind"),
    ARTICLE.c.language,
    ARTICLE.c.published,
    ARTICLE.c.first_seen,
    ARTICLE.c.relevant,
    ARTICLE.c.officials,
    ARTICLE.c.score,
    ARTICLE.c.duplicate_of,
    ARTICLE.c.story_id,
    ARTICLE.c.changed_at.is_not(None).label("updated"),
    ARTICLE.c.source,
    ARTICLE.c.source_url,
    ARTICLE.c.first_published,
    (ARTICLE.c.text != "").label("has_text"),
    ARTICLE.c.feed_id,
    ARTICLE.c.topics,
    ARTICLE.c.baseline,
)
"""What :func:`storage.mapping.tellable_of` reads; FEED is joined."""


_ARTICLE = "article:"  # how the subject of an article without a story begins
_DIGITS = 18  # of a number that both databases take


def is_about(subject: str) -> ColumnElement[bool]:
    """Whether an article is of this subject: of the story, or a copy without one."""
    number = subject.removeprefix(_ARTICLE)
    is_article = number != subject and number.isascii() and number.isdecimal()
    if not is_article or len(number) > _DIGITS:
        return ARTICLE.c.story_id == storable(subject)
    first = int(number)
    same = or_(ARTICLE.c.id == first, ARTICLE.c.duplicate_of == first)
    return and_(same, ARTICLE.c.story_id.is_(None))


def untold(connection: Connection, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
    """What the channel was not told, with all other articles of those subjects, by id.

    What changed its facts since it was told counts as not told, once. After a restore what is
    dated before the time that an admin named is no news, whenever it is stored.
    """
    is_done = or_(
        TOLD.c.again.is_not(None),
        ARTICLE.c.changed_at.is_(None),
        func.coalesce(DIGEST.c.built_at >= ARTICLE.c.changed_at, true()),
    )
    told = (
        exists()
        .select_from(TOLD.outerjoin(DIGEST, DIGEST.c.id == TOLD.c.digest_id))
        .where(TOLD.c.channel_id == channel_id, TOLD.c.subject == _SUBJECT, is_done)
    )
    rows = connection.execute(
        select(ARTICLE.c.story_id, _FIRST.label("first")).where(
            ARTICLE.c.tells,
            ARTICLE.c.settled,
            ~ARTICLE.c.baseline,
            ARTICLE.c.first_seen >= since,
            ~told,
            *_after_restore(connection),
        )
    ).all()
    stories = sorted({row.story_id for row in rows if row.story_id is not None})
    firsts = sorted({row.first for row in rows if row.story_id is None})
    found: dict[int, Tellable] = {}
    for some in chunks(stories):
        found.update(_articles(connection, since, ARTICLE.c.story_id.in_(some)))
    for ids in chunks(firsts):
        same = or_(ARTICLE.c.id.in_(ids), ARTICLE.c.duplicate_of.in_(ids))
        found.update(_articles(connection, since, same, ARTICLE.c.story_id.is_(None)))
    return tuple(found[number] for number in sorted(found))


def _after_restore(connection: Connection) -> tuple[ColumnElement[bool], ...]:
    found = told_until(value(connection, TOLD_UNTIL))
    if found is None:
        return ()
    until, decided = found
    dated = func.coalesce(ARTICLE.c.published <= until, false())
    return (~and_(dated, ARTICLE.c.first_seen > decided),)


def _articles(
    connection: Connection, since: datetime, *where: ColumnElement[bool]
) -> Iterable[tuple[int, Tellable]]:
    rows = connection.execute(
        select(*TELLABLE)
        .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
        .where(ARTICLE.c.settled, ARTICLE.c.first_seen >= since, *where)
    )
    return [(row.id, tellable_of(row)) for row in rows]


def alerted(connection: Connection, channel_id: int, since: datetime) -> dict[str, datetime]:
    """The subjects that the channel was alerted of since then, and when."""
    rows = connection.execute(
        select(ALERTED.c.subject, ALERTED.c.at)
        .where(ALERTED.c.channel_id == channel_id, ALERTED.c.at >= since)
        .order_by(ALERTED.c.at, ALERTED.c.subject)
    )
    return {row.subject: row.at for row in rows}
