"""What the capacity model is fed with: polls, rows and bytes, measured here and now.

    python -m benchmarks.scale_inputs [FEEDS]      (default: 500; three minutes)

Two things: a simulated day (`--days 6`: many minutes) over 300 feeds (tests/simulation) says how
often feeds are asked, how many rows of the ledger and how many entries that gives; and generated
feeds (benchmarks/corpus.py), read and stored in a real PostgreSQL, say what a row takes, with its
indexes and what is kept beside it, after VACUUM.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import config
from benchmarks.corpus import Corpus
from benchmarks.scale_database import connected, postgres
from bot.app import Knowledge
from storage import SqlStore, open_store, upgrade
from tests.simulation.drive import Driver
from tests.simulation.world import DAY, make_world
from tests.simulation.world import at as time_at
from watchers.errors import DadkhahError
from watchers.match import Matcher
from watchers.model import FeedSpec, PollResult
from watchers.reader import Reading, ReadJob, read
from watchers.settler import settle_batch
from watchers.text import key
from watchers.watchlist import parse_watchlist

_RUNS = 60  # rows of the ledger that each feed gets
_TABLES = (
    "article", "entry", "address", "match", "band", "story", "listing", "feed", "ledger",
    "host_turn",
)  # fmt: skip


def simulated(days: float, seed: int = 1988) -> Mapping[str, float]:
    """Per feed and day, over the last `days` of as many and one: the first is the newcomers'."""
    world = make_world(seed, days=days + 1)
    driver = Driver(world, seed)
    diary = driver.run((days + 1) * DAY)
    feeds = len(world.sources)
    polls = [poll for own in diary.polls.values() for poll in own if poll.began >= DAY]
    since = time_at(DAY)
    rows = sum(len(driver.store.ledger(feed.id, since)) for feed in driver.store.feeds())
    entries = sum(
        DAY <= time < (days + 1) * DAY for source in world.sources for time in source.published
    )
    each = feeds * days
    return {
        "polls": len(polls) / each,
        "changed": sum(poll.outcome == "changed" for poll in polls) / each,
        "failed": sum(poll.outcome in ("failed", "outage") for poll in polls) / each,
        "ledger rows": rows / each,
        "entries": entries / each,
    }


def stored(store: SqlStore, feeds: int) -> None:
    """Read the generated feeds, store and settle them, and give each some rows of the ledger."""
    now = datetime.now(UTC).replace(microsecond=0)
    corpus = Corpus(feeds, now)
    store.add_feeds(
        [
            FeedSpec(f"http://{p.address}/feed", f"Feed {p.number}", p.language)
            for p in corpus.plans
        ],
        at=now - timedelta(days=9),
        actor="system",
    )
    matcher = Matcher(parse_watchlist(config.shipped_watchlist(), "config/watchlist.toml"))
    for number, feed in enumerate(store.feeds()):
        document = corpus.document(number)
        job = ReadJob(document.body, document.content_type, feed.url, feed.language, now)
        try:
            reading = read(job, matcher)
        except DadkhahError:
            continue  # some of them are no feeds
        store.save_poll(_poll(feed.id, now, reading, key(document.body)))
    clusterer = Knowledge().clusterer
    while settle_batch(store, clusterer):
        pass
    for number in range(_RUNS):
        at = now + timedelta(minutes=30 * (number + 1))
        some = [_poll(feed.id, at, None, None, changed=number % 2 == 0) for feed in store.feeds()]
        store.save_polls(some)


def _poll(
    feed_id: int, at: datetime, reading: Reading | None, body_key: bytes | None, *,
    changed: bool = True,
) -> PollResult:  # fmt: skip
    items = () if reading is None else reading.items
    return PollResult(
        feed_id=feed_id, at=at, next_due=at + timedelta(hours=1), interval=3600, failures=0.0,
        outcome="changed" if changed else "unchanged", status=200, size=60_000, full=True,
        etag='"' + "e" * 32 + '"', last_modified="Sun, 22 Nov 2026 09:00:00 GMT",
        body_key=body_key, items=items, seen=tuple(item.article.guid_key for item in items),
        listed=len(items), listing=None if reading is None else reading.listing, newest=at,
    )  # fmt: skip


def sizes(url: str) -> Iterator[tuple[str, int, int]]:
    """Each table with its rows and its bytes, indexes and all."""
    with connected(url) as connection:
        connection.execute("VACUUM (FULL, ANALYZE)")
        for table in _TABLES:
            query = f"SELECT (SELECT count(*) FROM {table}), pg_total_relation_size('{table}')"
            found = connection.execute(query.encode()).fetchone()
            assert found is not None
            yield table, int(found[0]), int(found[1])


def main() -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_inputs")
    parser.add_argument("feeds", nargs="?", type=int, default=500)
    parser.add_argument("--days", default="1", help="simulated (default %(default)s)")
    asked = parser.parse_args()
    for days in asked.days.split(","):
        print(f"per feed and day, {days} simulated days after the first:")
        for name, number in simulated(float(days)).items():
            print(f"  {name:<14}{number:8.2f}")
    with tempfile.TemporaryDirectory(prefix="scale-inputs-") as folder:
        Path(folder).chmod(0o755)
        with postgres(folder) as server:
            upgrade(server.url())
            store = open_store(server.url(), create=False)
            with contextlib.closing(store):
                stored(store, asked.feeds)
            found = list(sizes(server.url()))
    articles = next(rows for table, rows, _ in found if table == "article")
    print(f"\n{asked.feeds} feeds, {articles} articles in PostgreSQL:")
    for table, rows, size in found:
        each = size / rows if rows else 0.0
        print(f"  {table:<12}{rows:>9} rows{size:>12} bytes{each:>9.0f} a row")
    return 0


if __name__ == "__main__":
    sys.exit(main())
