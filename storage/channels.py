"""Channels: who is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import forgetting
from storage.audits import note
from storage.engine import overwrite_deleted
from storage.feeds import as_id
from storage.mapping_telling import channel_of, channel_values, stored_changes
from storage.next_pages import refresh
from storage.receipts import checked_changes, taken
from storage.tables import CHANNEL
from watchers.channel_differences import difference
from watchers.errors import ChannelUnknown
from watchers.telling import AuditRecord, Channel, ChannelSpec


def add(connection: Connection, spec: ChannelSpec, at: datetime, actor: str) -> Channel:
    """A channel to tell. ChannelExists."""
    _refuse_taken(connection, spec.chat, private=spec.private)
    made = CHANNEL.insert().values(channel_values(spec, at)).returning(CHANNEL.c.id)
    number = connection.execute(made).scalar_one()
    if not spec.private:
        note(connection, AuditRecord(at, actor, "channel.add", spec.chat))
    return _by_id(connection, number)


def _refuse_taken(connection: Connection, chat: str, *, private: bool) -> None:
    same = select(CHANNEL.c.private).where(CHANNEL.c.chat == chat)
    if (found := connection.execute(same).first()) is not None:
        raise taken(chat, private=private or found.private)


def all_channels(connection: Connection) -> tuple[Channel, ...]:
    """All channels but the private ones, by id."""
    rows = connection.execute(select(CHANNEL).where(~CHANNEL.c.private).order_by(CHANNEL.c.id))
    return tuple(channel_of(row) for row in rows)


def subscribers(connection: Connection, *, paused: bool | None) -> tuple[Channel, ...]:
    """The private channels, by id; `paused`: only those that are, or are not."""
    found = select(CHANNEL).where(CHANNEL.c.private).order_by(CHANNEL.c.id)
    if paused is not None:
        found = found.where(CHANNEL.c.paused if paused else ~CHANNEL.c.paused)
    return tuple(channel_of(row) for row in connection.execute(found))


def subscriber(connection: Connection, user_id: int) -> Channel | None:
    """The private channel of this user."""
    own = select(CHANNEL).where(CHANNEL.c.chat == str(user_id), CHANNEL.c.private)
    row = connection.execute(own).one_or_none()
    return None if row is None else channel_of(row)


def find(connection: Connection, ref: str) -> Channel:
    """The channel with this chat, or else this id; never a private one. ChannelUnknown."""
    public = select(CHANNEL).where(~CHANNEL.c.private)
    row = connection.execute(public.where(CHANNEL.c.chat == ref)).one_or_none()
    number = as_id(ref)
    if row is None and number is not None:
        row = connection.execute(public.where(CHANNEL.c.id == number)).one_or_none()
    if row is None:
        msg = f"No channel is called {ref[:100]!r}."
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
        _refuse_taken(connection, str(values["chat"]), private=channel.private)
    if values:
        own = update(CHANNEL).where(CHANNEL.c.id == channel_id)
        connection.execute(own.values(stored_changes(values)))
    changed = _by_id(connection, channel_id)
    if channel.private:
        refresh(connection, [channel_id])
    else:
        detail = difference(channel, changed)
        note(connection, AuditRecord(at, actor, "channel.change", channel.chat, detail))
    return changed


def remove(connection: Connection, channel_id: int, at: datetime, actor: str) -> Channel:
    """Forget a channel with all that the ledger has of it. ChannelUnknown."""
    channel = _by_id(connection, channel_id)
    overwrite_deleted(connection)
    forgetting.forget_channel(connection, channel_id)
    if not channel.private:
        note(connection, AuditRecord(at, actor, "channel.remove", channel.chat))
    return channel
