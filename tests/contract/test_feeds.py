"""What is watched, and when it is due."""

from datetime import datetime, timedelta

import pytest

from tests.contract.making import DAY, HOUR, NOW, add_feed, failed, item, old_feed, poll
from watchers.errors import FeedExists, FeedUnknown
from watchers.model import FeedSpec
from watchers.ports import Store
from watchers.urls import host


def test_a_new_feed_is_due_at_once_and_keeps_what_was_said(store: Store) -> None:
    spec = FeedSpec("https://a.example/feed", "خبر", "fa", "rights", "https://a.example/")
    feed = store.add_feed(spec, at=NOW, actor="cli")
    assert (feed.url, feed.name, feed.language, feed.kind, feed.site) == (
        spec.url,
        "خبر",
        "fa",
        "rights",
        "https://a.example/",
    )
    assert (feed.added_at, feed.next_due, feed.is_new, feed.paused) == (NOW, NOW, True, False)
    assert store.feeds() == store.due_feeds(NOW, 10) == (feed,)


def test_a_url_is_watched_once(store: Store) -> None:
    add_feed(store, "a")
    with pytest.raises(FeedExists, match=r"a\.example"):
        add_feed(store, "a")
    assert len(store.feeds()) == len(store.audit()) == 1


def test_a_very_long_url_can_be_watched(store: Store) -> None:
    spec = FeedSpec("https://a.example/" + "".join(chr(97 + n * n % 26) for n in range(9000)))
    assert store.add_feed(spec, at=NOW, actor="cli") == store.feed(spec.url)


def test_adding_many_adds_those_that_are_missing(store: Store) -> None:
    add_feed(store, "a")
    specs = [FeedSpec(f"https://{name}.example/feed") for name in ("a", "c", "b", "c")]
    assert store.add_feeds(specs, at=NOW, actor="cli") == 2
    assert [feed.url[8] for feed in store.feeds()] == ["a", "c", "b"]
    assert store.add_feeds(specs, at=NOW, actor="cli") == store.add_feeds([], at=NOW, actor="") == 0


def test_a_feed_is_found_by_number_or_url(store: Store) -> None:
    feed = add_feed(store)
    assert store.feed(str(feed.id)) == store.feed(feed.url) == feed


@pytest.mark.parametrize("ref", ["7", "99999999999999999999", "https://b.example/", "", "-1", "x'"])
def test_an_unknown_feed_is_said_to_be_unknown(store: Store, ref: str) -> None:
    add_feed(store)
    with pytest.raises(FeedUnknown):
        store.feed(ref)


def test_due_feeds_come_longest_overdue_first(store: Store) -> None:
    feeds = {name: add_feed(store, name) for name in ("a", "b", "c", "d", "e")}
    for name, hours in {"a": 3, "b": 1, "c": 2, "d": 9}.items():
        store.save_poll(poll(feeds[name], next_due=NOW + hours * HOUR))
    store.pause_feed(feeds["e"].id, paused=True, at=NOW, actor="cli")
    due = store.due_feeds(NOW + 3 * HOUR, 10)
    assert [feed.name for feed in due] == ["B", "C", "A"]
    assert store.due_feeds(NOW + 3 * HOUR, 2) == due[:2]


def test_a_resumed_feed_is_due_at_once(store: Store) -> None:
    feed = old_feed(store)
    assert store.pause_feed(feed.id, paused=True, at=NOW, actor="cli").paused
    resumed = store.pause_feed(feed.id, paused=False, at=NOW + DAY, actor="cli")
    assert (resumed.paused, resumed.next_due) == (False, NOW + DAY)
    assert [record.action for record in store.audit(2)] == ["feed.resume", "feed.pause"]


