"""`make bench-subscribers`: digests for thousands of private chats while a channel is posted to.

    python -m benchmarks.subscribers [COUNT] [options]      (default: 1000; 10000: 7 minutes)

All that tells runs as in service (:class:`bot.telling.Telling`, its ticks, a SQLite file), against
a stand-in of the Bot API that takes messages at once. Their slot has just come: how long until
all digests are built and queued, how many messages a second go out, and how late the pages of a
public channel are meanwhile, from being queued to being taken. Figures go to
build/bench-subscribers.json. 1 if a figure that is wanted is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from benchmarks.ours import ROOT
from benchmarks.poll import busy, machine, say
from benchmarks.subscriber_server import Server, server
from benchmarks.table import Verdict
from bot.app import Program, program
from bot.client import make_bot
from bot.clock import utc_now
from bot.sender import TelegramSender
from bot.subscribing import digest_subscribers
from bot.telling import Telling, Tick
from config.settings import Settings
from storage import open_store
from tests.conftest import PostgresServer
from watchers.model import Article, FeedSpec, Fingerprint, Grouping, Item, PollResult
from watchers.model import Verdict as Judged
from watchers.ports import Store
from watchers.scope import EVERYTHING, Scope
from watchers.telling import Channel, ChannelSpec, DigestOrder, Page
from watchers.text import key

_OUT = ROOT / "build" / "bench-subscribers.json"
_IDLE = 0.1  # share of the machine that others may use
_STORIES = 15  # a page
_EVERY = 4.0  # seconds between two pages of the public channel: 15 a minute
_NEWS = 20.0  # seconds between two lines about how far it is
_CHANNEL = "@bench"
_ZONES = ("UTC", "Asia/Tehran", "Europe/Berlin", "America/Toronto")
_SCOPES = (EVERYTHING, EVERYTHING, Scope(named=False), Scope(languages=("en", "fa")))
MOST_DELAY = 2.0  # seconds that a channel's page may be late
MOST_A_SECOND = 30  # messages
LEAST_A_SECOND = 20.0  # messages in the mean, while there are any


@dataclass(slots=True)
class Told:
    """What was measured; seconds and bytes."""

    subscribers: int
    pages: int = 0  # to private chats
    built: float = 0.0  # until all was queued
    different: int = 0  # digests among them
    sending: float = 0.0  # from the first to the last private page
    rate: float = 0.0  # private pages a second, in the mean
    most: int = 0  # messages in any one second, the channel's among them
    stall: float = 0.0  # the longest that the loop was held up
    delays: list[float] = field(default_factory=list)  # of the channel's pages
    memory: int = 0  # resident, at the highest
    base: int = 0  # resident before
    twice: int = 0  # pages that came more than once
    lost: int = 0  # pages that did not come


# ---------------------------------------------------------------- what is stored


def fill(store: Store, count: int, now: datetime) -> datetime:
    """A day's stories, a channel, and so many subscribers; the slot that is to come, UTC."""
    feed = store.add_feed(
        FeedSpec("https://bench.example/feed", "Bench", "en", "world-media"), at=now, actor="cli"
    )
    store.save_poll(_poll(feed.id, (), now - timedelta(days=2)))
    items = tuple(_item(number, now) for number in range(_STORIES))
    store.save_poll(_poll(feed.id, items, now - timedelta(hours=2)))
    store.save_groupings(
        [Grouping(one.id, None, f"story-{one.id}", "first") for one in store.unsettled(1_000)]
    )
    store.add_channel(ChannelSpec(_CHANNEL, schedule=("00:00",)), at=now, actor="cli")
    slot = now.replace(second=0, microsecond=0)
    for number in range(count):
        store.add_channel(_subscriber(number, slot), at=now - timedelta(days=9), actor="system")
    return slot


