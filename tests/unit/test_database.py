"""The storage thread: what it does, and what it leaves at the end."""

import asyncio
import threading

import pytest

from bot.database import Database
from storage import MemoryStore
from watchers.ports import Store


async def test_closing_finishes_what_has_begun_and_drops_what_has_not() -> None:
    database = Database(MemoryStore())
    begun, go_on, done = threading.Event(), threading.Event(), list[str]()

    def slow(_: Store) -> None:
        begun.set()
        assert go_on.wait(10)
        done.append("begun")

    first = asyncio.ensure_future(database(slow))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(database(lambda _: done.append("not begun")))
    await asyncio.sleep(0)
    assert begun.wait(10)
    ending = threading.Timer(0.1, go_on.set)
    ending.start()
    database.close()
    ending.join()
    assert done == ["begun"]
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
