"""Channels: who is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from storage.audits import note
from storage.feeds import as_id
from storage.mapping import channel_of, channel_values, dump
from storage.receipts import checked_changes
from storage.tables import CHANNEL, DELIVERY, DIGEST, TOLD
from watchers.errors import ChannelExists, ChannelUnknown
from watchers.telling import AuditRecord, Channel, ChannelSpec


def add(connection: Connection, spec: ChannelSpec, at: datetime, actor: str) -> Channel:
    """A channel to tell. ChannelExists."""
    _refuse_taken(connection, spec.chat)
    connection.execute(CHANNEL.insert(), channel_values(spec, at))
    note(connection, AuditRecord(at, actor, "channel.add", spec.chat))
    return find(connection, spec.chat)


def _refuse_taken(connection: Connection, chat: str) -> None:
    if connection.execute(select(CHANNEL.c.id).where(CHANNEL.c.chat == chat)).first():
        msg = f"{chat} is a channel already."
        raise ChannelExists(msg)


def all_channels(connection: Connection) -> tuple[Channel, ...]:
    """All channels, by id."""
    rows = connection.execute(select(CHANNEL).order_by(CHANNEL.c.id))
    return tuple(channel_of(row) for row in rows)


def find(connection: Connection, ref: str) -> Channel:
    """The channel with this chat, or else this id. ChannelUnknown."""
    row = connection.execute(select(CHANNEL).where(CHANNEL.c.chat == ref)).one_or_none()
    number = as_id(ref)
    if row is None and number is not None:
        row = connection.execute(select(CHANNEL).where(CHANNEL.c.id == number)).one_or_none()
    if row is None:
        msg = f"No channel is called {ref!r}."
        raise ChannelUnknown(msg)
    return channel_of(row)


def _by_id(connection: Connection, channel_id: int) -> Channel:
    row = connection.execute(
        select(CHANNEL).where(CHANNEL.c.id == channel_id).with_for_update()
    ).one_or_none()
    if row is None:
        msg = f"No channel has the number {channel_id}."
        raise ChannelUnknown(msg)
    return channel_of(row)


def change(
    connection: Connection,
    channel_id: int,
    changes: Mapping[str, object],
    at: datetime,
    actor: str,
) -> Channel:
    """Replace some of CHANGEABLE. ChannelUnknown, ChannelExists."""
    channel = _by_id(connection, channel_id)
    values = checked_changes(changes)
    if values.get("chat", channel.chat) != channel.chat:
        _refuse_taken(connection, str(values["chat"]))
    if values:
        if isinstance(schedule := values.get("schedule"), tuple):
            values["schedule"] = dump(schedule)
        connection.execute(update(CHANNEL).where(CHANNEL.c.id == channel_id).values(values))
    detail = ", ".join(sorted(changes))
    note(connection, AuditRecord(at, actor, "channel.change", channel.chat, detail))
    return _by_id(connection, channel_id)


def remove(connection: Connection, channel_id: int, at: datetime, actor: str) -> Channel:
    """Forget a channel with its digests, deliveries and what it was told. ChannelUnknown."""
    channel = _by_id(connection, channel_id)
    for table in (DELIVERY, TOLD, DIGEST):
        connection.execute(delete(table).where(table.c.channel_id == channel_id))
    connection.execute(delete(CHANNEL).where(CHANNEL.c.id == channel_id))
    note(connection, AuditRecord(at, actor, "channel.remove", channel.chat))
    return channel
