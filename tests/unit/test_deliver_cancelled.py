"""Who is cancelled while a page is claimed leaves none in doubt: nothing was sent."""

import asyncio
import threading
from datetime import datetime

import pytest

from bot.database import Database
from bot.deliver import Deliverer
from storage import MemoryStore
from tests.unit.sending import Clock, ScriptedSender, add_channel, queue, until
from watchers.telling import Delivery, DeliveryState


class _Slow(MemoryStore):
    """A store whose claims take until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def claim_next(self, channel_id: int, now: datetime) -> Delivery | None:
        """As always, but slowly."""
        claimed = super().claim_next(channel_id, now)
        self.begun.set()
        assert self.go_on.wait(5)
        return claimed


async def test_a_page_claimed_for_who_was_cancelled_is_queued_again() -> None:
    store = _Slow()
    channel = add_channel(store)
    queue(store, channel, "1/2", "2/2")
    database, sender = Database(store), ScriptedSender()
    delivering = asyncio.create_task(Deliverer(database, Clock()).deliver(channel, sender))
    await until(store.begun.is_set)
    delivering.cancel()
    await asyncio.sleep(0)
    store.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    assert [page.state for page in store.deliveries()] == [DeliveryState.QUEUED] * 2
    summary = await Deliverer(database, Clock()).deliver(channel, sender)
    assert (sender.pages, summary.outcomes) == (["1/2", "2/2"], {"sent": 2})
    database.close()
