"""Polling for years: what is due is started, one feed a host, and nobody waits for the slowest."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from bot.app import Knowledge, Program
from bot.clock import utc_now
from bot.database import Database
from bot.poller import Poller
from config.settings import Settings
from storage import MemoryStore
from tests.feedserver import FeedServer
from tests.journey.harness import RELEVANT, InlineWorkers, rss
from watchers.addresses import parse_allowed_host
from watchers.errors import StoreFull
from watchers.fetch import Fetcher, FetchOptions
from watchers.model import FeedSpec, PollResult, PollSaved

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 5))


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer(HOSTS) as running:
        yield running


class FullDisk(MemoryStore):
    """A store that refuses polls while it is told to."""

    full = False

    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        if self.full:
            raise StoreFull("The disk is full.")
        return super().save_polls(results)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    settings = Settings(full_text=False, host_delay=0.0)
    options = FetchOptions("Dadkhah/test", allowed=(parse_allowed_host("127.0.0.0/8"),))
    database = Database(FullDisk())
    async with Fetcher(options) as fetcher:
        made = Program(settings, Knowledge(), database, fetcher, InlineWorkers())  # type: ignore[arg-type]
        yield made
    database.close()


async def add(program: Program, *urls: str) -> None:
    specs = [FeedSpec(url, url) for url in urls]
    await program.database(lambda s: s.add_feeds(specs, at=utc_now(), actor="cli"))


async def polled(program: Program) -> set[str]:
    feeds = await program.database(lambda store: store.feeds())
    return {feed.url for feed in feeds if feed.last_polled is not None}


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await check():  # noqa: ASYNC110 - the store has no event to wait for
            await asyncio.sleep(0.02)


async def test_a_slow_host_holds_up_nobody(program: Program, server: FeedServer) -> None:
    slow = server.url("/slow", host=HOSTS[0])
    server.set("/slow", rss(RELEVANT), delay=60)
    server.set("/feed", rss(RELEVANT))
    others = {server.url(f"/feed?{n}", host=host) for n in range(3) for host in HOSTS[1:]}
    await add(program, slow, *sorted(others))
    poller = Poller(program)
    try:
        await poller.tick()

        async def all_others() -> bool:
            return await polled(program) == others

        await until(all_others)
        assert not poller.is_stuck(utc_now(), timedelta(minutes=1))
        assert poller.is_stuck(utc_now() + timedelta(hours=1), timedelta(minutes=30))
    finally:
        await poller.stop()
    assert slow not in await polled(program)


async def test_one_feed_of_a_host_at_a_time(program: Program, server: FeedServer) -> None:
    server.set("/feed", rss(RELEVANT), delay=0.2)
    urls = [server.url(f"/feed?{n}", host=HOSTS[0]) for n in range(4)]
    await add(program, *urls)
    poller = Poller(program)
    await poller.tick()
    await poller.tick()  # what is under way is not started again

    async def all_polled() -> bool:
        return await polled(program) == set(urls)

    await until(all_polled)
    await poller.stop()
    starts = sorted(request.at for request in server.requests)
    assert len(starts) == 4
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert min(gaps) >= timedelta(seconds=0.19)


async def test_a_store_that_refuses_is_the_next_ticks_error(
    program: Program, server: FeedServer
) -> None:
    server.set("/feed", rss(RELEVANT))
    await add(program, server.url("/feed"))
    store = await program.database(lambda store: store)
    assert isinstance(store, FullDisk)
    store.full = True
    poller = Poller(program)
    await poller.tick()
    with pytest.raises(StoreFull):
        async with asyncio.timeout(20):
            while True:
                await asyncio.sleep(0.02)
                await poller.tick()
    store.full = False
    await poller.tick()

    async def done() -> bool:
        return bool(await polled(program))

    await until(done)
    await poller.stop()


async def test_a_cycle_names_gaps_and_excuses_feeds_in_our_outage(
    program: Program, server: FeedServer
) -> None:
    urls = [server.url("/none", host=f"127.0.0.{n}") for n in range(11, 17)]
    await add(program, *urls)
    feeds = await program.database(lambda store: store.feeds())
    summary = await Poller(program).cycle(feeds)
    assert summary.as_dict()["outage"] == 6
    assert summary.as_dict()["failed"] == 0
    for feed in await program.database(lambda store: store.feeds()):
        assert feed.failures == 0
        assert feed.next_due > utc_now()


async def test_a_feed_named_twice_is_polled_once(program: Program, server: FeedServer) -> None:
    server.set("/feed", rss(RELEVANT))
    await add(program, server.url("/feed"))
    (feed,) = await program.database(lambda store: store.feeds())
    summary = await Poller(program).cycle([feed, feed])
    assert summary.as_dict()["feeds"] == 1
    assert len(server.asked("/feed")) == 1


async def test_a_listing_that_turned_over_is_a_possible_gap(
    program: Program, server: FeedServer
) -> None:
    server.set("/feed", rss(RELEVANT[:1]))
    await add(program, server.url("/feed"))
    poller = Poller(program)
    (feed,) = await program.database(lambda store: store.feeds())
    await poller.cycle([feed])
    server.set("/feed", rss(RELEVANT[1:]))
    (feed,) = await program.database(lambda store: store.feeds())
    summary = await poller.cycle([feed])
    assert summary.gaps == [feed.url]
    since = utc_now() - timedelta(hours=1)
    (gap,) = await program.database(lambda store: store.gaps(since))
    assert gap.feed_id == feed.id
