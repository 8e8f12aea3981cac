"""Whole databases copied between the two engines, and backups of PostgreSQL."""

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.engine import Engine

from bot.moving import move
from storage import open_store, schema, state, upgrade
from storage.backups import backup
from storage.copying import REBUILT, Progress, copy, no_progress
from storage.engine import Mode, make_engine, parse_url, transaction
from storage.tables import METADATA
from tests.contract.making import NOW, add_channel, old_feed, queue
from tests.integration.test_migrations import _filled
from tests.integration.test_migrations import _rows as rows_as_read
from watchers.errors import InputInvalid, StoreBusy, StoreError, StoreFull, StoreOlder

WAYS = [
    ("sqlite", "postgres"),
    ("postgres", "sqlite"),
    ("sqlite", "sqlite"),
    ("postgres", "postgres"),
]


MIXED = pytest.mark.parametrize(
    "ends", WAYS[:2], indirect=True, ids="-to-".join
)  # each engine once at each end


@pytest.fixture(params=WAYS, ids="-to-".join)
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases that do not exist yet."""
    made: list[str] = []
    for name, kind in zip(("from", "to"), request.param, strict=True):
        if kind == "sqlite":
            made.append(f"sqlite:///{tmp_path}/{name}.db")
        elif "postgresql" in "".join(made):
            made.append(second_postgres(made[0]))
        else:
            made.append(request.getfixturevalue("fresh_postgres"))
    yield made[0], made[1]
    if request.param == ("postgres", "postgres"):
        drop_second(made[0])


def second_postgres(url: str) -> str:
    """Another database on the same server."""
    name = f"{parse_url(url).database}_to"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy".encode())
    return parse_url(url).set(database=name).render_as_string(hide_password=False)


def _into(steps: list[tuple[int, int]]) -> Progress:
    """Keeps what it is told."""

    def step(done: int, total: int) -> None:
        steps.append((done, total))

    return step


def drop_second(url: str) -> None:
    """As long as the first is there."""
    name = f"{parse_url(url).database}_to"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All that is stored, in no order."""
    return {name: sorted(rows, key=repr) for name, rows in rows_as_read(url).items()}


def execute(url: str, *statements: str) -> None:
    """Change a database behind the program's back."""
    engine = make_engine(url)
    with transaction(engine, Mode.WRITE) as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_everything_arrives_and_nothing_is_forgotten(ends: tuple[str, str]) -> None:
    source, target = ends
    store = _filled(source)
    gone = queue(store, add_channel(store, "@gone"), "page")
    assert gone is not None
    store.remove_channel(store.channel("@gone").id, at=NOW, actor="7")
    store.close()
    steps: list[tuple[int, int]] = []
    copied = copy(parse_url(source), parse_url(target), _into(steps))
    assert _rows(target) == _rows(source)
    assert {table.name for table in copied.tables if table.rows} >= {"article", "told", "band"}
    assert steps[-1] == (2 * copied.rows, 2 * copied.rows)
    moved = open_store(target, create=False)
    assert moved.check() == ()
    # Numbers go on where they were, those of removed rows are not given out again.
    digest = queue(moved, add_channel(moved, "@new"), "page")
    assert digest is not None
    assert digest > gone
    old_feed(moved, "later")
    moved.close()


def test_every_table_is_copied_or_made_anew(tmp_path: Path, fresh_postgres: str) -> None:
    """Whoever adds a table that is none of METADATA has to say what a copy does with it."""
    for url in (f"sqlite:///{tmp_path}/a.db", fresh_postgres):
        upgrade(url)
        engine = make_engine(url)
        names = set(inspect(engine).get_table_names()) - {schema.VERSION_TABLE}
        engine.dispose()
        machinery = (*REBUILT, "procrastinate_", "dadkhah_tasks_version")
        assert {name for name in names if not name.startswith(machinery)} == set(METADATA.tables)
    copied = copy(parse_url(f"sqlite:///{tmp_path}/a.db"), parse_url(fresh_postgres))
    assert {table.name for table in copied.tables} == set(METADATA.tables)


