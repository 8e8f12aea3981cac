"""Channels, subscribers, admins and the audit log of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from storage.memory_state import MemoryState, MemoryTold, synchronised
from storage.receipts import checked_changes, taken
from watchers.channel_differences import difference
from watchers.errors import ChannelUnknown
from watchers.keeping import PART
from watchers.owners import OWNER, granted, refuse_last_owner
from watchers.telling import Admin, AuditRecord, Channel, ChannelSpec, DeliveryState


class MemoryChannels(MemoryState):
    """:class:`watchers.ports.ChannelPort`, and what is forgotten of private chats."""

    # ------------------------------------------------------------ channels

    @synchronised
    def add_channel(self, spec: ChannelSpec, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        self._refuse_taken(spec.chat, private=spec.private)
        number = next(self._channel_ids)
        channel = Channel(
            number, spec.chat, spec.timezone, spec.schedule, spec.language, at,
            weekdays=tuple(sorted(spec.weekdays)), scope=spec.scope, private=spec.private,
        )  # fmt: skip
        self._channels[number] = channel
        self._note_public(channel, at, actor, "channel.add")
        return channel

    def _refuse_taken(self, chat: str, *, private: bool) -> None:
        for channel in self._channels.values():
            if channel.chat == chat:
                raise taken(chat, private=private or channel.private)

    def _note_public(
        self, channel: Channel, at: datetime, actor: str, action: str, detail: str = ""
    ) -> None:
        """Nothing is noted of a private one."""
        if not channel.private:
            self._note(at, actor, action, channel.chat, detail)

    @synchronised
    def channels(self) -> tuple[Channel, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(c for c in self._channels.values() if not c.private)

    @synchronised
    def subscribers(self, *, paused: bool | None = None) -> tuple[Channel, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        found = (c for c in self._channels.values() if c.private)
        return tuple(c for c in found if paused is None or c.paused is paused)

    @synchronised
    def subscriber(self, user_id: int) -> Channel | None:
        """See :class:`watchers.ports.ChannelPort`."""
        own = (c for c in self._channels.values() if c.private and c.chat == str(user_id))
        return next(own, None)

    @synchronised
    def channel(self, ref: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        public = {channel.id: channel for channel in self.channels()}
        for channel in public.values():
            if channel.chat == ref:
                return channel
        if ref.isdecimal() and int(ref) in public:
            return public[int(ref)]
        msg = f"No channel is called {ref[:100]!r}."
        raise ChannelUnknown(msg)

    def _channel(self, channel_id: int) -> Channel:
        if channel_id not in self._channels:
            msg = f"No channel has the number {channel_id}."
            raise ChannelUnknown(msg)
        return self._channels[channel_id]

    @synchronised
    def change_channel(
        self, channel_id: int, changes: Mapping[str, object], *, at: datetime, actor: str
    ) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        channel = self._channel(channel_id)
        values = checked_changes(changes)
        if values.get("chat", channel.chat) != channel.chat:
            self._refuse_taken(str(values["chat"]), private=channel.private)
        changed = replace(channel, **values)  # type: ignore[arg-type]
        self._channels[channel_id] = changed
        self._note_public(channel, at, actor, "channel.change", difference(channel, changed))
        return changed

    @synchronised
    def remove_channel(self, channel_id: int, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        channel = self._channel(channel_id)
        del self._channels[channel_id]
        digests = {key for key, place in self._digests.items() if place[0] == channel_id}
        self._forget_digests(digests)
        self._told = {key: told for key, told in self._told.items() if key[0] != channel_id}
        self._forget_taken(channel_id)
        self._note_public(channel, at, actor, "channel.remove")
        return channel

    def _forget_digests(self, digests: set[int]) -> None:
        """With their pages, and what they told."""
        gone = {k for k, delivery in self._deliveries.items() if delivery.digest_id in digests}
        self._deliveries = {k: d for k, d in self._deliveries.items() if k not in gone}
        self._corrections = {
            k: one for k, one in self._corrections.items() if one.delivery_id not in gone
        }
        self._alerted = {k: one for k, one in self._alerted.items() if one[0] not in digests}
        for key in digests:
            self._slots.discard(self._digests.pop(key))
            del self._built[key]
        for place, told in list(self._told.items()):
            if told.digest in digests:
                self._forget_told(place, told, digests)

    def _forget_told(self, place: tuple[int, str], told: MemoryTold, digests: set[int]) -> None:
        """What was told once more, by a digest that stays, is as told as before."""
        if told.again is None or told.again in digests:
            del self._told[place]
        else:
            self._told[place] = replace(told, digest=told.again, built_at=self._built[told.again])

    @synchronised
    def forget_private(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        sending = {
            delivery.digest_id
            for delivery in self._deliveries.values()
            if delivery.state is DeliveryState.SENDING
        }
        old = sorted(
            (built_at, key)
            for key, built_at in self._built.items()
            if built_at < before and key not in sending
            if self._channels[self._digests[key][0]].private
        )
        self._forget_digests({key for _, key in old[:limit]})
        return len(old[:limit])

    # ------------------------------------------------------------ admins

    @synchronised
    def admins(self) -> tuple[Admin, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(sorted(self._admins.values(), key=lambda admin: admin.user_id))

    @synchronised
    def grant(self, user_id: int, role: str, *, at: datetime, actor: str) -> Admin:
        """See :class:`watchers.ports.ChannelPort`."""
        before = self._admins.get(user_id)
        if role != OWNER:
            refuse_last_owner(self._owners(), user_id)
        self._admins[user_id] = Admin(user_id, role, before.added_at if before else at)
        detail = granted(before.role if before else "", role)
        self._note(at, actor, "admin.grant", str(user_id), detail)
        return self._admins[user_id]

    @synchronised
    def revoke(self, user_id: int, *, at: datetime, actor: str) -> bool:
        """See :class:`watchers.ports.ChannelPort`."""
        refuse_last_owner(self._owners(), user_id)
        gone = self._admins.pop(user_id, None)
        if gone is None:
            return False
        self._note(at, actor, "admin.revoke", str(user_id), gone.role)
        return True

    def _owners(self) -> list[int]:
        return [admin.user_id for admin in self._admins.values() if admin.role == OWNER]

    @synchronised
    def audit(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(reversed(self._audit))[:limit]

    @synchronised
    def note(self, record: AuditRecord) -> None:
        """See :class:`watchers.ports.ChannelPort`."""
        self._audit.append(record)
