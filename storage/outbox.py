"""The outbox: pages are claimed, sent by somebody else, and get their receipts.

queued -> sending -> sent | failed | uncertain (never resent by itself) -> an admin decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from storage.audits import note
from storage.mapping import delivery_of, storable
from storage.receipts import ABANDONED, Decision, decide, receipt
from storage.tables import CHANNEL, DELIVERY
from watchers.errors import DeliveryUnknown
from watchers.telling import (
    AuditRecord,
    Delivery,
    DeliveryState,
    SendOutcome,
    SendResult,
)

_MAX_ID = 2**31 - 1


def claim_next(connection: Connection, channel_id: int, now: datetime) -> Delivery | None:
    """The channel's next queued page becomes `sending`; None if there is none to send yet."""
    channel = connection.execute(
        select(CHANNEL.c.paused, CHANNEL.c.not_before)
        .where(CHANNEL.c.id == channel_id)
        .with_for_update()
    ).one_or_none()
    if channel is None or channel.paused or not _due(channel.not_before, now):
        return None
    row = connection.execute(
        select(DELIVERY)
        .where(
            DELIVERY.c.channel_id == channel_id,
            DELIVERY.c.state == DeliveryState.QUEUED.value,
        )
        .order_by(DELIVERY.c.digest_id, DELIVERY.c.page)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if row is None or not _due(row.not_before, now):
        return None
    claim = {
        "state": DeliveryState.SENDING.value,
        "claimed_at": now,
        "attempts": row.attempts + 1,
    }
    _change(connection, row.id, claim)
    return delivery_of(_row(connection, row.id))


def _due(not_before: datetime | None, now: datetime) -> bool:
    return not_before is None or not_before <= now


def _row(connection: Connection, delivery_id: int) -> Any:
    row = None
    if 0 <= delivery_id <= _MAX_ID:
        row = connection.execute(
            select(DELIVERY).where(DELIVERY.c.id == delivery_id).with_for_update()
        ).one_or_none()
    if row is None:
        msg = f"No delivery has the number {delivery_id}."
        raise DeliveryUnknown(msg)
    return row


def _change(connection: Connection, delivery_id: int, values: Mapping[str, object]) -> None:
    connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values))


def record_send(connection: Connection, delivery_id: int, result: SendResult, at: datetime) -> None:
    """The receipt of a claimed page. DeliveryUnknown, DeliverySettled (it is not out)."""
    row = _row(connection, delivery_id)
    _change(connection, delivery_id, receipt(delivery_of(row), result, at))
    match result.outcome:
        case SendOutcome.RETRY:
            wait = timedelta(seconds=result.wait)
            _change_channel(connection, row.channel_id, {"not_before": at + wait})
        case SendOutcome.PAUSE:
            _pause(connection, row.channel_id, result.detail, at)
        case SendOutcome.MIGRATED:
            _migrate(connection, row.channel_id, result, at)


def _change_channel(connection: Connection, channel_id: int, values: Mapping[str, object]) -> None:
    connection.execute(update(CHANNEL).where(CHANNEL.c.id == channel_id).values(values))


def _pause(connection: Connection, channel_id: int, why: str, at: datetime) -> None:
    why = storable(why)
    _change_channel(connection, channel_id, {"paused": True, "pause_reason": why})
    chat = connection.execute(select(CHANNEL.c.chat).where(CHANNEL.c.id == channel_id)).scalar_one()
    note(connection, AuditRecord(at, "system", "channel.pause", chat, why))


def _migrate(connection: Connection, channel_id: int, result: SendResult, at: datetime) -> None:
    """Give the channel its new chat; one that cannot be followed is paused instead."""
    chat = result.new_chat
    taken = select(CHANNEL.c.id).where(CHANNEL.c.chat == chat, CHANNEL.c.id != channel_id)
    if not chat or connection.execute(taken).first() is not None:
        why = f"The chat moved to {chat or 'an unknown id'}, which cannot be used. {result.detail}"
        _pause(connection, channel_id, why.strip(), at)
        return
    old = connection.execute(select(CHANNEL.c.chat).where(CHANNEL.c.id == channel_id)).scalar_one()
    _change_channel(connection, channel_id, {"chat": chat})
    note(connection, AuditRecord(at, "system", "channel.migrate", old, chat))


def abandon_sending(connection: Connection, channel_id: int) -> int:
    """Pages that a dead process left in `sending` become `uncertain`; how many."""
    left = update(DELIVERY).where(
        DELIVERY.c.channel_id == channel_id, DELIVERY.c.state == DeliveryState.SENDING.value
    )
    uncertain = left.values(state=DeliveryState.UNCERTAIN.value, error=ABANDONED)
    return connection.execute(uncertain).rowcount


def listed(
    connection: Connection, states: tuple[DeliveryState, ...], limit: int
) -> tuple[Delivery, ...]:
    """Deliveries in these states (all if none), newest first."""
    statement = select(DELIVERY).order_by(DELIVERY.c.id.desc()).limit(limit)
    if states:
        statement = statement.where(DELIVERY.c.state.in_([state.value for state in states]))
    return tuple(delivery_of(row) for row in connection.execute(statement))


def settle(
    connection: Connection, delivery_id: int, decision: Decision, at: datetime, actor: str
) -> Delivery:
    """Carry out what an admin decided. DeliveryUnknown, DeliverySettled."""
    delivery = delivery_of(_row(connection, delivery_id))
    _change(connection, delivery_id, decide(delivery, decision, at))
    note(connection, AuditRecord(at, actor, "delivery.settle", str(delivery_id), decision))
    return delivery_of(_row(connection, delivery_id))
