"""What a program with a token tells, tick by tick: channels, subscribers, admins.

digest       -> public channels whose time has come      subscribers -> private ones
alerts       -> what cannot wait                          deliver -> pages to channels
private      -> pages to subscribers                      corrections -> what is taken back
open pages   -> notices about pages in doubt              notices -> to the admins
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot import jobs
from bot.alerting import Seen, alert_due
from bot.app import Program
from bot.correcting import Corrector
from bot.deliver import Deliverer
from bot.notices import DeliveryNotices, DiskTrouble, tell_admins
from bot.pump import PrivatePump
from bot.reaching import Reach
from bot.sender import TelegramSender
from bot.subscribing import SubscriberDigests
from watchers.errors import DadkhahError

Tick = tuple[str, float, Callable[[], Awaitable[object]]]


class Telling:
    """All that posts; one for the process, so that paces and the bot's budget are kept."""

    def __init__(self, program: Program, sender: TelegramSender) -> None:
        self._program = program
        self._sender = sender
        self._trouble = DiskTrouble()
        database = program.database
        self._deliverer = Deliverer(database, trouble=self._trouble)
        budget = self._deliverer.budget
        self._pump = PrivatePump(database, budget, trouble=self._trouble)
        self._corrector = Corrector(database, self._deliverer, trouble=self._trouble)
        self._open_pages = DeliveryNotices(database)
        self._subscribers = SubscriberDigests(program)
        self._alerted = Seen()
        self._reach = Reach()

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Name, seconds between two, and the work."""
        return (
            ("digest", 10.0, self._digest),
            ("subscribers", 10.0, self._subscribers.tick),
            ("alerts", 15.0, self._alert),
            ("deliver", 0.5, lambda: self._deliverer.tick(self._sender)),
            ("private", 2.0, lambda: self._pump.tick(self._sender)),
            ("corrections", 2.0, lambda: self._corrector.tick(self._sender)),
            *self.own_ticks,
        )

    @property
    def own_ticks(self) -> tuple[Tick, ...]:
        """What stays with the clock when workers do the rest: what admins are told."""
        return (
            ("open pages", 10.0, self._open_pages.tick),
            ("notices", 20.0, self._tell_admins),
        )

    async def deliver(self, channel_id: int) -> None:
        """Send what one channel has waiting, until nothing may go. StoreError."""
        await self._deliverer.work(channel_id, self._sender)

    async def private(self) -> None:
        """Send what subscribers have waiting, until nothing may go."""
        await self._pump.work(self._sender)

    async def correct(self) -> None:
        """Change and delete what is to be, until nothing is."""
        await self._corrector.work(self._sender)

    def take_over(self) -> None:
        """Another process posted until now: what this one knows of paces is old."""
        self._deliverer.forget_paces()

    async def _digest(self) -> None:
        channels = await self._program.database(lambda store: store.channels())
        real = [channel for channel in channels if not channel.is_console]
        await jobs.digest_due(self._program, real)

    async def _alert(self) -> None:
        channels = await self._program.database(lambda store: store.channels())
        real = [channel for channel in channels if not channel.is_console]
        await alert_due(self._program, real, self._alerted)

    async def _tell_admins(self) -> None:
        await self._trouble.tick(self._program.database, self._sender)
        await tell_admins(self._program.database, self._sender, self._reach)

    def note(self, error: DadkhahError) -> None:
        """An error of any tick: a full disk is told to admins."""
        self._trouble.note(error)

    async def finish(self, seconds: float) -> None:
        """Stop: pages that are being sent get their receipts, within so many seconds."""
        await asyncio.gather(
            self._deliverer.finish(seconds),
            self._pump.finish(seconds),
            self._corrector.finish(seconds),
        )
