"""The worker processes that read documents: the only place that starts any (Pebble).

Parsing is untrusted work: a document that hangs, bloats or kills its worker costs one failed
fetch. A worker that dies while it has nothing to do makes a new pool (Pebble gives its up).
A task costs 0.3 to 0.6 ms on top of its own work, so that each document is a task of its own.

Each task names the version of the watchlist that it is to be judged by; a worker that has
another, or none yet, says so, and the task comes again with it: a changed watchlist is in use
within milliseconds, and nothing is started anew. A worker starts without any, for what its start
is given has to fit into a pipe (64 KiB): else whoever starts it waits until it has loaded, and a
stop meanwhile is not heard.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as PoolTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from watchers.changes import Rejudged, Stored
from watchers.errors import FeedUnreadable
from watchers.fulltext import read_page
from watchers.match import Matcher
from watchers.model import FetchFailure, Item
from watchers.reader import PageJob, Reading, ReadJob, read
from watchers.rehearsal import rejudged

if TYPE_CHECKING:
    from watchers.watchlist import Watchlist

PATIENCE = 600.0  # seconds for a document to get its turn: workers that never start end here
SECONDS = 20.0  # for one document; 63 kB take 0.03 s, the worst of 1,000 feeds 0.4 s
MEMORY = 512 * 1024 * 1024  # bytes of address space on top of what a worker without watchlist has
_TRIES = 4  # to find a pool that works: the first makes one, the next ones follow a death
_RECYCLE = 2_000  # documents until a worker is replaced: feedparser fragments the heap

Job = TypeVar("Job")
Answer = TypeVar("Answer")


_matcher: Matcher | None = None


@dataclass(frozen=True, slots=True)
class _Task(Generic[Job]):
    """A job and the watchlist that it is to be judged by."""

    job: Job
    version: str
    matcher: bytes | None = None  # pickled, once a worker said that it has another


class _Stale(Enum):
    """A worker's answer if it has another watchlist."""

    STALE = "stale"


@dataclass(frozen=True, slots=True)
class _Judging:
    """Stored articles to be judged again."""

    articles: tuple[Stored, ...]
    now: datetime


def _start() -> None:
    """Set a worker up: a memory limit, no part in the parent's signals."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what was loaded stays for good: the collector need not look at it again
    used = _address_space()
    if used:
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def _address_space() -> int:
    """Bytes of address space in use, or 0 where the system does not tell (not Linux)."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _read(task: _Task[ReadJob]) -> Reading | FetchFailure | _Stale:
    """In the worker: read a document."""
    return _told(read, task)


def _read_page(task: _Task[PageJob]) -> Item | FetchFailure | _Stale:
    """In the worker: read an article again with its page."""
    return _told(read_page, task)


def _judge(task: _Task[_Judging]) -> tuple[Rejudged, ...] | FetchFailure | _Stale:
    """In the worker: judge stored articles again."""
    return _told(lambda job, matcher: rejudged(job.articles, matcher, job.now), task)


def _told(
    work: Callable[[Job, Matcher], Answer], task: _Task[Job]
) -> Answer | FetchFailure | _Stale:
    """What the work gives; expected trouble is a value, told by its kind."""
    try:
        matcher = _matcher_of(task)
        return _Stale.STALE if matcher is None else work(task.job, matcher)
    except FeedUnreadable as error:
        return FetchFailure(error.kind, error.message)
    except MemoryError:
        return FetchFailure("parser", "the document needed too much memory to read")
    except RecursionError:
        return FetchFailure("parser", "the document is nested too deeply to read")
    except Exception as error:  # noqa: BLE001 - a bug must cost one document, not all of them
        return FetchFailure("parser", f"reading it broke: {type(error).__name__}: {error}"[:300])


def _matcher_of(task: _Task[Any]) -> Matcher | None:
    """The matcher that the task asks for; None if this worker has another and got none."""
    global _matcher  # noqa: PLW0603 - a worker process is its own world
    if _matcher is not None and _matcher.version == task.version:
        return _matcher
    if task.matcher is None:
        return None
    _matcher = None  # given up first: there is no room for two
    _matcher = pickle.loads(task.matcher)  # noqa: S301 - our own parent's
    gc.freeze()
    return _matcher


