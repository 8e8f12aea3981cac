"""Stories in the hands of admins: looked at, merged, split; what was told stays told."""

from dataclasses import replace

import pytest

from bot.app import Knowledge
from tests.contract.making import DAY, HOUR, NOW, add_channel, item, old_feed, poll, queue
from watchers.errors import StoryInvalid, StoryUnknown
from watchers.groups import Regrouping, StoryHead
from watchers.model import Grouping, Item
from watchers.ports import Store
from watchers.settler import settle
from watchers.stories import story_name
from watchers.telling import ChannelSpec
from watchers.text import key

LATER = NOW + DAY
KNOWLEDGE = Knowledge()


def url(name: str) -> str:
    return f"https://news.example/{name}"


def article(name: str, hours: int = 0, **changes: object) -> Item:
    """A relevant article, so many hours after the first; its key is that of its address."""
    made = item(name, relevant=True, published=NOW + hours * HOUR, **changes)  # type: ignore[arg-type]
    address = made.article.canonical_url
    return replace(made, article=replace(made.article, url_key=key(address)))


def tell(store: Store, **stories: str) -> dict[str, int]:
    """Store articles, named with their stories; "a__of__b" is a copy of b. Their numbers."""
    feed = store.feeds()[0] if store.feeds() else old_feed(store)
    names = [name.split("__")[0] for name in stories]
    at = feed.last_polled + HOUR if feed.last_polled and feed.last_polled >= NOW else NOW
    store.save_poll(poll(feed, *(article(name, hours) for hours, name in enumerate(names)), at=at))
    ids = {one.canonical_url.rsplit("/", 1)[1]: one.id for one in store.unsettled(100)}
    for full, story in stories.items():
        name, _, first = full.partition("__of__")
        duplicate_of = ids[first] if first else None
        store.save_groupings([Grouping(ids[name], duplicate_of, story, f"why {name}")])
    return ids


def where(store: Store) -> dict[str, str | None]:
    """Each article's story."""
    return {one.canonical_url.rsplit("/", 1)[1]: one.story for one in store.export()}


def pinned(store: Store, *stories: str) -> dict[int, bool]:
    shown = [one for story in stories for one in store.story(story).articles]
    return {one.article.id: one.pinned for one in shown}


# ---------------------------------------------------------------- looking


def test_a_subject_is_found_by_story_address_or_number(store: Store) -> None:
    ids = tell(store, a="s1", b="s2")
    store.save_poll(poll(1, item("c"), item("d"), at=NOW + HOUR))
    alone = {one.canonical_url.rsplit("/", 1)[1]: one.id for one in store.unsettled(10)}
    store.save_groupings([Grouping(alone["c"], None, None, "first")])
    store.save_groupings([Grouping(alone["d"], alone["c"], None, "copy")])
    for ref in ("s1", url("a"), str(ids["a"])):
        assert store.subject(ref) == "s1"
    assert store.subject(str(alone["d"])) == f"article:{alone['c']}"
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    assert store.subject("s2") == store.subject("s1")
    for ref in ("s3", "https://nobody.example/", "4711", ""):
        with pytest.raises(StoryUnknown):
            store.subject(ref)


def test_private_chats_are_not_among_those_that_were_told(store: Store) -> None:
    tell(store, a="s1")
    for channel in (
        add_channel(store),
        store.add_channel(ChannelSpec("501", private=True), at=NOW, actor="subscriber"),
    ):
        queue(store, channel, "page", subjects=("s1",))
    assert store.story("s1").told == ("@digest",)


def test_a_story_shows_its_articles_by_time_with_their_reasons(store: Store) -> None:
    ids = tell(store, a="s1", b="s2", c="s1", d__of__a="s1")
    view = store.story("s1")
    assert [one.article.id for one in view.articles] == [ids["a"], ids["c"], ids["d"]]
    assert [one.reason for one in view.articles] == ["why a", "why c", "why d"]
    assert view.articles[2].article.duplicate_of == ids["a"]
    assert (view.id, view.began, view.more, view.told) == ("s1", NOW, 0, ())


def test_a_story_is_found_by_an_article_s_number_or_address(store: Store) -> None:
    ids = tell(store, a="s1", b="s2")
    moved = article("c", guid="b")  # the same entry at a new address
    store.save_poll(poll(store.feeds()[0], moved, at=LATER))
    refs = ("s2", str(ids["b"]), url("b"), url("c"), f"{url('b')}?utm_source=x#top")
    assert {store.story(ref).id for ref in refs} == {"s2"}
    assert len(store.story("s2").articles) == 1


