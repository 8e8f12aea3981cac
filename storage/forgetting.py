"""What a channel was told, thrown away: with the channel, or when its time has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, select, update

from storage.columns import UtcTime
from storage.contents import drop_unused
from storage.engine import chunks
from storage.next_pages import heal, refresh
from storage.tables import (
    ALERTED,
    APPROVAL,
    CHANNEL,
    CORRECTION,
    DELIVERY,
    DIGEST,
    TOLD,
    WITHDRAWAL,
)
from watchers.telling import DeliveryState

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SENDING = exists().where(
    DELIVERY.c.digest_id == DIGEST.c.id, DELIVERY.c.state == DeliveryState.SENDING.value
)
_OLD = (
    select(DIGEST.c.id)
    .where(
        DIGEST.c.private,
        DIGEST.c.built_at < bindparam("before", type_=UtcTime()),
        ~_SENDING,
    )
    .order_by(DIGEST.c.built_at)
    .limit(bindparam("most"))
)
_CHATS = select(DELIVERY.c.channel_id).where(DELIVERY.c.digest_id.in_(_IDS)).distinct()
_PAGES = select(DELIVERY.c.id).where(DELIVERY.c.digest_id.in_(_IDS))
_SHOWN = select(DELIVERY.c.content_id).where(DELIVERY.c.digest_id.in_(_IDS)).distinct()
_CORRECTED = (
    select(CORRECTION.c.content_id)
    .where(CORRECTION.c.delivery_id.in_(_PAGES), CORRECTION.c.content_id.is_not(None))
    .distinct()
)
# Told once more, by a digest that stays: as told as before, and never once more.
_TOLD_LATER = (
    update(TOLD)
    .where(TOLD.c.digest_id.in_(_IDS), TOLD.c.again.is_not(None), TOLD.c.again.not_in(_IDS))
    .values(digest_id=TOLD.c.again)
)
_DROP_CORRECTIONS = delete(CORRECTION).where(CORRECTION.c.delivery_id.in_(_PAGES))
_DROPS = tuple(
    delete(table).where(table.c.digest_id.in_(_IDS))
    for table in (TOLD, ALERTED, WITHDRAWAL, DELIVERY)
)
_DROP_DIGESTS = delete(DIGEST).where(DIGEST.c.id.in_(_IDS))


def forget_channel(connection: Connection, channel_id: int) -> None:
    """Delete a channel with its digests, pages, and all that is known of what it was told."""
    shown: set[int] = set()
    for table in (DELIVERY, CORRECTION):
        found = select(table.c.content_id).where(table.c.channel_id == channel_id).distinct()
        shown.update(number for number in connection.execute(found).scalars() if number)
    for table in (CORRECTION, WITHDRAWAL, APPROVAL, ALERTED, TOLD, DELIVERY, DIGEST):
        connection.execute(delete(table).where(table.c.channel_id == channel_id))
    connection.execute(delete(CHANNEL).where(CHANNEL.c.id == channel_id))
    drop_unused(connection, shown)


def forget_private(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to so many digests of private chats built before then, with all that they told;
    how many. One with a page that is on its way stays.
    """
    heal(connection)  # now and then is enough for what must not happen
    found = connection.execute(_OLD, {"before": before, "most": limit}).scalars().all()
    for ids in chunks(found):
        these = {"ids": ids}
        chats = set(connection.execute(_CHATS, these).scalars())
        shown = {*connection.execute(_SHOWN, these).scalars()}
        shown |= {*connection.execute(_CORRECTED, these).scalars()}
        connection.execute(_TOLD_LATER, these)
        connection.execute(_DROP_CORRECTIONS, these)
        for drop in _DROPS:
            connection.execute(drop, these)
        connection.execute(_DROP_DIGESTS, these)
        drop_unused(connection, shown)
        refresh(connection, chats)  # of those that were paused all the time
    return len(found)
