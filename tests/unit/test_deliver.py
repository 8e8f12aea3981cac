"""Stage 10: the order, the pace and the receipts of pages; never twice, never silently lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from bot import deliver
from bot.database import Database
from bot.deliver import Deliverer, DeliverySummary, Pace, deliver_all
from storage import MemoryStore
from storage.locks import Lock
from tests.unit.sending import (
    FAILED,
    MIGRATED,
    NOW,
    PAUSE,
    RETRY,
    UNCERTAIN,
    Clock,
    ScriptedSender,
    add_channel,
    queue,
    states,
    until,
)
from watchers.errors import StoreBusy, StoreFull
from watchers.telling import (
    CONSOLE,
    Channel,
    DeliveryState,
    SendResult,
)


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


@pytest.fixture
def channel(store: MemoryStore) -> Channel:
    """A channel with a digest of three pages."""
    made = add_channel(store)
    queue(store, made, "1/3", "2/3", "3/3")
    return made


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
        pytest.param(MIGRATED, 4, ["sent"] * 3, True, id="migrated-is-followed-at-once"),
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
    assert store.channels()[0].chat == "-1002"
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
    monkeypatch.setattr(deliver, "_RECEIPT_WAITS", (0.0, 0.0, 0.0))
    await deliverer.deliver(channel, ScriptedSender())
    assert set(states(store)) == {"sent"}


# ---------------------------------------------------------------- receipts that cannot be written


class Trouble:
    """A method of the store that fails so often, as the database would."""

    def __init__(self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.left = times
        self._keep = store.record_send
        self.error: Exception = StoreFull("No space.")
        monkeypatch.setattr(store, "record_send", self.record)
        monkeypatch.setattr(deliver, "_RECEIPT_WAITS", (0.0, 0.0))

    def record(self, delivery_id: int, result: SendResult, *, at: datetime) -> None:
        """As the store does, when the trouble is over."""
        if self.left:
            self.left -= 1
            raise self.error
        self._keep(delivery_id, result, at=at)


async def test_a_receipt_waits_for_space_on_the_disk_before_anything_else_is_sent(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble(store, monkeypatch, times=25)
    sender = ScriptedSender()
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: trouble.left < 20)
    assert sender.pages == ["1/3"]
    await Deliverer(deliverer._database).deliver(channel, sender)  # it gets no lock
    assert states(store) == ["sending", "queued", "queued"]
    await task
    assert sender.pages == ["1/3", "2/3", "3/3"]
    assert states(store) == ["sent"] * 3


async def test_a_command_does_not_wait_for_space_for_ever(
    store: MemoryStore, database: Database, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    Trouble(store, monkeypatch, times=1_000)
    sender = ScriptedSender()
    with pytest.raises(StoreFull):
        await deliver_all(database, lambda _: sender)
    assert sender.pages == ["1/3"]


async def test_a_stop_does_not_wait_for_space_for_ever(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble(store, monkeypatch, times=1_000_000)
    monkeypatch.setattr(deliver, "_RECEIPT_WAITS", (0.0, 3600.0))
    task = asyncio.create_task(deliverer.deliver(channel, ScriptedSender()))
    await until(lambda: trouble.left <= 999_998)
    deliverer.stopping.set()
    with pytest.raises(StoreFull):
        await asyncio.wait_for(task, 5)


async def test_a_page_that_an_admin_settled_meanwhile_holds_up_nothing(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    store.abandon_sending(channel.id, at=NOW)  # somebody who took us for dead
    store.settle_delivery(1, "drop", at=NOW, actor="5")
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert states(store) == ["dropped", "sent", "sent"]


async def test_an_answer_that_comes_after_it_was_sent_again_queues_nothing(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender([RETRY], gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    store.abandon_sending(channel.id, at=NOW)  # somebody who took us for dead
    store.settle_delivery(1, "resend", at=NOW, actor="5")
    again = store.claim_next(channel.id, NOW)
    assert again is not None
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert store.delivery(1) == again


# ---------------------------------------------------------------- ticks


async def ticks(deliverer: Deliverer, sender: ScriptedSender) -> None:
    """A tick, and wait for what it began."""
    await deliverer.tick(sender)
    await asyncio.gather(*deliverer._tasks.values())


async def test_a_tick_delivers_to_all_channels_where_something_waits(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    queue(store, add_channel(store, "@other"), "other")
    add_channel(store, "@idle")
    sender = ScriptedSender()
    await ticks(deliverer, sender)
    assert sorted(sender.sent) == [
        ("@digest", "1/3"), ("@digest", "2/3"), ("@digest", "3/3"), ("@other", "other"),
    ]  # fmt: skip


async def test_a_channel_that_takes_long_does_not_hold_up_what_another_gets_meanwhile(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    slow, quick = ScriptedSender(gate=asyncio.Event()), ScriptedSender()
    await deliverer.tick(slow)
    await until(lambda: bool(slow.sent))
    queue(store, add_channel(store, "@other"), "other")
    await deliverer.tick(quick)
    await until(lambda: states(store)[-1] == "sent")
    assert (slow.pages, quick.pages) == (["1/3"], ["other"])
    assert slow.gate is not None
    slow.gate.set()
    await deliverer.finish(5)


async def test_a_tick_leaves_alone_who_rests_or_is_paused(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, clock: Clock
) -> None:
    sender = ScriptedSender([RETRY])
    await ticks(deliverer, sender)
    await ticks(deliverer, sender)
    assert sender.pages == ["1/3"]
    clock.now += timedelta(seconds=29.9)
    await ticks(deliverer, sender)
    assert sender.pages == ["1/3"]
    clock.now += timedelta(seconds=0.1)
    await ticks(deliverer, sender)
    assert sender.pages == ["1/3", "1/3", "2/3", "3/3"]


async def test_a_page_that_a_dead_process_left_is_found_in_a_paused_channel_too(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    store.claim_next(channel.id, NOW)
    store.change_channel(channel.id, {"paused": True}, at=NOW, actor="5")
    await ticks(deliverer, ScriptedSender())
    assert states(store) == ["uncertain", "queued", "queued"]


async def test_a_failing_database_is_told_and_tried_again_later(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(channel_id: int, now: datetime) -> None:
        raise StoreFull("No space.")

    claim = store.claim_next
    monkeypatch.setattr(store, "claim_next", full)
    await ticks(deliverer, ScriptedSender())
    monkeypatch.setattr(store, "claim_next", claim)
    sender = ScriptedSender()
    await ticks(deliverer, sender)
    assert sender.pages == []  # it rests
    monkeypatch.setattr(deliver, "_REST", 0.0)
    deliverer._rest_until.clear()
    await ticks(deliverer, sender)
    assert sender.pages == ["1/3", "2/3", "3/3"]


async def test_what_is_not_sent_after_all_takes_no_place_in_the_pace(
    store: MemoryStore, deliverer: Deliverer
) -> None:
    idle = add_channel(store)
    for _ in range(40):
        await deliverer.deliver(idle, ScriptedSender())
    assert deliverer.pace(idle.id).sent == []


async def test_a_channel_whose_chat_an_admin_changes_goes_on_in_the_new_one(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    store.change_channel(channel.id, {"chat": "@new"}, at=NOW, actor="5")
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert [chat for chat, _ in sender.sent] == ["@digest", "@new", "@new"]


async def test_admins_are_told_why_a_channel_is_paused(
    store: MemoryStore, deliverer: Deliverer, channel: Channel
) -> None:
    await deliverer.deliver(channel, ScriptedSender([PAUSE]))
    [notice] = store.notices(untold=True)
    assert notice.kind == "paused"
    assert "@digest" in notice.text
    assert "bot was kicked" in notice.text


async def test_who_lost_the_lock_claims_nothing_more(
    store: MemoryStore, deliverer: Deliverer, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = True

    @contextmanager
    def lock(_: str) -> Iterator[Lock]:
        yield Lock(True, lambda: held)

    monkeypatch.setattr(store, "lock", lock)
    sender = ScriptedSender(gate=asyncio.Event())
    task = asyncio.create_task(deliverer.deliver(channel, sender))
    await until(lambda: bool(sender.sent))
    held = False
    assert sender.gate is not None
    sender.gate.set()
    await task
    assert states(store) == ["sent", "queued", "queued"]
