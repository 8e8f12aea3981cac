"""The short jobs that ticks and commands run: poll, settle, digest, deliver.

    due feeds -> feed_watcher (1-6) -> save_poll -> settle -> digest (7) -> render (8)
    -> queue_digest (9) -> deliver (10) -> sender (11)

Each is safe to kill at any moment and to run again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.app import Program
from bot.clock import utc_now
from bot.i18n import catalogue
from bot.render import render
from bot.schedule import latest_slot
from bot.together import together
from config import logs
from watchers import digest as digests
from watchers.feed_watcher import watch
from watchers.model import Feed, PollResult, PollSaved
from watchers.outlets import Outlet
from watchers.ports import Store
from watchers.settler import settle_batch
from watchers.telling import CONSOLE, Channel, ChannelSpec, Digest, Page, Tellable
from watchers.urls import host

log = logs.get(__name__)

BATCH = 500  # feeds looked up at a time
HOST_BATCH = 4  # of one host in a cycle: with 5 s between starts that is 20 s
LOOK_BACK = timedelta(days=7)  # older news is not told, even if a digest never went out

Progress = Callable[[Feed, PollResult], None]


@dataclass(slots=True)
class PollSummary:
    """What a cycle of polls came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    saved: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)  # feed's address, reason
    settled: int = 0

    def add(self, feed: Feed, result: PollResult, saved: PollSaved) -> None:
        """Count one poll."""
        self.outcomes[result.outcome] += 1
        for name in ("new", "copies", "updated", "relevant", "named", "baseline"):
            self.saved[name] += getattr(saved, name)
        if result.failure is not None:
            self.failures.append((feed.url, result.failure.detail))

    def as_dict(self) -> dict[str, object]:
        """For `poll --json` (docs/commands.md)."""
        return {
            "feeds": self.outcomes.total(),
            **{name: self.outcomes[name] for name in ("changed", "unchanged", "failed")},
            **{n: self.saved[n] for n in ("new", "copies", "updated", "relevant", "named")},
            "baseline": self.saved["baseline"],
            "settled": self.settled,
            "failures": [{"feed": name, "reason": reason} for name, reason in self.failures],
        }


# ---------------------------------------------------------------- polling


async def poll(
    program: Program, feeds: Sequence[Feed], progress: Progress | None = None
) -> PollSummary:
    """Poll these feeds, each stored as soon as it was read, then settle."""
    summary = PollSummary()
    turns = asyncio.Semaphore(max(64, program.settings.fetch_concurrency * 2))

    async def one(feed: Feed) -> None:
        async with turns:
            result = await poll_one(program, feed)
            saved = await program.database(lambda store: store.save_poll(result))
        summary.add(feed, result, saved)
        if progress is not None:
            progress(feed, result)

    await together(one(feed) for feed in feeds)
    summary.settled = await settle_all(program)
    log.info("polled", **{k: v for k, v in summary.as_dict().items() if k != "failures"})
    return summary


async def poll_one(program: Program, feed: Feed) -> PollResult:
    """One feed, 1 to 4."""

    async def known(feed_id: int) -> Mapping[bytes, bytes]:
        return await program.database(lambda store: store.entry_keys(feed_id))

    result = await watch(
        feed, fetcher=program.fetcher, workers=program.workers, known=known, now=utc_now()
    )
    if result.failure is not None:
        tell = log.warning if result.failure.kind == "parser" else log.info
        tell("poll_failed", feed=feed.url, kind=result.failure.kind, why=result.failure.detail)
    return result


async def settle_all(program: Program) -> int:
    """Group what is not grouped, unless another process is doing that right now."""
    async with AsyncExitStack() as stack:
        if not await program.database.lock(stack, "settle"):
            return 0
        clusterer, done = program.knowledge.clusterer, 0
        while count := await program.database(lambda store: settle_batch(store, clusterer)):
            done += count
        return done


async def poll_due(program: Program) -> PollSummary | None:
    """Poll what is due; None if nothing is."""
    due = await program.database(lambda store: store.due_feeds(utc_now(), BATCH))
    # A cycle ends when its slowest host has: many feeds of one host are spread over cycles.
    taken: Counter[str] = Counter()
    feeds = []
    for feed in due:
        taken[host(feed.url)] += 1
        if taken[host(feed.url)] <= HOST_BATCH:
            feeds.append(feed)
    return await poll(program, feeds) if feeds else None


