"""Which articles get their page, how it is asked for, and what happens when that fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchers import pages as module
from watchers.dedupe import fingerprint
from watchers.model import Article, Fetched, FetchFailure, FetchRequest, Item, Verdict
from watchers.pages import HOST_HOURLY, HOURLY, PAGES, SUMMARY, Pages, wants_page
from watchers.reader import PageJob, Reading, ReadJob
from watchers.text import key

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
HTML = {"content-type": "text/html; charset=utf-8"}


def item(number: int = 1, *, suspicious: bool = True, **changes: Any) -> Item:
    url = changes.get("url") or f"https://news.example/{number}"
    article = Article(
        url=url,
        canonical_url=url,
        url_key=key(url),
        guid_key=key(url, "guid"),
        content_key=key(url, "content"),
        title=f"Article {number}",
        text="A summary.",
        published=NOW - timedelta(hours=1),
        language="en",
    )
    names = {"relevant", "officials", "people", "score"}
    said = {name: changes.pop(name) for name in names & changes.keys()}
    verdict = Verdict(False, (), (), (), (), 0.0, "1", suspicious)
    return Item(
        replace(article, **changes), replace(verdict, **said), fingerprint("", "", close=False)
    )


# ---------------------------------------------------------------- which

WANTED = {
    "suspicious": item(),
    "relevant, whose text may name officials": item(suspicious=False, relevant=True),
    "an official named": item(suspicious=False, officials=("somebody",)),
    "three days old": item(published=NOW - timedelta(days=3)),
    "nearly a whole text": item(text="x" * (SUMMARY - 1)),
}
UNWANTED = {
    "nothing suspicious": item(suspicious=False),
    "only a person of another kind": item(suspicious=False, people=("somebody",)),
    "the feed gave the whole text": item(text="x" * SUMMARY),
    "the text is known to be whole": item(is_full=True),
    "older than three days": item(published=NOW - timedelta(days=3, seconds=1)),
    "undated": item(published=None),
    "no link of its own": item(canonical_url="https://news.example/feed#entry-00"),
    "no web address": item(url="ftp://news.example/1"),
    "an aggregator's page": item(url="https://news.google.com/rss/articles/AU_yqLNxxxxxxxxxxxx"),
    "a Telegram post": item(url="https://t.me/channel/1"),
}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
def test_a_suspicion_without_its_text_wants_the_page(wanted: Item) -> None:
    assert wants_page(wanted, NOW)


@pytest.mark.parametrize("unwanted", UNWANTED.values(), ids=UNWANTED)
def test_everything_else_costs_its_site_no_request(unwanted: Item) -> None:
    assert not wants_page(unwanted, NOW)


# ---------------------------------------------------------------- how


class Web:
    """Answers pages, reads them and gives leave, as told; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[FetchRequest] = []
        self.answer: Fetched | FetchFailure | None = None
        self.reading: FetchFailure | None = None
        self.forbidden: set[str] = set()
        self.slow: set[str] = set()
        self.now = NOW
        self.seconds = 0.0
        self.arrived = asyncio.Event()

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        self.asked.append(request)
        self.arrived.set()
        if request.url in self.slow:
            await asyncio.Event().wait()
        return self.answer or Fetched(request.url, 200, HTML, b"<p>page")

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        raise AssertionError(job)

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        full = replace(job.article, text=f"Full text of {job.article.url}", is_full=True)
        return self.reading or replace(item(), article=full)

    async def allowed(self, url: str) -> bool:
        return url not in self.forbidden

    def pages(self, **options: Any) -> Pages:
        return Pages(
            self, self, clock=lambda: self.now, robots=self, steady=lambda: self.seconds, **options
        )

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.asked]


@pytest.fixture
def web() -> Web:
    return Web()


async def test_the_page_is_asked_for_as_a_page_and_its_text_comes_back(web: Web) -> None:
    (done,) = await web.pages().complete((item(),))
    assert web.asked == [
        FetchRequest("https://news.example/1", accept=module._ACCEPT, size=2 << 20)
    ]
    assert "text/html" in module._ACCEPT
    assert done.article.text == "Full text of https://news.example/1"


