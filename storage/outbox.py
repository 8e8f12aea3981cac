"""The outbox: pages are claimed, sent by somebody else, and get their receipts.

queued -> sending -> sent | failed | uncertain (never resent by itself) -> an admin decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, literal, or_, select, tuple_, update

from storage import corrections, ledger, notices, posting
from storage.audits import note
from storage.engine import change, chunks, is_postgres
from storage.mapping import storable
from storage.mapping_telling import delivery_of
from storage.next_pages import WHOLE, due, hold, refresh
from storage.receipts import ABANDONED, BETWEEN, MOST_OURS, Decision, decide, lost, receipt
from storage.tables import CHANNEL, DELIVERY
from watchers.errors import DeliverySettled, DeliveryUnknown
from watchers.telling import (
    AuditRecord,
    Delivery,
    DeliveryState,
    Neighbours,
    SendOutcome,
    SendResult,
)

_MAX_ID = 2**31 - 1
_LOCKED = (
    WHOLE.where(DELIVERY.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(DELIVERY.c.id)
    .with_for_update(of=DELIVERY)
)
_CHANNELS = (
    select(DELIVERY.c.channel_id)
    .where(DELIVERY.c.id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_UNTIL = bindparam("until", type_=CHANNEL.c.not_before.type)
_PACE = (
    update(CHANNEL)
    .where(
        CHANNEL.c.id.in_(bindparam("ids", expanding=True)),
        or_(CHANNEL.c.not_before.is_(None), CHANNEL.c.not_before < _UNTIL),
    )
    .values(not_before=_UNTIL)
)
_SENT = (
    DELIVERY.c.state == DeliveryState.SENT.value,
    DELIVERY.c.message_id.is_not(None),
)


def claim_next(connection: Connection, channel_id: int, now: datetime) -> Delivery | None:
    """The channel's next queued page becomes `sending`; None if there is none to send yet."""
    if posting.is_stopped(connection):
        return None
    channel = connection.execute(
        select(CHANNEL.c.paused, CHANNEL.c.not_before, CHANNEL.c.private)
        .where(CHANNEL.c.id == channel_id)
        .with_for_update()
    ).one_or_none()
    if channel is None or channel.paused or not due(channel.not_before, now):
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
    if row is None or not due(row.not_before, now):
        return None
    claim = {
        "state": DeliveryState.SENDING.value,
        "claimed_at": now,
        "attempts": row.attempts + 1,
    }
    _change(connection, row.id, claim)
    if channel.private:
        refresh(connection, [channel_id])
    return delivery_of(_row(connection, row.id))


def _row(connection: Connection, delivery_id: int, *, lock: bool = True) -> Any:
    row = None
    if 0 <= delivery_id <= _MAX_ID:
        statement = WHOLE.where(DELIVERY.c.id == delivery_id)
        statement = statement.with_for_update(of=DELIVERY) if lock else statement
        row = connection.execute(statement).one_or_none()
    if row is None:
        msg = f"No delivery has the number {delivery_id}."
        raise DeliveryUnknown(msg)
    return row


def _change(connection: Connection, delivery_id: int, values: Mapping[str, object]) -> None:
    connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values))


def record_send(connection: Connection, delivery_id: int, result: SendResult, at: datetime) -> None:
    """The receipt of a claimed page. DeliveryUnknown, DeliverySettled (it is not out)."""
    _hold_channels(connection, [delivery_id])
    row = _row(connection, delivery_id)
    refresh(connection, _record_of(connection, row, result, at))


