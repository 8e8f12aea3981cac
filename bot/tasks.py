"""The queue of the distributed engine: Procrastinate, on the database that holds everything else.

    the clock -> order(job) -> a row -> any `dadkhah worker` -> bot.tasks_work

Nothing rests on it but speed: a job may be lost or done twice, for what it does is guarded by
claims of hosts, locks of channels, the ledger's states and unique keys, and the clock orders
again whatever is still to be done. So no job is tried again by itself, none is kept when it has
ended, and at most one of a kind (and channel) waits while another is being done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.jobs import Job as Taken
from procrastinate.manager import JobManager
from psycopg_pool import AsyncConnectionPool, PoolClosed

from storage import tasks_schema
from storage.engine import parse_url, place
from storage.translate import translate
from watchers.errors import StoreBusy, StoreConflict, StoreFull, StoreUnreachable

HEARTBEAT = 5.0  # seconds between two signs of life of a worker
STALLED = tasks_schema.SILENT  # seconds without one after which it counts as dead
POSTS = "telling"  # the lock of the one worker that posts
_PATIENCE = 5.0  # seconds that a question to the queue waits for a connection
_CONNECTIONS = 4  # of a process; a listener has one of its own besides
_WAITING = 10_000  # jobs that wait, looked at before one more is ordered
_LOOK = 1.0  # seconds between looks at a lane: nobody tells of a job whose lock became free
_ABORT = 60.0  # seconds between looks at what an operator cancelled by hand
_PASSES = (StoreBusy, StoreConflict, StoreFull, StoreUnreachable)
_END_WAITS = (0.2, 1.0, 3.0)  # seconds between tries to tell the queue that a job has ended


class Kind(StrEnum):
    """What a job does; its name in the database."""

    POLL = "poll"
    SETTLE = "settle"
    DIGEST = "digest"
    SUBSCRIBERS = "subscribers"
    ALERTS = "alerts"
    RECHECKS = "rechecks"
    DELIVER = "deliver"
    PRIVATE = "private"
    CORRECTIONS = "corrections"


class Lane(StrEnum):
    """Queues, by who takes from them."""

    POLL = "poll"  # each worker, one job at a time: it fills all of its places to fetch
    WORK = "work"  # each worker, a few
    TELLING = "telling"  # one worker at a time, so that the bot's pace is kept


_TOLD = (Kind.DELIVER, Kind.PRIVATE, Kind.CORRECTIONS)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done; `number` is the channel's row, or which of several poll jobs it is."""

    kind: Kind
    number: int | None = None

    @property
    def key(self) -> str:
        """One of a key is done at a time, and one waits."""
        return str(self.kind) if self.number is None else f"{self.kind}-{self.number}"

    @property
    def lane(self) -> Lane:
        """The queue that it waits in."""
        if self.kind is Kind.POLL:
            return Lane.POLL
        return Lane.TELLING if self.kind in _TOLD else Lane.WORK


Do = Callable[[Job], Awaitable[None]]


