"""Settling groups what polls stored: the same groups in whatever order things arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from storage import MemoryStore
from tests.unit.test_dedupe import LEAD, TEXT, TITLE
from watchers import copying
from watchers.cluster import Clusterer
from watchers.concepts import parse_concepts
from watchers.dedupe import fingerprint
from watchers.groups import Regrouping
from watchers.model import Article, FeedSpec, Grouped, Grouping, Item, PollResult, Verdict
from watchers.settler import settle
from watchers.telling import Exported
from watchers.text import key

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
TRIAL = (
    "Stockholm court hears three survivors",
    "Three survivors told the district court on Tuesday how they were led along a corridor.",
)


@cache
def clusterer() -> Clusterer:
    return Clusterer(parse_concepts(config.shipped_concepts(), "concepts.toml"))


def item(
    name: str,
    title: str,
    text: str,
    hours: float,
    *,
    relevant: bool = True,
    close: bool = True,
) -> Item:
    url = f"https://{name}.example/story"
    article = Article(
        url=url,
        canonical_url=url,
        url_key=key(url),
        guid_key=key(name),
        content_key=key(title, text),
        title=title,
        text=text,
        published=NOW + timedelta(hours=hours),
        language="en",
    )
    topics = ("massacre-1988",) if relevant else ()
    verdict = Verdict(relevant, (), (), topics, (), 2.0, "w1")
    return Item(article, verdict, fingerprint(title, text, close=close))


ITEMS = {
    "first": item("first", TITLE, TEXT, 0),
    "copy": item("copy", f"{TITLE} - Copy", TEXT, 1),
    "short": item("short", TITLE, LEAD, 2),
    "copy-of-copy": item("again", "Another headline", TEXT, 3),
    "trial": item("trial", *TRIAL, 4),
    "other": item(
        "other", "Rain in the north", "It rained all day in the north.", 5, relevant=False
    ),
}


def stored(*batches: list[str], between: bool = False) -> dict[str, Exported]:
    """Each batch polled by a feed of its own, settled between them or only at the end."""
    store = MemoryStore()
    for number, names in enumerate(batches):
        spec = FeedSpec(f"https://feed{number}.example/")
        feed = store.add_feed(spec, at=NOW, actor="cli")
        items = tuple(ITEMS[name] for name in names)
        seen = tuple(i.article.guid_key for i in items)
        due = NOW + timedelta(hours=1)
        store.save_poll(
            PollResult(feed.id, NOW, due, 900, 0.0, "changed", 200, items=items, seen=seen)
        )
        if between:
            settle(store, clusterer())
    settle(store, clusterer())
    name_of = {item.article.canonical_url: name for name, item in ITEMS.items()}
    return {name_of[row.canonical_url]: row for row in store.export()}


def test_copies_follow_the_first_published_and_share_its_story() -> None:
    rows = stored(list(ITEMS))
    first = ITEMS["first"].article.canonical_url
    copies = {name for name, row in rows.items() if row.duplicate_of == first}
    assert copies == {"copy", "short", "copy-of-copy"}
    assert len({rows[name].story for name in (*copies, "first")}) == 1


def test_another_event_has_another_story() -> None:
    rows = stored(["first", "trial"])
    assert rows["trial"].duplicate_of is None
    assert None not in (rows["first"].story, rows["trial"].story)
    assert rows["first"].story != rows["trial"].story


def test_what_is_not_relevant_has_no_story() -> None:
    assert stored(["other"])["other"].story is None


def test_settling_again_changes_nothing() -> None:
    store = MemoryStore()
    assert settle(store, clusterer()) == 0
    assert stored(list(ITEMS), between=True) == stored(list(ITEMS))


@settings(max_examples=25)
@given(st.permutations(list(ITEMS)))
def test_groups_do_not_depend_on_the_order_of_arrival(names: list[str]) -> None:
    expected, rows = stored(list(ITEMS)), stored(*[[name] for name in names])
    for name, row in rows.items():
        assert (row.duplicate_of, row.story) == (expected[name].duplicate_of, expected[name].story)


@pytest.mark.parametrize("late", ["copy", "short", "copy-of-copy"])
def test_a_copy_that_comes_later_points_at_the_first_and_not_at_a_copy(late: str) -> None:
    early = [name for name in ITEMS if name != late]
    rows = stored(early, [late], between=True)
    assert rows[late].duplicate_of == ITEMS["first"].article.canonical_url


# ---------------------------------------------------------------- what nobody else prints

RAIN = ("Rain in the north", "It rained all day in the north, and in the evening it stopped.")
POOL = (
    *(item(f"plain{n}", *RAIN, n, relevant=False, close=False) for n in range(3)),
    item("late", *RAIN, 31 * 24, relevant=False, close=False),
    item("near", *RAIN, 4, relevant=False),
    item("told", *RAIN, 5),
    item("sun", "Sun in the south", "It was sunny there.", 2, relevant=False, close=False),
    *ITEMS.values(),
)


class Watched(MemoryStore):
    """Keeps what settling decided and counts what it asked."""

    def __init__(self) -> None:
        super().__init__()
        self.decided: list[Grouping] = []
        self.asked = 0

    def save_groupings(
        self, groupings: Sequence[Grouping], regrouping: Regrouping | None = None
    ) -> bool:
        self.decided += sorted(groupings, key=lambda one: one.article_id)
        return super().save_groupings(groupings, regrouping)

    def copy_candidates_of(self, articles: Sequence[Grouped]) -> Mapping[int, tuple[Grouped, ...]]:
        self.asked += len(articles)
        return super().copy_candidates_of(articles)


def decided(batches: Sequence[Sequence[Item]]) -> Watched:
    """A store in which these were polled and settled one batch after the other."""
    store = Watched()
    feed = store.add_feed(FeedSpec("https://feed.example/"), at=NOW, actor="cli")
    for items in batches:
        store.save_poll(PollResult(feed.id, NOW, NOW, 900, 0.0, "changed", items=tuple(items)))
        settle(store, clusterer())
    return store


@given(st.permutations(POOL), st.sets(st.integers(0, len(POOL))))
def test_not_asking_for_what_is_alone_decides_the_same(items: list[Item], cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(items)]
    batches = [items[start:end] for start, end in pairwise(edges)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_is_plain", lambda _article: False)
        slow = decided(batches)
    fast = decided(batches)
    assert fast.decided == slow.decided
    assert fast.asked < slow.asked == len(POOL)


def test_an_article_that_nobody_else_prints_is_settled_unasked() -> None:
    plain = [
        item(f"p{n}", f"Report {n}", f"It rained for {n} days.", n, relevant=False, close=False)
        for n in range(1_200)
    ]
    store = decided([plain])
    assert (store.asked, len(store.decided)) == (0, 1_200)
    assert store.unsettled(1) == ()
