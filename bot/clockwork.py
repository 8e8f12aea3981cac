"""What the clock does with the distributed engine, as `bot.service` sees it: ticks that order.

The queue's library is loaded only where that engine is chosen.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.app import Program
from bot.telling import Tick
from storage import tasks_schema


class Clockwork(Protocol):
    """:class:`bot.tasks_orders.Orders`."""

    @property
    def working(self) -> tuple[Tick, ...]:
        """Ticks of polling and grouping."""

    @property
    def telling(self) -> tuple[Tick, ...]:
        """Ticks of what is posted."""

    @property
    def workers(self) -> int | None:
        """How many workers were alive at the last look; None before it."""

    def is_alone(self) -> bool:
        """Whether there has been no worker for too long."""

    def rest(self) -> None:
        """The lease was lost."""

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Connected to the queue, while it is used."""


def clockwork(program: Program) -> Clockwork | None:
    """None with the embedded engine: then the ticks do the work.

    StoreOlder, StoreNewer, StoreError if the queue's tables cannot be used.
    """
    if program.settings.engine != "distributed":
        return None
    from bot.tasks import Queue
    from bot.tasks_orders import Orders

    tasks_schema.check(program.settings.database)
    return Orders(program, Queue(program.settings.database))