UNKNOWN = {
    "an id": "s3",
    "a number": "4711",
    "a greater number than databases have": "9" * 40,
    "an address": "https://other.example/",
    "nothing": "",
    "a number's look-alike": "²",
    "what no database stores": "s1\0\ud800",
}


@pytest.mark.parametrize("ref", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_there_is_unknown(store: Store, ref: str) -> None:
    tell(store, a="s1", b="s2")
    with pytest.raises(StoryUnknown):
        store.story(ref)
    with pytest.raises(StoryUnknown):
        store.merge_stories("s1", ref, at=LATER, actor="7")
    with pytest.raises(StoryUnknown):
        store.split_story("s1", [ref], at=LATER, actor="7")
    assert where(store) == {"a": "s1", "b": "s2"}


def test_an_article_without_a_story_says_so(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, article("alone")))
    with pytest.raises(StoryUnknown, match="is in no story"):
        store.story(url("alone"))


def test_a_story_shows_who_was_told_it(store: Store) -> None:
    tell(store, a="s1")
    one, _ = add_channel(store, "@one"), add_channel(store, "@two")
    queue(store, one, "page", subjects=["s1"])
    assert store.story("s1").told == ("@one",)


def test_of_a_story_with_very_many_articles_the_first_are_shown(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, *(article(f"n{number}") for number in range(510))))
    store.save_groupings([Grouping(a.id, None, "s1", "") for a in store.unsettled(1000)])
    view = store.story("s1")
    assert (len(view.articles), view.more) == (500, 10)


# ---------------------------------------------------------------- merging


@pytest.mark.parametrize(("kept", "other"), [("s1", "s2"), ("s2", "s1"), (url("c"), url("a"))])
def test_a_merge_keeps_the_older_story(store: Store, kept: str, other: str) -> None:
    tell(store, a="s1", b="s1")
    tell(store, c="s2", d__of__c="s2", e="s3")
    assert store.merge_stories(kept, other, at=LATER, actor="7") == "s1"
    assert where(store) == {"a": "s1", "b": "s1", "c": "s1", "d": "s1", "e": "s3"}
    assert set(pinned(store, "s1").values()) == {True}
    assert set(pinned(store, "s3").values()) == {False}


def test_of_two_that_began_together_the_smaller_id_is_kept(store: Store) -> None:
    tell(store, a="s2", b="s1")
    assert store.merge_stories("s2", "s1", at=LATER, actor="7") == "s1"


def test_a_merged_story_leads_to_where_it_went(store: Store) -> None:
    tell(store, a="s1")
    tell(store, b="s2")
    tell(store, c="s3")
    store.merge_stories("s3", "s2", at=LATER, actor="7")
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    assert {store.story(ref).id for ref in ("s1", "s2", "s3", url("c"))} == {"s1"}
    assert store.counts().stories == 1


def test_what_was_told_under_either_stays_told(store: Store) -> None:
    tell(store, a="s1")
    tell(store, b="s2")
    one, two, three = (add_channel(store, chat) for chat in ("@one", "@two", "@three"))
    queue(store, one, "page", subjects=["s1"])
    queue(store, two, "page", subjects=["s2"])
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    assert [len(store.untold(c.id, NOW - DAY)) for c in (one, two, three)] == [0, 0, 2]


def test_a_told_story_may_be_merged_with_another_told_one(store: Store) -> None:
    tell(store, a="s1")
    tell(store, b="s2")
    one = add_channel(store)
    queue(store, one, "page", subjects=["s1"])
    queue(store, one, "page", subjects=["s2"], slot=NOW + HOUR)
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    assert store.untold(one.id, NOW - DAY) == ()


def test_a_digest_built_before_a_merge_is_not_queued_after_it(store: Store) -> None:
    tell(store, a="s1")
    tell(store, b="s2")
    one = add_channel(store)
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    assert queue(store, one, "page", subjects=["s2"]) is None
    assert store.deliveries() == ()
    assert queue(store, one, "page", subjects=["s1"]) is not None
    assert store.untold(one.id, NOW - DAY) == ()


def test_a_merge_is_in_the_audit_log_with_what_undoes_it(store: Store) -> None:
    tell(store, a="s1")
    ids = tell(store, b="s2", c__of__b="s2", d="s2")
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    record = store.audit()[0]
    assert (record.at, record.actor, record.action, record.subject) == (
        LATER, "7", "story.merge", "s1",
    )  # fmt: skip
    assert "s2" in record.detail
    assert "{}, {} (".format(*sorted((ids["b"], ids["d"]))) in record.detail


