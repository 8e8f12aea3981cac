"""The embedded engine on a database on which workers of the distributed one are alive.

That is a mistake of whoever started them. What groups, builds and posts is guarded by locks that
both engines take. Who asks a host is not: workers go by claims of hosts, the embedded engine by
its own turns, and a host would be asked by both. So the embedded engine polls nothing while a
worker is alive, and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.app import Program
from bot.clock import Clock, utc_now
from config import logs
from storage import tasks_schema

log = logs.get(__name__)

LOOK = 15.0  # seconds between looks at who is alive
MISTAKE = (
    "Workers of the distributed engine are alive on this database, and this program runs with the "
    "embedded one: it polls nothing, for both would ask the same hosts. Stop the workers (what "
    "a killed one leaves is forgotten after 30 s), or set DADKHAH_ENGINE=distributed."
)


class Beside:
    """Looks whether workers are alive; for the embedded engine."""

    def __init__(
        self,
        program: Program,
        *,
        clock: Clock = utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = program.database
        settings = program.settings
        is_shared = settings.engine == "embedded" and settings.database.startswith("postgres")
        self._url = settings.database if is_shared else None
        self._clock, self._steady = clock, steady
        self._look_at = float("-inf")
        self._are_alive = False

    async def are_alive(self) -> bool:
        """Whether they are, or were at the last look; the first one is told. StoreError."""
        if self._url is None or self._steady() < self._look_at:
            return self._are_alive
        url = self._url
        alive = await asyncio.to_thread(lambda: tasks_schema.live_workers(url) > 0)
        self._look_at = self._steady() + LOOK
        if alive and not self._are_alive:
            now = self._clock()
            log.error("workers_beside", why=MISTAKE)
            await self._database(
                lambda store: store.add_notice(
                    f"beside:{now:%Y-%m-%d %H}", "workers", MISTAKE, at=now
                )
            )
        elif self._are_alive and not alive:
            log.info("workers_gone", what="polling goes on")
        self._are_alive = alive
        return alive
