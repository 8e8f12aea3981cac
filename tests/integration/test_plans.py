"""How SQLite carries out the statements that run for every article: by which index."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from storage import open_store
from tests.contract.making import DAY, HOUR, NOW, add_channel, item, key, old_feed, poll
from watchers.errors import StoryUnknown
from watchers.groups import Place
from watchers.model import Grouped, Grouping
from watchers.ports import Store
from watchers.text import key as text_key

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
        [
            Grouping(one.id, first.id if one.id in copies else None, f"s{one.id}", "")
            for one in others
        ]
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
            if isinstance(values, tuple) and statement.lstrip().startswith(("SELECT", "WITH")):
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


def test_those_that_lead_are_read_outwards_by_their_own_index(store: Store, plans: Plans) -> None:
    for look in (store.leads_until, store.leads_after):
        assert len(look(Place(NOW - HOUR, ""), 9)) == 9
        steps = plans(lambda look=look: look(Place(NOW - HOUR, ""), 9))  # type: ignore[misc]
        assert [step for step in steps if "article_leads (lead_at" in step]
        assert not [step for step in steps if "SCAN" in step]
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps  # ties of one time may be sorted


def test_groups_are_found_by_their_first_and_stories_by_their_event(
    store: Store, plans: Plans
) -> None:
    many = range(1, 401)
    steps = plans(lambda: store.leading(many))
    steps += plans(lambda: store.copied(many))
    steps += plans(lambda: store.relevant_copies(7, 2))
    steps += plans(lambda: store.story_heads(["s1"], ["e1"]))
    steps += plans(lambda: store.unsettled(9))
    assert not [step for step in steps if "SCAN" in step and "INDEX" not in step]
    assert [step for step in steps if "article_leading_copies (duplicate_of=?)" in step]
    assert [step for step in steps if "story_event (event=?)" in step]
    assert [step for step in steps if "article_resettle" in step]


def test_copies_are_found_by_their_text_and_their_bands(store: Store, plans: Plans) -> None:
    article = _an_article(store)
    assert store.copy_candidates_of([article])[article.id]
    # As many as of a whole batch: of few SQLite thinks otherwise.
    many = replace(article, fingerprint=replace(article.fingerprint, bands=tuple(range(300))))
    steps = plans(lambda: store.copy_candidates_of([many]))
    assert [step for step in steps if "article_text_key (text_key=?)" in step]
    assert [
        step for step in steps if step.startswith("SEARCH band") and "(period=? AND band=?)" in step
    ]
    # Of the lists that are asked about; and no index of all that is settled, made each time.
    small = re.compile(r"SCAN (?:wanted|step|(?:\d+ )?CONSTANT ROWS?)\b")
    assert not [step for step in steps if step.startswith("SCAN") and not small.match(step)]
    assert not [step for step in steps if "AUTOMATIC" in step]


@pytest.mark.parametrize("per_host", [None, 8])
def test_due_feeds_are_found_by_when_they_are_due(
    store: Store, plans: Plans, per_host: int | None
) -> None:
    steps = plans(lambda: store.due_feeds(NOW, 5, per_host=per_host))
    assert [step for step in steps if "SEARCH feed" in step and "feed_due (next_due<?)" in step]
    assert not [step for step in steps if step.startswith("SCAN feed")]


@pytest.mark.parametrize("ref", ["s7", "7", "https://news.example/new", "https://a.example/no"])
def test_a_story_is_found_by_keys_and_read_by_its_index(
    store: Store, plans: Plans, ref: str
) -> None:
    store.save_groupings([Grouping(_an_article(store).id, None, "s7", "")])

    def look() -> None:
        with contextlib.suppress(StoryUnknown):
            store.story(ref)

    steps = plans(look)
    assert [step for step in steps if step.startswith("SEARCH article")]
    scanned = {step for step in steps if step.startswith("SCAN")}
    assert scanned <= {"SCAN channel"}  # a handful


def test_when_copies_came_out_is_found_by_whose_copies_they_are(store: Store, plans: Plans) -> None:
    assert len(list(store.export())) == 400
    steps = plans(lambda: list(store.export()))
    found = "SEARCH article USING INDEX article_duplicate_of (duplicate_of=?)"
    assert found in steps
    assert steps.count(found) == 2  # a batch of 200 at a time


def test_old_texts_and_fingerprints_are_found_without_reading_all(
    store: Store, plans: Plans
) -> None:
    steps = plans(lambda: store.forget_texts(NOW - DAY))
    assert [step for step in steps if "article_texts (first_seen<?)" in step]
    steps += plans(lambda: store.outdated("f2", 10, limit=5, since=NOW - DAY))
    assert [step for step in steps if "article_first_seen (first_seen>?)" in step]
    assert [step for step in steps if "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in step]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_an_article_is_found_by_its_address(store: Store, plans: Plans) -> None:
    found = item("found")
    url_key = text_key(found.article.canonical_url)
    found = replace(found, article=replace(found.article, url_key=url_key))
    store.save_poll(poll(store.feeds()[0], found))
    steps = plans(lambda: store.article("https://news.example/found"))
    assert [step for step in steps if "article_url_key (url_key=?)" in step]
    assert not [step for step in steps if step.startswith("SCAN") and "feed" not in step]


def test_pages_to_ask_for_are_found_by_when(store: Store, plans: Plans) -> None:
    steps = plans(lambda: store.page_checks(NOW + 9 * DAY, 3))
    assert [step for step in steps if "article_check (check_at>? AND check_at<?)" in step]
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_what_changed_since_it_was_told_is_found_by_when_it_was_first_seen(
    store: Store, plans: Plans
) -> None:
    channel = add_channel(store)
    steps = plans(lambda: store.untold(channel.id, NOW - DAY))
    assert [step for step in steps if "article_tells (first_seen>?" in step]
    assert [step for step in steps if step.startswith("SEARCH told") and "subject=?" in step]
    assert not [step for step in steps if step.startswith("SCAN") and "feed" not in step]


def test_what_vanishes_is_found_by_its_keys(store: Store, plans: Plans) -> None:
    feed = store.feeds()[0]
    gone = poll(feed, gone=(key("n1"),), seen=(key("n2"),), at=NOW + HOUR)
    steps = plans(lambda: store.save_poll(gone))
    assert [step for step in steps if step == "SEARCH article USING INTEGER PRIMARY KEY (rowid=?)"]
    assert not [step for step in steps if step.startswith(("SCAN article", "SCAN entry"))]
