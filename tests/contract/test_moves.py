"""Feeds that moved, and where they were before."""

import pytest

from tests.contract.making import DAY, HOUR, NOW, add_feed, failed, old_feed, outage, poll
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import FeedSpec, PollResult
from watchers.ports import Store

NEW = "https://new.example/feed"


def test_a_moved_feed_is_found_by_its_former_addresses(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    store.save_poll(poll(feed, at=NOW + DAY, moved_to="https://newer.example/feed"))
    assert store.former_addresses(feed.id) == (feed.url, NEW)
    now = store.feed(str(feed.id))
    assert now.url == "https://newer.example/feed"
    assert store.feed(feed.url) == store.feed(NEW) == store.feed(now.url) == now
    assert [record.action for record in store.audit(2)] == ["feed.move", "feed.move"]


def test_a_former_address_is_watched_already(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    with pytest.raises(FeedExists, match=r"a\.example.*moved.*new\.example"):
        add_feed(store)
    assert store.add_feeds([FeedSpec(feed.url), FeedSpec(NEW)], at=NOW, actor="cli") == 0
    assert len(store.feeds()) == 1


def test_an_unchanged_poll_moves_a_feed_too(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, outcome="unchanged", status=304, moved_to=NEW))
    assert store.feed(NEW).id == feed.id


def test_admins_are_told_of_a_move_once(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    store.save_poll(poll(feed, moved_to=NEW))
    (notice,) = store.notices(untold=True)
    assert notice.kind == "moved"
    assert feed.url in notice.text
    assert NEW in notice.text


def test_a_feed_that_moves_back_is_where_it_was(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    store.save_poll(poll(feed, at=NOW + DAY, moved_to=feed.url))
    assert store.feed(str(feed.id)).url == feed.url
    assert store.former_addresses(feed.id) == (NEW,)


def test_a_feed_that_leads_to_another_one_stays_and_is_told_of(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    for hours in (0, 1):
        store.save_poll(poll(feed, at=NOW + hours * HOUR, moved_to=other.url))
    assert store.feed(str(feed.id)).url == feed.url
    assert store.former_addresses(feed.id) == ()
    (notice,) = store.notices(untold=True)
    assert notice.kind == "moved"
    assert f"feed {other.id} (B)" in notice.text
    assert "same feed" in notice.text


def test_two_feeds_that_move_to_one_address_in_one_transaction(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    store.save_polls([poll(one, moved_to=NEW) for one in (feed, other)])
    assert [one.url for one in store.feeds()] == [NEW, other.url]
    assert len(store.notices(untold=True)) == 2


@pytest.mark.parametrize(
    "to", ["http://a.example/feed", "HTTP://new.example/", "", None], ids=["same", "new", "0", "-"]
)
def test_no_feed_is_moved_from_https_to_http(store: Store, to: str | None) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=to))
    assert store.feed(str(feed.id)).url == feed.url
    assert store.notices(untold=True) == ()


def test_a_move_to_https_is_followed(store: Store) -> None:
    feed = store.add_feed(FeedSpec("http://a.example/feed"), at=NOW, actor="cli")
    store.save_poll(poll(feed, moved_to="https://a.example/feed"))
    assert store.feed("https://a.example/feed").id == feed.id


def test_a_poll_that_read_nothing_moves_no_feed(store: Store) -> None:
    feed = old_feed(store)
    lost: list[PollResult] = [failed(feed, moved_to=NEW), outage(feed, moved_to=NEW)]
    for result in lost:
        store.save_poll(result)
    assert store.feed(str(feed.id)).url == feed.url


def test_a_moved_feed_rests_with_its_new_host(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    store.rest_host("new.example", NOW + DAY)
    assert store.due_feeds(NOW + HOUR, 5) == ()


def test_a_removed_feed_leaves_its_former_addresses(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=NEW))
    store.remove_feed(feed.id, at=NOW, actor="cli")
    assert store.former_addresses(feed.id) == ()
    with pytest.raises(FeedUnknown):
        store.feed(feed.url)
    assert add_feed(store).id != feed.id


def test_a_feed_moves_once_a_day_at_most(store: Store) -> None:
    feed = add_feed(store)
    for hours in range(24):
        to = f"https://new.example/{hours}"
        store.save_poll(poll(feed, at=NOW + hours * HOUR, moved_to=to))
    assert store.feed(str(feed.id)).url == "https://new.example/0"
    assert store.former_addresses(feed.id) == (feed.url,)
    assert len(store.notices(untold=True)) == 1
    store.save_poll(poll(feed, at=NOW - 9 * DAY, moved_to=feed.url))
    assert store.feed(str(feed.id)).url == feed.url  # the clock was ahead then


def test_a_feed_moves_ten_times_at_most(store: Store) -> None:
    feed = add_feed(store)
    for days in range(12):
        store.save_poll(poll(feed, at=NOW + days * DAY, moved_to=f"https://new.example/{days}"))
    assert store.feed(str(feed.id)).url == "https://new.example/9"
    assert len(store.former_addresses(feed.id)) == len(store.notices(untold=True)) == 10
    assert store.feed(str(feed.id)).last_success == NOW + 11 * DAY


@pytest.mark.parametrize("who", ["user:word@", "user@"])
def test_no_feed_is_moved_to_an_address_with_a_password(store: Store, who: str) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, moved_to=f"https://{who}new.example/feed"))
    assert store.feed(str(feed.id)).url == feed.url
    assert store.notices(untold=True) == ()
