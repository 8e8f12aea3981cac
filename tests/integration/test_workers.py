"""A document that hangs, bloats or kills its worker costs one failed fetch, and no more."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import config
from watchers import workers as module
from watchers.model import FetchFailure
from watchers.reader import Reading, ReadJob
from watchers.watchlist import Watchlist, parse_watchlist
from watchers.workers import Workers

FEED = b"""<rss version="2.0"><channel><title>A &lt;b&gt;feed&lt;/b&gt;</title>
<item><title>Ebrahim Raisi</title><link>https://a.example/1</link><guid>1</guid></item>
</channel></rss>"""
JOB = ReadJob(FEED, "", "https://a.example/feed", None, datetime(2026, 7, 30, tzinfo=UTC), {})


class Hangs(dict[bytes, bytes]):
    """What is known of the feed; asked for it, the worker stops answering."""

    def get(self, *_: Any) -> Any:
        time.sleep(600)


class Dies(dict[bytes, bytes]):
    """The same; the worker is gone at once, as after a crash in a C library."""

    def get(self, *_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class Bloats(dict[bytes, bytes]):
    """The same; the worker wants more memory than it may have."""

    def get(self, *_: Any) -> Any:
        return bytes(4 * module.MEMORY)


class Nests(dict[bytes, bytes]):
    """The same; the worker runs out of stack."""

    def get(self, *_: Any) -> Any:
        return self.get()


@pytest.fixture(scope="module")
def watchlist() -> Watchlist:
    return parse_watchlist(config.shipped_watchlist(), "watchlist.toml")


@pytest.fixture(scope="module")
def pool(watchlist: Watchlist) -> Iterator[Workers]:
    with Workers(watchlist, processes=1) as made:
        yield made


async def read(pool: Workers, known: dict[bytes, bytes] | None = None, **changes: Any) -> Any:
    return await pool.read(
        dataclasses.replace(JOB, known={} if known is None else known, **changes)
    )


async def test_a_document_is_read_in_a_worker(pool: Workers) -> None:
    reading = await read(pool)
    assert isinstance(reading, Reading)
    assert reading.title == "A feed"
    (item,) = reading.items
    assert item.verdict.officials == ("ebrahim-raisi",)
    assert reading.seen == (item.article.guid_key,)


async def test_what_is_known_already_is_not_read_again(pool: Workers) -> None:
    first = await read(pool)
    article = first.items[0].article
    again = await read(pool, {article.guid_key: article.content_key})
    assert (again.items, again.seen) == ((), first.seen)


async def test_a_document_that_is_no_feed_is_told_by_its_kind(pool: Workers) -> None:
    failure = await read(pool, body=b"<!doctype html><p>Log in")
    assert isinstance(failure, FetchFailure)
    assert failure.kind == "not-a-feed"


TROUBLE: dict[str, tuple[dict[bytes, bytes], str]] = {
    "kills its worker": (Dies(), "died"),
    "bloats": (Bloats(), "memory"),
    "nests": (Nests(), "deeply"),
}


@pytest.mark.parametrize(("known", "said"), TROUBLE.values(), ids=TROUBLE)
async def test_trouble_is_one_failed_fetch_and_the_next_document_is_read(
    pool: Workers, monkeypatch: pytest.MonkeyPatch, known: dict[bytes, bytes], said: str
) -> None:
    await read(pool)  # the worker has started: its own time is not the document's
    with monkeypatch.context() as limits:
        limits.setattr(module, "SECONDS", 1.0)
        failure = await read(pool, known)
    assert isinstance(failure, FetchFailure)
    assert failure.kind == "parser"
    assert said in failure.detail
    assert isinstance(await read(pool), Reading)


async def test_a_huge_document_ends_at_the_time_limit(
    pool: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = b"<item><title>x</title><description>&lt;p&gt;y&lt;/p&gt;</description></item>" * 30_000
    await read(pool)
    with monkeypatch.context() as limits:
        limits.setattr(module, "SECONDS", 0.5)
        failure = await read(pool, body=FEED.replace(b"</channel>", items + b"</channel>"))
    assert isinstance(failure, FetchFailure)
    assert failure.kind == "parser"
    assert isinstance(await read(pool), Reading)


async def test_a_changed_watchlist_is_used_from_then_on(watchlist: Watchlist) -> None:
    people = tuple(p for p in watchlist.people if p.id != "ebrahim-raisi")
    changed = dataclasses.replace(watchlist, version="changed", people=people)
    with Workers(watchlist, processes=1) as pool:
        await read(pool)
        under_way = asyncio.ensure_future(read(pool))
        await asyncio.sleep(0)
        pool.renew(changed)
        before, after = await under_way, await read(pool)
    assert before.items[0].verdict.officials == ("ebrahim-raisi",)
    assert after.items[0].verdict.officials == ()
    assert after.items[0].verdict.watchlist == "changed"


async def test_stopping_ends_what_is_under_way(watchlist: Watchlist) -> None:
    pool = Workers(watchlist, processes=1)
    await read(pool)
    under_way = asyncio.ensure_future(read(pool, Hangs()))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(pool.stop)
    done, _ = await asyncio.wait([under_way], timeout=5)
    assert done  # by the stop, not by the document's time limit
    answer = await under_way
    assert isinstance(answer, FetchFailure)
    assert answer.kind == "parser"
