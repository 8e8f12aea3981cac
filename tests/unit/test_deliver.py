"""Stage 10: the order, the pace and the receipts of pages; never twice, never silently lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot import deliver
from bot.database import Database
from bot.deliver import Deliverer, DeliverySummary, Pace, deliver_all
from storage import MemoryStore
from watchers.errors import StoreBusy
from watchers.ports import Store
from watchers.telling import (
    CONSOLE,
    Channel,
    ChannelSpec,
    DeliveryState,
    Page,
    SendOutcome,
    SendResult,
)

NOW = datetime(2026, 7, 30, 12, 0, tzinfo=UTC)
SENT = SendResult(SendOutcome.SENT, message_id=7)
RETRY = SendResult(SendOutcome.RETRY, "Flood control", wait=30.0)
FAILED = SendResult(SendOutcome.FAILED, "Message is too long")
UNCERTAIN = SendResult(SendOutcome.UNCERTAIN, "no answer in time")
PAUSE = SendResult(SendOutcome.PAUSE, "bot was kicked")
MIGRATED = SendResult(SendOutcome.MIGRATED, "upgraded", new_chat="-1002")


@dataclass
class ScriptedSender:
    """Answers as it was told to, then with success; remembers what it was given."""

    script: list[SendResult | BaseException] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, channel: Channel, page: Page) -> SendResult:
        """One attempt."""
        self.sent.append((channel.chat, page.text))
        if self.gate is not None:
            await self.gate.wait()
        result = self.script.pop(0) if self.script else SENT
        if isinstance(result, BaseException):
            raise result
        return result

    @property
    def pages(self) -> list[str]:
        """The texts, in order."""
        return [text for _, text in self.sent]


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without a second between them; the pace has tests of its own."""
    monkeypatch.setattr(deliver, "Pace", lambda: Pace(gap=0.0))


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
async def database(store: MemoryStore) -> AsyncIterator[Database]:
    """The store as the event loop sees it."""
    opened = Database(store)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """The deliverer's clock."""
    return Clock()


@pytest.fixture
def deliverer(database: Database, clock: Clock) -> Deliverer:
    """The one to test."""
    return Deliverer(database, clock)


def add_channel(store: Store, chat: str = "@digest") -> Channel:
    """A channel to tell."""
    return store.add_channel(ChannelSpec(chat), at=NOW, actor="cli")


def queue(store: Store, channel: Channel, *texts: str, slot: datetime = NOW) -> None:
    """A digest of these pages."""
    store.queue_digest(
        channel.id, slot=slot, built_at=slot, since=slot, subjects=(),
        pages=[Page(text) for text in texts], scheduled=True,
    )  # fmt: skip


@pytest.fixture
def channel(store: MemoryStore) -> Channel:
    """A channel with a digest of three pages."""
    made = add_channel(store)
    queue(store, made, "1/3", "2/3", "3/3")
    return made