class _Ready:
    """A watchlist made ready for workers, when that is first needed."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.version = watchlist.version
        self._watchlist = watchlist

    @cached_property
    def pickled(self) -> bytes:
        """The matcher, as a worker gets it."""
        return pickle.dumps(Matcher(self._watchlist), pickle.HIGHEST_PROTOCOL)


class Workers:
    """A pool of reading processes; use as a context manager."""

    def __init__(
        self,
        watchlist: Watchlist,
        processes: int | None = None,
        took: Callable[[str, float], None] = lambda _what, _seconds: None,
    ) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._ready = _Ready(watchlist)
        self._pool: ProcessPool | None = None
        self._starting = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._stopped = False
        self._took = took  # told what was read, and its seconds: with its wait for a worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the workers for good; what they were reading comes back as a failure."""
        self._stopped = True
        with self._starting:
            pool, self._pool = self._pool, None
            if pool is not None:
                _end(pool)
        for future in tuple(self._under_way):  # Pebble leaves them pending for ever
            with contextlib.suppress(InvalidStateError):
                future.set_exception(BrokenProcessPool("stopped"))

    def renew(self, watchlist: Watchlist) -> None:
        """Judge by a changed watchlist from now on; what is under way finishes by the old one.

        Makes it ready, which takes some 10 ms, a second for a huge one: call it in a thread.
        """
        if watchlist.version != self._ready.version:
            ready = _Ready(watchlist)
            if self._pool is not None:
                _ = ready.pickled
            self._ready = ready

    def start(self) -> None:
        """Make the pool now, so that the workers load while something else goes on.

        Blocks while the processes are made, milliseconds, and not until they have loaded: call
        it in a thread. Nothing after :meth:`stop`.
        """
        with self._starting:
            if self._stopped:
                return
            if self._pool is not None:
                if self._pool.active:
                    return
                _end(self._pool)  # broken: what it had comes back as a failure
            pool = ProcessPool(
                max_workers=self._processes,
                max_tasks=_RECYCLE,
                initializer=_start,
                # fork would copy locks that threads of this process hold at that moment
                context=multiprocessing.get_context("spawn"),
            )
            _ = pool.active  # Pebble starts its processes when it is first looked at
            self._pool = pool

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read one document in a worker, within its limits of time and memory."""
        return await self._timed("feed", _read, job)

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """Read an article again with its page, within the same limits."""
        return await self._timed("page", _read_page, job)

    async def rejudge(
        self, articles: Sequence[Stored], now: datetime
    ) -> tuple[Rejudged, ...] | FetchFailure:
        """The new verdicts of those stored articles that get another, within the same limits."""
        return await self._timed("judge", _judge, _Judging(tuple(articles), now))

    async def _timed(
        self, what: str, function: Callable[[_Task[Job]], Answer | _Stale], job: Job
    ) -> Answer | FetchFailure:
        began = time.monotonic()
        try:
            return await self._asked(function, job)
        finally:
            self._took(what, time.monotonic() - began)

    async def _asked(
        self, function: Callable[[_Task[Job]], Answer | _Stale], job: Job
    ) -> Answer | FetchFailure:
        tries, task = _TRIES, _Task(job, self._ready.version)
        while tries:
            tries -= 1
            pool = self._pool
            if pool is None or not pool.active:
                if self._stopped:
                    break
                await asyncio.to_thread(self.start)
                continue
            try:
                future = pool.schedule(function, args=(task,), timeout=SECONDS)
                answer = await self._answer(future)
                if not isinstance(answer, _Stale):
                    return answer
                task, tries = await self._renewed(task), tries + 1
            except (PoolTimeout, TimeoutError):
                detail = f"the document took longer than {SECONDS:g} s to read"
                return FetchFailure("parser", detail)
            except (ProcessExpired, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and not self._stopped:
                    raise
                break
            except (BrokenProcessPool, RuntimeError):
                # Pebble gave the pool up before a worker had taken this document. Not so if it
                # was stopped.
                if self._stopped:
                    break
        return FetchFailure("parser", "the process that read the document died")

    async def _renewed(self, task: _Task[Job]) -> _Task[Job]:
        """The task for a worker that has another watchlist than it names.

        If the watchlist was changed since, the worker may have the new one already.
        """
        ready = self._ready
        if task.version != ready.version:
            return _Task(task.job, ready.version)
        return _Task(task.job, ready.version, await asyncio.to_thread(lambda: ready.pickled))

    async def _answer(self, future: Future[Answer]) -> Answer:
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
