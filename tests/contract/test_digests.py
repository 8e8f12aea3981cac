"""What a channel was not told yet, and what it is told."""

import threading

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_feed,
    item,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.errors import ChannelUnknown
from watchers.model import Grouping, Item
from watchers.ports import Store
from watchers.telling import DeliveryState, DigestOrder, Entity, Page


def _told(store: Store, *items: Item, **stories: str) -> None:
    store.save_poll(poll(old_feed(store), *items))
    settle(store, **stories)


def test_untold_are_settled_relevant_or_naming_articles(store: Store) -> None:
    channel = add_channel(store)
    _told(
        store,
        item("relevant", relevant=True),
        item("named", officials=["r"]),
        item("neither"),
        item("suspicious", suspicious=True),
        relevant="s1",
    )
    store.save_poll(poll(1, item("open", relevant=True)))
    assert sorted(names(store.untold(channel.id, NOW))) == ["named", "relevant"]


def test_a_tellable_says_where_it_came_from(store: Store) -> None:
    channel = add_channel(store)
    _told(store, item("one", relevant=True, officials=["r"], language="fa"), one="s1")
    (one,) = store.untold(channel.id, NOW)
    assert (one.url, one.host) == ("https://news.example/one", "news.example")
    assert (one.feed_name, one.feed_kind, one.language) == ("A", "rights", "fa")
    assert (one.relevant, one.officials, one.score, one.story) == (True, ("r",), 2.5, "s1")
    assert (one.published, one.first_seen, one.updated) == (NOW, NOW, False)
    changed = item("one", text="New.", relevant=True)
    store.save_poll(poll(1, changed))
    assert [one.updated for one in store.untold(channel.id, NOW)] == [True]


def test_articles_seen_before_since_are_not_told(store: Store) -> None:
    channel = add_channel(store)
    _told(store, item("one", relevant=True), one="s1")
    assert store.untold(channel.id, NOW + HOUR) == ()


def test_a_told_story_is_not_told_again_but_to_another_channel(store: Store) -> None:
    first, second = add_channel(store), add_channel(store, "@other")
    _told(store, item("one", relevant=True), item("two", relevant=True), one="s1", two="s2")
    queue(store, first, "page", subjects=["s1"])
    assert sorted(names(store.untold(first.id, NOW))) == ["two"]
    assert sorted(names(store.untold(second.id, NOW))) == ["one", "two"]
    store.save_poll(poll(1, item("later", relevant=True)))
    settle(store, later="s1")
    assert sorted(names(store.untold(first.id, NOW))) == ["two"]


def test_an_article_without_a_story_is_told_by_its_first_copy(store: Store) -> None:
    channel = add_channel(store)
    store.save_poll(poll(old_feed(store), item("one", officials=["r"]), item("two")))
    one, two = store.unsettled(2)
    store.save_groupings([Grouping(one.id, None, None, ""), Grouping(two.id, one.id, None, "")])
    # The copy names nobody, yet it belongs to the subject.
    assert sorted(names(store.untold(channel.id, NOW))) == ["one", "two"]
    queue(store, channel, "page", subjects=[f"article:{one.id}"])
    assert store.untold(channel.id, NOW) == ()


def test_all_articles_of_a_story_come_with_it(store: Store) -> None:
    channel = add_channel(store)
    feed = old_feed(store)
    store.save_poll(poll(feed, item("early", relevant=True), at=NOW - HOUR))
    store.save_poll(poll(feed, item("one", relevant=True), item("two")))
    settle(store, early="s", one="s", two="s")
    assert sorted(names(store.untold(channel.id, NOW))) == ["one", "two"]
    assert sorted(names(store.untold(channel.id, NOW - HOUR))) == ["early", "one", "two"]


def test_baseline_articles_start_no_subject(store: Store) -> None:
    channel = add_channel(store)
    feed = old_feed(store, "b")
    store.save_poll(poll(feed, item("new", relevant=True)))
    store.save_poll(
        poll(
            add_feed(store, "c"),
            item("old", relevant=True, published=None),
            item("alone", relevant=True, published=None),
        )
    )
    settle(store, new="s", old="s", alone="t")
    assert sorted(names(store.untold(channel.id, NOW))) == ["new", "old"]


def test_a_digest_is_queued_page_by_page(store: Store) -> None:
    channel = add_channel(store)
    pages = [Page("یک", (Entity("bold", 0, 2), Entity("text_link", 0, 1, "https://x/"))), Page("2")]
    order = DigestOrder(
        channel.id,
        slot=NOW,
        built_at=NOW,
        since=NOW - DAY,
        subjects=("s1", "s1"),
        pages=tuple(pages),
        scheduled=False,
    )
    (digest,) = store.queue_digests((order,))
    second, first = store.deliveries()
    assert (first.page, first.pages, first.digest_id, first.content) == (1, 2, digest, pages[0])
    assert (second.page, second.content, second.state) == (2, pages[1], DeliveryState.QUEUED)
    assert store.channel("@digest").last_slot is None


def test_a_slot_is_told_once(store: Store) -> None:
    channel = add_channel(store)
    assert queue(store, channel, "one", subjects=["s1"]) is not None
    assert queue(store, channel, "two", subjects=["s2"]) is None
    assert len(store.deliveries()) == 1
    assert queue(store, channel, "two", subjects=["s2"], slot=NOW + DAY) is not None


def test_a_subject_is_told_once_and_a_refusal_changes_nothing(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, "one", subjects=["s1"])
    assert queue(store, channel, "two", subjects=["s2", "s1"], slot=NOW + DAY) is None
    assert store.channel("@digest").last_slot == NOW
    assert queue(store, channel, "two", subjects=["s2"], slot=NOW + DAY) is not None


def test_an_empty_digest_moves_only_the_slot(store: Store) -> None:
    channel = add_channel(store)
    assert queue(store, channel) is None
    assert store.channel("@digest").last_slot == NOW
    assert store.deliveries() == ()
    assert queue(store, channel, "page") is not None


def test_the_slot_never_moves_back(store: Store) -> None:
    channel = add_channel(store)
    queue(store, channel, slot=NOW)
    queue(store, channel, slot=NOW - DAY)
    queue(store, channel, slot=NOW + DAY, scheduled=False)
    assert store.channel("@digest").last_slot == NOW


def test_a_digest_for_an_unknown_channel_is_refused(store: Store) -> None:
    channel = add_channel(store)
    store.remove_channel(channel.id, at=NOW, actor="cli")
    with pytest.raises(ChannelUnknown):
        queue(store, channel, "page")


def test_two_processes_that_build_one_slot_queue_it_once(another: Opener) -> None:
    stores = [another() for _ in range(4)]
    channel = add_channel(stores[0])
    start = threading.Barrier(4)
    made: list[int | None] = []

    def build(store: Store, number: int) -> None:
        start.wait()
        made.append(queue(store, channel, "page", subjects=[f"s{number}"]))

    threads = [threading.Thread(target=build, args=pair) for pair in zip(stores, range(4))]  # noqa: B905
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) - made.count(None) == len(stores[0].deliveries()) == 1
