"""What a worker does of each kind of job: the very functions of the embedded engine's ticks.

Everything runs in tasks of this process, not of the queue's library: when the connection to the
queue is lost, and what waits for a job with it, a page that is being sent still gets its receipt.

Pages of suspicious articles are fetched inside the poll that found them, for a poll is stored as
a whole; asking later whether a page is still there is a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot import jobs
from bot.alerting import Seen, alert_due
from bot.app import Program
from bot.clock import utc_now
from bot.poller import Poller
from bot.rechecks import Rechecks
from bot.subscribing import digest_subscribers
from bot.tasks import Job, Kind, Queue
from bot.telling import Telling
from config import logs
from watchers.errors import DadkhahError
from watchers.ports import Store
from watchers.telling import Channel

log = logs.get(__name__)

A_POLL = 120.0  # seconds that one poll job claims new hosts
_SHORT = 1.0  # seconds that a stop waits for what can be cut off at any moment


class Work:
    """One for the process. Without a `telling` it posts nothing."""

    def __init__(
        self,
        program: Program,
        queue: Queue,
        *,
        poller: Poller,
        rechecks: Rechecks,
        telling: Telling | None,
    ) -> None:
        self._program = program
        self._queue = queue
        self._poller = poller
        self._rechecks = rechecks
        self._telling = telling
        self._seen = Seen()
        self._tasks: dict[Job, asyncio.Task[None]] = {}
        self._stopping = False
        self._kinds: dict[Kind, Callable[[Job], Awaitable[object]]] = {
            Kind.POLL: self._poll,
            Kind.SETTLE: lambda _: jobs.settle_all(program),
            Kind.DIGEST: self._digest,
            Kind.SUBSCRIBERS: lambda _: digest_subscribers(program, utc_now()),
            Kind.ALERTS: self._alert,
            Kind.RECHECKS: lambda _: rechecks.look(),
        }
        if telling is not None:
            self._kinds |= {
                Kind.DELIVER: lambda job: telling.deliver(job.number or 0),
                Kind.PRIVATE: lambda _: telling.private(),
                Kind.CORRECTIONS: lambda _: telling.correct(),
            }

    @property
    def under_way(self) -> int:
        """How many jobs are being done."""
        return len(self._tasks)

    async def do(self, job: Job) -> None:
        """Do it, or wait for it if it is being done here; an expected failure is told in a line.

        The clock orders again what is still to be done.
        """
        if self._stopping:
            return
        task = self._tasks.get(job)
        if task is None:
            task = self._tasks[job] = asyncio.create_task(self._guarded(job), name=job.key)
            task.add_done_callback(lambda _: self._tasks.pop(job, None))
        await asyncio.wait([task])

    async def _guarded(self, job: Job) -> None:
        try:
            await self._kinds[job.kind](job)
        except DadkhahError as error:  # told in one line; its cause is the database's
            log.warning("job_failed", job=job.key, why=str(error))
            if self._telling is not None:
                self._telling.note(error)
        except Exception:
            log.exception("job_broke", job=job.key)

    async def finish(self, seconds: float) -> None:
        """Stop: a page that is being sent gets its receipt; polls are dropped, their hosts freed;
        what is safe to cut off at any moment is cut off.
        """
        self._stopping = True
        cut = [task for job, task in self._tasks.items() if job.kind not in _FINISHED]
        for task in cut:
            task.cancel()
        parts: list[Awaitable[object]] = [self._poller.stop()]
        if self._telling is not None:
            parts.append(self._telling.finish(seconds))
        await asyncio.gather(*parts)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=_SHORT)

    # ------------------------------------------------------------ kinds

    async def _poll(self, job: Job) -> None:
        """Poll what can be claimed; with more of it than time, its successor is ordered at once."""
        more = await self._poller.work(A_POLL)
        if more and not self._stopping:
            await self._queue.order([job])

    async def _digest(self, job: Job) -> None:
        channels = await self._program.database(
            lambda store: [one for one in _real(store) if one.id == job.number]
        )
        await jobs.digest_due(self._program, channels)

    async def _alert(self, _: Job) -> None:
        channels = await self._program.database(_real)
        await alert_due(self._program, channels, self._seen)


_FINISHED = (Kind.POLL, Kind.DELIVER, Kind.PRIVATE, Kind.CORRECTIONS)  # each in its own manner


def _real(store: Store) -> list[Channel]:
    return [channel for channel in store.channels() if not channel.is_console]
