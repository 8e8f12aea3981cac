"""`dadkhah run`: one clock, a few short ticks, the bot, the health page.

    whoever holds the lease:  poll -> due feeds      settle -> copies, stories
                              telegram -> updates     what is told: bot.telling
                              judge -> stored articles, by a changed watchlist
                              fingerprints -> recent articles, after an update of the program
                              search index -> articles that are new or were changed
    every process:            watchlist -> looked at four times a second, and taken up

With the distributed engine the holder of the lease does not poll, settle, build or post: it
orders that (bot.tasks_orders), and workers do it (bot.tasks_worker).

SIGTERM: no new work; a page that is being sent gets its receipt, polls are dropped (they are
asked again), everything is put away; exit within 10 seconds, also while another process has the
database locked: then what was sent and could not be noted is in doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import housekeeping, indexing, jobs, rechecks
from bot.app import Program
from bot.beside import Beside
from bot.client import make_bot
from bot.clock import utc_now
from bot.clockwork import Clockwork, clockwork
from bot.every import Every
from bot.health import Health
from bot.indexing import Indexing
from bot.knowing import LEASE
from bot.poller import Poller
from bot.rechecks import Rechecks
from bot.schedule import latest_slot
from bot.sender import ConsoleSender, TelegramSender
from bot.telling import Telling, Tick
from bot.updates import Updates
from config import logs
from config.settings import unknown_variables
from watchers.errors import DadkhahError, StoreUnreachable
from watchers.ports import Lock

log = logs.get(__name__)

FINISH = 6.0  # seconds that a stop waits for a page to get its receipt
HURRY = 4.0  # seconds after which it no longer waits for another process's lock on the database
STALE = timedelta(minutes=5)  # without the end of any tick: we are not ready
STUCK = timedelta(hours=1)  # one tick under way for so long: neither
REST = timedelta(seconds=30)  # after a tick that failed
SHORT_REST = timedelta(seconds=3)  # while the database is away: it is back when it is back


class Service:
    """The program as it runs for years."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._poller = Poller(program)
        self._beside = Beside(program)
        self._rechecks = Rechecks(program.database, program.fetcher)
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._tasks: dict[str, asyncio.Task[object]] = {}
        self._stop = asyncio.Event()
        self._held: Lock | None = None
        self._lease = AsyncExitStack()
        self._ticked: datetime | None = None
        self._began: dict[str, datetime] = {}  # ticks under way
        self._rest_until: dict[str, datetime] = {}
        self._printed: dict[int, datetime] = {}
        self._clockwork = clockwork(program)
        token = program.settings.token
        self._updates = Updates(program) if token else None
        self._telling = (
            Telling(program, TelegramSender(make_bot(program.settings))) if token else None
        )
        self._health = Health(
            program,
            "run",
            self._ready,
            hook=self._updates.hook if self._updates else None,
            leased=lambda: self._leased,
            listening=lambda: self._updates.is_running if self._updates else None,
        )

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stop.set)
        self._health.listen()
        self._say_hello()
        async with self._clockwork.opened() if self._clockwork else contextlib.nullcontext():
            if self._clockwork is None:  # else there is little to read: they are made when needed
                await asyncio.to_thread(self._program.workers.start)
            self._schedule()
            self._health.started(os.environ)
            log.info("started", health=self._program.settings.http_listen or "off")
            try:
                await self._stop.wait()
            finally:
                self._health.stopping()
                await self._finish()
                await self._health.stop()

    def _say_hello(self) -> None:
        for name in unknown_variables(os.environ):
            log.warning("unknown_setting", name=name)
        if self._updates is None:
            log.warning("no_token", what="digests are printed, nothing is posted or marked sent")

    # ------------------------------------------------------------ ticks

    def _schedule(self) -> None:
        knowing = self._program.knowing
        recomputing = housekeeping.Recomputing(self._program)
        ticks: tuple[Tick, ...] = (
            *(self._ordered(self._clockwork) if self._clockwork else self._done_here()),
            ("telegram", 3.0, self._telegram),
            ("judge", 2.0, knowing.judge_on),
            ("fingerprints", 2.0, recomputing.go_on),
            ("search index", indexing.EVERY, Indexing(self._program).go_on),
            ("housekeeping", 3600.0, lambda: housekeeping.tidy(self._program)),
        )
        self._scheduler.add_job(self._see_to_lease, Every(seconds=2, timezone=UTC), id=LEASE,
                                next_run_time=utc_now(), **_GENTLE)  # fmt: skip
        self._scheduler.add_job(
            self._tick,
            Every(seconds=0.25, timezone=UTC),
            ("watchlist", knowing.refresh),
            {"everywhere": True},
            id="watchlist",
            **_GENTLE,
        )
        for number, (name, seconds, work) in enumerate(ticks):
            self._scheduler.add_job(
                self._tick, Every(seconds=seconds, timezone=UTC), (name, work), id=name,
                next_run_time=utc_now() + timedelta(seconds=0.5 + 0.1 * number), **_GENTLE,
            )  # fmt: skip
        self._scheduler.start()

    def _done_here(self) -> tuple[Tick, ...]:
        """The embedded engine: ticks do the work."""
        return (
            ("poll", 5.0, self._poll),
            ("settle", 5.0, lambda: jobs.settle_all(self._program)),
            *(self._telling.ticks if self._telling else (("digest", 10.0, self._print),)),
            ("rechecks", rechecks.EVERY, self._look_for_pages),
        )

    def _ordered(self, orders: Clockwork) -> tuple[Tick, ...]:
        """The distributed one: ticks order it from workers, but for what admins are told."""
        if self._telling is None:
            return (*orders.working, ("digest", 10.0, self._print))
        return (*orders.working, *orders.telling, *self._telling.own_ticks)

    async def _see_to_lease(self) -> None:
        """Ticks run where the lease is; when its holder dies, another takes it at once."""
        held = self._held
        if self._stop.is_set():
            return
        if held is None:
            await self._take_lease()
        elif not await self._is_held(held):
            await self._lose_lease()

    async def _is_held(self, lease: Lock) -> bool:
        """Whether it is still ours; true if we stop before there is an answer."""
        try:
            return await self._program.database(lambda _: lease.held())
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            return True

    async def _take_lease(self) -> None:
        try:
            lock = await self._program.database.lock(self._lease, LEASE)
        except DadkhahError as error:  # told in one line; its cause is the database's
            log.warning("lease_failed", why=str(error))
            return
        if lock:
            self._held = lock
            self._health.watchdog.leased()
            log.info("lease_taken")

    async def _lose_lease(self) -> None:
        """The database was restarted, or cut us off: another may have it by now."""
        log.warning("lease_lost")
        self._held = None
        if self._clockwork is not None:
            self._clockwork.rest()
        self._health.watchdog.unleased()
        lease, self._lease = self._lease, AsyncExitStack()
        with contextlib.suppress(DadkhahError):  # it is gone in any case
            await lease.aclose()
        if self._updates is not None:
            if starting := self._tasks.get("telegram"):
                await asyncio.wait([starting])
            await self._updates.stop()

    @property
    def _leased(self) -> bool:
        return self._held is not None

    async def _tick(
        self, name: str, work: Callable[[], Awaitable[object]], *, everywhere: bool = False
    ) -> None:
        """Run one piece of work; an expected failure waits for the next tick, a bug is loud."""
        if not (self._leased or everywhere) or self._stop.is_set() or self._rests(name):
            return
        self._began[name] = utc_now()
        self._health.watchdog.begins(name)
        task, how = asyncio.ensure_future(work()), "done"
        self._tasks[name] = task
        try:
            await asyncio.shield(task)
        except DadkhahError as error:  # told in one line; its cause is the database's
            log.warning("tick_failed", tick=name, why=str(error))
            away = isinstance(error, StoreUnreachable)
            self._rest_until[name] = utc_now() + (SHORT_REST if away else REST)
            how = "failed"
            if self._telling:
                self._telling.note(error)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
        except Exception:
            log.exception("tick_broke", tick=name)
            how = "broke"
        finally:
            self._health.watchdog.ends(name, how, everywhere=everywhere)
            del self._began[name]
            if not everywhere:  # it says nothing about the others
                self._ticked = utc_now()

    def _rests(self, name: str) -> bool:
        """A tick that failed waits a while: what failed it (a full disk) is there still."""
        until = self._rest_until.get(name)
        return until is not None and utc_now() < until

    async def _print(self) -> None:
        """Without a token digests are printed, and nothing counts as told."""
        sender = ConsoleSender()
        for channel in await jobs.told_channels(self._program):
            now = utc_now()
            slot = latest_slot(channel, now)
            if slot is None or slot <= self._printed.get(channel.id, channel.added_at):
                continue
            built = await jobs.build(self._program, channel, now)
            self._printed[channel.id] = slot
            for sheet in built.pages:
                await sender.send(channel, sheet)

    async def _poll(self) -> None:
        if not await self._beside.are_alive():
            await self._poller.tick()

    async def _look_for_pages(self) -> None:
        if self._program.settings.full_text:
            await self._rechecks.look()

    async def _telegram(self) -> None:
        if self._updates is not None:
            await self._updates.keep_going()

    # ------------------------------------------------------------ health and end

    def _ready(self) -> dict[str, object]:
        now = utc_now()
        recent = self._ticked is not None and now - self._ticked < STALE
        stuck = any(now - began > STUCK for began in self._began.values())
        stuck = stuck or self._poller.is_stuck(now, STUCK)
        ticking = not self._leased or (recent and not stuck)
        hearing = self._updates is None or not self._leased or self._updates.is_running
        ready: dict[str, object] = {
            "ok": ticking and hearing,
            "lease": self._leased,
            "updates": hearing,
        }
        if self._clockwork is not None and self._leased:
            ready["workers"] = self._clockwork.workers
            ready["ok"] = ready["ok"] and not self._clockwork.is_alone()
        return ready

    async def _finish(self) -> None:
        log.info("stopping")
        self._scheduler.pause()
        self._program.database.store.hurry(HURRY)
        for task in self._tasks.values():
            task.cancel()
        telling = self._telling.finish(FINISH) if self._telling else asyncio.sleep(0)
        await asyncio.gather(telling, self._poller.stop())
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=1.0)
        self._scheduler.shutdown(wait=False)
        if self._updates is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._updates.stop(), 2.0)
        with contextlib.suppress(TimeoutError):  # it goes with the process in any case
            await asyncio.wait_for(self._lease.aclose(), 1.0)
        log.info("stopped")


# A tick that is late runs once; one that takes long is not started a second time.
_GENTLE = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
