"""How SQLite carries out the statements that run for every article: by which index."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from storage import open_store
from tests.contract.making import DAY, HOUR, NOW, item, old_feed, poll
from watchers.model import Grouped, Grouping
from watchers.ports import Store

Plans = Callable[[Callable[[], object]], list[str]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Some hundred settled articles, a few of them copies."""
    store = open_store(f"sqlite:///{tmp_path}/a.db", create=True)
    feed = old_feed(store)
    items = [
        item(
            f"n{number}",
            text=f"Text {number % 200}.",
            bands=[number, -number],
            relevant=bool(number % 3),
            published=NOW - timedelta(minutes=number),
        )
        for number in range(1, 401)
    ]
    store.save_poll(poll(feed, *items))
    first, *others = store.unsettled(1_000)
    copies = {article.id for article in others[::50]}
    store.save_groupings(
        [Grouping(one.id, first.id if one.id in copies else None, None, "") for one in others]
    )
    store.save_groupings([Grouping(first.id, None, None, "")])
    yield store
    store.close()


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    """The steps of the statements that a call runs."""

    def steps(call: Callable[[], object]) -> list[str]:
        ran: list[tuple[str, tuple[object, ...]]] = []

        def keep(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
            if isinstance(values, tuple) and statement.startswith("SELECT"):
                ran.append((statement, values))

        event.listen(Engine, "before_cursor_execute", keep)
        try:
            call()
        finally:
            event.remove(Engine, "before_cursor_execute", keep)
        with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
            explained = (connection.execute(f"EXPLAIN QUERY PLAN {s}", v) for s, v in ran)
            return [row[3] for rows in explained for row in rows]

    return steps


def _an_article(store: Store) -> Grouped:
    feed = store.feeds()[0]
    new = item("new", text="Text 7.", bands=[7, 900], relevant=True, published=NOW - 2 * HOUR)
    store.save_poll(poll(feed, new))
    return store.unsettled(1)[0]


def test_stories_are_read_outwards_by_their_own_index(store: Store, plans: Plans) -> None:
    article = _an_article(store)
    steps = plans(lambda: store.story_candidates(article, NOW - DAY, NOW + DAY))
    outwards = [step for step in steps if "article_stories (time>? AND time<?)" in step]
    assert len(outwards) == 2
    assert not [step for step in steps if "article_duplicate_of" in step or "SCAN" in step]
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps  # ties of one time may be sorted


def test_copies_are_found_by_their_text_and_their_bands(store: Store, plans: Plans) -> None:
    article = _an_article(store)
    assert store.copy_candidates(article)
    steps = plans(lambda: store.copy_candidates(article))
    assert [step for step in steps if "article_text_key (text_key=?)" in step]
    assert [step for step in steps if step.startswith("SEARCH band") and "(band=?)" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize("per_host", [None, 8])
def test_due_feeds_are_found_by_when_they_are_due(
    store: Store, plans: Plans, per_host: int | None
) -> None:
    steps = plans(lambda: store.due_feeds(NOW, 5, per_host=per_host))
    assert [step for step in steps if "SEARCH feed" in step and "feed_due (next_due<?)" in step]
    assert not [step for step in steps if step.startswith("SCAN feed")]
