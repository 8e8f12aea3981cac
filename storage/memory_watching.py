"""Feeds, polls and grouping of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from storage.memory_state import MemoryArticle, MemoryEntry, MemoryState, synchronised
from storage.planning import (
    COPY_WINDOW,
    FIRST_INTERVAL,
    LISTED_LATELY,
    MOST_COPIES,
    MOST_STORIES,
    SEEN_AGAIN,
    Head,
    Known,
    KnownEntry,
    PollPlan,
    Target,
    changed_fields,
    feed_changes,
    is_baseline,
    plan_poll,
    resolve_groupings,
    stays_settled,
)
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import Feed, FeedSpec, Grouped, Grouping, Item, PollResult, PollSaved


class MemoryWatching(MemoryState):
    """:class:`watchers.ports.FeedPort` and :class:`watchers.ports.GroupPort`."""

    # ------------------------------------------------------------ feeds

    @synchronised
    def add_feed(self, spec: FeedSpec, *, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        if not self.add_feeds([spec], at=at, actor=actor):
            msg = f"{spec.url} is watched already."
            raise FeedExists(msg)
        return self.feed(spec.url)

    @synchronised
    def add_feeds(self, specs: Sequence[FeedSpec], *, at: datetime, actor: str) -> int:
        """See :class:`watchers.ports.FeedPort`."""
        watched = {feed.url for feed in self.feeds()}
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
        msg = f"No feed has the number or address {ref!r}."
        raise FeedUnknown(msg)

    @synchronised
    def due_feeds(self, now: datetime, limit: int) -> tuple[Feed, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        due = [feed for feed in self.feeds() if not feed.paused and feed.next_due <= now]
        return tuple(sorted(due, key=lambda feed: (feed.next_due, feed.id))[:limit])

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
        self._note(at, actor, "feed.remove", feed.url)
        return feed

    # ------------------------------------------------------------ polls

    @synchronised
    def entry_keys(self, feed_id: int) -> Mapping[bytes, bytes]:
        """See :class:`watchers.ports.FeedPort`."""
        own = {guid: entry for (feed, guid), entry in self._entries.items() if feed == feed_id}
        latest = max((entry.last_seen for entry in own.values()), default=None)
        if latest is None:
            return {}
        oldest = latest - LISTED_LATELY
        return {guid: e.content_key for guid, e in own.items() if e.last_seen >= oldest}

    @synchronised
    def save_poll(self, result: PollResult) -> PollSaved:
        """See :class:`watchers.ports.FeedPort`."""
        feed = self._feeds.get(result.feed_id)
        if feed is None or feed.id in self._removed:
            return PollSaved(result.feed_id)
        plan = plan_poll(result, self._known(result))
        ids = {item.article.url_key: self._store(feed, item, result.at) for item in plan.new}
        self._store_entries(plan, ids, result)
        for target, item in plan.addresses:
            article = self._articles[ids[target] if isinstance(target, bytes) else target]
            article.addresses.add(item.article.url)
            self._by_address.setdefault(item.article.url_key, article.id)
        updated = sum(self._change(head, item, result.at) for head, item in plan.changed)
        self._store_state(feed, result)
        new = [self._articles[number] for number in ids.values()]
        relevant = sum(article.item.verdict.relevant for article in new)
        return PollSaved(
            feed_id=feed.id,
            new=len(new),
            copies=plan.copies,
            updated=updated,
            relevant=relevant,
            named=sum(article.tells for article in new) - relevant,
            baseline=sum(article.baseline for article in new),
        )

    def _known(self, result: PollResult) -> Known:
        entries, keys, heads = {}, {}, {}
        for item in result.items:
            entry = self._entries.get((result.feed_id, item.article.guid_key))
            if entry is not None:
                known = KnownEntry(entry.article_id, entry.content_key)
                entries[item.article.guid_key] = known
                heads[entry.article_id] = self._head(entry.article_id)
            key = item.article.url_key
            number = self._by_url.get(key) or self._by_address.get(key)
            if number is not None:
                keys[key] = number
                heads[number] = self._head(number)
        return Known(entries, keys, heads)

    def _head(self, number: int) -> Head:
        kept = self._articles[number]
        close = kept.tells or kept.item.verdict.suspicious
        relevant = kept.item.verdict.relevant
        return Head(kept.id, kept.feed_id, kept.url, relevant, close, kept.settled)

    def _store(self, feed: Feed, item: Item, at: datetime) -> int:
        number = next(self._article_ids)
        article = item.article
        self._articles[number] = MemoryArticle(
            id=number,
            feed_id=feed.id,
            item=item,
            url=article.url,
            canonical_url=article.canonical_url,
            published=article.published,
            first_published=article.published,
            first_seen=at,
            baseline=is_baseline(item, feed, at),
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
        for guid in {*result.seen, *(item.article.guid_key for item in result.items)}:
            seen = self._entries.get((own, guid))
            if seen is not None and seen.last_seen <= result.at - SEEN_AGAIN:
                seen.last_seen = result.at

    def _change(self, head: Head, item: Item, at: datetime) -> bool:
        kept = self._articles[head.id]
        old = (kept.item.article.title, kept.item.article.text)
        fields = changed_fields(old, (item.article.title, item.article.text))
        if not fields:
            return False
        kept.settled = stays_settled(head, item)
        kept.item = item
        kept.published = item.article.published or kept.published
        kept.first_published = kept.first_published or item.article.published
        kept.updates.append({"at": at, "fields": fields})
        return True

    def _store_state(self, feed: Feed, result: PollResult) -> None:
        changes = feed_changes(feed, result, self._failing_since.get(feed.id))
        failing: datetime | None = changes.pop("failing_since")  # type: ignore[assignment]
        self._failing_since[feed.id] = failing
        kept = replace(feed, **changes)  # type: ignore[arg-type]
        moved = result.moved_to
        if moved and moved not in {other.url for other in self.feeds()}:
            self._note(result.at, "system", "feed.move", feed.url, moved)
            kept = replace(kept, url=moved)
        self._feeds[feed.id] = kept

    # ------------------------------------------------------------ grouping

    @synchronised
    def unsettled(self, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.ports.GroupPort`."""
        found = [kept.grouped for kept in self._articles.values() if not kept.settled]
        found.sort(key=lambda article: (article.time, article.canonical_url.encode()))
        return tuple(found[:limit])

    @synchronised
    def copy_candidates(self, article: Grouped) -> tuple[Grouped, ...]:
        """See :class:`watchers.ports.GroupPort`; the nearest in time."""
        settled = [
            k
            for k in self._articles.values()
            if k.settled
            and k.id != article.id
            and abs(k.grouped.time - article.time) <= COPY_WINDOW
        ]
        key, bands = article.fingerprint.text_key, set(article.fingerprint.bands)
        found = [
            k.grouped
            for k in settled
            if k.item.fingerprint.text_key == key or bands.intersection(k.item.fingerprint.bands)
        ]
        found.sort(key=lambda other: (abs(other.time - article.time), other.id))
        return tuple(sorted(found[:MOST_COPIES], key=lambda other: other.id))

    @synchronised
    def story_candidates(
        self, article: Grouped, since: datetime, until: datetime
    ) -> tuple[Grouped, ...]:
        """See :class:`watchers.ports.GroupPort`."""
        found = [
            kept.grouped
            for kept in self._articles.values()
            if kept.settled
            and kept.item.verdict.relevant
            and kept.duplicate_of is None
            and kept.id != article.id
        ]
        found = [other for other in found if since <= other.time <= until]
        found.sort(key=lambda other: (abs(other.time - article.time), other.id))
        return tuple(sorted(found[:MOST_STORIES], key=lambda other: other.id))

    @synchronised
    def save_groupings(self, groupings: Sequence[Grouping]) -> None:
        """See :class:`watchers.ports.GroupPort`."""
        known = [grouping for grouping in groupings if grouping.article_id in self._articles]
        firsts = {kept.id: kept.duplicate_of for kept in self._articles.values()}
        copied = {first for first in firsts.values() if first is not None}
        for grouping in resolve_groupings(known, firsts, copied):
            kept = self._articles[grouping.article_id]
            kept.settled = True
            kept.duplicate_of = grouping.duplicate_of
            kept.story = grouping.story or kept.story
            if grouping.story is not None:
                self._stories.add(grouping.story)
