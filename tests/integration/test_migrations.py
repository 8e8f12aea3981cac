"""The schema's life on both databases: made, recognised, upgraded, refused."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Select, Table, event, inspect, select, text

import storage
from storage import open_store, schema, state, tasks_schema, upgrade
from storage.bands import period_of
from storage.engine import Mode, make_engine, transaction
from storage.mapping import pack
from storage.tables import METADATA
from tests.contract.making import (
    HOUR,
    NOW,
    add_channel,
    add_subscriber,
    failed,
    item,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.changes import Rejudged, WatchRow, WatchRows
from watchers.errors import (
    InputInvalid,
    StoreCorrupt,
    StoreError,
    StoreNewer,
    StoreOlder,
    StoreUnreachable,
)
from watchers.groups import Place, Regrouping
from watchers.keeping import Reprinted
from watchers.model import Feed, Grouping, PollResult, Remembered
from watchers.ports import Store
from watchers.scope import EVERY_DAY, AlertRules, Scope
from watchers.telling import (
    Channel,
    DeliveryState,
    DigestKind,
    DigestOrder,
    Entity,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)

_REVISION = '''
"""A later revision, as the tests make one up: it rebuilds a table that has children."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade() -> None:
    with op.batch_alter_table("article") as batch:
        batch.add_column(sa.Column("later", sa.String(), nullable=False, server_default="x"))
        batch.alter_column("host", existing_type=sa.String(), nullable=True)
    {extra}
