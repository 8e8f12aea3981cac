"""Polling where several processes poll: hosts are claimed before the places to fetch run dry.

    claims -> ready -> under way, one feed a host at a time -> the host is let go

Little is taken at a time, so that all share what is due, and one that dies leaves little behind.
With a pause between requests to a host, one feed of it is taken: in the pause it is free for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.claims import Claims
from bot.clock import utc_now
from watchers.model import Feed
from watchers.outage import FEWEST
from watchers.urls import host

LOOK = 0.5  # seconds until what is due is looked up again, when it was little
_FEW = FEWEST  # hosts tried at a time while our network is down: enough to see that it is back
_FEW_AGAIN = 20.0  # seconds between two such tries
_REST = 4.0  # times as long as a look took, until the next: others need the database too
_PER_HOST = 8  # feeds of a host taken at once, where there is no pause worth giving it up for
_PAUSE = 1.0  # seconds: such a pause is one
_GIVE_UP = 3.0  # seconds beyond the pause of a host, for feeds that were asked for by name


@dataclass(slots=True, eq=False)
class _Claimed:
    """A host of ours, and how many of its feeds are ready or under way."""

    name: str
    left: int


@dataclass(frozen=True, slots=True)
class _UnderWay:
    claimed: _Claimed
    began: datetime
    task: asyncio.Task[None]


class Pipeline:
    """Polls what its claims give; `poll` stores what it found, `broke` hears how it failed.

    `most`: polls under way. `shunned` gives the feeds to leave out. While our own network
    `is_cut_off`, a few hosts are tried now and then: all else is left to others, who may reach
    it. Without that, one machine without a network puts off what is due as fast as it fails.
    """

    def __init__(
        self,
        claims: Claims,
        poll: Callable[[Feed], Coroutine[None, None, None]],
        *,
        most: int,
        broke: Callable[[Feed, BaseException], None],
        shunned: Callable[[], Sequence[int]],
        is_cut_off: Callable[[], bool],
        steady: Callable[[], float],
    ) -> None:
        self._claims = claims
        self._poll = poll
        self._broke = broke
        self._shunned = shunned
        self._is_cut_off = is_cut_off
        self._steady = steady
        self._most = most
        self._per_host = _PER_HOST if claims.delay < _PAUSE else 1
        self._claimed: dict[str, _Claimed] = {}
        self._ready: dict[int, Feed] = {}
        self._under_way: dict[int, _UnderWay] = {}
        self._look_at = 0.0  # by the steady clock: not before, for there was little to claim
        self._try_at = 0.0  # likewise, while we are cut off
        self._moved = asyncio.Event()  # a poll ended, or hosts were lost
        self._stopping = False
        self.drained = asyncio.Event()  # all that `poll_these` was given is under way or done
        claims.on_lost = self._lost

    @property
    def is_idle(self) -> bool:
        """Whether nothing is ready or under way."""
        return not (self._ready or self._under_way)

    async def run(self, seconds: float, check: Callable[[], None]) -> bool:
        """Poll what can be claimed until nothing is due or the seconds are over.

        What is under way then goes on. True if more is due. `check` raises what broke. StoreError.
        """
        end = self._steady() + seconds
        while not self._stopping:
            check()
            claimed = await self._claim_more()
            waits = self._claims.pauses or self._is_cut_off()
            if self.is_idle and not claimed and not waits:
                break
            if self._steady() >= end:
                break
            await self._wait(end)
        check()
        await self._claims.let_go()
        return bool(self._ready) or (not self._stopping and await self._claims.claimable())

    async def poll_these(self, feeds: Mapping[int, Feed], check: Callable[[], None]) -> list[Feed]:
        """Poll these feeds, due or not; those whose hosts somebody else had all the time."""
        wanted = dict(feeds)
        give_up = self._steady() + self._claims.delay + _GIVE_UP
        while not self._stopping and (wanted or not self.is_idle):
            check()
            if (wanted and await self._claim_more(wanted)) or not self.is_idle:
                give_up = self._steady() + self._claims.delay + _GIVE_UP
            if not (wanted or self._ready):
                self.drained.set()
            if self._steady() >= give_up:
                break
            await self._wait(give_up)
        check()
        await self._claims.let_go()
        return list(wanted.values())

    def drop_ready(self) -> None:
        """Leave what is not under way to whoever claims it next."""
        ready, self._ready = self._ready, {}
        for feed in ready.values():
            self._less(self._claimed[host(feed.url)])

    async def stop(self) -> None:
        """Drop what is under way, and let all hosts go."""
        self._stopping = True
        self._moved.set()
        self._ready.clear()
        tasks = [one.task for one in self._under_way.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)
        await self._claims.close()

    def is_stuck(self, now: datetime, patience: timedelta) -> bool:
        """Whether a poll has been under way for longer than any can take."""
        return any(now - one.began > patience for one in self._under_way.values())

    # ------------------------------------------------------------ claiming

    async def _wait(self, end: float) -> None:
        """Until a poll ends, but no longer than for the next look."""
        seconds = min(LOOK, max(0.0, end - self._steady()))
        self._moved.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return

    async def _claim_more(self, wanted: dict[int, Feed] | None = None) -> bool:
        """Take hosts as far as there is room; whether any were got.

        Of what is `wanted` that is taken out which was got; and not polled, if somebody else
        has polled it since it was chosen.
        """
        few = wanted is None and self._is_cut_off()
        most, least = (_FEW, 1) if few else (2 * self._most, self._most // 2)
        room = most - len(self._claimed)
        if few and room < 0:
            self.drop_ready()
        look_at = self._try_at if few else self._look_at
        if room < least or self._steady() < look_at or self._stopping:
            return False
        among, began = None if wanted is None else tuple(wanted), self._steady()
        feeds = await self._claims.claim(
            room, per_host=self._per_host, among=among, without=self._shunned()
        )
        if few:
            self._try_at = self._steady() + _FEW_AGAIN
        elif len(feeds) < room:
            took = self._steady() - began  # long, where one host has all that is due longest
            self._look_at = self._steady() + max(LOOK, _REST * took)
        for feed in feeds:
            name = host(feed.url)
            self._claimed.setdefault(name, _Claimed(name, 0)).left += 1
            self._ready[feed.id] = feed
        if wanted is not None:
            for feed in feeds:
                if feed.next_due != wanted.pop(feed.id).next_due:
                    del self._ready[feed.id]
                    self._less(self._claimed[host(feed.url)])
        self._start_ready()
        return bool(feeds)

    def _lost(self, names: frozenset[str]) -> None:
        """Others may have these hosts: what is ready there is dropped, what is under way ends."""
        for name in names:
            self._claimed.pop(name, None)
        self._ready = {n: feed for n, feed in self._ready.items() if host(feed.url) not in names}
        for one in self._under_way.values():
            if one.claimed.name in names:
                one.task.cancel()
        self._moved.set()

    # ------------------------------------------------------------ polls

    def _start_ready(self) -> None:
        busy = {one.claimed.name for one in self._under_way.values()}
        for feed in tuple(self._ready.values()):
            if len(self._under_way) >= self._most or self._stopping:
                return
            name = host(feed.url)
            if name not in busy:
                busy.add(name)
                del self._ready[feed.id]
                task = asyncio.create_task(self._poll(feed))
                self._under_way[feed.id] = _UnderWay(self._claimed[name], utc_now(), task)
                task.add_done_callback(partial(self._ended, feed))

    def _ended(self, feed: Feed, task: asyncio.Task[None]) -> None:
        one = self._under_way.pop(feed.id)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke(feed, error)
        self._less(one.claimed)
        self._start_ready()
        self._moved.set()

    def _less(self, claimed: _Claimed) -> None:
        """One feed of a host is done with; after the last one the host is let go."""
        claimed.left -= 1
        if claimed.left <= 0 and self._claimed.get(claimed.name) is claimed:
            del self._claimed[claimed.name]
            self._claims.done(claimed.name)
