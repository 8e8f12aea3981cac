"""Feeds and polls of the `MemoryStore`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from storage.addressing import Target
from storage.first_published import earliest
from storage.memory_ledger import MemoryLedger
from storage.memory_revising import MemoryRevising
from storage.memory_state import MemoryArticle, MemoryEntry, synchronised
from storage.notices import Telling, moved, notices_of, same_feed
from storage.planning import (
    CLOCK_SLACK,
    FIRST_INTERVAL,
    LISTED_LATELY,
    LONGEST_WAIT,
    SEEN_AGAIN,
    Head,
    Known,
    KnownEntry,
    PollPlan,
    already_watched,
    feed_changes,
    following_move,
    is_baseline,
    is_time_to_mark,
    may_move,
    plan_poll,
    saved_of,
)
from storage.revised import LISTED_AGAIN, beyond_title
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import (
    Feed,
    FeedSpec,
    Item,
    PollResult,
    PollSaved,
    Remembered,
)
from watchers.rechecks import first_check
from watchers.urls import host


class MemoryWatching(MemoryRevising, MemoryLedger):
    """:class:`watchers.ports.FeedPort`."""

    # ------------------------------------------------------------ feeds

    @synchronised
    def add_feed(self, spec: FeedSpec, *, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        added = self.add_feeds([spec], at=at, actor=actor)
        feed = self.feed(spec.url)
        if not added:
            raise FeedExists(already_watched(spec.url, feed))
        return feed

    @synchronised
    def add_feeds(self, specs: Sequence[FeedSpec], *, at: datetime, actor: str) -> int:
        """See :class:`watchers.ports.FeedPort`."""
        watched = {feed.url for feed in self.feeds()}
        watched.update(url for former in self._former.values() for url in former)
        added = 0
        for spec in specs:
            if spec.url in watched:
                continue
            watched.add(spec.url)
            number = next(self._feed_ids)
            self._feeds[number] = Feed(
                id=number,
                url=spec.url,
                name=spec.name,
                site=spec.site,
                language=spec.language,
                kind=spec.kind,
                paused=False,
                added_at=at,
                next_due=at,
                interval=FIRST_INTERVAL,
            )
            self._note(at, actor, "feed.add", spec.url)
            added += 1
        return added

    @synchronised
    def feeds(self) -> tuple[Feed, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        return tuple(feed for feed in self._feeds.values() if feed.id not in self._removed)

    @synchronised
    def feed(self, ref: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        for feed in self.feeds():
            if (feed.id == int(ref)) if ref.isdecimal() else (feed.url == ref):
                return feed
        former = [(urls[ref], -number) for number, urls in self._former.items() if ref in urls]
        if former:
            return self._feeds[-max(former)[1]]
        msg = f"No feed has the number or address {ref[:200]!r}."
        raise FeedUnknown(msg)

    @synchronised
    def former_addresses(self, feed_id: int) -> tuple[str, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        former = self._former.get(feed_id, {})
        return tuple(sorted(former, key=lambda url: (former[url], url)))

    @synchronised
    def due_feeds(
        self, now: datetime, limit: int, *, per_host: int | None = None
    ) -> tuple[Feed, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        resting = {name for name, until in self._rests.items() if until > now}
        due = [
            feed
            for feed in self.feeds()
            if not feed.paused and feed.next_due <= now and host(feed.url) not in resting
        ]
        due.sort(key=lambda feed: (feed.next_due, feed.id))
        if per_host is None:
            return tuple(due[:limit])
        places: Counter[str] = Counter()
        placed: list[tuple[int, Feed]] = []
        for feed in due:
            places[host(feed.url)] += 1
            placed.append((places[host(feed.url)], feed))
        placed.sort(key=lambda one: one[0])  # stable: longest overdue first within a place
        return tuple(feed for place, feed in placed if place <= per_host)[:limit]

    @synchronised
    def heal_clock(self, now: datetime) -> int:
        """See :class:`watchers.ports.FeedPort`."""
        latest = now + LONGEST_WAIT
        put_off = [
            feed
            for feed in self.feeds()
            if feed.next_due > now
            and ((feed.last_polled or feed.added_at) > now + CLOCK_SLACK or feed.next_due > latest)
        ]
        for feed in put_off:
            self._feeds[feed.id] = replace(feed, next_due=now)
        self._rests = {name: until for name, until in self._rests.items() if until <= latest}
        return len(put_off)

    @synchronised
    def pause_feed(self, feed_id: int, *, paused: bool, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        feed = self.feed(str(feed_id))
        feed = replace(feed, paused=paused, next_due=feed.next_due if paused else at)
        self._feeds[feed_id] = feed
        self._note(at, actor, "feed.pause" if paused else "feed.resume", feed.url)
        return feed

    @synchronised
    def remove_feed(self, feed_id: int, *, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        feed = self.feed(str(feed_id))
        self._removed.add(feed_id)
        self._listings.pop(feed_id, None)
        self._former.pop(feed_id, None)
        self._note(at, actor, "feed.remove", feed.url)
        return feed

    # ------------------------------------------------------------ polls

    @synchronised
    def remembered(self, feed_id: int) -> Remembered:
        """See :class:`watchers.ports.FeedPort`."""
        own = {guid: entry for (feed, guid), entry in self._entries.items() if feed == feed_id}
        latest = max((entry.last_seen for entry in own.values()), default=None)
        listing = self._listings.get(feed_id, b"")
        if latest is None:
            return Remembered({}, listing=listing)
        oldest = latest - LISTED_LATELY
        listed = {guid: entry for guid, entry in own.items() if entry.last_seen >= oldest}
        articles = (self._articles[entry.article_id] for entry in listed.values())
        urls = frozenset(article.url_key for article in articles)
        entries = {guid: entry.content_key for guid, entry in listed.items()}
        return Remembered(entries, urls, listing)

    @synchronised
    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        return tuple(self.save_poll(result) for result in results)

    @synchronised
    def save_poll(self, result: PollResult) -> PollSaved:
        """See :class:`watchers.ports.FeedPort`."""
        feed = self._feeds.get(result.feed_id)
        if feed is None or feed.id in self._removed:
            return PollSaved(result.feed_id)
        plan = plan_poll(feed, result, self._known(result))
        ids = {item.article.url_key: self._store(feed, item, result.at) for item in plan.new}
        self._store_entries(plan, ids, result)
        for one in plan.addresses:
            target = one.target
            article = self._articles[ids[target] if isinstance(target, bytes) else target]
            article.addresses.add(one.url)
            self._by_address.setdefault(one.key, article.id)
        for item, target in plan.entries:
            article = self._articles[ids[target] if isinstance(target, bytes) else target]
            article.first_published = earliest(article.first_published, item.article.published)
        updated = sum(self._change(one, result.at) for one in plan.changed)
        for head in plan.back:
            self._bring_back(self._articles[head.id], result.at, LISTED_AGAIN)
        self._vanish(feed, result)
        saved = saved_of((feed, result), plan.new, copies=plan.copies, updated=updated)
        self._store_state(feed, result)
        self._add_to_ledger(result, saved.new)
        return saved

    def _known(self, result: PollResult) -> Known:
        entries, keys, heads = {}, {}, {}
        for item in result.items:
            entry = self._entries.get((result.feed_id, item.article.guid_key))
            if entry is not None:
                known = KnownEntry(entry.article_id, entry.content_key)
                entries[item.article.guid_key] = known
                heads[entry.article_id] = self._head(entry.article_id)
            for key in item.article.keys:
                number = self._by_url.get(key) or self._by_address.get(key)
                if number is not None:
                    keys[key] = number
                    heads[number] = self._head(number)
        feeds = {self._articles[number].feed_id for number in heads} & self._feeds.keys()
        hosts = {number: host(self._feeds[number].url) for number in feeds}
        return Known(entries, keys, heads, hosts)

    def _head(self, number: int) -> Head:
        kept = self._articles[number]
        close = kept.tells or kept.item.verdict.suspicious
        relevant, full = kept.item.verdict.relevant, kept.item.article.is_full
        of_it = (relevant, close, kept.settled, full, kept.gone_at)
        return Head(
            kept.id, kept.feed_id, kept.url, *of_it, kept.text_kept, beyond_title(kept.item)
        )

    def _store(self, feed: Feed, item: Item, at: datetime) -> int:
        number = next(self._article_ids)
        article = item.article
        self._articles[number] = MemoryArticle(
            id=number,
            feed_id=feed.id,
            item=item,
            url=article.url,
            url_key=article.url_key,
            canonical_url=article.canonical_url,
            published=article.published,
            first_published=article.published,
            first_seen=at,
            baseline=is_baseline(item, feed, at),
            check_at=first_check(item, at, baseline=is_baseline(item, feed, at)),
        )
        self._by_url[article.url_key] = number
        return number

    def _store_entries(self, plan: PollPlan, ids: Mapping[bytes, int], result: PollResult) -> None:
        def number(target: Target) -> int:
            return ids[target] if isinstance(target, bytes) else target

        own = result.feed_id
        for item, target in plan.entries:
            entry = MemoryEntry(number(target), item.article.content_key, result.at)
            self._entries[own, item.article.guid_key] = entry
        for item in plan.reread:
            self._entries[own, item.article.guid_key].content_key = item.article.content_key
            self._entries[own, item.article.guid_key].last_seen = result.at
        if not is_time_to_mark(self._marked.get(own), result):
            return
        self._marked[own] = result.at
        for guid in {*result.seen, *(item.article.guid_key for item in result.items)}:
            seen = self._entries.get((own, guid))
            if seen is not None and seen.last_seen <= result.at - SEEN_AGAIN:
                seen.last_seen = result.at

    def _store_state(self, feed: Feed, result: PollResult) -> None:
        self._feeds[feed.id] = replace(feed, **feed_changes(feed, result))  # type: ignore[arg-type]
        if result.listing is not None:
            self._listings[feed.id] = result.listing
        tellings = notices_of(feed, result)
        to = following_move(feed, result)
        if to is not None and may_move(self._former.get(feed.id, {}).values(), result.at):
            tellings.append(self._move(feed, to, result.at))
        for telling in sorted(tellings, key=lambda telling: telling.key):
            self._tell(telling, result.at)
        if result.resting is not None:
            self.rest_host(*result.resting)

    def _move(self, feed: Feed, to: str, at: datetime) -> Telling:
        for other in self.feeds():
            if other.url == to:
                return same_feed(feed, other.id, other.name, to)
        self._feeds[feed.id] = replace(self._feeds[feed.id], url=to)
        former = self._former.setdefault(feed.id, {})
        former[feed.url] = at
        former.pop(to, None)
        self._note(at, "system", "feed.move", feed.url, to)
        return moved(feed, to)
