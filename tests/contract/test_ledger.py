"""The coverage ledger: runs, gaps, rhythms, and hosts that asked to be left alone."""

from datetime import datetime, timedelta

import pytest

from tests.contract.making import DAY, HOUR, NOW, add_feed, failed, item, old_feed, outage, poll
from watchers.model import Feed, FeedSpec, FetchFailure, Gap, LedgerRow, PollSaved, Rhythm
from watchers.ports import Store

LONG_AGO = NOW - 99 * DAY
GAP = (NOW - HOUR, NOW)


def _unchanged(store: Store, feed: Feed, *hours: int, **changes: object) -> None:
    for hour in hours:
        store.save_poll(poll(feed, at=NOW + hour * HOUR, outcome="unchanged", **changes))


def test_a_poll_that_changed_is_a_row_with_all_that_it_found(store: Store) -> None:
    feed = add_feed(store)
    result = poll(feed, item("one"), item("two"), size=60_000, listed=30, overlap=28, gap=GAP)
    store.save_poll(result)
    assert store.ledger(feed.id, LONG_AGO) == (
        LedgerRow(feed.id, NOW, NOW, 1, "changed", 200, 60_000, 30, 2, 28, None, GAP),
    )


def test_polls_with_the_same_outcome_lengthen_one_run(store: Store) -> None:
    feed = add_feed(store)
    _unchanged(store, feed, 1, 2, size=5, status=200, listed=30, overlap=30)
    _unchanged(store, feed, 3, size=2**33, status=304)
    assert store.ledger(feed.id, LONG_AGO) == (
        LedgerRow(feed.id, NOW + HOUR, NOW + 3 * HOUR, 3, "unchanged", 304, 2**33 + 10),
    )


def test_each_poll_that_changed_is_a_run_of_its_own(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed))
    store.save_poll(poll(feed, at=NOW + HOUR))
    assert [run.polls for run in store.ledger(feed.id, LONG_AGO)] == [1, 1]


def test_another_outcome_or_kind_of_failure_begins_a_run(store: Store) -> None:
    feed = add_feed(store)
    _unchanged(store, feed, 1)
    store.save_poll(failed(feed, at=NOW + 2 * HOUR))
    store.save_poll(failed(feed, at=NOW + 3 * HOUR))
    store.save_poll(failed(feed, at=NOW + 4 * HOUR, kind="dns"))
    store.save_poll(outage(feed, at=NOW + 5 * HOUR, kind="dns"))
    _unchanged(store, feed, 6)
    runs = store.ledger(feed.id, LONG_AGO)
    assert [(run.outcome, run.kind, run.polls) for run in runs] == [
        ("unchanged", None, 1),
        ("failed", "timeout", 2),
        ("failed", "dns", 1),
        ("outage", "dns", 1),
        ("unchanged", None, 1),
    ]


def test_a_run_with_a_gap_is_not_lengthened(store: Store) -> None:
    feed = add_feed(store)
    _unchanged(store, feed, 0)
    _unchanged(store, feed, 1, gap=GAP)
    _unchanged(store, feed, 2)
    assert [run.gap for run in store.ledger(feed.id, LONG_AGO)] == [None, GAP, None]
    assert store.gaps(NOW + 2 * HOUR) == ()


