"""The store as the event loop sees it: one thread that does all blocking work, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TypeVar

from bot.tally import Tally
from watchers.ports import Lock, Store

T = TypeVar("T")


class Database:
    """Calls a store from its one thread; `await database(lambda store: store.feeds())`."""

    def __init__(self, store: Store) -> None:
        self.tally = Tally()
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage")

    async def __call__(self, work: Callable[[Store], T]) -> T:
        """Run the work in the storage thread. StoreError as the ports say."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[Store], T]) -> T:
        began = self.tally.begins()
        try:
            return work(self._store)
        finally:
            self.tally.ends(began)

    async def lock(self, stack: AsyncExitStack, name: str) -> Lock:
        """Try to get a lock, held until the stack unwinds; true if it was got.

        Whether it is still :meth:`~watchers.ports.Lock.held` is asked in the storage thread.
        """
        lock = self._store.lock(name)
        got = await self(lambda _: lock.__enter__())
        if not got:
            await self(lambda _: lock.__exit__(None, None, None))
            return got

        async def release() -> None:
            await self(lambda _: lock.__exit__(None, None, None))

        stack.push_async_callback(release)
        return got

    @property
    def store(self) -> Store:
        """The store itself, for long work in a thread of its own: stores are safe to share."""
        return self._store

    def close(self) -> None:
        """Finish what has begun, drop what nobody waits for any more, and close the store."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._store.close()
