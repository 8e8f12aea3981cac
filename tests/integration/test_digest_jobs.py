"""Digests are built from what is stored and queued once, at their time, as the channel wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import structlog

from bot import jobs
from bot.app import Knowledge, Program
from bot.database import Database
from storage import MemoryStore
from tests.contract.making import item, old_feed, poll, settle
from watchers.errors import StoreError
from watchers.model import Item
from watchers.muting import Mutes
from watchers.scope import Scope
from watchers.telling import (
    Channel,
    ChannelSpec,
    DeliveryState,
    DigestKind,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Parts:
    """As much of a program as digests ask for."""

    database: Database
    knowledge: Knowledge


@dataclass
class World:
    """A program on a store in memory, with a feed that was polled before."""

    program: Program
    store: MemoryStore
    feed: int

    def publish(self, *items: Item, at: datetime = NOW - HOUR, **stories: str | None) -> None:
        self.store.save_poll(poll(self.feed, *items, at=at))
        settle(self.store, **stories)

    def channel(self, chat: str = "@digest", **changes: Any) -> Channel:
        spec = ChannelSpec(chat, "UTC", ("08:00", "18:00"), private=chat.isdigit())
        made = self.store.add_channel(spec, at=NOW - 3 * 24 * HOUR, actor="cli")
        return self.store.change_channel(made.id, changes, at=NOW, actor="cli") if changes else made

    def pages(self) -> list[str]:
        found = self.store.deliveries(DeliveryState.QUEUED)
        return [one.content.text for one in reversed(found)]

    async def due(self, now: datetime, *channels: Channel) -> int:
        return await jobs.digest_due(self.program, channels or self.store.channels(), now)


@pytest.fixture
def world() -> Iterator[World]:
    store = MemoryStore()
    database = Database(store)
    feed = old_feed(store)
    program = cast("Program", Parts(database, Knowledge()))
    yield World(program, store, feed.id)
    database.close()


SLOT = datetime(2026, 7, 30, 8, tzinfo=UTC)


async def test_a_digest_is_queued_once_in_its_slot(world: World) -> None:
    world.channel()
    world.publish(item("one", relevant=True), one="s1")
    assert await world.due(NOW) == 1
    assert await world.due(NOW + HOUR) == 0
    (page,) = world.pages()
    assert "Title of one" in page
    assert world.store.channel("@digest").last_slot == SLOT


async def test_a_program_that_was_off_for_days_posts_once_when_it_is_back(world: World) -> None:
    channel = world.channel()
    world.publish(item("one", relevant=True), at=NOW - 40 * HOUR, one="s1")
    world.publish(item("two", relevant=True), at=NOW - 20 * HOUR, two="s2")
    world.store.change_channel(channel.id, {"paused": True}, at=NOW, actor="cli")
    assert await world.due(NOW) == 0
    world.store.change_channel(channel.id, {"paused": False}, at=NOW, actor="cli")
    assert await world.due(NOW) == 1
    assert await world.due(NOW + timedelta(minutes=1)) == 0
    (page,) = world.pages()
    assert "Title of one" in page
    assert "Title of two" in page


CHANGES = {
    "Berlin, clocks go forward": ("Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    "Berlin, clocks go back": ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    "Tehran, the day on which clocks went forward until 2022": (
        "Asia/Tehran",
        datetime(2026, 3, 21, 12, tzinfo=UTC),
    ),
    "Tehran, the day on which they went back": (
        "Asia/Tehran",
        datetime(2026, 9, 21, 12, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize(("zone", "start"), CHANGES.values(), ids=CHANGES)
async def test_digests_keep_to_the_wall_clock_when_clocks_change(
    world: World, zone: str, start: datetime
) -> None:
    schedule = ("08:00", "18:30")
    channel = world.channel(timezone=zone, schedule=schedule, tells_nothing_new=True)
    world.store.queue_digests((_empty(channel.id, start),))
    for minutes in range(0, 3 * 24 * 60, 5):
        await world.due(start + timedelta(minutes=minutes))
    slots = sorted(one.slot for one in _queued(world))
    clocks = [f"{slot.astimezone(ZoneInfo(zone)):%d %H:%M}" for slot in slots]
    days = sorted({clock[:2] for clock in clocks})
    assert len(slots) == 6
    assert sorted(clock[3:] for clock in clocks) == [*["08:00"] * 3, *["18:30"] * 3]
    assert len(days) in (3, 4)


def _empty(channel_id: int, slot: datetime) -> DigestOrder:
    return DigestOrder(
        channel_id, slot=slot, built_at=slot, since=slot, subjects=(), pages=(), scheduled=True
    )


@dataclass(frozen=True)
class Slot:
    slot: datetime


def _queued(world: World) -> list[Slot]:
    return [Slot(slot) for _, _, slot in world.store._slots]


async def test_what_breaks_one_channel_s_digest_holds_up_no_other_s(world: World) -> None:
    world.channel("@broken", timezone="No/Where")
    world.channel()
    world.publish(item("one", relevant=True), one="s1")
    with structlog.testing.capture_logs() as logs:
        assert await world.due(NOW) == 1
    assert len(world.pages()) == 1
    broken = [entry for entry in logs if entry["event"] == "digest_broke"]
    assert [entry["channel"] for entry in broken] == ["@broken"]


async def test_a_store_that_says_no_is_the_tick_s_affair(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.channel()

    def fails(*_: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(world.store, "untold", fails)
    with pytest.raises(StoreError):
        await world.due(NOW)


async def test_a_private_channel_is_none_of_this_tick_s(world: World) -> None:
    private = world.channel("4711")
    world.publish(item("one", relevant=True), one="s1")
    assert await world.due(NOW, private) == 0
    assert world.pages() == []


async def test_a_private_channel_s_chat_is_in_no_log(world: World) -> None:
    private = world.channel("4711")
    world.publish(item("one", relevant=True), one="s1")
    with structlog.testing.capture_logs() as logs:
        await jobs.queue(world.program, private, slot=NOW, now=NOW, scheduled=True)
    assert [entry["channel"] for entry in logs] == [private.id]
    assert "4711" not in str(logs)


async def test_nothing_new_is_silence(world: World) -> None:
    world.channel()
    assert await world.due(NOW) == 0
    assert world.pages() == []


async def test_a_channel_may_hear_that_there_is_nothing_new(world: World) -> None:
    channel = world.channel(tells_nothing_new=True)
    assert await world.due(NOW) == 1
    (page,) = world.pages()
    assert page.startswith("1988 prison massacre: nothing new\n")
    assert page.endswith("\n\n1 of 1 sources read")
    assert await world.due(NOW + HOUR) == 0
    asked = world.store.channel(str(channel.id))
    built = await jobs.queue(world.program, asked, slot=NOW, now=NOW, scheduled=False)
    assert built is not None
    assert built.pages == ()


async def test_what_is_muted_is_not_told(world: World) -> None:
    world.channel()
    world.publish(item("one", relevant=True), item("two", relevant=True), one="s1", two="s2")
    world.store.mute_subject("s1", muted=True, at=NOW, actor="7")
    assert world.store.mutes() == Mutes(frozenset({"s1"}))
    await world.due(NOW)
    (page,) = world.pages()
    assert "Title of one" not in page
    assert "Title of two" in page


async def test_the_scope_counts_and_what_is_out_of_it_stays_untold(world: World) -> None:
    channel = world.channel(scope=Scope(languages=("fa",)))
    world.publish(
        item("one", relevant=True), item("two", relevant=True, language="fa"), one="s1", two="s2"
    )
    await world.due(NOW)
    (page,) = world.pages()
    assert "Title of one" not in page
    left = world.store.untold(channel.id, NOW - 5 * HOUR)
    assert [article.story for article in left] == ["s1"]


async def test_a_story_that_was_an_alert_says_so_in_the_digest(world: World) -> None:
    channel = world.channel()
    world.publish(item("one", relevant=True), one="s1")
    alert = DigestOrder(
        channel.id,
        slot=NOW - HOUR,
        built_at=NOW - HOUR,
        since=NOW - HOUR,
        subjects=("s1",),
        pages=(Page("Alert"),),
        scheduled=False,
        kind=DigestKind.ALERT,
    )
    assert world.store.queue_digests((alert,)) != (None,)
    await world.due(NOW)
    assert "told in an alert before" in world.pages()[-1]


async def _withdrawn(world: World) -> Channel:
    """A channel that was told a story which was then taken back."""
    channel = world.channel()
    world.publish(item("one", relevant=True), at=NOW - 30 * HOUR, one="s1")
    page = Page("• x", (), (Placed("s1", 0, 3),))
    order = DigestOrder(
        channel.id, slot=NOW - 29 * HOUR, built_at=NOW - 29 * HOUR, since=NOW - 40 * HOUR,
        subjects=("s1",), pages=(page,), scheduled=True,
    )  # fmt: skip
    world.store.queue_digests((order,))
    (delivery,) = world.store.deliveries()
    world.store.claim_next(channel.id, NOW - 28 * HOUR)
    sent = SendResult(SendOutcome.SENT, message_id=5)
    world.store.record_send(delivery.id, sent, at=NOW - 28 * HOUR)
    world.store.withdraw(
        ("s1",), {delivery.id: None}, what="removed", note="A mix-up of names.",
        at=NOW - 2 * HOUR, actor="7",
    )  # fmt: skip
    return world.store.channel("@digest")


async def test_a_digest_with_withdrawals_alone_is_posted_once(world: World) -> None:
    channel = await _withdrawn(world)
    assert len(world.store.withdrawals(channel.id)) == 1
    assert await world.due(NOW) == 1
    (page,) = world.pages()
    assert "Withdrawn since the last digest\n• 1 story told on 29 July 2026: withdrawn." in page
    assert "\u2068A mix-up of names.\u2069" in page
    assert "Title of one" not in page
    assert await world.due(NOW + 24 * HOUR) == 0


# ---------------------------------------------------------------- approvals


async def test_a_digest_waits_for_approval_and_admins_are_told(world: World) -> None:
    world.channel(needs_approval=True)
    world.publish(item("one", relevant=True), item("two", relevant=True), one="s1", two="s2")
    assert await world.due(NOW) == 0
    assert world.pages() == []
    (approval,) = world.store.approvals()
    assert dict(approval.chosen) == {"s1": None, "s2": None}
    assert (approval.slot, approval.state) == (SLOT, "open")
    (notice,) = world.store.notices(untold=True)
    assert notice.text.startswith("@digest: 2 stories wait for approval")
    assert await world.due(NOW + HOUR) == 0
    assert len(world.store.notices(untold=True)) == 1


async def test_what_still_waits_is_told_again_with_the_next_digest(world: World) -> None:
    world.channel(needs_approval=True)
    world.publish(item("one", relevant=True), one="s1")
    await world.due(NOW)
    world.publish(item("two", relevant=True), at=NOW + HOUR, two="s2")
    await world.due(NOW + 7 * HOUR)
    (approval,) = world.store.approvals()
    assert dict(approval.chosen) == {"s1": None, "s2": None}
    assert len(world.store.notices(untold=True)) == 2


async def test_only_what_was_let_through_is_posted_and_once(world: World) -> None:
    world.channel(needs_approval=True)
    world.publish(
        *(item(name, relevant=True) for name in ("one", "two", "three")),
        one="s1", two="s2", three="s3",
    )  # fmt: skip
    await world.due(NOW)
    (approval,) = world.store.approvals()
    world.store.choose(approval.id, ["s1"], keep=True, at=NOW, actor="7")
    approval = world.store.choose(approval.id, ["s2"], keep=False, at=NOW, actor="7")
    built = await jobs.post_approved(world.program, approval, NOW + HOUR)
    assert built is not None
    assert built.subjects == ("s1",)
    world.store.close_approval(approval.id, posted=True, at=NOW, actor="7")
    (page,) = world.pages()
    assert "Title of one" in page
    assert "Title of two" not in page
    await world.due(NOW + 7 * HOUR)
    (later,) = world.store.approvals()
    assert dict(later.chosen) == {"s3": None}


async def test_two_admins_who_press_at_once_post_once(world: World) -> None:
    world.channel(needs_approval=True)
    world.publish(item("one", relevant=True), one="s1")
    await world.due(NOW)
    (approval,) = world.store.approvals()
    approval = world.store.choose(approval.id, ["s1"], keep=True, at=NOW, actor="7")
    first = await jobs.post_approved(world.program, approval, NOW + HOUR)
    second = await jobs.post_approved(world.program, approval, NOW + HOUR)
    assert first is not None
    assert len(first.pages) == 1
    assert second is None or second.pages == ()
    assert len(world.pages()) == 1


async def test_withdrawals_alone_wait_for_nobody(world: World) -> None:
    channel = await _withdrawn(world)
    world.store.change_channel(channel.id, {"needs_approval": True}, at=NOW, actor="7")
    assert await world.due(NOW) == 1
    assert len(world.pages()) == 1
    assert world.store.approvals() == ()


async def test_an_approval_of_a_removed_channel_posts_nothing(world: World) -> None:
    channel = world.channel(needs_approval=True)
    world.publish(item("one", relevant=True), one="s1")
    await world.due(NOW)
    (approval,) = world.store.approvals()
    world.store.remove_channel(channel.id, at=NOW, actor="7")
    assert await jobs.post_approved(world.program, approval, NOW) is None
