"""Digests are queued, hundreds at a time: what is known of them is looked up once for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from storage import posting
from storage.contents import content_ids
from storage.digests import is_about
from storage.engine import chunks, select_pairs
from storage.mutes import mutes
from storage.next_pages import refresh
from storage.standing import hold_subjects
from storage.tables import (
    ALERTED,
    ARTICLE,
    CHANNEL,
    DELIVERY,
    DIGEST,
    STORY,
    TOLD,
    WITHDRAWAL,
)
from watchers.errors import ChannelUnknown
from watchers.telling import DeliveryState, DigestKind, DigestOrder

Place = tuple[int, str]
"""A channel's id and a subject."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CHANNELS = (
    select(CHANNEL.c.id, CHANNEL.c.last_slot, CHANNEL.c.private)
    .where(CHANNEL.c.id.in_(_IDS))
    .order_by(CHANNEL.c.id)
    .with_for_update()
)
_SLOTS = select(DIGEST.c.channel_id, DIGEST.c.kind, DIGEST.c.slot).where(
    DIGEST.c.channel_id.in_(_IDS),
    DIGEST.c.kind.in_([kind.value for kind in DigestKind]),
    DIGEST.c.slot.in_(bindparam("slots", expanding=True)),
)
_SAID = select(WITHDRAWAL.c.id).where(
    WITHDRAWAL.c.id.in_(_IDS), WITHDRAWAL.c.digest_id.is_not(None)
)
_MERGED = select(STORY.c.id).where(STORY.c.id.in_(_IDS), STORY.c.merged_into.is_not(None))
_BUILT = select(DIGEST.c.built_at).where(DIGEST.c.id == bindparam("digest"))
# Without the rows' order, which SQLAlchemy would have only of one INSERT a row.
_NEW = DIGEST.insert().returning(DIGEST.c.id, DIGEST.c.channel_id, DIGEST.c.kind, DIGEST.c.slot)
_MOVE_SLOT = (
    update(CHANNEL)
    .where(CHANNEL.c.id == bindparam("channel"))
    .values(last_slot=bindparam("new_slot"))
)
_TELL_AGAIN = (
    update(TOLD)
    .where(
        TOLD.c.channel_id == bindparam("to_channel"), TOLD.c.subject == bindparam("told_subject")
    )
    .values(again=bindparam("by_digest"))
)
_SAY_WITHDRAWN = (
    update(WITHDRAWAL)
    .where(
        WITHDRAWAL.c.id == bindparam("withdrawal"),
        WITHDRAWAL.c.channel_id == bindparam("to_channel"),
        WITHDRAWAL.c.digest_id.is_(None),
    )
    .values(digest_id=bindparam("by_digest"))
)


@dataclass(slots=True)
class _Known:
    """What decides about the orders, those that were taken before in the same call included."""

    slots: set[tuple[int, str, datetime]]
    hidden: frozenset[str]  # merged, or muted
    alerted: set[Place]
    told: dict[Place, bool]  # by channel and subject: whether it may be told once more
    said: set[int]  # withdrawals that a digest told

    def take(self, order: DigestOrder) -> None:
        """An order is recorded: another one of its channel has to see it."""
        self.slots.add((order.channel_id, order.kind.value, order.slot))
        self.said.update(order.withdrawals)
        for subject in order.subjects:
            place = (order.channel_id, subject)
            if order.kind is DigestKind.ALERT:
                self.alerted.add(place)
            else:
                self.told[place] = False

    def renewed(self, order: DigestOrder) -> frozenset[str] | None:
        """The subjects that are told again, as updated; None if it may not be told."""
        places = [(order.channel_id, subject) for subject in order.subjects]
        if (order.channel_id, order.kind.value, order.slot) in self.slots:
            return None
        if not self.said.isdisjoint(order.withdrawals):
            return None
        if not self.hidden.isdisjoint(order.subjects):
            return None
        told = [place for place in places if place in self.told]
        if order.kind is DigestKind.ALERT:
            is_new = not told and self.alerted.isdisjoint(places)
            return frozenset() if is_new else None
        if not all(self.told[place] for place in told):
            return None
        return frozenset(subject for _, subject in told)


