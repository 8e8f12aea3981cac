"""The short jobs that ticks and commands run after polling (`bot.poller`): settle, digest.

    save_polls -> settle (5, 6) -> digest (7) -> render (8) -> queue_digest (9)
    -> deliver (10) -> sender (11)

Each is safe to kill at any moment and to run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.app import Program
from bot.clock import utc_now
from bot.i18n import catalogue
from bot.render import render
from bot.schedule import latest_slot
from config import logs
from watchers import digest as digests
from watchers.model import Feed
from watchers.outlets import Outlet, OutletTable
from watchers.ports import Store
from watchers.settler import settle_batch
from watchers.telling import CONSOLE, Channel, ChannelSpec, Digest, Page, Tellable
from watchers.urls import host

log = logs.get(__name__)

LOOK_BACK = timedelta(days=7)  # older news is not told, even if a digest never went out


async def settle_all(program: Program) -> int:
    """Group what is not grouped, unless another process is doing that right now."""
    async with AsyncExitStack() as stack:
        if not await program.database.lock(stack, "settle"):
            return 0
        clusterer, done = program.knowledge.clusterer, 0
        while count := await program.database(lambda store: settle_batch(store, clusterer)):
            done += count
        return done


# ---------------------------------------------------------------- digests


def outlet_of(program: Program, feeds: Iterable[Feed]) -> Callable[[Tellable], Outlet]:
    """An article's outlet: by its address in the table, or else as a feed of that site says.

    Not as the feed that happened to bring it first: that may be a search or an aggregator.
    """
    return outlet_by(program.knowledge.outlets, feeds)


def outlet_by(table: OutletTable, feeds: Iterable[Feed]) -> Callable[[Tellable], Outlet]:
    """The same with a table of outlets."""
    own = {host(url): feed for feed in feeds for url in (feed.site, feed.url) if url}

    def of(article: Tellable) -> Outlet:
        name = host(article.place) or article.host
        feed = own.get(name)
        called = article.source or (feed.name if feed else name)
        return table.of(article.place) or Outlet(
            id=name, name=called, family=name, language=article.language,
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
    last = min(now, since or channel.last_slot or max(earliest, now - timedelta(days=1)))
    untold, coverage, feeds = await program.database(
        lambda store: (
            store.untold(channel.id, since or earliest),
            store.coverage(now, last),
            store.feeds(),
        )
    )
    names = program.knowledge.names
    digest = digests.build(
        channel,
        untold,
        since=last,
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
