"""What each private chat is to get next: thousands of chats, a page or two each.

The channel's row says whether there is a page to send, and until when that waits: what is to be
sent next is found by that, however many other chats wait, are paused, or have a page out.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    case,
    exists,
    func,
    null,
    or_,
    select,
    update,
)

from storage.engine import chunks, is_postgres
from storage.tables import CHANNEL, CONTENT, DELIVERY, DIGEST
from watchers.telling import DeliveryState

WHOLE = (
    select(DELIVERY, CONTENT.c.text, CONTENT.c.entities, CONTENT.c.placed, DIGEST.c.built_at)
    .join(CONTENT, CONTENT.c.id == DELIVERY.c.content_id)
    .join(DIGEST, DIGEST.c.id == DELIVERY.c.digest_id)
)
"""What :func:`storage.mapping_telling.delivery_of` reads."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_QUEUED = (
    DELIVERY.c.channel_id == CHANNEL.c.id,
    DELIVERY.c.state == DeliveryState.QUEUED.value,
)


def first_of(column: Any) -> Any:
    """Of the first queued page of CHANNEL; NULL if there is none."""
    in_order = select(column).where(*_QUEUED).order_by(DELIVERY.c.digest_id, DELIVERY.c.page)
    return in_order.limit(1).correlate(CHANNEL).scalar_subquery()


_WAIT = func.coalesce(
    case(
        (DELIVERY.c.not_before > CHANNEL.c.not_before, DELIVERY.c.not_before),
        else_=CHANNEL.c.not_before,
    ),
    DELIVERY.c.not_before,
)


def is_out() -> Any:
    """Whether a page of CHANNEL is being sent."""
    out = DELIVERY.alias("out")
    sending = exists().where(
        out.c.channel_id == CHANNEL.c.id, out.c.state == DeliveryState.SENDING.value
    )
    return sending.correlate(CHANNEL)


_HELD = or_(CHANNEL.c.paused, is_out())
_HOLD = select(CHANNEL.c.id).where(CHANNEL.c.id.in_(_IDS)).order_by(CHANNEL.c.id).with_for_update()
_REFRESH = (
    update(CHANNEL)
    .where(CHANNEL.c.id.in_(_IDS), CHANNEL.c.private)
    .values(
        next_digest=case((_HELD, null()), else_=first_of(DELIVERY.c.digest_id)),
        next_at=case((_HELD, null()), else_=first_of(_WAIT)),
    )
)


def hold(connection: Connection, channel_ids: Collection[int]) -> None:
    """Lock these channels' rows, in the order of their ids: two who change many wait for each
    other in turn. SQLite has one writer.
    """
    if is_postgres(connection):
        for some in chunks(sorted(set(channel_ids))):
            connection.execute(_HOLD, {"ids": some})


def refresh(connection: Connection, channel_ids: Collection[int]) -> None:
    """Say anew what these channels have to send; to be called after every change of their pages
    and of what holds them back. Public ones are passed over.
    """
    hold(connection, channel_ids)
    for some in chunks(sorted(set(channel_ids))):
        connection.execute(_REFRESH, {"ids": some})


LOST = (
    DELIVERY.c.private,
    DELIVERY.c.state == DeliveryState.QUEUED.value,
    CHANNEL.c.next_digest.is_(None),
    ~CHANNEL.c.paused,
    ~is_out(),
)
"""Pages that no claim would ever find, as there must be none; DELIVERY is joined with CHANNEL."""
_LOST_CHATS = (
    select(CHANNEL.c.id)
    .select_from(DELIVERY.join(CHANNEL, CHANNEL.c.id == DELIVERY.c.channel_id))
    .where(*LOST)
    .distinct()
)


def heal(connection: Connection) -> None:
    """Put back into the queue what fell out of it by a fault of ours."""
    refresh(connection, connection.execute(_LOST_CHATS).scalars().all())


def due(not_before: datetime | None, now: datetime) -> bool:
    """Whether what waits until then may go on."""
    return not_before is None or not_before <= now
