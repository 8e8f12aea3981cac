"""Reports on one event are one story; another event of the same subject is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

import config
from watchers.cluster import Clusterer, story_id
from watchers.concepts import parse_concepts
from watchers.dedupe import fingerprint
from watchers.model import Grouped

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


@cache
def clusterer() -> Clusterer:
    return Clusterer(parse_concepts(config.shipped_concepts(), "concepts.toml"))


def article(
    number: int, title: str, text: str, *, hours: float = 0, story: str | None = None
) -> Grouped:
    return Grouped(
        id=number,
        canonical_url=f"https://news.example/{number}",
        title=title,
        text=text,
        published=NOW + timedelta(hours=hours),
        first_seen=NOW,
        language="en",
        relevant=True,
        officials=(),
        fingerprint=fingerprint(title, text, close=True),
        story=story,
    )


TRIAL = article(
    1,
    "Stockholm court hears three survivors of Gohardasht",
    "Three survivors of Gohardasht told the Stockholm district court on Tuesday how they were led "
    "blindfolded along a corridor, the prosecutor Kristina Lindhoff asking about dates and guards.",
    story="strial",
)
SAME_EVENT = article(
    2,
    "Survivors of Gohardasht tell Stockholm court of the corridor",
    "Blindfolded and led along a corridor: three survivors of Gohardasht answered the prosecutor "
    "Kristina Lindhoff in the Stockholm district court on Tuesday about guards and dates.",
    hours=5,
)
OTHER_EVENT = article(
    3,
    "Bulldozers level graves at Khavaran overnight",
    "Neighbours in the east of Tehran filmed machines that levelled unmarked graves overnight, and "
    "mothers who came to lay flowers found a new concrete wall.",
    hours=5,
)


def test_two_reports_on_one_event_are_close() -> None:
    assert clusterer().closeness(TRIAL, SAME_EVENT) >= 1.0


def test_reports_on_two_events_are_not() -> None:
    assert clusterer().closeness(TRIAL, OTHER_EVENT) < 1.0


def test_closeness_does_not_depend_on_the_order() -> None:
    one = clusterer().closeness(TRIAL, SAME_EVENT)
    assert one == pytest.approx(clusterer().closeness(SAME_EVENT, TRIAL))


def test_what_lies_days_apart_is_less_close() -> None:
    later = replace(SAME_EVENT, published=NOW + timedelta(days=4))
    assert clusterer().closeness(TRIAL, later) < clusterer().closeness(TRIAL, SAME_EVENT)


def test_a_report_joins_the_closest_story() -> None:
    graves = replace(OTHER_EVENT, story="sgraves")
    story, reason = clusterer().story_of(SAME_EVENT, [graves, TRIAL])
    assert story == "strial"
    assert "strial" in reason


def test_another_event_begins_a_story_of_its_own() -> None:
    story, reason = clusterer().story_of(OTHER_EVENT, [TRIAL])
    assert (story, reason) == (story_id(OTHER_EVENT), "first of its story")


@pytest.mark.parametrize(
    "candidates",
    [[], [SAME_EVENT], [replace(TRIAL, story=None)]],
    ids=["none", "itself", "without a story"],
)
def test_without_a_settled_story_nearby_it_begins_one(candidates: list[Grouped]) -> None:
    assert clusterer().story_of(SAME_EVENT, candidates)[0] == story_id(SAME_EVENT)


def test_a_storys_name_comes_from_its_first_address_alone() -> None:
    later = replace(TRIAL, id=99, title="Another title", first_seen=NOW)
    assert story_id(later) == story_id(TRIAL) != story_id(OTHER_EVENT)
    assert story_id(TRIAL).isalnum()


def test_a_yearly_statement_in_the_same_words_begins_a_story_of_its_own() -> None:
    next_year = replace(TRIAL, id=99, canonical_url="https://other.example/next-year")
    assert story_id(next_year) != story_id(TRIAL)
