"""A document that hangs, bloats or kills its worker costs one failed fetch, and no more."""

from __future__ import annotations

import asyncio
import dataclasses
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from pebble.pool.base_pool import PoolStatus

import config
from watchers import workers as module
from watchers.changes import Stored
from watchers.model import FetchFailure, Item, Remembered
from watchers.reader import PageJob, Reading, ReadJob
from watchers.watchlist import Watchlist, parse_watchlist
from watchers.workers import Workers

FEED = b"""<rss version="2.0"><channel><title>A &lt;b&gt;feed&lt;/b&gt;</title>
<item><title>Ebrahim Raisi</title><link>https://a.example/1</link><guid>1</guid></item>
</channel></rss>"""
JOB = ReadJob(FEED, "", "https://a.example/feed", None, datetime(2026, 7, 30, tzinfo=UTC))


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
    remembered = Remembered({} if known is None else known)
    return await pool.read(dataclasses.replace(JOB, remembered=remembered, **changes))


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
        limits.setattr(module, "SECONDS", 0.1)
        failure = await read(pool, body=FEED.replace(b"</channel>", items + b"</channel>"))
    assert isinstance(failure, FetchFailure)
    assert failure.kind == "parser"
    assert isinstance(await read(pool), Reading)


PAGE = "<main><h1>Ebrahim Raisi</h1><p>{}</p></main>"


async def test_an_articles_page_is_read_in_a_worker(pool: Workers) -> None:
    article = (await read(pool)).items[0].article
    text = "Ebrahim Raisi in Exampleville: Mostafa Pourmohammadi was there too. " * 5
    article = dataclasses.replace(article, title="Ebrahim Raisi in Exampleville")
    item = await pool.read_page(PageJob(PAGE.format(text).encode(), "text/html", article))
    assert isinstance(item, Item)
    assert item.article.is_full
    assert set(item.verdict.officials) == {"ebrahim-raisi", "mostafa-pourmohammadi"}
    assert item.article.content_key == article.content_key


