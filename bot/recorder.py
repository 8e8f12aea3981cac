"""Storing polls: those that come in while a transaction runs share the next one."""

from __future__ import annotations

import asyncio

from bot.database import Database
from watchers.model import PollResult, PollSaved

MOST = 64  # polls a transaction: what one takes is bounded, and so is what a crash asks again

_Waiting = tuple[PollResult, "asyncio.Future[PollSaved]"]


class Recorder:
    """Stores the results of polls in the order in which they come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def save(self, result: PollResult) -> PollSaved:
        """What storing this poll changed. StoreError as the ports say."""
        future: asyncio.Future[PollSaved] = asyncio.get_running_loop().create_future()
        self._waiting.append((result, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._write_some(some)
        finally:
            self._writing = None

    async def _write_some(self, some: list[_Waiting]) -> None:
        results = [result for result, _ in some]
        try:
            saved = await self._database(lambda store: store.save_polls(results))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            if len(some) == 1:
                _settle(some[0][1], error)
                return
            for one in some:  # one poll that cannot be stored must not take others with it
                await self._write_some([one])
            return
        for (_, future), outcome in zip(some, saved, strict=True):
            _settle(future, outcome)


def _settle(future: asyncio.Future[PollSaved], outcome: PollSaved | Exception) -> None:
    """Whoever waited may have been cancelled meanwhile."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
