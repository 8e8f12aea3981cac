"""Digests: what a channel was not told yet, and what it is told now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from storage.engine import chunks
from storage.mapping import page_values, storable, tellable_of
from storage.tables import ARTICLE, CHANNEL, DELIVERY, DIGEST, FEED, STORY, TOLD
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
    ARTICLE.c.first_published,
    (ARTICLE.c.text != "").label("has_text"),
    ARTICLE.c.changed_at.is_not(None).label("updated"),
)
"""What :func:`storage.mapping.tellable_of` reads; FEED is joined."""


_ARTICLE = "article:"  # how the subject of an article without a story begins
_DIGITS = 18  # of a number that both databases take
_TOLD = (
    select(TOLD.c.subject, TOLD.c.again, DIGEST.c.built_at)
    .select_from(TOLD.outerjoin(DIGEST, DIGEST.c.id == TOLD.c.digest_id))
    .where(
        TOLD.c.channel_id == bindparam("channel"),
        TOLD.c.subject.in_(bindparam("subjects", expanding=True)),
    )
)
_MERGED = select(STORY.c.id).where(
    STORY.c.id.in_(bindparam("subjects", expanding=True)), STORY.c.merged_into.is_not(None)
)
_TELL_AGAIN = (
    update(TOLD)
    .where(
        TOLD.c.channel_id == bindparam("to_channel"), TOLD.c.subject == bindparam("told_subject")
    )
    .values(again=bindparam("by_digest"))
)


def is_about(subject: str) -> ColumnElement[bool]:
    """Whether an article is of this subject: of the story, or a copy without one."""
    number = subject.removeprefix(_ARTICLE)
    is_article = number != subject and number.isascii() and number.isdecimal()
    if not is_article or len(number) > _DIGITS:
        return ARTICLE.c.story_id == storable(subject)
    first = int(number)
    same = or_(ARTICLE.c.id == first, ARTICLE.c.duplicate_of == first)
    return and_(same, ARTICLE.c.story_id.is_(None))


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
    """What the channel was not told, with all other articles of those subjects, by id.

    What changed its facts since it was told counts as not told, once.
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

    None, and nothing changed, if the slot is taken, a story was merged meanwhile or a subject was
    told already (and, if its facts changed since, told again); None also without pages, when
    nothing is recorded but the slot.
    """
    channel = connection.execute(
        select(CHANNEL.c.last_slot).where(CHANNEL.c.id == order.channel_id).with_for_update()
    ).one_or_none()
    if channel is None:
        msg = f"No channel has the number {order.channel_id}."
        raise ChannelUnknown(msg)
    renewed = _renewed(connection, order)
    if renewed is None:
        return None
    if order.scheduled and (channel.last_slot is None or channel.last_slot < order.slot):
        moved = update(CHANNEL).where(CHANNEL.c.id == order.channel_id)
        connection.execute(moved.values(last_slot=order.slot))
    return _record(connection, order, renewed) if order.pages else None


def _renewed(connection: Connection, order: Order) -> set[str] | None:
    """The subjects that are told again, as updated; None if the digest may not be told."""
    same_slot = select(DIGEST.c.id).where(
        DIGEST.c.channel_id == order.channel_id, DIGEST.c.slot == order.slot
    )
    if connection.execute(same_slot).first() is not None:
        return None
    renewed: set[str] = set()
    for subjects in chunks(order.subjects):
        if connection.execute(_MERGED, {"subjects": subjects}).first() is not None:
            return None
        told = {"channel": order.channel_id, "subjects": subjects}
        for row in connection.execute(_TOLD, told).all():
            if row.again is not None or not _has_changed(connection, row.subject, row.built_at):
                return None
            renewed.add(row.subject)
    return renewed


def _has_changed(connection: Connection, subject: str, since: datetime | None) -> bool:
    """Whether facts of one of the subject's articles changed since then."""
    if since is None:
        return False
    changed = select(ARTICLE.c.id).where(is_about(subject), ARTICLE.c.changed_at > since)
    return connection.execute(changed.limit(1)).first() is not None


def _record(connection: Connection, order: Order, renewed: set[str]) -> int:
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
        new = [{**own, "subject": subject} for subject in subjects if subject not in renewed]
        if new:
            connection.execute(TOLD.insert(), new)
    if renewed:
        by = {"to_channel": order.channel_id, "by_digest": digest_id}
        again = [{**by, "told_subject": subject} for subject in sorted(renewed)]
        connection.execute(_TELL_AGAIN, again)
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