async def test_items_come_back_in_their_order_and_the_others_as_they_were(web: Web) -> None:
    items = (item(1, suspicious=False), item(2), item(3, published=None), item(4))
    done = await web.pages().complete(items)
    assert [one.article.is_full for one in done] == [False, True, False, True]
    assert [one.article.url for one in done] == [one.article.url for one in items]
    assert (done[0], done[2]) == (items[0], items[2])


async def test_nothing_to_ask_for_asks_nothing(web: Web) -> None:
    items = (item(suspicious=False),)
    assert await web.pages().complete(items) is items
    assert web.asked == []


PDF = {"content-type": "application/pdf"}
FAILURES: dict[str, dict[str, Any]] = {
    "fetch": {"answer": FetchFailure("status", "404", 404)},
    "robots.txt": {"forbidden": {"https://news.example/1"}},
    "a PDF": {"answer": Fetched("https://news.example/1", 200, PDF)},
    "led to what robots.txt of the same host forbids": {
        "answer": Fetched("https://news.example/inner/1", 200, HTML, b"<p>x"),
        "forbidden": {"https://news.example/inner/1"},
    },
    "led to the front page": {"answer": Fetched("https://news.example/", 200, HTML, b"<p>x")},
    "led to an aggregator": {"answer": Fetched("https://news.google.com/a", 200, HTML, b"<p>x")},
    "reading": {"reading": FetchFailure("parser", "took too long")},
}


@pytest.mark.parametrize("wrong", FAILURES.values(), ids=FAILURES)
async def test_a_failure_keeps_the_summary(web: Web, wrong: dict[str, Any]) -> None:
    vars(web).update(wrong)
    items = (item(),)
    assert await web.pages().complete(items) == items


async def test_what_robots_forbids_is_not_asked_for(web: Web) -> None:
    web.forbidden = {"https://news.example/2"}
    await web.pages().complete((item(1), item(2), item(3)))
    assert web.urls == ["https://news.example/1", "https://news.example/3"]


async def test_a_poll_gets_eight_pages_the_suspicious_first(web: Web) -> None:
    named = tuple(item(n, suspicious=False, officials=("x",)) for n in range(10))
    suspicious = tuple(item(n) for n in range(10, 16))
    done = await web.pages().complete(named + suspicious)
    assert len(web.asked) == PAGES == 8
    assert all(one.article.is_full for one in done[10:])


async def test_an_hour_has_so_many_pages_whatever_the_feeds(web: Web) -> None:
    pages = web.pages(limit=50)
    for first in range(0, 200, 50):
        urls = [f"https://site{n}.example/1" for n in range(first, first + 50)]
        await pages.complete(tuple(item(url=url) for url in urls))
    assert len(web.asked) == HOURLY
    web.now = NOW + timedelta(hours=1)  # the wall clock says nothing
    await pages.complete((item(),))
    assert len(web.asked) == HOURLY
    web.seconds = 3_600.0
    await pages.complete((item(),))
    assert len(web.asked) == HOURLY + 1


async def test_no_host_takes_more_than_a_quarter_of_the_hour(web: Web) -> None:
    pages = web.pages(limit=50)
    for first in (0, 50):
        await pages.complete(tuple(item(n) for n in range(first, first + 50)))
    assert len(web.asked) == HOST_HOURLY == HOURLY // 4
    await pages.complete((*(item(n) for n in range(50)), item(url="https://other.example/1")))
    assert web.urls[HOST_HOURLY:] == ["https://other.example/1"]
    web.seconds = 3_600.0
    await pages.complete((item(),))
    assert len(web.asked) == HOST_HOURLY + 2


async def test_a_page_that_does_not_come_holds_up_no_poll(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    web.slow = {"https://news.example/1"}
    items = (item(1), item(2))
    done = await web.pages().complete(items)
    assert done[0] == items[0]
    assert done[1].article.is_full


async def test_a_poll_that_is_given_up_leaves_no_request_behind(web: Web) -> None:
    web.slow = {"https://news.example/1"}
    poll = asyncio.create_task(web.pages().complete((item(1),)))
    await web.arrived.wait()
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