@MIXED
def test_the_copy_is_of_one_moment_of_a_source_in_use(ends: tuple[str, str]) -> None:
    source, target = ends
    store = _filled(source)
    before = _rows(source)

    def write(done: int, _total: int) -> None:
        if done < 5:
            add_channel(store, f"@during{done}")

    copy(parse_url(source), parse_url(target), write)
    assert _rows(target) == before
    assert len(store.channels()) > len(before["channel"])
    store.close()


def test_strange_text_and_numbers_arrive_as_they_are(tmp_path: Path, fresh_postgres: str) -> None:
    source = f"sqlite:///{tmp_path}/a.db"
    store = _filled(source)
    strange = "tab\t newline\n back\\slash \\N 'quote' \u200c\u202e کشتار ۶۷ \U0001f54a"
    store.set_value("strange", strange)
    store.close()
    execute(
        source,
        "UPDATE feed SET name = 'with' || char(0) || 'nul', failures = 0.1 WHERE id = 1",
        f"UPDATE delivery SET message_id = {2**62} WHERE id = 1",
        "UPDATE channel SET not_before = '0999-12-31 23:59:59.000001' WHERE id = 1",
        "UPDATE admin SET added_at = '2026-01-02'",
    )
    copied = copy(parse_url(source), parse_url(fresh_postgres))
    assert copied.cleaned == 2
    back = f"sqlite:///{tmp_path}/b.db"
    copy(parse_url(fresh_postgres), parse_url(back))
    assert _rows(fresh_postgres) == _rows(back)
    execute(
        source,
        "UPDATE feed SET name = 'withnul' WHERE id = 1",
        "UPDATE admin SET added_at = '2026-01-02 00:00:00.000000'",
    )
    assert _rows(back) == _rows(source)


_KILLED = textwrap.dedent("""
    import os, signal, sys
    from storage.copying import copy
    from storage.engine import parse_url
    def die(done, total):
        if done > total * 0.7:
            os.kill(os.getpid(), signal.SIGKILL)
    copy(parse_url(sys.argv[1]), parse_url(sys.argv[2]), die)
""")


@MIXED
def test_killed_half_way_the_target_is_as_before(ends: tuple[str, str]) -> None:
    source, target = ends
    _filled(source).close()
    subprocess.run([sys.executable, "-c", _KILLED, source, target], check=False, cwd=Path.cwd())
    assert state(target) == "missing"
    copy(parse_url(source), parse_url(target))
    assert _rows(target) == _rows(source)


def test_an_error_in_the_copy_leaves_nothing(
    tmp_path: Path, fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"sqlite:///{tmp_path}/a.db"
    _filled(source).close()
    monkeypatch.setattr("storage.copy_rows.highest", _break)
    for target in (f"sqlite:///{tmp_path}/b.db", fresh_postgres):
        with pytest.raises(ZeroDivisionError):
            copy(parse_url(source), parse_url(target))
        assert state(target) == "missing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db"]


def _break(*_: object) -> int:
    return 1 // 0


def test_a_difference_is_found(tmp_path: Path, fresh_postgres: str) -> None:
    source = f"sqlite:///{tmp_path}/a.db"
    _filled(source).close()
    upgrade(fresh_postgres)
    execute(
        fresh_postgres,
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.detail = ''spoilt''; RETURN NEW; END'",
        "CREATE TRIGGER spoil BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION spoil()",
    )
    with pytest.raises(StoreError, match="audit was copied wrong"):
        copy(parse_url(source), parse_url(fresh_postgres))
    assert not any(_rows(fresh_postgres).values())


# ---------------------------------------------------------------- what is refused


@MIXED
def test_a_target_with_content_is_refused_and_kept(ends: tuple[str, str]) -> None:
    source, target = ends
    _filled(source).close()
    other = open_store(target, create=True)
    add_channel(other, "@mine")
    other.close()
    before = _rows(target)
    with pytest.raises(StoreError, match="exists already|not empty"):
        copy(parse_url(source), parse_url(target))
    assert _rows(target) == before


