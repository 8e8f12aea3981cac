"""Stage 10: deliver. What is queued is claimed, sent once, and its receipt kept.

    lock the channel -> what a dead process left in `sending` is `uncertain`
    -> claim (durable) -> send -> receipt (durable) -> next page

One serial, paced queue a channel. Killed between claim and receipt, a page stays `sending`:
whoever gets the channel's lock next knows that its holder died, and marks it `uncertain`. A
receipt that the database does not take (it is busy, the disk is full) is tried again until it
does, with the lock held: as long as this process lives, what it knows is not uncertain.

Private chats have a queue of their own: :mod:`bot.pump`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.notices import DiskTrouble
from bot.pacing import Budget, Pace, rest
from bot.sender import Sender, SenderFor
from bot.together import put_away, together
from config import logs
from watchers.errors import DadkhahError, InputInvalid, StoreError
from watchers.ports import Lock, Store
from watchers.telling import Channel, Delivery, DeliveryState, SendOutcome, SendResult

__all__ = ["Deliverer", "DeliverySummary", "Pace", "deliver_all"]

log = logs.get(__name__)

_RECEIPT_WAITS = (0.2, 1.0, 5.0)  # seconds between tries to keep a receipt; then the last again
_REST = 10.0  # seconds before a channel is tried again whose delivery broke off
_LOOK = 200  # waiting pages that a tick looks at; with more, it looks at every channel
_PACES = 2_000  # channels whose pace is remembered, until those are looked at
_MOVES = 3  # chats that are followed in one round
_NOT_BEGUN = SendResult(SendOutcome.RETRY, "The program stopped before it was sent.")
_OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)
_OUT = (
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.UNCERTAIN,
    DeliveryState.FAILED,
)


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """What one round came to."""

    outcomes: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Nothing failed, nothing is uncertain, no channel had to be paused."""
        bad = (SendOutcome.FAILED, SendOutcome.UNCERTAIN, SendOutcome.PAUSE)
        return not any(self.outcomes.get(outcome) for outcome in bad)


