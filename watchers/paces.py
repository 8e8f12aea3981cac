"""Manners towards one host: one request at a time, and a pause between starts.

Between the requests of this process by :class:`HostPaces`; between machines by what it is given
as :class:`TurnPort` (`bot.claims`), if several poll.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol


class TurnMissed(Exception):
    """A host could not be asked in good time: another machine has it, or got it meanwhile."""


class TurnPort(Protocol):
    """Turns at hosts that several machines share."""

    def hold(self, host: str) -> AbstractAsyncContextManager[None]:
        """Have the host while within, so that no other machine asks it. TurnMissed."""

    def start(self, host: str) -> None:
        """A request to a host that is held starts now. TurnMissed if it was lost meanwhile."""


@dataclass(slots=True)
class _Pace:
    """One host's turn; kept while anybody holds it or waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: float = float("-inf")
    users: int = 0


class HostPaces:
    """One request at a time, and `delay` seconds between starts, for each host name.

    A delay of 0 lets a host be asked in parallel.
    """

    def __init__(self, delay: float, shared: TurnPort | None = None) -> None:
        self._delay = delay
        self._shared = shared
        self._hosts: OrderedDict[str, _Pace] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for the host's turn, then for one of the slots that all share; hold both.

        TurnMissed where other machines are to be waited for.
        """
        if self._shared is None:
            async with self._own_turn(host, slots):
                yield
            return
        async with self._shared.hold(host), self._own_turn(host, slots):
            self._shared.start(host)
            yield

    @asynccontextmanager
    async def _own_turn(self, host: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """The turn among the requests of this process."""
        if self._delay <= 0:
            async with slots:
                yield
            return
        pace = self._hosts.setdefault(host, _Pace())
        self._hosts.move_to_end(host)
        pace.users += 1
        try:
            async with pace.lock:
                await asyncio.sleep(max(0.0, pace.last + self._delay - time.monotonic()))
                async with slots:
                    pace.last = time.monotonic()
                    yield
        finally:
            pace.users -= 1
            self._forget_idle()

    def _forget_idle(self) -> None:
        while self._hosts:
            host, pace = next(iter(self._hosts.items()))
            if pace.users or pace.last + self._delay > time.monotonic():
                return
            del self._hosts[host]
