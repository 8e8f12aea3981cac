"""The hosts that this process holds while several poll: claimed, renewed, let go.

    claim -> hosts and what is due there      hold -> one host more, that a request leads to
    renewed in the background                 let go in batches, with the pause that is left
    lost -> whoever is at it is told          closed -> all are let go

What a process knows of its leases it knows by a clock that never goes back and that goes on while
the machine sleeps, counted from before the database was asked: it stops asking a host before the
database gives that host to another. A request starts only where the lease outlasts the pause
after it, so that the pause holds also if this process dies the moment after.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakValueDictionary

from bot.clock import Clock, utc_now
from bot.database import Database
from config import logs
from watchers.errors import DadkhahError
from watchers.model import Feed
from watchers.paces import TurnMissed
from watchers.urls import host

log = logs.get(__name__)

LEASE = 120.0  # seconds, and the pause between two requests besides
RENEW = 25.0  # seconds between renewals
UPKEEP = 0.25  # seconds between looks at what is to be renewed, let go, given up
PATIENCE = 30.0  # seconds that a request waits for a host that another machine has
_ASK = 1.0  # seconds after which it asks again, at most
_LINGER = 10.0  # seconds that a pause of our own is worth waiting for, at most


def awake_and_asleep() -> float:
    """Seconds that never go back, and go on while the machine is suspended, where it knows."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(slots=True, eq=False)
class _Held:
    """A host of ours; times by the steady clock."""

    until: float
    users: int = 0  # the claim itself, and requests; without any it is let go
    last: float | None = None  # when the last request started
    scopes: set[asyncio.Timeout] = field(default_factory=set)  # requests, to be broken off