class Deliverer:
    """Sends what is queued; one for the process, so that the paces are kept.

    Not `patient`: a receipt that cannot be kept after some tries is a StoreError; for a command
    that somebody waits for.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock = utc_now,
        budget: Budget | None = None,
        *,
        trouble: DiskTrouble | None = None,
        patient: bool = True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._patient = patient
        self._trouble = trouble or DiskTrouble(clock)
        self._paces: dict[int, Pace] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._rest_until: dict[int, float] = {}
        self.budget = budget or Budget()
        self.stopping = asyncio.Event()

    def pace(self, channel_id: int) -> Pace:
        """The channel's pace, which corrections keep too."""
        if len(self._paces) >= _PACES:  # private chats too: what has nothing to keep is dropped
            now = time.monotonic()
            paces = self._paces.items()
            self._paces = {n: p for n, p in paces if p.sent and p.sent[-1] > now - p.window}
        return self._paces.setdefault(channel_id, Pace())

    # ------------------------------------------------------------ the tick

    async def tick(self, sender: Sender) -> None:
        """Begin to deliver wherever something waits; returns at once. StoreError.

        Each channel has a task of its own, so that one that must wait, or has much to post,
        does not hold up what another gets meanwhile.
        """
        waiting, channels = await self._database(waiting_pages)
        self._begin(waiting, channels, sender)

    async def work(self, channel_id: int, sender: Sender) -> None:
        """What a tick does, for one channel, until it has ended: for a job. StoreError."""
        under_way = self._tasks.get(channel_id)
        if under_way is None:
            waiting, channels = await self._database(waiting_pages)
            found = (one for one in channels if one.id == channel_id and one.id in waiting)
            self._begin(waiting, found, sender)
            under_way = self._tasks.get(channel_id)
        if under_way is not None:
            await asyncio.wait([under_way])

    def forget_paces(self) -> None:
        """Another process posted meanwhile: read from the ledger anew how fast one may go on."""
        self._paces = {
            number: pace for number, pace in self._paces.items() if number in self._tasks
        }

    def _begin(
        self, waiting: Mapping[int, DeliveryState], channels: Iterable[Channel], sender: Sender
    ) -> None:
        now = self._clock()
        for channel in channels:
            state = waiting.get(channel.id)
            if state is None or channel.is_console or self._is_resting(channel, state, now):
                continue
            task = asyncio.create_task(self._deliver_to(channel, sender))
            self._tasks[channel.id] = task
            task.add_done_callback(lambda _, number=channel.id: self._tasks.pop(number, None))  # type: ignore[misc]

    def _is_resting(self, channel: Channel, state: DeliveryState, now: datetime) -> bool:
        """It is being delivered to, or nothing could be done there now."""
        if channel.id in self._tasks or self.stopping.is_set():
            return True
        if time.monotonic() < self._rest_until.get(channel.id, 0.0):
            return True
        later = channel.not_before is not None and channel.not_before > now
        return (later or channel.paused) and state is DeliveryState.QUEUED

    async def _deliver_to(self, channel: Channel, sender: Sender) -> None:
        """One channel's failure is told, and does not break off another channel's sending."""
        try:
            await self.deliver(channel, sender)
        except DadkhahError as error:
            self._trouble.note(error)
            self._rest_until[channel.id] = time.monotonic() + _REST
            log.warning("delivery_failed", channel=channel.chat, why=str(error))
        except Exception:
            self._rest_until[channel.id] = time.monotonic() + _REST
            log.exception("delivery_broke", channel=channel.chat)

    async def finish(self, seconds: float) -> None:
        """Stop: pages under way get their receipts, within so many seconds."""
        self.stopping.set()
        await put_away(self._tasks.values(), seconds)

    # ------------------------------------------------------------ one channel

    async def _pace_so_far(self, channel_id: int) -> Pace:
        """What Telegram counts already: an earlier process, or another machine, may have posted."""
        pace, now = Pace(), self._clock()
        latest = await self._database(
            lambda store: store.deliveries(*_OUT, limit=pace.most, channel_id=channel_id)
        )
        ages = [(now - page.claimed_at).total_seconds() for page in latest if page.claimed_at]
        steady = time.monotonic()
        # Clocks differ: what seems to lie ahead was just now.
        pace.sent = sorted(steady - max(0.0, age) for age in ages if age < pace.window)
        return pace

    async def deliver(self, channel: Channel, sender: Sender) -> DeliverySummary:
        """Send the channel's queued pages, in order, until none is due or we stop.

        Another process may hold the channel's lock: then it delivers, and this does nothing.
        """
        outcomes: Counter[str] = Counter()
        async with AsyncExitStack() as stack:
            lock = await self._database.lock(stack, f"channel-{channel.id}")
            if not lock:
                return DeliverySummary({})
            if channel.id not in self._paces and not channel.is_console:
                self._paces[channel.id] = await self._pace_so_far(channel.id)
            left = await self._database(
                lambda store: store.abandon_sending(channel.id, at=self._clock())
            )
            outcomes[SendOutcome.UNCERTAIN] += left
            if left:
                log.warning("delivery_uncertain", channel=channel.chat, pages=left, why="crash")
            await self._drain(channel, sender, outcomes, lock)
        return DeliverySummary({str(k): n for k, n in outcomes.items() if n})

    async def _drain(
        self, channel: Channel, sender: Sender, outcomes: Counter[str], lock: Lock
    ) -> None:
        moves = 0
        while not self.stopping.is_set():
            claimed = await self._claim(channel, lock)
            if claimed is None:
                return
            channel, page = claimed
            result = await self._tell(channel, sender, page)
            outcomes[result.outcome] += 1
            moves += result.outcome is SendOutcome.MIGRATED
            if result.outcome in (SendOutcome.RETRY, SendOutcome.PAUSE) or moves > _MOVES:
                return

    async def _claim(self, channel: Channel, lock: Lock) -> tuple[Channel, Delivery] | None:
        """The next page, once it may go, with the channel as it is now (its chat may be new)."""
        pace, turn = self.pace(channel.id), None
        if not channel.is_console:
            turn = await self.budget.turn(pace, self.stopping)
            if turn is None:
                return None

        def claim(store: Store) -> tuple[Channel, Delivery] | None:
            if not lock.held():  # another may have it, and deliver
                log.warning("channel_lock_lost", channel=channel.chat)
                return None
            page = store.claim_next(channel.id, self._clock())
            if page is None:
                return None
            own = (other for other in store.channels() if other.id == channel.id)
            return next(own, channel), page

        claimed = None
        try:
            claimed = await self._whole(claim)
        finally:
            if claimed is None and turn is not None:
                self.budget.give_back(pace, turn)
        return claimed

    async def _whole(
        self, claim: Callable[[Store], tuple[Channel, Delivery] | None]
    ) -> tuple[Channel, Delivery] | None:
        """Claim; what is claimed for a caller who is cancelled meanwhile is queued again."""
        claiming = asyncio.ensure_future(self._database(claim))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            claimed = None if claiming.exception() else claiming.result()
            if claimed is not None:
                number, at = claimed[1].id, self._clock()
                result = replace(_NOT_BEGUN, attempt=claimed[1].attempts)
                await self._database(lambda store: store.record_send(number, result, at=at))
            raise

    async def _tell(self, channel: Channel, sender: Sender, page: Delivery) -> SendResult:
        """Send and keep the receipt, as one: a cancelled caller still waits for both.

        Not when the program stops and has waited long enough: then the page stays `sending`,
        and whoever gets the channel's lock next makes it `uncertain`.
        """
        telling = asyncio.ensure_future(self._send_and_record(channel, sender, page))
        try:
            return await asyncio.shield(telling)
        except asyncio.CancelledError:
            if self.stopping.is_set():
                telling.cancel()
            await asyncio.wait([telling])
            raise

    async def _send_and_record(
        self, channel: Channel, sender: Sender, page: Delivery
    ) -> SendResult:
        result = await sender.send(channel, page.content)
        sent = result.outcome == SendOutcome.SENT
        lag = (self._clock() - page.queued_at).total_seconds() if sent and page.queued_at else None
        self._database.tally.attempted("channel", str(result.outcome), lag)
        (log.info if sent else log.warning)(
            "page_sent" if sent else "page_not_sent",
            outcome=str(result.outcome),
            channel=page.channel_id,
            digest=page.digest_id,
            page=page.page,
            message_id=result.message_id,
            detail=result.detail,
        )
        await self._record(page, result)
        return result

    async def _record(self, page: Delivery, result: SendResult) -> None:
        """Keep the receipt, sooner or later; StoreError once we stop, or are not patient."""
        at, tries = self._clock(), 0
        result = replace(result, attempt=page.attempts)
        while True:
            try:
                await self._database(lambda store: store.record_send(page.id, result, at=at))
            except StoreError as error:
                self._trouble.note(error)
                last = tries >= len(_RECEIPT_WAITS) - 1
                if self.stopping.is_set() or (last and not self._patient):
                    raise
                log.warning("receipt_delayed", delivery=page.id, why=str(error))
                await rest(self.stopping, _RECEIPT_WAITS[-1 if last else tries])
                tries += 1
            except InputInvalid as error:  # an admin settled it meanwhile, or removed the channel
                log.warning("receipt_refused", delivery=page.id, why=str(error))
                return
            else:
                return


