"""What one poll changes."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_feed,
    failed,
    item,
    key,
    names,
    old_feed,
    poll,
    settle,
)
from watchers.model import Item, PollSaved
from watchers.ports import Store
from watchers.telling import Exported


def _only(store: Store) -> Exported:
    (article,) = store.export()
    return article


def test_new_articles_are_stored_and_counted(store: Store) -> None:
    feed = old_feed(store)
    items = [item("one", relevant=True), item("two", officials=["raisi"]), item("three")]
    saved = store.save_poll(poll(feed, *items))
    assert saved == PollSaved(feed.id, new=3, relevant=1, named=1)
    assert sorted(names(list(store.export()))) == ["one", "three", "two"]


def test_the_same_poll_twice_changes_nothing_the_second_time(store: Store) -> None:
    feed = old_feed(store)
    result = poll(feed, item("one"), item("two"))
    store.save_poll(result)
    before = list(store.export())
    assert store.save_poll(result) == PollSaved(feed.id)
    assert list(store.export()) == before


def test_the_state_of_the_feed_is_replaced(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, etag='"1"', last_modified="then", body_key=key("b"), interval=77))
    kept = store.feed(feed.url)
    assert (kept.etag, kept.last_modified, kept.body_key) == ('"1"', "then", key("b"))
    assert (kept.interval, kept.next_due, kept.last_polled) == (77, NOW + HOUR, NOW)
    assert (kept.last_success, kept.is_new) == (NOW, False)
    store.save_poll(poll(feed, at=NOW + HOUR))
    assert store.feed(feed.url).etag is None


def test_a_failed_poll_keeps_the_validators(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, etag='"1"', body_key=key("b")))
    store.save_poll(failed(feed, at=NOW + HOUR, failures=0.5))
    kept = store.feed(feed.url)
    assert (kept.etag, kept.body_key, kept.failures) == ('"1"', key("b"), 0.5)
    assert (kept.last_error, kept.last_success) == ("No answer in 30 seconds.", NOW)
    store.save_poll(poll(feed, at=NOW + 2 * HOUR, outcome="unchanged", status=304))
    kept = store.feed(feed.url)
    assert (kept.last_error, kept.failures, kept.etag) == (None, 0.0, '"1"')


def test_a_feed_without_a_name_takes_its_own_title(store: Store) -> None:
    feed = add_feed(store, "")
    store.save_poll(poll(feed, title="The Feed"))
    store.save_poll(poll(feed, title="Another"))
    assert store.feed(str(feed.id)).name == "The Feed"


def test_a_moved_feed_keeps_its_history(store: Store) -> None:
    feed, other = add_feed(store), add_feed(store, "b")
    store.save_poll(poll(feed, moved_to="https://new.example/feed"))
    assert store.feed("https://new.example/feed").id == feed.id
    store.save_poll(poll(other, moved_to="https://new.example/feed"))
    assert store.feed(other.url).id == other.id


def test_a_first_poll_tells_only_the_last_24_hours(store: Store) -> None:
    feed, channel = add_feed(store), add_channel(store)
    saved = store.save_poll(
        poll(
            feed,
            item("new", published=NOW - DAY, relevant=True),
            item("old", published=NOW - DAY - HOUR, relevant=True),
            item("undated", published=None, relevant=True),
        )
    )
    assert (saved.new, saved.baseline) == (3, 2)
    settle(store)
    assert names(store.untold(channel.id, NOW - DAY)) == ["new"]


def test_a_failed_first_poll_is_no_first_poll(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(failed(feed))
    assert store.save_poll(poll(feed, item("old", published=NOW - 9 * DAY))).baseline == 1
    assert store.save_poll(poll(feed, item("late", published=NOW - 9 * DAY))).baseline == 0


def test_remembered_entries_are_those_of_the_latest_polls(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    one, two = item("one"), item("two")
    store.save_poll(poll(feed, one, two))
    store.save_poll(poll(other, item("three")))
    assert store.remembered(feed.id).entries == {
        key("one"): one.article.content_key,
        key("two"): two.article.content_key,
    }
    store.save_poll(poll(feed, at=NOW + 8 * DAY, seen=(key("one"), key("never stored"))))
    assert set(store.remembered(feed.id).entries) == {key("one")}
    assert store.remembered(999).entries == {}


def test_entries_stay_listed_however_long_the_feed_is_unchanged(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one")))
    store.save_poll(poll(feed, at=NOW + 60 * DAY, outcome="unchanged", status=304))
    assert set(store.remembered(feed.id).entries) == {key("one")}


def test_the_same_guid_under_a_new_address_is_the_same_article(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.save_poll(poll(feed, item("one", guid="g")))
    saved = store.save_poll(poll(feed, item("moved", guid="g", title="Title of one")))
    assert saved == PollSaved(feed.id)
    assert _only(store).also == ("https://news.example/moved",)
    # From now on the new address leads to it as well.
    assert store.save_poll(poll(other, item("moved"))).copies == 1


def test_another_feed_with_the_same_canonical_url_adds_an_address(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.save_poll(poll(feed, item("one", printed="https://news.example/one?utm_source=a")))
    again = item("one", printed="https://news.example/one?utm_source=b", text="Changed by b.")
    saved = store.save_poll(poll(other, again, at=NOW + HOUR))
    assert saved == PollSaved(other.id, copies=1)
    article = _only(store)
    assert article.url == "https://news.example/one?utm_source=a"
    assert article.also == ("https://news.example/one?utm_source=b",)
    assert (article.feed, article.first_seen, article.updates) == (feed.url, NOW, ())


def test_two_entries_of_one_poll_with_one_address_are_one_article(store: Store) -> None:
    feed = old_feed(store)
    saved = store.save_poll(poll(feed, item("one"), item("one", guid="g2", printed="http://x/1")))
    assert (saved.new, saved.copies, _only(store).also) == (1, 1, ("http://x/1",))


def test_two_entries_of_one_poll_with_one_guid_are_two_articles(store: Store) -> None:
    feed = old_feed(store)
    result = poll(feed, item("one", guid="0"), item("two", guid="0"))
    assert store.save_poll(result).new == 2
    assert store.save_poll(result) == PollSaved(feed.id)


def test_a_change_by_the_first_feed_is_kept_as_an_update(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one", relevant=True)))
    changed = item(
        "one", text="At least 30 killed.", relevant=True, officials=["raisi"], published=NOW + HOUR
    )
    assert store.save_poll(poll(feed, changed, at=NOW + HOUR)).updated == 1
    article = _only(store)
    assert article.updates == ({"at": NOW + HOUR, "fields": ("text",)},)
    assert (article.published, article.first_published) == (NOW + HOUR, NOW)
    assert (article.first_seen, article.officials) == (NOW, ("raisi",))
    assert [reason.subject for reason in article.reasons] == ["raisi"]
    assert store.unsettled(1)[0].text == "At least 30 killed."


def test_a_change_of_the_title_names_the_title(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one")))
    store.save_poll(poll(feed, item("one", title="Other", guid="another guid")))
    assert (_only(store).title, _only(store).updates[0]["fields"]) == ("Other", ("title",))


def test_a_new_date_alone_is_no_update(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one")))
    assert store.save_poll(poll(feed, item("one", published=NOW + HOUR))).updated == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"relevant": True}),
        ({}, {"officials": ["raisi"]}),
        ({}, {}),
        ({"relevant": True}, {"relevant": True}),
        ({"relevant": True}, {}),
    ],
    ids=["became relevant", "became named", "stays irrelevant", "stays relevant", "fell"],
)
def test_an_article_with_another_text_is_settled_once_more(
    store: Store, before: dict[str, bool], after: dict[str, bool]
) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one", **before)))  # type: ignore[arg-type]
    settle(store)
    assert not store.unsettled(5)
    store.save_poll(poll(feed, item("one", text="New.", **after)))  # type: ignore[arg-type]
    assert names(store.unsettled(5)) == ["one"]


def test_a_feed_removed_meanwhile_stores_nothing(store: Store) -> None:
    feed = old_feed(store)
    store.remove_feed(feed.id, at=NOW, actor="cli")
    assert store.save_poll(poll(feed, item("one"))) == PollSaved(feed.id)
    assert store.save_poll(poll(4321, item("one"))) == PollSaved(4321)
    assert list(store.export()) == []


def test_a_feed_paused_meanwhile_stores_and_stays_paused(store: Store) -> None:
    feed = old_feed(store)
    store.pause_feed(feed.id, paused=True, at=NOW, actor="cli")
    assert store.save_poll(poll(feed, item("one"))).new == 1
    assert store.feed(feed.url).paused


def test_what_no_database_takes_does_not_stop_a_poll(store: Store) -> None:
    feed = old_feed(store)
    bad = item("one", title="nul \0 and \ud800", text="\0", printed="http://x/\0\udcff")
    assert store.save_poll(poll(feed, bad, etag="\0", title="\0")).new == 1


def test_a_very_large_poll_is_stored(store: Store) -> None:
    feed = old_feed(store)
    items = [item(f"n{number}") for number in range(2_500)]
    assert store.save_poll(poll(feed, *items)).new == 2_500
    assert store.save_poll(poll(feed, *items)) == PollSaved(feed.id)
    assert len(store.remembered(feed.id).entries) == 2_500


def test_two_processes_that_find_the_same_articles_store_them_once(another: Opener) -> None:
    stores = [another(), another()]
    feeds = [old_feed(stores[0], name) for name in "ab"]
    items = [item(f"n{number}", officials=["raisi"], bands=[number]) for number in range(60)]
    orders = [items, items[::-1]]
    saved: list[PollSaved] = []

    def work(number: int) -> None:
        for start in range(0, 60, 6):
            part = [replace(one) for one in orders[number][start : start + 6]]
            saved.append(stores[number].save_poll(poll(feeds[number], *part)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(one.new for one in saved), sum(one.copies for one in saved)) == (60, 60)
    assert all(len(article.reasons) == 1 for article in stores[0].export())


def test_another_feeds_fuller_text_of_an_article_counts_if_it_shows_the_subject(
    store: Store,
) -> None:
    teaser, full = old_feed(store, "a"), old_feed(store, "b")
    store.save_poll(poll(teaser, item("one", text="Teaser.", url="https://o.example/one")))
    store.save_poll(
        poll(full, item("one", text="Whole.", url="https://o.example/one", relevant=True))
    )
    assert _only(store).relevant


def test_a_month_old_entry_of_a_feed_that_was_read_before_is_no_news(store: Store) -> None:
    feed = old_feed(store)
    saved = store.save_poll(
        poll(feed, item("old", published=NOW - 31 * DAY), item("late", published=NOW - 29 * DAY))
    )
    assert (saved.new, saved.baseline) == (2, 1)


def test_what_appeared_since_a_feed_was_added_is_news_however_late_its_first_poll(
    store: Store,
) -> None:
    feed = add_feed(store, at=NOW - 3 * DAY)
    store.save_poll(failed(feed, at=NOW - 3 * DAY))
    saved = store.save_poll(
        poll(feed, item("since", published=NOW - 2 * DAY), item("before", published=NOW - 5 * DAY))
    )
    assert (saved.new, saved.baseline) == (2, 1)


def _full(name: str, *, is_full: bool = True, **said: Any) -> Item:
    one = item(name, **said)
    return replace(one, article=replace(one.article, is_full=is_full))


@pytest.mark.parametrize("close", [{"relevant": True}, {"officials": ["raisi"]}])
def test_a_summary_does_not_replace_the_full_text_that_is_kept_close(
    store: Store, close: dict[str, Any]
) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, _full("one", text="The whole article.", **close)))
    settle(store)
    saved = store.save_poll(poll(feed, item("one", text="A new summary."), at=NOW + HOUR))
    assert saved == PollSaved(feed.id)
    assert (_only(store).updates, bool(_only(store).reasons)) == ((), "officials" in close)
    assert _only(store).relevant is ("relevant" in close)
    # It was read all the same: the next poll need not fetch the page for it.
    assert store.remembered(feed.id).entries[key("one")] == key("Title of oneA new summary.")
    later = _full("one", text="The whole article, of 30 killed.", **close)
    assert store.save_poll(poll(feed, later, at=NOW + 2 * HOUR)).updated == 1


def test_a_summary_that_shows_more_replaces_the_full_text(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, _full("one", text="The whole article.", officials=["raisi"])))
    shows = item("one", text="Of the massacre.", relevant=True)
    assert store.save_poll(poll(feed, shows)).updated == 1
    assert _only(store).relevant


@pytest.mark.parametrize(
    ("was_full", "close"), [(True, False), (False, True)], ids=["not close", "a summary"]
)
def test_another_summary_replaces_what_is_not_both_full_and_close(
    store: Store, *, was_full: bool, close: bool
) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, _full("one", is_full=was_full, text="Old.", relevant=close)))
    assert store.save_poll(poll(feed, item("one", text="New."))).updated == 1
