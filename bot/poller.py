"""Polling: what is due is asked for, judged and stored, as a cycle or for years.

    due feeds -> feed_watcher (1-4) -> [ours or the feed's fault?] -> recorder -> save_polls

A poll of a slow host holds up nobody: a tick starts what is due and does not wait for it. Where
several processes poll, what is due comes from claims of hosts instead (bot.pipeline).
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.app import Program
from bot.claims import Claims
from bot.clock import Clock, utc_now
from bot.jobs import settle_all
from bot.network import Network
from bot.pipeline import Pipeline
from bot.recorder import TROUBLE, Recorder
from bot.together import together
from config import logs
from watchers.feed_watcher import Watcher, as_they_are
from watchers.model import Feed, PollResult, PollSaved
from watchers.outage import FEWEST, Attempt
from watchers.pages import Pages
from watchers.urls import host

log = logs.get(__name__)

BATCH = 1_000  # feeds looked up at a tick
PER_HOST = 8  # of them of one host: one feed of a host is polled at a time
SHUN = 30 * 60.0  # seconds that a feed is left out whose poll broke: else it is first again
TELL_POLLS = 1_000  # polls after which they are told of, should something always be under way
TELL_EVERY = 300.0  # seconds, likewise
TELL_IDLE = 60.0  # seconds between two lines about polls, where nothing is under way at times
CLOCK_BACK = 60.0  # seconds that the wall clock went back: due times may be far in the future
CLOCK_DIFFERS = (
    "The clock of {machine} differs from the database's by {seconds} s: what it polls comes too "
    "early or too late. Set the clocks by NTP, and start it again."
)

Progress = Callable[[Feed, PollResult], None]


@dataclass(slots=True)
class PollSummary:
    """What a cycle of polls came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    saved: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)  # feed's address, reason
    gaps: list[str] = field(default_factory=list)  # feeds that may have lost entries
    skipped: list[str] = field(default_factory=list)  # feeds whose host another machine has
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
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A poll that was started and has not ended."""

    host: str
    began: datetime
    task: asyncio.Task[None]


class Poller:
    """Polls feeds; in the service one for the life of the process.

    With `claims` (the program's, unless given) it shares the hosts with other processes.
    """

    def __init__(
        self,
        program: Program,
        claims: Claims | None = None,
        *,
        clock: Clock = utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._steady = steady
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
        self._shunned: dict[int, float] = {}  # until when, by the steady clock
        self._broke: list[BaseException] = []
        self._ahead: float | None = None  # seconds of the wall clock before the steady one
        self._stopping = False
        self._hosts: set[str] = set()
        self._lonely = asyncio.Event()  # set: nobody else will say whether our network is down
        self._lonely.set()
        self._since_told = PollSummary()
        self._told_at = steady() - TELL_IDLE  # the first are told of at once
        self._over = self._lonely  # set: no more evidence is to come
        self._cycle: PollSummary | None = None  # of one cycle: it is told of as a whole
        self._progress: Progress | None = None
        self._claims = claims or program.claims
        self._pipeline = None if self._claims is None else self._piped(self._claims)

    def _piped(self, claims: Claims) -> Pipeline:
        return Pipeline(
            claims,
            self._one,
            most=self._most,
            broke=self._poll_broke,
            shunned=self._shunned_now,
            is_cut_off=lambda: self._network.is_cut_off,
            steady=self._steady,
        )

    async def cycle(self, feeds: Sequence[Feed], progress: Progress | None = None) -> PollSummary:
        """Poll these feeds, each stored as soon as it was read, then settle.

        With claims: but for those whose host somebody else has, and those that somebody else
        polled meanwhile.
        """
        if self._pipeline is not None:
            return await self._shared_cycle(self._pipeline, feeds, progress)
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

        await together(one(feed) for feed in _hosts_in_turn(distinct))
        summary.settled = await settle_all(self._program)
        _tell(summary)
        return summary

    async def _shared_cycle(
        self, pipeline: Pipeline, feeds: Sequence[Feed], progress: Progress | None
    ) -> PollSummary:
        summary = self._cycle = PollSummary()
        self._progress, self._over = progress, pipeline.drained
        wanted = {feed.id: feed for feed in _hosts_in_turn({f.id: f for f in feeds}.values())}
        skipped = await pipeline.poll_these(wanted, self._raise_what_broke)
        summary.skipped = [feed.url for feed in skipped]
        summary.settled = await settle_all(self._program)
        _tell(summary)
        return summary

    async def work(self, seconds: float) -> bool:
        """Poll what can be claimed until nothing is due or the seconds are over: more is due?

        To be called again and again: what is under way at the end goes on meanwhile. StoreError.
        """
        if self._pipeline is None:
            msg = "work goes by claims, and there are none"
            raise RuntimeError(msg)
        self._raise_what_broke()
        await self._mind_clock()
        more = await self._pipeline.run(seconds, self._look_up)
        self._tell_at_times(idle=self._pipeline.is_idle)
        return more

    def _look_up(self) -> None:
        self._raise_what_broke()
        self._database.tally.waits(polls=self._pipeline is not None and not self._pipeline.is_idle)

    def _raise_what_broke(self) -> None:
        if self._broke:  # a full disk: the tick's own trouble
            error, self._broke = self._broke[0], []
            raise error

    def _shunned_now(self) -> tuple[int, ...]:
        now = self._steady()
        self._shunned = {number: until for number, until in self._shunned.items() if until > now}
        return tuple(self._shunned)

    async def tick(self) -> None:
        """Look up what is due and start it, as far as there is room, one feed a host."""
        self._raise_what_broke()
        await self._mind_clock()
        more = len(self._shunned_now())  # they are first, and must not be all that is looked up
        due = await self._database(
            lambda store: store.due_feeds(self._clock(), BATCH + more, per_host=PER_HOST + more)
        )
        left_out = self._under_way.keys() | self._shunned.keys()
        self._ready = {feed.id: feed for feed in due if feed.id not in left_out}
        self._start_ready()
        self._tell_at_times(idle=not self._under_way)
        self._database.tally.waits(polls=bool(self._ready or self._under_way))

    async def _mind_clock(self) -> None:
        """At the first tick, and when the wall clock was put back, mend times that it gave."""
        now = self._clock()
        ahead = now.timestamp() - self._steady()
        if self._ahead is not None and ahead >= self._ahead - CLOCK_BACK:
            self._ahead = max(self._ahead, ahead)
            return
        if self._ahead is not None:
            log.warning("clock_went_back", seconds=round(self._ahead - ahead))
        if self._pipeline is None or await self._agrees():
            await self._database(lambda store: store.heal_clock(now))
        self._ahead = ahead

    async def _agrees(self) -> bool:
        """Whether our clock is as the database's; else admins are told.

        To one that is behind, all that others polled just now lies in the future: it would make
        every feed due at once, whenever it starts.
        """
        ours, judged = await self._database(
            lambda store: (now := self._clock(), store.claim_clock(now))
        )
        apart = round((ours - judged).total_seconds())
        if abs(apart) <= CLOCK_BACK:
            return True
        text = CLOCK_DIFFERS.format(machine=platform.node()[:60], seconds=apart)
        log.error("clock_differs", why=text)
        await self._database(
            lambda store: store.add_notice(f"clock:{judged:%Y-%m-%d}", "clock", text, at=judged)
        )
        return False

    def _start_ready(self) -> None:
        busy = {one.host for one in self._under_way.values()}
        for feed in tuple(self._ready.values()):
            if len(self._under_way) >= self._most or self._stopping:
                return
            name = host(feed.url)
            if name not in busy:
                busy.add(name)
                del self._ready[feed.id]
                task = asyncio.create_task(self._one(feed))
                self._under_way[feed.id] = UnderWay(name, utc_now(), task)
                task.add_done_callback(partial(self._ended, feed))

    def _ended(self, feed: Feed, task: asyncio.Task[None]) -> None:
        del self._under_way[feed.id]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._poll_broke(feed, error)
        self._start_ready()
        self._tell_at_times(idle=not self._under_way)

    def _poll_broke(self, feed: Feed, error: BaseException) -> None:
        if isinstance(error, TROUBLE):
            self._broke.append(error)
            self._ready.clear()
            if self._pipeline is not None:
                self._pipeline.drop_ready()
        else:  # this feed's alone, as far as we know
            self._shunned[feed.id] = self._steady() + SHUN
            log.error("poll_broke", feed=feed.url, exc_info=error)

    def _tell_at_times(self, *, idle: bool) -> None:
        told = self._since_told
        if not told.outcomes:
            return
        now = self._steady()
        late = now - self._told_at >= (TELL_IDLE if idle else TELL_EVERY)
        if late or told.outcomes.total() >= TELL_POLLS:
            self._since_told, self._told_at = PollSummary(), now
            _tell(told)

    async def stop(self) -> None:
        """Drop what is under way: it stays due, and nothing of it was stored. Hosts are let go."""
        self._stopping = True
        if self._pipeline is not None:
            await self._pipeline.stop()
        tasks = [one.task for one in self._under_way.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)

    def is_stuck(self, now: datetime, patience: timedelta) -> bool:
        """Whether a poll has been under way for longer than any can take."""
        if self._pipeline is not None and self._pipeline.is_stuck(now, patience):
            return True
        return any(now - one.began > patience for one in self._under_way.values())

    async def _one(self, feed: Feed) -> None:
        name = host(feed.url)
        if self._lonely.is_set():  # few are enough: it does not grow with what is watched
            self._hosts.add(name)
            if len(self._hosts) >= FEWEST:
                self._lonely.clear()
        result, said = await self._asked(feed)
        result = await self._judged(feed, result, said, self._over)
        if self._claims is not None and not self._claims.holds(name):
            return  # somebody else may be at it by now
        saved = await self._recorder.save(result)
        (self._cycle or self._since_told).add(feed, result, saved)
        log.debug("feed_polled", feed=feed.url, outcome=result.outcome, new=saved.new)
        if self._progress is not None:
            self._progress(feed, result)
        if self._claims is not None:
            self._tell_at_times(idle=False)

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
        busy = failure.kind == "turn"  # of another machine
        if busy or await self._network.is_ours(said, result, cycle_over):
            result = self._watcher.excused(feed, result)
        tell = log.warning if failure.kind == "parser" else log.info
        blamed = "poll_put_off" if busy else "poll_in_outage"
        event = "poll_failed" if result.outcome == "failed" else blamed
        tell(event, feed=feed.url, kind=failure.kind, why=failure.detail)
        return result


def _hosts_in_turn(feeds: Iterable[Feed]) -> list[Feed]:
    """The first feed of each host, then the second of each: none holds all turns."""
    count: Counter[str] = Counter()
    ranked: list[tuple[int, Feed]] = []
    for feed in feeds:
        name = host(feed.url)
        ranked.append((count[name], feed))
        count[name] += 1
    ranked.sort(key=lambda one: one[0])
    return [feed for _, feed in ranked]


def _tell(summary: PollSummary) -> None:
    counts = {name: n for name, n in summary.as_dict().items() if isinstance(n, int)}
    log.info("polled", **counts)