def waiting_pages(store: Store) -> tuple[dict[int, DeliveryState], tuple[Channel, ...]]:
    """In which channels pages wait; `sending` if one of them is."""
    pages = store.deliveries(*_OPEN, limit=_LOOK, private=False)
    channels = store.channels() if pages else ()
    if len(pages) >= _LOOK:  # there may be more: any of them
        return dict.fromkeys((channel.id for channel in channels), DeliveryState.SENDING), channels
    waiting: dict[int, DeliveryState] = {}
    for page in pages:
        if waiting.get(page.channel_id) is not DeliveryState.SENDING:
            waiting[page.channel_id] = page.state
    return waiting, channels


async def deliver_all(
    database: Database, sender_for: SenderFor
) -> list[tuple[Channel, DeliverySummary | None]]:
    """Send what is queued for every channel that is not paused, all channels at once.

    None for a channel with queued pages that nobody can send (there is no token).
    """
    channels = await database(lambda store: store.channels())
    deliverer = Deliverer(database, patient=False)

    async def one(channel: Channel) -> tuple[Channel, DeliverySummary | None]:
        sender = sender_for(channel)
        if sender is not None:
            return channel, await deliverer.deliver(channel, sender)
        waiting = await database(lambda store: store.deliveries(DeliveryState.QUEUED))
        idle = all(page.channel_id != channel.id for page in waiting)
        return channel, DeliverySummary({}) if idle else None

    return await together(one(channel) for channel in channels if not channel.paused)
