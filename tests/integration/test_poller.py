"""Polling for years: what is due is started, one feed a host, and nobody waits for the slowest."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot import poller as module
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
    """A store that refuses polls while it is told to, and breaks at those of some feeds."""

    full = False
    breaks_at = 0

    def __init__(self) -> None:
        super().__init__()
        self.healed: list[datetime] = []

    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        if self.full:
            raise StoreFull("The disk is full.")
        if self.breaks_at in [result.feed_id for result in results]:
            raise ValueError("a bug")
        return super().save_polls(results)

    def heal_clock(self, now: datetime) -> int:
        self.healed.append(now)
        return super().heal_clock(now)


@dataclass
class Clocks:
    """A wall clock and a steady one, put by hand."""

    wall: datetime = datetime(2026, 7, 30, 12, tzinfo=UTC)
    steady: float = 1_000.0

    def go(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def poller(self, program: Program) -> Poller:
        return Poller(program, clock=lambda: self.wall, steady=lambda: self.steady)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    settings = Settings(full_text=False, host_delay=0.0)
    options = FetchOptions(
        "Dadkhah/test", allowed=(parse_allowed_host("127.0.0.0/8"),), host_delay=0.0
    )
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


async def test_a_feed_whose_poll_breaks_is_left_out_for_a_while(
    program: Program, server: FeedServer
) -> None:
    server.set("/feed", rss(RELEVANT))
    urls = [server.url(f"/feed?{n}", host=host) for n in range(2) for host in HOSTS[:2]]
    await add(program, *urls)
    store = await program.database(lambda store: store)
    assert isinstance(store, FullDisk)
    store.breaks_at = 1
    clocks = Clocks(wall=utc_now())
    poller = clocks.poller(program)

    async def others_polled() -> bool:
        await poller.tick()  # raises nothing, and asks the broken one no more
        return await polled(program) == set(urls[1:])

    with structlog.testing.capture_logs() as logged:
        await until(others_polled)
        await poller.tick()
    (broke,) = [line for line in logged if line["event"] == "poll_broke"]
    assert (broke["feed"], broke["log_level"]) == (urls[0], "error")
    assert isinstance(broke["exc_info"], ValueError)
    assert (
        len([r for r in server.requests if r.path == "/feed?0" and HOSTS[0] in r.headers["Host"]])
        == 1
    )
    store.breaks_at = 0
    clocks.go(module.SHUN - 1)
    await poller.tick()
    assert urls[0] not in await polled(program)
    clocks.go(1)
    await poller.tick()

    async def all_polled() -> bool:
        return await polled(program) == set(urls)

    await until(all_polled)
    assert poller._shunned == {}
    await poller.stop()


async def test_feeds_left_out_leave_room_for_others_of_their_host(
    program: Program, server: FeedServer
) -> None:
    server.set("/feed", rss(RELEVANT))
    urls = [server.url(f"/feed?{n}") for n in range(module.PER_HOST + 1)]
    await add(program, *urls)
    poller = Clocks(wall=utc_now()).poller(program)
    poller._shunned = dict.fromkeys(range(1, module.PER_HOST + 1), 1e9)
    await poller.tick()

    async def last_polled() -> bool:
        return await polled(program) == {urls[-1]}

    await until(last_polled)
    await poller.stop()


async def test_the_hosts_of_a_cycle_take_turns(program: Program, server: FeedServer) -> None:
    server.set("/feed", rss(RELEVANT))
    urls = [server.url(f"/feed?{n}", host=HOSTS[0]) for n in range(5)]
    urls += [server.url("/feed", host=host) for host in HOSTS[1:]]
    await add(program, *urls)
    feeds = await program.database(lambda store: store.feeds())
    poller = Poller(program)
    poller._most = 1
    asked: list[str] = []
    await poller.cycle(feeds, lambda feed, _: asked.append(feed.url))
    assert asked == [urls[0], *urls[5:], *urls[1:5]]


async def test_clocks_are_mended_at_first_and_when_the_wall_clock_was_put_back(
    program: Program,
) -> None:
    store = await program.database(lambda store: store)
    assert isinstance(store, FullDisk)
    clocks = Clocks()
    poller = clocks.poller(program)
    healed = []
    for seconds in (0.0, -30.0, -30.0, -31.0, 3_600.0, -30.0):
        clocks.go(5)
        clocks.wall += timedelta(seconds=seconds)
        await poller.tick()
        healed.append(len(store.healed))
    assert healed == [1, 1, 1, 2, 2, 2]
    assert store.healed[1] == Clocks().wall + timedelta(seconds=20 - 91)


async def test_polls_are_told_of_though_something_is_always_under_way(
    program: Program, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TELL_POLLS", 2)
    server.set("/slow", rss(RELEVANT), delay=60)
    server.set("/feed", rss(RELEVANT))
    await add(program, server.url("/slow", host=HOSTS[0]))
    clocks = Clocks(wall=utc_now())
    poller = clocks.poller(program)
    await poller.tick()
    told = []
    with structlog.testing.capture_logs() as logged:
        for number in range(4):
            clocks.go(module.TELL_EVERY if number == 2 else 1)
            url = server.url(f"/feed?{number}", host=HOSTS[1])
            await add(program, url)
            clocks.wall = utc_now()
            await poller.tick()
            await until(lambda: _ended(poller))
            told.append([line["feeds"] for line in logged if line["event"] == "polled"])
    assert told == [[], [2], [2, 1], [2, 1]]
    await poller.stop()


async def test_polls_that_come_one_by_one_are_told_of_once_a_minute(
    program: Program, server: FeedServer
) -> None:
    server.set("/feed", rss(RELEVANT))
    clocks = Clocks(wall=utc_now())
    poller = clocks.poller(program)
    told = []
    with structlog.testing.capture_logs() as logged:
        for number, seconds in enumerate((1, 1, 1, module.TELL_IDLE)):
            clocks.go(seconds)
            if number < 3:
                await add(program, server.url(f"/feed?{number}", host=HOSTS[number % 2]))
            clocks.wall = utc_now()
            await poller.tick()
            await until(lambda: _nothing(poller))
            told.append([line["feeds"] for line in logged if line["event"] == "polled"])
    assert told == [[1], [1], [1], [1, 2]]
    await poller.stop()


async def _nothing(poller: Poller) -> bool:
    return not poller._under_way


async def _ended(poller: Poller) -> bool:
    """Only the slow one is under way."""
    return len(poller._under_way) == 1