def test_a_removed_feed_is_gone_and_its_articles_stay(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one")))
    assert store.remove_feed(feed.id, at=NOW, actor="7").url == feed.url
    assert store.feeds() == store.due_feeds(NOW + DAY, 10) == ()
    assert [article.feed for article in store.export()] == [feed.url]
    with pytest.raises(FeedUnknown):
        store.feed(feed.url)
    with pytest.raises(FeedUnknown):
        store.remove_feed(feed.id, at=NOW, actor="7")


def test_a_removed_feed_can_be_watched_anew(store: Store) -> None:
    first = add_feed(store)
    store.remove_feed(first.id, at=NOW, actor="cli")
    again = add_feed(store)
    assert again.id != first.id
    assert store.feed(again.url) == again


def test_pausing_an_unknown_feed_is_refused(store: Store) -> None:
    with pytest.raises(FeedUnknown):
        store.pause_feed(5, paused=True, at=NOW, actor="cli")
    assert store.audit() == ()


def test_coverage_counts_feeds_that_failed_for_six_hours(store: Store) -> None:
    bad, good, paused, short = (old_feed(store, name) for name in "abcd")
    for feed in (bad, paused):
        store.save_poll(failed(feed))
        store.save_poll(failed(feed, at=NOW + 5 * HOUR, failures=2))
    store.save_poll(failed(short, at=NOW + 5 * HOUR))
    store.save_poll(poll(good, at=NOW))
    store.pause_feed(paused.id, paused=True, at=NOW, actor="cli")
    coverage = store.coverage(NOW + 6 * HOUR)
    assert (coverage.feeds, coverage.unreachable, coverage.paused) == (4, 1, 1)
    assert coverage.read == 1
    store.save_poll(poll(bad, at=NOW + 6 * HOUR))
    assert store.coverage(NOW + 6 * HOUR).unreachable == 0


def test_a_naive_time_is_refused(store: Store) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises((ValueError, TypeError)):
        store.add_feed(FeedSpec("https://a.example/"), at=naive, actor="cli")


def test_one_host_with_many_feeds_does_not_fill_the_batch(store: Store) -> None:
    crowd = [FeedSpec(f"https://crowd.example/{number}") for number in range(40)]
    store.add_feeds(crowd, at=NOW - DAY, actor="cli")
    others = [add_feed(store, name) for name in "abcde"]
    assert {host(feed.url) for feed in store.due_feeds(NOW, 20)} == {"crowd.example"}
    due = store.due_feeds(NOW, 20, per_host=8)
    many = [feed for feed in store.feeds() if feed.url.startswith("https://crowd")]
    assert due == (many[0], *others, *many[1:8])
    assert store.due_feeds(NOW, 4, per_host=8) == due[:4]
    assert len(store.due_feeds(NOW, 100)) == 45


def test_a_host_that_rests_gives_no_feed_to_a_batch_by_host(store: Store) -> None:
    add_feed(store, "a")
    other = add_feed(store, "b")
    store.rest_host("a.example", NOW + DAY)
    assert store.due_feeds(NOW, 5, per_host=1) == (other,)


def test_what_a_clock_that_was_ahead_put_off_is_due_again(store: Store) -> None:
    year = 365 * DAY
    ahead, right, paused = (add_feed(store, name, at=NOW - DAY) for name in "abc")
    store.save_poll(poll(ahead, at=NOW + year))
    store.save_poll(poll(right, at=NOW + timedelta(minutes=5)))
    store.pause_feed(paused.id, paused=True, at=NOW - DAY, actor="cli")
    store.pause_feed(paused.id, paused=False, at=NOW + year, actor="cli")
    added = add_feed(store, "d", at=NOW + HOUR)
    late = add_feed(store, "e", at=NOW - DAY)
    store.save_poll(failed(late, at=NOW - HOUR))
    assert store.due_feeds(NOW, 10) == (store.feed(late.url),)
    assert store.heal_clock(NOW) == 3
    due = store.due_feeds(NOW, 10)
    assert {feed.id for feed in due} == {ahead.id, paused.id, added.id, late.id}
    assert store.feed(right.url).next_due == NOW + timedelta(minutes=65)
    assert store.heal_clock(NOW) == 0


def test_a_host_that_rests_by_a_clock_that_was_ahead_is_asked_again(store: Store) -> None:
    rests, asked = add_feed(store, "a"), add_feed(store, "b")
    store.rest_host("a.example", NOW + DAY)
    store.rest_host("b.example", NOW + 9 * DAY)
    store.heal_clock(NOW)
    assert store.due_feeds(NOW + HOUR, 5) == (asked,)
    assert store.due_feeds(NOW + DAY, 5) == (rests, asked)