# ---------------------------------------------------------------- digests


def outlet_of(program: Program, feeds: Iterable[Feed]) -> Callable[[Tellable], Outlet]:
    """An article's outlet: by its address in the table, or else as a feed of that site says.

    Not as the feed that happened to bring it first: that may be a search or an aggregator.
    """
    table = program.knowledge.outlets
    own = {host(url): feed for feed in feeds for url in (feed.site, feed.url) if url}

    def of(article: Tellable) -> Outlet:
        name = host(article.url) or article.host
        feed = own.get(name)
        return table.of(article.url) or Outlet(
            id=name, name=feed.name if feed else name, family=name, language=article.language,
            kind=feed.kind if feed else article.feed_kind,
        )  # fmt: skip

    return of


@dataclass(frozen=True, slots=True)
class Built:
    """A digest with its pages."""

    digest: Digest
    pages: tuple[Page, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it tells."""
        return tuple(line.subject for line in (*self.digest.stories, *self.digest.named))


async def build(
    program: Program, channel: Channel, now: datetime, since: datetime | None = None
) -> Built:
    """What the channel would be told now. Reads only.

    `since` narrows it to articles first seen since then.
    """
    reach = min(now - LOOK_BACK, channel.last_slot or now)  # longer after a long pause
    earliest = max(channel.added_at - timedelta(days=1), reach)
    untold, coverage, feeds = await program.database(
        lambda store: (
            store.untold(channel.id, since or earliest),
            store.coverage(now),
            store.feeds(),
        )
    )
    last = channel.last_slot or max(earliest, now - timedelta(days=1))
    names = program.knowledge.names
    digest = digests.build(
        channel,
        untold,
        since=since or min(last, now),
        until=now,
        coverage=coverage,
        outlet_of=outlet_of(program, feeds),
        showable=names.showable,
    )
    return Built(digest, render(digest, catalogue(channel.language), names.of))


async def queue(
    program: Program,
    channel: Channel,
    *,
    slot: datetime,
    now: datetime,
    scheduled: bool,
    since: datetime | None = None,
) -> Built | None:
    """Build a digest and queue its pages in one transaction.

    None if it was queued already (another process, an earlier run).
    """
    built = await build(program, channel, now, since)
    digest_id = await program.database(
        lambda store: store.queue_digest(
            channel.id,
            slot=slot,
            built_at=now,
            since=built.digest.since,
            subjects=built.subjects,
            pages=built.pages,
            scheduled=scheduled,
        )
    )
    if digest_id is None and built.pages:
        return None
    log.info("digest_queued", channel=channel.chat, digest=digest_id, pages=len(built.pages))
    return built


async def digest_due(program: Program, channels: Iterable[Channel]) -> int:
    """Queue a digest for each channel whose scheduled time has come; how many.

    A program that was off at digest time queues one when it is back, not one a missed time.
    """
    now, queued = utc_now(), 0
    for channel in channels:
        slot = latest_slot(channel, now)
        if channel.paused or slot is None or slot <= (channel.last_slot or channel.added_at):
            continue
        built = await queue(program, channel, slot=slot, now=now, scheduled=True)
        queued += bool(built and built.pages)
    return queued


async def console_channel(program: Program) -> Channel:
    """The virtual channel for those who have no channel: made when first needed."""

    def get(store: Store) -> Channel:
        found = [channel for channel in store.channels() if channel.is_console]
        if found:
            return found[0]
        settings = program.settings
        spec = ChannelSpec(CONSOLE, settings.timezone, settings.schedule, settings.language)
        return store.add_channel(spec, at=utc_now(), actor="system")

    return await program.database(get)


async def told_channels(program: Program) -> tuple[Channel, ...]:
    """The channels that digests go to: all real ones, or else the console."""
    found = await program.database(lambda store: store.channels())
    real = tuple(channel for channel in found if not channel.is_console)
    return real or (await console_channel(program),)
