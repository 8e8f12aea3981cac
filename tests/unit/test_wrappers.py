"""An aggregator's link gives up the article's address that it carries, and no other."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers import urls
from watchers.wrappers import is_aggregator, unwrap

PAGE = "https://paper.example/a?x=1&y=2"
CODED = quote(PAGE, safe="")
FACEBOOK = f"https://l.facebook.com/l.php?u={CODED}&h=x"


def google_news(*texts: str) -> str:
    """A link of Google News: a protobuf message of a number and texts, in base64."""
    message = b"\x08\x13"
    for tag, text in zip((b"\x22", b"\xd2\x01"), texts, strict=False):
        data = text.encode()
        message += tag + bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data
    code = base64.urlsafe_b64encode(message).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{code}?oc=5"


CARRIED = {
    "Google News, old": (google_news(PAGE), PAGE),
    "Google News, with AMP": (google_news(PAGE, "https://amp.paper.example/a"), PAGE),
    "Google News, another path": (google_news(PAGE).replace("/rss/", "/__i/rss/rd/"), PAGE),
    "Google Alerts": (f"https://www.google.com/url?rct=j&sa=t&url={CODED}&ct=ga&usg=x", PAGE),
    "Google, q": (f"https://www.google.co.uk/url?q={CODED}&sa=U", PAGE),
    "Bing News": (f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&url={CODED}&c=1", PAGE),
    "Facebook": (FACEBOOK, PAGE),
    "AMP cache": ("https://paper-example.cdn.ampproject.org/c/s/paper.example/a?x=1&y=2", PAGE),
    "AMP, plain": ("https://cdn.ampproject.org/v/paper.example/a", "http://paper.example/a"),
    "Google AMP": ("https://www.google.com/amp/s/paper.example/a?x=1&y=2", PAGE),
    "Bing AMP": ("https://paper-example.bing-amp.com/c/s/paper.example/a", PAGE.partition("?")[0]),
    "Yahoo": (f"https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU={CODED}/RK=2/RS=x", PAGE),
    "a wrapper in a wrapper": (f"https://www.google.com/url?q={quote(FACEBOOK, safe='')}", PAGE),
    "the first of two": (f"https://www.google.com/url?url={CODED}&url=https://b.example/", PAGE),
}  # fmt: skip
BARE = {
    "an article": PAGE,
    "Google News, new": google_news("AU_yqLNexampleexampleexampleexample"),
    "Google News, no base64": "https://news.google.com/rss/articles/CBMi-_-_-_-_-_-_-_-_-_-_-_-?oc=5",
    "a search": "https://www.google.com/search?q=https://paper.example/",
    "another host": f"https://www.google.com.evil.example/search?url={CODED}",
    "another scheme": "https://www.google.com/url?url=javascript:alert(1)",
    "a relative address": "https://www.google.com/url?url=/search",
    "an address of our own network": "https://www.google.com/url?url=http://127.0.0.1/x",
    "a name of our own network": "https://www.google.com/url?url=http://db.internal/x",
    "too long": f"https://www.google.com/url?url={CODED}" + "x" * 9_000,
    "feedburner without it": "http://feedproxy.google.com/~r/Notes/~3/AbCd/",
    "nothing": "",
    "no address": "http://[",
}


@pytest.mark.parametrize(("link", "page"), CARRIED.values(), ids=CARRIED)
def test_a_carried_address_is_found(link: str, page: str) -> None:
    assert unwrap(link) == page


@pytest.mark.parametrize("link", BARE.values(), ids=BARE)
def test_a_link_that_carries_none_gives_none(link: str) -> None:
    assert unwrap(link) is None


def test_wrappers_are_opened_three_deep() -> None:
    link = PAGE
    for _ in range(4):
        link = f"https://www.google.com/url?url={quote(link, safe='')}"
    inner = unwrap(link)
    assert inner is not None
    assert unwrap(inner) == PAGE


def test_aggregators_are_known_by_their_hosts() -> None:
    assert is_aggregator("https://news.google.com/rss/articles/x")
    assert is_aggregator("https://www.bing.com/news/apiclick.aspx")
    assert not is_aggregator("https://news.google.com.evil.example/")
    assert not is_aggregator(PAGE)


_hosts = st.sampled_from(
    ["news.google.com/rss/articles/", "www.google.com/url?url=", "www.google.com/amp/s/",
     "a.cdn.ampproject.org/c/s/", "l.facebook.com/l.php?u=", "r.search.yahoo.com/RU="]
)  # fmt: skip


@given(
    _hosts,
    st.text(max_size=80)
    | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()),
)
def test_whatever_a_link_carries_comes_out_as_a_public_web_address_or_not_at_all(
    host: str, rest: str
) -> None:
    found = unwrap(f"https://{host}{rest}")
    if found is not None:
        assert found.startswith(("http://", "https://"))
        assert len(found) <= urls.MAX_URL
        assert not urls.is_local_name(urls.host(found))


@given(st.text(max_size=200))
def test_any_text_is_a_link_without_surprises(text: str) -> None:
    assert unwrap(text) is None or urls.host(str(unwrap(text)))