'''


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where no database was made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/dadkhah.db"
    return str(request.getfixturevalue("fresh_postgres"))


@pytest.fixture
def engine(url: str, real_revisions: None) -> Iterator[Engine]:
    """An engine on the migrated database."""
    upgrade(url)
    engine = make_engine(url)
    yield engine
    engine.dispose()


def _filled(url: str) -> Store:
    """A store with a row in every table."""
    store = open_store(url, create=True)
    feed, other = old_feed(store), old_feed(store, "b")
    one = item("one", relevant=True, officials=["raisi"], bands=[1, 2])
    store.save_poll(poll(feed, one, item("two", relevant=True)))
    store.save_poll(
        poll(feed, item("one", relevant=True, officials=["raisi"], text="New.", bands=[3]))
    )
    store.save_poll(poll(other, item("one", printed="http://x/1"), listing=b"listing"))
    store.save_poll(poll(other, moved_to="https://moved.example/feed"))
    store.rest_host("h.example", NOW)
    settle(store, one="s1", two="s1")
    channel = add_channel(store)
    queue(store, channel, "page", subjects=["s1"])
    _take_back(store, channel)
    store.grant(7, "owner", at=NOW, actor="cli")
    store.set_value("feeds_loaded", "1")
    watch(store)
    store.take_host("a.example", "holder", NOW, lease=timedelta(minutes=2))
    return store


def _take_back(store: Store, channel: Channel) -> None:
    """Alert, post and withdraw a story; ask about another."""
    pages = tuple(Page(name, placed=(Placed("s9", 0, 1),)) for name in ("first", "second"))
    alert = DigestOrder(
        channel.id, NOW, NOW, NOW, ("s9",), pages, scheduled=False, kind=DigestKind.ALERT
    )
    store.queue_digests([alert])
    while (delivery := store.claim_next(channel.id, NOW)) is not None:
        sent = SendResult(SendOutcome.SENT, message_id=delivery.id)
        store.record_send(delivery.id, sent, at=NOW)
    last = store.deliveries(limit=1)[0]
    store.withdraw(["s9"], {last.id: None}, what="removed", at=NOW, actor="7")
    store.ask_approval(channel.id, NOW + HOUR, ["s8"], at=NOW)


def watch(store: Store) -> None:
    """Change the watchlist once."""
    row = WatchRow("person", "a-person", {"name": "A Person"}, "b")
    store.save_watch_rows([row], expected=0, action="watch.add", detail="", at=NOW, actor="cli")


def _rows(url: str, without: Collection[str] = ()) -> dict[str, list[tuple[object, ...]]]:
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        rows = {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in METADATA.tables.items()
            if name not in without
        }
    engine.dispose()
    return rows


def _use(patch: pytest.MonkeyPatch, later: Path) -> None:
    """Let the program be a later one."""
    patch.setattr(schema, "SCRIPTS", str(later))
    patch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the revisions with one more, used by `schema` from now on."""
    folder = tmp_path / "migrations"
    shutil.copytree(
        Path(storage.__file__).parent / "migrations",
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    revision = _REVISION.format(head=schema.REVISIONS[-1], extra="pass")
    (folder / "versions" / "r9999_later.py").write_text(revision)
    return folder


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """Not the queue's tables, which are Procrastinate's own, nor the search index itself."""
    theirs = (tasks_schema.PREFIX, tasks_schema.VERSION_TABLE, "search_doc", "search_words")
    return kind != "table" or not str(name).startswith(theirs)


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        opts = {
            "version_table": schema.VERSION_TABLE,
            "compare_type": True,
            "include_name": _is_ours,
        }
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, METADATA) == []


def test_the_migrated_indexes_have_the_conditions_of_the_tables(engine: Engine) -> None:
    """Alembic does not compare these."""
    name = engine.dialect.name
    inspector = inspect(engine)
    for table in METADATA.tables.values():
        found = {index["name"]: index for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            where = index.dialect_options[name]["where"]
            options = found[str(index.name)]["dialect_options"]
            got = str(options.get(f"{name}_where", "")).replace("(", "").replace(")", "")
            assert got == ("" if where is None else where.text)


def test_ids_of_what_can_be_removed_are_never_reused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        sql = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    kept = {name for name, made in sql.items() if "AUTOINCREMENT" in made}
    telling = {"content", "correction", "withdrawal", "approval"}
    assert kept == {"channel", "digest", "delivery"} | telling


def test_a_missing_database_is_made_only_when_asked(url: str) -> None:
    assert state(url) == "missing"
    with pytest.raises(StoreError, match="no database yet"):
        open_store(url, create=False)
    assert state(url) == "missing"
    open_store(url, create=True).close()
    assert state(url) == "current"
    open_store(url, create=False).close()


def test_looking_at_a_missing_file_does_not_make_it(tmp_path: Path) -> None:
    assert state(f"sqlite:///{tmp_path}/no/such.db") == "missing"
    assert list(tmp_path.iterdir()) == []


def test_upgrading_again_changes_nothing(url: str) -> None:
    _filled(url).close()
    before = _rows(url)
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    upgrade(url)
    assert _rows(url) == before


def test_an_older_database_is_refused_then_upgraded_with_all_its_rows(
    url: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(url).close()
    before = _rows(url)
    _use(monkeypatch, later)
    assert state(url) == "older"
    with pytest.raises(StoreOlder, match="db upgrade"):
        open_store(url, create=True)
    upgrade(url)
    assert state(url) == "current"
    assert _rows(url) == before
    store = open_store(url, create=False)
    assert store.check() == ()
    store.close()


def test_a_newer_database_is_refused(url: str, later: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _use(patch, later)
        open_store(url, create=True).close()
    assert state(url) == "newer"
    with pytest.raises(StoreNewer, match="newer"):
        open_store(url, create=True)
    with pytest.raises(StoreNewer):
        upgrade(url)


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    url: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(url).close()
    before = _rows(url)
    broken = _REVISION.format(head=schema.REVISIONS[-1], extra='op.execute("no such statement")')
    (later / "versions" / "r9999_later.py").write_text(broken)
    _use(monkeypatch, later)
    with pytest.raises(StoreError):
        upgrade(url)
    assert state(url) == "older"
    assert _rows(url) == before


def test_an_upgrade_that_orphans_rows_is_rolled_back(
    tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    _filled(url).close()
    orphaning = _REVISION.format(head=schema.REVISIONS[-1], extra='op.execute("DELETE FROM feed")')
    (later / "versions" / "r9999_later.py").write_text(orphaning)
    _use(monkeypatch, later)
    before = _rows(url)
    with pytest.raises(StoreCorrupt):
        upgrade(url)
    assert _rows(url) == before


def test_two_processes_may_make_the_database_at_once(url: str) -> None:
    stores: list[Store] = []
    threads = [
        threading.Thread(target=lambda: stores.append(open_store(url, create=True)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4
    for store in stores:
        store.close()


_CREATE = textwrap.dedent("""
    import os, signal, sys
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from storage import open_store
    left = int(sys.argv[2])
    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    open_store(sys.argv[1], create=True)
""")
_UPGRADE = _CREATE.replace("open_store(sys.argv[1], create=True)", "upgrade(sys.argv[1])").replace(
    "import open_store", "import upgrade"
)


@pytest.mark.parametrize("statements", [1, 4, 20, 32])
def test_a_creation_that_is_killed_is_made_anew(url: str, statements: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _CREATE, url, str(statements)],
        check=False,
        cwd=Path.cwd(),
    )
    assert child.returncode == -signal.SIGKILL
    assert state(url) == "missing"
    store = open_store(url, create=True)
    assert store.check() == ()
    assert store.feeds() == ()
    store.close()


_HOLD = textwrap.dedent("""
    import sys, time
    from storage import open_store
    with open_store(sys.argv[1], create=False).lock("ticks") as got:
        print(bool(got), flush=True)
        time.sleep(60)
""")


def test_a_lock_is_free_when_its_holder_is_killed(url: str) -> None:
    store = open_store(url, create=True)
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLD, url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
    )
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "True\n"
        with store.lock("ticks") as got:
            assert not got
        os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with store.lock("ticks") as got:
            if got:
                break
        time.sleep(0.01)
    assert got
    store.close()


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 99])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"a\.db"):
        open_store(f"sqlite:///{path}", create=True)
    assert path.read_bytes() == content


def test_a_damaged_file_is_found_by_check(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = _filled(url)
    store.close()
    data = bytearray((tmp_path / "a.db").read_bytes())
    place = data.index(b"Title of two")  # in the middle of a row, before its other columns
    data[place - 300 : place] = b"\xa5" * 300
    (tmp_path / "a.db").write_bytes(data)
    store = open_store(url, create=False)
    try:
        problems = store.check()
    except StoreCorrupt as error:
        problems = (str(error),)
    assert "damaged" in problems[0]
    store.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE article SET duplicate_of = id", "copies of copies"),
        (
            "UPDATE delivery SET state = 'sent', message_id = NULL, error = NULL",
            "without a message id",
        ),
        ("UPDATE delivery SET state = 'lost'", "unknown state"),
        ("DELETE FROM delivery WHERE id NOT IN (SELECT delivery_id FROM correction)", "no pages"),
    ],
)
def test_broken_promises_are_found_by_check(url: str, statement: str, problem: str) -> None:
    store = _filled(url)
    assert store.check() == ()
    engine = make_engine(url)
    with transaction(engine, Mode.WRITE) as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert any(problem in found for found in store.check())
    store.close()


def test_a_private_page_in_no_queue_is_found_and_put_back(url: str) -> None:
    store = open_store(url, create=True)
    private = add_subscriber(store, 5)
    queue(store, private, "page")
    engine = make_engine(url)
    with transaction(engine, Mode.WRITE) as connection:
        connection.execute(text("UPDATE channel SET next_digest = NULL"))
    engine.dispose()
    assert store.check() == ("1 page(s) of private chats are in no queue.",)
    assert store.claim_private(NOW, 5) == ()
    assert store.forget_private(NOW - HOUR) == 0  # as housekeeping does
    assert store.check() == ()
    assert len(store.claim_private(NOW, 5)) == 1
    assert store.check() == ()
    store.close()


@pytest.mark.parametrize("url", ["postgresql://u:secret@127.0.0.1:1/x"])
def test_a_server_that_is_not_there_is_unreachable(url: str) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        open_store(url, create=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///a.db?secret=1",
        "secret",
        "",
        "postgresql://u:secret@h:port/x",
    ],
)
def test_other_urls_are_refused_without_showing_them(url: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        open_store(url, create=True)
    assert "secret" not in str(caught.value)


# ---------------------------------------------------------------- from the first schema

_FIRST = """
INSERT INTO feed (url, url_key, name, site, language, kind, paused, added_at, next_due,
    interval, etag, body_key, last_polled, last_success, failures, failing_since, removed_at)
VALUES ('https://A.example:8080/feed', :key1, 'A', '', 'en', 'rights', :no, :at, :at, 900,
    'e', :key1, :at, :at, 0, NULL, NULL),
    ('https://b.example/feed', :key2, 'B', '', NULL, '', :no, :at, :at, 900,
    NULL, NULL, :at, NULL, 2.5, :at, NULL),
    ('not an address', :key3, '', '', NULL, '', :yes, :at, :at, 900,
    NULL, NULL, NULL, NULL, 0, NULL, :at);
INSERT INTO article (feed_id, url, canonical_url, url_key, host, title, text, published,
    first_seen, time, relevant, suspicious, tells, score, watchlist, officials, people, topics,
    fingerprint, text_key, signature, bands, baseline, settled)
VALUES (1, 'https://a.example/one', 'https://a.example/one', :key1, 'a.example', 'One', 'Text',
    :at, :at, :at, :yes, :no, :yes, 1.5, 'w', '["x"]', '[]', '[]', 'f', :key1, :key1, :key2,
    :no, :no);
INSERT INTO entry (feed_id, guid_key, article_id, content_key, last_seen)
VALUES (1, :key1, 1, :key2, :at)
"""


@pytest.fixture
def first(url: str) -> str:
    """A database of the first schema, with rows in it."""
    if url.startswith("sqlite"):
        Path(make_engine(url).url.database or "").parent.mkdir()
    keys = {f"key{number}": bytes([number]) * 16 for number in (1, 2, 3)}
    values = {**keys, "at": "2026-07-30 12:00:00.000001", "no": False, "yes": True}
    engine = make_engine(url, foreign_keys=False)
    with transaction(engine, Mode.DURABLE) as connection:
        schema._run_revisions(connection, "0001")
        for statement in _FIRST.split(";"):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    engine.dispose()
    return url


def test_a_database_of_the_first_schema_is_upgraded_with_its_rows(first: str) -> None:
    assert state(first) == "older"
    upgrade(first)
    store = open_store(first, create=False)
    at = datetime(2026, 7, 30, 12, 0, 0, 1, tzinfo=UTC)
    one, two = store.feeds()
    assert (one.etag, one.last_success, one.floor, one.span) == ("e", at, 0, 0)
    assert (one.newest, one.last_full, two.failing_since) == (None, None, at)
    assert store.remembered(1) == Remembered({b"\1" * 16: b"\2" * 16}, frozenset({b"\1" * 16}))
    assert [article.title for article in store.export()] == ["One"]
    assert store.check() == ()
    store.close()


def test_hosts_of_feeds_of_the_first_schema_can_rest(first: str) -> None:
    upgrade(first)
    store = open_store(first, create=False)
    store.rest_host("a.example", NOW + HOUR)
    assert [feed.id for feed in store.due_feeds(NOW, 5)] == [2]
    lease = timedelta(minutes=2)
    assert [one.id for one in store.claim_feeds("x", NOW, 5, lease=lease, per_host=1)] == [2]
    assert [one.id for one in store.claim_feeds("y", NOW, 5, lease=lease, per_host=1)] == []
    assert store.take_host("a.example", "y", NOW, lease=lease) is None
    store.close()


def test_feeds_of_the_first_schema_are_polled_on(first: str) -> None:
    upgrade(first)
    store = open_store(first, create=False)
    one, two = store.feeds()
    later = NOW + 24 * HOUR
    unchanged = poll(one, at=later, outcome="unchanged", status=304)
    saved = store.save_polls([poll(two, item("new"), at=later), unchanged])
    assert [one.new for one in saved] == [1, 0]
    assert [run.outcome for run in store.ledger(one.id, NOW)] == ["unchanged"]
    assert len(store.unsettled(5)) == 2
    assert store.check() == ()
    store.close()


def test_an_upgrade_from_the_first_schema_that_is_killed_can_be_repeated(first: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _UPGRADE, first, "25"], check=False, cwd=Path.cwd()
    )
    assert child.returncode == -signal.SIGKILL
    assert state(first) == "older"
    upgrade(first)
    assert state(first) == "current"


# ---------------------------------------------------------------- from later schemas

_LATER = """
INSERT INTO story (id, created_at) VALUES ('s1', :at);
UPDATE article SET settled = :yes, story_id = 's1', bands = :bands;
INSERT INTO article (feed_id, url, canonical_url, url_key, host, title, text, published,
    first_seen, time, relevant, suspicious, tells, score, watchlist, officials, people, topics,
    fingerprint, text_key, signature, bands, baseline, settled, duplicate_of, story_id, reason)
VALUES (1, 'https://a.example/2', 'https://a.example/2', :key2, 'a.example', 'Two', 'Text',
    :old, :at, :old, :no, :yes, :no, 0, 'w', '[]', '[]', '[]', 'f', :key1, :key1, :band,
    :no, :yes, 1, NULL, 'same text');
INSERT INTO band (band, article_id) VALUES (-5, 1), (7, 1), (7, 2);
INSERT INTO match (article_id, position, subject, kind, field, alias, start, "end", rule, score)
VALUES (1, 0, 'x', 'person', 'title', 'One', 0, 3, 'name', 1);
INSERT INTO revision (article_id, at, title, text, fields) VALUES (1, :at, 'Une', 'T', '["title"]');
INSERT INTO channel (chat, timezone, schedule, language, added_at, paused)
VALUES ('@c', 'UTC', '["08:00"]', 'en', :at, :no);
INSERT INTO digest (channel_id, slot, built_at, since) VALUES (1, :at, :at, :at);
INSERT INTO told (channel_id, subject, digest_id) VALUES (1, 's1', 1);
INSERT INTO delivery (channel_id, digest_id, page, pages, text, entities, state, attempts)
VALUES (1, 1, 1, 1, 'Page', '[]', 'queued', 0);
INSERT INTO value (name, value) VALUES ('feeds_loaded', '1')
"""
_MOVED = ("text", "entities")  # of a delivery: they are in a table of their own now


@pytest.fixture(params=["0002", "0003"])
def former(request: pytest.FixtureRequest, first: str) -> str:
    """A database of the second or third schema, with rows in it."""
    values = {
        **{f"key{number}": bytes([number]) * 16 for number in (1, 2)},
        "bands": pack([-5, 7], "q"),
        "band": pack([7], "q"),
        "at": "2026-07-30 12:00:00.000001",
        "old": "2024-02-29 23:59:59.999999",  # the last of its day, before the last of a year
        "no": False,
        "yes": True,
    }
    engine = make_engine(first, foreign_keys=False)
    with transaction(engine, Mode.DURABLE) as connection:
        schema._run_revisions(connection, request.param)
        for statement in _LATER.split(";"):
            used = {n: v for n, v in values.items() if re.search(rf":{n}\b", statement)}
            connection.execute(text(statement), used)
    engine.dispose()
    return first


def _kept(url: str, columns: Mapping[str, Sequence[str]] | None = None) -> dict[str, list[Any]]:
    """All rows as they are, of the tables and columns that there are or that are named."""
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        found = MetaData()
        found.reflect(connection)
        tables = {n: t for n, t in found.tables.items() if n not in {"dadkhah_version", "band"}}
        chosen = columns or {
            name: [
                column
                for column in table.c.keys()  # noqa: SIM118 - a collection of columns, no dict
                if (name, column) not in {("delivery", moved) for moved in _MOVED}
            ]
            for name, table in tables.items()
        }
        rows = {
            name: [dict(row._mapping) for row in connection.execute(_in_order(tables[name], some))]
            for name, some in chosen.items()
        }
    engine.dispose()
    return rows


def _in_order(table: Table, columns: Sequence[str]) -> Select[Any]:
    return select(*(table.c[name] for name in columns)).order_by(*table.primary_key)


def test_a_former_database_is_upgraded_with_its_rows(former: str) -> None:
    assert state(former) == "older"
    with pytest.raises(StoreOlder):
        open_store(former, create=False)
    before = _kept(former)
    assert len([name for name, rows in before.items() if rows]) >= 11
    upgrade(former)
    columns = {name: list(rows[0]) for name, rows in before.items() if rows}
    assert _kept(former, columns) == {name: rows for name, rows in before.items() if rows}
    store = open_store(former, create=False)
    assert store.watch_rows() == WatchRows(0, ())
    watch(store)
    assert [one.title for one in store.stored(0, 5)] == ["One", "Two"]
    assert store.check() == ()
    store.close()


_TOLD = """
INSERT INTO delivery (channel_id, digest_id, page, pages, text, entities, state, attempts,
    sent_at, message_id)
VALUES (1, 1, 2, 3, 'Same', '[["bold", 0, 4, null]]', 'sent', 1, :at, 41),
    (1, 1, 3, 3, 'Same', '[["bold", 0, 4, null]]', 'uncertain', 1, NULL, NULL);
DELETE FROM delivery WHERE page = 1;
INSERT INTO digest (channel_id, slot, built_at, since) VALUES (1, :later, :later, :at);
DELETE FROM digest WHERE id = 2;
UPDATE article SET topics = '["own"]', tells = :no WHERE id = 2;
UPDATE article SET topics = '[]', tells = :no, relevant = :no WHERE id = 1
"""


def test_what_a_former_database_told_stays_told(former: str) -> None:
    values = {
        "at": "2026-07-30 12:00:00.000001", "later": "2026-07-31 12:00:00", "no": False,
    }  # fmt: skip
    engine = make_engine(former)
    with transaction(engine, Mode.WRITE) as connection:
        for statement in _TOLD.split(";"):
            used = {n: v for n, v in values.items() if re.search(rf":{n}\b", statement)}
            connection.execute(text(statement), used)
    engine.dispose()
    upgrade(former)
    store = open_store(former, create=False)
    (channel,) = store.channels()
    assert (channel.weekdays, channel.scope, channel.alerts) == (EVERY_DAY, Scope(), AlertRules())
    assert (channel.tells_nothing_new, channel.needs_approval, channel.private) == (False,) * 3
    unsure, sent = store.deliveries()
    assert unsure.content == sent.content == Page("Same", (Entity("bold", 0, 4),))
    assert (sent.message_id, sent.state.value, unsure.state.value) == (41, "sent", "uncertain")
    rows = _rows(former)
    assert len(rows["content"]) == 1
    assert store.check() == ()
    # What is of an admins' own topic may be told now, the rest not; no number is given again.
    assert [row[0] for row in rows["article"] if row[_place("article", "tells")]] == [2]
    assert queue(store, channel, "Same", subjects=["s1"]) is None
    assert queue(store, channel, "next", subjects=["s2"], slot=NOW + HOUR) == 3
    assert store.deliveries()[0].id == 4
    claimed = store.settle_delivery(unsure.id, "resend", at=NOW, actor="7")
    assert store.claim_next(channel.id, NOW) == replace(
        claimed, state=DeliveryState.SENDING, attempts=2, claimed_at=NOW
    )
    store.close()


def _place(table: str, column: str) -> int:
    return list(METADATA.tables[table].c.keys()).index(column)


def test_a_page_without_its_content_is_refused(former: str) -> None:
    upgrade(former)
    engine = make_engine(former)
    with pytest.raises(StoreError), transaction(engine, Mode.WRITE) as connection:
        connection.execute(text("UPDATE delivery SET content_id = 99"))
    engine.dispose()


def test_stories_of_a_former_database_go_on(former: str) -> None:
    engine = make_engine(former)
    with transaction(engine, Mode.WRITE) as connection:  # 1 has a story; 2 leads as its copy does
        connection.execute(text("UPDATE article SET relevant = :yes"), {"yes": True})
        connection.execute(
            text("UPDATE article SET story_id = CASE WHEN id = 2 THEN 's1' ELSE NULL END")
        )
    engine.dispose()
    upgrade(former)
    rows = _rows(former)
    store = open_store(former, create=False)
    assert [head.event for head in store.story_heads(["s1"], [])] == ["s1"]
    (lead,) = store.leading([1]).values()
    assert (lead.id, lead.lead_at, lead.event) == (2, lead.time, "s1")
    assert len(rows["article"]) == 2
    store.close()


def test_bands_of_a_former_database_are_found_and_replaced(former: str) -> None:
    upgrade(former)
    at = datetime(2026, 7, 30, 12, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
    rows = {(period_of(at[0]), -5, 1), (period_of(at[0]), 7, 1), (period_of(at[1]), 7, 2)}
    assert set(_rows(former)["band"]) == rows
    store = open_store(former, create=False)
    feed = store.feeds()[0]
    store.save_poll(poll(feed, item("new", bands=[-5], relevant=True, published=at[0])))
    (new,) = store.unsettled(5)
    assert [one.title for one in store.copy_candidates_of([new])[new.id]] == ["One"]
    (one, two) = store.stored(0, 2)
    for article in (one, two):
        again = replace(item("x", relevant=True).verdict, watchlist="w2")
        prints = item("x", bands=[99]).fingerprint
        store.save_verdicts([Rejudged(article.id, again, prints, True, article.text_key)])
    store.close()
    assert {row[1:] for row in _rows(former)["band"]} == {(99, 1), (99, 2), (-5, 3)}


def test_an_upgrade_from_a_former_schema_that_is_killed_can_be_repeated(former: str) -> None:
    at_last = _UPGRADE.replace("left < 0", '_[2].startswith("UPDATE dadkhah_version")')
    child = subprocess.run(
        [sys.executable, "-c", at_last, former, "9999"], check=False, cwd=Path.cwd()
    )
    assert child.returncode == -signal.SIGKILL
    assert state(former) == "older"
    upgrade(former)
    assert state(former) == "current"


# ---------------------------------------------------------------- backup


def test_a_backup_is_the_whole_database(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path}/a.db", tmp_path / "copy.db"
    store = _filled(url)
    store.backup(copy)
    assert _rows(f"sqlite:///{copy}") == _rows(url)
    assert copy.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(StoreError, match="exists already"):
        store.backup(copy)
    store.close()


def test_a_backup_goes_on_while_others_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = _filled(url)
    writer = make_engine(url)
    with transaction(writer, Mode.WRITE) as connection:
        connection.execute(text("DELETE FROM told"))
        store.backup(tmp_path / "copy.db")
    writer.dispose()
    assert _rows(f"sqlite:///{tmp_path}/copy.db")["told"]
    store.close()


def test_a_backup_into_no_folder_is_refused(tmp_path: Path) -> None:
    store = _filled(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(StoreError, match="nowhere"):
        store.backup(tmp_path / "nowhere" / "copy.db")
    store.close()


# ---------------------------------------------------------------- growth


_GROWING = (
    "article",
    "entry",
    "band",
    "match",
    "told",
    "address",
    "revision",
    "ledger",
    "listing",
    "notice",
    "former_address",
    "alerted",
    "digest",
    "delivery",
    "content",
    "mention",
    "withdrawal",
)


def test_no_statement_of_the_ports_scans_all_articles(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = _filled(url)
    seen: set[tuple[str, tuple[object, ...]]] = set()

    def keep(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if isinstance(values, tuple) and statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.add((statement, values))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        _use_all(store)
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    store.close()
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        plans = {
            statement: [
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
            for statement, values in seen
        }
    # An index in the order that is asked for, or one that holds nothing else: not all articles.
    ordered = (
        "USING INDEX article_first_seen",
        "USING INDEX article_unsettled",
        "USING INDEX article_resettle",
        "USING COVERING INDEX ledger_finds",
        "USING INDEX notice_untold",
        "SCAN notice",  # the latest by its own number
        "SCAN delivery",  # the same
    )
    big = re.compile(rf"SCAN ({'|'.join(_GROWING)})\b")
    scans = {
        statement: line
        for statement, plan in plans.items()
        for line in plan
        if big.match(line) and not line.endswith(ordered)
    }
    assert scans == {}
    assert len(plans) > 25


@pytest.mark.parametrize("outcome", ["unchanged", "changed", "failed"])
def test_polls_take_the_same_few_statements_however_many(url: str, outcome: str) -> None:
    store = open_store(url, create=True)
    feeds = [old_feed(store, f"f{number}") for number in range(40)]
    counts = []
    for some in (feeds[:2], feeds[2:]):
        results = [_poll_that(feed, outcome, len(some) // 2) for feed in some]
        counts.append(_statements(store, results))
    assert counts[0] == counts[1] < 20
    store.close()


def _poll_that(feed: Feed, outcome: str, articles: int) -> PollResult:
    if outcome == "failed":
        return failed(feed)
    if outcome == "unchanged":
        return poll(feed, outcome="unchanged", status=304)
    items = [
        item(f"{feed.id}-{n}", bands=[n, n + 1], relevant=True, officials=["raisi"])
        for n in range(articles)
    ]
    return poll(feed, *items, listing=b"x")


def _statements(store: Store, results: list[PollResult]) -> int:
    ran: list[str] = []

    def keep(_c: object, _cursor: object, statement: str, *_: object) -> None:
        ran.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        store.save_polls(results)
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    return len(ran)


def _use_all(store: Store) -> None:
    feed, channel = store.feeds()[0], store.channels()[0]
    store.save_poll(poll(feed, item("three", relevant=True, bands=[3], text="New."), item("one")))
    for article in store.unsettled(10):
        store.copy_candidates_of([article])
        store.copied([article.id])
        store.leading([1, article.id])
        store.relevant_copies(1, 2)
        store.leads_until(Place(NOW, "https://x.example/"), 5)
        store.leads_after(Place(NOW - HOUR, "https://x.example/"), 5)
        store.story_heads(["s1"], ["e1"])
        ours = Regrouping(store.progress().turn, merged={"s1": "s2"})
        store.save_groupings([Grouping(article.id, 1, "s2", "")], ours)
    store.remembered(feed.id)
    store.watch_revision()
    store.watch_rows()
    store.stored(1, 5)
    store.stored(0, 5, since=NOW)
    given = item("two", relevant=True, officials=["raisi"])
    again = replace(given.verdict, watchlist="w2")
    text_key = store.stored(1, 1)[0].text_key
    store.save_verdicts([Rejudged(2, again, given.fingerprint, quiet=True, text_key=text_key)])
    store.settled_texts([bytes(16)])
    store.due_feeds(NOW, 5)
    store.coverage(NOW, NOW - HOUR)
    store.feed("https://moved.example/feed")
    store.ledger(feed.id, NOW - HOUR)
    store.failed_runs(NOW - HOUR)
    store.gaps(NOW - HOUR)
    store.rhythms(NOW - HOUR)
    store.forget_ledger(NOW - HOUR)
    articles, _ = store.outdated("f2", 0, since=NOW - HOUR)
    other = replace(given.fingerprint, version="f2")
    store.save_fingerprints([Reprinted(one.id, other, one.text_key) for one in articles])
    store.forget_texts(NOW - HOUR)
    store.forget_audit(NOW - HOUR)
    store.notices(untold=True)
    store.notices(untold=False)
    store.untold(channel.id, NOW - HOUR)
    queue(store, channel, "two", slot=NOW + HOUR, subjects=["s9"])
    store.claim_next(channel.id, NOW)
    store.deliveries(limit=5)
    _tell_all(store, channel)
    list(store.export(since=NOW - HOUR))
    list(store.export(until=NOW + HOUR, official="raisi"))
    store.audit()
    store.abandon_sending(channel.id, at=NOW)


def _tell_all(store: Store, channel: Channel) -> None:
    private = [add_subscriber(store, number) for number in range(3)]
    for one in private:
        assert queue(store, one, "page", slot=NOW - HOUR, subjects=["t1"]) is not None
    store.subscribers(paused=False)
    store.subscriber(1)
    claims = [delivery.id for _, delivery in store.claim_private(NOW, 2)]
    store.deliveries(DeliveryState.SENDING, DeliveryState.SENT, private=True)
    store.deliveries(DeliveryState.SENDING, channel_id=channel.id)
    store.deliveries(channel_id=channel.id)
    retry = SendResult(SendOutcome.RETRY, wait=5)
    store.record_sends([(claims[0], SendResult(SendOutcome.FAILED)), (claims[1], retry)], at=NOW)
    store.claim_private(NOW, 5)
    store.neighbours(claims[0])
    store.alerted(channel.id, NOW - HOUR)
    store.abandon_private(at=NOW)
    store.settle_private("resend", at=NOW, actor="7")
    store.forget_private(NOW, limit=2)
    store.remove_channel(private[2].id, at=NOW, actor="7")


def test_the_program_knows_the_revisions_that_there_are() -> None:
    config = Config()
    config.set_main_option("script_location", schema.SCRIPTS)
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS
