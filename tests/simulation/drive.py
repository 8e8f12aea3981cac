"""Drives the real policy, watcher and store through a simulated world, faster than time.

Made up: the clock, the network, and (unless documents are asked for) what reading a document
gives. Real: `feed_watcher.Watcher`, `polling`, `outage`, `coverage`, `MemoryStore`.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Any, TypeVar

from storage.memory import MemoryStore
from tests.contract.making import item
from tests.simulation.world import MINUTE, Source, Trouble, World, at
from watchers.feed_watcher import Watcher
from watchers.match import Matcher
from watchers.model import (
    Feed,
    FeedSpec,
    Fetched,
    FetchFailure,
    FetchRequest,
    Item,
    PollResult,
    Remembered,
)
from watchers.outage import Attempt, Outage, Outages, attempt, is_network
from watchers.reader import PageJob, Reading, ReadJob, read

T = TypeVar("T")
HOST_DELAY = 5.0
RETRY_JUDGING = 5.0


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll, with what the program cannot know."""

    began: float
    now: float
    outcome: str
    planned: float  # when the next one was due
    read: float  # when the feed had been read last; before time itself if never
    before: int  # entries that were published by then
    count: int  # and now, if it was read
    lost: int  # entries that came and went in between
    gap: tuple[datetime, datetime] | None


