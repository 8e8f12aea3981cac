"""How SQLite carries out the statements that run for every article: by which index."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from storage import SqlStore, open_store, private
from tests.contract.making import (
    DAY,
    HOUR,
    NOW,
    add_channel,
    add_subscriber,
    item,
    key,
    old_feed,
    poll,
)
from tests.contract.taking import page, queue_pages, send
from watchers.errors import StoryUnknown
from watchers.groups import Place
from watchers.model import FeedSpec, Grouped, Grouping
from watchers.ports import Store
from watchers.telling import (
    Channel,
    DeliveryState,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)
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


def test_claims_read_what_they_take_in_the_order_of_indexes(store: Store, plans: Plans) -> None:
    lease = timedelta(minutes=2)
    steps = plans(lambda: store.claim_feeds("x", NOW, 5, lease=lease, per_host=2))
    steps += plans(lambda: store.claimable(NOW, 5))
    steps += plans(lambda: store.take_host("a.example", "x", NOW, lease=lease))
    steps += plans(lambda: store.renew_claims("x", NOW, lease=lease))
    assert [step for step in steps if "feed_due (next_due<?)" in step]
    assert [step for step in steps if "feed_host_due (host=? AND next_due<?)" in step]
    assert [step for step in steps if "host_turn_holder (holder=?)" in step]
    of_tables = ("SCAN feed", "SCAN host", "SCAN first", "USE TEMP B-TREE")
    assert not [step for step in steps if step.startswith(of_tables)]


def test_postgres_claims_in_the_order_of_indexes_without_statistics(fresh_postgres: str) -> None:
    store = open_store(fresh_postgres, create=True)
    specs = [FeedSpec(f"https://h{number}.example/") for number in range(1_000)]
    store.add_feeds(specs, at=NOW, actor="cli")
    lease = timedelta(minutes=2)
    ran: list[tuple[str, object]] = []

    def keep(_c: object, _r: object, statement: str, values: object, *_: object) -> None:
        ran.append((statement, values))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        assert len(store.claim_feeds("x", NOW, 5, lease=lease, per_host=2)) == 5
        store.renew_claims("x", NOW, lease=lease)
        store.release_hosts("x", NOW, {"h1.example": lease})
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    assert isinstance(store, SqlStore)
    with store._write() as connection:
        lines: list[str] = []
        for statement, values in ran:
            explain = "" if "set_config" in statement else "EXPLAIN "
            found = connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]
            lines += [row[0] for row in found] if explain else []
    store.close()
    assert [line for line in lines if "Index Scan using feed_due on feed" in line]
    scanned = [line for line in lines if "Seq Scan" in line]
    assert scanned == []
    assert not [line for line in lines if "Bitmap" in line or "Hash" in line]


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


def _posted(store: Store) -> Channel:
    channel = add_channel(store)
    queue_pages(store, channel, page("s1", "s2", officials=["an-official"]), page("s7"))
    send(store, channel)
    return channel


def test_what_is_taken_back_is_found_by_what_pages_tell(store: Store, plans: Plans) -> None:
    channel = _posted(store)
    steps = plans(lambda: store.posted(subject="s1"))
    steps += plans(lambda: store.posted(official="an-official"))
    (posted,) = store.posted(subject="s1")
    changes = {posted.delivery.id: page("s2")}
    steps += plans(lambda: store.withdraw(["s1"], changes, what="removed", at=NOW, actor="7"))
    steps += plans(lambda: store.withdrawals(channel.id))
    assert [step for step in steps if "delivery_content_id (content_id=?)" in step]
    assert [step for step in steps if step.startswith("SEARCH mention") and "(name=?)" in step]
    assert [step for step in steps if "story_merged_into (merged_into=?)" in step]
    assert [step for step in steps if "withdrawal_channel_id (channel_id=? AND digest" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


def test_corrections_that_are_due_are_found_by_their_state(store: Store, plans: Plans) -> None:
    _posted(store)
    (posted,) = store.posted(subject="s1")
    store.withdraw(["s1"], {posted.delivery.id: None}, what="removed", at=NOW, actor="7")
    steps = plans(lambda: store.due_corrections(NOW, 30))
    (correction,) = store.due_corrections(NOW, 30)
    sent = SendResult(SendOutcome.SENT)
    steps += plans(lambda: store.record_correction(correction.id, sent, at=NOW))
    assert [step for step in steps if "correction_state (state=?)" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


def test_approvals_and_mutes_are_found_by_their_keys(store: Store, plans: Plans) -> None:
    channel = add_channel(store)
    steps = plans(lambda: store.ask_approval(channel.id, NOW, ["s1", "s2"], at=NOW))
    (approval,) = store.approvals()
    steps += plans(store.approvals)
    steps += plans(lambda: store.choose(approval.id, ["s1"], keep=False, at=NOW, actor="7"))
    steps += plans(lambda: store.close_approval(approval.id, posted=True, at=NOW, actor="7"))
    steps += plans(lambda: store.mute_subject("s1", muted=False, at=NOW, actor="7"))
    assert [step for step in steps if "approval_slot (channel_id=? AND slot=?)" in step]
    assert [step for step in steps if "approval_state (state=?)" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


def test_the_latest_are_read_down_the_index_of_what_tells(store: Store, plans: Plans) -> None:
    assert len(store.latest(7)) == 7
    steps = plans(lambda: store.latest(7))
    steps += plans(lambda: store.latest(7, officials=["nobody"], since=NOW - DAY))
    steps += plans(lambda: store.texts([1, 2]))
    assert "SCAN article USING INDEX article_tells" in steps
    assert "SEARCH article USING INDEX article_tells (first_seen>?)" in steps
    assert not [step for step in steps if "TEMP B-TREE" in step]
    scanned = {step for step in steps if step.startswith("SCAN")}
    assert scanned == {"SCAN article USING INDEX article_tells", "SCAN down"}


# ---------------------------------------------------------------- private chats


def _chats(store: Store, count: int, *, start: int) -> list[Channel]:
    chats = [add_subscriber(store, start + number) for number in range(count)]
    orders = [
        DigestOrder(one.id, NOW, NOW, NOW - DAY, ("s1",), (Page("page"),), scheduled=True)
        for one in chats
    ]
    assert None not in store.queue_digests(orders)
    return chats


def _held_back(store: Store, count: int, *, start: int) -> None:
    """Chats that have a page to be sent, and may not get it now."""
    result = {
        "waiting": SendResult(SendOutcome.RETRY, wait=9_999.0),
        "blocked": SendResult(SendOutcome.PAUSE, "Forbidden: bot was blocked by the user"),
    }
    for place, outcome in enumerate((*result.values(), None)):
        _chats(store, count, start=start + 100_000 * place)
        claims = store.claim_private(NOW, count)
        assert len(claims) == count
        if outcome is not None:  # else they stay out
            store.record_sends([(delivery.id, outcome) for _, delivery in claims], at=NOW)


def _steps(store: SqlStore, at: datetime) -> int:
    """How many steps SQLite takes to claim what there is."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store._durable() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, 1)
        try:
            claimed = private.claim(connection, at, 9)
        finally:
            driver.set_progress_handler(None, 1)
    assert len(claimed) == 3
    return steps


