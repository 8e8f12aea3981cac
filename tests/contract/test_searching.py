"""The full search, one table of questions for all stores."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.conftest import Opener
from tests.contract.making import DAY, HOUR, NOW, add_feed, item, names, old_feed, poll, settle
from tests.contract.spellings import SPELLINGS, TEXTS
from watchers.changes import Rejudged
from watchers.model import Fingerprint, Item, Verdict
from watchers.ports import Store
from watchers.search_order import ranked
from watchers.search_question import read
from watchers.searching import Hits

PEOPLE = {"raisi": ("raisi",), "رئیسی": ("raisi",)}
OUTLETS = {"رادیو نمونه": ("radio.example",)}
ASKED = [
    ("prison", ["four", "one", "two"]),
    ("PRISON summer", ["four", "one", "two"]),
    ("pris", ["four", "one", "two"]),
    ("pr", []),  # two letters stand whole
    ("ison", []),
    ('"football match"', ["two"]),
    ('"match football"', []),
    ("football match", ["four", "two"]),
    ('"Summer prison"', ["four"]),
    ('"summer prison the game"', []),  # no phrase from the title into the text
    ('"prison mass', []),  # a quote that is left open; whole words
    ("prison -football", ["one"]),
    ("prison -foot", ["four", "one", "two"]),  # whole words are left out
    ("prison −football", ["one"]),
    ("-football", ["one", "three"]),
    ('-"football match"', ["four", "one", "three"]),
    ("official:raisi", ["four", "one"]),
    ("مقام:رئیسی", ["four", "one"]),
    ("prison official:Raisi massacre", ["one"]),
    ("official:nobody", []),
    ("-official:raisi", ["three", "two"]),
    ("lang:fa", ["three"]),
    ("زبان:fa", ["three"]),
    ("lang:fa lang:en game", ["four", "two"]),
    ("lang:FA,xx", ["three"]),
    ("outlet:radio.example", ["two"]),
    ("site:https://www.radio.example/x", ["two"]),
    ("outlet:radio", ["two"]),
    ("outlet:news", ["four", "one", "three"]),
    ("outlet:fa.news.example", ["three"]),
    ("outlet:news.example", ["four", "one", "three"]),
    ('outlet:"رادیو نمونه"', ["two"]),
    ("-outlet:news", ["two"]),
    ("since:2025", ["four", "three", "two"]),
    ("since:2025-02", ["four", "three"]),
    ("until:2025-01", ["one", "two"]),
    ("until:2025-01-30", ["one"]),
    ("since:2025-01-31 until:2025-01-31", ["two"]),
    ("since:۱۴۰۳/۱۱ until:1403", ["three", "two"]),  # 20 January to 20 March 2025
    ("since:2d", ["four"]),
    ("prison since:2025-02", ["four"]),
    ("since:2026 until:2024", []),
    ("since:soon prison", ["four", "one", "two"]),
    ("prison lang:", ["four", "one", "two"]),
    ("prison nonsense:football", []),
    ("nonsense:prison", []),
    ("1988", ["one"]),
    ("۱۹۸۸", ["one"]),
    ("prison prison prison", ["four", "one", "two"]),
    ("prison OR football", []),  # no operators: "or" is a word
    ('prison " " "', ["four", "one", "two"]),
]


def _index(store: Store) -> None:
    while store.index_part(7).left:
        pass


def ask(store: Store, question: str, *, told: bool = False) -> list[str]:
    """The names of what is found, sorted."""
    return sorted(
        names(store.found_articles([hit.id for hit in _hits(store, question, told).hits]))
    )


def _hits(store: Store, question: str, told: bool = False) -> Hits:
    wanted = read(
        question,
        now=NOW,
        people=lambda name: PEOPLE.get(name.casefold(), ()),
        outlets=lambda name: OUTLETS.get(name, ()),
        told=told,
    )
    return store.search(wanted)


def put(store: Store, *items: Item, at: datetime = NOW) -> None:
    """Store and index."""
    feed = next(iter(store.feeds()), None) or old_feed(store)
    store.save_poll(poll(feed, *items, at=at))
    _index(store)


def test_any_spelling_finds_any(store: Store) -> None:
    put(store, *(item(name, title=title, text=text) for name, (title, text) in TEXTS.items()))
    found = {question: ask(store, question) for question, _ in SPELLINGS}
    assert found == dict(SPELLINGS)


@pytest.fixture
def filled(store: Store) -> Store:
    """Articles of several languages, outlets and times."""
    put(
        store,
        item("one", title="Prison massacre", text="Words on Evin prison and the summer of 1988.",
             relevant=True, officials=["raisi"], published=datetime(2024, 5, 20, tzinfo=UTC)),
        item("two", title="Football", text="A football match. Prison guards saw the summer game.",
             url="https://www.radio.example/two",
             published=datetime(2025, 1, 31, 23, 59, tzinfo=UTC)),
        item("three", title="کشتار زندانیان", text="فوتبال نیست.", language="fa", relevant=True,
             url="https://fa.news.example/three", published=datetime(2025, 2, 1, tzinfo=UTC)),
        item("four", title="Summer prison", text="The game, a match for football.",
             officials=["raisi"],
             url="https://news.example/four", published=None),
    )  # fmt: skip
    return store


def test_what_is_asked_for(filled: Store) -> None:
    found = {question: ask(filled, question) for question, _ in ASKED}
    assert found == dict(ASKED)


def test_readers_see_what_tells_something(store: Store) -> None:
    baseline = item("old", relevant=True, published=NOW - 9 * DAY)
    store.save_poll(poll(add_feed(store), baseline))
    put(store, item("told", relevant=True), item("named", officials=["raisi"]), item("none"))
    assert ask(store, "title") == ["named", "none", "old", "told"]
    assert ask(store, "title", told=True) == ["named", "told"]


def test_what_changes_is_found_as_it_is_now(store: Store) -> None:
    put(store, item("a", title="First", text="A word that is unique here."), item("b"))
    assert store.to_index() == 0
    put(store, item("a", title="Second", text="Another word, different here."), at=NOW + HOUR)
    assert (ask(store, "unique"), ask(store, "different")) == ([], ["a"])
    (stored,) = [one for one in store.stored(0, 9) if one.title == "Second"]
    verdict = Verdict(True, ("mousavi",), (), ("massacre-1988",), (), 1.0, "w2")
    rejudged = Rejudged(
        stored.id, verdict, Fingerprint("f1", b"k", (), ()), quiet=False, text_key=stored.text_key
    )
    assert store.save_verdicts([rejudged]) == 1
    assert store.to_index() == 1
    _index(store)
    settle(store)
    store.forget_texts(NOW + DAY)
    _index(store)
    assert (ask(store, "different"), ask(store, "second")) == ([], ["a"])
    while store.scrub_part():
        pass
    assert ask(store, "second") == ["a"]


def test_nothing_is_found_before_it_is_indexed_and_all_can_be_indexed_anew(store: Store) -> None:
    feed = old_feed(store)
    store.save_poll(poll(feed, *(item(f"n{number}") for number in range(9))))
    assert ask(store, "title") == []
    assert store.to_index() == 9
    first = store.index_part(4)
    assert (first.articles, first.left) == (4, True)
    assert len(ask(store, "title")) == 4
    _index(store)
    assert (store.to_index(), len(ask(store, "title"))) == (0, 9)
    assert store.reindex() == 9
    _index(store)
    assert (store.to_index(), len(ask(store, "title"))) == (0, 9)


def test_the_best_come_first(store: Store) -> None:
    long_ago = NOW - 400 * DAY
    put(
        store,
        item("often", text="Evin. " * 9, published=long_ago),
        item("title", title="Evin", text="Once.", published=NOW),
        item("new", text="Evin and more.", published=NOW),
        item("old", text="Evin and more.", published=long_ago),
    )
    wanted = read("evin", now=NOW)
    hits = store.search(wanted)
    assert [hit.id for hit in hits.hits] == sorted((hit.id for hit in hits.hits), reverse=True)
    best = ranked(hits.hits, wanted, NOW)
    assert names(store.found_articles([hit.id for hit in best])) == ["title", "new", "often", "old"]


def test_whole_texts_and_articles_are_given(store: Store) -> None:
    put(store, item("a", text="x" * 9_000), item("b", text="Short."))
    numbers = {one.title[-1]: one.id for one in store.stored(0, 9)}
    a, b = numbers["a"], numbers["b"]
    assert store.whole_texts([a, b, 99, -1, 2**40]) == {a: "x" * 9_000, b: "Short."}
    assert [one.id for one in store.found_articles([b, 99, a, b])] == [b, a]


_PARTS = ['"', "«", "-", "(", ")", "*", "^", ":", "AND", "NOT", "NEAR(", "lang:",
          "since:", "official:",
          "word", "می‌شود", "屠杀", "'", "\\", "%", "\0", "\ud800", "|", "&",
          "!", "<->", "{a}", " "]  # fmt: skip


@given(st.lists(st.sampled_from(_PARTS) | st.text(max_size=9), max_size=30).map("".join))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_question_is_an_error(filled: Store, question: str) -> None:
    _hits(filled, question)


def test_questions_are_bounded(filled: Store) -> None:
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijk", k=6)) for _ in range(100)]
    wanted = read(" ".join(words), now=NOW)
    assert {note.kind for note in wanted.notes} == {"cut", "terms"}
    assert filled.search(wanted).hits == ()
    phrases = " ".join(f'"{" ".join(words[n : n + 9])}"' for n in range(9))
    assert filled.search(read(phrases, now=NOW)).hits == ()
    assert filled.search(read("خانواده‌های‌شان‌ها " * 40, now=NOW)).hits == ()


def test_another_process_sees_what_was_indexed(another: Opener) -> None:
    put(another(), item("a", text="Evin."))
    assert ask(another(), "evin") == ["a"]


def test_time_that_is_over_is_told(filled: Store) -> None:
    hits = filled.search(read("prison", now=NOW), seconds=-1.0)
    is_memory = type(filled).__name__ == "MemoryStore"
    assert is_memory or (hits.hits == () and hits.stopped is not None)
