"""Articles that say something else, that vanish and come back; told as updated, once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.contract import making
from tests.contract.conftest import Opener
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_feed,
    key,
    names,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.articles import ArticleView, Revision
from watchers.errors import ArticleUnknown
from watchers.model import Feed, FeedSpec, Grouping, Item
from watchers.ports import Store
from watchers.text import key as text_key

URL = "https://news.example/one"
SEVEN, NINE = "At least seven prisoners were named.", "At least nine prisoners were named."
MENDED = "At least seven prisoners were named!"


def item(name: str, **said: Any) -> Item:
    """An item that is found by its address: its key is the program's own."""
    one = making.item(name, **said)
    url_key = text_key(one.article.canonical_url)
    return replace(one, article=replace(one.article, url_key=url_key))


def _view(store: Store, url: str = URL) -> ArticleView:
    return store.article(url)


def _kinds(store: Store) -> list[str]:
    return [revision.kind for revision in _view(store).revisions]


def _stored(store: Store, **said: Any) -> Feed:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one", **{"text": SEVEN, "relevant": True, **said})))
    return feed


# ---------------------------------------------------------------- facts and wording


def test_changed_facts_are_kept_with_what_was_said_before(store: Store) -> None:
    feed = _stored(store)
    changed = item("one", text=NINE, relevant=True)
    assert store.save_poll(poll(feed, changed, at=NOW + HOUR)).updated == 1
    view = _view(store)
    assert view.revisions == (
        Revision(NOW + HOUR, "facts", "figure 7 became 9", ("text",), "Title of one", SEVEN),
    )
    assert (view.changed_at, view.article.text) == (NOW + HOUR, NINE)
    assert view.article.updates == ({"at": NOW + HOUR, "fields": ("text",)},)


def test_wording_is_replaced_in_silence(store: Store) -> None:
    feed = _stored(store)
    again = item("one", text=MENDED, relevant=True)
    assert store.save_poll(poll(feed, again, at=NOW + HOUR)).updated == 0
    view = _view(store)
    assert (view.article.text, view.article.updates, view.changed_at) == (MENDED, (), None)
    assert [(one.kind, one.reason, one.text) for one in view.revisions] == [("cosmetic", "", SEVEN)]


def test_revisions_come_newest_first(store: Store) -> None:
    feed = _stored(store)
    for hours, text in enumerate((NINE, NINE + " More of it.", SEVEN), 1):
        store.save_poll(poll(feed, item("one", text=text, relevant=True), at=NOW + hours * HOUR))
    view = _view(store)
    assert [one.at for one in view.revisions] == [NOW + h * HOUR for h in (3, 2, 1)]
    assert [update["at"] for update in view.article.updates] == [
        one.at for one in reversed(view.revisions) if one.kind == "facts"
    ]


def test_the_same_poll_again_adds_no_revision(store: Store) -> None:
    feed = _stored(store)
    result = poll(feed, item("one", text=NINE, relevant=True), at=NOW + HOUR)
    store.save_poll(result)
    assert store.save_poll(result).updated == 0
    assert _kinds(store) == ["facts"]


def test_another_guid_for_the_same_address_is_the_outlets_word_too(store: Store) -> None:
    feed = _stored(store)
    changed = item("one", guid="another", text=NINE, relevant=True)
    assert store.save_poll(poll(feed, changed, at=NOW + HOUR)).updated == 1


def test_of_two_entries_for_one_article_the_later_counts(store: Store) -> None:
    feed = _stored(store)
    old = item("one", guid="a", text=SEVEN, relevant=True)
    new = item("one", guid="b", text=NINE, relevant=True, published=NOW + HOUR)
    assert store.save_poll(poll(feed, old, new, at=NOW + HOUR)).updated == 1
    assert _view(store).article.text == NINE


def _feed_at(store: Store, url: str) -> Feed:
    feed = store.add_feed(FeedSpec(url), at=NOW - DAY, actor="cli")
    store.save_poll(poll(feed, at=NOW - DAY))
    return store.feed(url)


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        ("https://a.example/second-feed", True),
        ("https://news.example/feed", True),
        ("https://elsewhere.example/feed", False),
        ("https://news.google.com/rss/search?q=a", False),
    ],
    ids=["the first feed's host", "the article's host", "another", "an aggregator"],
)
def test_a_further_feed_counts_if_it_is_the_outlets(
    store: Store, url: str, *, counts: bool
) -> None:
    _stored(store)
    other = _feed_at(store, url)
    changed = item("one", text=NINE, relevant=True)
    assert store.save_poll(poll(other, changed, at=NOW + HOUR)).updated == counts
    assert _view(store).article.text == (NINE if counts else SEVEN)


