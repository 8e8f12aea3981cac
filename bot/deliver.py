"""Stage 10: deliver. What is queued is claimed, sent once, and its receipt kept.

    lock the channel -> what a dead process left in `sending` is `uncertain`
    -> claim (durable) -> send -> receipt (durable) -> next page

One serial, paced queue a channel. Killed between claim and receipt, a page stays `sending`:
whoever gets the channel's lock next knows that its holder died, and marks it `uncertain`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.sender import Sender, SenderFor
from bot.together import together
from config import logs
from watchers.errors import StoreError
from watchers.telling import Channel, Delivery, DeliveryState, SendOutcome, SendResult

log = logs.get(__name__)

_RECEIPT_WAITS = (0.2, 1.0, None)  # seconds between tries to keep a receipt


@dataclass(slots=True)
class Pace:
    """At most one message a second and 18 a minute in one chat (the Bot API's FAQ: 1 and 20)."""

    gap: float = 1.0
    window: float = 60.0
    most: int = 18
    sent: list[float] = field(default_factory=list)

    def wait(self, now: float) -> float:
        """Seconds until the next message may go."""
        self.sent = [at for at in self.sent if at > now - self.window]
        due = self.sent[-1] + self.gap if self.sent else now
        if len(self.sent) >= self.most:
            due = max(due, self.sent[-self.most] + self.window)
        return max(0.0, due - now)


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
    """Sends what is queued; one for the process, so that the paces are kept."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._paces: dict[int, Pace] = {}
        self.stopping = asyncio.Event()

    async def deliver(self, channel: Channel, sender: Sender) -> DeliverySummary:
        """Send the channel's queued pages, in order, until none is due or we stop.

        Another process may hold the channel's lock: then it delivers, and this does nothing.
        """
        outcomes: Counter[str] = Counter()
        async with AsyncExitStack() as stack:
            if not await self._database.lock(stack, f"channel-{channel.id}"):
                return DeliverySummary({})
            left = await self._database(
                lambda store: store.abandon_sending(channel.id, at=self._clock())
            )
            outcomes[SendOutcome.UNCERTAIN] += left
            if left:
                log.warning("delivery_uncertain", channel=channel.chat, pages=left, why="crash")
            await self._drain(channel, sender, outcomes)
        return DeliverySummary({str(k): n for k, n in outcomes.items() if n})

    async def _drain(self, channel: Channel, sender: Sender, outcomes: Counter[str]) -> None:
        pace = self._paces.setdefault(channel.id, Pace())
        while not self.stopping.is_set():
            if not channel.is_console and not await self._rest(pace.wait(time.monotonic())):
                return
            page = await self._database(lambda store: store.claim_next(channel.id, self._clock()))
            if page is None:
                return
            pace.sent.append(time.monotonic())
            result = await self._tell(channel, sender, page)
            outcomes[result.outcome] += 1
            if result.outcome in (SendOutcome.RETRY, SendOutcome.PAUSE, SendOutcome.MIGRATED):
                return

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
        """Keep the receipt; a database that is busy for a moment must not make it uncertain."""
        at = self._clock()
        for wait in _RECEIPT_WAITS:
            try:
                await self._database(lambda store: store.record_send(page.id, result, at=at))
            except StoreError as error:
                if wait is None:
                    raise
                log.warning("receipt_delayed", delivery=page.id, why=str(error))
                await asyncio.sleep(wait)
            else:
                return

    async def _rest(self, seconds: float) -> bool:
        """Wait for the pace; False if the program stops meanwhile."""
        if seconds <= 0:
            return True
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False


async def deliver_all(
    database: Database, sender_for: SenderFor
) -> list[tuple[Channel, DeliverySummary | None]]:
    """Send what is queued for every channel that is not paused, all channels at once.

    None for a channel with queued pages that nobody can send (there is no token).
    """
    channels = await database(lambda store: store.channels())
    deliverer = Deliverer(database)

    async def one(channel: Channel) -> tuple[Channel, DeliverySummary | None]:
        sender = sender_for(channel)
        if sender is not None:
            return channel, await deliverer.deliver(channel, sender)
        waiting = await database(lambda store: store.deliveries(DeliveryState.QUEUED))
        idle = all(page.channel_id != channel.id for page in waiting)
        return channel, DeliverySummary({}) if idle else None

    return await together(one(channel) for channel in channels if not channel.paused)
