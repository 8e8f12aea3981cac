"""Polling: what is due is asked for, judged and stored, as a cycle or for years.

    due feeds -> feed_watcher (1-4) -> [ours or the feed's fault?] -> recorder -> save_polls

A poll of a slow host holds up nobody: a tick starts what is due and does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.app import Program
from bot.clock import utc_now
from bot.jobs import settle_all
from bot.network import Network
from bot.recorder import Recorder
from bot.together import together
from config import logs
from watchers.feed_watcher import Watcher, as_they_are
from watchers.model import Feed, PollResult, PollSaved
from watchers.outage import FEWEST, Attempt
from watchers.pages import Pages
from watchers.urls import host

log = logs.get(__name__)

BATCH = 1_000  # feeds looked up at a tick

Progress = Callable[[Feed, PollResult], None]


@dataclass(slots=True)
class PollSummary:
    """What a cycle of polls came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    saved: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)  # feed's address, reason
    gaps: list[str] = field(default_factory=list)  # feeds that may have lost entries
    settled: int = 0

    def add(self, feed: Feed, result: PollResult, saved: PollSaved) -> None:
        """Count one poll."""
        self.outcomes[result.outcome] += 1
        for name in ("new", "copies", "updated", "relevant", "named", "baseline"):
            self.saved[name] += getattr(saved, name)
        if result.failure is not None:
            self.failures.append((feed.url, result.failure.detail))
        if result.gap is not None:
            self.gaps.append(feed.url)

    def as_dict(self) -> dict[str, object]:
        """For `poll --json` (docs/commands.md)."""
        return {
            "feeds": self.outcomes.total(),
            **{n: self.outcomes[n] for n in ("changed", "unchanged", "failed", "outage")},
            **{n: self.saved[n] for n in ("new", "copies", "updated", "relevant", "named")},
            "baseline": self.saved["baseline"],
            "settled": self.settled,
            "failures": [{"feed": name, "reason": reason} for name, reason in self.failures],
            "gaps": self.gaps,
        }


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A poll that was started and has not ended."""

    host: str
    began: datetime
    task: asyncio.Task[None]


class Poller:
    """Polls feeds; in the service one for the life of the process."""

    def __init__(self, program: Program) -> None:
        self._database = program.database
        self._program = program
        self._recorder = Recorder(program.database)
        self._network = Network(program.database)
        pages = Pages(program.fetcher, program.workers, clock=utc_now)
        self._watcher = Watcher(
            fetcher=program.fetcher,
            workers=program.workers,
            remembered=lambda number: program.database(lambda store: store.remembered(number)),
            clock=utc_now,
            complete=pages.complete if program.settings.full_text else as_they_are,
        )
        self._most = max(64, program.settings.fetch_concurrency * 2)
        self._ready: dict[int, Feed] = {}  # due, waiting for room or for their host
        self._under_way: dict[int, UnderWay] = {}
        self._broke: list[BaseException] = []
        self._stopping = False
        self._hosts: set[str] = set()
        self._lonely = asyncio.Event()  # set: nobody else will say whether our network is down
        self._lonely.set()
        self._since_told = PollSummary()

    async def cycle(self, feeds: Sequence[Feed], progress: Progress | None = None) -> PollSummary:
        """Poll these feeds, each stored as soon as it was read, then settle."""
        summary = PollSummary()
        turns = asyncio.Semaphore(self._most)
        distinct = {feed.id: feed for feed in feeds}.values()
        asking, over = len(distinct), asyncio.Event()

        async def one(feed: Feed) -> None:
            nonlocal asking
            async with turns:
                result, said = await self._asked(feed)
            asking -= 1
            if not asking:
                over.set()
            result = await self._judged(feed, result, said, over)
            saved = await self._recorder.save(result)
            summary.add(feed, result, saved)
            if progress is not None:
                progress(feed, result)

        await together(one(feed) for feed in distinct)
        summary.settled = await settle_all(self._program)
        _tell(summary)
        return summary

    async def tick(self) -> None:
        """Look up what is due and start it, as far as there is room, one feed a host."""
        if self._broke:  # a full disk, a bug: the tick's own trouble
            error, self._broke = self._broke[0], []
            raise error
        due = await self._database(lambda store: store.due_feeds(utc_now(), BATCH))
        self._ready = {feed.id: feed for feed in due if feed.id not in self._under_way}
        self._start_ready()

    def _start_ready(self) -> None:
        busy = {one.host for one in self._under_way.values()}
        for feed in tuple(self._ready.values()):
            if len(self._under_way) >= self._most or self._stopping:
                return
            name = host(feed.url)
            if name not in busy:
                busy.add(name)
                self._hosts.add(name)
                if len(self._hosts) >= FEWEST:
                    self._lonely.clear()
                del self._ready[feed.id]
                task = asyncio.create_task(self._one(feed))
                self._under_way[feed.id] = UnderWay(name, utc_now(), task)
                task.add_done_callback(partial(self._ended, feed.id))

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        del self._under_way[number]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke.append(error)
            self._ready.clear()
        self._start_ready()
        if not self._under_way:
            _tell(self._since_told)
            self._since_told = PollSummary()

    async def stop(self) -> None:
        """Drop what is under way: it stays due, and nothing of it was stored."""
        self._stopping = True
        tasks = [one.task for one in self._under_way.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)

    def is_stuck(self, now: datetime, patience: timedelta) -> bool:
        """Whether a poll has been under way for longer than any can take."""
        return any(now - one.began > patience for one in self._under_way.values())

    async def _one(self, feed: Feed) -> None:
        result, said = await self._asked(feed)
        result = await self._judged(feed, result, said, self._lonely)
        saved = await self._recorder.save(result)
        self._since_told.add(feed, result, saved)
        log.debug("feed_polled", feed=feed.url, outcome=result.outcome, new=saved.new)

    async def _asked(self, feed: Feed) -> tuple[PollResult, Attempt | None]:
        began = utc_now()
        result = await self._watcher.watch(feed)
        return result, await self._network.note(feed, began, result)

    async def _judged(
        self, feed: Feed, result: PollResult, said: Attempt | None, cycle_over: asyncio.Event
    ) -> PollResult:
        """The result, with no feed blamed for what our own network did."""
        failure = result.failure
        if failure is None:
            return result
        if await self._network.is_ours(said, result, cycle_over):
            result = self._watcher.excused(feed, result)
        tell = log.warning if failure.kind == "parser" else log.info
        event = "poll_failed" if result.outcome == "failed" else "poll_in_outage"
        tell(event, feed=feed.url, kind=failure.kind, why=failure.detail)
        return result


def _tell(summary: PollSummary) -> None:
    counts = {name: n for name, n in summary.as_dict().items() if isinstance(n, int)}
    log.info("polled", **counts)