def record_sends(
    connection: Connection, results: Sequence[tuple[int, SendResult]], at: datetime
) -> None:
    """The receipts of several; those that cannot be recorded are passed over."""
    _hold_channels(connection, [delivery_id for delivery_id, _ in results])
    rows = _rows(connection, [delivery_id for delivery_id, _ in results])
    sent: list[dict[str, object]] = []
    known: list[int] = []  # whose messages have ids now
    private: list[int] = []
    paced: list[int] = []  # private chats that get another page
    for delivery_id, result in results:
        row = rows.pop(delivery_id, None)  # of two receipts of one page the first counts
        if row is None:
            continue
        try:
            changes = receipt(delivery_of(row), result, at)
        except DeliverySettled:
            continue
        if result.outcome is SendOutcome.SENT:
            sent.append({**changes, "id": delivery_id})
            known += [delivery_id] if result.message_id is not None else []
            private += [row.channel_id] if row.private else []
            paced += [row.channel_id] if row.private and row.page < row.pages else []
        else:
            private += _record_of(connection, row, result, at)
    change(connection, DELIVERY, sent)
    corrections.release(connection, known)
    hold(connection, private)
    for some in chunks(sorted(paced)):
        connection.execute(_PACE, {"ids": some, "until": at + BETWEEN})
    refresh(connection, private)


def _hold_channels(connection: Connection, ids: Sequence[int]) -> None:
    """Lock the channels of these deliveries, before those: in the order that claims have."""
    if is_postgres(connection):
        known = sorted({number for number in ids if 0 <= number <= _MAX_ID})
        found: set[int] = set()
        for some in chunks(known):
            found |= set(connection.execute(_CHANNELS, {"ids": some}).scalars())
        hold(connection, found)


