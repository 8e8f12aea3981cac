"""The short jobs that ticks and commands run after polling (`bot.poller`): settle, digest.

    save_polls -> settle (5, 6) -> digest (7) -> render (8) -> queue_digests (9)
    -> deliver (10) -> sender (11)

Each is safe to kill at any moment and to run again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.app import Program
from bot.clock import utc_now
from bot.i18n import catalogue
from bot.names import Names
from bot.render import nothing_new, render
from bot.schedule import latest_slot
from config import logs
from watchers import digest as digests
from watchers.approving import Approval
from watchers.errors import StoreError
from watchers.model import Feed
from watchers.muting import Mutes
from watchers.outlets import Outlet, OutletTable
from watchers.ports import Store
from watchers.settler import settle_batch
from watchers.telling import (
    CONSOLE,
    Channel,
    ChannelSpec,
    Coverage,
    Digest,
    DigestOrder,
    Page,
    Tellable,
    Withdrawal,
)
from watchers.urls import host

log = logs.get(__name__)

_SOONEST = timedelta(hours=1)  # between two digests, and far more than asking takes
_BUILDS = 4  # of what an admin let through, if it changes while it is built
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
    known: dict[int, Outlet] = {}  # by article: many channels ask for the same ones

    def of(article: Tellable) -> Outlet:
        outlet = known.get(article.id)
        if outlet is None:
            outlet = known[article.id] = found(article)
        return outlet

    def found(article: Tellable) -> Outlet:
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
    waits: Approval | None = None  # for an admin's look at each story; then nothing is queued

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it tells."""
        return tuple(line.subject for line in self.digest.lines)


@dataclass(frozen=True, slots=True)
class Known:
    """What a digest is made of, as it was read."""

    articles: tuple[Tellable, ...]
    coverage: Coverage
    mutes: Mutes = digests.NOTHING_MUTED
    alerted: Collection[str] = ()
    withdrawn: tuple[Withdrawal, ...] = ()


def compose(
    channel: Channel,
    known: Known,
    *,
    since: datetime,
    now: datetime,
    outlet_of: Callable[[Tellable], Outlet],
    names: Names,
    only: Collection[str] | None = None,
) -> Built:
    """A channel's digest and its pages. Pure: for many channels from what was read once."""
    digest = digests.build(
        channel,
        known.articles,
        since=since,
        until=now,
        coverage=known.coverage,
        outlet_of=outlet_of,
        showable=names.showable,
        mutes=known.mutes,
        alerted=known.alerted,
        withdrawn=known.withdrawn,
        only=only,
    )
    return Built(digest, render(digest, catalogue(channel.language), names.of))


def reach_of(channel: Channel, now: datetime) -> datetime:
    """How far back a channel's untold articles are looked for."""
    reach = min(now - LOOK_BACK, channel.last_slot or now)  # longer after a long pause
    return max(channel.added_at - timedelta(days=1), reach)


def began(channel: Channel, now: datetime) -> datetime:
    """When the span of the channel's next digest begins."""
    earliest = max(reach_of(channel, now), now - timedelta(days=1))
    return min(now, channel.last_slot or earliest)


async def build(
    program: Program,
    channel: Channel,
    now: datetime,
    since: datetime | None = None,
    *,
    only: Collection[str] | None = None,
) -> Built:
    """What the channel would be told now. Reads only.

    `since` narrows it to articles first seen since then, `only` to these subjects.
    """
    earliest = reach_of(channel, now)
    last = min(now, since or began(channel, now))

    def read(store: Store) -> tuple[Known, tuple[Feed, ...]]:
        known = Known(
            store.untold(channel.id, since or earliest),
            store.coverage(now, last),
            store.mutes(),
            store.alerted(channel.id, earliest),
            store.withdrawals(channel.id),
        )
        return known, store.feeds()

    known, feeds = await program.database(read)
    outlets, names = outlet_of(program, feeds), program.knowledge.names
    return compose(channel, known, since=last, now=now, outlet_of=outlets, names=names, only=only)


