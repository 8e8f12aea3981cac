"""The numbers for those who watch over the service."""

from datetime import timedelta

from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_subscriber,
    item,
    old_feed,
    poll,
    settle,
)
from tests.contract.taking import page, queue_pages, send
from watchers.ports import Store
from watchers.telling import SendOutcome, SendResult
from watchers.urls import host


def test_of_an_empty_database_nothing_waits(store: Store) -> None:
    found = store.vitals(NOW)
    assert (found.feeds, found.due, found.due_since, found.digest_behind) == (0, 0, None, None)
    assert set(found.pages.values()) == {0}
    assert found.queued_since == {}
    assert not found.workers  # 0, or None where the distributed engine was never set up
    assert not any(found.jobs.values())


def test_due_feeds_and_the_longest_overdue(store: Store) -> None:
    feed = old_feed(store)
    due = feed.next_due
    assert store.vitals(due - timedelta(seconds=1)).due == 0
    found = store.vitals(due + HOUR)
    assert (found.feeds, found.due, found.due_since) == (1, 1, due)
    store.rest_host(host(feed.url), due + 2 * HOUR)
    assert store.vitals(due + HOUR).due == 0
    assert store.vitals(due + 3 * HOUR).due == 1
    store.pause_feed(feed.id, paused=True, at=NOW, actor="cli")
    assert store.vitals(due + 3 * HOUR).due == 0


def test_pages_by_audience_and_state_and_the_oldest_that_waits(store: Store) -> None:
    channel, person = add_channel(store), add_subscriber(store, 77)
    queue_pages(store, channel, page("s1"), page("s2"))
    send(store, channel, SendResult(SendOutcome.UNCERTAIN, "no answer"))
    queue_pages(store, channel, page("s3"), slot=NOW + HOUR)
    queue_pages(store, person, page("s1"), slot=NOW + DAY)
    found = store.vitals(NOW)
    waiting = {of: number for of, number in found.pages.items() if number}
    assert waiting == {
        ("channel", "uncertain"): 1, ("channel", "queued"): 1, ("private", "queued"): 1,
    }  # fmt: skip
    assert found.queued_since == {"channel": NOW + HOUR, "private": NOW + DAY}


def test_a_claimed_page_knows_since_when_it_is_queued(store: Store) -> None:
    channel, person = add_channel(store), add_subscriber(store, 77)
    queue_pages(store, channel, page("s1"))
    queue_pages(store, person, page("s1"), slot=NOW + HOUR)
    one = store.claim_next(channel.id, NOW + DAY)
    ((_, other),) = store.claim_private(NOW + DAY, 5)
    assert one is not None
    assert (one.queued_at, other.queued_at) == (NOW, NOW + HOUR)


def test_articles_that_are_to_be_grouped_and_notices_that_wait(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one"), item("two")))
    found = store.vitals(NOW)
    assert (found.unsettled, found.unindexed) == (2, 2)
    settle(store)
    store.index_part()
    assert store.vitals(NOW).unindexed == 0
    store.add_notice("k", "moved", "A feed moved.", at=NOW)
    found = store.vitals(NOW)
    assert (found.unsettled, found.notices) == (0, 1)


def test_the_channel_that_is_furthest_behind(store: Store) -> None:
    told, late = add_channel(store), add_channel(store, "@late")
    add_subscriber(store, 77)
    assert store.vitals(NOW).digest_behind == NOW  # when they were added
    queue_pages(store, told, page("s1"), slot=NOW + DAY)
    queue_pages(store, late, page("s1"), slot=NOW + HOUR)
    behind = store.vitals(NOW).digest_behind
    assert behind is not None
    assert behind <= NOW + HOUR
    store.change_channel(late.id, {"paused": True}, at=NOW, actor="cli")
    store.change_channel(told.id, {"paused": True}, at=NOW, actor="cli")
    assert store.vitals(NOW).digest_behind is None
