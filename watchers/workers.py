"""The worker processes that read documents: the only place that starts any (Pebble).

Parsing is untrusted work: a document that hangs, bloats or kills its worker costs one failed
fetch. Each worker is built once with the watchlist; a changed watchlist makes a new pool, and
so does a worker that dies while it has nothing to do (Pebble then gives its pool up).
A task costs 0.3 to 0.6 ms on top of its own work, so that each document is a task of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as PoolTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from watchers.errors import FeedUnreadable
from watchers.fulltext import read_page
from watchers.match import Matcher
from watchers.model import FetchFailure, Item
from watchers.reader import PageJob, Reading, ReadJob, read

if TYPE_CHECKING:
    from watchers.watchlist import Watchlist

PATIENCE = 600.0  # seconds for a document to get its turn: workers that never start end here
SECONDS = 20.0  # for one document; 63 kB take 0.03 s, the worst of 1,000 feeds 0.4 s
MEMORY = 512 * 1024 * 1024  # bytes of address space on top of what a fresh worker has
_TRIES = 4  # to find a pool that works: the first makes one, the next ones follow a death
_RECYCLE = 2_000  # documents until a worker is replaced: feedparser fragments the heap

Job = TypeVar("Job")
Answer = TypeVar("Answer")


_matcher: Matcher | None = None


def _start(matcher: Matcher) -> None:
    """Set a worker up: its own matcher, a memory limit, no part in the parent's signals."""
    global _matcher  # noqa: PLW0603 - a worker process is its own world
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _matcher = matcher
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


def _read(job: ReadJob) -> Reading | FetchFailure:
    """In the worker: read a document."""
    return _told(read, job)


def _read_page(job: PageJob) -> Item | FetchFailure:
    """In the worker: read an article again with its page."""
    return _told(read_page, job)


def _told(reading: Callable[[Job, Matcher], Answer], job: Job) -> Answer | FetchFailure:
    """What the reading gives; expected trouble is a value, told by its kind."""
    assert _matcher is not None
    try:
        return reading(job, _matcher)
    except FeedUnreadable as error:
        return FetchFailure(error.kind, error.message)
    except MemoryError:
        return FetchFailure("parser", "the document needed too much memory to read")
    except RecursionError:
        return FetchFailure("parser", "the document is nested too deeply to read")
    except Exception as error:  # noqa: BLE001 - a bug must cost one document, not all of them
        return FetchFailure("parser", f"reading it broke: {type(error).__name__}: {error}"[:300])


class Workers:
    """A pool of reading processes; use as a context manager."""

    def __init__(self, watchlist: Watchlist, processes: int | None = None) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._watchlist = watchlist
        self._pool: ProcessPool | None = None
        self._starting = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._retired: list[ProcessPool] = []
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the workers now; what they were reading comes back as a failure."""
        self._stopped = True
        pool, self._pool = self._pool, None
        for retired in self._retired:
            retired.stop()  # type: ignore[no-untyped-call]
        if pool is not None:
            _end(pool)
        for future in tuple(self._under_way):  # Pebble leaves them pending for ever
            with contextlib.suppress(InvalidStateError):
                future.set_exception(BrokenProcessPool("stopped"))

    def renew(self, watchlist: Watchlist) -> None:
        """Read with a changed watchlist from now on; documents under way finish with the old."""
        if watchlist.version != self._watchlist.version:
            self._watchlist = watchlist
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.close()  # type: ignore[no-untyped-call]
                self._retired.append(pool)
                threading.Thread(target=self._retire, args=(pool,), daemon=True).start()

    def _retire(self, pool: ProcessPool) -> None:
        """Let a closed pool finish what it has; without the join its processes would stay."""
        pool.join()
        self._retired.remove(pool)

    def start(self) -> None:
        """Make the pool now, so that the workers load while something else goes on.

        Blocks until the processes are started (seconds on a busy machine): call it in a thread.
        """
        with self._starting:
            if self._pool is not None:
                if self._pool.active:
                    return
                _end(self._pool)  # broken: what it had comes back as a failure
            pool = ProcessPool(
                max_workers=self._processes,
                max_tasks=_RECYCLE,
                initializer=_start,
                initargs=(Matcher(self._watchlist),),
                # fork would copy locks that threads of this process hold at that moment
                context=multiprocessing.get_context("spawn"),
            )
            _ = pool.active  # Pebble starts its processes when it is first looked at
            self._pool, self._stopped = pool, False

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read one document in a worker, within its limits of time and memory."""
        return await self._asked(_read, job)

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """Read an article again with its page, within the same limits."""
        return await self._asked(_read_page, job)

    async def _asked(self, function: Callable[[Job], Answer], job: Job) -> Answer | FetchFailure:
        for _ in range(_TRIES):
            pool = self._pool
            if pool is None or not pool.active:
                await asyncio.to_thread(self.start)
                continue
            try:
                future = pool.schedule(function, args=(job,), timeout=SECONDS)
                return await self._answer(future)
            except (PoolTimeout, TimeoutError):
                detail = f"the document took longer than {SECONDS:g} s to read"
                return FetchFailure("parser", detail)
            except (ProcessExpired, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and not self._stopped:
                    raise
                break
            except (BrokenProcessPool, RuntimeError):
                # Pebble gave the pool up before a worker had taken this document, or the pool
                # was renewed at this moment. Not so if it was stopped.
                if self._stopped:
                    break
        return FetchFailure("parser", "the process that read the document died")

    async def _answer(self, future: Future[Answer]) -> Answer:
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