def test_another_summary_by_a_further_feed_changes_nothing(store: Store) -> None:
    _stored(store)
    other = _feed_at(store, "https://a.example/second-feed")
    teaser = item("one", text="Names were read out in the hall.", relevant=True)
    assert store.save_poll(poll(other, teaser, at=NOW + HOUR)).updated == 0
    assert (_view(store).article.text, _kinds(store)) == (SEVEN, [])


def test_a_further_feed_that_is_behind_takes_nothing_back(store: Store) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, item("one", text=NINE, relevant=True), at=NOW + HOUR))
    other = _feed_at(store, "https://a.example/second-feed")
    behind = item("one", text=MENDED, relevant=True)
    assert store.save_poll(poll(other, behind, at=NOW + 2 * HOUR)).updated == 0
    assert _view(store).article.text == NINE


def _full(one: Item) -> Item:
    return replace(one, article=replace(one.article, is_full=True))


def test_a_summary_that_contradicts_the_full_text_is_noted_and_replaces_nothing(
    store: Store,
) -> None:
    feed = old_feed(store)
    whole = f"{SEVEN} The hearing goes on. Relatives stood outside with photographs of them."
    store.save_poll(poll(feed, _full(item("one", text=whole, relevant=True))))
    changed = item("one", text=NINE, relevant=True)
    assert store.save_poll(poll(feed, changed, at=NOW + HOUR)).updated == 1
    view = _view(store)
    assert (view.article.text, view.changed_at) == (whole, NOW + HOUR)
    assert view.revisions[0].reason == "figure 7 became 9"


def test_a_copy_that_changes_its_facts_stays_a_copy(store: Store) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, item("two", text=SEVEN, relevant=True)))
    one, two = store.unsettled(2)
    store.save_groupings([Grouping(one.id, None, "s", ""), Grouping(two.id, one.id, "s", "")])
    store.save_poll(poll(feed, item("two", text=NINE, relevant=True), at=NOW + HOUR))
    view = _view(store, "https://news.example/two")
    assert (view.article.duplicate_of, view.article.story) == (URL, "s")
    assert _view(store).copies == ("https://news.example/two",)


# ---------------------------------------------------------------- what vanishes


def test_what_a_feed_takes_out_is_noted_once(store: Store) -> None:
    feed = _stored(store)
    gone = {"gone": (key("one"),), "seen": (key("two"),)}
    store.save_poll(poll(feed, at=NOW + HOUR, **gone))
    store.save_poll(poll(feed, at=NOW + 2 * HOUR, **gone))
    view = _view(store)
    assert (view.gone_at, _kinds(store)) == (NOW + HOUR, ["gone"])
    assert view.article.updates == ({"at": NOW + HOUR, "fields": ("removed",)},)
    assert view.changed_at is None


def test_what_is_listed_again_is_back(store: Store) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, at=NOW + HOUR, gone=(key("one"),)))
    again = item("one", text=SEVEN, relevant=True)
    store.save_poll(poll(feed, again, at=NOW + 2 * HOUR))
    assert (_view(store).gone_at, _kinds(store)) == (None, ["back", "gone"])
    assert key("one") in store.remembered(feed.id).entries
    assert len(_view(store).article.updates) == 1


def test_a_feed_forgets_what_it_took_out_so_that_it_is_seen_when_it_comes_back(
    store: Store,
) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, item("two"), at=NOW + HOUR, gone=(key("one"),)))
    assert set(store.remembered(feed.id).entries) == {key("two")}


def test_what_the_feed_lists_under_another_guid_is_not_gone(store: Store) -> None:
    feed = _stored(store)
    again = item("one", guid="new", text=SEVEN, relevant=True)
    store.save_poll(poll(feed, again, at=NOW + HOUR, gone=(key("one"),)))
    assert _kinds(store) == []


def test_a_further_feed_of_the_host_keeps_it_until_it_drops_it_too(store: Store) -> None:
    feed = _stored(store)
    other = _feed_at(store, "https://a.example/second-feed")
    store.save_poll(poll(other, item("one", text=SEVEN, relevant=True), at=NOW))
    store.save_poll(poll(feed, at=NOW + HOUR, gone=(key("one"),)))
    assert _kinds(store) == []
    store.save_poll(poll(other, at=NOW + 2 * HOUR, gone=(key("one"),)))
    assert _kinds(store) == ["gone"]


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/feed", "https://news.google.com/rss/search?q=a"]
)
def test_what_another_drops_is_not_gone(store: Store, url: str) -> None:
    _stored(store)
    other = _feed_at(store, url)
    store.save_poll(poll(other, item("one", text=SEVEN, relevant=True), at=NOW))
    store.save_poll(poll(other, at=NOW + HOUR, gone=(key("one"),)))
    assert _kinds(store) == []


