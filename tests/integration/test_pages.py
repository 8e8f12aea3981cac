"""Pages over the wire: a real server, the real fetcher, robots.txt, the real workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import config
from tests.feedserver import FeedServer
from watchers.addresses import parse_allowed_host
from watchers.extract import MAX_PAGE
from watchers.fetch import Fetcher, FetchOptions
from watchers.model import Item
from watchers.pages import Pages
from watchers.reader import Reading, ReadJob
from watchers.watchlist import parse_watchlist
from watchers.workers import Workers

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
TITLE = "Conference in Oslo hears families of the 1988 prison massacre"
FEED = f"""<rss version="2.0"><channel><title>Example News</title><item><title>{TITLE}</title>
<link>/article.html</link><guid>1</guid><pubDate>Thu, 30 Jul 2026 10:00:00 GMT</pubDate>
<description>Relatives spoke in Oslo.</description></item></channel></rss>"""
PAGE = (Path(__file__).parents[1] / "data" / "pages" / "wordpress-en.html").read_bytes()


@pytest.fixture(scope="module")
def served() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    watchlist = parse_watchlist(config.shipped_watchlist(), "watchlist.toml")
    with Workers(watchlist, processes=1) as made:
        yield made


@pytest.fixture
async def pages(served: FeedServer, workers: Workers) -> AsyncIterator[Pages]:
    served.routes.clear()
    served.requests.clear()
    options = FetchOptions("Dadkhah/1", allowed=(parse_allowed_host("127.0.0.1"),), host_delay=0)
    async with Fetcher(options) as fetcher:
        yield Pages(fetcher, workers, clock=lambda: NOW)


async def entry(served: FeedServer, workers: Workers) -> Item:
    """The feed's only item, by title and summary."""
    job = ReadJob(FEED.encode(), "application/rss+xml", served.url("/feed.xml"), None, NOW)
    reading = await workers.read(job)
    assert isinstance(reading, Reading)
    return reading.items[0]


async def test_the_article_comes_with_its_page(
    served: FeedServer, workers: Workers, pages: Pages
) -> None:
    served.set("/article.html", PAGE, content_type="text/html; charset=utf-8", gzip=True)
    before = await entry(served, workers)
    (item,) = await pages.complete((before,))
    assert item.article.is_full
    assert "eleven of his cellmates" in item.article.text
    assert "Tavakkolzad" not in item.article.text
    assert item.article.content_key == before.article.content_key
    (request,) = served.asked("/article.html")
    assert request.headers["Accept"].startswith("text/html")
    assert request.headers["User-Agent"] == "Dadkhah/1"


async def test_robots_txt_is_asked_first_and_obeyed(
    served: FeedServer, workers: Workers, pages: Pages
) -> None:
    served.set("/article.html", PAGE, content_type="text/html")
    served.set("/robots.txt", "User-agent: *\nDisallow: /article", content_type="text/plain")
    items = (await entry(served, workers),)
    assert await pages.complete(items) == items
    assert [request.path for request in served.requests] == ["/robots.txt"]


async def test_a_page_beyond_its_size_keeps_the_summary(
    served: FeedServer, workers: Workers, pages: Pages
) -> None:
    served.set("/article.html", PAGE + b" " * MAX_PAGE, content_type="text/html", gzip=True)
    items = (await entry(served, workers),)
    assert await pages.complete(items) == items


async def test_a_page_that_is_not_there_keeps_the_summary(
    served: FeedServer, workers: Workers, pages: Pages
) -> None:
    items = (await entry(served, workers),)
    assert await pages.complete(items) == items
    assert len(served.asked("/article.html")) == 1


async def test_an_address_that_leads_to_the_front_page_keeps_the_summary(
    served: FeedServer, workers: Workers, pages: Pages
) -> None:
    served.redirect("/article.html", served.url("/"))
    served.set("/", PAGE, content_type="text/html")
    items = (await entry(served, workers),)
    assert await pages.complete(items) == items
