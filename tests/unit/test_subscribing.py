"""Digests of many subscribers: what each was not told, built once for all who are told the same."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot import subscribing
from bot.app import Knowledge, Program
from bot.database import Database
from bot.jobs import compose
from bot.schedule import latest_slot
from bot.subscribing import SubscriberDigests, digest_subscribers, due, earliest
from storage import MemoryStore
from tests.contract.making import DAY, HOUR, add_feed, item, old_feed, poll, settle
from tests.unit.sending import sqlite_store
from watchers.ports import Store
from watchers.scope import Scope
from watchers.telling import (
    Channel,
    ChannelSpec,
    Delivery,
    DigestOrder,
    Page,
    SendOutcome,
    SendResult,
)

NOW = datetime.fromisoformat("2026-07-30T18:00:30+00:00")
SLOT = NOW.replace(second=0)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store."""
    if request.param == "memory":
        return MemoryStore()
    return sqlite_store(tmp_path)


@pytest.fixture
async def program(store: Store) -> AsyncIterator[Program]:
    """As much of the program as digests need."""
    database = Database(store)
    yield cast("Program", SimpleNamespace(database=database, knowledge=Knowledge()))
    database.close()


def subscribe(
    store: Store, user: int, *, at: datetime = NOW - 30 * DAY, **changes: object
) -> Channel:
    """A subscriber at eight and six in UTC, since a month ago."""
    made = store.add_channel(ChannelSpec(str(user), private=True), at=at, actor="system")
    return store.change_channel(made.id, changes, at=at, actor="system") if changes else made


def news(store: Store, *names: str, at: datetime = NOW - HOUR, **told: object) -> None:
    """Relevant articles, each a story of its own, first seen then."""
    items = [item(name, relevant=True, published=at, **told) for name in names]  # type: ignore[arg-type]
    feeds = store.feeds()
    feed = feeds[0] if feeds else old_feed(store)
    store.save_poll(poll(feed, *items, at=at))
    settle(store, **{name: name for name in names})


def pages(store: Store, subscriber: Channel) -> list[Delivery]:
    """What is queued for somebody, in order."""
    return list(reversed(store.deliveries(private=True, channel_id=subscriber.id)))


def text(store: Store, subscriber: Channel) -> str:
    """All that is queued for somebody."""
    return "\n".join(page.content.text for page in pages(store, subscriber))


def slot_of(store: Store, subscriber: Channel) -> datetime | None:
    """The last time that was built."""
    return next(one.last_slot for one in store.subscribers() if one.id == subscriber.id)


# ---------------------------------------------------------------- whose time has come


def test_a_slot_is_looked_up_once_a_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def latest(channel: Channel, now: datetime) -> datetime | None:
        asked.append(channel.id)
        return latest_slot(channel, now)

    monkeypatch.setattr(subscribing, "latest_slot", latest)
    zones = ("UTC", "Asia/Tehran", "Europe/Berlin")
    many = [
        Channel(n, str(n), zones[n % 3], ("08:00", "18:00"), "en", NOW - DAY, private=True)
        for n in range(300)
    ]
    found = due(many, NOW)
    assert len(asked) == 3
    assert len(found) == 300
    assert {slot for one, slot in found if one.timezone == "UTC"} == {SLOT}


