"""One article under several addresses: a feed's link, its page's own, another feed's."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.making import DAY, HOUR, NOW, add_feed, item, key, old_feed, poll
from watchers.model import Item, PollSaved
from watchers.ports import Store
from watchers.telling import Exported

LINK = "https://news.example/?p=12"
PAGE = "https://news.example/2026/07/oslo-conference"


def read(link: str = LINK, page: str = PAGE, **given: object) -> Item:
    """An item whose page named another address than its link."""
    made = item("one", url=page, **given)  # type: ignore[arg-type]
    return replace(made, article=replace(made.article, url=link, link_key=key(link)))


def _only(store: Store) -> Exported:
    (article,) = store.export()
    return article


def test_an_article_is_kept_under_its_pages_address_and_its_link(store: Store) -> None:
    feed = old_feed(store)
    assert store.save_poll(poll(feed, read())) == PollSaved(feed.id, new=1)
    article = _only(store)
    assert (article.url, article.canonical_url, article.also) == (LINK, PAGE, (LINK,))


def test_a_feed_with_the_plain_link_finds_it(store: Store) -> None:
    store.save_poll(poll(old_feed(store), read()))
    other = old_feed(store, "b")
    assert store.save_poll(poll(other, item("b", url=LINK))) == PollSaved(other.id, copies=1)
    assert _only(store).also == (LINK,)


def test_a_feed_with_the_pages_address_finds_it(store: Store) -> None:
    store.save_poll(poll(old_feed(store), read()))
    other = old_feed(store, "b")
    assert store.save_poll(poll(other, item("b", url=PAGE))) == PollSaved(other.id, copies=1)
    assert set(_only(store).also) == {LINK, PAGE}


def test_the_link_leads_to_what_was_stored_under_the_pages_address(store: Store) -> None:
    store.save_poll(poll(old_feed(store), item("b", url=PAGE)))
    for name in ("b", "c"):
        other = old_feed(store, name)
        found = read() if name == "b" else item("c", url=LINK)
        assert store.save_poll(poll(other, found)) == PollSaved(other.id, copies=1)
    article = _only(store)
    assert (article.url, article.also) == (PAGE, (LINK,))


def test_a_page_that_is_read_later_makes_no_second_article(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.save_poll(poll(feed, item("one", url=LINK)))
    later = read(text="Another text.", title="Title of one")
    assert store.save_poll(poll(feed, later, at=NOW + HOUR)).new == 0
    article = _only(store)
    assert (article.canonical_url, article.also) == (LINK, (PAGE,))
    assert store.save_poll(poll(other, item("b", url=PAGE))).copies == 1
    assert len(list(store.export())) == 1


def test_what_is_stored_as_two_stays_two(store: Store) -> None:
    feed, other = old_feed(store), old_feed(store, "b")
    store.save_poll(poll(feed, item("one", url=LINK)))
    store.save_poll(poll(other, item("b", url=PAGE)))
    store.save_poll(poll(feed, read(text="Another text."), at=NOW + HOUR))
    assert [(a.canonical_url, a.also) for a in store.export()] == [(LINK, ()), (PAGE, ())]
    assert store.save_poll(poll(other, item("c", url=PAGE), at=NOW + HOUR)).copies == 1


def test_two_entries_of_one_poll_with_one_page_are_one_article(store: Store) -> None:
    feed = old_feed(store)
    saved = store.save_poll(
        poll(feed, read(), item("two", url=LINK), read(f"{LINK}&x=1", guid="three"))
    )
    assert (saved.new, saved.copies) == (1, 2)
    assert _only(store).also == (LINK, f"{LINK}&x=1")


def test_two_feeds_polled_together_find_each_others_pages(store: Store) -> None:
    feeds = [old_feed(store, name) for name in "abc"]
    found = [item("one", url=LINK), read(guid="b"), item("three", url=PAGE)]
    saved = store.save_polls([poll(feed, one) for feed, one in zip(feeds, found, strict=True)])
    assert [one.new for one in saved] == [1, 0, 0]
    assert _only(store).also == (PAGE,)


def test_an_article_of_former_rules_is_found_and_gets_its_new_address(store: Store) -> None:
    """A later version's canonical form is another: the entry's guid finds the article."""
    feed, other = old_feed(store), old_feed(store, "b")
    printed = "http://news.example/#!/article/5"
    store.save_poll(poll(feed, item("one", url="https://news.example/", printed=printed)))
    again = item("one", url="https://news.example/#!/article/5", printed=printed, text="Changed.")
    assert store.save_poll(poll(feed, again, at=NOW + DAY)).new == 0
    assert _only(store).canonical_url == "https://news.example/"
    further = replace(again.article, guid_key=key("b"))
    assert store.save_poll(poll(other, replace(again, article=further))).copies == 1
    assert len(list(store.export())) == 1


def test_the_same_poll_twice_changes_nothing(store: Store) -> None:
    feed = add_feed(store)
    store.save_poll(poll(feed, read()))
    before = list(store.export())
    assert store.save_poll(poll(feed, read())) == PollSaved(feed.id)
    assert list(store.export()) == before