@dataclass(slots=True)
class Diary:
    """All that happened."""

    polls: dict[int, list[Poll]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    outages: list[Outage] = field(default_factory=list)
    blamed: int = 0  # failed polls in our own outage that were laid upon the feed
    excused: int = 0  # failed polls outside of it that were not


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never has to wait."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    raise AssertionError("it waits for something")


@dataclass(slots=True)
class Net:
    """The outside world as a FetchPort."""

    world: World
    body: Callable[[Source, int], bytes]
    now: float = 0.0
    trouble: Trouble | None = None  # of the fetch under way

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        """Answer as the source does at this time."""
        source = self.world.sources[int(request.url.rpartition("/")[2])]
        trouble = self.trouble
        if trouble is not None:
            return FetchFailure(
                trouble.kind, "simulated", trouble.status, trouble.retry_after, request.url
            )
        count = source.count(self.now)
        headers = {"etag": f'"{count}"'} if source.validates else {}
        if source.max_age:
            headers["cache-control"] = f"public, max-age={source.max_age}"
        if request.etag == f'"{count}"':
            return Fetched(request.url, 304, headers)
        return Fetched(request.url, 200, headers, self.body(source, count))


def note(source: Source, count: int) -> bytes:
    """What `Reader` needs of a document."""
    return f"{source.number} {count}".encode()


@dataclass(slots=True)
class Reader:
    """A ReadPort: the reading of a document that needs not be written first."""

    world: World
    known: dict[int, int] = field(default_factory=dict)  # entries published at the last reading

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """List the newest entries; those of the last reading are known."""
        number, count = map(int, job.body.split())
        source = self.world.sources[number]
        first = max(0, count - source.listing)
        known = self.known.get(number, 0)
        fresh = range(max(first, known), count)
        self.known[number] = count
        dates = None if source.dating == "undated" else source.published
        return Reading(
            title="A feed",
            language="en",
            items=tuple(entry(source, index) for index in fresh),
            seen=(),
            entries=count - first,
            overlap=max(0, known - first),
            oldest=at(dates[first]) if dates and first < count else None,
            newest=at(dates[count - 1]) if dates and fresh else None,
            wait=source.ttl * MINUTE,
        )

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """No article here wants its page."""
        raise NotImplementedError


def entry(source: Source, index: int) -> Item:
    """The item of an entry."""
    published = None if source.dating == "undated" else at(source.published[index])
    return item(f"{source.number}-{index}", published=published, text="")


def document(source: Source, count: int) -> bytes:
    """The RSS document that the source serves when it has published so many entries."""
    entries = []
    for index in reversed(range(max(0, count - source.listing), count)):
        date = ""
        if source.dating != "undated":
            date = f"<pubDate>{format_datetime(at(source.published[index]))}</pubDate>"
        entries.append(
            f"<item><title>Report {index} of source {source.number}</title>"
            f"<link>https://{source.host}/{source.number}/{index}</link>"
            f"<guid>{source.number}-{index}</guid>{date}"
            f"<description>What report {index} has to say.</description></item>"
        )
    ttl = f"<ttl>{source.ttl}</ttl>" if source.ttl else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>Source {source.number}</title><link>https://{source.host}/</link>"
        f"<description>Simulated</description>{ttl}{''.join(entries)}</channel></rss>"
    ).encode()


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """A ReadPort that reads documents as the workers do, in this process."""

    matcher: Matcher

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read it."""
        return read(job, self.matcher)

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """No article here wants its page."""
        raise NotImplementedError


async def _nothing(_: int) -> Remembered:
    return Remembered({})


class Driver:
    """The program, as far as polling goes."""

    def __init__(self, world: World, seed: int, matcher: Matcher | None = None) -> None:
        """With a matcher, documents are written and read; else what reading gives is made up."""
        self.world = world
        self.random = Random(seed)
        self.store = MemoryStore()
        self.net = Net(world, document if matcher else note)
        self.diary = Diary()
        self.outages = Outages()
        self.watcher = Watcher(
            fetcher=self.net,
            workers=DocumentReader(matcher) if matcher else Reader(world),
            remembered=self._remembered if matcher else _nothing,
            clock=lambda: at(self.net.now),
            chance=self.random.random,
        )
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._hosts: dict[str, float] = {}  # host -> no start before then
        self._last: dict[int, tuple[float, int]] = {}
        self._until = 0.0

    async def _remembered(self, feed_id: int) -> Remembered:
        return self.store.remembered(feed_id)

    def run(self, until: float) -> Diary:
        """All feeds are added at time 0 and polled until then."""
        self._until = until
        for source in self.world.sources:
            spec = FeedSpec(source.url, f"Feed {source.number}", "en", "world-media")
            feed = self.store.add_feed(spec, at=at(0), actor="cli")
            self._plan(source, feed, 0.0)
        while self._events:
            time, _, happen = heapq.heappop(self._events)
            if time < until:
                happen(time)
        self.diary.outages += self.outages.changes()
        return self.diary

    def _at(self, time: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), happen))

    def _plan(self, source: Source, feed: Feed, due: float) -> None:
        self._at(due, lambda now: self._start(source, feed, now))

    def _start(self, source: Source, feed: Feed, now: float) -> None:
        """Begin to ask, unless the program is off or the host has to be left alone."""
        later = max(self.world.stopped_until(now) or 0.0, self._hosts.get(source.host, 0.0))
        if later > now:
            self._plan(source, feed, later + self.random.uniform(0, 1))
            return
        self._hosts[source.host] = now + HOST_DELAY
        trouble = self.world.outage(now) or source.trouble(now)
        kind = trouble.kind if trouble else ""
        takes = {"timeout": 20.0, "dns": 0.1, "": self.random.uniform(0.2, 3)}.get(kind, 1.0)
        self._at(now + takes, lambda end: self._answered(source, feed, now, end, trouble))

    def _answered(
        self, source: Source, feed: Feed, began: float, now: float, trouble: Trouble | None
    ) -> None:
        self.net.now, self.net.trouble = now, trouble
        result = finished(self.watcher.watch(feed))
        known = feed.failures > 0
        tried = attempt(source.host, at(began), at(now), result.failure, known=known)
        if tried is not None:
            self.outages.note(tried)
        if tried is None or result.failure is None or not is_network(result.failure):
            self._save(source, began, result)
        else:
            self._judge(source, feed, tried, result, now)

    def _judge(
        self, source: Source, feed: Feed, tried: Attempt, result: PollResult, now: float
    ) -> None:
        verdict = self.outages.judge(tried, at(now))
        if verdict == "wait":
            later = now + RETRY_JUDGING
            self._at(later, lambda time: self._judge(source, feed, tried, result, time))
            return
        began = (tried.began - at(0)).total_seconds()
        is_ours = self.world.outage(began) is not None
        if verdict == "ours":
            self.diary.excused += not is_ours
            result = self.watcher.excused(feed, result)
        else:
            self.diary.blamed += is_ours
        self._save(source, began, result)

    def _save(self, source: Source, began: float, result: PollResult) -> None:
        self.store.save_poll(result)
        self.diary.outages += self.outages.changes()
        if result.resting is not None:
            host, until = result.resting
            self._hosts[host] = (until - at(0)).total_seconds()
        now = (result.at - at(0)).total_seconds()
        due = (result.next_due - at(0)).total_seconds()
        self.diary.polls[source.number].append(self._poll(source, began, now, due, result))
        feed = self.store._feeds[result.feed_id]  # `feed` looks at all of them
        self._plan(source, feed, (feed.next_due - at(0)).total_seconds())

    def _poll(
        self, source: Source, began: float, now: float, due: float, result: PollResult
    ) -> Poll:
        read, before = self._last.get(source.number, (-1.0, -1))
        count, lost = before, 0
        if result.outcome in ("changed", "unchanged"):
            count = source.count(now)
            first = max(0, count - source.listing)
            if before >= 0:
                lost = max(0, first - before)
                seen = self.diary.seen[source.number]
                seen.update(dict.fromkeys(range(max(before, first), count), now))
            self._last[source.number] = now, count
        return Poll(began, now, result.outcome, due, read, before, count, lost, result.gap)
