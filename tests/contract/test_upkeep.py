"""Export, counts, values, locks, checks."""

import threading
import time

import psycopg
import pytest

from storage import open_store
from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    item,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.model import Grouping
from watchers.ports import Store


def test_export_is_by_first_seen_then_number(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("late"), at=NOW + HOUR))
    store.save_poll(poll(feed, *(item(f"n{number}") for number in range(450))))
    found = names(list(store.export()))
    assert len(found) == 451
    assert found[-1] == "late"
    assert set(found[:-1]) == {f"n{number}" for number in range(450)}


def test_export_tells_what_was_stored(store: Store) -> None:
    feed = old_feed(store)
    given = item("one", printed="http://t.co/1", relevant=True, officials=["raisi", "pour"])
    store.save_poll(poll(feed, given))
    settle(store, one="story-1")
    (one,) = store.export()
    assert (one.url, one.canonical_url) == ("http://t.co/1", "https://news.example/one")
    assert (one.title, one.language, one.relevant) == ("Title of one", "en", True)
    assert (one.published, one.first_seen, one.first_published) == (NOW, NOW, NOW)
    assert (one.feed, one.feed_kind) == (feed.url, "rights")
    assert (one.officials, one.people) == (("raisi", "pour"), ("montazeri",))
    assert (one.topics, one.story) == (("massacre-1988",), "story-1")
    assert (one.also, one.updates, one.duplicate_of) == ((), (), None)
    assert one.reasons == given.verdict.matches


def test_export_names_the_first_of_the_copies(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one", relevant=True), item("two", relevant=True)))
    one, two = store.unsettled(2)
    store.save_groupings([Grouping(one.id, None, "s", ""), Grouping(two.id, one.id, "s", "")])
    first = "https://news.example/one"
    assert [(a.duplicate_of, a.story) for a in store.export()] == [(None, "s"), (first, "s")]


def test_an_article_that_lost_its_relevance_shows_no_story(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one", relevant=True)))
    settle(store, one="s")
    store.save_poll(poll(feed, item("one", text="Corrected.")))
    assert [one.story for one in store.export()] == [None]


def test_export_filters(store: Store) -> None:
    feed = old_feed(store)
    for hours, one in enumerate(
        (
            item("a", officials=["raisi"], language="fa"),
            item("b", officials=["raisi-two"]),
            item("c", officials=["x", "raisi"]),
            item("d", language=None),
        )
    ):
        store.save_poll(poll(feed, one, at=NOW + hours * HOUR))

    def found(**filters: object) -> str:
        return "".join(names(list(store.export(**filters))))  # type: ignore[arg-type]

    assert found() == "abcd"
    assert found(since=NOW + HOUR) == "bcd"
    assert found(until=NOW + HOUR) == "a"
    assert found(since=NOW + HOUR, until=NOW + 3 * HOUR) == "bc"
    assert found(official="raisi") == "ac"
    assert found(official="raisi%") == found(official="r_isi") == ""
    assert found(language="en") == "bc"
    assert found(language="fa", official="raisi", since=NOW) == "a"


def test_export_goes_on_while_others_write(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, *(item(f"n{number}") for number in range(300))))
    articles = store.export()
    next(articles)
    store.save_poll(poll(feed, item("while"), at=NOW + DAY))
    assert len(list(articles)) >= 299


def test_counts_count(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.remove_feed(other.id, at=NOW, actor="cli")
    store.save_poll(poll(feed, item("one", relevant=True), item("two")))
    settle(store, one="s")
    store.save_poll(poll(feed, item("three")))
    queue(store, add_channel(store), "1", "2", "3")
    counts = store.counts()
    assert (counts.feeds, counts.articles, counts.relevant, counts.stories) == (1, 3, 1, 1)
    assert (counts.queued, counts.uncertain, counts.failed) == (3, 0, 0)
    assert counts.extra["unsettled"] == 1


def test_values_are_kept_and_replaced(another: Opener) -> None:
    store = another()
    assert store.value("feeds_loaded") is None
    store.set_value("feeds_loaded", "1")
    store.set_value("feeds_loaded", "۲")
    assert another().value("feeds_loaded") == "۲"


def test_a_lock_is_held_by_one(another: Opener) -> None:
    one, two = another(), another()
    with one.lock("ticks") as first:
        assert first
        assert first.held()
        with two.lock("ticks") as second, one.lock("ticks") as third:
            assert not second
            assert not third
            assert not second.held()
        with two.lock("channel:1") as other:
            assert other
    with two.lock("ticks") as again:
        assert again


def test_a_lock_is_free_after_an_error(store: Store) -> None:
    with pytest.raises(RuntimeError), store.lock("../ticks / 1"):
        raise RuntimeError
    with store.lock("../ticks / 1") as got:
        assert got


def test_a_lock_that_the_database_dropped_is_not_held(shared_postgres: str) -> None:
    stores = [open_store(shared_postgres, create=False) for _ in range(2)]
    plain = shared_postgres.replace("+psycopg", "", 1)
    with (
        psycopg.connect(plain, autocommit=True) as admin,
        stores[0].lock("ticks") as lost,
        stores[0].lock("other") as other,
    ):
        assert lost.held()
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " ORDER BY pid LIMIT 1"
        )
        deadline = time.monotonic() + 10
        while all(held := [lock.held() for lock in (lost, other)]):
            assert time.monotonic() < deadline
        assert sorted(held) == [False, True]
        with stores[1].lock("other" if held[0] else "ticks") as taken:
            assert taken.held()
            assert [lock.held() for lock in (lost, other)] == held
    for store in stores:
        store.close()


def test_a_lock_is_got_by_one_of_many_threads(another: Opener) -> None:
    stores = [another() for _ in range(4)]
    start, end = threading.Barrier(4), threading.Barrier(4)
    got: list[bool] = []

    def take(store: Store) -> None:
        start.wait()
        with store.lock("ticks") as mine:
            got.append(bool(mine))
            end.wait()

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False, False, False, True]


def test_an_untouched_store_is_sound_and_closing_twice_is_no_error(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("one")))
    assert store.check() == ()
    store.close()
    store.close()