def _subscriber(number: int, slot: datetime) -> ChannelSpec:
    zone = _ZONES[number % len(_ZONES)]
    clock = slot.astimezone(ZoneInfo(zone)).strftime("%H:%M")
    return ChannelSpec(
        str(10_000_000 + number),
        zone,
        (clock,),
        ("fa", "en", "fr")[number % 3],
        scope=_SCOPES[number // 7 % len(_SCOPES)],
        private=True,
    )


def _item(number: int, now: datetime) -> Item:
    url = f"https://outlet{number % 9}.example/{number}"
    title = f"Hearing number {number} of witnesses about the executions of 1988 in Iran"
    article = Article(
        url=url, canonical_url=url, url_key=key(url), guid_key=key(url, "guid"),
        content_key=key(title), title=title, text="Some text.",
        published=now - timedelta(hours=3), language="en",
    )  # fmt: skip
    verdict = Judged(
        relevant=True, officials=(), people=(), topics=("massacre-1988",), matches=(), score=2.0,
        watchlist="bench",
    )  # fmt: skip
    return Item(article, verdict, Fingerprint("bench", key(title), (), ()))


def _poll(feed: int, items: tuple[Item, ...], at: datetime) -> PollResult:
    return PollResult(
        feed_id=feed, at=at, next_due=at + timedelta(days=9), interval=3600, failures=0.0,
        outcome="changed", status=200, items=items,
        seen=tuple(item.article.guid_key for item in items),
    )  # fmt: skip


# ---------------------------------------------------------------- what is measured


async def _tick(tick: Tick, end: asyncio.Event) -> None:
    """Run one tick as the service does."""
    _, seconds, work = tick
    while not end.is_set():
        begun = time.monotonic()
        await work()
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - begun)))


async def _stalls(told: Told, end: asyncio.Event) -> None:
    last = time.monotonic()
    while not end.is_set():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        told.stall, last = max(told.stall, now - last - 0.005), now


async def _post(parts: Program, posted: dict[str, float], end: asyncio.Event) -> None:
    """Give the public channel a page every few seconds."""
    channel: Channel = await parts.database(lambda store: store.channel(_CHANNEL))
    while not end.is_set():
        number, now = len(posted), utc_now()
        order = DigestOrder(
            channel.id, slot=now, built_at=now, since=now, subjects=(),
            pages=(Page(f"page {number}"),), scheduled=False,
        )  # fmt: skip
        await parts.database(lambda store, order=order: store.queue_digests((order,)))  # type: ignore[misc]
        posted[f"page {number}"] = time.time()
        await asyncio.sleep(_EVERY)


async def _measure(parts: Program, served: Server, told: Told) -> dict[str, float]:
    """Tell all; when each of the channel's pages was queued."""
    bot = make_bot(parts.settings)
    telling = Telling(parts, TelegramSender(bot))
    end, posted = asyncio.Event(), dict[str, float]()
    wanted = {"deliver", "private", "corrections", "open pages", "notices"}
    loops = [_tick(tick, end) for tick in telling.ticks if tick[0] in wanted]
    tasks = [asyncio.ensure_future(one) for one in (*loops, _stalls(told, end))]
    tasks.append(asyncio.ensure_future(_post(parts, posted, end)))
    begun = time.monotonic()
    queued = await digest_subscribers(parts, utc_now())
    told.built = time.monotonic() - begun
    told.pages = await asyncio.to_thread(lambda: _private_pages(parts.database.store))
    say(f"  {queued:,} digests of {told.pages:,} pages queued in {told.built:.1f} s")
    last = time.monotonic()
    while (done := await asyncio.to_thread(served.count) - len(posted)) < told.pages:
        await asyncio.sleep(1.0)
        if time.monotonic() - last > _NEWS:
            last = time.monotonic()
            say(f"  {done:,} of {told.pages:,} sent")
    await asyncio.sleep(_EVERY)
    end.set()
    await asyncio.wait(tasks, timeout=10)
    for task in tasks:
        task.cancel()
    await telling.finish(5.0)
    await bot.request.shutdown()
    return posted


def _private_pages(store: Store) -> int:
    return len(store.deliveries(limit=10**6, private=True))


