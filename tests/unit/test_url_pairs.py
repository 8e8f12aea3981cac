"""Tables of addresses of one article and of two: joined, kept apart, sent as they lead."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.effort import part
from tests.unit.url_pairs import DIFFERENT, SAME
from watchers.urls import MAX_URL, canonical, without_trackers

PRINTED = [url for pair in (*SAME.values(), *DIFFERENT.values()) for url in pair]


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_addresses_of_one_article_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_addresses_of_two_articles_stay_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_links_that_are_sent_lead_to_their_own_article(one: str, other: str) -> None:
    assert canonical(without_trackers(one)) == canonical(one)
    assert canonical(without_trackers(other)) == canonical(other)


@pytest.mark.parametrize("url", sorted(set(PRINTED)), ids=ascii)
def test_the_canonical_form_is_canonical(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert once.startswith("https://")
    assert once.isascii()


_PIECES = st.sampled_from(
    [
        "amp", "print", "mobile", "index.html", "index.php", ".amp", ".amp.html", ".print.html",
        "a-48213", "48213", "2026", "07", "iran", "..", ".", "%2e%2E", "%25", "%2F", "%252F",
        "%25D8%25A7", "%D8%A7", "ا", "%", "%3B", ";jsessionid=1", ";x", "%00", "+", " ", "m", "s",
        "watch", "status", "77",
    ]
)  # fmt: skip
_PAIRS = st.tuples(
    st.sampled_from(
        ["utm_source", "view", "ref", "print", "id", "p", "sid", "amp", "amp;id", "m", "t", "v",
         "source", "", "%25", "%26", "a%3D", "list", "mode", "ا"]
    ),
    st.sampled_from(
        ["", "1", "77", "12345", "rss", "full", "print", "a-b", "%FF", "%C7%ED", "a+b", "=", "%3D",
         "#", "&", "%26", "0123456789abcdef0123456789abcdef", "a1B2c3D4e5F", "ا"]
    ),
)  # fmt: skip
_SITES = st.sampled_from(
    ["news.example", "www.M.amp.news.example", "m.co.uk", "fa.m.wiki.example", "youtu.be",
     "www.youtube.com", "telegram.me", "t.me", "twitter.com", "a.blogspot.co.uk", "[::1]",
     "خانه\u200cها.example", "u:p@news.example.:80", "news.example:8443", "mbasic.facebook.com"]
)  # fmt: skip
_FRAGMENTS = st.sampled_from(["", "#", "#a", "#!/a/5", "#/2026/%", "#!", "#/a?utm_source=x&id=5"])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Addresses made of what the rules look at, in any order."""
    path = draw(st.lists(st.lists(_PIECES, min_size=1, max_size=3).map("".join), max_size=5))
    query = draw(st.lists(_PAIRS, max_size=4))
    scheme = draw(st.sampled_from(["http", "https", "HTTP"]))
    slashes = draw(st.sampled_from(["/", "//"]))
    address = f"{scheme}://{draw(_SITES)}/{slashes.join(path)}"
    if query:
        address += "?" + "&".join(f"{name}={value}" for name, value in query)
    return address + draw(_FRAGMENTS)


@given(addresses())
@settings(max_examples=part(3_000), deadline=None)
@example("http://news.example/%25%44%38")
@example("http://news.example/%%341/%2525D8")
@example("http://news.example/a%3Bjsessionid=1")
def test_hostile_addresses_have_one_form(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert canonical(f"  {url}\n") == once


@given(addresses().map(lambda url: url.replace(" ", "")))  # `resolve` takes what stands around
@settings(max_examples=part(500, 4), deadline=None)
def test_what_is_sent_is_the_same_article(url: str) -> None:
    assert canonical(without_trackers(url)) == canonical(url)


_PLAIN_QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["id", "view", "ref", "p", "utm_source", "print", "a.b", "sid", "q"]),
        st.sampled_from(["", "1", "77", "12345", "rss", "full", "a-b", "A=b", "1988_x~y"]),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))


@given(
    st.sampled_from(["/", "/story.php", "/news", "/a-48213", "/print/48213", "/amp/x/index.html"]),
    _PLAIN_QUERIES,
    st.sampled_from(["", "#", "#comments"]),
)
@settings(max_examples=part(500, 4), deadline=None)
def test_the_short_way_is_the_long_one(path: str, query: str, fragment: str) -> None:
    plain = f"https://news.example{path}?{query}{fragment}"
    assert canonical(plain) == canonical(f" {plain}")  # white space sends it the long way


@pytest.mark.parametrize(
    "piece", ["/amp", "/print", "/a;jsessionid=1", "%25", "/..", "m.", "?a=1&", "#!/", "%25D8"]
)
def test_a_hostile_address_costs_no_time(piece: str) -> None:
    url = "https://" + ("" if piece == "m." else "news.example/")
    url = (url + piece * MAX_URL)[: 4 * MAX_URL]
    start = time.perf_counter()
    canonical(url)
    assert time.perf_counter() - start < 1