async def test_a_page_that_takes_too_long_is_a_failure_and_the_next_is_read(
    pool: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = (await read(pool)).items[0].article
    costly = b"<p " + b" ".join(b"a%d=1" % number for number in range(100_000)) + b">"
    with monkeypatch.context() as limits:
        limits.setattr(module, "SECONDS", 1.0)
        failure = await pool.read_page(PageJob(costly, "text/html", article))
    assert isinstance(failure, FetchFailure)
    assert failure.kind == "parser"
    assert isinstance(await pool.read_page(PageJob(b"<p>x", "text/html", article)), Item)


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


async def test_a_stop_while_workers_start_waits_for_none_of_them(watchlist: Watchlist) -> None:
    others = processes()
    pool = Workers(watchlist, processes=2)
    pool.start()
    assert pool._pool is not None
    # More than a pipe holds would be taken by a worker that runs only: the start would wait.
    assert len(pickle.dumps(pool._pool._context.worker_parameters)) < 4_096
    pool.stop()
    assert processes() == others
    answer = await read(pool)
    assert isinstance(answer, FetchFailure)  # and not a new pool that nobody puts away
    assert processes() == others


# ---------------------------------------------------------------- workers that die or go


def processes() -> set[BaseProcess]:
    """The workers that this process has now."""
    return set(multiprocessing.active_children())


async def gone(old: set[BaseProcess]) -> None:
    """Wait until they have ended."""
    async with asyncio.timeout(15):
        while old & processes():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # processes end without telling anybody


async def test_workers_that_die_with_nothing_to_do_are_replaced(watchlist: Watchlist) -> None:
    others = processes()
    with Workers(watchlist, processes=2) as pool:
        await read(pool)
        for _ in range(2):
            old = processes() - others
            for worker in old:
                worker.kill()
            await gone(old)
            readings = await asyncio.gather(*(read(pool) for _ in range(4)))
            assert [type(reading) for reading in readings] == [Reading] * 4


async def test_a_pool_that_pebble_has_given_up_is_made_anew(watchlist: Watchlist) -> None:
    with Workers(watchlist, processes=1) as pool:
        await read(pool)
        given_up = pool._pool
        assert given_up is not None
        given_up._context.status = PoolStatus.ERROR
        assert isinstance(await read(pool), Reading)
        assert pool._pool is not given_up


async def test_a_changed_watchlist_starts_no_process_anew(watchlist: Watchlist) -> None:
    others = processes()
    with Workers(watchlist, processes=2) as pool:
        await asyncio.gather(*(read(pool) for _ in range(8)))
        old = processes() - others
        for version in ("one", "two", "three"):
            pool.renew(dataclasses.replace(watchlist, version=version))
            readings = await asyncio.gather(*(read(pool) for _ in range(20)))
            assert {r.items[0].verdict.watchlist for r in readings} == {version}
        assert processes() - others == old


async def test_changes_while_documents_are_read_fail_none(watchlist: Watchlist) -> None:
    with Workers(watchlist, processes=2) as pool:
        await read(pool)
        under_way = []
        for number in range(6):
            under_way += [asyncio.ensure_future(read(pool)) for _ in range(5)]
            await asyncio.sleep(0)
            await asyncio.to_thread(pool.renew, dataclasses.replace(watchlist, version=str(number)))
        readings = await asyncio.gather(*under_way)
        assert {type(reading) for reading in readings} == {Reading}
        assert (await read(pool)).items[0].verdict.watchlist == "5"


async def test_a_worker_that_starts_later_has_the_newest_watchlist(watchlist: Watchlist) -> None:
    others = processes()
    with Workers(watchlist, processes=1) as pool:
        await read(pool)
        pool.renew(dataclasses.replace(watchlist, version="changed"))
        await read(pool)
        old = processes() - others
        for worker in old:
            worker.kill()
        await gone(old)
        assert (await read(pool)).items[0].verdict.watchlist == "changed"


async def test_a_watchlist_changed_before_the_start_is_the_one(watchlist: Watchlist) -> None:
    with Workers(watchlist, processes=1) as pool:
        pool.renew(dataclasses.replace(watchlist, version="changed"))
        assert (await read(pool)).items[0].verdict.watchlist == "changed"


async def test_a_changed_watchlist_is_in_use_within_a_second(watchlist: Watchlist) -> None:
    people = tuple(p for p in watchlist.people if p.id != "ebrahim-raisi")
    changed = dataclasses.replace(watchlist, version="changed", people=people)
    with Workers(watchlist, processes=1) as pool:
        await read(pool)
        began = time.monotonic()
        await asyncio.to_thread(pool.renew, changed)
        after = await read(pool)
        took = time.monotonic() - began
    assert after.items[0].verdict.officials == ()
    assert took < 1.0  # 0.05 s on an idle machine; starting workers takes longer


# ---------------------------------------------------------------- judging again


def stored(number: int, title: str, **changes: Any) -> Stored:
    """An article that some earlier watchlist found nothing in."""
    article = Stored(
        number, f"https://a.example/{number}", title, "", JOB.now, False, (), (), (), "",
        JOB.now, b"key",
    )  # fmt: skip
    return dataclasses.replace(article, **changes)


async def test_stored_articles_are_judged_again_in_a_worker(
    pool: Workers, watchlist: Watchlist
) -> None:
    named = stored(1, "Ebrahim Raisi")
    known = stored(2, "Ebrahim Raisi", officials=("ebrahim-raisi",))
    done = stored(3, "Ebrahim Raisi", watchlist=watchlist.version)
    answer = await pool.rejudge([named, known, done, stored(4, "Weather")], JOB.now)
    assert not isinstance(answer, FetchFailure)
    (one,) = answer
    assert (one.article_id, one.verdict.officials) == (1, ("ebrahim-raisi",))
    assert one.fingerprint.bands


async def test_a_worker_that_reads_only_feeds_loads_nothing_for_pages(pool: Workers) -> None:
    await read(pool)
    loaded = await asyncio.to_thread(_modules_of_a_reader)
    assert "watchers.extract" in loaded
    assert not {"trafilatura", "lxml", "httpx", "sqlalchemy", "telegram"} & loaded


def _modules_of_a_reader() -> set[str]:
    """What a fresh interpreter has loaded once it could read feeds."""
    code = "import sys, watchers.workers; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())
