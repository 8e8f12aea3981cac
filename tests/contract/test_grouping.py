"""What settling reads and decides."""

from datetime import timedelta

from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    item,
    key,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.groups import Place, Progress, Regrouping, Rest, StoryHead
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


def _candidates(store: Store, article: Grouped) -> list[str]:
    return sorted(names(store.copy_candidates_of([article])[article.id]))


def test_copy_candidates_share_a_text_or_a_band_and_are_settled(store: Store) -> None:
    _stored(
        store,
        item("same-text", text="Same."),
        item("one-band", text="2", bands=[5, 6]),
        item("no-band", text="3", bands=[7]),
    )
    settle(store)
    found = _stored(store, item("new", text="Same.", bands=[6, -1]), item("open", text="Same."))
    assert _candidates(store, found["new"]) == ["one-band", "same-text"]


def test_candidates_of_many_are_looked_up_together(store: Store) -> None:
    _stored(store, item("a", text="A."), item("b", text="B.", bands=[5]), item("c", bands=[5]))
    settle(store)
    found = _stored(store, item("x", text="A."), item("y", bands=[5]), item("z", text="Z."))
    candidates = store.copy_candidates_of(list(found.values()))
    assert {name: sorted(names(candidates[one.id])) for name, one in found.items()} == {
        "x": ["a"],
        "y": ["b", "c"],
        "z": [],
    }
    assert store.copy_candidates_of([]) == {}


def test_the_same_text_is_found_at_any_age_and_a_band_within_30_days(store: Store) -> None:
    times = {"edge": 30 * DAY, "over": 30 * DAY + timedelta(seconds=1), "year": 365 * DAY}
    _stored(
        store,
        *(item(f"{n}-{s}", bands=[5], text=n + s, published=NOW + k * d)
          for n, d in times.items() for s, k in (("a", -1), ("b", 1))),
        item("old", text="Same.", published=NOW - 2_000 * DAY),
    )  # fmt: skip
    settle(store)
    found = _stored(store, item("new", text="Same.", bands=[5]))
    assert _candidates(store, found["new"]) == ["edge-a", "edge-b", "old"]


def test_of_very_many_candidates_those_with_most_in_common_are_taken(store: Store) -> None:
    minutes = [timedelta(minutes=number) for number in range(1, 31)]
    _stored(
        store,
        *(item(f"t{m.seconds}", text="Same.", published=NOW - m) for m in minutes),
        *(item(f"b{m.seconds}-{band}", text=f"{band}{m}", bands=[band], published=NOW - m)
          for m in minutes for band in (1, 2, 3, 4)),
        item("two", text="two", bands=[1, 2], published=NOW - DAY),
    )  # fmt: skip
    settle(store)
    found = _stored(store, item("new", text="Same.", bands=[1, 2, 3, 4]))
    near = _candidates(store, found["new"])
    assert len(near) == 100
    assert len([name for name in near if name.startswith("t")]) == 21  # 20, and "two"
    assert "two" in near
    assert "b60-1" in near
    assert "b1800-1" not in near


def test_an_article_is_no_candidate_of_itself(store: Store) -> None:
    found = _stored(store, item("one", bands=[1], relevant=True))
    settle(store, one="s")
    assert _candidates(store, found["one"]) == []


def test_an_updated_article_is_found_by_its_new_bands(store: Store) -> None:
    _stored(store, item("one", text="Old.", bands=[1], relevant=True))
    settle(store)
    _stored(store, item("one", text="New.", bands=[2], relevant=True))
    found = _stored(store, item("was", text="a", bands=[1]), item("is", text="b", bands=[2]))
    assert _candidates(store, found["was"]) == []
    assert _candidates(store, found["is"]) == ["one"]


# ---------------------------------------------------------------- who leads

URL = "https://news.example/"


def _led(store: Store) -> dict[str, Grouped]:
    """Four that lead, two of them of one time, and others that do not."""
    found = _stored(
        store,
        item("before", relevant=True, published=NOW - HOUR),
        item("A", relevant=True),
        item("a", relevant=True),
        item("copy", relevant=True),
        item("after", relevant=True, published=NOW + HOUR),
        item("irrelevant"),
    )
    first = found["a"].id
    store.save_groupings(
        [
            Grouping(one.id, first if name == "copy" else None, story, "")
            for name, one in found.items()
            for story in [None if name == "irrelevant" else f"s-{name}"]
        ]
    )
    return found


