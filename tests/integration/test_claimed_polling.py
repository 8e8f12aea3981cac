"""Several processes poll together: each feed once, no host by two at once, manners kept."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot import claims as claims_module
from bot import pipeline as pipeline_module
from bot.app import Knowledge, Program
from bot.claims import Claims
from bot.clock import utc_now
from bot.database import Database
from bot.poller import Poller
from config.settings import Settings
from storage import MemoryStore, open_store
from tests.contract.making import poll as made_poll
from tests.feedserver import FeedServer, Request
from tests.journey.harness import RELEVANT, InlineWorkers, rss
from watchers.addresses import parse_allowed_host
from watchers.errors import StoreFull
from watchers.fetch import Fetcher, FetchOptions
from watchers.model import Feed, FeedSpec
from watchers.outage import FEWEST, Outages
from watchers.ports import Store

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 9))
SHARED = "127.0.0.20"  # where redirects lead to
LEASE = timedelta(minutes=2)

Machine = Callable[..., Awaitable[Poller]]


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer((*HOSTS, SHARED)) as running:
        yield running


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    """Makes pollers of processes of their own, but for the event loop."""
    async with AsyncExitStack() as stack:

        async def made(
            store: Store, *, delay: float = 0.0, lease: float = 120.0, renew: float = 25.0
        ) -> Poller:
            return await stack.enter_async_context(_machine(store, delay, lease, renew))

        yield made


@asynccontextmanager
async def _machine(store: Store, delay: float, lease: float, renew: float) -> AsyncIterator[Poller]:
    settings = Settings(full_text=False, host_delay=delay)
    options = FetchOptions(
        "Dadkhah/test", allowed=(parse_allowed_host("127.0.0.0/8"),), host_delay=delay
    )
    database = Database(store)
    claims = Claims(database, delay, lease=lease, renew=renew)
    async with Fetcher(options, turns=claims) as fetcher:
        workers = InlineWorkers()
        program = Program(settings, Knowledge(), database, fetcher, workers, claims)  # type: ignore[arg-type]
        poller = Poller(program)
        try:
            yield poller
        finally:
            await poller.stop()
            database.close()


def add(store: Store, *urls: str) -> list[Feed]:
    store.add_feeds([FeedSpec(url, url) for url in urls], at=utc_now(), actor="cli")
    return [store.feed(url) for url in urls]


def polls(store: Store) -> Counter[str]:
    """How often each feed was polled."""
    since = utc_now() - timedelta(days=1)
    return Counter(
        {feed.url: sum(run.polls for run in store.ledger(feed.id, since)) for feed in store.feeds()}
    )


async def asked(server: FeedServer, times: int = 1) -> None:
    """Wait until the server was asked so often."""
    while len(server.requests) < times:  # noqa: ASYNC110 - it has no event of this loop
        await asyncio.sleep(0.01)


def too_close(server: FeedServer, apart: float) -> list[tuple[Request, Request]]:
    """Requests to one host that came sooner after the one before than they might."""
    by_host: dict[str, list[Request]] = defaultdict(list)
    for request in sorted(server.requests, key=lambda request: request.at):
        by_host[request.host].append(request)
    return [
        (first, second)
        for requests in by_host.values()
        for first, second in pairwise(requests)
        if (second.at - first.at).total_seconds() < apart
    ]


@pytest.mark.parametrize("delay", [0.0, 0.3])
async def test_two_processes_poll_each_feed_once_and_no_host_twice_at_once(
    machine: Machine,
    server: FeedServer,
    fresh_postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    delay: float,
) -> None:
    monkeypatch.setattr(pipeline_module, "_PAUSE", 0.1)  # hosts change hands at each pause
    takes = 0.05
    server.set("/feed", rss(RELEVANT), delay=takes)
    for number in range(4):
        server.redirect(f"/away{number}", server.url(f"/feed?away{number}", SHARED), status=302)
    stores = [open_store(fresh_postgres, create=number == 0) for number in range(2)]
    urls = [server.url(f"/feed?{n}", name) for name in HOSTS for n in range(3)]
    urls += [server.url(f"/away{n}", HOSTS[n]) for n in range(4)]
    add(stores[0], *urls)
    pollers = [await machine(store, delay=delay) for store in stores]
    async with asyncio.timeout(30):
        while set(polls(stores[0]).values()) != {1}:
            assert max(polls(stores[0]).values()) <= 1
            await asyncio.gather(*(poller.work(5.0) for poller in pollers))
    assert await asyncio.gather(*(poller.work(5.0) for poller in pollers)) == [False, False]
    assert polls(stores[0]) == Counter(urls)
    assert max(Counter((r.host, r.path) for r in server.requests).values()) == 1
    assert {feed.last_error for feed in stores[0].feeds()} == {None}
    if delay:  # requests arrive a bit less evenly than they start
        assert too_close(server, delay / 2) == []
    else:  # one of a host at a time all the same, but for where redirects lead to
        close = [first for first, _ in too_close(server, takes * 0.9)]
        assert {one.host.partition(":")[0] for one in close if "away" not in one.path} <= {SHARED}
    assert stores[0].claimable(utc_now(), 5) == 0
    for poller in pollers:
        await poller.stop()
    for store in stores:
        store.close()


async def test_a_dead_machines_feeds_are_polled_after_its_lease(
    machine: Machine, server: FeedServer
) -> None:
    store = MemoryStore()
    server.set("/feed", rss(RELEVANT))
    feeds = add(store, server.url("/feed", HOSTS[0]), server.url("/feed", HOSTS[1]))
    short = timedelta(seconds=0.6)
    poller = await machine(store)
    began = utc_now()
    assert store.claim_feeds("dead", began, 1, lease=short, per_host=9) == (feeds[0],)
    assert not await poller.work(0.1)
    assert polls(store) == {feeds[0].url: 0, feeds[1].url: 1}
    async with asyncio.timeout(10):
        while not polls(store)[feeds[0].url]:
            await poller.work(1.0)
    assert utc_now() - began >= short


async def test_a_lost_lease_stores_nothing(machine: Machine, server: FeedServer) -> None:
    store = MemoryStore()
    (feed,) = add(store, server.set("/feed", rss(RELEVANT), delay=1.0))
    slow = await machine(store, lease=0.5, renew=60.0)  # it comes to nothing: never renewed
    other = await machine(store)
    working = asyncio.create_task(slow.work(0.1))
    async with asyncio.timeout(10):
        await asked(server)
        assert not await other.work(0.0)
        server.set("/feed", rss(RELEVANT), etag='"other"')
        await working
        while not polls(store)[feed.url]:
            await other.work(1.0)
    assert store.feed(feed.url).etag == '"other"'
    await asyncio.sleep(0.7)  # until long after the first answer would have come
    assert polls(store) == {feed.url: 1}
    assert len(server.requests) == 2


async def test_a_lease_is_renewed_while_its_host_is_slow(
    machine: Machine, server: FeedServer
) -> None:
    store = MemoryStore()
    (feed,) = add(store, server.set("/feed", rss(RELEVANT), delay=1.2))
    slow = await machine(store, lease=0.8, renew=0.2)
    other = await machine(store)
    async with asyncio.timeout(10):
        while not polls(store)[feed.url]:
            await slow.work(0.1)
            assert not await other.work(0.0)
            await asyncio.sleep(0.05)
    assert len(server.requests) == 1


async def test_a_feed_whose_redirect_leads_to_a_busy_host_is_put_off_and_not_blamed(
    machine: Machine, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_module, "PATIENCE", 0.3)
    store = MemoryStore()
    (feed,) = add(store, server.redirect("/away", server.url("/feed", SHARED), status=302))
    assert store.take_host(SHARED, "other", utc_now(), lease=LEASE) is None
    poller = await machine(store)
    async with asyncio.timeout(10):
        assert not await poller.work(5.0)
    kept = store.feed(feed.url)
    assert (kept.failures, kept.failing_since, kept.last_error) == (0.0, None, None)
    assert kept.next_due > utc_now() + timedelta(minutes=4)
    (run,) = store.ledger(feed.id, feed.added_at)
    assert (run.outcome, run.kind) == ("outage", "turn")
    assert store.notices(untold=True) == ()
    assert [request.host.partition(":")[0] for request in server.requests] == [HOSTS[0]]


async def test_a_request_waits_for_a_host_that_is_let_go(
    machine: Machine, server: FeedServer
) -> None:
    store = MemoryStore()
    server.set("/feed", rss(RELEVANT))
    (feed,) = add(store, server.redirect("/away", server.url("/feed", SHARED), status=302))
    assert store.take_host(SHARED, "other", utc_now(), lease=LEASE) is None
    poller = await machine(store)
    working = asyncio.create_task(poller.work(5.0))
    async with asyncio.timeout(10):
        await asked(server)
        store.release_hosts("other", utc_now(), {SHARED: timedelta(seconds=0.3)})
        let_go = utc_now()
        await working
    assert polls(store) == {feed.url: 1}
    assert server.requests[1].at - let_go >= timedelta(seconds=0.25)
    assert store.take_host(SHARED, "other", utc_now(), lease=LEASE) is None


async def test_a_stop_drops_what_is_under_way_and_lets_all_hosts_go(
    machine: Machine, server: FeedServer
) -> None:
    store = MemoryStore()
    server.set("/feed", rss(RELEVANT), delay=60)
    feeds = add(store, *(server.url(f"/feed?{n}", name) for n in range(2) for name in HOSTS))
    poller = await machine(store)
    assert await poller.work(0.0)  # the second feed of each host is ready
    async with asyncio.timeout(10):
        await asked(server, len(HOSTS))
    assert store.claimable(utc_now(), 99) == 0
    assert poller.is_stuck(utc_now() + timedelta(hours=1), timedelta(minutes=30))
    await poller.stop()
    assert store.claimable(utc_now(), 99) == len(feeds)
    assert not await poller.work(1.0)
    assert set(polls(store).values()) == {0}


async def test_a_full_disk_ends_the_work_and_leaves_the_rest_to_others(
    machine: Machine, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    server.set("/feed", rss(RELEVANT), delay=0.05)
    feeds = add(store, *(server.url(f"/feed?{n}", name) for n in range(3) for name in HOSTS[:2]))
    poller = await machine(store)
    with monkeypatch.context() as patched:

        def full(_: object) -> None:
            raise StoreFull("The disk is full.")

        patched.setattr(store, "save_polls", full)
        with pytest.raises(StoreFull):
            await poller.work(5.0)
        assert len(server.requests) <= 4
    async with asyncio.timeout(10):
        while set(polls(store).values()) != {1}:
            with contextlib.suppress(StoreFull):  # what was under way failed too
                await poller.work(1.0)
    assert len(polls(store)) == len(feeds)


async def test_a_cycle_skips_what_others_hold_and_says_so(
    machine: Machine, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "_GIVE_UP", 0.3)
    store = MemoryStore()
    server.set("/feed", rss(RELEVANT))
    held, mine, polled = add(store, *(server.url("/feed", name) for name in HOSTS[:3]))
    store.take_host(HOSTS[0], "other", utc_now(), lease=LEASE)
    poller = await machine(store)
    other = await machine(store)
    await other.cycle([polled])
    seen: list[str] = []
    summary = await poller.cycle(
        [held, mine, polled], lambda feed, result: seen.append(f"{feed.url} {result.outcome}")
    )
    assert seen == [f"{mine.url} changed"]
    assert (summary.skipped, summary.as_dict()["feeds"]) == ([held.url], 1)
    assert polls(store) == {held.url: 0, mine.url: 1, polled.url: 1}


async def test_a_machine_whose_clock_is_behind_makes_nothing_due(machine: Machine) -> None:
    class Judging(MemoryStore):
        """As a server with a clock of its own."""

        def claim_clock(self, now: datetime) -> datetime:
            return now + timedelta(minutes=10)

    store = Judging()
    (feed,) = add(store, "http://127.0.0.1/feed.xml")
    later = utc_now() + timedelta(minutes=40)
    store.save_poll(made_poll(feed, at=utc_now() + timedelta(minutes=10), next_due=later))
    poller = await machine(store)
    assert not await poller.work(0.1)
    assert store.feed(feed.url).next_due == later
    (notice,) = store.notices(untold=True)
    assert "-600 s" in notice.text


async def test_a_machine_without_a_network_leaves_what_is_due_to_others(machine: Machine) -> None:
    store = MemoryStore()
    add(store, *(f"http://{name}:1/feed" for name in HOSTS))  # nobody listens there
    poller = await machine(store)
    poller._network._outages = Outages(utc_now() - timedelta(minutes=1))
    assert await poller.work(0.5)
    assert len(polls(store)) - list(polls(store).values()).count(0) == FEWEST
    assert store.claimable(utc_now(), 100) == len(HOSTS) - FEWEST