LAST = Channel(1, "1", "UTC", ("08:00", "18:00"), "en", NOW - 30 * DAY, private=True)


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        pytest.param({}, True, id="never-told"),
        pytest.param({"last_slot": SLOT - 10 * HOUR}, True, id="told-in-the-morning"),
        pytest.param({"last_slot": SLOT}, False, id="told-just-now"),
        pytest.param({"paused": True}, False, id="paused"),
        pytest.param({"added_at": NOW}, False, id="began-after-the-slot"),
        pytest.param({"schedule": ()}, False, id="no-schedule"),
    ],
)
def test_who_is_due(changes: dict[str, object], is_due: bool) -> None:
    assert bool(due([replace(LAST, **changes)], NOW)) == is_due  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("added", "last", "reach"),
    [
        pytest.param(30 * DAY, HOUR, 7 * DAY, id="a-week"),
        pytest.param(HOUR, None, HOUR, id="never-older-than-their-start"),
        pytest.param(300 * DAY, 20 * DAY, 20 * DAY, id="longer-after-a-pause"),
        pytest.param(300 * DAY, 200 * DAY, 30 * DAY, id="not-as-long-as-that"),
    ],
)
def test_how_far_back(added: timedelta, last: timedelta | None, reach: timedelta) -> None:
    one = replace(LAST, added_at=NOW - added, last_slot=None if last is None else NOW - last)
    assert earliest(one, NOW) == NOW - reach


# ---------------------------------------------------------------- what they are told


async def test_everybody_is_told_what_they_were_not_told(store: Store, program: Program) -> None:
    first, second = subscribe(store, 1), subscribe(store, 2)
    news(store, "morning", at=NOW - 8 * HOUR)
    order = DigestOrder(
        first.id, SLOT - 10 * HOUR, NOW - 8 * HOUR, NOW - DAY, ("morning",), (), scheduled=True
    )
    news(store, "noon")
    store.queue_digests((replace(order, pages=(Page("told"),)),))
    assert await digest_subscribers(program, NOW) == 2
    assert "Title of noon" in text(store, first)
    assert "Title of morning" not in text(store, first)
    assert "Title of noon" in text(store, second)
    assert "Title of morning" in text(store, second)
    assert slot_of(store, first) == slot_of(store, second) == SLOT


async def test_it_is_told_once(store: Store, program: Program) -> None:
    one = subscribe(store, 1)
    news(store, "noon")
    assert await digest_subscribers(program, NOW) == 1
    assert await digest_subscribers(program, NOW) == 0
    assert await digest_subscribers(program, NOW + DAY) == 0
    assert len(pages(store, one)) == 1
    assert slot_of(store, one) == SLOT + DAY


async def test_without_news_there_is_no_page_but_the_time_is_past(
    store: Store, program: Program
) -> None:
    quiet, curious = subscribe(store, 1), subscribe(store, 2, tells_nothing_new=True)
    assert await digest_subscribers(program, NOW) == 1
    assert pages(store, quiet) == []
    assert len(pages(store, curious)) == 1
    assert slot_of(store, quiet) == slot_of(store, curious) == SLOT


async def test_nothing_older_than_their_start(store: Store, program: Program) -> None:
    one = subscribe(store, 1, at=NOW - 2 * HOUR)
    old_story = NOW - 3 * HOUR
    news(store, "before", at=old_story)
    news(store, "after")
    await digest_subscribers(program, NOW)
    assert "Title of after" in text(store, one)
    assert "Title of before" not in text(store, one)


async def test_what_a_new_feed_brings_of_old_is_no_news_to_a_new_subscriber(
    store: Store, program: Program
) -> None:
    news(store, "before", at=NOW - 3 * HOUR)
    one = subscribe(store, 1, at=NOW - 2 * HOUR)
    old = item("archive", relevant=True, published=None)
    store.save_poll(poll(add_feed(store, "b"), old, at=NOW - HOUR))
    settle(store, archive="before")
    await digest_subscribers(program, NOW)
    assert pages(store, one) == []


async def test_scope_and_language_are_each_ones_own(store: Store, program: Program) -> None:
    news(store, "english", language="en")
    news(store, "persian", language="fa")
    both = subscribe(store, 1, language="fa")
    only = subscribe(store, 2, scope=Scope(languages=("fa",)))
    await digest_subscribers(program, NOW)
    assert "Title of english" in text(store, both)
    assert "Title of english" not in text(store, only)
    assert "Title of persian" in text(store, only)
    assert pages(store, both)[0].content.text != pages(store, only)[0].content.text


