"""An address is labelled by the longest host and path that the table knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from watchers.errors import OutletsInvalid
from watchers.feedlist import parse_feed_list
from watchers.outlets import OUTLET_KINDS, Outlet, OutletTable, parse_outlets

TABLE = """
[[outlet]]
id = "paper"
name = "The Paper"
kind = "world-media"
at = ["www.paper.example", "paper.example.org"]

[[outlet]]
id = "paper-persian"
name = "The Paper in Persian"
kind = "persian-media"
family = "paper.example"
language = "fa"
at = ["paper.example/persian/", "paper.example/persian/live"]

[[outlet]]
id = "paper-blogs"
name = "The Paper's blogs"
kind = "advocacy"
at = ["blogs.paper.example/party"]
"""


@pytest.fixture(scope="module")
def shipped() -> OutletTable:
    return parse_outlets(config.shipped_outlets(), "outlets.toml")


def named(url: str) -> str | None:
    outlet = parse_outlets(TABLE, "table.toml").of(url)
    return outlet.id if outlet else None


@pytest.mark.parametrize(
    ("url", "outlet"),
    [
        pytest.param("https://paper.example/1", "paper", id="host"),
        pytest.param("http://WWW.Paper.Example:8080/1?a#b", "paper", id="case, www, port"),
        pytest.param("https://m.news.paper.example/", "paper", id="subdomain"),
        pytest.param("https://paper.example.org", "paper", id="second host, no path"),
        pytest.param("https://www.paper.example/persian", "paper-persian", id="path itself"),
        pytest.param("https://paper.example/persian/a", "paper-persian", id="below the path"),
        pytest.param("https://paper.example/persian/live/a", "paper-persian", id="longest path"),
        pytest.param("https://paper.example/persians", "paper", id="path ends at a slash"),
        pytest.param("https://blogs.paper.example/party/1", "paper-blogs", id="subdomain's path"),
        pytest.param("https://blogs.paper.example/other", "paper", id="back to the shorter host"),
        pytest.param("https://otherpaper.example/", None, id="label boundary"),
        pytest.param("https://example/", None, id="top level"),
        pytest.param("https://paper.example.net/", None, id="other domain"),
        pytest.param("mailto:a@paper.example", None, id="no host"),
        pytest.param("http://[paper.example/", None, id="broken"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_longest_place_wins(url: str, outlet: str | None) -> None:
    assert named(url) == outlet


def test_the_family_is_the_first_host_unless_given() -> None:
    families = {o.id: o.family for o in parse_outlets(TABLE, "x").outlets}
    assert families == {
        "paper": "paper.example",
        "paper-persian": "paper.example",
        "paper-blogs": "blogs.paper.example",
    }


@given(st.text())
def test_any_text_may_be_looked_up(url: str) -> None:
    table = parse_outlets(TABLE, "x")
    assert table.of(url) in (None, *table.outlets)


# ---------------------------------------------------------------- the shipped table


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "https://www.bbc.com/persian/articles/c1",
            Outlet("bbc-persian", "BBC Persian", "persian-media", "bbc", "fa"),
            id="BBC Persian",
        ),
        pytest.param(
            "https://www.bbc.com/news/world-1",
            Outlet("bbc", "BBC", "world-media", "bbc"),
            id="BBC",
        ),
        pytest.param(
            "https://english.mojahedin.org/a/",
            Outlet("pmoi", "PMOI/MEK", "advocacy", "ncri"),
            id="PMOI",
        ),
        pytest.param(
            "https://www.radiofarda.com/a/1.html",
            Outlet("radio-farda", "Radio Farda", "persian-media", "rferl", "fa"),
            id="Radio Farda",
        ),
    ],
)
def test_outlets_are_labelled(shipped: OutletTable, url: str, expected: Outlet) -> None:
    assert shipped.of(url) == expected


def test_every_shipped_feed_has_an_outlet_of_its_kind_and_language(shipped: OutletTable) -> None:
    for feed in parse_feed_list(config.shipped_feeds(), "feeds.toml").feeds:
        outlet = shipped.of(feed.site)
        if feed.kind == "query":  # its items belong to others
            assert outlet is None
            continue
        assert outlet is not None, feed.site
        assert outlet.kind == feed.kind
        assert outlet.language in (None, feed.language)


def test_one_publisher_counts_once(shipped: OutletTable) -> None:
    sites = ("ncr-iran.org/en", "fr.ncr-iran.org", "wncri.org", "mojahedin.org", "mek-iran.com")
    outlets = [shipped.of(f"https://{site}/") for site in sites]
    assert {outlet and outlet.family for outlet in outlets} == {"ncri"}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('"paper"', '"The Paper"', ".id", id="odd id"),
        pytest.param('"paper-persian"', '"paper"', ".id: used above", id="id twice"),
        pytest.param('"The Paper"', '""', ".name", id="no name"),
        pytest.param('"The Paper"', '"a\\u202Eb"', ".name", id="bidi override"),
        pytest.param('"The Paper"', f'"{"a" * 121}"', ".name", id="long name"),
        pytest.param('"world-media"', '"query"', "one of un,", id="kind of a search"),
        pytest.param('"world-media"', "[]", "one of un,", id="kind is a list"),
        pytest.param('"fa"', '"Persian"', ".language", id="language"),
        pytest.param('family = "paper.example"', "family = 1", ".family", id="family"),
        pytest.param('language = "fa"', 'lang = "fa"', ".lang: unknown key", id="unknown key"),
        pytest.param('["blogs.paper.example/party"]', "[]", ".at", id="nowhere"),
        pytest.param('["blogs.paper.example/party"]', '["https://a.b"]', ".at", id="scheme"),
        pytest.param('["blogs.paper.example/party"]', '["A.b"]', "lower-case", id="capitals"),
        pytest.param('["blogs.paper.example/party"]', "[1]", ".at", id="no text"),
        pytest.param("blogs.paper.example/party", "paper.example", "another's", id="place twice"),
    ],
)
def test_a_row_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    said = said.replace("another's", "another outlet's")
    with pytest.raises(OutletsInvalid) as caught:
        parse_outlets(TABLE.replace(old, new, 1), "table.toml")
    (problem,) = caught.value.problems
    assert problem.startswith("table.toml: outlet[")
    assert said in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[[outlet]\n", "line 1", id="syntax"),
        pytest.param("a = " + "[" * 5_000, "not TOML", id="nested too deeply"),
        pytest.param("", "no [[outlet]] rows", id="empty"),
        pytest.param('[outlet]\nid = "a"', "no [[outlet]] rows", id="one table"),
        pytest.param("outlet = [1]", "no [[outlet]] rows", id="no tables"),
        pytest.param("[[outlet]]\n" * 20_001, "more than 20,000", id="too many"),
    ],
)
def test_what_is_no_table_is_refused(text: str, said: str) -> None:
    with pytest.raises(OutletsInvalid) as caught:
        parse_outlets(text, "table.toml")
    assert said in caught.value.problems[0]


def test_kinds_are_those_of_digests() -> None:
    assert len(OUTLET_KINDS) == len(set(OUTLET_KINDS)) == 7