SAME = {"one id": ("s1", "s1"), "two articles": (url("a"), url("b")), "merged": ("s1", "s2")}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_a_story_is_not_merged_with_itself(store: Store, one: str, other: str) -> None:
    tell(store, a="s1", b="s1")
    tell(store, c="s2")
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    before = store.audit()
    with pytest.raises(StoryInvalid, match="nothing to merge"):
        store.merge_stories(one, other, at=LATER, actor="7")
    assert store.audit() == before


# ---------------------------------------------------------------- splitting


def test_a_split_takes_articles_with_their_copies_to_a_story_of_their_own(store: Store) -> None:
    ids = tell(store, a="s1", b="s1", c__of__b="s1", d="s1")
    assert store.leaving("s1", [url("b")]) == tuple(sorted((ids["b"], ids["c"])))
    new = store.split_story("s1", [url("b")], at=LATER, actor="7")
    assert new == story_name(url("b"))
    assert where(store) == {"a": "s1", "b": new, "c": new, "d": "s1"}
    assert pinned(store, "s1", new) == dict.fromkeys(ids.values(), True)
    assert store.story(new).began == LATER


def test_naming_a_copy_takes_its_first_along(store: Store) -> None:
    ids = tell(store, a="s1", b="s1", c__of__b="s1", d__of__b="s1")
    out = store.leaving("s1", [str(ids["d"])])
    assert out == tuple(sorted((ids["b"], ids["c"], ids["d"])))
    store.split_story("s1", [str(ids["d"])], at=LATER, actor="7")
    assert [a.article.id for a in store.story("s1").articles] == [ids["a"]]


def test_the_earliest_of_those_that_leave_names_their_story(store: Store) -> None:
    ids = tell(store, a="s1", b="s1", c="s1")
    new = store.split_story("s1", [str(ids["c"]), str(ids["b"])], at=LATER, actor="7")
    assert new == story_name(url("b"))


def test_the_article_that_named_the_story_leaves_to_another_id(store: Store) -> None:
    own = story_name(url("a"))
    tell(store, a=own, b=own)
    new = store.split_story(own, [url("a")], at=LATER, actor="7")
    assert new not in (own, "")
    assert where(store) == {"a": new, "b": own}


def test_a_split_undoes_a_merge(store: Store) -> None:
    tell(store, a="s1")
    own = story_name(url("b"))
    ids = tell(store, b=own, c=own)
    store.merge_stories("s1", own, at=LATER, actor="7")
    assert store.split_story("s1", [str(ids["b"]), str(ids["c"])], at=LATER, actor="7") == own
    assert where(store) == {"a": "s1", "b": own, "c": own}
    assert store.story(own).id == own
    assert store.counts().stories == 2


def test_a_merge_undoes_a_split(store: Store) -> None:
    tell(store, a="s1", b="s1")
    new = store.split_story("s1", [url("b")], at=LATER, actor="7")
    assert store.merge_stories(new, "s1", at=LATER, actor="7") == "s1"
    assert where(store) == {"a": "s1", "b": "s1"}


def test_what_was_told_before_a_split_stays_told_for_both_parts(store: Store) -> None:
    tell(store, a="s1", b="s1")
    one, two = add_channel(store, "@one"), add_channel(store, "@two")
    queue(store, one, "page", subjects=["s1"])
    store.split_story("s1", [url("b")], at=LATER, actor="7")
    assert [len(store.untold(channel.id, NOW - DAY)) for channel in (one, two)] == [0, 2]


def test_a_split_is_in_the_audit_log_with_what_undoes_it(store: Store) -> None:
    ids = tell(store, a="s1", b="s1", c__of__b="s1")
    new = store.split_story("s1", [url("c")], at=LATER, actor="cli")
    record = store.audit()[0]
    assert (record.actor, record.action, record.subject) == ("cli", "story.split", "s1")
    assert f"articles {ids['b']} " in record.detail
    assert new in record.detail


REFUSED = {
    "all of it": (["a", "b"], "nothing would stay"),
    "all of it, by its copies": (["b", "c"], "nothing would stay"),
    "another story's": (["a", "other"], "other is not in the story s1"),
    "none": ([], "Name the articles"),
}


