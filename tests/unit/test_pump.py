"""Pages to private chats: side by side, paced, at most eight at a time, each once."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import pump as pumping
from bot.database import Database
from bot.pacing import Budget, Pace
from bot.pump import MOST, PrivatePump
from config import logs
from storage import MemoryStore
from storage.locks import Lock
from tests.journey.harness import logging_as_it_was
from tests.unit.sending import (
    FAILED,
    NOW,
    RETRY,
    SENT,
    UNCERTAIN,
    Clock,
    ScriptedSender,
    queue,
    sqlite_store,
    until,
)
from watchers.errors import StoreFull
from watchers.ports import Store
from watchers.telling import (
    Channel,
    ChannelSpec,
    Delivery,
    DeliveryState,
    Page,
    SendOutcome,
    SendResult,
)

BLOCKED = SendResult(SendOutcome.PAUSE, "bot was blocked by the user")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store."""
    if request.param == "memory":
        return MemoryStore()
    return sqlite_store(tmp_path)


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    """The store as the event loop sees it."""
    opened = Database(store)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """The pump's clock."""
    return Clock()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the second between two messages to a chat, and short rounds."""
    monkeypatch.setattr(pumping, "_SECOND", 0.0)
    monkeypatch.setattr(pumping, "_ROUND", 0.01)
    monkeypatch.setattr(pumping, "_RECEIPT_WAITS", (0.0,))


@pytest.fixture
def budget() -> Budget:
    """A budget that holds nothing back."""
    free = Budget()
    free._all, free._private = Pace(gap=0.0, most=10**9), Pace(gap=0.0, most=10**9)
    return free


@pytest.fixture
def pump(database: Database, budget: Budget, clock: Clock) -> PrivatePump:
    """The one to test."""
    return PrivatePump(database, budget, clock)


def subscribe(store: Store, *texts: str, user: int = 1) -> Channel:
    """A subscriber with a digest of these pages."""
    spec = ChannelSpec(str(88_005_553_000 + user), private=True)
    made = store.add_channel(spec, at=NOW, actor="system")
    queue(store, made, *texts)
    return made


def states(store: Store) -> Counter[str]:
    """How many pages of private chats are in each state."""
    return Counter(str(page.state) for page in store.deliveries(private=True, limit=10_000))


class Crowd(ScriptedSender):
    """Remembers how many were under way at once."""

    now = most = 0

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """As the other, after giving everybody a turn."""
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        result = await super().send(channel, page)
        self.now -= 1
        return result


async def test_every_page_is_sent_once_and_a_chats_pages_in_order(
    store: Store, pump: PrivatePump, clock: Clock
) -> None:
    for user in range(30):
        subscribe(store, f"{user}:1", f"{user}:2", f"{user}:3", user=user)
    sender = Crowd()
    for _ in range(3):  # a second between two pages to one chat
        assert await pump.run(sender) == {"sent": 30}
        assert await pump.run(sender) == {}
        clock.now += timedelta(seconds=1)
    for user in range(30):
        own = [text for chat, text in sender.sent if chat == str(88_005_553_000 + user)]
        assert own == [f"{user}:1", f"{user}:2", f"{user}:3"]
    assert states(store) == {"sent": 90}
    assert 1 < sender.most <= MOST


async def test_public_channels_are_not_its_business(store: Store, pump: PrivatePump) -> None:
    channel = store.add_channel(ChannelSpec("@digest"), at=NOW, actor="cli")
    queue(store, channel, "public")
    sender = ScriptedSender()
    assert await pump.run(sender) == {}
    assert sender.sent == []


async def test_a_user_who_blocked_the_bot_is_paused_and_nobody_else(
    store: Store, pump: PrivatePump
) -> None:
    blocked, other = subscribe(store, "1", "2", user=1), subscribe(store, "3", user=2)

    class Blocking(ScriptedSender):
        async def send(self, channel: Channel, page: Page) -> SendResult:
            await super().send(channel, page)
            return BLOCKED if channel.id == blocked.id else SENT

    sender = Blocking()
    await pump.run(sender)
    assert sorted(sender.pages) == ["1", "3"]
    assert states(store) == {"queued": 2, "sent": 1}
    assert [one.id for one in store.subscribers(paused=True)] == [blocked.id]
    assert [one.id for one in store.subscribers(paused=False)] == [other.id]
    assert store.notices(untold=True) == ()


async def test_a_chat_that_telegram_asks_to_leave_alone_rests_and_the_others_go_on(
    store: Store, pump: PrivatePump, clock: Clock
) -> None:
    first = subscribe(store, "first", user=0)
    for user in range(1, 20):
        subscribe(store, f"{user}", user=user)

    class Flooded(ScriptedSender):
        async def send(self, channel: Channel, page: Page) -> SendResult:
            await super().send(channel, page)
            again = clock.now > NOW
            return RETRY if channel.id == first.id and not again else SENT

    sender = Flooded()
    await pump.run(sender)
    assert states(store) == {"sent": 19, "queued": 1}
    await pump.run(sender)
    assert sender.pages.count("first") == 1
    clock.now += timedelta(seconds=30)
    await pump.run(sender)
    assert sender.pages.count("first") == 2
    assert states(store) == {"sent": 20}


async def test_several_chats_in_a_row_that_are_told_to_wait_mean_all_of_us(
    store: Store, pump: PrivatePump
) -> None:
    for user in range(60):
        subscribe(store, f"{user}", user=user)
    sender = ScriptedSender([RETRY] * 60)
    await pump.run(sender)
    assert 3 <= len(sender.sent) <= 2 * MOST
    asked = len(sender.sent)
    await pump.tick(sender)
    assert pump._task is None
    assert len(sender.sent) == asked
    assert states(store) == {"queued": 60}


@pytest.mark.parametrize(
    ("result", "state"),
    [
        pytest.param(FAILED, "failed", id="refused"),
        pytest.param(UNCERTAIN, "uncertain", id="in-doubt"),
        pytest.param(ZeroDivisionError(), "uncertain", id="a-bug"),
    ],
)
async def test_one_bad_page_fails_alone(
    store: Store, pump: PrivatePump, result: SendResult | BaseException, state: str
) -> None:
    for user in range(10):
        subscribe(store, f"{user}", user=user)
    await pump.run(ScriptedSender([result]))
    assert states(store) == {"sent": 9, state: 1}


async def test_what_a_dead_process_was_sending_is_uncertain_and_not_sent_again(
    store: Store, pump: PrivatePump
) -> None:
    for user in range(10):
        subscribe(store, f"{user}", user=user)
    left = {page.content.text for _, page in store.claim_private(NOW, 4)}
    sender = ScriptedSender()
    assert await pump.run(sender) == {"uncertain": 4, "sent": 6}
    assert left.isdisjoint(sender.pages)


async def test_another_process_that_has_the_lock_sends(store: Store, pump: PrivatePump) -> None:
    subscribe(store, "page")
    sender = ScriptedSender()
    with store.lock("private") as got:
        assert got
        assert await pump.run(sender) == {}
    assert sender.sent == []


async def test_a_stop_begins_no_other_page_and_gives_back_what_it_had_claimed(
    store: Store, pump: PrivatePump, budget: Budget
) -> None:
    budget._private = Pace(gap=3600.0)
    for user in range(20):
        subscribe(store, f"{user}", user=user)
    sender = ScriptedSender(gate=asyncio.Event())
    await pump.tick(sender)
    await until(lambda: bool(sender.sent))
    task = pump._task
    assert task is not None
    ending = asyncio.create_task(pump.finish(5))
    await asyncio.sleep(0)
    assert sender.gate is not None
    sender.gate.set()
    await asyncio.wait_for(ending, 1)
    assert task.done()
    assert len(sender.sent) == 1
    assert states(store) == {"sent": 1, "queued": 19}


async def test_what_is_claimed_for_a_pump_that_is_cancelled_meanwhile_is_queued_again(
    store: Store, pump: PrivatePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in range(3):
        subscribe(store, f"{user}", user=user)
    begun, go_on = threading.Event(), threading.Event()
    claim = store.claim_private

    def slow(now: datetime, limit: int) -> tuple[tuple[Channel, Delivery], ...]:
        begun.set()
        assert go_on.wait(10)
        return claim(now, limit)

    monkeypatch.setattr(store, "claim_private", slow)
    sender = ScriptedSender()
    task = asyncio.create_task(pump.run(sender))
    await until(begun.is_set)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sender.sent == []
    assert states(store) == {"queued": 3}


async def test_receipts_wait_for_space_on_the_disk_before_anything_else_is_sent(
    store: Store, pump: PrivatePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in range(20):
        subscribe(store, f"{user}", user=user)
    sender = ScriptedSender()
    keep, seen = store.record_sends, []

    def record(results: Sequence[tuple[int, SendResult]], *, at: datetime) -> None:
        seen.append(len(sender.sent))
        if len(seen) < 10:
            raise StoreFull("No space.")
        keep(results, at=at)

    monkeypatch.setattr(store, "record_sends", record)
    await pump.run(sender)
    assert len(set(seen[:10])) == 1
    assert states(store) == {"sent": 20}
    assert len(sender.sent) == 20


async def test_a_subscriber_who_is_forgotten_meanwhile_holds_up_nobody(
    store: Store, pump: PrivatePump
) -> None:
    gone = subscribe(store, "gone", user=1)
    subscribe(store, "other", user=2)
    sender = ScriptedSender(gate=asyncio.Event())
    await pump.tick(sender)
    await until(lambda: len(sender.sent) == 2)
    store.remove_channel(gone.id, at=NOW, actor="system")
    assert sender.gate is not None
    sender.gate.set()
    task = pump._task
    assert task is not None
    await asyncio.wait_for(task, 5)
    assert states(store) == {"sent": 1}


async def test_an_answer_that_comes_after_it_was_sent_again_queues_nothing(
    store: Store, pump: PrivatePump
) -> None:
    subscribe(store, "page")
    sender = ScriptedSender([RETRY], gate=asyncio.Event())
    task = asyncio.create_task(pump.run(sender))
    await until(lambda: bool(sender.sent))
    store.abandon_private(at=NOW)  # somebody who took us for dead
    store.settle_private("resend", at=NOW, actor="5")
    [(_, again)] = store.claim_private(NOW, 10)
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert store.delivery(again.id) == again


async def test_no_chat_is_named_in_a_log(
    store: Store, pump: PrivatePump, capsys: pytest.CaptureFixture[str]
) -> None:
    for user in range(4):
        subscribe(store, f"{user}", user=user)
    with logging_as_it_was():
        logs.set_up("debug", "json")
        await pump.run(ScriptedSender([BLOCKED, FAILED, UNCERTAIN, RETRY]))
    said = capsys.readouterr().err
    assert "private_page_not_sent" in said
    assert not any(str(88_005_553_000 + user) in said for user in range(4))


async def test_nothing_is_sent_while_posting_is_stopped(store: Store, pump: PrivatePump) -> None:
    subscribe(store, "page")
    store.stop_posting(stopped=True, at=NOW, actor="5")
    sender = ScriptedSender()
    await pump.run(sender)
    assert sender.sent == []
    assert store.deliveries(DeliveryState.QUEUED, private=True)


async def test_who_lost_the_lock_claims_nothing_more(
    store: Store, pump: PrivatePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = True

    @contextmanager
    def lock(_: str) -> Iterator[Lock]:
        yield Lock(True, lambda: held)

    monkeypatch.setattr(store, "lock", lock)
    for user in range(2 * MOST):
        subscribe(store, f"{user}", user=user)
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(pump.run(sender))
    await until(lambda: len(sender.sent) == MOST)
    held = False
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert states(store) == {"sent": MOST, "queued": MOST}
