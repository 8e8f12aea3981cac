"""The pages of articles whose feed gave a summary only: which, and fetched with manners.

    items of a poll -> wants_page -> robots.txt -> fetch -> [worker: extract, match] -> items

A page is asked for only where title and summary raise a suspicion, for a person named in the
tenth paragraph is not in the summary. Whatever fails leaves the item as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from watchers import urls
from watchers.extract import MAX_PAGE
from watchers.model import Fetched, FetchFailure, FetchRequest, Item
from watchers.ports import FetchPort, ReadPort
from watchers.reader import PageJob
from watchers.rechecks import has_page
from watchers.robots import Robots
from watchers.wrappers import is_aggregator

PAGES = 8  # of one poll
HOURLY = 120  # of all polls: the first cycle over a long list of feeds asks for no hundreds
HOST_HOURLY = HOURLY // 4  # of one host: no feed takes what the others need
PATIENCE = 60.0  # seconds for the pages of one poll; a host has 5 s between starts
SUMMARY = 1_200  # code points: a feed that gives more gives the article
RECENT = timedelta(days=3)  # older ones are baseline or an archive: nobody is told of them
_HOUR = 3600.0  # seconds
_ACCEPT = "text/html, application/xhtml+xml;q=0.9"


class RobotsPort(Protocol):
    """What knows a site's wishes; :class:`watchers.robots.Robots` is the real one."""

    async def allowed(self, url: str) -> bool:
        """Whether robots.txt lets us fetch this address."""


class Pages:
    """Fetches pages for polls; one for the life of the process.

    `clock` tells UTC; `steady` counts seconds and never goes back.
    """

    def __init__(
        self,
        fetcher: FetchPort,
        workers: ReadPort,
        *,
        clock: Callable[[], datetime],
        robots: RobotsPort | None = None,
        limit: int = PAGES,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._robots = robots or Robots(fetcher)
        self._clock = clock
        self._limit = limit
        self._steady = steady
        self._asked: deque[tuple[float, str]] = deque()  # when and of which host, in the last hour

    async def complete(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """The items of one poll, in their order, those that got their page judged with it.

        At most `limit` pages, within PATIENCE. Never raises for what servers and pages do.
        """
        chosen = self._chosen(items)
        if not chosen:
            return items
        tasks = {index: asyncio.create_task(self._completed(items[index])) for index in chosen}
        try:
            await asyncio.wait(tasks.values(), timeout=PATIENCE)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        done = list(items)
        for index, task in tasks.items():
            if not task.cancelled():
                done[index] = task.result()
        return tuple(done)

    def _chosen(self, items: tuple[Item, ...]) -> list[int]:
        """Whose pages to ask for: the most suspicious first, as far as the hour's share goes."""
        now, at = self._clock(), self._steady()
        while self._asked and self._asked[0][0] <= at - _HOUR:
            self._asked.popleft()
        asked = Counter(host for _, host in self._asked)
        wanting = [index for index, item in enumerate(items) if wants_page(item, now)]
        wanting.sort(key=lambda index: _rank(items[index]))
        chosen: list[int] = []
        for index in wanting:
            if len(chosen) >= self._limit or len(self._asked) >= HOURLY:
                break
            host = urls.host(items[index].article.url)
            if asked[host] < HOST_HOURLY:
                asked[host] += 1
                self._asked.append((at, host))
                chosen.append(index)
        return chosen

    async def _completed(self, item: Item) -> Item:
        url = item.article.url
        if not await self._robots.allowed(url):
            return item
        answer = await self._fetcher.fetch(FetchRequest(url, accept=_ACCEPT, size=MAX_PAGE))
        if isinstance(answer, FetchFailure) or not is_article_page(answer, url):
            return item
        if answer.url != url and not await self._robots.allowed(answer.url):
            return item
        read = await self._workers.read_page(
            PageJob(answer.body, answer.content_type, item.article, answer.url)
        )
        return item if isinstance(read, FetchFailure) else read


def wants_page(item: Item, now: datetime) -> bool:
    """Whether an article's page is worth a request.

    Its title and summary are relevant or suspicious, or name an official; the feed gave no
    full text; it is of the last three days (an undated one is not: it may be of any year);
    and its address leads to an outlet's page, not to an aggregator's stand-in.
    """
    article = item.article
    if not item.verdict.kept_close or article.is_full or len(article.text) >= SUMMARY:
        return False
    if article.published is None or article.published < now - RECENT:
        return False
    return has_page(article)


def is_article_page(answer: Fetched, url: str) -> bool:
    """Whether the answer is a web page, and not the front page that dead links lead to."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    moved_to_front = _is_front(answer.url) and not _is_front(url)
    return (not kind or "html" in kind) and not moved_to_front and not is_aggregator(answer.url)


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def _rank(item: Item) -> tuple[bool, bool, float]:
    verdict = item.verdict
    return (not verdict.suspicious, not verdict.relevant, -verdict.score)