def test_those_that_lead_are_read_in_order_from_a_place(store: Store) -> None:
    _led(store)
    assert names(store.leads_until(Place(NOW, f"{URL}a"), 9)) == ["before", "A", "a"]
    assert names(store.leads_until(Place(NOW, f"{URL}Z"), 9)) == ["before", "A"]
    assert names(store.leads_until(Place(NOW, f"{URL}a"), 2)) == ["A", "a"]
    assert names(store.leads_after(Place(NOW, f"{URL}A"), 9)) == ["a", "after"]
    assert names(store.leads_after(Place(NOW - DAY, ""), 2)) == ["before", "A"]
    assert store.leads_after(Place(NOW + HOUR, f"{URL}after"), 9) == ()
    (last,) = store.leads_after(Place(NOW, f"{URL}a"), 9)
    assert (last.story, last.lead_at, last.event) == ("s-after", NOW + HOUR, None)


def test_each_group_of_copies_has_one_that_leads(store: Store) -> None:
    found = _led(store)
    ids = {name: one.id for name, one in found.items()}
    assert store.copied(ids.values()) == {ids["a"]}
    leads = store.leading([ids["a"], ids["irrelevant"], ids["copy"], 99_999])
    assert {first: names([one]) for first, one in leads.items()} == {ids["a"]: ["a"]}
    store.save_groupings(
        [
            Grouping(ids["a"], None, "s-a", None, leads=False, settles=False),
            Grouping(ids["copy"], ids["a"], "s-a", None, leads=True, settles=False),
        ]
    )
    assert names([store.leading([ids["a"]])[ids["a"]]]) == ["copy"]
    assert names(store.relevant_copies(ids["a"], 9)) == ["a", "copy"]
    assert names(store.relevant_copies(ids["a"], 1)) == ["a"]
    assert store.relevant_copies(ids["irrelevant"], 9) == ()


def test_one_that_leads_stands_where_it_was_settled(store: Store) -> None:
    _stored(store, item("one", relevant=True))
    settle(store, one="s")
    changed = item("one", relevant=True, title="Another", text="7", published=NOW + DAY)
    (waiting,) = _stored(store, changed).values()
    assert (waiting.lead_at, waiting.time, waiting.story) == (NOW, NOW + DAY, "s")
    store.save_groupings([Grouping(waiting.id, None, "s2", None, leads=True, settles=False)])
    (waiting,) = store.unsettled(9)
    assert (waiting.lead_at, waiting.story) == (NOW, "s2")
    store.save_groupings([Grouping(waiting.id, None, "s2", "", leads=True)])
    assert store.unsettled(9) == ()
    assert names(store.leads_after(Place(NOW, "z"), 9)) == ["one"]


# ---------------------------------------------------------------- saving


def test_what_was_decided_from_other_groups_is_not_saved(store: Store) -> None:
    found = _stored(store, item("one", relevant=True), item("two", relevant=True))
    one, two = found["one"].id, found["two"].id
    then = store.progress()
    rest = Rest(Place(NOW, URL), NOW + DAY)
    assert store.save_groupings([Grouping(one, None, "s1", "")], Regrouping(then.turn, rest))
    assert store.progress() == Progress(then.turn + 1, rest)
    assert not store.save_groupings([Grouping(two, None, "s2", "")], Regrouping(then.turn))
    assert names(store.unsettled(9)) == ["two"]
    assert store.progress() == Progress(then.turn + 1, rest)
    store.save_groupings([Grouping(two, None, "s2", "")])  # leaves the rest to be done
    assert store.progress() == Progress(then.turn + 2, rest)


def test_an_article_that_changed_meanwhile_stays_unsettled(store: Store) -> None:
    found = _stored(store, item("one", text="Old.", relevant=True), item("two", relevant=True))
    _stored(store, item("one", text="New.", relevant=True))
    bases = {n: (a.fingerprint.text_key, a.relevant) for n, a in found.items()}
    store.save_groupings(
        [Grouping(found[name].id, None, "s", "", basis=basis) for name, basis in bases.items()]
    )
    assert names(store.unsettled(9)) == ["one"]


