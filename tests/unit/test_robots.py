"""A site that asks to be left alone is; a hostile robots.txt costs little."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import pytest

from watchers import robots as module
from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.robots import Robots

Answer = bytes | FetchFailure


class Site:
    """A fetcher that answers every robots.txt alike, and remembers what was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        self.asked.append(request.url)
        await asyncio.sleep(0)
        if isinstance(self.answer, FetchFailure):
            return self.answer
        return Fetched(request.url, 200, {}, self.answer)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


PAGE = "https://a.example/news/1?id=2"

RULES: dict[str, tuple[bytes, bool]] = {
    "nothing for anybody": (b"User-agent: *\nDisallow: /\n", False),
    "all for everybody": (b"User-agent: *\nDisallow:\n", True),
    "another folder": (b"User-agent: *\nDisallow: /admin/\n", True),
    "this folder": (b"User-agent: *\nDisallow: /news/\n", False),
    "this query": (b"User-agent: *\nDisallow: /*?id=\n", False),
    "the longer rule wins": (b"User-agent: *\nDisallow: /\nAllow: /news/\n", True),
    "another program": (b"User-agent: OtherBot\nDisallow: /\n", True),
    "us": (b"User-agent: Dadkhah\nDisallow: /\n", False),
    "us with a version": (b"User-agent: dadkhah/1.0\nDisallow: /\n", False),
    "us, and all": (b"User-agent: *\nDisallow: /\n\nUser-agent: Dadkhah\nDisallow: /x\n", True),
    "us among others": (b"User-agent: A\nUser-agent: Dadkhah\nUser-agent: B\nDisallow: /", False),
    "all among others": (b"User-agent: A\nUser-agent: *\nUser-agent: B\nDisallow: /", False),
    "others after us": (b"User-agent: *\nDisallow: /x\nUser-agent: A\nDisallow: /", True),
    "others after a pause": (b"User-agent: *\nCrawl-delay: 5\nUser-agent: A\nDisallow: /", True),
    "us by pause only": (b"User-agent: Dadkhah\nCrawl-delay: 5\nUser-agent: *\nDisallow: /", True),
    "a name that only begins alike": (b"User-agent: Dad\nDisallow: /", True),
    "without colons": (b"User-agent *\nDisallow /\n", False),
    "capitals and comments": (b"USER-AGENT: * # all\nDISALLOW: / # all\n", False),
    "a byte order mark": (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", False),
    "rules without a program": (b"Disallow: /\n", True),
    "a site map between": (
        b"User-agent: A\nSitemap: https://x/\nUser-agent: *\nDisallow: /",
        False,
    ),
    "a web page": (b"<html><body>Not found</body></html>", True),
    "no text": (bytes(range(256)), True),
}


@pytest.mark.parametrize(("text", "allowed"), RULES.values(), ids=RULES)
async def test_the_rules_for_us_or_for_all_are_obeyed(text: bytes, *, allowed: bool) -> None:
    assert await Robots(Site(text)).allowed(PAGE) is allowed


FAILURES: dict[str, tuple[FetchFailure, bool]] = {
    "there is none": (FetchFailure("status", "", 404), True),
    "gone": (FetchFailure("status", "", 410), True),
    "forbidden": (FetchFailure("status", "", 403), True),
    "empty": (FetchFailure("not-a-feed", "", 200), True),
    "redirects without end": (FetchFailure("redirects", ""), True),
    "too many requests": (FetchFailure("status", "", 429), False),
    "the server is broken": (FetchFailure("status", "", 503), False),
    "no answer": (FetchFailure("timeout", ""), False),
    "no name": (FetchFailure("dns", ""), False),
    "no certificate": (FetchFailure("tls", ""), False),
    "left out": (FetchFailure("refused", ""), False),
    "beyond all size": (FetchFailure("too-large", ""), False),
}


@pytest.mark.parametrize(("failure", "allowed"), FAILURES.values(), ids=FAILURES)
async def test_a_file_that_is_not_there_allows_and_a_server_that_fails_does_not(
    failure: FetchFailure, *, allowed: bool
) -> None:
    assert await Robots(Site(failure)).allowed(PAGE) is allowed


ADDRESSES = {
    "a path": ("https://a.example/x", "https://a.example/robots.txt"),
    "a port": ("http://a.example:8080/x", "http://a.example:8080/robots.txt"),
    "a password": ("https://u:p@A.example/x", "https://a.example/robots.txt"),
}


@pytest.mark.parametrize(("url", "asked"), ADDRESSES.values(), ids=ADDRESSES)
async def test_each_site_is_asked_for_its_own(url: str, asked: str) -> None:
    site = Site(b"")
    await Robots(site).allowed(url)
    assert site.asked == [asked]


@pytest.mark.parametrize("url", ["", "ftp://a.example/", "mailto:a@b.example", "https://[", "/x"])
async def test_what_is_no_web_address_is_not_allowed(url: str) -> None:
    site = Site(b"")
    assert not await Robots(site).allowed(url)
    assert site.asked == []


async def test_a_site_is_asked_once_a_day() -> None:
    site, clock = Site(b"User-agent: *\nDisallow: /x\n"), Clock()
    robots = Robots(site, clock)
    await asyncio.gather(*(robots.allowed(PAGE) for _ in range(5)))
    clock.now += 24 * 3600 - 1
    await robots.allowed(PAGE)
    assert len(site.asked) == 1
    clock.now += 1
    await robots.allowed(PAGE)
    assert len(site.asked) == 2


async def test_a_site_that_failed_is_asked_again_after_an_hour() -> None:
    site, clock = Site(FetchFailure("timeout", "")), Clock()
    robots = Robots(site, clock)
    assert not await robots.allowed(PAGE)
    site.answer = b""
    clock.now += 3599
    assert not await robots.allowed(PAGE)
    clock.now += 1
    assert await robots.allowed(PAGE)


async def test_the_oldest_sites_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HOSTS", 3)
    site = Site(b"")
    robots = Robots(site)
    for number in (1, 2, 3, 4, 4, 1):
        await robots.allowed(f"https://{number}.example/")
    assert [url[8] for url in site.asked] == ["1", "2", "3", "4", "1"]


async def test_many_rules_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEXT", 5000)
    robots = Robots(Site(b"User-agent: *\n" + b"Disallow: /x\n" * 100))
    for number in range(50):
        await robots.allowed(f"https://{number}.example/")
    assert len(robots._known) < 5


HOSTILE = {
    "programs by rules": b"".join(b"User-agent: a%d\n" % n for n in range(16_000))
    + b"Disallow: /\n" * 20_000,
    "wildcards": b"User-agent: *\n" + b"Disallow: /" + b"*a" * 100_000 + b"$\n",
    "many wildcards": b"User-agent: *\n" + (b"Disallow: /" + b"*1" * 20 + b"x$\n") * 9_000,
    "one line": b"User-agent: *" * 38_000,
    "percent signs": b"User-agent: *\nDisallow: " + b"%" * 480_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_file_costs_little(text: bytes) -> None:
    robots = Robots(Site(text))
    tracemalloc.start()
    start = time.process_time()
    try:
        await robots.allowed(PAGE + "a" * 1900)
        await robots.allowed(PAGE + "a" * 1900)
        assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 5


async def test_only_the_beginning_of_a_long_file_is_read() -> None:
    long = b"User-agent: *\n" + b"# x\n" * 130_000 + b"Disallow: /\n"
    assert await Robots(Site(long)).allowed(PAGE)