def test_the_ledger_of_a_feed_is_what_reaches_to_a_time(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    store.save_poll(poll(feed, at=NOW - HOUR))
    _unchanged(store, feed, 0, 1)
    store.save_poll(poll(other))
    store.save_poll(poll(feed, at=NOW + 2 * HOUR))
    runs = store.ledger(feed.id, NOW + HOUR)
    assert [(run.since, run.until) for run in runs] == [
        (NOW, NOW + HOUR),
        (NOW + 2 * HOUR, NOW + 2 * HOUR),
    ]
    assert store.ledger(999, LONG_AGO) == ()


def test_a_clock_that_was_put_back_does_not_shorten_a_run(store: Store) -> None:
    feed = add_feed(store)
    _unchanged(store, feed, 2, 1)
    (run,) = store.ledger(feed.id, LONG_AGO)
    assert (run.since, run.until, run.polls) == (NOW + 2 * HOUR, NOW + 2 * HOUR, 2)


def test_failed_runs_are_those_of_watched_feeds_by_feed_and_time(store: Store) -> None:
    one, two, gone = (add_feed(store, name) for name in "abc")
    for feed in (two, gone, one):
        store.save_poll(failed(feed, at=NOW - 2 * HOUR))
        store.save_poll(poll(feed, at=NOW - HOUR))
        store.save_poll(failed(feed))
    store.save_poll(outage(one, at=NOW + HOUR))
    store.remove_feed(gone.id, at=NOW, actor="cli")
    runs = store.failed_runs(NOW)
    assert [(run.feed_id, run.outcome, run.since) for run in runs] == [
        (one.id, "failed", NOW),
        (one.id, "outage", NOW + HOUR),
        (two.id, "failed", NOW),
    ]
    assert len(store.failed_runs(LONG_AGO)) == 5


def test_gaps_are_those_of_watched_feeds_latest_first(store: Store) -> None:
    one, gone = add_feed(store, "a"), add_feed(store, "b")
    nameless = store.add_feed(FeedSpec("https://c.example/feed"), at=NOW, actor="cli")
    for hours, feed in enumerate((one, nameless, gone, one)):
        at = NOW + hours * HOUR
        store.save_poll(poll(feed, at=at, gap=(at - HOUR, at)))
    store.remove_feed(gone.id, at=NOW, actor="cli")
    found = store.gaps(NOW + HOUR)
    assert found == (
        Gap(one.id, "A", NOW + 2 * HOUR, NOW + 3 * HOUR),
        Gap(nameless.id, "https://c.example/feed", NOW, NOW + HOUR),
    )
    assert store.gaps(NOW + HOUR, limit=1) == found[:1]
    assert store.coverage(NOW, NOW + HOUR).gaps == found
    assert store.coverage(NOW).gaps == ()


def test_a_rhythm_is_how_often_something_new_was_found(store: Store) -> None:
    feed, silent = add_feed(store), add_feed(store, "b")
    for hours in (0, 5, 7):
        store.save_poll(poll(feed, item(f"n{hours}"), at=NOW + hours * HOUR))
        store.save_poll(poll(silent, item(f"n{hours}"), at=NOW + hours * HOUR))
        store.save_poll(poll(feed, at=NOW + hours * HOUR + HOUR))
    assert store.rhythms(NOW) == {feed.id: Rhythm(3, NOW, NOW + 7 * HOUR)}
    assert store.rhythms(NOW + HOUR) == {feed.id: Rhythm(2, NOW + 5 * HOUR, NOW + 7 * HOUR)}


def test_old_runs_are_forgotten_and_the_next_poll_begins_one(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    _unchanged(store, feed, 0, 1)
    store.save_poll(poll(other))
    _unchanged(store, other, 2)
    assert store.forget_ledger(NOW + HOUR) == 1
    assert store.forget_ledger(NOW + 2 * HOUR) == 1
    assert store.forget_ledger(NOW + 2 * HOUR) == 0
    _unchanged(store, other, 3)
    _unchanged(store, feed, 3)
    assert [run.polls for run in store.ledger(feed.id, LONG_AGO)] == [1]
    assert [run.polls for run in store.ledger(other.id, LONG_AGO)] == [2]


def test_a_run_that_was_forgotten_is_never_taken_for_another_feeds(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    _unchanged(store, feed, 0)
    assert store.forget_ledger(NOW + HOUR) == 1
    _unchanged(store, other, 1)
    _unchanged(store, feed, 2)
    runs = [*store.ledger(feed.id, LONG_AGO), *store.ledger(other.id, LONG_AGO)]
    assert [(run.feed_id, run.polls) for run in runs] == [(feed.id, 1), (other.id, 1)]


def test_an_outage_of_ours_blames_no_feed(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, etag='"1"', interval=77))
    store.save_poll(failed(feed, at=NOW + HOUR, failures=0.5))
    before = store.feed(feed.url)
    at = NOW + 9 * DAY
    assert store.save_poll(outage(feed, at=at)) == PollSaved(feed.id)
    after = store.feed(feed.url)
    assert (after.next_due, after.last_polled) == (at + HOUR, at)
    for name in ("failures", "failing_since", "last_error", "interval", "etag", "last_success"):
        assert getattr(after, name) == getattr(before, name)
    assert store.notices(untold=True) == ()


# ---------------------------------------------------------------- hosts at rest


def _two_of_a_host(store: Store) -> tuple[Feed, Feed, Feed]:
    urls = ("https://H.example/1", "http://h.example:8080/2", "https://other.example/3")
    one, two, other = (store.add_feed(FeedSpec(url), at=NOW, actor="cli") for url in urls)
    return one, two, other


def _due(store: Store, at: datetime) -> list[int]:
    return [feed.id for feed in store.due_feeds(at, 10)]


def test_no_feed_of_a_host_at_rest_is_due(store: Store) -> None:
    one, two, other = _two_of_a_host(store)
    store.rest_host("h.example", NOW + 2 * HOUR)
    assert _due(store, NOW + HOUR) == [other.id]
    assert _due(store, NOW + 2 * HOUR) == [one.id, two.id, other.id]


def test_a_rest_becomes_longer_and_never_shorter(store: Store) -> None:
    _, _, other = _two_of_a_host(store)
    for hours in (1, 3, 2):
        store.rest_host("h.example", NOW + hours * HOUR)
    assert _due(store, NOW + 2 * HOUR) == [other.id]
    assert len(_due(store, NOW + 3 * HOUR)) == 3


def test_a_poll_can_say_that_its_host_asked_for_rest(store: Store) -> None:
    one, _, other = _two_of_a_host(store)
    resting = ("h.example", NOW + 2 * HOUR)
    failure = FetchFailure("status", "Too many requests.", 429, 7200)
    store.save_poll(poll(one, outcome="failed", status=429, failure=failure, resting=resting))
    assert _due(store, NOW + HOUR + timedelta(minutes=1)) == [other.id]


# ---------------------------------------------------------------- notices


def test_a_notice_is_added_once_and_claimed_once(store: Store) -> None:
    assert store.add_notice("outage:1", "outage", "خاموشی \0 of ours.", at=NOW)
    assert not store.add_notice("outage:1", "outage", "Again.", at=NOW + HOUR)
    assert store.add_notice("back:1", "back", "Back.", at=NOW + HOUR)
    older, newer = store.notices(untold=True)
    assert (older.at, older.kind, older.told_at) == (NOW, "outage", None)
    assert older.text.startswith("خاموشی ")
    assert store.notices(untold=False) == (newer, older)
    assert store.notices(untold=True, limit=1) == (older,)
    assert store.mark_told(older.id, at=NOW + 2 * HOUR)
    assert not store.mark_told(older.id, at=NOW + 3 * HOUR)
    assert not store.mark_told(999, at=NOW)
    assert store.notices(untold=True) == (newer,)
    assert store.notices(untold=False)[1].told_at == NOW + 2 * HOUR


def test_a_notice_that_reached_nobody_is_given_back(store: Store) -> None:
    for number in (1, 2):
        store.add_notice(f"outage:{number}", "outage", "Down.", at=NOW)
    one, two = store.notices(untold=True)
    for notice in (one, two):
        store.mark_told(notice.id, at=NOW)
    store.give_back(one.id)
    store.give_back(999)
    assert store.notices(untold=True) == (one,)
    assert store.mark_told(one.id, at=NOW + HOUR)
    assert store.notices(untold=True) == ()


def test_admins_are_told_of_a_feed_that_failed_for_one_three_and_seven_days(store: Store) -> None:
    feed = old_feed(store)
    told = []
    for hours in (0, 23, 24, 30, 72, 100, 167, 168, 300):
        store.save_poll(failed(feed, at=NOW + hours * HOUR))
        told.append(len(store.notices(untold=True)))
    assert told == [0, 0, 1, 1, 2, 2, 2, 3, 3]
    first, _, last = store.notices(untold=True)
    assert (first.kind, first.at) == ("failing", NOW + DAY)
    for word in ("Feed 1 (A, https://a.example/feed)", "1 day,", "2026-07-30 12:00 UTC", "30 sec"):
        assert word in first.text
    assert "7 days," in last.text


def test_a_feed_that_failed_long_unseen_is_told_of_once(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(failed(feed))
    store.save_poll(failed(feed, at=NOW + 5 * DAY))
    assert ["3 days" in notice.text for notice in store.notices(untold=True)] == [True]


def test_a_feed_that_fails_anew_is_told_of_anew(store: Store) -> None:
    feed = old_feed(store)
    for start in (NOW, NOW + 5 * DAY):
        store.save_poll(failed(feed, at=start))
        store.save_poll(failed(feed, at=start + DAY))
        store.save_poll(poll(feed, at=start + 2 * DAY))
    assert len(store.notices(untold=True)) == 2


@pytest.mark.parametrize(("status", "told"), [(410, ["gone"]), (404, [])])
def test_admins_are_told_once_that_a_feed_is_gone(
    store: Store, status: int, told: list[str]
) -> None:
    feed = old_feed(store)
    failure = FetchFailure("status", "Gone.", status)
    for hours in (0, 2):
        at = NOW + hours * HOUR
        store.save_poll(poll(feed, at=at, outcome="failed", status=status, failure=failure))
    assert [notice.kind for notice in store.notices(untold=True)] == told


def test_feeds_in_one_transaction_are_told_of_each(store: Store) -> None:
    feeds = [old_feed(store, name) for name in "abc"]
    store.save_polls([failed(feed) for feed in feeds])
    store.save_polls([failed(feed, at=NOW + DAY) for feed in feeds])
    assert len(store.notices(untold=True)) == 3
