"""`dadkhah worker`: takes jobs of the distributed engine from the queue, and does them.

    lane poll     one job at a time      lane work   a few
    lane telling  where the lock "telling" is: one worker posts at a time, so that Telegram's pace
                  per chat and per bot is kept by one process, as in the embedded engine; when it
                  dies another takes over within seconds, and reads from the ledger what was sent

SIGTERM: no new job; a page that is being sent gets its receipt, polls are dropped and their hosts
freed; exit within 10 seconds. A lost database ends nothing: it is asked until it is back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack

from bot.app import Program
from bot.client import make_bot
from bot.health import Health
from bot.pacing import rest
from bot.poller import Poller
from bot.rechecks import Rechecks
from bot.sender import TelegramSender
from bot.tasks import POSTS, STALLED, Lane, Queue
from bot.tasks_work import Work
from bot.telling import Telling
from bot.waiting import opened_by_another, until_there
from config import logs
from config.settings import Settings, unknown_variables
from storage import tasks_schema
from watchers.errors import DadkhahError, StoreBusy, StoreOlder, StoreUnreachable
from watchers.ports import Lock, Store

log = logs.get(__name__)

FINISH = 6.0  # seconds that a stop waits for a page to get its receipt
HURRY = 4.0  # seconds after which it no longer waits for a lock on the database
_JOBS = FINISH + 1.0  # seconds that a stop waits for jobs to end
_END = 2.0  # seconds for the queue to hear of it
_AGAIN = 2.0  # seconds before a lost lane, or the lock, is tried anew
_SAY = 60.0  # seconds between two lines about the same
_LOOK = 0.25  # seconds between looks at the watchlist
_PLACES = {Lane.POLL: 1, Lane.WORK: 4, Lane.TELLING: 16}


async def opened(settings: Settings) -> Store:
    """The store for a worker, once it is there and of this version, with the queue's tables.

    `dadkhah run` makes and upgrades it; until then, and while it is away, this waits and says so.
    """

    def once() -> None:
        tasks_schema.check(settings.database)

    store = await opened_by_another(settings)
    try:
        await until_there(settings, once, (StoreUnreachable, StoreBusy, StoreOlder))
    except BaseException:
        store.close()
        raise
    return store


class Worker:
    """One process of any number."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._database = program.database
        settings = program.settings
        self._queue = Queue(settings.database)
        self._telling = (
            Telling(program, TelegramSender(make_bot(settings))) if settings.token else None
        )
        self._work = Work(
            program,
            self._queue,
            poller=Poller(program),
            rechecks=Rechecks(program.database, program.fetcher),
            telling=self._telling,
        )
        self._queue.does(self._work.do)
        self._health = Health(program, "worker", self._ready)
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._posts = False
        self._up: dict[Lane, float] = {}  # lanes that are served, since when
        self._down_since = time.monotonic()
        self._said: dict[tuple[str, Lane | None], float] = {}  # when last

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stop.set)
        self._health.listen()
        self._say_hello()
        await asyncio.to_thread(self._program.workers.start)
        async with self._queue.opened():
            for work in (
                self._serve(Lane.POLL),
                self._serve(Lane.WORK),
                self._take_turns_telling(),
                self._keep_up(),
            ):
                self._begin(work)
            self._health.started(os.environ)
            log.info("worker_started", health=self._program.settings.http_listen or "off")
            try:
                await self._stop.wait()
            finally:
                self._health.stopping()
                await self._finish()
                await self._health.stop()

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """A task that the end waits for: the queue must not be closed under it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _say_hello(self) -> None:
        for name in unknown_variables(os.environ):
            log.warning("unknown_setting", name=name)
        if self._telling is None:
            log.warning("no_token", what="this worker polls and posts nothing")

    # ------------------------------------------------------------ lanes

    async def _serve(self, lane: Lane) -> None:
        """Do jobs of a lane until we stop, whatever becomes of the database meanwhile."""
        while not self._stop.is_set():
            self._up[lane] = time.monotonic()
            try:
                await self._queue.work(
                    lane, _PLACES[lane], listen=lane is not Lane.POLL, finish=_JOBS
                )
            except DadkhahError as error:  # told in one line; its cause is the database's
                self._say("lane_interrupted", str(error), lane)
            except Exception:
                log.exception("lane_broke", lane=str(lane))
            else:
                self._say("lane_interrupted", "the connection was lost", lane)
            finally:
                self._up.pop(lane, None)
            if not self._up:
                self._down_since = time.monotonic()
            await rest(self._stop, _AGAIN)

    def _say(self, event: str, why: str, lane: Lane | None = None) -> None:
        """Once a minute: a database that is away for hours is asked thousands of times."""
        now, about = time.monotonic(), (event, lane)
        if now - self._said.get(about, now - _SAY) >= _SAY:
            self._said[about] = now
            log.warning(event, why=why, **({} if lane is None else {"lane": str(lane)}))

    async def _take_turns_telling(self) -> None:
        """Post while this process has the lock; else stand by."""
        while self._telling is not None and not self._stop.is_set():
            try:
                async with AsyncExitStack() as stack:
                    lock = await self._database.lock(stack, POSTS)
                    if lock:
                        await self._tell(lock)
            except DadkhahError as error:
                self._say("telling_interrupted", str(error))
            except Exception:
                log.exception("telling_broke")
            await rest(self._stop, _AGAIN)

    async def _tell(self, lock: Lock) -> None:
        """Serve the lane until the lock is lost, or we stop."""
        if self._telling is None:
            return
        # Nobody else can be at it: what is under way there was a dead worker's.
        back = await self._queue.give_back(Lane.TELLING)
        self._telling.take_over()
        log.info("telling_taken", jobs_given_back=back)
        serving = self._begin(self._serve(Lane.TELLING))
        self._posts = True
        try:
            while await rest(self._stop, _AGAIN):
                if not await self._database(lambda _: lock.held()):
                    log.warning("telling_lost")
                    break
        finally:
            self._posts = False
            serving.cancel()
            await asyncio.wait([serving], timeout=_JOBS + _END)

    async def _keep_up(self) -> None:
        """Go by the watchlist as it is now; what the watchdog sees of this process."""
        knowing, watchdog = self._program.knowing, self._health.watchdog
        while await rest(self._stop, _LOOK):
            watchdog.begins("watchlist")
            how = "done"
            try:
                await knowing.refresh()
            except DadkhahError as error:
                how = "failed"
                self._say("watchlist_not_read", str(error))
                await rest(self._stop, _AGAIN)
            except Exception:
                how = "broke"
                log.exception("watchlist_broke")
                await rest(self._stop, _AGAIN)
            finally:
                watchdog.ends("watchlist", how, everywhere=True)

    # ------------------------------------------------------------ health and end

    def _ready(self) -> dict[str, object]:
        """Ready while the queue is served; a lane that is begun again every moment is not."""
        steady = time.monotonic()
        served = Lane.WORK in self._up and Lane.POLL in self._up
        lost = steady - self._down_since if not served else 0.0
        return {
            "ok": served or lost < STALLED,
            "telling": self._posts,
            "jobs": self._work.under_way,
        }

    async def _finish(self) -> None:
        log.info("stopping")
        self._database.store.hurry(HURRY)
        for task in self._tasks:
            task.cancel()  # no new jobs; those under way are waited for
        await self._work.finish(FINISH)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_END)
        log.info("stopped")