class Queue:
    """A process's way to the queue; `opened` while it is used. Every question: StoreError."""

    def __init__(self, url: str) -> None:
        self._place = place(parse_url(url))
        # Arguments, not a string: what the pool says of it in a log has no password.
        self._pool = AsyncConnectionPool(
            kwargs=tasks_schema.connection_arguments(url),
            min_size=1,
            max_size=_CONNECTIONS,
            open=False,
            timeout=_PATIENCE,
            reconnect_timeout=10.0,  # then the next question tries anew, without a long pause
            configure=tasks_schema.set_up,
            check=AsyncConnectionPool.check_connection,
            name="queue",
        )
        _quiet()
        self._app = App(connector=PsycopgConnector())
        self._app.job_manager = _Manager(self._app.connector)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connect, also to a database that is away just now: then each question fails."""
        await self._pool.open(wait=False)
        await self._app.open_async(self._pool)
        try:
            yield
        finally:
            await self._pool.close(timeout=1.0)

    # ------------------------------------------------------------ the clock's side

    async def order(self, jobs: Iterable[Job]) -> int:
        """Have these done, but for those that wait already; how many are new."""
        wanted = dict.fromkeys(jobs)
        if not wanted:
            return 0
        ordered = 0
        with self._asking():
            rows = await self._app.connector.execute_query_all_async(
                tasks_schema.WAITING_KEYS, most=_WAITING
            )
            waiting = {row["key"] for row in rows}
            for job in wanted:
                if job.key not in waiting:
                    ordered += await self._defer(job)
        return ordered

    async def _defer(self, job: Job) -> bool:
        task = self._app.configure_task(
            str(job.kind),
            queue=str(job.lane),
            lock=job.key,
            queueing_lock=job.key,
            task_kwargs={} if job.number is None else {"number": job.number},
        )
        try:
            await task.defer_async()
        except AlreadyEnqueued:  # by another process, this very moment
            return False
        return True

    async def workers(self) -> int:
        """How many `dadkhah worker` are alive."""
        with self._asking():
            row = await self._app.connector.execute_query_one_async(
                tasks_schema.LIVE_WORKERS, seconds=STALLED
            )
        return int(row["workers"]) // 2  # each shows in two lanes, and one of them in a third

    async def give_back(self, lane: Lane | None = None) -> int:
        """Remove jobs that were under way with workers that died; how many.

        Else nobody could do another one of that key. What is still to be done is ordered by the
        next tick. With a lane: all that are under way there, for whoever knows that none is.
        """
        manager = self._app.job_manager
        with self._asking():
            if lane is None:
                stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED)
            else:
                stalled = await manager.list_jobs_async(
                    queue=str(lane), status=str(Status.DOING.value)
                )
            gone = 0
            for job in stalled:
                with contextlib.suppress(ConnectorException):  # it ended this very moment
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                    gone += 1
        return gone

    # ------------------------------------------------------------ the worker's side

    def does(self, do: Do) -> None:
        """What becomes of jobs that this process takes; it lets out no error."""
        for kind in Kind:
            self._app.task(name=str(kind))(_task(kind, do))

    async def work(self, lane: Lane, places: int, *, listen: bool, finish: float) -> None:
        """Do jobs of a lane, so many at a time, until cancelled or the database is lost.

        Cancelled, it takes no more, and waits so many seconds for those that it has.
        StoreError; also returns when it lost its connection while nothing was asked.
        """
        with self._asking():
            await self._app.run_worker_async(
                queues=[str(lane)],
                name=str(lane),
                concurrency=places,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.ALWAYS.value,
                listen_notify=listen,
                fetch_job_polling_interval=_LOOK,
                abort_job_polling_interval=_ABORT,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=STALLED,
                shutdown_graceful_timeout=finish,
            )

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the library's errors into ours."""
        try:
            yield
        except ConnectorException as error:
            ours = translate(error.__cause__ or error, self._place)
            if ours is None:
                ours = StoreUnreachable(f"The queue does not answer: {self._place}.")
            raise ours from error


class _Manager(JobManager):
    """A job's end is told until the database takes it.

    The library tells once. If that fails while its worker lives on, the job stays under way for
    as long as the worker does, and with it nobody can do another one of its key.
    """

    async def finish_job(self, job: Taken, status: Status, delete_job: bool) -> None:
        """As the library's. ConnectorException if it is not to be had, or the job is gone."""
        for pause in _END_WAITS:
            try:
                return await super().finish_job(job, status, delete_job)
            except ConnectorException as error:
                cause = error.__cause__
                away = isinstance(cause and translate(cause, ""), _PASSES)
                if not away or isinstance(cause, PoolClosed):
                    raise
            await asyncio.sleep(pause)
        return await super().finish_job(job, status, delete_job)


def _task(kind: Kind, do: Do) -> Callable[..., Awaitable[None]]:
    async def task(number: int | None = None) -> None:
        await do(Job(kind, number))

    return task


class _WithoutTraceback(logging.Filter):
    """A database that is away is told in a line; whoever runs the worker begins it again."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, shortened if it is about that."""
        if record.exc_info and isinstance(record.exc_info[1], ConnectorException):
            record.exc_info = record.exc_text = None
            record.msg, record.args = " ".join(record.getMessage().split()), ()
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _quiet() -> None:
    """Nothing of each job in the log: what it does tells of itself."""
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.ERROR)
    lanes = [f"procrastinate.worker.{lane}" for lane in Lane]
    # A filter is not inherited.
    for name in ("procrastinate.worker", *lanes, "procrastinate.utils", "asyncio"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _WithoutTraceback) for one in logger.filters):
            logger.addFilter(_WithoutTraceback())
