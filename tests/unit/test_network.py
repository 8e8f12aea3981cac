"""Our own outage blames no feed, and is told once, also after a restart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot import network as module
from bot.database import Database
from bot.network import Network
from storage import MemoryStore
from watchers.errors import StoreBusy
from watchers.model import Feed, FetchFailure, PollResult

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    made = Database(MemoryStore())
    yield made
    made.close()


def feed(number: int) -> Feed:
    return Feed(
        number, f"https://site{number}.example/feed", f"Site {number}", "", None, "world-media",
        paused=False, added_at=NOW, next_due=NOW, interval=900,
    )  # fmt: skip


def result(number: int, at: datetime, failure: FetchFailure | None) -> PollResult:
    outcome = "failed" if failure else "unchanged"
    return PollResult(number, at, at, 900, 0.0, outcome, failure=failure)


DOWN = FetchFailure("connect", "the server does not accept connections")


async def polled(
    network: Network, numbers: range, at: datetime, failure: FetchFailure | None
) -> list[bool]:
    """A cycle: whether each poll was excused."""
    over = asyncio.Event()
    over.set()
    results = [result(number, at, failure) for number in numbers]
    said = [await network.note(feed(one.feed_id), at - SECOND, one) for one in results]
    return [await network.is_ours(who, one, over) for who, one in zip(said, results, strict=True)]


async def notices(database: Database) -> list[str]:
    found = await database(lambda store: store.notices(untold=True))
    return [notice.kind for notice in found]


async def test_when_all_fail_no_feed_is_blamed_and_it_is_told_once(database: Database) -> None:
    network = Network(database, lambda: NOW)
    assert await polled(network, range(1, 9), NOW, DOWN) == [True] * 8
    assert await polled(network, range(1, 9), NOW + 60 * SECOND, DOWN) == [True] * 8
    assert await notices(database) == ["outage"]


async def test_a_restart_does_not_tell_it_again_and_the_end_is_told(database: Database) -> None:
    await polled(Network(database, lambda: NOW), range(1, 9), NOW, DOWN)
    later = NOW + timedelta(minutes=10)
    network = Network(database, lambda: later)
    assert await polled(network, range(1, 9), later, DOWN) == [True] * 8
    back = later + timedelta(minutes=5)
    for wait in (0, 45):
        await polled(network, range(1, 9), back + wait * SECOND, None)
    assert await notices(database) == ["outage", "back"]
    assert await database(lambda store: store.value("outage_since")) == ""


async def test_one_host_among_those_that_answer_is_to_blame(database: Database) -> None:
    network = Network(database, lambda: NOW)
    await polled(network, range(2, 12), NOW, None)
    assert await polled(network, range(1, 2), NOW, DOWN) == [False]
    assert await notices(database) == []


async def test_an_error_that_a_server_answered_is_never_ours(database: Database) -> None:
    network = Network(database, lambda: NOW)
    refused = FetchFailure("status", "the server answered 500", 500)
    assert await polled(network, range(1, 9), NOW, refused) == [False] * 8


class BusyStore(MemoryStore):
    """A store that takes no notices for a while."""

    busy = True

    def add_notice(self, key: str, kind: str, text: str, *, at: datetime) -> bool:
        if self.busy:
            raise StoreBusy("Another process holds it.")
        return super().add_notice(key, kind, text, at=at)


async def test_an_outage_that_cannot_be_stored_breaks_no_poll_and_is_stored_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_REST", 0.0)
    store = BusyStore()
    database = Database(store)
    network = Network(database, lambda: NOW)
    assert await polled(network, range(1, 9), NOW, DOWN) == [True] * 8
    assert await notices(database) == []
    store.busy = False
    await polled(network, range(1, 2), NOW + SECOND, DOWN)
    assert await notices(database) == ["outage"]
    database.close()


async def test_a_database_that_refused_is_left_alone_for_a_while() -> None:
    store = BusyStore()
    database = Database(store)
    network = Network(database, lambda: NOW)
    await polled(network, range(1, 9), NOW, DOWN)
    store.busy = False
    await polled(network, range(1, 9), NOW + SECOND, DOWN)
    assert await notices(database) == []
    database.close()


async def test_a_failure_waits_no_longer_than_so_many_looks_whatever_the_clock_says(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_AGAIN", 0.001)
    network = Network(database, lambda: NOW - timedelta(hours=1))  # it was put back
    failed = result(1, NOW, DOWN)
    said = await network.note(feed(1), NOW - SECOND, failed)
    async with asyncio.timeout(10):
        assert not await network.is_ours(said, failed, asyncio.Event())
