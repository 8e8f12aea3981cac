"""What settling reads and decides."""

from datetime import timedelta

import pytest

from tests.contract.making import DAY, HOUR, NOW, item, key, names, old_feed, poll, settle
from watchers.model import Grouped, Grouping, Item
from watchers.ports import Store


def _stored(store: Store, *items: Item) -> dict[str, Grouped]:
    """These items as grouping sees them, by name."""
    feed = store.feeds()[0] if store.feeds() else old_feed(store)
    store.save_poll(poll(feed, *items))
    return {names([article])[0]: article for article in store.unsettled(1000)}


def test_unsettled_come_by_time_and_then_address(store: Store) -> None:
    _stored(
        store,
        item("late", published=NOW + HOUR),
        item("b"),
        item("undated", published=None),
        item("B"),
        item("ä", published=NOW),
        item("early", published=NOW - HOUR),
    )
    found = store.unsettled(10)
    assert names(found) == ["early", "B", "b", "undated", "ä", "late"]
    assert store.unsettled(2) == found[:2]


def test_an_article_comes_back_as_it_was_given(store: Store) -> None:
    given = item("one", bands=[-(2**63), 2**63 - 1], text="۱۳۶۷", relevant=True, officials=["r"])
    (found,) = _stored(store, given).values()
    assert found.fingerprint == given.fingerprint
    assert (found.title, found.text, found.language) == ("Title of one", "۱۳۶۷", "en")
    assert (found.published, found.first_seen, found.time) == (NOW, NOW, NOW)
    assert (found.relevant, found.officials, found.duplicate_of) == (True, ("r",), None)


def test_settled_articles_are_not_unsettled(store: Store) -> None:
    found = _stored(store, item("one"), item("two"))
    store.save_groupings([Grouping(found["one"].id, None, None, "first")])
    assert names(store.unsettled(10)) == ["two"]
    store.save_groupings([])


def test_copy_candidates_share_a_text_or_a_band_and_are_settled(store: Store) -> None:
    _stored(
        store,
        item("same-text", text="Same."),
        item("one-band", text="2", bands=[5, 6]),
        item("no-band", text="3", bands=[7]),
    )
    settle(store)
    found = _stored(store, item("new", text="Same.", bands=[6, -1]), item("open", text="Same."))
    assert sorted(names(store.copy_candidates(found["new"]))) == ["one-band", "same-text"]


def test_an_article_is_no_candidate_of_itself(store: Store) -> None:
    found = _stored(store, item("one", bands=[1], relevant=True))
    settle(store, one="s")
    assert store.copy_candidates(found["one"]) == ()
    assert store.story_candidates(found["one"], NOW - DAY, NOW + DAY) == ()


def test_an_updated_article_is_found_by_its_new_bands(store: Store) -> None:
    _stored(store, item("one", text="Old.", bands=[1], relevant=True))
    settle(store)
    _stored(store, item("one", text="New.", bands=[2], relevant=True))
    found = _stored(store, item("was", text="a", bands=[1]), item("is", text="b", bands=[2]))
    assert store.copy_candidates(found["was"]) == ()
    assert names(store.copy_candidates(found["is"])) == ["one"]


def test_story_candidates_are_relevant_firsts_within_the_times(store: Store) -> None:
    found = _stored(
        store,
        item("before", relevant=True, published=NOW - 2 * HOUR),
        item("since", relevant=True, published=NOW - HOUR),
        item("irrelevant"),
        item("copy", relevant=True),
        item("until", relevant=True, published=NOW + HOUR),
        item("after", relevant=True, published=NOW + 2 * HOUR),
    )
    first = found["since"].id
    store.save_groupings(
        [
            Grouping(one.id, first if name == "copy" else None, "s", "")
            for name, one in found.items()
        ]
    )
    (new,) = _stored(store, item("new", relevant=True)).values()
    near = store.story_candidates(new, NOW - HOUR, NOW + HOUR)
    assert sorted(names(near)) == ["since", "until"]
    assert {one.story for one in near} == {"s"}
    assert [one.id for one in near] == sorted(one.id for one in near)


@pytest.mark.parametrize("hours", [-48, 48], ids=["earlier", "later"])
def test_the_times_of_a_story_need_not_hold_the_article(store: Store, hours: int) -> None:
    _stored(store, item("edge", relevant=True), item("in", relevant=True, published=NOW + HOUR))
    settle(store)
    (new,) = _stored(store, item("new", published=NOW + timedelta(hours=hours))).values()
    near = store.story_candidates(new, NOW, NOW + HOUR)
    assert sorted(names(near)) == ["edge", "in"]


def test_story_candidates_are_the_200_nearest(store: Store) -> None:
    minutes = [timedelta(minutes=number) for number in range(1, 301)]
    _stored(
        store,
        *(item(f"b{m.seconds}", relevant=True, published=NOW - m) for m in minutes),
        *(item(f"a{m.seconds}", relevant=True, published=NOW + m) for m in minutes),
    )
    settle(store)
    (new,) = _stored(store, item("new", relevant=True)).values()
    near = store.story_candidates(new, NOW - DAY, NOW + DAY)
    assert len(near) == 200
    assert max(abs(one.time - NOW) for one in near) == timedelta(minutes=100)


def test_a_copy_is_never_pointed_at_a_copy(store: Store) -> None:
    found = _stored(store, item("a"), item("b"), item("c"), item("d"))
    a, b, c, d = (found[name].id for name in "abcd")
    store.save_groupings([Grouping(a, None, None, ""), Grouping(b, a, None, "")])
    store.save_groupings([Grouping(c, b, None, ""), Grouping(d, c, None, "")])
    copies = {names([one])[0]: one.duplicate_of for one in store.export()}
    first = "https://news.example/a"
    assert copies == {"a": None, "b": first, "c": first, "d": first}
    assert store.check() == ()


def test_a_copy_is_never_pointed_elsewhere(store: Store) -> None:
    found = _stored(store, item("a"), item("b"), item("c"))
    a, b, c = (found[name].id for name in "abc")
    store.save_groupings([Grouping(a, None, None, ""), Grouping(c, a, None, "")])
    store.save_groupings([Grouping(c, b, None, ""), Grouping(c, None, None, "")])
    # One that has copies stays the first of them, and nothing is a copy of itself.
    store.save_groupings([Grouping(a, b, None, ""), Grouping(b, b, None, "")])
    copies = {names([one])[0]: one.duplicate_of for one in store.export()}
    assert copies == {"a": None, "b": None, "c": "https://news.example/a"}


def test_a_copy_of_an_unknown_article_is_ignored(store: Store) -> None:
    store.save_groupings([Grouping(12345, None, "s", "")])
    assert list(store.export()) == []


def test_settled_texts_are_those_that_a_settled_article_has(store: Store) -> None:
    _stored(store, item("one", text="a"), item("two", text="a"), item("three", text="b"))
    settle(store)
    _stored(store, item("open", text="c"))
    keys = [key(text) for text in ("a", "b", "c", "never")]
    assert store.settled_texts(keys) == {key("a"), key("b")}
    assert store.settled_texts(keys[:1]) == {key("a")}
    assert store.settled_texts([]) == frozenset()
    assert store.settled_texts([key(str(number)) for number in range(3_000)]) == frozenset()