def order_of(
    built: Built, *, slot: datetime, scheduled: bool, pages: tuple[Page, ...] | None = None
) -> DigestOrder:
    """What is to be queued of a digest; `pages` instead of its own."""
    digest = built.digest
    return DigestOrder(
        digest.channel.id,
        slot=slot,
        built_at=digest.until,
        since=digest.since,
        subjects=built.subjects,
        pages=built.pages if pages is None else pages,
        scheduled=scheduled,
        kind=digest.kind,
        withdrawals=tuple(one.id for one in digest.withdrawn),
    )


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

    None if it was queued already (another process, an earlier run). Where an admin looks at
    each story first, its subjects are kept for that instead, and admins are told; what was
    withdrawn alone needs no approval.
    """
    built = await build(program, channel, now, since)
    if channel.needs_approval and built.subjects:
        return await _ask(program, built, slot)
    if scheduled and built.digest.is_empty and channel.tells_nothing_new:
        page = nothing_new(built.digest, catalogue(channel.language))
        built = replace(built, pages=(page,))
    return await _queue(program, built, slot=slot, scheduled=scheduled)


async def _queue(
    program: Program, built: Built, *, slot: datetime, scheduled: bool
) -> Built | None:
    order = order_of(built, slot=slot, scheduled=scheduled)
    digest_id = await program.database(lambda store: store.queue_digests((order,))[0])
    if digest_id is None and built.pages:
        return None
    where = _shown(built.digest.channel)
    log.info("digest_queued", channel=where, digest=digest_id, pages=len(built.pages))
    return built


def _shown(channel: Channel) -> object:
    """How a log names a channel: somebody's private chat by its row alone."""
    return channel.id if channel.private else channel.chat


async def _ask(program: Program, built: Built, slot: datetime) -> Built | None:
    """Keep a digest for an admin's approval and say so; None if that slot was asked for."""
    channel, now = built.digest.channel, built.digest.until

    def ask(store: Store) -> Approval | None:
        asked = store.ask_approval(channel.id, slot, built.subjects, at=now)
        if asked is not None:
            key = f"approval:{asked.id}:{slot.isoformat()}"
            store.add_notice(key, "approval", _asking(channel, asked), at=now)
        return asked

    asked = await program.database(ask)
    if asked is None:
        return None
    log.info("approval_asked", channel=channel.chat, approval=asked.id, stories=len(asked.chosen))
    return replace(built, pages=(), waits=asked)


def _asking(channel: Channel, asked: Approval) -> str:
    """What admins are told; no headlines, for those are what has to be looked at."""
    open_ones = sum(kept is None for kept in asked.chosen.values())
    waiting = f"{open_ones} {'story waits' if open_ones == 1 else 'stories wait'}"
    return f"{channel.chat}: {waiting} for approval before the digest goes out: /approvals"


async def post_approved(
    program: Program, approval: Approval, now: datetime | None = None
) -> Built | None:
    """Queue what an admin let through, in the slot that it was asked for; reads it anew.

    None if that slot was queued already, or the channel is gone: whoever presses second posts
    nothing. Close the approval after it, so that what breaks off in between can be done again.
    What was muted, merged or told while it was built is left out: it is built once more then.
    """
    found = await program.database(lambda store: store.channels())
    channel = next((one for one in found if one.id == approval.channel_id), None)
    if channel is None:
        return None
    chosen = {subject for subject, kept in approval.chosen.items() if kept}
    # Asking moved `last_slot`: the span begins with the slot before that.
    before = latest_slot(channel, approval.at - _SOONEST)
    channel = replace(channel, last_slot=before or channel.last_slot)
    refused: DigestOrder | None = None
    for _ in range(_BUILDS):
        built = await build(program, channel, now or utc_now(), only=chosen)
        if not built.subjects:  # muted or merged meanwhile
            return replace(built, pages=())
        order = order_of(built, slot=approval.slot, scheduled=False)
        told = (order.subjects, order.withdrawals)
        if refused is not None and told == (refused.subjects, refused.withdrawals):
            break  # nothing of it changed: it is the slot that was told
        queued = await _queue(program, built, slot=approval.slot, scheduled=False)
        if queued is not None:
            return queued
        refused = order
    return None


async def digest_due(
    program: Program, channels: Iterable[Channel], now: datetime | None = None
) -> int:
    """Queue a digest for each public channel whose scheduled time has come; how many.

    A program that was off at digest time queues one when it is back, not one a missed time.
    What breaks one channel's digest is told, and holds up no other's. StoreError.
    """
    now, queued = now or utc_now(), 0
    if await program.database(lambda store: store.posting_held()):  # after a restore
        return 0
    for channel in channels:
        try:
            queued += not channel.private and await _digest_of(program, channel, now)
        except StoreError:  # the others would fail as well
            raise
        except Exception:
            log.exception("digest_broke", channel=_shown(channel))
    return queued


async def _digest_of(program: Program, channel: Channel, now: datetime) -> bool:
    """Queue the channel's digest if it is due; whether there was anything to queue."""
    if not is_due(channel, now):
        return False
    slot = latest_slot(channel, now) or now
    built = await queue(program, channel, slot=slot, now=now, scheduled=True)
    return bool(built and built.pages)


def is_due(channel: Channel, now: datetime) -> bool:
    """Whether a scheduled time has come that was not built; never while it is paused."""
    slot = None if channel.paused else latest_slot(channel, now)
    return slot is not None and slot > (channel.last_slot or channel.added_at)


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
