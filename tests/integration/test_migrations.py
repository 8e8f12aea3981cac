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
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event, inspect, select, text

import storage
from storage import open_store, schema, state, upgrade
from storage.engine import Mode, make_engine, transaction
from storage.tables import METADATA
from tests.contract.making import (
    HOUR,
    NOW,
    add_channel,
    item,
    old_feed,
    poll,
    queue,
    settle,
)
from watchers.errors import (
    InputInvalid,
    StoreCorrupt,
    StoreError,
    StoreNewer,
    StoreOlder,
    StoreUnreachable,
)
from watchers.model import Grouping
from watchers.ports import Store

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
def engine(url: str) -> Iterator[Engine]:
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
    store.save_poll(poll(other, item("one", printed="http://x/1")))
    settle(store, one="s1", two="s1")
    channel = add_channel(store)
    queue(store, channel, "page", subjects=["s1"])
    store.grant(7, "owner", at=NOW, actor="cli")
    store.set_value("feeds_loaded", "1")
    return store


def _rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        rows = {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in METADATA.tables.items()
        }
    engine.dispose()
    return rows


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the revisions with one more, used by `schema` from now on."""
    folder = tmp_path / "migrations"
    shutil.copytree(
        Path(storage.__file__).parent / "migrations",
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    revision = _REVISION.format(head="0001", extra="pass")
    (folder / "versions" / "r9999_later.py").write_text(revision)
    return folder


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        opts = {"version_table": schema.VERSION_TABLE, "compare_type": True}
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
    assert kept == {"channel", "digest", "delivery"}


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
    monkeypatch.setattr(schema, "SCRIPTS", str(later))
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
        patch.setattr(schema, "SCRIPTS", str(later))
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
    broken = _REVISION.format(head="0001", extra='op.execute("no such statement")')
    (later / "versions" / "r9999_later.py").write_text(broken)
    monkeypatch.setattr(schema, "SCRIPTS", str(later))
    with pytest.raises(StoreError):
        upgrade(url)
    assert state(url) == "older"
    assert _rows(url) == before


def test_an_upgrade_that_orphans_rows_is_rolled_back(
    tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    _filled(url).close()
    orphaning = _REVISION.format(head="0001", extra='op.execute("DELETE FROM feed")')
    (later / "versions" / "r9999_later.py").write_text(orphaning)
    monkeypatch.setattr(schema, "SCRIPTS", str(later))
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
        print(got, flush=True)
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
            assert got is False
        os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with store.lock("ticks") as got:
            if got:
                break
        time.sleep(0.01)
    assert got is True
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
        ("UPDATE delivery SET state = 'sent'", "without a message id"),
        ("UPDATE delivery SET state = 'lost'", "unknown state"),
        ("DELETE FROM delivery", "no pages"),
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


def test_postgres_is_backed_up_by_its_own_tool(fresh_postgres: str, tmp_path: Path) -> None:
    store = open_store(fresh_postgres, create=True)
    with pytest.raises(StoreError, match="pg_dump --format=custom"):
        store.backup(tmp_path / "copy")
    store.close()


# ---------------------------------------------------------------- growth


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
    ordered = ("USING INDEX article_first_seen", "USING INDEX article_unsettled")
    big = re.compile(r"SCAN (article|entry|band|match|told|address|revision)\b")
    scans = {
        statement: line
        for statement, plan in plans.items()
        for line in plan
        if big.match(line) and not line.endswith(ordered)
    }
    assert scans == {}
    assert len(plans) > 25


def _use_all(store: Store) -> None:
    feed, channel = store.feeds()[0], store.channels()[0]
    store.save_poll(poll(feed, item("three", relevant=True, bands=[3], text="New."), item("one")))
    for article in store.unsettled(10):
        store.copy_candidates(article)
        store.story_candidates(article, NOW - HOUR, NOW + HOUR)
        store.save_groupings([Grouping(article.id, 1, "s2", "")])
    store.entry_keys(feed.id)
    store.due_feeds(NOW, 5)
    store.coverage(NOW)
    store.untold(channel.id, NOW - HOUR)
    queue(store, channel, "two", slot=NOW + HOUR, subjects=["s9"])
    store.claim_next(channel.id, NOW)
    store.deliveries(limit=5)
    list(store.export(since=NOW - HOUR))
    list(store.export(until=NOW + HOUR, official="raisi"))
    store.audit()
    store.abandon_sending(channel.id, at=NOW)
