"""What admins muted, and took back."""

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    NOW,
    add_channel,
    add_feed,
    item,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.errors import FeedUnknown
from watchers.muting import Mutes
from watchers.ports import Store


def _mute(store: Store, subject: str, *, muted: bool = True) -> bool:
    return store.mute_subject(subject, muted=muted, at=NOW, actor="7")


def test_stories_are_muted_and_heard_again(another: Opener) -> None:
    store = another()
    assert store.mutes() == Mutes()
    assert [_mute(store, "s1"), _mute(store, "s1"), _mute(store, "article:4")] == [
        True, False, True,
    ]  # fmt: skip
    assert another().mutes() == Mutes(frozenset({"s1", "article:4"}))
    assert [_mute(store, "s1", muted=False), _mute(store, "s1", muted=False)] == [True, False]
    assert another().mutes() == Mutes(frozenset({"article:4"}))
    records = [(record.action, record.subject, record.actor) for record in store.audit()]
    assert records == [
        ("story.unmute", "s1", "7"),
        ("story.mute", "article:4", "7"),
        ("story.mute", "s1", "7"),
    ]


def test_feeds_are_muted_and_heard_again(another: Opener) -> None:
    store = another()
    feed, other = add_feed(store), add_feed(store, "b")
    for muted, changed in ((True, True), (True, False)):
        assert store.mute_feed(feed.id, muted=muted, at=NOW, actor="7") is changed
    store.mute_feed(other.id, muted=True, at=NOW, actor="7")
    assert another().mutes() == Mutes(feeds=frozenset({feed.id, other.id}))
    for changed in (True, False):
        assert store.mute_feed(feed.id, muted=False, at=NOW, actor="7") is changed
    assert another().mutes() == Mutes(feeds=frozenset({other.id}))
    records = [(record.action, record.subject) for record in store.audit(3)]
    assert records == [
        ("feed.unmute", feed.url), ("feed.mute", other.url), ("feed.mute", feed.url),
    ]  # fmt: skip
    assert store.feed(str(feed.id)) == feed


@pytest.mark.parametrize("muted", [True, False])
@pytest.mark.parametrize("number", [99, 0, -1, 2**40], ids=str)
def test_an_unknown_feed_is_refused(store: Store, number: int, *, muted: bool) -> None:
    with pytest.raises(FeedUnknown):
        store.mute_feed(number, muted=muted, at=NOW, actor="7")
    assert store.mutes() == Mutes()
    assert store.audit() == ()


def test_a_muted_story_stays_muted_under_the_story_that_it_was_merged_into(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("a", relevant=True), item("b", relevant=True)))
    settle(store, a="s1", b="s2")
    for story in ("s1", "s2"):
        _mute(store, story)
    kept = store.merge_stories("s1", "s2", at=NOW + DAY, actor="7")
    gone = ({"s1", "s2"} - {kept}).pop()
    _mute(store, "other")
    assert kept in store.mutes().subjects
    assert _mute(store, kept, muted=False)
    assert store.mutes().subjects == {"other"}
    assert not _mute(store, gone, muted=False)


def test_both_parts_of_a_muted_story_stay_muted(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, *(item(name, relevant=True) for name in "abc")))
    settle(store, a="s1", b="s1", c="s2")
    _mute(store, "s1")
    kept = store.merge_stories("s1", "s2", at=NOW + DAY, actor="7")
    new = store.split_story(kept, ["2"], at=NOW + DAY, actor="7")
    assert {kept, new} <= store.mutes().subjects
    _mute(store, kept, muted=False)
    assert store.mutes().subjects == {new}
    other = store.split_story(kept, ["3"], at=NOW + DAY, actor="7")
    assert other not in store.mutes().subjects


def test_hostile_names_are_kept_as_they_can_be(store: Store) -> None:
    assert _mute(store, "a\0b\ud800")
    assert store.mutes().subjects == {"ab?"}
    assert _mute(store, "a\0b\ud800", muted=False)


def test_a_digest_built_before_a_story_was_muted_is_not_queued(store: Store) -> None:
    channel, other = add_channel(store), add_channel(store, "@other")
    _mute(store, "s1")
    assert queue(store, channel, "page", subjects=["s1", "s2"]) is None
    assert store.channel("@digest").last_slot is None
    assert queue(store, other, "page", subjects=["s2"]) is not None
    _mute(store, "s1", muted=False)
    assert queue(store, channel, "page", subjects=["s1", "s2"]) is not None
