"""Telegram lets one admin wait: only that admin gets the notice later, and nobody gets it twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.clock import utc_now
from bot.database import Database
from bot.notices import tell_admins
from bot.reaching import MOST, MOST_WAITING, Reach
from storage import MemoryStore
from watchers.telling import SendOutcome, SendResult

START = utc_now()
A, B = 7, 8
WAIT = SendResult(SendOutcome.RETRY, "Flood control", wait=60)
CLOSED = SendResult(SendOutcome.PAUSE, "bot can't initiate conversation with a user")
SENT = SendResult(SendOutcome.SENT, message_id=1)


class Chats:
    """What a message to each admin comes to, until that is changed; what each got."""

    def __init__(self, **results: SendResult) -> None:
        self.results = results
        self.asked: list[int] = []
        self.got: dict[int, list[str]] = {A: [], B: []}

    async def tell(self, user_id: int, text: str) -> SendResult:
        self.asked.append(user_id)
        result = self.results.get(f"u{user_id}", SENT)
        if result is SENT:
            self.got[user_id].append(text)
        return result


class World:
    """Notices, two admins, and a clock."""

    def __init__(self, database: Database, chats: Chats) -> None:
        self.database, self.chats = database, chats
        self.now = START
        self.reach = Reach(lambda: self.now)
        self.made = 0

    async def tick(self, seconds: float = 0) -> int:
        self.now += timedelta(seconds=seconds)
        return await tell_admins(self.database, self.chats, self.reach)

    async def happens(self, count: int = 1) -> None:
        for _ in range(count):
            self.made += 1
            text, at = f"n{self.made}", self.now
            await self.database(lambda s, text=text, at=at: s.add_notice(text, "gone", text, at=at))  # type: ignore[misc]


@pytest.fixture
async def make() -> AsyncIterator[Callable[[Chats], World]]:
    store = MemoryStore()
    for user in (A, B):
        store.grant(user, "owner", at=START, actor="cli")
    database = Database(store)
    yield lambda chats: World(database, chats)
    database.close()


Make = Callable[[Chats], World]


async def test_who_waits_gets_it_later_and_no_sooner_and_only_they(make: Make) -> None:
    world = make(Chats(u7=WAIT))
    await world.happens(2)
    assert await world.tick() == 2
    assert world.chats.asked == [A, B, B]  # not asked again while it has to wait
    await world.tick(59)
    assert world.chats.asked == [A, B, B]
    world.chats.results.clear()
    await world.tick(1)
    assert world.chats.got == {A: ["n1", "n2"], B: ["n1", "n2"]}
    await world.tick(600)
    assert world.chats.got == {A: ["n1", "n2"], B: ["n1", "n2"]}


async def test_told_to_wait_again_it_waits_again(make: Make) -> None:
    world = make(Chats(u7=WAIT))
    await world.happens()
    await world.tick()
    await world.tick(60)
    await world.tick(30)
    assert world.chats.asked == [A, B, A]
    world.chats.results.clear()
    await world.tick(30)
    assert world.chats.got[A] == ["n1"]


async def test_what_nobody_has_stays_in_the_database(make: Make) -> None:
    world = make(Chats(u7=WAIT, u8=WAIT))
    await world.happens(2)
    assert await world.tick() == 0
    world.chats.results.clear()
    assert await world.tick(30) == 0  # nobody may be written to yet
    assert world.chats.asked == [A, B]
    assert len(await world.database(lambda s: s.notices(untold=True))) == 2
    assert await world.tick(30) == 2
    assert world.chats.got == {A: ["n1", "n2"], B: ["n1", "n2"]}


async def test_what_waits_is_bounded_and_comes_in_order_ten_a_tick(make: Make) -> None:
    world = make(Chats(u7=WAIT))
    for _ in range(7):
        await world.happens(MOST)
        await world.tick()
    assert len(world.chats.got[B]) == 70
    world.chats.results.clear()
    await world.tick(60)
    assert world.chats.got[A] == [f"n{n}" for n in range(70 - MOST_WAITING + 1, 31)]
    for _ in range(4):
        await world.tick()
    assert world.chats.got[A] == [f"n{n}" for n in range(70 - MOST_WAITING + 1, 71)]


async def test_what_waited_two_days_is_no_news(make: Make) -> None:
    world = make(Chats(u7=SendResult(SendOutcome.RETRY, "Flood control", wait=1e12)))
    await world.happens()
    await world.tick()
    world.chats.results.clear()
    await world.tick(timedelta(days=2, minutes=1).total_seconds())
    assert world.chats.got == {A: [], B: ["n1"]}


async def test_who_is_no_admin_any_more_gets_nothing(make: Make) -> None:
    world = make(Chats(u7=WAIT))
    await world.happens()
    await world.tick()
    await world.database(lambda s: s.revoke(A, at=START, actor="cli"))
    world.chats.results.clear()
    await world.tick(60)
    assert world.chats.got == {A: [], B: ["n1"]}


async def test_who_never_wrote_to_the_bot_is_logged_once_and_gets_later_ones(make: Make) -> None:
    world = make(Chats(u7=CLOSED))
    await world.happens(3)
    with capture_logs() as logs:
        assert await world.tick() == 3
        await world.tick(600)
    assert [entry["event"] for entry in logs] == ["notice_lost"]
    assert world.chats.got[B] == ["n1", "n2", "n3"]
    world.chats.results.clear()  # /start
    await world.happens()
    await world.tick()
    assert world.chats.got[A] == ["n4"]