def test_what_cannot_be_copied_is_told_in_a_line(tmp_path: Path, fresh_postgres: str) -> None:
    source = f"sqlite:///{tmp_path}/a.db"
    target = f"sqlite:///{tmp_path}/b.db"
    _filled(source).close()

    def refused(kind: type[Exception], words: str, source: str, target: str) -> None:
        with pytest.raises(kind, match=words):
            move(source, target, no_progress, live=False)

    refused(InputInvalid, "same database", source, f"sqlite:///{tmp_path}/../{tmp_path.name}/a.db")
    refused(InputInvalid, "same database", fresh_postgres, fresh_postgres)
    refused(StoreError, "no database", target, source)
    refused(StoreError, "no folder", source, f"sqlite:///{tmp_path}/none/b.db")
    refused(InputInvalid, "no database that Dadkhah knows", "mysql://x", source)
    execute(fresh_postgres, "CREATE TABLE feed (id int)")
    refused(StoreError, r"another program \(feed\)", source, fresh_postgres)
    execute(source, "UPDATE dadkhah_version SET version_num = '0005'")
    refused(StoreOlder, "db upgrade", source, target)
    assert not list(tmp_path.glob("*b.db*"))


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    _filled(source).close()

    def small(connection: sqlite3.Connection, _record: object) -> None:
        if ".part" in connection.execute("PRAGMA database_list").fetchone()[2]:
            connection.execute("PRAGMA max_page_count = 40")

    event.listen(Engine, "connect", small)
    try:
        with pytest.raises(StoreFull):
            copy(parse_url(source), parse_url(target))
    finally:
        event.remove(Engine, "connect", small)
    assert not list(tmp_path.glob("*b.db*"))


@MIXED
def test_a_running_service_is_not_moved_but_rehearsed(ends: tuple[str, str]) -> None:
    source, target = ends
    store = _filled(source)
    channel = add_channel(store, "@second")
    queue(store, channel, "waits")
    with store.lock("lease") as lease:
        assert lease
        with pytest.raises(StoreBusy, match="Stop it"):
            move(source, target, no_progress, live=False)
        assert state(target) == "missing"
        move(source, target, no_progress, live=True)
    if source.startswith("postgresql"):  # a worker: it has no lease, and posts
        store.counts()
        with pytest.raises(StoreBusy, match="worker"):
            move(source, target, no_progress, live=False)
    rehearsal = open_store(target, create=False)
    held = rehearsal.posting_held()
    assert held is not None
    assert held.why == "copied"
    assert rehearsal.claim_next(channel.id, NOW) is None
    assert store.posting_held() is None
    assert store.claim_next(channel.id, NOW) is not None
    rehearsal.close()
    store.close()


# ---------------------------------------------------------------- backups of a server


def test_postgres_is_backed_up_into_a_file_while_it_is_in_use(
    fresh_postgres: str, tmp_path: Path
) -> None:
    store = _filled(fresh_postgres)
    store.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert _rows(f"sqlite:///{tmp_path}/copy.db") == _rows(fresh_postgres)
    with pytest.raises(StoreError, match="exists already"):
        store.backup(tmp_path / "copy.db")
    store.close()


def test_a_server_of_an_older_schema_is_backed_up_as_it_is(
    fresh_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_revision(fresh_postgres, "0005")
    execute(
        fresh_postgres,
        "INSERT INTO channel (chat, timezone, schedule, language, added_at, paused) VALUES"
        " ('@old', 'UTC', '[]', 'fa', '2026-01-02 03:04:05.678901+02', true)",
    )
    backup(parse_url(fresh_postgres), tmp_path / "old.db")
    url = f"sqlite:///{tmp_path}/old.db"
    assert state(url) == "older"
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        rows = connection.execute("SELECT chat, added_at, paused FROM channel").fetchall()
    assert rows == [("@old", "2026-01-02 01:04:05.678901", 1)]
    with monkeypatch.context() as patch:  # a program of that version
        patch.setattr(schema, "REVISIONS", schema.REVISIONS[: schema.REVISIONS.index("0005") + 1])
        assert state(url) == "current"
    upgrade(url)
    store = open_store(url, create=False)
    assert [channel.chat for channel in store.channels()] == ["@old"]
    assert store.check() == ()
    store.close()


def at_revision(url: str, revision: str) -> None:
    """Make a database as an older program had it."""
    engine = make_engine(url, foreign_keys=False)
    with transaction(engine, Mode.WRITE) as connection:
        schema.make(connection, engine, revision)
    engine.dispose()
