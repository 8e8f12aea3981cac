"""What readers look at: the latest that tells something, by official, language and time."""

from datetime import timedelta

import pytest

from tests.contract.making import DAY, HOUR, NOW, add_feed, item, names, old_feed, poll, settle
from watchers.model import Grouping
from watchers.ports import Store


@pytest.fixture
def filled(store: Store) -> Store:
    """Told at four times: relevant, named, and what tells nothing."""
    feed = old_feed(store)
    polls = [
        [item("old", relevant=True, language="fa")],
        [item("both", relevant=True, officials=["one", "two"]), item("none")],
        [item("named", officials=["two"], language=None)],
        [item("late", relevant=True, officials=["three"], language="fa", text="Late.")],
    ]
    for hours, items in enumerate(polls):
        store.save_poll(poll(feed, *items, at=NOW + hours * HOUR))
    settle(store, old="s1", both="s2", late="s3")
    return store


def test_the_newest_come_first(filled: Store) -> None:
    assert names(filled.latest(9)) == ["late", "both", "old"]
    assert names(filled.latest(2)) == ["late", "both"]
    first = filled.latest(1)[0]
    assert (first.title, first.language, first.story) == ("Title of late", "fa", "s3")
    assert (first.officials, first.feed_name) == (("three",), "A")


@pytest.mark.parametrize("limit", [0, -1, 2**40], ids=str)
def test_the_limit_is_bounded(filled: Store, limit: int) -> None:
    assert len(filled.latest(limit)) == (3 if limit > 0 else 0)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"relevant": None}, ["late", "named", "both", "old"]),
        ({"relevant": False}, ["named"]),
        ({"languages": ["fa"]}, ["late", "old"]),
        ({"languages": ["fa", "en"]}, ["late", "both", "old"]),
        ({"languages": ["de"]}, []),
        ({"officials": ["two"]}, ["both"]),
        ({"officials": ["two"], "relevant": None}, ["named", "both"]),
        ({"officials": ["three", "one"]}, ["late", "both"]),
        ({"officials": ["on", "tw", "%", 'two"']}, []),
        ({"since": NOW + HOUR}, ["late", "both"]),
        ({"since": NOW + timedelta(days=9)}, []),
        ({"officials": ["two"], "languages": ["en"], "relevant": None}, ["both"]),
    ],
    ids=str,
)
def test_what_is_asked_for(filled: Store, asked: dict[str, object], found: list[str]) -> None:
    assert names(filled.latest(9, **asked)) == found  # type: ignore[arg-type]


def test_copies_are_shown_but_neither_what_waits_nor_the_baseline(store: Store) -> None:
    first_poll = add_feed(store, "b")
    store.save_poll(
        poll(first_poll, item("baseline", relevant=True, published=NOW - 9 * DAY), at=NOW)
    )
    store.save_poll(
        poll(old_feed(store), item("first", relevant=True), item("copy", relevant=True))
    )
    ids = {names([one])[0]: one.id for one in store.unsettled(9)}
    copies = [
        Grouping(ids["baseline"], None, None, ""),
        Grouping(ids["first"], None, "s1", ""),
        Grouping(ids["copy"], ids["first"], "s1", "copy"),
    ]
    assert store.latest(9) == ()
    store.save_groupings(copies)
    store.save_poll(poll(store.feeds()[1], item("waits", relevant=True), at=NOW + HOUR))
    found = store.latest(9)
    assert [one.id for one in found] == sorted((ids["copy"], ids["first"]), reverse=True)
    assert {one.duplicate_of for one in found} == {ids["first"], None}


def test_texts_are_given_by_their_beginnings(store: Store) -> None:
    long = "۱۳۶۷ " * 2_000
    store.save_poll(poll(old_feed(store), item("a", text=long), item("b", text="Short.")))
    a, b = (one.id for one in sorted(store.unsettled(9), key=lambda one: one.title))
    assert store.texts([b, a, a, 99, 0, -1, 2**40]) == {a: long[:5_000], b: "Short."}
    assert store.texts([]) == {}
