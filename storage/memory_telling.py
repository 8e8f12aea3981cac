"""Digests of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from storage.holding import TOLD_UNTIL, told_until
from storage.mapping import host_of, subject_of
from storage.memory_outbox import MemoryOutbox
from storage.memory_state import MemoryArticle, MemoryTold, synchronised
from watchers.telling import (
    Delivery,
    DeliveryState,
    DigestKind,
    DigestOrder,
    Reasoned,
    Tellable,
)


class MemoryTelling(MemoryOutbox):
    """The part of :class:`watchers.ports.TellPort` that looks at articles."""

    # ------------------------------------------------------------ digests

    @synchronised
    def untold(self, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
        """See :class:`watchers.ports.TellPort`."""
        recent = [k for k in self._articles.values() if k.settled and k.first_seen >= since]
        old = told_until(self._values.get(TOLD_UNTIL))
        telling = (k for k in recent if k.tells and not k.baseline and not _is_old(k, old))
        wanted = {_subject(kept) for kept in telling if self._is_untold(channel_id, kept)}
        return tuple(self._tellable(kept) for kept in recent if _subject(kept) in wanted)

    def _is_untold(self, channel_id: int, kept: MemoryArticle) -> bool:
        """Never told; or told once, and its facts changed since."""
        told = self._told.get((channel_id, _subject(kept)))
        if told is None:
            return True
        changed = kept.changed_at is not None and kept.changed_at > told.built_at
        return told.again is None and changed

    def _may_be_told(self, channel_id: int, subject: str) -> bool:
        if (channel_id, subject) not in self._told:
            return True
        articles = (kept for kept in self._articles.values() if _subject(kept) == subject)
        return any(self._is_untold(channel_id, kept) for kept in articles)

    def _tellable(self, kept: MemoryArticle) -> Tellable:
        feed = self._feeds[kept.feed_id]
        return Tellable(
            id=kept.id,
            url=kept.canonical_url,
            title=kept.item.article.title,
            host=host_of(kept.canonical_url),
            feed_name=feed.name,
            feed_kind=feed.kind,
            language=kept.item.article.language,
            published=kept.published,
            first_seen=kept.first_seen,
            relevant=kept.item.verdict.relevant,
            officials=kept.item.verdict.officials,
            score=kept.item.verdict.score,
            duplicate_of=kept.duplicate_of,
            story=kept.story,
            updated=kept.changed_at is not None,
            source=kept.item.article.source,
            source_url=kept.item.article.source_url,
            first_published=kept.first_published,
            has_text=bool(kept.item.article.text),
            feed_id=kept.feed_id,
            topics=kept.item.verdict.topics,
            baseline=kept.baseline,
        )

    @synchronised
    def reasons(self, subject: str, limit: int) -> tuple[Reasoned, ...]:
        """See :class:`watchers.ports.TellPort`."""
        found = [k for k in self._articles.values() if k.settled and _subject(k) == subject]
        return tuple(
            Reasoned(
                self._tellable(kept),
                kept.item.article.text,
                kept.item.verdict.watchlist,
                kept.item.verdict.matches,
            )
            for kept in found[:limit]
        )

    @synchronised
    def queue_digests(self, orders: Sequence[DigestOrder]) -> tuple[int | None, ...]:
        """See :class:`watchers.ports.TellPort`. ChannelUnknown."""
        self._refuse_held()
        if orders and all(order.channel_id not in self._channels for order in orders):
            self._channel(orders[0].channel_id)
        known = (order.channel_id in self._channels for order in orders)
        return tuple(
            self._queue(order) if is_known else None
            for order, is_known in zip(orders, known, strict=True)
        )

    def _may_queue(self, order: DigestOrder) -> bool:
        places = {(order.channel_id, subject) for subject in order.subjects}
        if order.kind is DigestKind.ALERT:
            is_told = not places.isdisjoint((*self._told, *self._alerted))
        else:
            is_told = not all(self._may_be_told(*place) for place in places)
        hidden = self._merged.keys() | self._muted_subjects()
        same = (order.channel_id, order.kind.value, order.slot) in self._slots
        same = same or not self._said.isdisjoint(order.withdrawals)
        return not (is_told or same) and hidden.isdisjoint(order.subjects)

    def _queue(self, order: DigestOrder) -> int | None:
        number = order.channel_id
        channel = self._channel(number)
        if not self._may_queue(order):
            return None
        if order.scheduled and (channel.last_slot is None or channel.last_slot < order.slot):
            self._channels[number] = replace(channel, last_slot=order.slot)
        if not order.pages:
            return None
        digest_id = next(self._digest_ids)
        self._built[digest_id] = order.built_at
        self._digests[digest_id] = (number, order.kind.value, order.slot)
        self._slots.add(self._digests[digest_id])
        for subject in dict.fromkeys(order.subjects):
            self._tell_subject(order, digest_id, subject)
        self._say_withdrawn(order)
        for page_number, page in enumerate(order.pages, 1):
            key = next(self._delivery_ids)
            self._deliveries[key] = Delivery(
                id=key,
                channel_id=number,
                digest_id=digest_id,
                page=page_number,
                pages=len(order.pages),
                content=page,
                state=DeliveryState.QUEUED,
                queued_at=order.built_at,
            )
        return digest_id

    def _tell_subject(self, order: DigestOrder, digest_id: int, subject: str) -> None:
        place = (order.channel_id, subject)
        if order.kind is DigestKind.ALERT:
            self._alerted[place] = (digest_id, order.built_at)
            return
        first = self._told.get(place, MemoryTold(digest_id, order.built_at))
        again = digest_id if place in self._told else None
        self._told[place] = replace(first, again=again)

    @synchronised
    def alerted(self, channel_id: int, since: datetime) -> Mapping[str, datetime]:
        """See :class:`watchers.ports.TellPort`."""
        return {
            subject: at
            for (channel, subject), (_, at) in self._alerted.items()
            if channel == channel_id and at >= since
        }


def _is_old(kept: MemoryArticle, old: tuple[datetime, datetime] | None) -> bool:
    """Whether it is dated before what an admin named after a restore, and was stored later."""
    if old is None or kept.published is None:
        return False
    until, decided = old
    return kept.published <= until and kept.first_seen > decided


def _subject(kept: MemoryArticle) -> str:
    return subject_of(kept.id, kept.duplicate_of, kept.story)
