"""What the clock of the distributed engine orders, and that an idle system makes no jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from pydantic import SecretStr

from bot.app import Knowledge, Program
from bot.database import Database
from bot.tasks import POSTS, Job, Kind, Queue
from bot.tasks_orders import A_JOB, ALONE, Orders
from config.settings import Settings
from storage import MemoryStore
from tests.contract.making import (
    HOUR,
    NOW,
    add_channel,
    add_feed,
    add_subscriber,
    item,
    poll,
    queue,
)
from watchers.telling import ChannelSpec

KNOWLEDGE = Knowledge()


class Taken:
    """The queue, but nobody takes from it."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.alive = 0

    async def order(self, jobs: Iterable[Job]) -> int:
        new = [job.key for job in jobs if job.key not in self.jobs]
        self.jobs += new
        return len(new)

    async def workers(self) -> int:
        return self.alive

    async def give_back(self) -> int:
        return 0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> object:
        return self.now


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def orders(store: MemoryStore, taken: Taken, clock: Clock) -> AsyncIterator[Orders]:
    database = Database(store)
    program = Program(Settings(contact="a@b.example"), KNOWLEDGE, database, None, None)  # type: ignore[arg-type]
    yield Orders(program, cast("Queue", taken), clock=clock)  # type: ignore[arg-type]
    database.close()


async def tick(orders: Orders) -> None:
    """Each tick once."""
    for _, _, work in (*orders.working, *orders.telling):
        await work()


async def test_an_idle_system_orders_nothing(
    orders: Orders, taken: Taken, store: MemoryStore
) -> None:
    channel = add_channel(store)
    add_subscriber(store, 10)
    queue(store, channel, "page")
    store.change_channel(channel.id, {"paused": True}, at=NOW, actor="test")
    await tick(orders)
    assert taken.jobs == []


async def test_workers_of_whom_none_posts_are_told_of_once(
    orders: Orders, taken: Taken, store: MemoryStore, clock: Clock
) -> None:
    settings = Settings(contact="a@b.example", telegram_token=SecretStr("1:a"))
    orders._program = replace(orders._program, settings=settings)
    taken.alive = 1
    for posts in (True, False, False, False, True):
        with store.lock(POSTS) if posts else nullcontext():
            await orders.look_after()
            clock.now += ALONE
    (notice,) = store.notices(untold=True)
    assert "DADKHAH_TELEGRAM_TOKEN" in notice.text
    with store.lock(POSTS) as free:
        assert free


async def test_each_kind_is_ordered_for_what_waits(
    orders: Orders, taken: Taken, store: MemoryStore, clock: Clock
) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, item("a")))
    channel = store.add_channel(ChannelSpec("@one", "UTC", ("08:00",)), at=NOW, actor="test")
    queue(store, channel, "page")
    queue(store, add_subscriber(store, 10), "page")
    clock.now = NOW + timedelta(days=2)
    await tick(orders)
    assert taken.jobs == [
        "poll-0",
        "settle",
        f"digest-{channel.id}",
        "subscribers",
        f"deliver-{channel.id}",
        "private",
    ]


@pytest.mark.parametrize(
    ("workers", "feeds", "ordered"),
    [(0, 1, 1), (2, 1, 1), (2, A_JOB + 1, 2), (3, 9 * A_JOB, 3), (3, 0, 0)],
)
async def test_as_many_polls_as_there_are_workers_and_work(
    orders: Orders, taken: Taken, monkeypatch: pytest.MonkeyPatch,
    workers: int, feeds: int, ordered: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(MemoryStore, "claimable", lambda _, __, most: min(most, feeds))
    taken.alive = workers
    await orders.look_after()
    await orders.poll()
    assert taken.jobs == [f"poll-{number}" for number in range(ordered)]


async def test_a_channel_whose_page_has_to_wait_is_left_alone(
    orders: Orders, taken: Taken, store: MemoryStore
) -> None:
    channel = add_channel(store)
    queue(store, channel, "page")
    store.stop_posting(stopped=True, at=NOW, actor="test")
    await orders.deliver()
    assert taken.jobs == []
    store.stop_posting(stopped=False, at=NOW, actor="test")
    await orders.deliver()
    assert taken.jobs == [Job(Kind.DELIVER, channel.id).key]


async def test_without_a_worker_admins_are_told_once(
    orders: Orders, taken: Taken, store: MemoryStore, clock: Clock
) -> None:
    await orders.look_after()
    assert not orders.is_alone()
    for _ in range(2):
        clock.now += ALONE
        await orders.look_after()
    assert orders.is_alone()
    assert [notice.kind for notice in store.notices(untold=True)] == ["workers"]
    taken.alive = 1
    await orders.look_after()
    assert not orders.is_alone()
    taken.alive = 0
    await orders.look_after()
    clock.now += HOUR
    await orders.look_after()
    assert len(store.notices(untold=True)) == 2