def _judge(told: Told, posted: dict[str, float], taken: Sequence[tuple[str, str, float]]) -> None:
    private = [at for chat, _, at in taken if chat != _CHANNEL]
    times = sorted(at for _, _, at in taken)
    pages = Counter((chat, text) for chat, text, _ in taken if chat != _CHANNEL)
    told.sending = max(private) - min(private)
    told.rate = len(private) / max(told.sending, 0.001)
    told.most = max(
        sum(at <= other < at + 1 for other in times[n : n + 200]) for n, at in enumerate(times)
    )
    told.delays = [at - posted[text] for chat, text, at in taken if chat == _CHANNEL]
    told.twice = sum(number > 1 for number in pages.values())
    told.lost = told.pages - len(pages)


def measured(count: int, folder: Path, *, on_postgres: bool = False) -> Told:
    """All of it, in a folder that is thrown away again."""
    told = Told(count)
    with server() as served, _database(folder, on_postgres) as url:
        settings = Settings(
            data_dir=folder, telegram_token=SecretStr("1:bench"), telegram_api_url=served.url,
            database_url=SecretStr(url),
        )  # fmt: skip
        store = open_store(settings.database, create=True)
        fill(store, count, utc_now())
        told.base = _memory()

        async def run() -> dict[str, float]:
            async with program(settings, store) as parts:
                return await _measure(parts, served, told)

        posted = asyncio.run(run())
        _judge(told, posted, served.end())
    told.memory = _memory()
    return told


@contextmanager
def _database(folder: Path, on_postgres: bool) -> Iterator[str]:
    """The URL of an empty one; "" means the usual file. PostgreSQL as it is shipped, on disk."""
    if not on_postgres:
        yield ""
        return
    postgres = PostgresServer({"timezone": "UTC"}, str(folder))
    try:
        folder.chmod(0o755)  # the server runs as nobody
        postgres.start()
        yield postgres.url()
    finally:
        postgres.stop()


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def verdicts(told: Told) -> list[Verdict]:
    """Each requirement, and whether it is met."""
    late = max(told.delays, default=0.0)
    return [
        Verdict(f"a channel's page is {late:.2f} s late at most (wanted: {MOST_DELAY:.0f})",
                met=late < MOST_DELAY and bool(told.delays)),
        Verdict(f"{told.most} messages in one second at most (wanted: {MOST_A_SECOND})",
                met=told.most <= MOST_A_SECOND),
        Verdict(f"{told.rate:.1f} private pages a second (wanted: {LEAST_A_SECOND:.0f})",
                met=told.rate >= LEAST_A_SECOND),
        Verdict(f"{told.twice} pages came twice, {told.lost} did not come",
                met=not told.twice and not told.lost),
    ]  # fmt: skip


def main() -> int:
    """Measure and tell; 1 if a requirement is not met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("count", nargs="?", type=int, default=1_000, help="subscribers")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, not SQLite")
    parser.add_argument("--out", type=Path, default=_OUT)
    options = parser.parse_args()
    if (used := busy()) > _IDLE:
        say(f"warning: others use {used:.0%} of this machine; the figures will not be good")
    with tempfile.TemporaryDirectory(prefix="bench-subscribers-") as folder:
        told = measured(options.count, Path(folder), on_postgres=options.postgres)
    judged = verdicts(told)
    figures = {
        "database": "PostgreSQL" if options.postgres else "SQLite",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        **asdict(told),
        "verdicts": [asdict(verdict) for verdict in judged],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    mean = sum(told.delays) / max(1, len(told.delays))
    print(f"{told.subscribers:,} subscribers, {told.pages:,} pages: built and queued in "
          f"{told.built:.1f} s "
          f"({told.built / told.subscribers * 1000:.1f} ms each), sent in {told.sending:.0f} s; "
          f"a channel's page is {mean:.2f} s late in the mean; the loop is held up for "
          f"{told.stall * 1000:.0f} ms at most; memory {told.memory / 1e6:.0f} MB at most, "
          f"{told.base / 1e6:.0f} MB before")  # fmt: skip
    for verdict in judged:
        print(f"{'met ' if verdict.met else 'MISS'}  {verdict.text}")
    return 0 if all(verdict.met for verdict in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
