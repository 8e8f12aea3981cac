"""Manners towards one host: one request at a time, and a pause between starts."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Pace:
    """One host's turn; kept while anybody holds it or waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: float = float("-inf")
    users: int = 0


class HostPaces:
    """One request at a time, and `delay` seconds between starts, for each host name."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._hosts: OrderedDict[str, _Pace] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for the host's turn, then for one of the slots that all share; hold both."""
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