def states(store: Store) -> list[str]:
    """The states of all pages, in order."""
    return [str(d.state) for d in reversed(store.deliveries())]


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until a condition holds."""
    while not condition():  # noqa: ASYNC110 - of a store, which has no events
        await asyncio.sleep(0)


# ---------------------------------------------------------------- the order


async def test_pages_go_out_in_the_order_of_digests_and_pages(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    queue(store, channel, "next", slot=NOW + timedelta(hours=1))
    sender = ScriptedSender()
    summary = await deliverer.deliver(channel, sender)
    assert sender.pages == ["1/3", "2/3", "3/3", "next"]
    assert summary == DeliverySummary({"sent": 4})
    assert summary.is_clean


async def test_receipt_holds_the_message_id_and_the_time(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    await deliverer.deliver(channel, ScriptedSender())
    last = store.deliveries(DeliveryState.SENT)[0]
    assert (last.message_id, last.sent_at) == (7, NOW)


async def test_nothing_queued_is_nothing_sent(store: MemoryStore, deliverer: Deliverer) -> None:
    assert await deliverer.deliver(add_channel(store), ScriptedSender()) == DeliverySummary({})


# ---------------------------------------------------------------- what may go wrong


@pytest.mark.parametrize(
    ("result", "tried", "after", "clean"),
    [
        pytest.param(FAILED, 3, ["failed", "sent", "sent"], False, id="failed-page-holds-up-none"),
        pytest.param(UNCERTAIN, 3, ["uncertain", "sent", "sent"], False, id="nor-does-uncertain"),
        pytest.param(RETRY, 1, ["queued"] * 3, True, id="retry-stops-and-keeps-the-order"),
        pytest.param(PAUSE, 1, ["queued"] * 3, False, id="pause-stops"),
        pytest.param(MIGRATED, 1, ["queued"] * 3, True, id="migrated-stops"),
    ],
)
async def test_outcome_of_the_first_page_decides_about_the_next(
    result: SendResult, tried: int, after: list[str], clean: bool,
    store: MemoryStore, deliverer: Deliverer, channel: Channel,
) -> None:  # fmt: skip
    sender = ScriptedSender([result])
    summary = await deliverer.deliver(channel, sender)
    assert len(sender.sent) == tried
    assert states(store) == after
    assert summary.is_clean == clean


@pytest.mark.parametrize(("waited", "sent"), [(29.0, 0), (30.0, 3)], ids=["too-soon", "in-time"])
async def test_retry_waits_as_long_as_telegram_asked_for(
    waited: float, sent: int,
    store: MemoryStore, deliverer: Deliverer, channel: Channel, clock: Clock,
) -> None:  # fmt: skip
    await deliverer.deliver(channel, ScriptedSender([RETRY]))
    clock.now += timedelta(seconds=waited)
    sender = ScriptedSender()
    await deliverer.deliver(channel, sender)
    assert sender.pages == ["1/3", "2/3", "3/3"][:sent]


async def test_wait_is_kept_in_the_store_for_a_program_that_is_restarted(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, database: Database, clock: Clock
) -> None:
    await deliverer.deliver(channel, ScriptedSender([RETRY]))
    assert store.channels()[0].not_before == NOW + timedelta(seconds=30)
    assert await Deliverer(database, clock).deliver(channel, ScriptedSender()) == DeliverySummary(
        {}
    )


async def test_pause_keeps_its_reason_and_sends_nothing_until_somebody_resumes(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    await deliverer.deliver(channel, ScriptedSender([PAUSE]))
    paused = store.channels()[0]
    assert (paused.paused, paused.pause_reason) == (True, "bot was kicked")
    sender = ScriptedSender()
    await deliverer.deliver(channel, sender)
    assert sender.sent == []
    store.change_channel(channel.id, {"paused": False}, at=NOW, actor="cli")
    await deliverer.deliver(channel, sender)
    assert sender.pages == ["1/3", "2/3", "3/3"]


async def test_migrated_chat_is_followed(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender([MIGRATED])
    await deliverer.deliver(channel, sender)
    await deliverer.deliver(store.channels()[0], sender)
    assert sender.sent == [("@digest", "1/3"), ("-1002", "1/3"), ("-1002", "2/3"), ("-1002", "3/3")]


async def test_what_a_dead_process_was_sending_is_uncertain_and_not_sent_again(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    assert store.claim_next(channel.id, NOW) is not None  # and then it died
    sender = ScriptedSender()
    summary = await deliverer.deliver(channel, sender)
    assert sender.pages == ["2/3", "3/3"]
    assert states(store) == ["uncertain", "sent", "sent"]
    assert summary.outcomes == {"uncertain": 1, "sent": 2}
    assert not summary.is_clean


async def test_bug_in_a_sender_is_loud_and_leaves_the_page_uncertain(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    with pytest.raises(ZeroDivisionError):
        await deliverer.deliver(channel, ScriptedSender([ZeroDivisionError()]))
    await deliverer.deliver(channel, ScriptedSender())
    assert states(store) == ["uncertain", "sent", "sent"]


# ---------------------------------------------------------------- several at once, and the end


async def test_two_deliverers_at_once_send_each_page_once(
    store: MemoryStore, database: Database, channel: Channel, clock: Clock
) -> None:
    sender = ScriptedSender()
    both = [Deliverer(database, clock).deliver(channel, sender) for _ in range(2)]
    await asyncio.gather(*both)
    assert sender.pages == ["1/3", "2/3", "3/3"]


async def test_channel_that_another_process_delivers_is_left_to_it(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender()
    with store.lock(f"channel-{channel.id}"):
        assert await deliverer.deliver(channel, sender) == DeliverySummary({})
    assert states(store) == ["queued"] * 3


async def test_channels_do_not_wait_for_one_another(
    store: MemoryStore, database: Database, channel: Channel
) -> None:
    other = add_channel(store, "@other")
    queue(store, other, "only")
    slow, quick = ScriptedSender(gate=asyncio.Event()), ScriptedSender()
    task = asyncio.create_task(
        deliver_all(database, lambda c: slow if c.id == channel.id else quick)
    )
    await until(lambda: bool(quick.sent and slow.sent))
    assert slow.gate is not None
    slow.gate.set()
    assert [summary and summary.outcomes for _, summary in await task] == [{"sent": 3}, {"sent": 1}]


async def test_without_a_token_nobody_sends_and_nothing_is_marked(
    store: MemoryStore, database: Database, channel: Channel
) -> None:
    assert [summary for _, summary in await deliver_all(database, lambda _: None)] == [None]
    assert states(store) == ["queued"] * 3


async def test_stop_finishes_the_page_under_way_and_begins_no_other(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    deliverer.stopping.set()
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert states(store) == ["sent", "queued", "queued"]


async def test_stop_ends_the_rest_between_two_pages(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "Pace", lambda: Pace(gap=3600.0))
    sender = ScriptedSender()
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: states(store)[0] == "sent")
    deliverer.stopping.set()
    await asyncio.wait_for(task, 5)
    assert sender.pages == ["1/3"]


# ---------------------------------------------------------------- the pace


PACES = [
    pytest.param([], 100.0, 0.0, id="the-first-goes-at-once"),
    pytest.param([100.0], 100.0, 1.0, id="a-second-after-the-last"),
    pytest.param([100.0], 100.25, 0.75, id="what-is-left-of-the-second"),
    pytest.param([100.0], 101.0, 0.0, id="a-second-has-passed"),
    pytest.param([100.0 + n for n in range(17)], 118.0, 0.0, id="seventeen-in-a-minute"),
    pytest.param([100.0 + n for n in range(18)], 118.0, 42.0, id="eighteen-wait-for-the-first"),
    pytest.param([100.0 + n for n in range(18)], 160.0, 0.0, id="the-first-is-a-minute-old"),
    pytest.param([100.0 + n for n in range(25)], 125.0, 42.0, id="more-than-eighteen-wait-longer"),
]


@pytest.mark.parametrize(("sent", "now", "wait"), PACES)
def test_pace_keeps_one_a_second_and_eighteen_a_minute(
    sent: list[float], now: float, wait: float
) -> None:
    assert Pace(sent=sent).wait(now) == wait


def test_pace_lets_a_hundred_pages_pass_within_telegrams_limits() -> None:
    pace, now, times = Pace(), 0.0, []
    for _ in range(100):
        now += pace.wait(now)
        pace.sent.append(now)
        times.append(now)
    for at in times:
        assert sum(at <= t < at + 1 for t in times) == 1
        assert sum(at <= t < at + 60 for t in times) <= 20
    assert times[-1] < 6 * 60
    assert len(pace.sent) <= 19


async def test_console_is_not_paced(
    store: MemoryStore, deliverer: Deliverer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "Pace", lambda: Pace(gap=3600.0))
    console = add_channel(store, CONSOLE)
    queue(store, console, "one", "two")
    sender = ScriptedSender()
    await asyncio.wait_for(deliverer.deliver(console, sender), 5)
    assert sender.pages == ["one", "two"]


async def test_a_cancelled_delivery_still_keeps_the_receipt_of_the_page_under_way(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    task.cancel()
    await asyncio.sleep(0)
    assert sender.gate is not None
    sender.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert states(store)[0] == "sent"
    assert set(states(store)[1:]) == {"queued"}


async def test_a_receipt_is_tried_again_while_the_database_is_busy(
    store: MemoryStore,
    deliverer: Deliverer,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, busy = store.record_send, [StoreBusy("Locked."), StoreBusy("Locked.")]

    def record(delivery_id: int, result: SendResult, *, at: datetime) -> None:
        if busy:
            raise busy.pop()
        keep(delivery_id, result, at=at)

    monkeypatch.setattr(store, "record_send", record)
    monkeypatch.setattr(deliver, "_RECEIPT_WAITS", (0.0, 0.0, None))
    await deliverer.deliver(channel, ScriptedSender())
    assert set(states(store)) == {"sent"}
