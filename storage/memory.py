"""`MemoryStore`: the same ports in plain dictionaries, for tests and trials; nothing is kept.

The rules are those of the SQL store (most of them the same pure functions of `planning` and
`receipts`); only the keeping differs. One lock makes each method a transaction.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from storage.first_published import earliest
from storage.locks import Lock
from storage.memory_approving import MemoryBrowsing, MemoryMuting
from storage.memory_articles import MemoryArticles
from storage.memory_claiming import MemoryClaiming
from storage.memory_keeping import MemoryKeeping
from storage.memory_knowing import MemoryKnowing
from storage.memory_restoring import MemoryRestoring
from storage.memory_searching import MemorySearching
from storage.memory_state import MemoryArticle, synchronised
from storage.memory_stories import MemoryStories
from storage.memory_subscribing import MemorySubscribing
from storage.memory_vitals import MemoryVitals
from storage.planning import UNREACHABLE_AFTER
from watchers.errors import StoreError
from watchers.telling import Counts, Coverage, DeliveryState, Exported


class MemoryStore(
    MemoryRestoring,
    MemoryMuting,
    MemoryKnowing,
    MemoryKeeping,
    MemoryStories,
    MemoryArticles,
    MemoryBrowsing,
    MemorySubscribing,
    MemoryClaiming,
    MemoryVitals,
    MemorySearching,
):
    """:class:`watchers.ports.Store` without a database; safe to use from several threads."""

    @synchronised
    def coverage(self, now: datetime, since: datetime | None = None) -> Coverage:
        """See :class:`watchers.ports.FeedPort`."""
        feeds = self.feeds()
        active = [feed for feed in feeds if not feed.paused]
        failing = [feed.failing_since for feed in active if feed.failing_since]
        long = [start for start in failing if start <= now - UNREACHABLE_AFTER]
        read = [feed for feed in active if not feed.failing_since and feed.last_success]
        gaps = () if since is None else self.gaps(since)
        return Coverage(len(feeds), len(long), len(feeds) - len(active), len(read), gaps)

    def export(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        official: str | None = None,
        language: str | None = None,
    ) -> Iterator[Exported]:
        """See :class:`watchers.ports.UpkeepPort`."""
        with self._lock:
            dates = self._first_published()
            chosen = [
                self._exported(article, dates)
                for article in sorted(self._articles.values(), key=lambda a: (a.first_seen, a.id))
                if (since is None or article.first_seen >= since)
                and (until is None or article.first_seen < until)
                and (official is None or official in article.item.verdict.officials)
                and (language is None or article.item.article.language == language)
            ]
        yield from chosen

    def _exported(
        self, article: MemoryArticle, dates: Mapping[int, datetime | None] | None = None
    ) -> Exported:
        dates = self._first_published() if dates is None else dates
        given, verdict = article.item.article, article.item.verdict
        first = article.duplicate_of
        feed = self._feeds[article.feed_id]
        return Exported(
            url=article.url,
            canonical_url=article.canonical_url,
            title=given.title,
            published=article.published,
            first_seen=article.first_seen,
            feed=feed.url,
            feed_kind=feed.kind,
            language=given.language,
            relevant=verdict.relevant,
            officials=verdict.officials,
            people=verdict.people,
            topics=verdict.topics,
            story=article.story if verdict.relevant or first or not article.resettle else None,
            duplicate_of=None if first is None else self._articles[first].canonical_url,
            also=tuple(sorted(article.addresses)),
            first_published=dates[first or article.id],
            updates=tuple(article.updates),
            reasons=verdict.matches,
            source=given.source,
            source_url=given.source_url,
            text=given.text,
            watchlist=verdict.watchlist,
        )

    def _first_published(self) -> dict[int, datetime | None]:
        """By the first of the copies: the earliest time of them all."""
        found: dict[int, datetime | None] = {}
        for kept in self._articles.values():
            first = kept.duplicate_of or kept.id
            found[first] = earliest(found.get(first), kept.first_published, kept.published)
        return found

    @synchronised
    def counts(self) -> Counts:
        """See :class:`watchers.ports.UpkeepPort`."""
        public = Counter(d.state for d in self.deliveries(limit=sys.maxsize, private=False))
        private = Counter(d.state for d in self.deliveries(limit=sys.maxsize, private=True))
        articles = self._articles.values()
        return Counts(
            feeds=len(self._feeds) - len(self._removed),
            articles=len(articles),
            relevant=sum(article.item.verdict.relevant for article in articles),
            stories=len(self._stories.keys() - self._merged.keys()),
            queued=public[DeliveryState.QUEUED],
            uncertain=public[DeliveryState.UNCERTAIN],
            failed=public[DeliveryState.FAILED],
            extra={
                "unsettled": sum(not article.settled for article in articles),
                "channels": len(self.channels()),
                "admins": len(self._admins),
                "subscribers": len(self.subscribers(paused=False)),
                "paused_subscribers": len(self.subscribers(paused=True)),
                "private_queued": private[DeliveryState.QUEUED],
                "private_uncertain": private[DeliveryState.UNCERTAIN],
                "private_failed": private[DeliveryState.FAILED],
            },
        )

    @synchronised
    def value(self, name: str) -> str | None:
        """See :class:`watchers.ports.UpkeepPort`."""
        return self._values.get(name)

    @synchronised
    def set_value(self, name: str, value: str) -> None:
        """See :class:`watchers.ports.UpkeepPort`."""
        self._values[name] = value

    @contextmanager
    def lock(self, name: str) -> Iterator[Lock]:
        """See :class:`watchers.ports.UpkeepPort`; between the threads of this process only."""
        with self._lock:
            got = name not in self._held
            self._held.add(name)
        try:
            yield Lock(got)
        finally:
            if got:
                self._held.discard(name)

    def check(self) -> tuple[str, ...]:
        """Find nothing: there is no file, and the rules are kept on the way in."""
        return ()

    def backup(self, target: Path) -> None:
        """Refuse: there is nothing to copy."""
        msg = f"A store in memory cannot be copied to {target}."
        raise StoreError(msg)

    def hurry(self, seconds: float) -> None:
        """Do nothing: nobody waits."""

    def close(self) -> None:
        """Do nothing; what was stored stays readable."""
