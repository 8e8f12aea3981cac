"""Many polls in one transaction come to what they come to one after the other."""

import random
from dataclasses import replace

import pytest

from storage import MemoryStore
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_feed,
    failed,
    item,
    key,
    names,
    old_feed,
    outage,
    poll,
)
from watchers.model import Feed, FeedSpec, Item, PollResult, PollSaved, Remembered
from watchers.ports import Store

_FEEDS = "abcde"
SPEC = FeedSpec("https://many.example/")


def _item(chance: random.Random) -> Item:
    """One of few: polls of one batch meet the same guids, addresses and articles."""
    name = chance.choice("uvwxyz")
    return item(
        name,
        guid=chance.choice([name, "g1", "g2"]),
        printed=chance.choice([None, f"https://news.example/{name}?ref=1"]),
        text=chance.choice(["Some text.", "Other text."]),
        published=chance.choice([None, NOW, NOW - 40 * DAY]),
        relevant=chance.random() < 0.3,
        officials=chance.choice([[], ["raisi"]]),
        bands=chance.choice([[], [chance.randrange(9)]]),
        suspicious=chance.random() < 0.2,
    )


def _result(feed: Feed, chance: random.Random, hours: int) -> PollResult:
    at = NOW + hours * HOUR
    kind = chance.randrange(6)
    if kind == 0:
        return failed(feed, at=at, kind=chance.choice(["dns", "timeout"]))
    if kind == 1:
        return outage(feed, at=at)
    if kind == 2:
        return poll(feed, at=at, outcome="unchanged", status=304, moved_to="https://n.example/")
    items = [_item(chance) for _ in range(chance.randrange(5))]
    gap = chance.choice([None, (at - HOUR, at)])
    listing = chance.choice([None, b"listing"])
    return poll(feed, *items, at=at, title="T", gap=gap, listing=listing, full=True, span=9)


def _everything(store: Store) -> dict[str, object]:
    feeds = store.feeds()
    return {
        "feeds": feeds,
        "articles": {one.canonical_url: one for one in store.export()},
        "unsettled": [replace(one, id=0) for one in store.unsettled(1000)],
        "remembered": [store.remembered(feed.id) for feed in feeds],
        "ledger": [store.ledger(feed.id, NOW - DAY) for feed in feeds],
        "former": [store.former_addresses(feed.id) for feed in feeds],
        "notices": sorted(notice.text for notice in store.notices(untold=False)),
    }


@pytest.mark.parametrize("seed", range(12))
def test_polls_together_do_what_they_do_one_by_one(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    one_by_one = MemoryStore()
    feeds = [add_feed(store, name) for name in _FEEDS]
    assert [add_feed(one_by_one, name) for name in _FEEDS] == feeds
    for hours in range(0, 60, 12):
        results = [_result(feed, chance, hours) for feed in feeds if chance.random() < 0.9]
        chance.shuffle(results)
        saved = store.save_polls(results)
        assert saved == tuple(one_by_one.save_poll(result) for result in results)
    assert _everything(store) == _everything(one_by_one)
    assert store.check() == ()


def test_no_polls_are_saved_in_no_time(store: Store) -> None:
    assert store.save_polls([]) == ()


def test_one_feed_may_be_there_twice(store: Store) -> None:
    feed = old_feed(store)
    results = [poll(feed, item("one")), poll(feed, item("two"), at=NOW + HOUR)]
    assert [saved.new for saved in store.save_polls(results)] == [1, 1]
    assert store.feed(feed.url).last_polled == NOW + HOUR
    assert [run.since for run in store.ledger(feed.id, NOW)] == [NOW, NOW + HOUR]


def test_a_feed_removed_meanwhile_stops_no_other(store: Store) -> None:
    gone, feed = old_feed(store), old_feed(store, "b")
    store.remove_feed(gone.id, at=NOW, actor="cli")
    late = poll(gone, item("one"), listing=b"x", resting=("b.example", NOW + DAY), gap=(NOW, NOW))
    saved = store.save_polls([late, poll(feed, item("two")), poll(999, item("three"))])
    assert saved == (PollSaved(gone.id), PollSaved(feed.id, new=1), PollSaved(999))
    assert names(list(store.export())) == ["two"]
    assert store.remembered(gone.id) == Remembered({})
    assert store.due_feeds(NOW + 2 * HOUR, 5) == store.feeds()
    assert len(store.ledger(gone.id, NOW - 9 * DAY)) == 1


def test_a_thousand_unchanged_polls_are_saved(store: Store) -> None:
    assert store.add_feeds([replace(SPEC, url=f"{SPEC.url}{n}") for n in range(1_100)], at=NOW,
                           actor="cli") == 1_100  # fmt: skip
    store.save_polls([poll(feed, outcome="unchanged", status=304) for feed in store.feeds()])
    assert {feed.last_success for feed in store.feeds()} == {NOW}


def test_what_a_poll_says_of_the_feed_is_kept(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, full=True, floor=1800, span=7200, newest=NOW - HOUR))
    kept = store.feed(feed.url)
    assert (kept.floor, kept.span, kept.newest, kept.last_full) == (1800, 7200, NOW - HOUR, NOW)
    later = poll(feed, at=NOW + HOUR, outcome="unchanged", status=304)
    store.save_poll(later)
    assert replace(kept, last_polled=later.at, last_success=later.at, next_due=later.next_due) == (
        store.feed(feed.url)
    )
    store.save_poll(poll(feed, at=NOW + 2 * HOUR, floor=60))
    kept = store.feed(feed.url)
    assert (kept.floor, kept.span, kept.newest, kept.last_full) == (60, 0, NOW - HOUR, NOW)


def test_a_feed_says_since_when_it_fails(store: Store) -> None:
    feed = old_feed(store)
    for hours in (0, 1):
        store.save_poll(failed(feed, at=NOW + hours * HOUR))
    assert store.feed(feed.url).failing_since == NOW
    store.save_poll(poll(feed, at=NOW + 2 * HOUR))
    assert store.feed(feed.url).failing_since is None


# ---------------------------------------------------------------- what is remembered


def test_the_listing_is_remembered_until_another_comes(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    assert store.remembered(feed.id).listing == b""
    long = bytes(range(256)) * 320
    store.save_polls([poll(feed, listing=long), poll(other, listing=b"\0")])
    assert (store.remembered(feed.id).listing, store.remembered(other.id).listing) == (long, b"\0")
    store.save_poll(poll(feed, at=NOW + HOUR, outcome="unchanged"))
    assert store.remembered(feed.id).listing == long
    store.save_poll(poll(feed, at=NOW + 2 * HOUR, listing=b""))
    assert store.remembered(feed.id).listing == b""


def test_the_addresses_of_listed_articles_are_remembered(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.save_poll(poll(other, item("two"), item("three")))
    store.save_poll(poll(feed, item("one"), item("two", guid="another")))
    urls = frozenset(key(f"https://news.example/{name}") for name in ("one", "two"))
    assert store.remembered(feed.id).urls == urls


def test_an_article_says_whose_it_is(store: Store) -> None:
    feed = old_feed(store)
    one = item("one")
    article = replace(
        one.article, source="Khabar \0", source_url="https://k.example/", is_full=True
    )
    assert store.save_poll(poll(feed, replace(one, article=article))).new == 1
    assert store.save_poll(poll(feed, item("two"))).new == 1
