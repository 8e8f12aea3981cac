"""The search goes down its index stretch by stretch, and finds what looking at all finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import MemoryStore, SqlStore, open_store, search_find, search_index
from storage.engine import Mode, transaction
from tests.contract.making import HOUR, NOW, item, old_feed, poll
from watchers.ports import Store
from watchers.search_question import read
from watchers.searching import Hits

QUESTIONS = ("common", "com", "rare", '"two words"', '"words two"', "common -rare", "third common",
             "since:2020", "nothing", "lang:fa", "third until:2024", "common rare two")  # fmt: skip


def fill(store: Store) -> None:
    """Sixty articles: words in all of them, in a third, in two; some in the title."""
    feed = old_feed(store)
    for number in range(60):
        one = item(
            f"n{number}",
            title=f"{'Common' if number % 5 == 0 else 'Title'} {number}",
            text=f"Common {'third' if number % 3 == 0 else ''} two words "
            f"{'rare' if number in (3, 50) else ''}",
            published=NOW - number * HOUR,
        )
        store.save_poll(poll(feed, one, at=NOW))  # one by one: their numbers are the same anywhere
    while store.index_part(7).left:
        pass


@pytest.fixture(params=["sqlite", "postgres"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SqlStore]:
    """Filled, with fifteen stretches where real ones have one."""
    url = f"sqlite:///{tmp_path}/a.db"
    if request.param == "postgres":
        url = str(request.getfixturevalue("fresh_postgres"))
    for module in (search_find, search_index):
        monkeypatch.setattr(module, "BUCKET", 4)
    monkeypatch.setattr(search_find, "_FIRST_SQLITE", 1)
    made = open_store(url, create=True)
    fill(made)
    yield made
    made.close()


def asked(store: Store) -> dict[str, Hits]:
    """Each question's hits."""
    return {question: store.search(read(question, now=NOW)) for question in QUESTIONS}


@pytest.mark.parametrize("most", [7, 2_000])
def test_stretches_find_what_looking_at_all_finds(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    for module in ("search_find", "memory_searching"):
        monkeypatch.setattr(f"storage.{module}.MOST_HITS", most)
    memory = MemoryStore()
    fill(memory)
    expected = asked(memory)
    assert (expected["common"].found, expected["common"].more) == (min(60, most), most < 60)
    found = asked(store)
    for question, hits in expected.items():
        kept = [(hit.id, hit.in_title) for hit in found[question].hits]
        assert kept == [(hit.id, hit.in_title) for hit in hits.hits], question
        assert (found[question].found, found[question].more) == (hits.found, hits.more)


def test_nothing_is_left_beside_the_index(store: SqlStore) -> None:
    if store._engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps no such list")
    with transaction(store._engine, Mode.LOOK) as connection:
        pages = connection.exec_driver_sql("SELECT gin_clean_pending_list('search_words')")
        assert pages.scalar() == 0
