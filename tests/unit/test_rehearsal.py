"""What a changed watchlist would change in what is stored, and what it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage import MemoryStore
from tests.contract.making import HOUR, item, old_feed, poll
from tests.unit.test_watchlist import META, PERSON, REST, other
from watchers import amend, rehearsal
from watchers.amend import Joined
from watchers.changes import Stored, WatchRows
from watchers.match import Matcher
from watchers.model import Verdict
from watchers.rehearsal import difference, rehearse, rejudged
from watchers.watchlist import read_file

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
LIST = amend.joined(read_file(META + PERSON + other() + REST, "x"), WatchRows(0, ()))
BEFORE = Matcher(LIST.watchlist)


def matcher(joint: Joined) -> Matcher:
    return Matcher(joint.watchlist)


def edited() -> Matcher:
    """Carla is watched for, Berta is not any more."""
    joint = amend.after(LIST, amend.add_person(LIST, "c-person", "Carla Person"))
    return matcher(amend.after(joint, amend.remove(joint, "b-person")))


def article(number: int = 1, title: str = "", **changes: object) -> Stored:
    made = Stored(
        number, f"https://a.example/{number}", title, "", NOW, False, (), (), (), "old", NOW, b"key"
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def verdict(
    relevant: bool = False,
    officials: Iterable[str] = (),
    people: Iterable[str] = (),
    topics: Iterable[str] = (),
) -> Verdict:
    return Verdict(relevant, tuple(officials), tuple(people), tuple(topics), (), 1.0, "w")


# ---------------------------------------------------------------- differences


@pytest.mark.parametrize(
    ("before", "after", "relevance", "gained", "lost"),
    [
        pytest.param({}, {"relevant": True}, 1, (), (), id="becomes relevant"),
        pytest.param({"relevant": True}, {}, -1, (), (), id="relevant no more"),
        pytest.param({}, {"officials": "a"}, 0, ("a",), (), id="official gained"),
        pytest.param({"officials": "ab"}, {"officials": "b"}, 0, (), ("a",), id="official lost"),
        pytest.param({"people": "a"}, {"people": "c"}, 0, ("c",), ("a",), id="people"),
        pytest.param({}, {"topics": "t"}, 0, ("t",), (), id="topic gained"),
    ],
)
def test_a_difference_tells_what_is_gained_and_lost(
    before: dict[str, object],
    after: dict[str, object],
    relevance: int,
    gained: tuple[str, ...],
    lost: tuple[str, ...],
) -> None:
    change = difference(article(), verdict(**before), verdict(**after))  # type: ignore[arg-type]
    assert change is not None
    assert (change.relevance, change.gained, change.lost) == (relevance, gained, lost)


def test_scores_reasons_and_the_order_of_names_are_no_difference() -> None:
    one = verdict(officials="ab", topics="t")
    assert difference(article(), one, replace(one, officials=("b", "a"), score=9.0)) is None


# ---------------------------------------------------------------- rehearsal


def filled(titles: Iterable[str]) -> MemoryStore:
    """A store with an article of each title, an hour apart."""
    store = MemoryStore()
    feed = old_feed(store)
    for number, title in enumerate(titles):
        at = NOW + number * HOUR
        store.save_poll(poll(feed, item(str(number), title=title, published=at), at=at))
    return store


def test_a_rehearsal_counts_and_shows_what_would_change() -> None:
    titles = ["Anna Person", "Berta Person", "Carla Person", "Weather", "Berta and Carla Person"]
    seen: list[int] = []
    found = rehearse(filled(titles), BEFORE, edited(), progress=seen.append)
    assert (found.judged, found.changed, seen) == (5, 3, [5])
    assert (found.becomes_relevant, found.relevant_no_more) == (0, 0)
    assert found.gained == {"c-person": 2}
    assert found.lost == {"b-person": 1}
    assert [change.article.title for change in found.changes] == [*titles[4:], *titles[2:0:-1]]
    assert found.changes[1].after.matches[0].alias == "Carla Person"


def test_all_changes_are_counted_and_the_latest_shown() -> None:
    found = rehearse(filled(["Carla Person"] * 30), BEFORE, edited(), limit=3)
    assert found.changed == 30
    assert [change.article.id for change in found.changes] == [30, 29, 28]


def test_changes_of_relevance_are_shown_first() -> None:
    strong = read_file(META + PERSON + other() + REST.replace("1988 prison", "great"), "x")
    after = matcher(amend.joined(strong, WatchRows(0, ())))
    titles = ["Evin: 1988 prison massacre in Iran", "Weather", "Evin: the great massacre in Iran"]
    found = rehearse(filled(titles), BEFORE, after)
    assert (found.becomes_relevant, found.relevant_no_more) == (1, 1)
    assert [change.relevance for change in found.changes] == [1, -1]


def test_a_rehearsal_may_begin_at_a_time() -> None:
    found = rehearse(filled(["Carla Person"] * 5), BEFORE, edited(), since=NOW + 3 * HOUR)
    assert found.judged == 2


def test_more_than_a_batch_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(["Carla Person"] * 5)
    monkeypatch.setattr(rehearsal, "BATCH", 2)
    batches = list(rehearsal.batches(store, size=2))
    assert [len(batch) for batch in batches] == [2, 2, 1]


def test_a_rehearsal_changes_nothing() -> None:
    store = filled(["Carla Person", "Berta Person"])
    before = list(store.export())
    rehearse(store, BEFORE, edited())
    assert list(store.export()) == before


# ---------------------------------------------------------------- judged again


def test_only_verdicts_that_change_are_given() -> None:
    named = ("b-person",)
    articles = [
        article(1, "Carla Person"),
        article(2, "Weather"),
        article(3, "Berta Person", officials=named),
        article(4, "Anna Person", officials=("a-person",)),
    ]
    found = {one.article_id: one for one in rejudged(articles, edited(), NOW)}
    assert {number: one.verdict.officials for number, one in found.items()} == {
        1: ("c-person",), 3: (),
    }  # fmt: skip
    assert found[1].fingerprint.bands
    assert not found[3].fingerprint.bands


def test_what_was_judged_by_this_list_already_is_passed_over() -> None:
    after = edited()
    assert rejudged([article(1, "Carla Person", watchlist=after.version)], after, NOW) == ()


@pytest.mark.parametrize(
    ("age", "seen", "quiet"),
    [
        pytest.param(23, 23, False, id="of today"),
        pytest.param(25, 25, True, id="of yesterday"),
        pytest.param(25, 0, False, id="of yesterday, seen today"),
        pytest.param(700, 23, False, id="of last month, seen today"),
        pytest.param(23, 25, False, id="dated anew"),
        pytest.param(-2, 0, False, id="dated ahead"),
    ],
)
def test_old_articles_are_found_quietly(age: int, seen: int, quiet: bool) -> None:
    times = {"time": NOW - age * HOUR, "first_seen": NOW - seen * HOUR}
    (one,) = rejudged([article(1, "Carla Person", **times)], edited(), NOW)
    assert one.quiet is quiet
    assert one.text_key == b"key"
