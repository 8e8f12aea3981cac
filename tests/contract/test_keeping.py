"""Retention and recomputing: what every store promises (watchers.keeping)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.making import DAY, HOUR, NOW, item, key, old_feed, poll, settle
from watchers.changes import Rejudged
from watchers.keeping import Outdated, Reprinted
from watchers.model import Fingerprint, Item
from watchers.ports import Store
from watchers.telling import AuditRecord

LONG = "A text of some words that is said once."


def stored(store: Store, *items: Item, days: int = 0) -> None:
    """Articles first seen so many days ago, and settled."""
    store.save_poll(poll(store.feed("1"), *items, at=NOW - days * DAY))
    settle(store)


@pytest.fixture
def aged(store: Store) -> Store:
    """An article of a hundred days ago that was changed once, and one of today."""
    old_feed(store)
    early = NOW - 100 * DAY
    one = item("one", relevant=True, officials=["raisi"], text=LONG, bands=[1, 2], published=early)
    stored(store, one, days=100)
    corrected = replace(
        one.article, text=f"{LONG} Now 12 people.", content_key=key("other"), title="Other"
    )
    changed = replace(one, article=corrected, fingerprint=prints("f1", "b", 3, 4))
    stored(store, changed, days=99)
    stored(store, item("two", relevant=True, text="New.", bands=[9]))
    return store


def prints(version: str, text: str, *bands: int) -> Fingerprint:
    """A fingerprint of a version."""
    return Fingerprint(version, key(text), tuple(map(abs, bands)), bands)


def texts(store: Store) -> dict[str, str]:
    """By address."""
    return {one.canonical_url.rpartition("/")[2]: one.text for one in store.export()}


# ---------------------------------------------------------------- texts


def test_old_texts_are_emptied_and_all_else_stays(aged: Store) -> None:
    before = next(iter(aged.export()))
    assert aged.forget_texts(NOW - 30 * DAY) == 1
    after = next(iter(aged.export()))
    assert (after.text, texts(aged)["two"]) == ("", "New.")
    assert replace(after, text=before.text) == before
    assert after.reasons
    assert after.updates


def test_texts_are_emptied_in_parts_and_only_once(store: Store) -> None:
    old_feed(store)
    stored(store, *(item(f"n{number}", text=f"T{number}") for number in range(5)), days=10)
    assert [store.forget_texts(NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert set(texts(store).values()) == {""}


def test_a_text_of_the_very_time_is_kept(store: Store) -> None:
    old_feed(store)
    stored(store, item("one"), days=10)
    assert store.forget_texts(NOW - 10 * DAY) == 0
    assert store.forget_texts(NOW - 10 * DAY + timedelta(microseconds=1)) == 1


def test_an_article_that_waits_to_be_grouped_keeps_its_text(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, item("one"), at=NOW - 10 * DAY))
    assert store.forget_texts(NOW) == 0
    settle(store)
    assert store.forget_texts(NOW) == 1


def test_an_emptied_article_is_not_judged_again(aged: Store) -> None:
    aged.forget_texts(NOW - 30 * DAY)
    assert [one.title for one in aged.stored(0, 5)] == ["Title of two"]
    assert [one.title for one in aged.stored(0, 5, since=NOW - 200 * DAY)] == ["Title of two"]


@pytest.mark.parametrize("days", [0, 40])
@pytest.mark.parametrize(
    "text", [f"{LONG} Now 12 people.", "Quite another text, with 99 figures.", ""]
)
def test_a_feed_that_lists_an_emptied_article_again_changes_nothing(
    aged: Store, text: str, days: int
) -> None:
    aged.forget_texts(NOW - 30 * DAY)
    before = list(aged.export())
    again = item("one", relevant=True, officials=["raisi", "eje-i"], text=text, title="Third")
    saved = aged.save_poll(poll(aged.feed("1"), again, at=NOW + days * DAY))
    assert (saved.new, saved.updated) == (0, 0)
    assert list(aged.export()) == before
    assert aged.unsettled(5) == ()
    other = old_feed(aged, "b")
    saved = aged.save_poll(poll(other, again, at=NOW + days * DAY))
    assert (saved.new, saved.updated) == (0, 0)
    assert list(aged.export()) == before


def test_copies_of_an_emptied_article_are_found_by_the_same_text_alone(aged: Store) -> None:
    aged.forget_texts(NOW + HOUR)
    feed = aged.feed("1")
    close = item("close", relevant=True, text="A.", bands=[9])
    same = replace(item("same", relevant=True, text="New."), fingerprint=prints("f1", "New."))
    aged.save_poll(poll(feed, close, same))
    found = aged.copy_candidates_of(aged.unsettled(5))
    assert sorted(tuple(one.title for one in of) for of in found.values()) == [
        (),
        ("Title of two",),
    ]


# ---------------------------------------------------------------- the audit log


def test_old_records_of_the_audit_log_are_deleted_in_parts(store: Store) -> None:
    for days in (5, 4, 3, 2, 1):
        store.note(AuditRecord(NOW - days * DAY, "cli", "x", str(days), ""))
    assert [store.forget_audit(NOW - 2 * DAY, limit=2) for _ in range(3)] == [2, 1, 0]
    assert [record.subject for record in store.audit()] == ["1", "2"]


# ---------------------------------------------------------------- fingerprints


def outdated(store: Store, **limits: object) -> list[str]:
    """Titles of what is found from the beginning on, in as many parts as it takes."""
    after: int | None = 0
    found: list[str] = []
    while after is not None:
        part, after = store.outdated("f2", after, **limits)  # type: ignore[arg-type]
        found += (one.title for one in part)
    return found


def test_fingerprints_of_another_version_are_found(aged: Store) -> None:
    (one, _), following = aged.outdated("f2", 0)
    assert one == Outdated(1, "Other", f"{LONG} Now 12 people.", True, key("b"))
    assert following is None
    assert aged.outdated("f1", 0) == ([], None)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_they_are_found_in_parts_of_any_size(store: Store, limit: int) -> None:
    old_feed(store)
    stored(store, *(item(f"n{number}") for number in range(5)))
    assert sorted(outdated(store, limit=limit)) == [f"Title of n{number}" for number in range(5)]


def test_only_late_ones_are_found_if_so_asked(aged: Store) -> None:
    assert outdated(aged, since=NOW - 31 * DAY) == ["Title of two"]
    assert outdated(aged, since=NOW - 31 * DAY, limit=1) == ["Title of two"]
    assert outdated(aged, since=NOW + HOUR) == []
    assert outdated(aged) == ["Other", "Title of two"]


def test_emptied_articles_keep_the_fingerprint_that_they_have(aged: Store) -> None:
    aged.forget_texts(NOW - 30 * DAY)
    assert outdated(aged) == ["Title of two"]


def test_a_new_fingerprint_replaces_the_old_one_and_groups_nothing_anew(aged: Store) -> None:
    before = list(aged.export())
    parts, _ = aged.outdated("f2", 0)
    items = [Reprinted(one.id, prints("f2", f"new {one.id}", 50, one.id), one.text_key)
             for one in parts]  # fmt: skip
    assert aged.save_fingerprints(items) == 2
    assert aged.save_fingerprints(items) == 0
    assert outdated(aged) == []
    assert list(aged.export()) == before
    assert aged.unsettled(5) == ()


def test_copies_are_found_by_the_new_fingerprint_and_not_by_the_old(store: Store) -> None:
    feed = old_feed(store)
    stored(store, item("one", relevant=True, bands=[1, 2]))
    (one,), _ = store.outdated("f2", 0)
    store.save_fingerprints([Reprinted(1, prints("f2", "new", 70, -80), one.text_key)])
    by_old = item("old", relevant=True, text="A.", bands=[1, 2])
    by_new = item("new", relevant=True, text="B.", bands=[-80])
    by_text = replace(item("same", relevant=True), fingerprint=prints("f2", "new"))
    store.save_poll(poll(feed, by_old, by_new, by_text))
    found = store.copy_candidates_of(store.unsettled(5))
    titles = {n: [one.id for one in found.get(n, ())] for n in (2, 3, 4)}
    assert sorted(titles.values()) == [[], [1], [1]]


def test_a_text_that_a_poll_changed_meanwhile_keeps_its_own_fingerprint(aged: Store) -> None:
    assert aged.save_fingerprints([Reprinted(1, prints("f2", "new"), key("what it was"))]) == 0
    assert outdated(aged) == ["Other", "Title of two"]


def test_judging_again_after_recomputing_reads_the_article_anew(aged: Store) -> None:
    (one, _), _ = aged.outdated("f2", 0)
    aged.save_fingerprints([Reprinted(1, prints("f2", "new"), one.text_key)])
    given = item("one", relevant=True)
    verdict = replace(given.verdict, watchlist="w2")
    stale = Rejudged(1, verdict, prints("f1", "x"), quiet=True, text_key=one.text_key)
    assert aged.save_verdicts([stale]) == 0
    assert aged.save_verdicts([replace(stale, text_key=key("new"))]) == 1
