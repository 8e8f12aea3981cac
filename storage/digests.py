"""Digests: what a channel was not told yet, and what it is told now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, String, cast, exists, func, or_, select, update

from storage.engine import chunks
from storage.mapping import page_values, tellable_of
from storage.tables import ARTICLE, CHANNEL, DELIVERY, DIGEST, FEED, REVISION, TOLD
from watchers.errors import ChannelUnknown
from watchers.telling import DeliveryState, Page, Tellable

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
    ARTICLE.c.source,
    ARTICLE.c.source_url,
    exists(REVISION.c.id).where(REVISION.c.article_id == ARTICLE.c.id).label("updated"),
)
"""What :func:`storage.mapping.tellable_of` reads; FEED is joined."""


@dataclass(frozen=True, slots=True)
class Order:
    """A digest as it is to be queued (:meth:`watchers.ports.TellPort.queue_digest`)."""

    channel_id: int
    slot: datetime
    built_at: datetime
    since: datetime
    subjects: Sequence[str]
    pages: Sequence[Page]
    scheduled: bool


def untold(connection: Connection, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
    """What the channel was not told, with all other articles of those subjects, by id."""
    told = exists().where(TOLD.c.channel_id == channel_id, TOLD.c.subject == _SUBJECT)
    rows = connection.execute(
        select(ARTICLE.c.story_id, _FIRST.label("first")).where(
            ARTICLE.c.tells,
            ARTICLE.c.settled,
            ~ARTICLE.c.baseline,
            ARTICLE.c.first_seen >= since,
            ~told,
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


def _articles(
    connection: Connection, since: datetime, *where: ColumnElement[bool]
) -> Iterable[tuple[int, Tellable]]:
    rows = connection.execute(
        select(*TELLABLE)
        .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
        .where(ARTICLE.c.settled, ARTICLE.c.first_seen >= since, *where)
    )
    return [(row.id, tellable_of(row)) for row in rows]


def queue(connection: Connection, order: Order) -> int | None:
    """Record a digest, what it tells and its pages; its id. ChannelUnknown.

    None, and nothing changed, if the slot is taken or a subject was told already; None also
    without pages, when nothing is recorded but the slot.
    """
    channel = connection.execute(
        select(CHANNEL.c.last_slot).where(CHANNEL.c.id == order.channel_id).with_for_update()
    ).one_or_none()
    if channel is None:
        msg = f"No channel has the number {order.channel_id}."
        raise ChannelUnknown(msg)
    if _was_told(connection, order):
        return None
    if order.scheduled and (channel.last_slot is None or channel.last_slot < order.slot):
        moved = update(CHANNEL).where(CHANNEL.c.id == order.channel_id)
        connection.execute(moved.values(last_slot=order.slot))
    return _record(connection, order) if order.pages else None


def _was_told(connection: Connection, order: Order) -> bool:
    same_slot = select(DIGEST.c.id).where(
        DIGEST.c.channel_id == order.channel_id, DIGEST.c.slot == order.slot
    )
    if connection.execute(same_slot).first() is not None:
        return True
    for subjects in chunks(order.subjects):
        told = select(TOLD.c.subject).where(
            TOLD.c.channel_id == order.channel_id, TOLD.c.subject.in_(subjects)
        )
        if connection.execute(told.limit(1)).first() is not None:
            return True
    return False


def _record(connection: Connection, order: Order) -> int:
    values = {
        "channel_id": order.channel_id,
        "slot": order.slot,
        "built_at": order.built_at,
        "since": order.since,
    }
    insert = DIGEST.insert().values(values).returning(DIGEST.c.id)
    digest_id: int = connection.execute(insert).scalar_one()
    own = {"channel_id": order.channel_id, "digest_id": digest_id}
    if order.subjects:
        subjects = dict.fromkeys(order.subjects)
        connection.execute(TOLD.insert(), [{**own, "subject": subject} for subject in subjects])
    connection.execute(
        DELIVERY.insert(),
        [
            {
                **own,
                **page_values(page),
                "page": number,
                "pages": len(order.pages),
                "state": DeliveryState.QUEUED.value,
                "attempts": 0,
            }
            for number, page in enumerate(order.pages, 1)
        ],
    )
    return digest_id