def test_copies_follow_the_story_of_their_first(store: Store) -> None:
    found = _stored(store, item("first", relevant=True), item("copy", relevant=True))
    first, copy = found["first"].id, found["copy"].id
    store.save_groupings([Grouping(first, None, "s1", ""), Grouping(copy, first, "s1", "")])
    store.save_groupings([Grouping(first, None, "s2", None, settles=False)])
    assert {row.story for row in store.export()} == {"s2"}
    store.save_groupings([Grouping(first, None, None, None, settles=False)])
    assert {row.story for row in store.export()} == {None}


def test_what_was_told_is_told_under_another_story_too(store: Store) -> None:
    found = _stored(store, item("one", relevant=True), item("two", relevant=True))
    settle(store, one="s1", two="s2")
    channel = add_channel(store)
    assert queue(store, channel, "page", subjects=["s1"])
    store.save_groupings(
        [
            Grouping(found["one"].id, None, "s2", None, settles=False),
            Grouping(found["two"].id, None, "s3", None, settles=False),
        ]
    )
    untold = {one.story for one in store.untold(channel.id, NOW - DAY)}
    assert untold == {"s3"}  # two was not told, and what one was told as went no further
    store.save_groupings([Grouping(found["one"].id, None, "s1", None, settles=False)])
    assert {one.story for one in store.untold(channel.id, NOW - DAY)} == {"s3"}
    assert queue(store, channel, "page", slot=NOW + DAY, subjects=["s2"]) is None


def test_one_that_was_told_of_an_official_is_told_as_a_story(store: Store) -> None:
    (named,) = _stored(store, item("one", officials=["raisi"])).values()
    settle(store)
    channel = add_channel(store)
    assert queue(store, channel, "page", subjects=[f"article:{named.id}"])
    store.save_groupings([Grouping(named.id, None, "s", "")])
    assert [one.story for one in store.untold(channel.id, NOW - DAY)] == ["s"]
    # But not as an article once more, if it turns out to be no story.
    assert queue(store, channel, "page", slot=NOW + DAY, subjects=["s"])
    store.save_groupings([Grouping(named.id, None, None, "")])
    assert store.untold(channel.id, NOW - DAY) == ()


def test_a_story_may_go_to_another_and_come_back(store: Store) -> None:
    found = _stored(store, item("one", relevant=True), item("two", relevant=True))
    settle(store, one="s1", two="s2")
    counted = store.counts().stories
    heads = [StoryHead("s1", NOW, "e1"), StoryHead("s2", NOW + HOUR, "e2")]
    store.save_groupings([], Regrouping(store.progress().turn, stories=heads))
    assert [head.id for head in store.story_heads(["s1"], ["e2", "no"])] == ["s1", "s2"]
    store.save_groupings([], Regrouping(store.progress().turn, merged={"s2": "s1"}))
    assert {row.story for row in store.export()} == {"s1"}
    assert store.story("s2").id == "s1"
    assert store.counts().stories == counted - 1
    (merged,) = store.story_heads(["s2"], [])
    assert (merged.event, merged.merged_into) == (None, "s1")
    again = [StoryHead("s2", NOW, "e2")]
    store.save_groupings(
        [Grouping(found["two"].id, None, "s2", "")],
        Regrouping(store.progress().turn, stories=again),
    )
    (back,) = store.story_heads([], ["e2"])
    assert (back.id, back.event, back.merged_into) == ("s2", "e2", None)
    assert store.story("s2").id == "s2"


def test_pinned_articles_are_not_moved(store: Store) -> None:
    found = _stored(
        store, item("one", relevant=True), item("copy", relevant=True), item("two", relevant=True)
    )
    one, copy, two = (found[name].id for name in ("one", "copy", "two"))
    store.save_groupings(
        [
            Grouping(one, None, "s1", ""),
            Grouping(copy, one, "s1", ""),
            Grouping(two, None, "s2", ""),
        ]
    )
    store.merge_stories("s1", "s2", at=NOW, actor="7")
    store.save_groupings(
        [Grouping(one, None, "s9", "", settles=False)],
        Regrouping(store.progress().turn, merged={"s1": "s2"}),
    )
    assert {row.story for row in store.export()} == {"s1"}
    assert store.story("s1").id == "s1"


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