async def test_public_channels_and_paused_subscribers_are_left_alone(
    store: Store, program: Program
) -> None:
    news(store, "noon")
    store.add_channel(ChannelSpec("@digest"), at=NOW - DAY, actor="cli")
    subscribe(store, 1, paused=True)
    assert await digest_subscribers(program, NOW) == 0
    assert store.deliveries() == ()


async def test_what_is_muted_is_not_told(store: Store, program: Program) -> None:
    one = subscribe(store, 1)
    news(store, "noon")
    store.mute_subject("noon", muted=True, at=NOW, actor="5")
    await digest_subscribers(program, NOW)
    assert pages(store, one) == []


async def test_what_was_taken_back_is_told_to_whom_it_was_told(
    store: Store, program: Program
) -> None:
    told, spared = subscribe(store, 1), subscribe(store, 2, at=NOW - 20 * HOUR)
    news(store, "before", at=NOW - 21 * HOUR)
    morning = NOW - 10 * HOUR
    await digest_subscribers(program, morning)
    page = store.claim_next(told.id, morning)
    assert page is not None
    store.record_send(page.id, SendResult(SendOutcome.SENT, message_id=5), at=morning)
    store.withdraw(["before"], {page.id: None}, what="removed", at=NOW - HOUR, actor="5")
    await digest_subscribers(program, NOW)
    assert len(pages(store, told)) == 2
    assert pages(store, spared) == []
    assert store.withdrawals(told.id) == ()


# ---------------------------------------------------------------- many at once


async def test_it_is_built_once_for_all_who_are_told_the_same(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    def counted(channel: Channel, *args: object, **kwargs: object) -> object:
        built.append(channel.id)
        return compose(channel, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(subscribing, "compose", counted)
    monkeypatch.setattr(subscribing, "BATCH", 7)
    news(store, "one", "two")
    everybody = [subscribe(store, user) for user in range(30)]
    everybody += [subscribe(store, user, language="fa") for user in range(30, 40)]
    assert await digest_subscribers(program, NOW) == 40
    assert len(built) == 2
    assert len({text(store, one) for one in everybody}) == 2


async def test_one_who_is_forgotten_meanwhile_holds_up_nobody(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    news(store, "noon")
    everybody = [subscribe(store, user) for user in range(5)]
    queue = store.queue_digests
    gone = everybody[2]

    def forgotten(orders: Sequence[DigestOrder]) -> tuple[int | None, ...]:
        if any(one.id == gone.id for one in store.subscribers()):
            store.remove_channel(gone.id, at=NOW, actor="system")
        return queue(orders)

    monkeypatch.setattr(store, "queue_digests", forgotten)
    assert await digest_subscribers(program, NOW) == 4


async def test_neither_reading_nor_building_is_done_in_the_loop(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    news(store, "noon")
    for user in range(30):
        subscribe(store, user, timezone=("UTC", "Etc/UTC", "GMT")[user % 3])
    busy: set[str] = set()

    def watched(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **kwargs: object) -> object:
            if threading.current_thread() is threading.main_thread():
                busy.add(name)
            return work(*args, **kwargs)

        return run

    for name in ("subscribers", "untold", "told_subjects", "queue_digests", "feeds"):
        monkeypatch.setattr(store, name, watched(name, getattr(store, name)))
    monkeypatch.setattr(subscribing, "compose", watched("compose", compose))
    assert await digest_subscribers(program, NOW) == 30
    assert busy == set()


async def test_the_tick_looks_once_a_minute(
    store: Store, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    now = [NOW]

    async def digest(_: Program, at: datetime) -> int:
        asked.append(at)
        return 0

    monkeypatch.setattr(subscribing, "digest_subscribers", digest)
    monkeypatch.setattr(subscribing, "utc_now", lambda: now[0])
    digests = SubscriberDigests(program)
    for seconds in (0, 10, 29, 30, 89, 90):
        now[0] = NOW + timedelta(seconds=seconds)
        await digests.tick()
    assert [at - NOW for at in asked] == [timedelta(seconds=s) for s in (0, 30, 90)]
    assert store.subscribers() == ()
