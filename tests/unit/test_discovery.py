"""Where a page's feeds are: what is read from pages, what is asked for, and how much that costs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers import discovery
from watchers.discovery import (
    ENOUGH,
    MAX_LINKS,
    MAX_USUAL,
    Asked,
    Candidate,
    Check,
    Search,
    feed_links,
    has_links,
    usual_places,
)
from watchers.errors import FeedUrlInvalid
from watchers.feed_addresses import feed_ref, feed_url, telegram_preview
from watchers.model import Fetched, FetchFailure

PAGE = "https://news.example/fa/"
NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
RSS = 'rel="alternate" type="application/rss+xml"'


def links(html: str | bytes, url: str = PAGE, content_type: str = "text/html") -> list[str]:
    data = html.encode() if isinstance(html, str) else html
    return [found.url for found in feed_links(data, content_type, url)]


# ---------------------------------------------------------------- what a page links to

FOUND = {
    "rss": (f'<link {RSS} href="/feed/">', "https://news.example/feed/"),
    "atom": ("<link rel=alternate type=application/atom+xml href=a>", PAGE + "a"),
    "json-feed": ('<link rel="alternate" type="application/feed+json" href="j">', PAGE + "j"),
    "capitals": ('<LINK REL="ALTERNATE" TYPE="Application/RSS+XML" HREF="/F">',
                 "https://news.example/F"),
    "type-with-charset": ('<link rel=alternate type="application/rss+xml; charset=utf-8" href=/f>',
                          "https://news.example/f"),
    "rel-of-several": ('<link rel="home alternate" type="text/rss+xml" href="/f">',
                       "https://news.example/f"),
    "xml-that-says-feed": ('<link rel="alternate" type="text/xml" href="/rss.xml">',
                           "https://news.example/rss.xml"),
    "other-host": (f'<link {RSS} href="//feeds.example/x">', "https://feeds.example/x"),
    "entities": (f'<link {RSS} href="/f?a=1&amp;b=2">', "https://news.example/f?a=1&b=2"),
    "greater-in-quotes": (f'<link title="a > b" {RSS} href="/f">', "https://news.example/f"),
    "across-lines": (f'<link\n{RSS}\n\thref="/f"\n/>', "https://news.example/f"),
    "base": (f'<base href="https://other.example/b/"><link {RSS} href="f">',
             "https://other.example/b/f"),
    "fragment": (f'<link {RSS} href="/f#top">', "https://news.example/f"),
    "anchor-path": ('<a href="/news/feed/">all</a>', "https://news.example/news/feed/"),
    "anchor-file": ('<a href="/world.rss">x</a>', "https://news.example/world.rss"),
    "anchor-query": ('<a href="/?feed=rss2">x</a>', "https://news.example/?feed=rss2"),
    "anchor-text": ('<a href="/syndication/12">RSS</a>', "https://news.example/syndication/12"),
    "anchor-type": ('<a type="application/rss+xml" href="/s/1"></a>', "https://news.example/s/1"),
    "after-a-script": (f'<script>if (a<b) "<link"</script><link {RSS} href="/f">',
                       "https://news.example/f"),
    "after-an-odd-quote": (f"<a href=/x>it's</a><p class=don't><link {RSS} href='/f'>",
                           "https://news.example/f"),
}  # fmt: skip
NOT_FOUND = {
    "stylesheet": '<link rel="stylesheet" type="text/css" href="/feed/">',
    "other-language": '<link rel="alternate" hreflang="en" href="/en/">',
    "oembed": '<link rel="alternate" type="application/json+oembed" href="/oembed">',
    "wp-json": '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">',
    "in-a-comment": f'<!-- <link {RSS} href="/f"> -->',
    "in-a-script": f"<script>'<link {RSS} href=\"/f\">'</script>",
    "no-address": f"<link {RSS}>",
    "mail": '<a href="mailto:rss@news.example">rss</a>',
    "script-address": f'<link {RSS} href="javascript:feed()">',
    "feedback": '<a href="/feedback">tell us</a>',
    "an-article": '<a href="/2026/11/atomic-energy">Atomic energy</a>',
    "an-article-on-rss": '<a href="/2026/11/x">Why RSS is back, and what it means for you</a>',
    "a-picture": '<a href="/rss.png">x</a>',
    "the-page-itself": f'<link {RSS} href="{PAGE}">',
    "a-tag-too-long": f'<link {RSS} title="{"x" * 3_000}" href="/f">',
}


@pytest.mark.parametrize("case", FOUND)
def test_feed_that_a_page_links_to_is_found(case: str) -> None:
    html, address = FOUND[case]
    assert links(f"<html><head>{html}</head><body>") == [address]


@pytest.mark.parametrize("case", NOT_FOUND)
def test_link_to_something_else_is_not_taken_for_a_feed(case: str) -> None:
    assert links(f"<html><head>{NOT_FOUND[case]}</head><body>") == []


def test_declared_feeds_come_first_and_comments_last() -> None:
    html = (
        '<a href="/all.rss">x</a>'
        f'<link {RSS} title="News » Comments Feed" href="/c/feed/">'
        f'<link {RSS} title="News » Feed" href="/feed/">'
        '<a href="/comments/feed/">x</a>'
    )
    paths = ["/feed/", "/all.rss", "/c/feed/", "/comments/feed/"]
    assert links(html) == [f"https://news.example{path}" for path in paths]


def test_an_address_is_listed_once_and_a_declaration_outweighs_a_link() -> None:
    html = f'<a href="/feed/">Our RSS</a><link {RSS} title="News" href="/feed/">'
    assert feed_links(html.encode(), "", PAGE) == (
        Candidate("https://news.example/feed/", "News", is_declared=True),
    )


def test_candidates_are_bounded() -> None:
    html = "".join(f'<link {RSS} href="/feed/{n}">' for n in range(50))
    assert links(html) == [f"https://news.example/feed/{n}" for n in range(MAX_LINKS)]


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [("text/html; charset=windows-1256", "windows-1256"), ("text/html", "utf-8"),
     ("text/html; charset=klingon", "utf-8"), ("text/html; charset=hex", "utf-8")],
)  # fmt: skip
def test_title_is_read_in_the_charset_of_the_page(content_type: str, codec: str) -> None:
    html = f'<link {RSS} title="خبر" href="/f">'.encode(codec)
    (found,) = feed_links(html, content_type, PAGE)
    assert found.title == "خبر"


def test_title_is_one_clean_line() -> None:
    (found,) = feed_links(f'<link {RSS} title="a\u202e\n b" href="/f">'.encode(), "", PAGE)
    assert found.title == "a b"


HOSTILE = {
    "nested": "<div>", "misnested": "<b><p>", "links": "<a>", "hints": "<a rss>",
    "quotes": "<a ''''''''", "open-quotes": "<a ='", "open-tags": "<a ", "scripts":
    "<script></script>", "open-scripts": "<script>", "comments": "<!-- -->", "open-comments":
    "<!--", "many-attributes": "<a rss " + " ".join(f"a{n}" for n in range(380)) + ">",
    "entities": '<link rel=alternate href="' + "&amp;" * 300 + '/feed">',
    "feeds": f"<link {RSS} href=/feed>", "nul": "\0", "brackets": "<", "text": "rss ",
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_page_costs_little(case: str) -> None:
    piece = HOSTILE[case].encode()
    began = time.process_time()
    feed_links(piece * (3_000_000 // len(piece)), "", PAGE)
    # 0.4 s at most were measured; a tree of such a page costs a minute or more.
    assert time.process_time() - began < 5


@given(st.lists(st.sampled_from(
    ["<link ", "<a ", "<base ", "href=", "rel=alternate ", "type=application/rss+xml ", '"', "'",
     ">", "/feed", "<!--", "-->", "<script>", "</script>", " ", "\0", "http://[", "ü"]
), max_size=30).map("".join) | st.text(max_size=50))  # fmt: skip
def test_any_page_is_read(html: str) -> None:
    data = html.encode("utf-8", "surrogatepass")
    assert all(url.startswith(("http://", "https://")) for url in links(data))
    has_links(data)


# ---------------------------------------------------------------- where feeds usually are


def test_usual_places_are_below_the_page_and_at_the_root() -> None:
    places = usual_places("https://news.example/fa/iran?x=1")
    assert places[:2] == ("https://news.example/fa/iran/feed/", "https://news.example/feed/")
    assert len(places) == MAX_USUAL


def test_usual_places_of_a_site_hold_every_format() -> None:
    places = usual_places("https://news.example")
    for path in ("feed/", "rss.xml", "atom.xml", "feed.json", "sitemap-news.xml"):
        assert f"https://news.example/{path}" in places


def test_usual_places_do_not_hold_the_page_itself() -> None:
    assert "https://news.example/feed/" not in usual_places("https://news.example/feed/")


# ---------------------------------------------------------------- asking


class Site:
    """Addresses that are feeds, by the articles they list; others are not found."""

    def __init__(self, feeds: dict[str, str], wait: float = 0) -> None:
        self.feeds = feeds
        self.asked: list[str] = []
        self._wait = wait

    async def ask(self, url: str, now: datetime) -> Asked:
        self.asked.append(url)
        await asyncio.sleep(self._wait)
        if url not in self.feeds:
            return Asked(Check(url, FetchFailure("status", "the server answered 404", 404)))
        articles = frozenset(word.encode() for word in self.feeds[url].split())
        check = Check(url, title=f"Feed {url}", entries=len(articles), newest=now)
        return Asked(check, Fetched(url, 200, {}), articles)


async def search(site: Site, *declared: str) -> tuple[list[str], int]:
    made = Search(site.ask, NOW)
    await made.run([Candidate(url, is_declared=True) for url in declared], "https://n.example/")
    return [check.url for check in made.found()], made.tried


async def test_every_candidate_is_asked_for_once_and_kept_in_order() -> None:
    site = Site({"https://n.example/a": "1", "https://n.example/b": "2"})
    found, tried = await search(site, "https://n.example/b", "https://n.example/x",
                                "https://n.example/a")  # fmt: skip
    assert (found, tried) == (["https://n.example/b", "https://n.example/a"], 3)
    assert len(site.asked) == 3


async def test_the_same_articles_in_another_format_are_one_feed() -> None:
    site = Site({"https://n.example/rss": "1 2", "https://n.example/atom": "2 1"})
    assert (await search(site, "https://n.example/rss", "https://n.example/atom"))[0] == [
        "https://n.example/rss"
    ]


async def test_usual_places_are_tried_only_if_links_lead_nowhere() -> None:
    site = Site({"https://n.example/rss.xml": "1"})
    assert (await search(site, "https://n.example/gone"))[0] == ["https://n.example/rss.xml"]
    assert len(site.asked) == 1 + MAX_USUAL


async def test_usual_places_are_asked_for_until_enough_is_found() -> None:
    site = Site({place: place for place in usual_places("https://n.example/")})
    found, tried = await search(site)
    assert (len(found), tried) == (ENOUGH, ENOUGH)


async def test_what_was_found_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "LOOKING", 0.05)
    assert await search(Site({"https://n.example/a": "1"}, wait=60), "https://n.example/a") == (
        [],
        1,
    )


# ---------------------------------------------------------------- addresses as people give them

MEANT = {
    "https://news.example/feed": "https://news.example/feed",
    "  <https://news.example/feed>  ": "https://news.example/feed",
    "feed://news.example/x": "https://news.example/x",
    "feed:https://news.example/x": "https://news.example/x",
    "https://news.example/feed#top": "https://news.example/feed",
    "@some_channel": "https://t.me/s/some_channel",
    "t.me/some_channel": "https://t.me/s/some_channel",
    "https://t.me/some_channel": "https://t.me/s/some_channel",
    "https://t.me/s/some_channel": "https://t.me/s/some_channel",
    "http://telegram.me/some_channel/123?single": "https://t.me/s/some_channel",
}
NOT_MEANT = {
    "": "No address was given",
    "news": "must begin with https://",
    "news.example/feed": "Try https://news.example/feed",
    "ftp://news.example/": "must begin with https://",
    "javascript:alert(1)": "must begin with https://",
    "https://": "cannot be read",
    "https://news.example/a b": "cannot be read",
    "https://[::1/": "cannot be read",
    "https://news.example:port/": "cannot be read",
    "https://me:secret@news.example/": "password",
    "@abc": "no Telegram channel",
    "@نام": "no Telegram channel",
    "https://t.me/": "no Telegram channel",
    "https://t.me/+AbCdEf": "private chat",
    "https://t.me/joinchat/AbCdEf": "private chat",
    "https://t.me/c/1234/5": "private chat",
}


@pytest.mark.parametrize("text", MEANT)
def test_address_is_mended_where_it_is_plain_what_is_meant(text: str) -> None:
    assert feed_url(text) == MEANT[text]


@pytest.mark.parametrize("text", NOT_MEANT)
def test_address_that_cannot_be_used_is_told_with_what_to_try(text: str) -> None:
    with pytest.raises(FeedUrlInvalid) as caught:
        feed_url(text)
    assert NOT_MEANT[text] in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "ref"),
    [("12", "12"), (" #12", "12"), ("۱۲", "12"), ("१२", "12"), ("٠٧", "7"), ("0", "0"),
     ("@some_channel", "https://t.me/s/some_channel"),
     ("https://news.example/x", "https://news.example/x"), ("²", "²")],
)  # fmt: skip
def test_watched_feed_is_named_by_number_or_address(text: str, ref: str) -> None:
    assert feed_ref(text) == ref


@given(st.text(max_size=60) | st.text(max_size=40).map("https://t.me/".__add__))
def test_any_text_is_an_address_or_told(text: str) -> None:
    for read in (feed_url, feed_ref, telegram_preview):
        with contextlib.suppress(FeedUrlInvalid):
            assert isinstance(read(text), str | None)