class Claims:
    """What one process holds; a :class:`watchers.paces.TurnPort` for its fetcher.

    `delay`: seconds between starts on one host. `lease` and `renew` are seconds too.
    """

    def __init__(
        self,
        database: Database,
        delay: float,
        *,
        lease: float = LEASE,
        renew: float = RENEW,
        clock: Clock = utc_now,
        steady: Callable[[], float] = awake_and_asleep,
    ) -> None:
        self.holder = secrets.token_hex(8)
        self.delay = delay
        self.on_lost: Callable[[frozenset[str]], None] = lambda _: None
        self._database = database
        self._lease = lease + delay
        self._renew_every = renew
        self._margin = min(1.0, lease / 10)  # given up so much earlier than others get it
        self._clock, self._steady = clock, steady
        self._held: dict[str, _Held] = {}
        self._leaving: dict[str, _Held] = {}  # to be let go with the next batch
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._claiming = 0
        self._renewed_at = 0.0
        self._paused_until = 0.0  # the longest pause of a host that we let go
        self._keeper: asyncio.Task[None] | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._closed = False

    # ------------------------------------------------------------ claims

    async def claim(
        self,
        limit: int,
        *,
        per_host: int,
        among: Sequence[int] | None = None,
        without: Sequence[int] = (),
    ) -> tuple[Feed, ...]:
        """Feeds to poll, whose hosts are held until they are `done`. StoreError."""
        if self._closed:
            return ()
        await self.let_go()
        if self._is_closed():  # meanwhile: nobody would let go what is taken now
            return ()
        asked = self._steady()
        self._claiming += 1
        try:
            feeds = await self._database(
                lambda store: store.claim_feeds(
                    self.holder, self._clock(), limit, lease=timedelta(seconds=self._lease),
                    per_host=per_host, among=among, without=without,
                )
            )  # fmt: skip
        finally:
            self._claiming -= 1
        if self._is_closed():
            return ()
        names = {host(feed.url) for feed in feeds}
        self._lose(names & self._held.keys())  # it lapsed, and was free for us as for others
        for name in names:
            self._hold(name, asked).users += 1
        return feeds

    def done(self, name: str) -> None:
        """A claimed host has nothing more to be polled."""
        if (held := self._held.get(name)) is not None:
            self._leave(name, held)

    def holds(self, name: str) -> bool:
        """Whether nobody else can have got this host yet."""
        held = self._held.get(name)
        return held is not None and held.until - self._margin > self._steady()

    @property
    def pauses(self) -> bool:
        """Whether a host that we let go has a short pause, after which it may be asked again."""
        return self._steady() < self._paused_until

    async def claimable(self) -> bool:
        """Whether anything could be claimed now. StoreError."""
        return await self._database(lambda store: store.claimable(self._clock(), 1)) > 0

    def _is_closed(self) -> bool:
        return self._closed

    # ------------------------------------------------------------ turns of requests

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """See :class:`watchers.paces.TurnPort`; waits PATIENCE for another machine."""
        held = await self._got(name)
        scope: asyncio.Timeout | None = None
        try:
            async with asyncio.timeout(None) as scope:
                held.scopes.add(scope)
                yield
        except TimeoutError:
            if scope is not None and scope.expired():
                raise TurnMissed(name) from None
            raise
        finally:
            if scope is not None:
                held.scopes.discard(scope)
            self._leave(name, held)

    def start(self, name: str) -> None:
        """See :class:`watchers.paces.TurnPort`."""
        held = self._lasting(name)
        if held is None:
            raise TurnMissed(name)
        held.last = self._steady()

    def _lasting(self, name: str) -> _Held | None:
        """What is held for longer than the pause after a request that starts now."""
        held = self._held.get(name)
        enough = self._steady() + self._margin + self.delay
        return held if held is not None and held.until > enough else None

    async def _got(self, name: str) -> _Held:
        """The host with one user more. TurnMissed."""
        held = self._lasting(name) or self._taken_back(name)
        if held is None:
            lock = self._asking.setdefault(name, asyncio.Lock())
            try:
                async with asyncio.timeout(PATIENCE), lock:  # one of us asks for all
                    while (held := self._lasting(name)) is None:
                        await self._ask_for(name)
            except (TimeoutError, DadkhahError) as error:
                raise TurnMissed(name) from error
        held.users += 1
        return held

    def _taken_back(self, name: str) -> _Held | None:
        """A host that was about to be let go."""
        held = self._leaving.get(name)
        if held is None or held.until <= self._steady() + self._margin + self.delay:
            return None
        self._held[name] = self._leaving.pop(name)
        return held

    async def _ask_for(self, name: str) -> None:
        """Ask the database for a host once; then wait, if it is not free."""
        if self._closed:
            raise TurnMissed(name)
        asked, lease = self._steady(), timedelta(seconds=self._lease)
        wait = await self._database(
            lambda store: store.take_host(name, self.holder, self._clock(), lease=lease)
        )
        if wait is None:
            self._hold(name, asked)
        else:
            await asyncio.sleep(min(_ASK, max(0.02, wait.total_seconds())))

    # ------------------------------------------------------------ upkeep

    def _hold(self, name: str, asked: float) -> _Held:
        held = self._held.setdefault(name, _Held(0.0))
        if (leaving := self._leaving.pop(name, None)) is not None:
            held.last = leaving.last
        held.until = asked + self._lease
        if self._keeper is None or self._keeper.done():
            self._renewed_at = asked
            self._keeper = asyncio.create_task(self._keep())
        return held

    def _leave(self, name: str, held: _Held) -> None:
        held.users -= 1
        if held.users <= 0 and self._held.get(name) is held:
            del self._held[name]
            self._leaving[name] = held

    async def _keep(self) -> None:
        """While anything is held; a database that does not answer holds up no giving up."""
        while self._held or self._leaving:
            await asyncio.sleep(UPKEEP)
            now = self._steady()
            self._lose([n for n, held in self._held.items() if held.until - self._margin <= now])
            if self._upkeep is None or self._upkeep.done():
                self._upkeep = asyncio.create_task(self._keep_up())

    async def _keep_up(self) -> None:
        try:
            await self.let_go()
            if self._steady() - self._renewed_at >= self._renew_every:
                await self._renew()
        except DadkhahError as error:  # told in one line; tried again while the leases last
            log.warning("claims_not_kept", why=str(error))
            await asyncio.sleep(min(1.0, self._renew_every))

    async def _renew(self) -> None:
        mine, asked = dict(self._held), self._steady()
        renewed = await self._database(
            lambda store: store.renew_claims(
                self.holder, self._clock(), lease=timedelta(seconds=self._lease)
            )
        )
        self._renewed_at = asked
        same = {name for name, held in mine.items() if self._held.get(name) is held}
        for name in same & renewed:
            self._held[name].until = asked + self._lease
        self._lose(same - renewed)
        # Taken for somebody who was cancelled meanwhile.
        if not self._claiming and not any(lock.locked() for lock in self._asking.values()):
            for name in renewed - self._held.keys() - self._leaving.keys():
                self._leaving[name] = _Held(0.0, last=asked)

    def _lose(self, names: Iterable[str]) -> None:
        """These are others' now, or may be at any moment: break off what is under way there."""
        lost = frozenset(name for name in names if name in self._held)
        if not lost:
            return
        log.warning("hosts_lost", hosts=len(lost))
        self._break_off(lost)
        self.on_lost(lost)

    def _break_off(self, names: Iterable[str]) -> None:
        at_once = asyncio.get_running_loop().time()
        for name in names:
            for scope in tuple(self._held.pop(name).scopes):
                scope.reschedule(at_once)

    def _pause(self, held: _Held) -> timedelta:
        """What is left of the pause after the last request to a host."""
        if held.last is None:
            return timedelta()
        end = held.last + self.delay
        left = max(0.0, end - self._steady())
        if left <= _LINGER:
            self._paused_until = max(self._paused_until, end)
        return timedelta(seconds=left)

    async def let_go(self) -> None:
        """Tell the database which hosts we are done with; happens by itself soon. StoreError."""
        leaving, self._leaving = self._leaving, {}
        if not leaving:
            return
        pauses = {name: self._pause(held) for name, held in leaving.items()}
        try:
            await self._database(
                lambda store: store.release_hosts(self.holder, self._clock(), pauses)
            )
        except DadkhahError:
            self._leaving = {**leaving, **self._leaving}
            raise

    async def close(self) -> None:
        """Let all go, for good; what cannot be let go lapses. Idempotent."""
        if self._closed:
            return
        self._closed = True
        for task in (self._keeper, self._upkeep):
            if task is not None:
                task.cancel()
        self._leaving.update(self._held)
        self._break_off(tuple(self._held))
        pause = timedelta(seconds=self.delay)
        with contextlib.suppress(DadkhahError):
            await self.let_go()
            await self._database(
                lambda store: store.release_all(self.holder, self._clock(), pause=pause)
            )
