"""Pages to private chats: thousands of them, at most 25 a second, a channel's page always first.

    lock "private" -> what a dead process left in `sending` is `uncertain`
    -> claim some chats' next pages (durable) -> send them side by side -> receipts (durable)

As in :mod:`bot.deliver`, but in one queue for all chats: at most eight pages are `sending` at a
time, so that a crash leaves no more in doubt, and claims and receipts share transactions, for
they take turns with all other work in the storage thread. No chat is ever named in a log.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.notices import DiskTrouble
from bot.pacing import Budget, Pace, rest
from bot.sender import Sender
from bot.together import put_away
from config import logs
from watchers.errors import DadkhahError, StoreError
from watchers.ports import Lock, Store
from watchers.telling import Channel, Delivery, SendOutcome, SendResult

log = logs.get(__name__)

MOST = 8  # pages under way at a time
_ROUND = 0.15  # seconds between two transactions while pages are under way
_SECOND = 1.0  # between two messages to one chat
_FLOODED = 3  # chats in a row that are told to wait: it is meant for all
_REST = 10.0  # seconds before another try after the database failed
_RECEIPT_WAITS = (0.2, 1.0, 5.0)  # seconds between tries to keep receipts; then the last again
_NOT_BEGUN = SendResult(SendOutcome.RETRY, "The program stopped before it was sent.")

Sending = asyncio.Task[SendResult]
Claimed = tuple[tuple[Channel, Delivery], ...]


class PrivatePump:
    """Sends what is queued for private chats; one for the process."""

    def __init__(
        self,
        database: Database,
        budget: Budget,
        clock: Clock = utc_now,
        *,
        trouble: DiskTrouble | None = None,
    ) -> None:
        self._database = database
        self._budget = budget
        self._clock = clock
        self._trouble = trouble or DiskTrouble(clock)
        self._task: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self._last: dict[int, float] = {}  # when a chat got its last page, for a second
        self._told_to_wait: set[int] = set()  # chats, since the last page that was taken
        self._under_way: dict[Sending, Delivery] = {}
        self._done: list[tuple[int, SendResult]] = []  # results without a receipt yet
        self.stopping = asyncio.Event()

    # ------------------------------------------------------------ the tick

    async def tick(self, sender: Sender) -> None:
        """Begin to send, unless that is under way; returns at once."""
        resting = time.monotonic() < self._rest_until
        if self._task is None and not resting and not self.stopping.is_set():
            self._task = asyncio.create_task(self._guarded(sender))
            self._task.add_done_callback(self._ended)

    async def work(self, sender: Sender) -> None:
        """As `tick`, until that has ended: for a job."""
        await self.tick(sender)
        if self._task is not None:
            await asyncio.wait([self._task])

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._task = None

    async def _guarded(self, sender: Sender) -> None:
        try:
            outcomes = await self.run(sender)
        except DadkhahError as error:
            self._trouble.note(error)
            self._rest_until = time.monotonic() + _REST
            log.warning("private_delivery_failed", why=str(error))
        except Exception:
            self._rest_until = time.monotonic() + _REST
            log.exception("private_delivery_broke")
        else:
            if outcomes:
                log.info("private_pages", **outcomes)

    async def finish(self, seconds: float) -> None:
        """Stop: pages under way get their receipts, within so many seconds."""
        self.stopping.set()
        if self._task is not None:
            await put_away([self._task], seconds)

    # ------------------------------------------------------------ a round

    async def run(self, sender: Sender) -> Mapping[str, int]:
        """Send until nothing is due, Telegram asks all of us to wait, or we stop. StoreError.

        What the attempts came to, by outcome. Nothing is done while another process has the
        lock: then it sends.
        """
        outcomes: Counter[str] = Counter()
        async with AsyncExitStack() as stack:
            lock = await self._database.lock(stack, "private")
            if not lock:
                return outcomes
            left = await self._database(lambda store: store.abandon_private(at=self._clock()))
            if left:
                log.warning("private_uncertain", pages=left, why="crash")
                outcomes[SendOutcome.UNCERTAIN] += left
            try:
                await self._drain(sender, outcomes, lock)
            finally:
                await self._settle(outcomes)
        return {str(outcome): number for outcome, number in outcomes.items()}

    async def _drain(self, sender: Sender, outcomes: Counter[str], lock: Lock) -> None:
        while not self.stopping.is_set() and time.monotonic() >= self._rest_until:
            await self._keep_receipts()
            await self._begin(sender, lock)
            if not self._under_way:
                return
            await asyncio.wait(self._under_way, timeout=_ROUND)
            self._gather(outcomes)

    async def _begin(self, sender: Sender, lock: Lock) -> None:
        """Claim as many pages as there are places, and send them."""
        free = MOST - len(self._under_way)
        if free < MOST // 2:  # few and larger transactions
            return
        for channel, page in await self._claim(free, lock):
            task = asyncio.create_task(self._send(channel, page, sender))
            self._under_way[task] = page

    async def _claim(self, most: int, lock: Lock) -> Claimed:
        """Claim; what is claimed for a caller who is cancelled meanwhile is queued again."""

        def claim(store: Store) -> Claimed:
            if lock.held():
                return store.claim_private(self._clock(), most)
            log.warning("private_lock_lost")  # another may have it, and send
            return ()

        claiming = asyncio.ensure_future(self._database(claim))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            for _, page in () if claiming.exception() else claiming.result():
                self._done.append((page.id, replace(_NOT_BEGUN, attempt=page.attempts)))
            raise

    async def _send(self, channel: Channel, page: Delivery, sender: Sender) -> SendResult:
        now = time.monotonic()
        self._last = {chat: at for chat, at in self._last.items() if at > now - _SECOND}
        own = Pace(gap=_SECOND)
        if channel.id in self._last:
            own.sent.append(self._last[channel.id])
        turn = await self._budget.turn(own, self.stopping, private=True)
        if turn is None:
            return _NOT_BEGUN
        self._last[channel.id] = turn
        return await sender.send(channel, page.content)

    def _gather(self, outcomes: Counter[str]) -> None:
        """Take the results of what has ended; a bug in a sender leaves its page in doubt."""
        for task in [task for task in self._under_way if task.done()]:
            page = self._under_way.pop(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("private_page_broke", delivery=page.id, exc_info=error)
            if task.cancelled() or error is not None:
                result = SendResult(SendOutcome.UNCERTAIN, "The attempt to send it broke off.")
            else:
                result = task.result()
            self._done.append((page.id, replace(result, attempt=page.attempts)))
            outcomes[result.outcome] += 1
            self._look_at(page, result)

    def _look_at(self, page: Delivery, result: SendResult) -> None:
        """Log what was not sent, by the channel's number; rest when Telegram means all of us."""
        sent = result.outcome is SendOutcome.SENT
        lag = (self._clock() - page.queued_at).total_seconds() if sent and page.queued_at else None
        self._database.tally.attempted("private", str(result.outcome), lag)
        if result.outcome is not SendOutcome.SENT:
            log.info(
                "private_page_not_sent", outcome=str(result.outcome), channel=page.channel_id,
                delivery=page.id, detail=result.detail,
            )  # fmt: skip
        if result.outcome is not SendOutcome.RETRY:
            self._told_to_wait.clear()
        elif result is not _NOT_BEGUN:
            self._told_to_wait.add(page.channel_id)
            if len(self._told_to_wait) >= _FLOODED:
                log.warning("private_rest", seconds=result.wait, why=result.detail)
                self._rest_until = max(self._rest_until, time.monotonic() + result.wait)

    # ------------------------------------------------------------ receipts

    async def _settle(self, outcomes: Counter[str]) -> None:
        """Wait for what is under way, and keep all receipts, also if the caller is cancelled."""
        settling = asyncio.ensure_future(self._settle_all(outcomes))
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            if self.stopping.is_set():  # it waited long enough
                settling.cancel()
                for task in self._under_way:
                    task.cancel()
            await asyncio.wait([settling, *self._under_way])
            raise

    async def _settle_all(self, outcomes: Counter[str]) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._gather(outcomes)
        await self._keep_receipts()

    async def _keep_receipts(self) -> None:
        """Write what came of the attempts, before anything else is claimed.

        A database that is busy, or has no space, is asked again until it takes them.
        """
        tries = 0
        while self._done:
            at = self._clock()
            try:
                await self._record(tuple(self._done), at)
            except StoreError as error:
                self._trouble.note(error)
                if self.stopping.is_set() and tries:
                    raise
                log.warning("private_receipts_delayed", pages=len(self._done), why=str(error))
                await rest(self.stopping, _RECEIPT_WAITS[min(tries, len(_RECEIPT_WAITS) - 1)])
                tries += 1

    async def _record(self, results: tuple[tuple[int, SendResult], ...], at: datetime) -> None:
        await self._database(lambda store: store.record_sends(results, at=at))
        del self._done[: len(results)]
