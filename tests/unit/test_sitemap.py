"""News sitemaps are feeds; other sitemaps say what they are."""

from __future__ import annotations

import pytest

from watchers.errors import FeedUnreadable
from watchers.parse import parse

HEAD = (
    '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
)
URL = (
    "<url><loc>https://paper.example/{0}</loc><news:news><news:publication><news:name>P</news:name>"
    "</news:publication><news:title>T {0}</news:title></news:news></url>"
)
BOMB = '<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
INDEX = (
    '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    "<sitemap><loc>https://p.example/news.xml</loc></sitemap></sitemapindex>"
)
UNREADABLE = {
    "plain": (HEAD + "<url><loc>https://p.example/</loc></url></urlset>", "not-a-feed", "titles"),
    "index": (INDEX, "not-a-feed", "https://p.example/news.xml"),
    "broken": (HEAD + "<url><<", "malformed", "broken"),
    "declares a document type": (HEAD.replace("?><", f"?>{BOMB}<"), "malformed", "declaration"),
    "deep": (HEAD + "<a>" * 100_000, "malformed", "deeply"),
    "nothing in it, broken": ("<urlset", "malformed", "read"),
}


@pytest.mark.parametrize(("text", "kind", "word"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_sitemap_without_news_says_what_it_is(text: str, kind: str, word: str) -> None:
    with pytest.raises(FeedUnreadable) as caught:
        parse(text.encode(), "application/xml", "https://p.example/sitemap.xml")
    assert caught.value.kind == kind
    assert word in caught.value.message


def test_a_news_sitemap_without_news_today_is_an_empty_feed() -> None:
    assert parse(f"{HEAD}</urlset>".encode()).entries == ()


def test_more_articles_than_are_read_are_left_out() -> None:
    body = HEAD + "".join(URL.format(n) for n in range(2_100)) + "</urlset>"
    found = parse(body.encode())
    assert [entry.title for entry in found.entries[:2]] == ["T 0", "T 1"]
    assert (len(found.entries), found.whole) == (2_000, False)


def test_prefixes_and_missing_namespaces_are_read() -> None:
    body = (
        '<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><s:url><s:loc>https://p.example/1'
        "</s:loc><n:news><n:title>One</n:title></n:news></s:url></s:urlset>"
    )
    assert parse(body.encode()).entries[0].title == "One"
