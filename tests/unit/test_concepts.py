"""The table of concepts: what is read out of a text, how much it says, and what is refused."""

from __future__ import annotations

import math
import tomllib
from functools import cache

import pytest

import config
from watchers.concepts import Concepts, parse_concepts
from watchers.errors import WatchlistInvalid
from watchers.watchlist import parse_watchlist

TABLE = """
[place]
norway = ["Norway", "norvég*", "نروژ"]
oslo = ["Oslo"]
[within]
oslo = "norway"
[event]
verdict = ["verdict", "sv:dom"]
[figure]
7 = ["seven"]
[seen]
250 = ["event:verdict"]
"""


@cache
def table() -> Concepts:
    return parse_concepts(TABLE, "table.toml")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The VERDICT", None, {"event:verdict"}),
        ("verdicts and contraverdict", None, {"event:verdict"}),
        ("contraverdict", None, set()),
        ("norvégienne", "fr", {"place:norway"}),
        ("Norwaylike", "en", set()),
        ("در نروژ", "fa", {"place:norway"}),
        ("en dom", "sv", {"event:verdict"}),
        ("der Dom", "de", set()),
        ("dom", None, set()),
        ("seven", "en", {"figure:7"}),
        ("", "en", set()),
    ],
    ids=[
        "case", "plural", "inside a word", "prefix", "no prefix", "Persian", "own language",
        "other language", "language unknown", "figure", "nothing",
    ],
)  # fmt: skip
def test_a_text_names_concepts(text: str, language: str | None, expected: set[str]) -> None:
    assert table().of(text, language) == expected


def test_a_city_names_its_country_too() -> None:
    assert table().of("Oslo") == {"place:oslo", "place:norway"}
    assert table().is_country("place:norway")
    assert not table().is_country("place:oslo")


def test_what_is_rare_says_more() -> None:
    assert table().weight("event:verdict") == pytest.approx(math.log(4))
    assert table().weight("figure:7") == pytest.approx(math.log(1000))
    assert table().weight("place:oslo") > table().weight("event:added") > 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "not TOML"),
        ("[river]", "no such group"),
        ("event = 3", "event: must be a table"),
        ("seen = 3", "seen: must be a table"),
        ("[event]\nverdict = 3", "event.verdict: must be a list"),
        ('[event]\nverdict = ["a"]', "event.verdict: must be a list"),
        ('[event]\nverdict = ["sv:a"]', "event.verdict: must be a list"),
        ('[within]\noslo = "norway"', "within.oslo: both must be places"),
        ('[place]\noslo = ["Oslo"]\n[within]\noslo = 3', "within.oslo: both must be places"),
        ("[within]\noslo = []", "within.oslo: both must be places"),
        ('[seen]\n0 = ["event:x"]', "seen.0: must be articles"),
        ('[seen]\n1000 = ["event:x"]', "seen.1000: must be articles"),
        ('[seen]\n"٣" = ["event:x"]', "seen.٣: must be articles"),
        ('[seen]\n30 = "event:x"', "seen.30: must be articles"),
        ("[seen]\n30 = [3]", "seen.30: must be articles"),
    ],
    ids=str,
)
def test_a_faulty_table_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(WatchlistInvalid) as caught:
        parse_concepts(text, "table.toml")
    assert any(problem in line for line in caught.value.problems)


def test_the_shipped_table_counts_only_what_it_has() -> None:
    raw = tomllib.loads(config.shipped_concepts())
    people = {one.id for one in parse_watchlist(config.shipped_watchlist(), "w").people}
    for features in raw["seen"].values():
        for feature in features:
            group, _, name = feature.partition(":")
            assert group != "form", feature
            if group == "person":
                assert name in people, feature
            elif group == "figure":
                assert name.isdecimal(), feature
            else:
                assert name in raw[group], feature


def test_a_text_full_of_words_of_the_table_costs_little() -> None:
    concepts = parse_concepts(config.shipped_concepts(), "concepts.toml")
    found = concepts.of("verdict Oslo زندان " * 50_000, "en")
    assert {"event:verdict", "place:norway"} <= found


@pytest.mark.parametrize(
    "text",
    ["کسی را نبردند", "اعدام‌های دههٔ شصت", "نه، گفت"],
    ids=["somebody", "decade", "no"],
)
def test_short_persian_words_are_no_figures(text: str) -> None:
    concepts = parse_concepts(config.shipped_concepts(), "concepts.toml")
    assert not concepts.of(text, "fa") & {"figure:30", "figure:10", "figure:9"}


@pytest.mark.parametrize(
    ("text", "language", "place"),
    [
        ("Vigil in Trafalgar Square", "en", "london"),
        ("Kundgebung am Jungfernstieg", "de", "hamburg"),
        ("گورهای تازه‌آباد", "fa", "rasht"),
    ],
    ids=["London", "Hamburg", "Rasht"],
)
def test_a_known_site_names_its_city(text: str, language: str, place: str) -> None:
    concepts = parse_concepts(config.shipped_concepts(), "concepts.toml")
    assert f"place:{place}" in concepts.of(text, language)
