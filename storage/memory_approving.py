"""Approvals, mutes and reading for readers, in the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from storage.approving import (
    HELD,
    OPEN,
    SHOWN,
    asked,
    choice_record,
    closed,
    closing_record,
    extended,
    refuse_closed,
    unknown,
)
from storage.browsing import MOST, MOST_READ, MOST_TEXT, Wanted
from storage.mapping import storable
from storage.memory_correcting import MemoryCorrecting
from storage.memory_state import MemoryTold, synchronised
from storage.memory_telling import MemoryTelling
from storage.memory_watching import MemoryWatching
from watchers.approving import Approval
from watchers.muting import Mutes
from watchers.telling import (
    Tellable,
)


class MemoryApproving(MemoryCorrecting, MemoryTelling):
    """:class:`watchers.approving.ApprovalPort`."""

    @synchronised
    def ask_approval(
        self, channel_id: int, slot: datetime, subjects: Sequence[str], *, at: datetime
    ) -> Approval | None:
        """See :class:`watchers.approving.ApprovalPort`. ChannelUnknown."""
        self._refuse_held()
        channel = self._channel(channel_id)
        own = [one for one in self._approvals.values() if one.channel_id == channel_id]
        if asked(channel.last_slot, slot) or any(one.slot == slot for one in own):
            return None
        self._channels[channel_id] = replace(channel, last_slot=slot)
        names = [storable(subject) for subject in subjects]
        if not names:
            return None
        waiting = next((one for one in own if one.state == OPEN), None)
        if waiting is not None:
            chosen = extended(waiting.chosen, names)
            return self._keep_approval(replace(waiting, slot=slot, at=at, chosen=chosen))
        number = next(self._approval_ids)
        return self._keep_approval(
            Approval(number, channel_id, slot, at, OPEN, extended({}, names))
        )

    def _keep_approval(self, approval: Approval) -> Approval:
        self._approvals[approval.id] = approval
        return approval

    @synchronised
    def approvals(self, *, open_only: bool = True) -> tuple[Approval, ...]:
        """See :class:`watchers.approving.ApprovalPort`."""
        newest = sorted(self._approvals.values(), key=lambda one: -one.id)
        return tuple(one for one in newest if one.state == OPEN or not open_only)[:SHOWN]

    @synchronised
    def approval(self, approval_id: int) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        if approval_id not in self._approvals:
            raise unknown(approval_id)
        return self._approvals[approval_id]

    def _open_approval(self, approval_id: int) -> tuple[Approval, str]:
        approval = self.approval(approval_id)
        refuse_closed(approval)
        channel = self._channels[approval.channel_id]
        return approval, f"channel {channel.id}" if channel.private else channel.chat

    @synchronised
    def choose(
        self, approval_id: int, subjects: Sequence[str], *, keep: bool, at: datetime, actor: str
    ) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        approval, chat = self._open_approval(approval_id)
        known = [name for name in map(storable, subjects) if name in approval.chosen]
        if not known:
            return approval
        self._audit.append(choice_record(chat, known, at, actor, keep=keep))
        chosen = {**approval.chosen, **dict.fromkeys(known, keep)}
        return self._keep_approval(replace(approval, chosen=chosen))

    @synchronised
    def close_approval(
        self, approval_id: int, *, posted: bool, at: datetime, actor: str
    ) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        approval, chat = self._open_approval(approval_id)
        state, held = closed(approval, posted=posted)
        if held:
            self._count_as_told(approval.channel_id, approval.slot, held, at)
        self._audit.append(closing_record(chat, approval, held, at, actor, posted=posted))
        return self._keep_approval(replace(approval, state=state))

    def _count_as_told(
        self, channel_id: int, slot: datetime, held: Sequence[str], at: datetime
    ) -> None:
        digest_id = next(self._digest_ids)
        self._built[digest_id] = at
        self._digests[digest_id] = (channel_id, HELD, slot)
        self._slots.add(self._digests[digest_id])
        for subject in sorted(self._followed(held)):
            key = channel_id, subject
            told = self._told.get(key, MemoryTold(digest_id, at))
            again = digest_id if told.again is None else told.again
            self._told[key] = replace(told, again=again)


class MemoryMuting(MemoryCorrecting, MemoryWatching):
    """:class:`watchers.muting.MutePort`."""

    @synchronised
    def mutes(self) -> Mutes:
        """See :class:`watchers.muting.MutePort`."""
        feeds = frozenset(int(ref) for kind, ref in self._muted if kind == "feed")
        return Mutes(frozenset(self._muted_subjects()), feeds)

    @synchronised
    def mute_subject(self, subject: str, *, muted: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.muting.MutePort`."""
        subject = storable(subject)
        names = {subject} if muted else set(self._merged_names([subject]))
        changed = self._set_muted("subject", names, muted=muted)
        if changed:
            self._note(at, actor, "story.mute" if muted else "story.unmute", subject)
        return changed

    @synchronised
    def mute_feed(self, feed_id: int, *, muted: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.muting.MutePort`."""
        feed = self.feed(str(feed_id))
        changed = self._set_muted("feed", {str(feed.id)}, muted=muted)
        if changed:
            self._note(at, actor, "feed.mute" if muted else "feed.unmute", feed.url)
        return changed

    def _set_muted(self, kind: str, refs: set[str], *, muted: bool) -> bool:
        before = len(self._muted)
        named = {(kind, ref) for ref in refs}
        self._muted = self._muted | named if muted else self._muted - named
        return len(self._muted) != before


class MemoryBrowsing(MemoryTelling):
    """:class:`watchers.browsing.BrowsePort`."""

    @synchronised
    def latest(
        self,
        limit: int,
        *,
        officials: Sequence[str] = (),
        languages: Sequence[str] = (),
        relevant: bool | None = True,
        since: datetime | None = None,
    ) -> tuple[Tellable, ...]:
        """See :class:`watchers.browsing.BrowsePort`."""
        wanted = Wanted(frozenset(officials), frozenset(languages), relevant)
        telling = [
            kept
            for kept in self._articles.values()
            if kept.tells and kept.settled and not kept.baseline
            if since is None or kept.first_seen >= since
        ]
        telling.sort(key=lambda kept: (kept.first_seen, kept.id), reverse=True)
        found = (self._tellable(kept) for kept in telling[:MOST_READ])
        chosen = [a for a in found if wanted.takes(a.officials, a.language, relevant=a.relevant)]
        return tuple(chosen[: max(0, min(limit, MOST))])

    @synchronised
    def texts(self, article_ids: Sequence[int]) -> dict[int, str]:
        """See :class:`watchers.browsing.BrowsePort`."""
        known = self._articles.keys() & set(article_ids)
        return {number: self._articles[number].item.article.text[:MOST_TEXT] for number in known}
