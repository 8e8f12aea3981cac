"""Settling on the stores: late articles change stories; ids and what was told stay."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from storage import MemoryStore
from tests.contract.conftest import Opener
from tests.contract.making import DAY, NOW, add_channel, poll, queue
from tests.contract.settling import (
    START,
    News,
    all_of,
    arrive,
    clusterer,
    copies_of,
    expected_stories,
    feed_of,
    in_batches,
    marks_of,
    name_of,
    settle_all,
    stories_of,
)
from watchers import copying
from watchers.groups import Regrouping
from watchers.model import Grouped, Grouping
from watchers.ports import Store
from watchers.settler import settle_batch


def news(name: str, hours: float, marks: str = "", text: int = 0, *, relevant: bool = True) -> News:
    return News(name, hours, frozenset(marks), text, relevant)


def settled(store: Store, *articles: News) -> dict[str, str | None]:
    """Settle these; the story of each article that there is."""
    arrive(store, articles)
    settle_all(store)
    return {name_of(one): one.story for one in all_of(store)}


def untold(store: Store) -> set[str]:
    """The stories that the only channel was not told."""
    (channel,) = store.channels()
    return {one.story or "" for one in store.untold(channel.id, START)}


def tell(store: Store, *stories: str | None) -> None:
    """In a digest."""
    slot = START + timedelta(hours=store.counts().queued)
    subjects = [story for story in stories if story]
    assert queue(store, store.channels()[0], "page", slot=slot, subjects=subjects)


@pytest.fixture
def store(store: Store) -> Store:
    """A store with a channel."""
    add_channel(store)
    return store


def test_a_story_keeps_its_id_when_an_older_report_comes_late(store: Store) -> None:
    before = settled(store, news("n2", 20, "a"), news("n3", 30, "a"))
    tell(store, before["n2"])
    after = settled(store, news("n1", 10, "a"))
    assert set(after.values()) == {before["n2"]}
    assert untold(store) == set()


def test_a_link_that_comes_late_makes_two_stories_the_older_one(store: Store) -> None:
    # The later event was seen first: its story is the older one.
    before = settled(store, news("n7", 50, "b"))
    before |= settled(store, news("n1", 0, "a"), news("n2", 1, "a"))
    assert len(stories_of(store)) == 2
    tell(store, before["n1"])
    after = settled(store, news("n3", 25, "ab"))
    assert set(after.values()) == {before["n7"]}
    assert before["n1"] is not None
    assert store.story(before["n1"]).id == before["n7"]
    assert untold(store) == set()
    later = settled(store, news("n4", 26, "a"))
    assert set(later.values()) == {before["n7"]}


def test_a_story_may_fall_apart_and_both_parts_stay_told(store: Store) -> None:
    before = settled(store, news("n1", 0, "a"), news("n2", 1, "ab"), news("n3", 2, "b"))
    assert len(set(before.values())) == 1
    tell(store, before["n1"])
    after = settled(store, news("n2", 1, "c"))
    assert stories_of(store) == {frozenset([name]) for name in ("n1", "n2", "n3")}
    assert after["n1"] == before["n1"]
    assert untold(store) <= {after["n2"] or ""}  # it changed, and may be told as updated
    assert {after["n2"], after["n3"]}.isdisjoint(before.values())


def test_copies_go_with_the_article_that_leads_them(store: Store) -> None:
    before = settled(store, news("n1", 0, "a"), news("n5", 99, "a", 1), news("n6", 98, "a", 1))
    assert before["n5"] == before["n6"] != before["n1"]
    # A copy that was published before them leads: with it they are near the other report.
    after = settled(store, news("n3", 30, "a", 1))
    assert len(set(after.values())) == 1
    assert copies_of(store) == {frozenset({"n1"}), frozenset({"n3", "n5", "n6"})}
    first = {name_of(one): one.id for one in all_of(store)}["n6"]
    assert {one.duplicate_of for one in all_of(store)} == {None, first}


def test_a_relevant_copy_gives_its_group_a_story_and_takes_it_away(store: Store) -> None:
    assert settled(store, news("n1", 0, "", 1, relevant=False)) == {"n1": None}
    with_story = settled(store, news("n2", 1, "", 1))
    assert with_story["n1"] == with_story["n2"] is not None
    tell(store, with_story["n1"])
    assert settled(store, news("n2", 1, "x", 1, relevant=False)) == {"n1": None, "n2": None}
    assert untold(store) == set()


def test_the_story_of_an_article_that_is_found_to_be_a_copy_goes_with_it(store: Store) -> None:
    before = settled(store, news("n1", 0, "a", 1), news("n2", 99, "a"))
    tell(store, before["n2"])
    after = settled(store, news("n2", 99, "a", 1))
    assert copies_of(store) == {frozenset({"n1", "n2"})}
    assert set(after.values()) == {before["n1"]}
    assert before["n2"] is not None
    assert store.story(before["n2"]).id == before["n1"]
    assert {told for told in untold(store) if told != before["n1"]} == set()


def test_what_is_decided_again_stays_in_digests_meanwhile(store: Store) -> None:
    before = settled(store, *(news(f"n{number}", number, "a") for number in range(1, 9)))
    arrive(store, [news("n0", 0, "a"), news("n5", 5, "b")])
    assert settle_batch(store, clusterer(), most=1)  # and much is left
    assert store.progress().rest is not None
    (channel,) = store.channels()
    shown = {one.url.rsplit("/", 1)[1] for one in store.untold(channel.id, START)}
    assert shown == {*before, "n0"}
    settle_all(store, 1)
    assert store.progress().rest is None
    assert stories_of(store) == expected_stories(store)


def test_what_changed_stays_in_digests_until_it_is_settled_again(store: Store) -> None:
    settled(store, news("n1", 1, "a"))
    arrive(store, [news("n1", 1, "b"), news("n2", 2, "b")])
    (channel,) = store.channels()
    assert [one.title for one in store.untold(channel.id, START)] == ["News b"]
    assert [name_of(one) for one in store.unsettled(9)] == ["n1", "n2"]


def _alike(
    article: Grouped, candidates: Iterable[Grouped], *_: object
) -> tuple[Grouped, str] | None:
    """Two marks in common make a copy: of two parts of one text each is one of the whole."""
    for other in sorted(candidates, key=lambda one: one.time):
        if len(marks_of(article) & marks_of(other)) > 1:
            return other, "two marks"
    return None


@pytest.mark.parametrize("names", list(permutations(["head", "tail", "whole"])), ids=" ".join)
@pytest.mark.parametrize("together", [True, False], ids=["together", "apart"])
def test_two_parts_of_a_text_are_brought_together_by_the_whole(
    store: Store, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    monkeypatch.setattr(copying, "first_of_copies", _alike)
    articles = {
        "head": News("n1", 0, frozenset("ab"), 1),
        "tail": News("n2", 1, frozenset("cd"), 1),
        "whole": News("n3", 2, frozenset("abcd"), 1),
    }
    in_batches(store, [articles[name] for name in names], () if together else (1, 2))
    assert copies_of(store) == {frozenset({"n1", "n2", "n3"})}
    assert len(stories_of(store)) == 1
    assert sorted(one.duplicate_of is None for one in all_of(store)) == [False, False, True]
    if not together:  # else they are settled by time
        assert {one.duplicate_of for one in all_of(store)} == {None, 1}
    assert store.check() == ()


def test_two_groups_that_have_copies_stay_apart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "first_of_copies", _alike)
    parts = [News(f"n{n}", n, frozenset("ab" if n % 2 else "cd"), 1) for n in range(4)]
    in_batches(store, parts, ())
    before = {one.id: one.duplicate_of for one in all_of(store)}
    in_batches(store, [News("n9", 9, frozenset("abcd"), 1)], ())
    after = {one.id: one.duplicate_of for one in all_of(store)}
    assert {number: after[number] for number in before} == before
    assert len(copies_of(store)) == 2


def _random_pool(seed: int) -> list[News]:
    chance = random.Random(seed)
    said = {text: chance.sample("abcdef", chance.randint(0, 3)) for text in (1, 2)}
    pool = []
    for number in range(14):
        text = chance.choice([0, 0, 1, 2])
        marks = said[text] if text else chance.sample("abcdef", chance.randint(0, 3))
        hours = chance.choice([None, 0, 96, 97, chance.randint(0, 400)])
        relevant = chance.random() < 0.8
        pool.append(News(f"n{number}", hours, frozenset(marks), text, relevant))
    chance.shuffle(pool)
    return pool


@pytest.mark.parametrize("seed", range(4))
def test_the_stores_come_to_the_same_groups(store: Store, seed: int) -> None:
    pool = _random_pool(seed)
    in_batches(store, pool, {2, 5, 9}, 3)
    other = MemoryStore()
    in_batches(other, list(reversed(pool)), {7})
    assert copies_of(store) == copies_of(other)
    assert stories_of(store) == stories_of(other) == expected_stories(store)
    assert store.check() == ()


def test_two_that_settle_in_turns_come_to_the_same_groups(another: Opener) -> None:
    one, other = another(), another()
    pool = _random_pool(7)
    for number, article in enumerate(pool):
        arrive(one, [article])
        if number % 3 == 2:
            settle_batch(one if number % 2 else other, clusterer(), most=2)
    while settle_batch(one, clusterer(), most=2) or settle_batch(other, clusterer(), most=2):
        pass
    assert stories_of(one) == expected_stories(one)
    alone = MemoryStore()
    in_batches(alone, pool, {3})
    assert (copies_of(one), stories_of(one)) == (copies_of(alone), stories_of(alone))


class _Slow:
    """A store that another process changes between a batch's reading and its saving."""

    def __init__(self, store: Store, meanwhile: Sequence[object]) -> None:
        self._store = store
        self._meanwhile = list(meanwhile)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def save_groupings(
        self, groupings: Sequence[Grouping], regrouping: Regrouping | None = None
    ) -> bool:
        if self._meanwhile:
            self._meanwhile.pop()()  # type: ignore[operator]
        return self._store.save_groupings(groupings, regrouping)


def test_without_the_lock_nothing_is_saved_that_others_have_changed(another: Opener) -> None:
    one, other = another(), another()
    pool = _random_pool(11)
    arrive(one, pool)
    meanwhile = [lambda: settle_all(other), lambda: settle_batch(other, clusterer(), most=1)]
    settle_all(_Slow(one, meanwhile))  # type: ignore[arg-type]
    settle_all(one)
    assert stories_of(one) == expected_stories(one)
    alone = MemoryStore()
    in_batches(alone, pool, ())
    assert (copies_of(one), stories_of(one)) == (copies_of(alone), stories_of(alone))


def test_an_article_that_changes_while_it_is_decided_on_is_settled_as_it_is_then(
    another: Opener,
) -> None:
    one, other = another(), another()
    arrive(one, [news("n1", 0, "a"), news("n2", 1, "b")])
    changed = news("n2", 1, "a", 5).item
    meanwhile = [lambda: other.save_poll(poll(feed_of(other), changed, at=NOW + 3 * DAY))]
    settle_all(_Slow(one, meanwhile))  # type: ignore[arg-type]
    assert stories_of(one) == {frozenset({"n1", "n2"})}