def test_chats_that_are_held_back_cost_those_that_are_not_nothing(store: Store) -> None:
    assert isinstance(store, SqlStore)
    steps = []
    for number, held in enumerate((5, 150)):
        _held_back(store, held, start=1_000 * number)
        _chats(store, 3, start=900_000 + 1_000 * number)
        steps.append(_steps(store, NOW))
    assert steps[1] < steps[0] * 1.1


def test_private_pages_are_found_by_what_is_next(store: Store, plans: Plans) -> None:
    _held_back(store, 30, start=0)
    chats = _chats(store, 3, start=900_000)
    steps = plans(lambda: store.claim_private(NOW, 9))
    assert [step for step in steps if "channel USING INDEX channel_next" in step]
    of_lists = "SCAN channel USING INDEX channel_next"  # it holds nothing else
    assert not [step for step in steps if step.startswith("SCAN") and step != of_lists]
    (first, *_) = store.deliveries(DeliveryState.SENDING, channel_id=chats[0].id)
    store.record_send(first.id, SendResult(SendOutcome.SENT, message_id=3), at=NOW)
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps
    channel = add_channel(store, "@neighbours")
    queue_pages(store, channel, page("s1"), page("s2"), page("s3"))
    _, middle, _ = send(store, channel)
    steps = plans(lambda: store.neighbours(middle))
    assert [step for step in steps if "delivery_message (channel_id=?" in step]
    steps += plans(lambda: store.deliveries(DeliveryState.SENT, private=True, limit=5))
    steps += plans(lambda: store.deliveries(channel_id=chats[0].id, limit=5))
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps
    steps += plans(lambda: store.alerted(chats[0].id, NOW))
    steps += plans(lambda: store.subscriber(900_000))
    steps += plans(lambda: store.forget_private(NOW + DAY, limit=5))
    assert [step for step in steps if "digest_private (built_at<?)" in step]
    assert [step for step in steps if "delivery_state (private=? AND state=?)" in step]
    assert [step for step in steps if "channel_chat (chat=?)" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


def test_what_is_queued_takes_the_same_few_statements_however_many(store: Store) -> None:
    counts = []
    for start, count in ((0, 2), (100, 60)):
        chats = [add_subscriber(store, start + number) for number in range(count)]
        pages = (Page("one"), Page("two", placed=(Placed("s2", 0, 1),)))
        orders = [
            DigestOrder(one.id, NOW, NOW, NOW - DAY, ("s1", "s2"), pages, scheduled=True)
            for one in chats
        ]
        ran: list[str] = []

        def keep(_c: object, _r: object, statement: str, *_: object, ran: list[str] = ran) -> None:
            ran.append(statement)

        event.listen(Engine, "before_cursor_execute", keep)
        try:
            assert None not in store.queue_digests(orders)
        finally:
            event.remove(Engine, "before_cursor_execute", keep)
        counts.append(len(ran))
    assert counts[1] <= counts[0] < 16


def test_what_many_were_told_is_found_by_keys(store: Store, plans: Plans) -> None:
    channel = _posted(store)
    steps = plans(lambda: store.told_subjects([channel.id, 99], ["s1", "s2", "article:3"]))
    steps += plans(lambda: store.withdrawals_of([channel.id, 99]))
    assert [step for step in steps if step.startswith("SEARCH told") and "channel_id=?" in step]
    assert [step for step in steps if step.startswith("SEARCH article") and "story_id=?" in step]
    assert [step for step in steps if "withdrawal_channel_id (channel_id=? AND digest" in step]
    assert not [step for step in steps if step.startswith("SCAN")]


def test_the_numbers_of_the_health_page_come_from_indexes(store: Store, plans: Plans) -> None:
    steps = plans(lambda: store.vitals(NOW))
    whole = {step for step in steps if step.startswith("SCAN") and "INDEX" not in step}
    # Few rows each: channels, and what was counted before it is counted.
    assert whole <= {"SCAN channel", "SCAN (subquery-1)", "SCAN anon_1", "SCAN search_due"}
