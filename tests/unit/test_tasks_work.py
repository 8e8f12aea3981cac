"""What a worker makes of jobs: the ticks' own functions, and no error let out to the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from bot.database import Database
from bot.deliver import Deliverer
from bot.tasks import Job, Kind
from bot.tasks_work import Work
from storage import MemoryStore
from tests.contract.making import NOW, add_channel, queue
from watchers.errors import StoreUnreachable
from watchers.telling import Channel, Page, SendOutcome, SendResult

POLL = Job(Kind.POLL, 1)


class Ordered:
    """The queue."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def order(self, jobs: Iterable[Job]) -> int:
        self.jobs += jobs
        return len(self.jobs)


class Polls:
    """The poller: `more` says whether it leaves something undone."""

    def __init__(self, *, more: bool = False, fails: Exception | None = None) -> None:
        self.more, self.fails, self.calls = more, fails, 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def work(self, _: float) -> bool:
        self.calls += 1
        await self.go_on.wait()
        if self.fails is not None:
            raise self.fails
        return self.more

    async def stop(self) -> None:
        self.more = True
        self.go_on.set()


def made(polls: Polls, ordered: Ordered) -> Work:
    """A worker's work that only polls."""
    anything: Any = SimpleNamespace(look=None)
    return Work(
        anything, cast("Any", ordered), poller=cast("Any", polls), rechecks=anything, telling=None
    )


@pytest.mark.parametrize("more", [True, False])
async def test_a_poll_with_more_to_do_than_time_orders_its_successor(more: bool) -> None:
    ordered = Ordered()
    await made(Polls(more=more), ordered).do(POLL)
    assert ordered.jobs == ([POLL] if more else [])


@pytest.mark.parametrize(
    ("error", "event"),
    [(StoreUnreachable("away"), "job_failed"), (RuntimeError("a bug"), "job_broke")],
)
async def test_an_error_is_told_and_not_let_out(error: Exception, event: str) -> None:
    with structlog.testing.capture_logs() as logs:
        await made(Polls(fails=error), Ordered()).do(POLL)
    assert [line["event"] for line in logs] == [event]
    assert logs[0]["job"] == "poll-1"


async def test_a_job_given_twice_is_done_once_and_a_lost_waiter_does_not_end_it() -> None:
    polls = Polls()
    polls.go_on.clear()
    work = made(polls, Ordered())
    first = asyncio.create_task(work.do(POLL))
    await asyncio.sleep(0)
    first.cancel()
    again = asyncio.create_task(work.do(POLL))
    await asyncio.sleep(0)
    assert work.under_way == 1
    polls.go_on.set()
    await again
    assert polls.calls == 1


async def test_a_stop_orders_nothing_more() -> None:
    polls, ordered = Polls(), Ordered()
    polls.go_on.clear()
    work = made(polls, ordered)
    job = asyncio.create_task(work.do(POLL))
    await asyncio.sleep(0)
    await work.finish(1.0)
    await job
    await work.do(POLL)
    assert (ordered.jobs, polls.calls) == ([], 1)


class Sends:
    """Telegram, which takes everything."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, _: Channel, page: Page) -> SendResult:
        self.sent.append(page.text)
        return SendResult(SendOutcome.SENT, message_id=len(self.sent))


async def test_what_another_machine_posted_counts_for_the_pace() -> None:
    store = MemoryStore()
    channel = add_channel(store)
    queue(store, channel, *(f"page {number}" for number in range(20)))
    for number in range(18):
        claimed = store.claim_next(channel.id, NOW + timedelta(seconds=number))
        assert claimed is not None
        done = SendResult(SendOutcome.SENT, message_id=number + 1)
        store.record_send(claimed.id, done, at=NOW + timedelta(seconds=number))
    database = Database(store)
    deliverer = Deliverer(database, lambda: NOW + timedelta(seconds=30))
    sends = Sends()
    delivering = asyncio.create_task(deliverer.deliver(channel, sends))
    await asyncio.sleep(0.1)
    assert sends.sent == []  # 18 in the last minute: the next one half a minute later
    wait = deliverer.pace(channel.id).wait(asyncio.get_running_loop().time())
    assert 25 < wait <= 30
    await deliverer.finish(1.0)
    await delivering
    database.close()
