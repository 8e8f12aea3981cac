"""The worker processes that read documents: the only place that starts any (Pebble).

Parsing is untrusted work: a document that hangs, bloats or kills its worker costs one failed
fetch. Each worker is built once with the watchlist; a changed watchlist makes a new pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
import threading
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as PoolTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import Self

from pebble import ProcessExpired, ProcessPool

from watchers.errors import FeedUnreadable
from watchers.match import Matcher
from watchers.model import FetchFailure
from watchers.reader import Reading, ReadJob, read
from watchers.watchlist import Watchlist

PATIENCE = 600.0  # seconds for a document to get its turn: workers that never start end here
SECONDS = 20.0  # for one document; 63 kB take 0.03 s, the worst of 1,000 feeds 0.4 s
MEMORY = 512 * 1024 * 1024  # bytes of address space on top of what a fresh worker has
_RECYCLE = 2_000  # documents until a worker is replaced: feedparser fragments the heap

_matcher: Matcher | None = None


def _start(watchlist: Watchlist) -> None:
    """Set a worker up: its own matcher, a memory limit, no part in the parent's signals."""
    global _matcher  # noqa: PLW0603 - a worker process is its own world
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _matcher = Matcher(watchlist)
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
    """In the worker: read a document; expected trouble is a value, told by its kind."""
    assert _matcher is not None
    try:
        return read(job, _matcher)
    except FeedUnreadable as error:
        return FetchFailure(error.kind, error.message)
    except MemoryError:
        return FetchFailure("parser", "the feed needed too much memory to read")
    except RecursionError:
        return FetchFailure("parser", "the feed is nested too deeply to read")
    except Exception as error:  # noqa: BLE001 - a bug must cost one feed, not all of them
        return FetchFailure("parser", f"reading it broke: {type(error).__name__}: {error}"[:300])


class Workers:
    """A pool of reading processes; use as a context manager."""

    def __init__(self, watchlist: Watchlist, processes: int | None = None) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._watchlist = watchlist
        self._pool: ProcessPool | None = None
        self._starting = threading.Lock()
        self._under_way: set[Future[Reading | FetchFailure]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the workers now; what they were reading comes back as a failure."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
        for future in tuple(self._under_way):  # Pebble leaves them pending for ever
            with contextlib.suppress(InvalidStateError):
                future.set_exception(BrokenProcessPool("stopped"))

    def renew(self, watchlist: Watchlist) -> None:
        """Read with a changed watchlist from now on; documents under way finish with the old."""
        if watchlist.version != self._watchlist.version:
            self._watchlist = watchlist
            if self._pool is not None:
                self._pool.close()  # type: ignore[no-untyped-call]
                self._pool = None

    def start(self) -> None:
        """Make the pool now, so that the workers load while something else goes on.

        Blocks until the processes are started (seconds on a busy machine): call it in a thread.
        """
        with self._starting:
            if self._pool is not None:
                return
            pool = ProcessPool(
                max_workers=self._processes,
                max_tasks=_RECYCLE,
                initializer=_start,
                initargs=(self._watchlist,),
                # fork would copy locks that threads of this process hold at that moment
                context=multiprocessing.get_context("spawn"),
            )
            _ = pool.active  # Pebble starts its processes when it is first looked at
            self._pool = pool

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read one document in a worker, within its limits of time and memory."""
        if self._pool is None:
            await asyncio.to_thread(self.start)
        assert self._pool is not None
        future = self._pool.schedule(_read, args=(job,), timeout=SECONDS)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)
        except (PoolTimeout, TimeoutError):
            return FetchFailure("parser", f"the feed took longer than {SECONDS:g} s to read")
        except (ProcessExpired, BrokenProcessPool, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and self._pool is not None:
                raise
            return FetchFailure("parser", "the process that read the feed died")
