"""The index of the full search is kept up: in parts, beside everything else.

What polls bring is in it within some seconds; what an update of the program, or a new database,
has to index anew is done in between, newest first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.app import Program
from config import logs
from watchers.ports import Store

log = logs.get(__name__)

EVERY = 2.0  # seconds between two ticks
AT_A_TIME = 1.0  # seconds of one
_TELL = 1_000  # articles indexed in one go, from which on it is told


class Indexing:
    """Indexes what is due."""

    def __init__(self, program: Program, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._program = program
        self._steady = steady
        self._stopping = False
        self._since_told = 0

    async def go_on(self) -> None:
        """For a second or so; in a thread of its own, for making tokens takes most of it."""
        store = self._program.database.store
        try:
            await asyncio.to_thread(self._work, store)
        except asyncio.CancelledError:  # the thread goes on until its part is done
            self._stopping = True
            raise

    def _work(self, store: Store) -> None:
        until = self._steady() + AT_A_TIME
        left = more = True
        while (left or more) and not self._stopping and self._steady() < until:
            part = store.index_part()
            self._since_told += part.articles
            left = part.left
            more = not left and store.scrub_part()
        if self._since_told and not left:
            if self._since_told >= _TELL:
                log.info("search_indexed", articles=self._since_told)
            self._since_told = 0


def catch_up(store: Store, seconds: float) -> int:
    """Index what is due for so many seconds, for a command; how many articles are left."""
    until = time.monotonic() + seconds
    while store.index_part().left and time.monotonic() < until:
        pass
    return store.to_index()
