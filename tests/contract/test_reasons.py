"""Why a digest tells a subject."""

import pytest

from tests.contract.making import NOW, add_channel, item, names, old_feed, poll, queue, settle
from watchers.model import Grouping, Match
from watchers.ports import Store
from watchers.telling import Reasoned

AWAY = "9" * 40  # a number that no database takes


def _told(store: Store) -> None:
    """A story of three articles, an article of its own with a copy, and one that is unsettled."""
    feed = old_feed(store)
    story = [item(name, relevant=True, text=f"Of {name}.") for name in ("a1", "a2", "a3")]
    single = item("b1", officials=("ebrahim-raisi", "hamid-noury"), text="Names two.")
    store.save_poll(poll(feed, *story, single, item("b2", officials=("ebrahim-raisi",))))
    numbers = {name: a.id for a in store.unsettled(10) for name in names([a])}
    store.save_groupings(
        [
            *(Grouping(numbers[name], None, "s1", "first") for name in ("a1", "a2", "a3")),
            Grouping(numbers["b1"], None, None, "first"),
            Grouping(numbers["b2"], numbers["b1"], None, "same text"),
        ]
    )
    store.save_poll(poll(feed, item("c1", relevant=True)))


def _articles(found: tuple[Reasoned, ...]) -> list[str]:
    return names([one.article for one in found])


def test_reasons_of_a_subject_come_with_the_articles_that_it_tells(store: Store) -> None:
    _told(store)
    channel = add_channel(store)
    subjects = {one.url: one for one in store.untold(channel.id, NOW)}
    assert len(subjects) == 5
    story = store.reasons("s1", 10)
    assert sorted(_articles(story)) == ["a1", "a2", "a3"]
    assert [one.article.id for one in story] == sorted(one.article.id for one in story)
    first = subjects["https://news.example/b1"]
    found = store.reasons(f"article:{first.id}", 10)
    assert sorted(_articles(found)) == ["b1", "b2"]
    assert (
        Reasoned(
            first,
            "Names two.",
            "w1",
            (
                Match("ebrahim-raisi", "official", "title", "Ebrahim-Raisi", 0, 4, "name", 0.75),
                Match("hamid-noury", "official", "title", "Hamid-Noury", 0, 4, "name", 0.75),
            ),
        )
        in found
    )


def test_reasons_are_of_so_many_articles_at_most_and_told_ones_too(store: Store) -> None:
    _told(store)
    queue(store, add_channel(store), "page", subjects=("s1",))
    assert store.reasons("s1", 2) == store.reasons("s1", 10)[:2]
    assert len(store.reasons("s1", 2)) == 2


def test_reasons_of_what_is_not_settled_wait(store: Store) -> None:
    _told(store)
    number = store.unsettled(10)[0].id
    assert store.reasons(f"article:{number}", 10) == ()
    settle(store)
    assert _articles(store.reasons(f"article:{number}", 10)) == ["c1"]


@pytest.mark.parametrize(
    "subject",
    ["", "s2", "article:", "article:x", "article:99", f"article:{AWAY}", "article:۱", "s\0"],
    ids=["empty", "no-story", "no-number", "word", "unknown", "huge", "persian-digit", "nul"],
)  # fmt: skip
def test_reasons_of_what_there_is_not_are_none(store: Store, subject: str) -> None:
    _told(store)
    assert store.reasons(subject, 10) == ()


def test_copies_of_a_story_are_not_told_as_an_article(store: Store) -> None:
    _told(store)
    first = store.reasons("s1", 1)[0].article
    assert store.reasons(f"article:{first.id}", 10) == ()
