"""The pages of private chats: claimed, given up and settled many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, update

from storage import corrections, posting
from storage.audits import note
from storage.columns import UtcTime
from storage.mapping_telling import channel_of, delivery_of
from storage.next_pages import WHOLE, due, first_of, hold, refresh
from storage.receipts import ABANDONED, OPEN, SETTLED_MANY, Decision, decide_many
from storage.tables import CHANNEL, DELIVERY
from watchers.telling import AuditRecord, Channel, Delivery, DeliveryState

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NOW = bindparam("now", type_=UtcTime())
_RELEASE = update(CHANNEL).where(CHANNEL.c.next_at <= _NOW).values(next_at=None)
_READY = (
    select(CHANNEL)
    .where(CHANNEL.c.next_digest.is_not(None), CHANNEL.c.next_at.is_(None))
    .order_by(CHANNEL.c.next_digest, CHANNEL.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_PAGES = WHOLE.where(
    DELIVERY.c.id.in_(select(first_of(DELIVERY.c.id)).where(CHANNEL.c.id.in_(_IDS))),
    DELIVERY.c.state == DeliveryState.QUEUED.value,
).with_for_update(of=DELIVERY)
_CLAIM = (
    update(DELIVERY)
    .where(DELIVERY.c.id.in_(_IDS))
    .values(state=DeliveryState.SENDING.value, claimed_at=_NOW, attempts=DELIVERY.c.attempts + 1)
)
_CLAIMED = WHOLE.where(DELIVERY.c.id.in_(_IDS))
_PRIVATE_SENDING = (DELIVERY.c.private, DELIVERY.c.state == DeliveryState.SENDING.value)
_DUE = (
    select(CHANNEL.c.id)
    .where(CHANNEL.c.next_digest.is_not(None), CHANNEL.c.next_at.is_(None))
    .limit(1),
    select(CHANNEL.c.id).where(CHANNEL.c.next_at <= _NOW).limit(1),
    select(DELIVERY.c.id).where(*_PRIVATE_SENDING).limit(1),
)
_PRIVATE_OPEN = (DELIVERY.c.private, DELIVERY.c.state.in_([state.value for state in OPEN]))


def claim(
    connection: Connection, now: datetime, limit: int
) -> tuple[tuple[Channel, Delivery], ...]:
    """The next pages, one a chat, those of the oldest digests first, become `sending`."""
    if posting.is_stopped(connection):
        return ()
    connection.execute(_RELEASE, {"now": now})
    claimed: list[tuple[Channel, Delivery]] = []
    while len(claimed) < limit:
        ready = connection.execute(_READY, {"most": limit - len(claimed)}).all()
        if not ready:
            break
        claimed += _claim_of(connection, ready, now)
    return tuple(claimed)


def _claim_of(
    connection: Connection, ready: Sequence[Any], now: datetime
) -> list[tuple[Channel, Delivery]]:
    """Of these channels, those whose first page may go out; the others are looked at anew."""
    ids = [row.id for row in ready]
    first = {row.channel_id: row for row in connection.execute(_PAGES, {"ids": ids})}
    chosen = {
        row.id: first[row.id].id
        for row in ready
        if row.id in first and due(row.not_before, now) and due(first[row.id].not_before, now)
    }
    found: dict[int, Delivery] = {}
    if chosen:
        values = {"ids": list(chosen.values())}
        connection.execute(_CLAIM, {**values, "now": now})
        rows = connection.execute(_CLAIMED, values)
        found = {row.channel_id: delivery_of(row) for row in rows}
    refresh(connection, ids)
    return [(channel_of(row), found[row.id]) for row in ready if row.id in chosen]


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether it is worth while to claim, or to see what a dead process left."""
    if posting.is_stopped(connection):
        return False
    return any(connection.execute(look, {"now": now}).first() is not None for look in _DUE)


def abandon(connection: Connection) -> int:
    """Pages of private chats that a dead process left in `sending` become `uncertain`."""
    out = select(DELIVERY.c.channel_id).where(*_PRIVATE_SENDING)
    chats = set(connection.execute(out).scalars())
    hold(connection, chats)
    left = update(DELIVERY).where(*_PRIVATE_SENDING)
    uncertain = left.values(state=DeliveryState.UNCERTAIN.value, error=ABANDONED)
    changed = connection.execute(uncertain).rowcount
    refresh(connection, chats)
    return changed


def settle(connection: Connection, decision: Decision, at: datetime, actor: str) -> int:
    """Decide on all uncertain and failed pages of private chats; how many."""
    ids = set(connection.execute(select(DELIVERY.c.channel_id).where(*_PRIVATE_OPEN)).scalars())
    hold(connection, ids)
    changes = decide_many(decision, at)
    if decision == "arrived":
        changes["error"] = func.coalesce(DELIVERY.c.error, changes["error"])
    # What was taken back wholly is not sent again.
    changed = corrections.drop_gone(connection) if decision == "resend" else 0
    settled = update(DELIVERY).where(*_PRIVATE_OPEN).values(changes)
    changed += connection.execute(settled).rowcount
    if changed:
        refresh(connection, ids)
        detail = f"{decision}: {changed}"
        note(connection, AuditRecord(at, actor, "delivery.settle", SETTLED_MANY, detail))
    return changed
