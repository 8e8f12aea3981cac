"""Storing polls: those that come in while a transaction runs share the next one."""

from __future__ import annotations

import asyncio

from bot.database import Database
from watchers.errors import StoreBusy, StoreCorrupt, StoreFull, StoreReadOnly, StoreUnreachable
from watchers.model import PollResult, PollSaved

MOST = 64  # polls a transaction: what one takes is bounded, and so is what a crash asks again

# The database's own trouble: whatever is stored next meets it too, after as long a wait.
TROUBLE = (StoreBusy, StoreFull, StoreReadOnly, StoreUnreachable, StoreCorrupt)

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
                # Whoever was cancelled may have lost the host, which is polled elsewhere now.
                wanted = [one for one in some if not one[1].cancelled()]
                if wanted:
                    await self._write_some(wanted)
        finally:
            self._writing = None

    async def _write_some(self, some: list[_Waiting]) -> None:
        error = await self._tried(some)
        if error is None:
            return
        if len(some) == 1:
            _settle(some[0][1], error)
            return
        for number, one in enumerate(some):  # one that cannot be stored takes no others with it
            error = await self._tried([one])
            if error is not None:
                _settle(one[1], error)
            if isinstance(error, TROUBLE):
                for _, future in some[number + 1 :]:
                    _settle(future, error)
                return

    async def _tried(self, some: list[_Waiting]) -> Exception | None:
        """Store these in one transaction; why that could not be done, and nothing settled."""
        results = [result for result, _ in some]
        try:
            saved = await self._database(lambda store: store.save_polls(results))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            return error
        for (result, future), outcome in zip(some, saved, strict=True):
            self._database.tally.polled(result, outcome)
            _settle(future, outcome)
        return None


def _settle(future: asyncio.Future[PollSaved], outcome: PollSaved | Exception) -> None:
    """Whoever waited may have been cancelled meanwhile."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
