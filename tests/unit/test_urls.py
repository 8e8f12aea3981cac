"""One article has one address; different articles keep theirs; what is sent tells no tales."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.urls import canonical, host, is_local_name, resolve, without_trackers

BASE = "https://news.example/iran/story-1"
_ODD = "htps:/.?&=#%[]@a0wm-_;,+1é\ud800 \x00\n~*"
strings = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=_ODD, max_size=50).map("https://".__add__),
    st.text(alphabet=_ODD, max_size=50).map("http://www.news.example/".__add__),
    st.text(alphabet="/amp.printhtmlindexobi?&=_cutm", max_size=50).map(
        "http://m.a.example".__add__
    ),
)

ONE = {
    "scheme": "http://news.example/iran/story-1",
    "www": "https://www.news.example/iran/story-1",
    "upper-case host": "https://NEWS.Example/iran/story-1",
    "trailing dot": "https://news.example./iran/story-1",
    "default port": "https://news.example:443/iran/story-1",
    "default port of http": "http://news.example:80/iran/story-1",
    "slash": "https://news.example/iran/story-1/",
    "double slash": "https://news.example//iran/story-1",
    "fragment": BASE + "#comments",
    "campaign": BASE + "?utm_source=rss&utm_medium=feed&utm_campaign=x",
    "click ids": BASE + "?fbclid=abc&gclid=def",
    "mail campaign": BASE + "?mc_cid=1&mc_eid=2",
    "BBC at_": BASE + "?at_medium=RSS&at_campaign=KARANGA",
    "referrer": BASE + "?ref=homepage",
    "AMP path": BASE + "/amp/",
    "AMP at the head": "https://news.example/amp/iran/story-1",
    "AMP host": "https://amp.news.example/iran/story-1",
    "AMP parameter": BASE + "?amp=1",
    "AMP output": BASE + "?outputType=amp",
    "mobile host": "https://m.news.example/iran/story-1",
    "mobile and www": "https://www.m.news.example/iran/story-1",
    "print path": BASE + "/print",
    "print parameter": BASE + "?print=1",
    "index page": BASE + "/index.html",
    "white space": f"  {BASE}\n",
    "empty query": BASE + "?",
}


@pytest.mark.parametrize("url", ONE.values(), ids=ONE)
def test_forms_of_one_address_are_one(url: str) -> None:
    assert canonical(url) == canonical(BASE)


PAIRS = {
    "order of parameters": ("https://a.example/?b=2&a=1", "https://a.example/?a=1&b=2"),
    "percent case": ("https://a.example/%d8%a7", "https://a.example/%D8%A7"),
    "percent and letters": ("https://a.example/%D8%A7", "https://a.example/ا"),
    "AMP file": ("https://a.example/x.amp.html", "https://a.example/x.html"),
    "international host": ("https://xn--bcher-kva.example/a", "https://bücher.example/a"),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_spellings_of_one_address_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


TWO = {
    "path": ("https://a.example/story-1", "https://a.example/story-2"),
    "case of the path": ("https://a.example/Abc", "https://a.example/abc"),
    "number": ("https://a.example/?id=1", "https://a.example/?id=2"),
    "WordPress number": ("https://a.example/?p=12", "https://a.example/?p=13"),
    "page": ("https://a.example/a?page=1", "https://a.example/a?page=2"),
    "host": ("https://a.example/x", "https://b.example/x"),
    "language host": ("https://fa.a.example/x", "https://en.a.example/x"),
    "language path": ("https://a.example/fa/x", "https://a.example/en/x"),
    "port": ("https://a.example:8443/x", "https://a.example/x"),
    "a word that begins with amp": ("https://a.example/amplified", "https://a.example/lified"),
    "a story called print": ("https://a.example/print-run", "https://a.example/run"),
    "site m": ("https://m.example/x", "https://example.example/x"),
}


@pytest.mark.parametrize(("one", "other"), TWO.values(), ids=TWO)
def test_different_articles_keep_different_addresses(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(strings)
def test_canonical_never_raises_and_twice_is_once(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once


@given(strings)
def test_no_helper_raises_on_any_text(url: str) -> None:
    host(url)
    without_trackers(url)
    is_local_name(url)
    resolve(url, BASE)


@given(strings)
def test_a_resolved_link_can_be_stored(url: str) -> None:
    resolved = resolve(url, BASE)
    if resolved is not None:
        assert resolved.encode()
        assert "\0" not in resolved


LINKS: dict[str, tuple[str, str | None]] = {
    "absolute": ("https://b.example/x", "https://b.example/x"),
    "relative": ("story-2", "https://news.example/iran/story-2"),
    "rooted": ("/x?a=1", "https://news.example/x?a=1"),
    "scheme-relative": ("//b.example/x", "https://b.example/x"),
    "white space": (" /x\n", "https://news.example/x"),
    "mail": ("mailto:a@b.example", None),
    "script": ("javascript:alert(1)", None),
    "file": ("file:///etc/passwd", None),
    "no host": ("http:///x", None),
    "bad port": ("http://a.example:x/", None),
    "bad bracket": ("http://[::1", None),
    "too long": ("/" + "x" * 3000, None),
}


@pytest.mark.parametrize(("link", "url"), LINKS.values(), ids=LINKS)
def test_links_resolve_to_web_addresses_or_nothing(link: str, url: str | None) -> None:
    assert resolve(link, BASE) == url


SENT = {
    "nothing to take": ("https://a.example/x?id=1&b=%20c", "https://a.example/x?id=1&b=%20c"),
    "trackers": ("https://a.example/x?utm_source=t&id=1&fbclid=9", "https://a.example/x?id=1"),
    "only trackers": ("https://a.example/x?utm_source=t", "https://a.example/x"),
    "order and www stay": ("http://www.a.example/x/?b=2&a=1", "http://www.a.example/x/?b=2&a=1"),
    "fragment": ("https://a.example/x#part", "https://a.example/x"),
    "upper case": ("https://a.example/x?UTM_Source=t&a", "https://a.example/x?a"),
}


@pytest.mark.parametrize(("printed", "sent"), SENT.values(), ids=SENT)
def test_links_lose_trackers_and_keep_the_rest_as_printed(printed: str, sent: str) -> None:
    assert without_trackers(printed) == sent


LOCAL = {
    "localhost": True, "LOCALHOST.": True, "a.localhost": True, "printer": True, "nas.local": True,
    "db.internal": True, "router.lan": True, "x.home.arpa": True, "127.0.0.1": True,
    "10.1.2.3": True, "192.168.0.1": True, "169.254.169.254": True, "0.0.0.0": True, "127.1": True,
    "0x7f.0.0.1": True, "0177.0.0.1": True, "2130706433": True, "[::1]": True, "::1": True,
    "fe80::1": True, "fd00::1": True, "::ffff:10.0.0.1": True, "64:ff9b::a00:1": True,
    "2002:7f00:1::": True, "": True,
    "news.example": False, "localhost.example": False, "8.8.8.8": False, "local.example": False,
    "2606:4700::1111": False, "xn--bcher-kva.example": False, "1988.example": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "local"), LOCAL.items(), ids=[n or "empty" for n in LOCAL])
def test_local_names_are_told_from_public_ones(name: str, *, local: bool) -> None:
    assert is_local_name(name) is local


HOSTS = {
    "https://News.Example:8443/x": "news.example",
    "https://user:pass@a.example/": "a.example",
    "https://bücher.example/": "xn--bcher-kva.example",
    "https://[2001:db8::1]:80/": "2001:db8::1",
    "a.example/x": "",
    "http://[": "",
}


@pytest.mark.parametrize(("url", "name"), HOSTS.items())
def test_host_is_lower_case_and_ascii(url: str, name: str) -> None:
    assert host(url) == name


_PLAIN_PATHS = st.text("abXY01-_~./", max_size=14).map(lambda path: "/" + path)


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["www.example.org", "M.News.example", "amp.x-y.example", "a.b.c.example"]),
    _PLAIN_PATHS,
    st.sampled_from(["", "/amp", "/index.html", "/print/", ".amp.html", "//", "/.."]),
)
def test_the_short_way_for_plain_addresses_is_the_long_one(
    scheme: str, name: str, path: str, end: str
) -> None:
    address = f"{scheme}://{name}{path}{end}"
    with_query = canonical(f"{address}?utm_source=feed")  # the query sends it the long way
    assert canonical(address) == with_query