def _rows(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for some in chunks(sorted({number for number in ids if 0 <= number <= _MAX_ID})):
        found.update({row.id: row for row in connection.execute(_LOCKED, {"ids": some})})
    return found


def _record_of(connection: Connection, row: Any, result: SendResult, at: datetime) -> list[int]:
    """Record a receipt; the channel, if it is a private one. DeliverySettled."""
    _change(connection, row.id, receipt(delivery_of(row), result, at))
    match result.outcome:
        case SendOutcome.RETRY:
            # Never sooner than Telegram asked before, by the answer to a correction for one.
            until = at + timedelta(seconds=result.wait)
            connection.execute(_PACE, {"ids": [row.channel_id], "until": until})
        case SendOutcome.PAUSE:
            _pause(connection, row, result.detail, at)
        case SendOutcome.MIGRATED:
            _migrate(connection, row, result, at)
        case SendOutcome.SENT if result.message_id is not None:
            corrections.release(connection, [row.id])
    return [row.channel_id] if row.private else []


def _change_channel(connection: Connection, channel_id: int, values: Mapping[str, object]) -> None:
    connection.execute(update(CHANNEL).where(CHANNEL.c.id == channel_id).values(values))


def _chat(connection: Connection, channel_id: int) -> str:
    found = select(CHANNEL.c.chat).where(CHANNEL.c.id == channel_id)
    return str(connection.execute(found).scalar_one())


def _pause(connection: Connection, row: Any, why: str, at: datetime) -> None:
    why = storable(why)
    _change_channel(connection, row.channel_id, {"paused": True, "pause_reason": why})
    if not row.private:
        chat = _chat(connection, row.channel_id)
        note(connection, AuditRecord(at, "system", "channel.pause", chat, why))
        ledger.tell(connection, [notices.paused(chat, why, row.id, row.attempts)], at)


def _migrate(connection: Connection, row: Any, result: SendResult, at: datetime) -> None:
    """Give the channel its new chat; one that cannot be followed is paused instead."""
    chat = result.new_chat
    taken = select(CHANNEL.c.id).where(CHANNEL.c.chat == chat, CHANNEL.c.id != row.channel_id)
    if not chat or connection.execute(taken).first() is not None:
        _pause(connection, row, lost(result, private=row.private), at)
        return
    old = _chat(connection, row.channel_id)
    _change_channel(connection, row.channel_id, {"chat": chat})
    if not row.private:
        note(connection, AuditRecord(at, "system", "channel.migrate", old, chat))


def abandon_sending(connection: Connection, channel_id: int) -> int:
    """Pages that a dead process left in `sending` become `uncertain`; how many."""
    hold(connection, [channel_id])
    left = update(DELIVERY).where(
        DELIVERY.c.channel_id == channel_id, DELIVERY.c.state == DeliveryState.SENDING.value
    )
    uncertain = left.values(state=DeliveryState.UNCERTAIN.value, error=ABANDONED)
    changed = connection.execute(uncertain).rowcount
    refresh(connection, [channel_id])
    return changed


def listed(
    connection: Connection,
    states: tuple[DeliveryState, ...],
    limit: int,
    private: bool | None,
    channel_id: int | None,
) -> tuple[Delivery, ...]:
    """Deliveries in these states (all if none), newest first."""
    if channel_id is not None:
        return _listed_of(connection, states, limit, private, channel_id)
    if not states and private is None:
        return _delivered(connection.execute(WHOLE.order_by(DELIVERY.c.id.desc()).limit(limit)))
    # One state after the other: each is read by its index, and no further than the limit.
    found: list[Delivery] = []
    for is_private in (False, True) if private is None else (private,):
        for state in dict.fromkeys(states) or DeliveryState:
            of_kind = DELIVERY.c.private if is_private else ~DELIVERY.c.private
            chosen = WHOLE.where(of_kind, DELIVERY.c.state == state.value)
            some = connection.execute(chosen.order_by(DELIVERY.c.id.desc()).limit(limit))
            found += _delivered(some)
    return tuple(sorted(found, key=lambda delivery: -delivery.id)[:limit])


def _listed_of(
    connection: Connection,
    states: tuple[DeliveryState, ...],
    limit: int,
    private: bool | None,
    channel_id: int,
) -> tuple[Delivery, ...]:
    """Of one channel, whose pages have their ids in the order of digests and pages."""
    chosen = WHOLE.where(DELIVERY.c.channel_id == channel_id)
    if states:
        chosen = chosen.where(DELIVERY.c.state.in_([state.value for state in states]))
    if private is not None:
        chosen = chosen.where(DELIVERY.c.private if private else ~DELIVERY.c.private)
    newest = chosen.order_by(DELIVERY.c.digest_id.desc(), DELIVERY.c.page.desc())
    return _delivered(connection.execute(newest.limit(limit)))


def _delivered(rows: Iterable[Any]) -> tuple[Delivery, ...]:
    return tuple(delivery_of(row) for row in rows)


def find(connection: Connection, delivery_id: int) -> Delivery:
    """The delivery with this number. DeliveryUnknown."""
    return delivery_of(_row(connection, delivery_id, lock=False))


def settle(
    connection: Connection, delivery_id: int, decision: Decision, at: datetime, actor: str
) -> Delivery:
    """Carry out what an admin decided. DeliveryUnknown, DeliverySettled."""
    _hold_channels(connection, [delivery_id])
    row = _row(connection, delivery_id)
    _change(connection, delivery_id, decide(delivery_of(row), decision, at))
    if row.private:
        refresh(connection, [row.channel_id])
    else:
        note(connection, AuditRecord(at, actor, "delivery.settle", str(delivery_id), decision))
    return delivery_of(_row(connection, delivery_id))


def neighbours(connection: Connection, delivery_id: int) -> Neighbours:
    """The sent pages around one in its chat. DeliveryUnknown."""
    row = _row(connection, delivery_id)
    place = tuple_(DELIVERY.c.digest_id, DELIVERY.c.page)
    here = tuple_(literal(row.digest_id), literal(row.page))
    sent = select(DELIVERY.c.message_id).where(DELIVERY.c.channel_id == row.channel_id, *_SENT)
    back = sent.where(place < here).order_by(DELIVERY.c.digest_id.desc(), DELIVERY.c.page.desc())
    on = sent.where(place > here).order_by(DELIVERY.c.digest_id, DELIVERY.c.page)
    before = connection.execute(back.limit(1)).scalar()
    after = connection.execute(on.limit(1)).scalar()
    if before is None or after is None:
        return Neighbours(before, after)
    between = sent.where(
        DELIVERY.c.message_id > before, DELIVERY.c.message_id < after, DELIVERY.c.id != row.id
    )
    ours = connection.execute(between.order_by(DELIVERY.c.message_id).limit(MOST_OURS))
    return Neighbours(before, after, tuple(ours.scalars()))
