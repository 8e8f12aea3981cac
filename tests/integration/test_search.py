"""The full search as operators use it, and how its index is kept up."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.app import Program
from bot.database import Database
from bot.indexing import Indexing
from storage import MemoryStore, open_store
from tests.contract.making import HOUR, NOW, item, old_feed, poll, settle
from tests.journey.harness import CommandLine
from watchers.model import Grouping

KEYS = {"id", "url", "title", "snippet", "outlet", "outlet_kind", "language", "published",
        "first_seen", "relevant", "officials", "topics", "story", "copies"}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path, dadkhah: CommandLine) -> Path:
    """Articles on the subject, a copy, and one that tells nothing; nothing is indexed."""
    path = tmp_path / "data" / "dadkhah.db"
    store = open_store(f"sqlite:///{path}", create=True)
    store.save_poll(
        poll(
            old_feed(store),
            item("one", title="کشتار ۶۷", text="خانواده‌های خاوران.", language="fa", relevant=True),
            item("copy", title="كشتار ٦٧", text="خانواده‌های خاوران.", relevant=True),
            item("two", text="Families of Khavaran.", relevant=True, officials=["ebrahim-raisi"]),
            item("none", text="Families in a park."),
        )
    )
    first, *_ = (one for one in store.unsettled(9) if one.canonical_url.endswith("/one"))
    store.save_groupings(
        [
            Grouping(one.id, first.id if one.canonical_url.endswith("copy") else None, None, "")
            for one in sorted(store.unsettled(9), key=lambda one: one.id != first.id)
        ]
    )
    store.close()
    return path


def test_a_search_at_the_shell(database: Path, dadkhah: CommandLine) -> None:
    said = dadkhah("search", "خانواده‌هاي خاوران")
    assert said.code == 0
    assert "“\u2068خانواده‌های خاوران.\u2069”" in said.out
    assert "and 1 copy" in said.out
    assert "2 articles were found" in said.err
    assert dadkhah("search", "families").out.count("https://") == 1
    assert dadkhah("search", "families", "--all").out.count("https://") == 2
    nothing = dadkhah("search", "unicorn")
    assert (nothing.code, nothing.out) == (0, "")
    assert dadkhah("search", "...").code == 2
    assert dadkhah("search", "families", "--limit", "0").code == 2


def test_a_search_for_machines(database: Path, dadkhah: CommandLine) -> None:
    said = dadkhah("search", "--json", "khavaran", "--official", "Raisi", "--since", "2020")
    found = json.loads(said.out)
    assert found.keys() == {"found", "more", "stopped", "not_indexed", "notes", "articles"}
    (article,) = found["articles"]
    assert article.keys() == KEYS
    assert article["snippet"] == "Families of Khavaran."
    assert (found["found"], found["more"], found["stopped"], found["not_indexed"]) == (
        1,
        False,
        False,
        0,
    )
    odd = json.loads(dadkhah("search", "--json", "khavaran", "--until", "soon").out)
    assert odd["notes"] == [{"kind": "no date", "value": "soon"}]


def test_all_can_be_indexed_anew(database: Path, dadkhah: CommandLine) -> None:
    assert "4 articles indexed" in dadkhah("db", "reindex").out
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM search_due").fetchone() == (0,)
        connection.execute("DELETE FROM search_doc WHERE article_id = 0")  # as a copy has none
        connection.commit()
    assert dadkhah("search", "khavaran").out.count("https://") == 1


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    """As much of a program as the indexing needs."""
    made = Database(MemoryStore())
    yield cast("Program", SimpleNamespace(database=made))
    made.close()


async def test_a_tick_indexes_what_is_due_for_a_second(program: Program) -> None:
    store = program.database.store
    store.save_poll(poll(old_feed(store), *(item(f"n{number}") for number in range(350))))
    times = iter([0.0, 0.1, 0.2, 5.0])
    await Indexing(program, steady=lambda: next(times)).go_on()
    assert store.to_index() == 150
    await Indexing(program).go_on()
    assert store.to_index() == 0


def test_no_byte_of_a_forgotten_text_is_left_in_the_index(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = open_store(f"sqlite:///{path}", create=True)
    feed = old_feed(store)
    kept = [item(f"k{number}", text=f"Others {number} stay.") for number in range(30)]
    for number, one in enumerate(kept):  # parts of the index of their own
        store.save_poll(poll(feed, one, at=NOW + (number + 1) * HOUR))
        store.index_part()
    store.save_poll(poll(feed, item("gone", text="Somebody qwzfirst xysecret."), at=NOW))
    settle(store)
    store.index_part()

    def holds(word: bytes) -> bool:
        with closing(sqlite3.connect(path)) as connection:
            blobs = connection.execute("SELECT block FROM search_words_data").fetchall()
        return any(word in block for (block,) in blobs)

    assert holds(b"secret")
    store.forget_texts(NOW + HOUR / 2)
    store.index_part()
    while store.scrub_part():
        pass
    assert not holds(b"secret")
    assert not holds(b"zfirst")
    assert holds(b"ther")
    store.close()
    files = [one.read_bytes() for one in tmp_path.iterdir() if one.name.startswith("a.db-wal")]
    assert not any(b"xysecret" in data for data in files)
