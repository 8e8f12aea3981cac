"""The clock of the distributed engine: instead of working it looks what is to be done, cheaply,
and orders it; workers do it (:mod:`bot.tasks_work`).

What has nothing to look at has nothing to order: an idle system makes no jobs. What the clock's
own process keeps, because one place must do it or it is short and rare: Telegram's updates, notices
to admins, judging again after a change of the watchlist, fingerprints, housekeeping.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime, timedelta

from bot import jobs, rechecks, subscribing
from bot.app import Program
from bot.clock import Clock, utc_now
from bot.deliver import waiting_pages
from bot.tasks import POSTS, Job, Kind, Queue
from bot.telling import Tick
from config import logs
from watchers import alerts
from watchers.ports import Store
from watchers.telling import Channel, DeliveryState

log = logs.get(__name__)

A_JOB = 100  # feeds that wait for a poll, for which one worker more is asked to help
ALONE = timedelta(seconds=90)  # without a worker before admins are told
AGAIN = 1.0  # seconds before a channel whose pages still wait is ordered once more
_LOOK_ANEW = timedelta(minutes=5)  # at alerts, though nothing seems new: a job may have been lost
_LOOK_WHO_POSTS = timedelta(seconds=30)
_NO_WORKER = (
    "No worker has been running since {since}: feeds are not polled and nothing is posted. "
    "Start `dadkhah worker`; what waits is done then."
)
_NOBODY_POSTS = (
    "Workers are running, but none has posted since {since}: nothing is sent to Telegram. Give at "
    "least one of them DADKHAH_TELEGRAM_TOKEN; what waits is sent then."
)


class Orders:
    """The ticks of the distributed engine; one for the process, at work where the lease is."""

    def __init__(self, program: Program, queue: Queue, *, clock: Clock = utc_now) -> None:
        self._program = program
        self._database = program.database
        self._queue = queue
        self._clock = clock
        self._ordered: dict[int, float] = {}  # channels, when last; by the steady clock
        self._minute: datetime | None = None
        self._alerted: tuple[tuple[object, ...], ...] = ()
        self._looked_at_alerts: datetime | None = None
        self._workers: int | None = None
        self._alone_since: datetime | None = None
        self._told = False
        self._silent_since: datetime | None = None  # nobody has the lock of whoever posts
        self._told_of_silence = False
        self._looked_who_posts: datetime | None = None

    @property
    def working(self) -> tuple[Tick, ...]:
        """What is ordered with or without a token: name, seconds between two, the work."""
        return (
            ("workers", 5.0, self.look_after),
            ("poll", 5.0, self.poll),
            ("settle", 5.0, self.settle),
            ("rechecks", rechecks.EVERY, self.recheck),
        )

    @property
    def telling(self) -> tuple[Tick, ...]:
        """What is ordered with a token."""
        return (
            ("digest", 10.0, self.digest),
            ("subscribers", 10.0, self.subscribers),
            ("alerts", 15.0, self.alert),
            ("deliver", 0.5, self.deliver),
            ("private", 2.0, self.private),
            ("corrections", 2.0, self.correct),
        )

    # ------------------------------------------------------------ workers

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Connected to the queue, while it is used."""
        return self._queue.opened()

    @property
    def workers(self) -> int | None:
        """How many were alive at the last look; None before it."""
        return self._workers

    def is_alone(self) -> bool:
        """Whether there has been no worker for too long."""
        since = self._alone_since
        return since is not None and self._clock() - since >= ALONE

    def rest(self) -> None:
        """The lease is another's: what was seen last says nothing any more."""
        self._workers = self._alone_since = self._minute = self._looked_at_alerts = None
        self._told = self._told_of_silence = False
        self._silent_since = None

    async def look_after(self) -> None:
        """Count workers, say when there is none, and give back what dead ones had. StoreError."""
        back = await self._queue.give_back()
        if back:
            log.warning("jobs_given_back", jobs=back, why="their worker died")
        self._workers = await self._queue.workers()
        if self._workers:
            if self._told:
                log.info("workers_back", workers=self._workers)
            self._alone_since, self._told = None, False
            await self._look_who_posts()
            return
        now = self._clock()
        self._alone_since = self._alone_since or now
        if self.is_alone() and not self._told:
            self._told = True
            since = f"{self._alone_since:%Y-%m-%d %H:%M} UTC"
            log.warning("no_worker", since=since)
            text = _NO_WORKER.format(since=since)
            await self._database(
                lambda store: store.add_notice(f"no-worker:{since}", "workers", text, at=now)
            )

    async def _look_who_posts(self) -> None:
        """Say when workers are alive and none of them posts: none has the token, as a rule."""
        now, last = self._clock(), self._looked_who_posts
        just_now = last is not None and last <= now < last + _LOOK_WHO_POSTS
        if just_now or not self._program.settings.token:
            return
        self._looked_who_posts = now
        async with AsyncExitStack() as stack:  # for a moment; a worker tries again soon
            nobody = bool(await self._database.lock(stack, POSTS))
        if not nobody:
            self._silent_since, self._told_of_silence = None, False
            return
        self._silent_since = self._silent_since or now
        if now - self._silent_since >= ALONE and not self._told_of_silence:
            self._told_of_silence = True
            since = f"{self._silent_since:%Y-%m-%d %H:%M} UTC"
            log.warning("nobody_posts", since=since)
            text = _NOBODY_POSTS.format(since=since)
            await self._database(
                lambda store: store.add_notice(f"no-poster:{since}", "workers", text, at=now)
            )

    # ------------------------------------------------------------ polling and grouping

    async def poll(self) -> None:
        """As many jobs as there are workers, but no more than there is work for."""
        most = max(1, self._workers or 1)
        now = self._clock()
        feeds = await self._database(lambda store: store.claimable(now, most * A_JOB))
        wanted = min(most, -(-feeds // A_JOB))
        await self._queue.order(Job(Kind.POLL, number) for number in range(wanted))

    async def settle(self) -> None:
        """If anything is not grouped yet."""
        if await self._database(_is_unsettled):
            await self._queue.order([Job(Kind.SETTLE)])

    async def recheck(self) -> None:
        """If it is time to see whether a page is still there."""
        now = self._clock()
        full = self._program.settings.full_text
        if full and await self._database(lambda store: bool(store.page_checks(now, 1))):
            await self._queue.order([Job(Kind.RECHECKS)])

    # ------------------------------------------------------------ telling

    async def digest(self) -> None:
        """One for each channel whose time has come."""
        now = self._clock()
        due = [one for one in await self._channels() if jobs.is_due(one, now)]
        await self._queue.order(Job(Kind.DIGEST, channel.id) for channel in due)

    async def subscribers(self) -> None:
        """If anybody's time has come; once a minute, for schedules have minutes."""
        now = self._clock()
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute:
            return
        store = self._database.store
        due = await asyncio.to_thread(lambda: subscribing.due(store.subscribers(paused=False), now))
        if due:
            await self._queue.order([Job(Kind.SUBSCRIBERS)])
        self._minute = minute

    async def alert(self) -> None:
        """If something was grouped since the last, or the day or the rules changed."""
        now = self._clock()
        turn, stopped = await self._database(
            lambda store: (store.progress().turn, store.posting_stopped())
        )
        version = self._program.knowing.joint.watchlist.version
        looks = tuple(
            (
                channel.id,
                turn,
                alerts.day_began(channel, now),
                channel.alerts,
                channel.scope,
                version,
            )
            for channel in await self._channels()
            if channel.alerts.is_on
            and not (stopped or channel.paused or channel.needs_approval)
            and not alerts.is_quiet(channel, now)
        )
        last = self._looked_at_alerts
        fresh = last is not None and now - last < _LOOK_ANEW
        if not looks or (fresh and looks == self._alerted):
            return
        await self._queue.order([Job(Kind.ALERTS)])
        self._alerted, self._looked_at_alerts = looks, now

    async def deliver(self) -> None:
        """One for each channel with pages that may go."""
        steady, now = time.monotonic(), self._clock()
        self._ordered = {n: at for n, at in self._ordered.items() if at > steady - AGAIN}
        channels = await self._database(lambda store: _deliverable(store, now))
        ready = [channel.id for channel in channels if channel.id not in self._ordered]
        await self._queue.order(Job(Kind.DELIVER, number) for number in ready)
        self._ordered.update(dict.fromkeys(ready, steady))

    async def private(self) -> None:
        """If a page to a subscriber may go."""
        now = self._clock()
        if await self._database(lambda store: store.private_due(now)):
            await self._queue.order([Job(Kind.PRIVATE)])

    async def correct(self) -> None:
        """If something that was posted is to be changed or deleted."""
        now = self._clock()
        if await self._database(lambda store: bool(store.due_corrections(now, 1))):
            await self._queue.order([Job(Kind.CORRECTIONS)])

    async def _channels(self) -> list[Channel]:
        found = await self._database(lambda store: store.channels())
        return [channel for channel in found if not channel.is_console]


def _is_unsettled(store: Store) -> bool:
    return store.progress().rest is not None or bool(store.unsettled(1))


def _deliverable(store: Store, now: datetime) -> list[Channel]:
    """Channels with a page that may go now, or that somebody left half sent."""
    waiting, channels = waiting_pages(store)
    stopped = bool(channels) and store.posting_stopped()

    def may_go(channel: Channel) -> bool:
        later = channel.not_before is not None and channel.not_before > now
        return not (stopped or channel.paused or later)

    return [
        channel
        for channel in channels
        if channel.id in waiting
        and not channel.is_console
        and (waiting[channel.id] is DeliveryState.SENDING or may_go(channel))
    ]