@dataclass(slots=True)
class _Batch:
    """The orders that are recorded, with what each tells again."""

    orders: list[DigestOrder] = field(default_factory=list)
    renewed: list[frozenset[str]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # among all orders


def queue(connection: Connection, orders: Sequence[DigestOrder]) -> tuple[int | None, ...]:
    """Record digests, what they tell and their pages; their ids. ChannelUnknown, PostingHeld.

    None, and nothing changed for that one, as :class:`watchers.ports.TellPort` says; None also
    without pages, when nothing is recorded but the slot.
    """
    posting.refuse_held(connection)
    hold_subjects(connection)
    channels = _channels(connection, orders)
    known = _known(connection, [order for order in orders if order.channel_id in channels])
    batch, slots = _Batch(), {number: row.last_slot for number, row in channels.items()}
    for place, order in enumerate(orders):
        renewed = known.renewed(order) if order.channel_id in channels else None
        if renewed is None:
            continue
        last = slots[order.channel_id]
        if order.scheduled and (last is None or last < order.slot):
            slots[order.channel_id] = order.slot
        if order.pages:
            known.take(order)
            batch.orders.append(order)
            batch.renewed.append(renewed)
            batch.places.append(place)
    moved = [
        {"channel": number, "new_slot": slot}
        for number, slot in slots.items()
        if slot != channels[number].last_slot
    ]
    if moved:
        connection.execute(_MOVE_SLOT, moved)
    ids: list[int | None] = [None] * len(orders)
    for place, number in zip(batch.places, _record(connection, batch, channels), strict=True):
        ids[place] = number
    return tuple(ids)


def _channels(connection: Connection, orders: Sequence[DigestOrder]) -> dict[int, Any]:
    """The orders' channels, locked. Those that were removed since are missing."""
    found: dict[int, Any] = {}
    for ids in chunks(sorted({order.channel_id for order in orders})):
        found.update({row.id: row for row in connection.execute(_CHANNELS, {"ids": ids})})
    if orders and not found:
        msg = f"No channel has the number {orders[0].channel_id}."
        raise ChannelUnknown(msg)
    return found


def _known(connection: Connection, orders: Sequence[DigestOrder]) -> _Known:
    slots: set[tuple[int, str, datetime]] = set()
    times = sorted({order.slot for order in orders})
    for ids in chunks(sorted({order.channel_id for order in orders})):
        for some in chunks(times):
            values = {"ids": ids, "slots": some}
            slots.update((row[0], row[1], row[2]) for row in connection.execute(_SLOTS, values))
    hidden = set(mutes(connection).subjects)  # since the digest was built
    for subjects in chunks(sorted({subject for order in orders for subject in order.subjects})):
        hidden.update(connection.execute(_MERGED, {"ids": subjects}).scalars())
    told = _pairs(connection, TOLD, ("digest_id", "again"), _places(orders))
    alerts = [order for order in orders if order.kind is DigestKind.ALERT]
    alerted = _pairs(connection, ALERTED, (), _places(alerts))
    again = {place: _may_again(connection, place[1], row) for place, row in told.items()}
    said: set[int] = set()
    for some_ids in chunks(sorted({number for order in orders for number in order.withdrawals})):
        said.update(connection.execute(_SAID, {"ids": some_ids}).scalars())
    return _Known(slots, frozenset(hidden), set(alerted), again, said)


def _places(orders: Iterable[DigestOrder]) -> list[Place]:
    return list(
        dict.fromkeys((order.channel_id, subject) for order in orders for subject in order.subjects)
    )


def _pairs(
    connection: Connection, table: Any, columns: tuple[str, ...], places: Sequence[Place]
) -> dict[Place, Any]:
    """The rows of a table with these channels and subjects."""
    key = ("channel_id", "subject")
    found: dict[Place, Any] = {}
    for some in chunks(places):
        rows = select_pairs(connection, table, key, (*key, *columns), some, second="varchar")
        found.update({(row[0], row[1]): row for row in rows})
    return found


def _may_again(connection: Connection, subject: str, told: Any) -> bool:
    """Whether facts of one of the subject's articles changed since it was told the first time."""
    if told.again is not None:
        return False
    since = connection.execute(_BUILT, {"digest": told.digest_id}).scalar()
    if since is None:
        return False
    changed = select(ARTICLE.c.id).where(is_about(subject), ARTICLE.c.changed_at > since)
    return connection.execute(changed.limit(1)).first() is not None


def _record(connection: Connection, batch: _Batch, channels: Mapping[int, Any]) -> list[int]:
    """Record what was decided; the ids."""
    if not batch.orders:
        return []
    rows = [
        {
            "channel_id": order.channel_id,
            "slot": order.slot,
            "built_at": order.built_at,
            "since": order.since,
            "kind": order.kind.value,
            "private": channels[order.channel_id].private,
        }
        for order in batch.orders
    ]
    made = {tuple(row[1:]): row.id for row in connection.execute(_NEW, rows)}
    ids = [made[order.channel_id, order.kind.value, order.slot] for order in batch.orders]
    told = list(zip(batch.orders, ids, batch.renewed, strict=True))
    _insert(connection, TOLD.insert(), _told_rows(told))
    _insert(connection, ALERTED.insert(), _alerted_rows(told))
    again = [
        {"to_channel": order.channel_id, "by_digest": number, "told_subject": subject}
        for order, number, renewed in told
        for subject in sorted(renewed)
    ]
    _insert(connection, _TELL_AGAIN, again)
    said = [
        {"to_channel": order.channel_id, "by_digest": number, "withdrawal": withdrawal}
        for order, number, _ in told
        for withdrawal in order.withdrawals
    ]
    _insert(connection, _SAY_WITHDRAWN, said)
    _queue_pages(connection, batch.orders, ids, channels)
    return ids


def _insert(connection: Connection, statement: Any, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(statement, rows)


_Told = Iterable[tuple[DigestOrder, int, frozenset[str]]]


def _told_rows(told: _Told) -> list[dict[str, object]]:
    return [
        {"channel_id": order.channel_id, "digest_id": number, "subject": subject}
        for order, number, renewed in told
        if order.kind is not DigestKind.ALERT
        for subject in dict.fromkeys(order.subjects)
        if subject not in renewed
    ]


def _alerted_rows(told: _Told) -> list[dict[str, object]]:
    return [
        {
            "channel_id": order.channel_id,
            "digest_id": number,
            "subject": subject,
            "at": order.built_at,
        }
        for order, number, _ in told
        if order.kind is DigestKind.ALERT
        for subject in dict.fromkeys(order.subjects)
    ]


def _queue_pages(
    connection: Connection,
    orders: Sequence[DigestOrder],
    ids: Sequence[int],
    channels: Mapping[int, Any],
) -> None:
    contents = iter(content_ids(connection, [page for order in orders for page in order.pages]))
    rows = [
        {
            "channel_id": order.channel_id,
            "digest_id": number,
            "content_id": next(contents),
            "private": channels[order.channel_id].private,
            "page": page,
            "pages": len(order.pages),
            "state": DeliveryState.QUEUED.value,
            "attempts": 0,
        }
        for order, number in zip(orders, ids, strict=True)
        for page in range(1, len(order.pages) + 1)
    ]
    connection.execute(DELIVERY.insert(), rows)
    refresh(connection, [number for number, row in channels.items() if row.private])
