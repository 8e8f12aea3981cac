"""The figures that matching reached on the labelled items are held (docs/matching.md).

The texts, outlets and speakers in tests/data/labelled are invented: never publish one as news.
`make quality` polls the same items through the whole program.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import config
from benchmarks.scoring import Score, Tally
from watchers.match import Matcher
from watchers.normalise import body_text
from watchers.text import plain_title
from watchers.watchlist import parse_watchlist

LABELLED = Path(__file__).parents[1] / "data" / "labelled"


@cache
def score() -> Score:
    matcher = Matcher(parse_watchlist(config.shipped_watchlist(), "watchlist.toml"))
    found = Score()
    for path in sorted(LABELLED.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line:
                item = json.loads(line)
                text = body_text(item["summary"] or "", item["content"] or "")
                verdict = matcher.judge(plain_title(item["title"]), text)
                found.add(item, verdict.relevant, verdict.officials)
    return found


def test_relevance_is_as_good_as_it_was() -> None:
    tallies = score().relevance
    assert tallies["all"].f1 >= 0.95
    assert {name: t.f1 for name, t in tallies.items() if t.f1 < 0.90} == {}


def test_officials_are_found_as_well_as_they_were() -> None:
    tallies = score().officials
    assert tallies["all"].f1 >= 0.97
    assert {name: t.f1 for name, t in tallies.items() if t.f1 < 0.93} == {}


def test_a_tally_counts_what_f1_is_made_of() -> None:
    tally = Tally()
    for said, true in ((True, True), (True, False), (False, True), (False, False)):
        tally.add(said=said, true=true)
    assert (tally.tp, tally.fp, tally.fn, tally.f1) == (1, 1, 1, 0.5)


def test_every_error_is_a_line() -> None:
    item = {
        "id": "n1", "lang": "en", "title": "Rain",
        "labels": {"relevant": True, "officials": ["a"], "cats": ["easy"], "why": "because"},
    }  # fmt: skip
    found = Score()
    found.add(item, relevant=False, officials=("b",))
    assert found.errors == ["missed; missing a; wrong b: n1 en [easy] Rain -- because"]