@pytest.mark.parametrize(("names", "said"), REFUSED.values(), ids=REFUSED)
def test_a_split_that_makes_no_sense_changes_nothing(
    store: Store, names: list[str], said: str
) -> None:
    tell(store, a="s1", b="s1", c__of__a="s1", other="s2")
    before = store.audit()
    with pytest.raises(StoryInvalid, match=said):
        store.split_story("s1", [url(name) for name in names], at=LATER, actor="7")
    with pytest.raises(StoryInvalid, match=said):
        store.leaving("s1", [url(name) for name in names])
    assert where(store) == {"a": "s1", "b": "s1", "c": "s1", "other": "s2"}
    assert set(pinned(store, "s1", "s2").values()) == {False}
    assert store.audit() == before


def test_a_story_of_one_article_and_its_copies_cannot_be_split(store: Store) -> None:
    tell(store, a="s1", b__of__a="s1")
    with pytest.raises(StoryInvalid, match="one article only"):
        store.split_story("s1", [url("b")], at=LATER, actor="7")


# ---------------------------------------------------------------- what settling makes of it


def groups(store: Store) -> dict[str, set[str]]:
    """The names of the articles of each story."""
    found: dict[str, set[str]] = {}
    for name, story in where(store).items():
        found.setdefault(story or "", set()).add(name)
    return found


def test_settling_that_was_decided_before_a_merge_is_not_saved(store: Store) -> None:
    tell(store, a="s1")
    ids = tell(store, b="s2")
    turn = store.progress().turn
    store.merge_stories("s1", "s2", at=LATER, actor="7")
    late = Grouping(ids["b"], None, "s2", "as it was")
    assert not store.save_groupings([late], Regrouping(turn))
    store.save_groupings([late])
    assert groups(store) == {"s1": {"a", "b"}}


def test_settling_that_was_decided_before_a_split_is_not_saved(store: Store) -> None:
    ids = tell(store, a="s1", b="s1")
    turn = store.progress().turn
    new = store.split_story("s1", [url("b")], at=LATER, actor="7")
    late = Grouping(ids["b"], None, "s1", "as it was")
    assert not store.save_groupings([late], Regrouping(turn))
    store.save_groupings([late])
    assert groups(store) == {"s1": {"a"}, new: {"b"}}


def test_stories_that_admins_touched_are_given(store: Store) -> None:
    tell(store, a="s1", b="s1", c="s2")
    heads = [StoryHead(name, NOW, event=f"e{name}") for name in ("s1", "s2")]
    store.save_groupings([], Regrouping(store.progress().turn, stories=heads))
    new = store.split_story("s1", [url("b")], at=LATER, actor="7")
    store.merge_stories(new, "s2", at=LATER, actor="7")
    found = store.story_heads(["s1", "s2", new], [])
    assert {head.id: head.event for head in found} == {"s1": None, "s2": None, new: None}
    assert {head.id: head.merged_into for head in found} == {"s1": None, "s2": None, new: "s2"}


TITLE = "Bergen archive opens letters of mothers from Tabriz"


def reported(name: str, hours: int) -> Item:
    """A report of one event in words of its own: no copy of the others."""
    words = f"The archive in Bergen opened letters that mothers in Tabriz wrote, says {name}."
    return article(name, hours, title=f"{TITLE}: {name}", text=words)


def settled(store: Store, *items: Item) -> None:
    """Store these and settle, as a poll does."""
    feed = store.feeds()[0] if store.feeds() else old_feed(store)
    store.save_poll(poll(feed, *items, at=LATER))
    settle(store, KNOWLEDGE.clusterer)


def test_settling_leaves_a_split_as_it_is_and_others_may_join_a_part(store: Store) -> None:
    settled(store, reported("b", 2), reported("c", 4))
    (old,) = groups(store)
    new = store.split_story(old, [url("c")], at=LATER, actor="7")
    settled(store, reported("a", 1), reported("d", 5))  # the beginning of all, and a later one
    found = groups(store)
    assert {"b"} <= found[old]
    assert {"c"} <= found[new]
    assert found[old] & found[new] == set()
    assert set().union(*found.values()) == set("abcd")
    settle(store, KNOWLEDGE.clusterer)
    assert groups(store) == found


def test_settling_leaves_a_merge_as_it_is(store: Store) -> None:
    other = article("x", 3, title="Oslo theatre plays a drama on Khavaran", text="A premiere.")
    settled(store, reported("b", 2), other)
    assert len(groups(store)) == 2
    kept = store.merge_stories(url("b"), url("x"), at=LATER, actor="7")
    settled(store, reported("a", 1), reported("c", 4))
    assert {"b", "x"} <= groups(store)[kept]
    late = article("y", 5, title="Oslo theatre plays drama on Khavaran", text="The premiere.")
    settled(store, late)
    assert {"b", "x", "y"} <= groups(store)[kept]
