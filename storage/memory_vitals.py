"""Numbers of the `MemoryStore` for those who watch over the service."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from storage.memory_searching import MemorySearching
from storage.memory_state import synchronised
from watchers.telling import DeliveryState
from watchers.urls import host
from watchers.vitals import AUDIENCES, PAGE_STATES, Vitals


class MemoryVitals(MemorySearching):
    """:class:`watchers.vitals.VitalsPort`."""

    @synchronised
    def vitals(self, now: datetime) -> Vitals:
        """See :class:`watchers.vitals.VitalsPort`."""
        watched = [feed for feed in self._feeds.values() if feed.id not in self._removed]
        resting = {name for name, until in self._rests.items() if until > now}
        due = [
            feed.next_due
            for feed in watched
            if not feed.paused and feed.next_due <= now and host(feed.url) not in resting
        ]
        pages: Counter[tuple[str, str]] = Counter()
        waits: dict[str, datetime] = {}
        for _, page in sorted(self._deliveries.items()):
            audience = AUDIENCES[self._channels[page.channel_id].private]
            pages[audience, page.state.value] += 1
            if page.state is DeliveryState.QUEUED and page.queued_at is not None:
                waits.setdefault(audience, page.queued_at)
        told = [
            channel.last_slot or channel.added_at
            for channel in self._channels.values()
            if not (channel.private or channel.paused or channel.is_console)
        ]
        articles = self._articles.values()
        return Vitals(
            feeds=len(watched),
            due=len(due),
            due_since=min(due, default=None),
            pages={(who, state): pages[who, state] for who in AUDIENCES for state in PAGE_STATES},
            queued_since=waits,
            unsettled=sum(not one.settled for one in articles) + sum(a.resettle for a in articles),
            unindexed=self.to_index(),
            notices=sum(notice.told_at is None for notice in self._notices.values()),
            digest_behind=min(told, default=None),
            size=0,
        )