def test_unknown_entries_that_vanish_are_nothing(store: Store) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, at=NOW + HOUR, gone=(key("never"),), seen=(key("one"),)))
    assert _kinds(store) == []


# ---------------------------------------------------------------- pages


def test_pages_of_relevant_news_are_asked_for_after_a_day(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(
        poll(
            feed,
            item("one", relevant=True),
            item("named", officials=["r"]),
            item("post", relevant=True, url="https://t.me/channel/1"),
            item("linkless", relevant=True, url="https://a.example/feed#entry-1"),
        )
    )
    first = add_feed(store, "b", at=NOW)
    store.save_poll(poll(first, item("old", relevant=True, published=NOW - 9 * DAY)))
    assert store.page_checks(NOW + DAY - HOUR, 9) == ()
    (check,) = store.page_checks(NOW + DAY, 9)
    assert (check.url, check.first_seen) == (URL, NOW)


def test_pages_come_in_the_order_in_which_they_are_due(store: Store) -> None:
    feed = old_feed(store)
    for hours, name in enumerate("abc"):
        store.save_poll(poll(feed, item(name, relevant=True), at=NOW + hours * HOUR))
    assert names(store.page_checks(NOW + 9 * DAY, 2)) == ["a", "b"]
    (one, *_) = store.page_checks(NOW + 9 * DAY, 1)
    store.save_page_check(one.id, None, status=None, at=NOW + DAY)
    assert names(store.page_checks(NOW + 9 * DAY, 9)) == ["b", "c"]


def _check(store: Store, status: int | None, at: datetime) -> bool:
    (one, *_) = store.page_checks(NOW + 99 * DAY, 1)
    return store.save_page_check(one.id, NOW + 7 * DAY, status=status, at=at)


def test_a_page_that_is_gone_is_noted_with_its_status_and_may_come_back(store: Store) -> None:
    _stored(store)
    assert not _check(store, None, NOW + DAY)
    assert not _check(store, 200, NOW + DAY)
    assert _check(store, 410, NOW + 2 * DAY)
    assert not _check(store, 404, NOW + 3 * DAY)
    view = _view(store)
    assert (view.gone_at, view.revisions[0].reason) == (NOW + 2 * DAY, "its page answers 410")
    assert _check(store, 200, NOW + 4 * DAY)
    assert (_view(store).gone_at, _kinds(store)) == (None, ["back", "gone"])


def test_a_page_that_is_there_brings_nothing_back_that_the_feed_took_out(store: Store) -> None:
    feed = _stored(store)
    store.save_poll(poll(feed, at=NOW + HOUR, gone=(key("one"),)))
    assert not _check(store, 200, NOW + DAY)
    assert _view(store).gone_at == NOW + HOUR


def test_a_check_of_an_article_that_is_not_there_is_nothing(store: Store) -> None:
    assert not store.save_page_check(77, None, status=404, at=NOW)


# ---------------------------------------------------------------- told as updated


def _told(store: Store) -> tuple[Feed, int]:
    feed, channel = _stored(store), add_channel(store)
    settle(store, one="s")
    assert queue(store, channel, "page", subjects=["s"], slot=NOW)
    return feed, channel.id


def _change(store: Store, feed: Feed, text: str, at: datetime) -> None:
    store.save_poll(poll(feed, item("one", text=text, relevant=True), at=at))


def test_a_story_whose_facts_changed_after_it_was_told_is_told_once_more(store: Store) -> None:
    feed, channel = _told(store)
    assert store.untold(channel, NOW - DAY) == ()
    _change(store, feed, NINE, NOW + HOUR)
    (one,) = store.untold(channel, NOW - DAY)
    assert (one.story, one.updated) == ("s", True)
    (channel_of,) = store.channels()
    again = NOW + 2 * HOUR
    assert queue(store, channel_of, "page", subjects=["s"], slot=again) is not None
    assert store.untold(channel, NOW - DAY) == ()
    _change(store, feed, SEVEN, NOW + 3 * HOUR)
    assert store.untold(channel, NOW - DAY) == ()
    assert queue(store, channel_of, "page", subjects=["s"], slot=NOW + 4 * HOUR) is None


def test_wording_is_not_told_again(store: Store) -> None:
    feed, channel = _told(store)
    _change(store, feed, MENDED, NOW + HOUR)
    assert store.untold(channel, NOW - DAY) == ()


def test_what_changed_before_it_was_told_is_not_told_again(store: Store) -> None:
    feed, channel = _stored(store), add_channel(store)
    _change(store, feed, NINE, NOW + HOUR)
    settle(store, one="s")
    assert queue(store, channel, "page", subjects=["s"], slot=NOW + HOUR)
    assert store.untold(channel.id, NOW - DAY) == ()


def test_a_new_and_an_updated_story_are_told_together(store: Store) -> None:
    feed, channel = _told(store)
    _change(store, feed, NINE, NOW + HOUR)
    store.save_poll(poll(feed, item("two", relevant=True), at=NOW + HOUR))
    settle(store, one="s", two="t")
    (channel_of,) = store.channels()
    assert sorted(names(store.untold(channel, NOW - DAY))) == ["one", "two"]
    assert queue(store, channel_of, "page", subjects=["s", "t"], slot=NOW + 2 * HOUR)
    assert store.untold(channel, NOW - DAY) == ()


def test_a_digest_with_a_told_story_that_did_not_change_is_none(store: Store) -> None:
    _told(store)
    store.save_poll(poll(1, item("two", relevant=True), at=NOW + HOUR))
    settle(store, two="t")
    (channel,) = store.channels()
    assert queue(store, channel, "page", subjects=["s", "t"], slot=NOW + 2 * HOUR) is None
    assert names(store.untold(channel.id, NOW - DAY)) == ["two"]


def test_an_article_without_a_story_is_told_again_too(store: Store) -> None:
    feed = old_feed(store)
    channel = add_channel(store)
    store.save_poll(poll(feed, item("one", text=SEVEN, officials=["r"])))
    settle(store)
    (one,) = store.untold(channel.id, NOW - DAY)
    subject = f"article:{one.id}"
    queue(store, channel, "page", subjects=[subject], slot=NOW)
    store.save_poll(poll(feed, item("one", text=NINE, officials=["r"]), at=NOW + HOUR))
    settle(store)
    assert names(store.untold(channel.id, NOW - DAY)) == ["one"]
    assert queue(store, channel, "page", subjects=[subject], slot=NOW + 2 * HOUR)
    assert store.untold(channel.id, NOW - DAY) == ()


def test_each_channel_is_told_an_update_for_itself(store: Store) -> None:
    feed, channel = _told(store)
    other = add_channel(store, "@other")
    queue(store, other, "page", subjects=["s"], slot=NOW + 2 * HOUR)
    _change(store, feed, NINE, NOW + HOUR)
    assert names(store.untold(channel, NOW - DAY)) == ["one"]
    assert store.untold(other.id, NOW - DAY) == ()


# ---------------------------------------------------------------- found by its address


@pytest.mark.parametrize(
    "address",
    [
        "https://news.example/one",
        "http://www.news.example/one/?utm_source=x#top",
        "https://printed.example/1?utm_medium=feed",
        "https://printed.example/1",
    ],
)
def test_an_article_is_found_by_any_of_its_addresses(store: Store, address: str) -> None:
    feed = _stored(store, guid="g")
    store.save_poll(
        poll(feed, item("x", guid="g", url="https://printed.example/1", text=SEVEN, relevant=True))
    )
    assert store.article(address).article.canonical_url == URL


@pytest.mark.parametrize("address", ["https://news.example/two", "", "no address", "\0", "\ud800"])
def test_an_unknown_address_is_told(store: Store, address: str) -> None:
    _stored(store)
    with pytest.raises(ArticleUnknown, match="No stored article has the address"):
        store.article(address)


def test_an_entry_without_a_link_is_found_by_its_own_name(store: Store) -> None:
    url = "https://a.example/feed#entry-0123"
    _stored(store, url=url)
    assert store.article(url).article.canonical_url == url


def test_two_stores_tell_an_update_once(another: Opener) -> None:
    one, other = another(), another()
    feed, _ = _told(one)
    _change(one, feed, NINE, NOW + HOUR)
    (channel_of,) = one.channels()
    later = [NOW + timedelta(hours=h) for h in (2, 3)]
    assert queue(one, channel_of, "page", subjects=["s"], slot=later[0]) is not None
    assert queue(other, channel_of, "page", subjects=["s"], slot=later[1]) is None
