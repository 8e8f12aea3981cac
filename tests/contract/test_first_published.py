"""Who published first is kept apart from whom we saw first."""

from datetime import datetime

from tests.contract.making import DAY, HOUR, NOW, add_channel, item, old_feed, poll, settle
from watchers.model import Grouping
from watchers.ports import Store

EARLY = NOW - 5 * HOUR


def exported(store: Store) -> dict[str, tuple[datetime | None, str | None]]:
    """By the last part of its URL: when an article came out first, and whose copy it is."""
    return {
        one.canonical_url.rsplit("/", 1)[1]: (one.first_published, one.duplicate_of)
        for one in store.export()
    }


def test_copies_have_the_earliest_time_of_them_all(store: Store) -> None:
    feed = old_feed(store)
    dates = {"seen": NOW, "sooner": EARLY, "later": NOW + HOUR, "undated": None, "other": NOW}
    store.save_poll(poll(feed, *(item(name, published=at) for name, at in dates.items())))
    ids = {one.canonical_url.rsplit("/", 1)[1]: one.id for one in store.unsettled(10)}
    firsts = dict.fromkeys(("sooner", "later", "undated"), ids["seen"])
    store.save_groupings([Grouping(ids[name], firsts.get(name), None, "") for name in dates])
    seen = "https://news.example/seen"
    assert exported(store) == {
        "seen": (EARLY, None),
        "sooner": (EARLY, seen),
        "later": (EARLY, seen),
        "undated": (EARLY, seen),
        "other": (NOW, None),
    }


def test_another_feed_s_earlier_date_counts(store: Store) -> None:
    one, other = old_feed(store, "a"), old_feed(store, "b")
    store.save_poll(poll(one, item("n")))
    store.save_poll(poll(other, item("n", published=EARLY), at=NOW + HOUR))
    assert exported(store)["n"] == (EARLY, None)
    store.save_poll(poll(old_feed(store, "c"), item("n", published=NOW + HOUR), at=NOW + DAY))
    assert exported(store)["n"] == (EARLY, None)


def test_a_further_address_s_earlier_date_counts(store: Store) -> None:
    feed = old_feed(store)
    url = "https://news.example/n"
    store.save_poll(poll(feed, item("n", url=url)))
    again = item("n", url=url, guid="again", printed=f"{url}?utm_source=x", published=EARLY)
    store.save_poll(poll(feed, again, at=NOW + HOUR))
    assert exported(store)["n"] == (EARLY, None)


def test_the_earlier_of_two_entries_of_one_reading_counts(store: Store) -> None:
    url = "https://news.example/n"
    entries = [item("n", url=url), item("n", url=url, guid="again", published=EARLY)]
    store.save_poll(poll(old_feed(store), *entries))
    assert exported(store)["n"] == (EARLY, None)


def test_a_date_that_another_feed_knows_fills_one_that_is_missing(store: Store) -> None:
    store.save_poll(poll(old_feed(store, "a"), item("n", published=None)))
    store.save_poll(poll(old_feed(store, "b"), item("n", published=EARLY), at=NOW + HOUR))
    (one,) = store.export()
    assert (one.published, one.first_published) == (None, EARLY)


def test_an_article_that_nobody_dated_has_no_first_date(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("n", published=None)))
    assert exported(store)["n"] == (None, None)


def test_a_digest_sees_the_first_date_and_whether_there_is_a_text(store: Store) -> None:
    one, other = old_feed(store, "a"), old_feed(store, "b")
    store.save_poll(poll(one, item("n", relevant=True), item("bare", text="", relevant=True)))
    store.save_poll(poll(other, item("n", relevant=True, published=EARLY), at=NOW + HOUR))
    settle(store, n="s", bare="s")
    found = store.untold(add_channel(store).id, NOW - DAY)
    seen = {a.url.rsplit("/", 1)[1]: (a.first_published, a.came_out, a.has_text) for a in found}
    assert seen == {"n": (EARLY, EARLY, True), "bare": (NOW, NOW, False)}
