"""Every error of the databases and the disk becomes one of ours, with its cause."""

import errno
import resource
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import psycopg.errors
import pytest
from sqlalchemy import Dialect, exc, text
from sqlalchemy.dialects import postgresql, sqlite

from storage import open_store, upgrade
from storage.columns import UtcTime
from storage.engine import Mode, make_engine, parse_url, place, transaction
from storage.translate import kind_of, translate, translated
from watchers.errors import (
    InputInvalid,
    StoreBusy,
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreRefused,
    StoreUnreachable,
)
from watchers.model import FeedSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("text that says nothing")
    error.sqlite_errorcode = code
    return error


def _all_below(root: type[Exception]) -> list[type[Exception]]:
    found = [root]
    for kind in root.__subclasses__():
        found += _all_below(kind)
    return found


@pytest.mark.parametrize("url", ["sqlite:///{}/x.db", "postgresql://user@host.example/name"])
def test_no_value_is_in_an_error_that_is_logged(url: str, tmp_path: Path) -> None:
    engine = make_engine(url.format(tmp_path))
    assert engine.hide_parameters
    if engine.dialect.name == "sqlite":
        with pytest.raises(StoreError) as caught, transaction(engine, Mode.READ) as connection:
            connection.execute(text("SELECT :chat FROM nowhere"), {"chat": "70012345"})
        cause = caught.value.__cause__
        assert isinstance(cause, exc.OperationalError)
        assert "70012345" not in str(cause)
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_BUSY", StoreBusy),
        ("SQLITE_BUSY_SNAPSHOT", StoreBusy),
        ("SQLITE_BUSY_RECOVERY", StoreBusy),
        ("SQLITE_LOCKED", StoreBusy),
        ("SQLITE_LOCKED_SHAREDCACHE", StoreBusy),
        ("SQLITE_PROTOCOL", StoreBusy),
        ("SQLITE_FULL", StoreFull),
        ("SQLITE_IOERR", StoreFull),
        ("SQLITE_IOERR_WRITE", StoreFull),
        ("SQLITE_IOERR_FSYNC", StoreFull),
        ("SQLITE_IOERR_SHMSIZE", StoreFull),
        ("SQLITE_IOERR_CORRUPTFS", StoreCorrupt),
        ("SQLITE_READONLY", StoreReadOnly),
        ("SQLITE_READONLY_DBMOVED", StoreReadOnly),
        ("SQLITE_READONLY_DIRECTORY", StoreReadOnly),
        ("SQLITE_CANTOPEN", StoreReadOnly),
        ("SQLITE_CANTOPEN_ISDIR", StoreReadOnly),
        ("SQLITE_PERM", StoreReadOnly),
        ("SQLITE_CORRUPT", StoreCorrupt),
        ("SQLITE_CORRUPT_INDEX", StoreCorrupt),
        ("SQLITE_NOTADB", StoreCorrupt),
        ("SQLITE_ERROR", StoreError),
        ("SQLITE_NOMEM", StoreError),
        ("SQLITE_CONSTRAINT_UNIQUE", StoreError),
    ],
)
def test_sqlite_codes(name: str, kind: type[StoreError]) -> None:
    assert kind_of(_sqlite_error(getattr(sqlite3, name))) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("connection refused"), StoreUnreachable),
        (psycopg.errors.ConnectionTimeout(), StoreUnreachable),
        (psycopg.InterfaceError("the connection is closed"), StoreUnreachable),
        (psycopg.errors.ConnectionException(), StoreUnreachable),
        (psycopg.errors.InvalidPassword(), StoreRefused),
        (psycopg.errors.InvalidCatalogName(), StoreRefused),
        (psycopg.errors.IdleInTransactionSessionTimeout(), StoreUnreachable),
        (psycopg.errors.AdminShutdown(), StoreUnreachable),
        (psycopg.errors.CannotConnectNow(), StoreUnreachable),
        (psycopg.errors.LockNotAvailable(), StoreBusy),
        (psycopg.errors.DeadlockDetected(), StoreConflict),
        (psycopg.errors.SerializationFailure(), StoreConflict),
        (psycopg.errors.TooManyConnections(), StoreBusy),
        (psycopg.errors.QueryCanceled(), StoreBusy),
        (psycopg.errors.DiskFull(), StoreFull),
        (psycopg.errors.IoError(), StoreFull),
        (psycopg.errors.ReadOnlySqlTransaction(), StoreReadOnly),
        (psycopg.errors.InsufficientPrivilege(), StoreReadOnly),
        (psycopg.errors.DataCorrupted(), StoreCorrupt),
        (psycopg.errors.IndexCorrupted(), StoreCorrupt),
        (psycopg.errors.UniqueViolation(), StoreError),
        (psycopg.errors.UndefinedTable(), StoreCorrupt),
        (psycopg.DataError("NUL"), StoreError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_postgres_errors(error: psycopg.Error, kind: type[StoreError]) -> None:
    assert kind_of(error) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EDQUOT, StoreFull),
        (errno.EFBIG, StoreFull),
        (errno.EIO, StoreFull),
        (errno.EACCES, StoreReadOnly),
        (errno.EROFS, StoreReadOnly),
        (errno.EPERM, StoreReadOnly),
        (errno.ENOTDIR, StoreReadOnly),
        (errno.EMFILE, StoreError),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else value.__name__,
)
def test_errors_of_the_system(number: int, kind: type[StoreError]) -> None:
    assert kind_of(OSError(number, "text")) is kind


@pytest.mark.parametrize("root", [sqlite3.Error, psycopg.Error], ids=["sqlite3", "psycopg"])
def test_no_error_of_a_driver_is_left_unmapped(root: type[Exception]) -> None:
    kinds = _all_below(root)
    assert len(kinds) > 7
    for kind in kinds:
        wrapped = exc.DBAPIError("SELECT", {}, kind("text"))
        assert issubclass(kind_of(wrapped) or object, StoreError), kind
        assert issubclass(kind_of(kind("text")) or object, StoreError), kind


@pytest.mark.parametrize("kind", _all_below(exc.DBAPIError), ids=lambda kind: kind.__name__)
def test_what_sqlalchemy_wraps_is_looked_into(kind: type[exc.DBAPIError]) -> None:
    assert kind_of(kind("SELECT", {}, _sqlite_error(sqlite3.SQLITE_BUSY))) is StoreBusy


def test_an_exhausted_pool_is_busy_and_a_bug_is_left_alone() -> None:
    assert kind_of(exc.TimeoutError()) is StoreBusy
    assert translate(KeyError("x"), "here") is None
    with pytest.raises(KeyError), translated("here"):
        raise KeyError
    with pytest.raises(exc.ArgumentError), translated("here"):
        raise exc.ArgumentError


def test_the_cause_is_kept_and_the_place_is_named() -> None:
    cause = _sqlite_error(sqlite3.SQLITE_FULL)
    with pytest.raises(StoreFull, match=r"/data/a\.db") as caught, translated("/data/a.db"):
        raise cause
    assert caught.value.__cause__ is cause


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db.example:5432/dadkhah",
        "postgresql://me@/dadkhah?host=/run/pg&password=secret",
        "sqlite:////data/dadkhah.db",
    ],
)
def test_a_place_shows_no_password_and_no_user(url: str) -> None:
    shown = place(parse_url(url))
    assert "dadkhah" in shown
    assert "secret" not in shown
    assert "me" not in shown.replace("named", "")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgres_urls_mean_psycopg(scheme: str) -> None:
    assert parse_url(f"{scheme}://h/x").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:half@secret@127.0.0.1/x",
        "postgresql://u:half@sec/secret@127.0.0.1/x",
        "sqlite:///a folder?secret/x.db",
    ],
)
def test_a_url_that_is_read_in_another_way_than_it_was_meant_is_refused(url: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_what_may_have_been_carried_out_is_never_tried_again() -> None:
    for kind, repeats in (
        (psycopg.errors.StatementCompletionUnknown, False),
        (psycopg.errors.DeadlockDetected, True),
    ):
        found = kind_of(kind("cut off"))
        assert found is not None
        assert issubclass(found, StoreConflict) is repeats


# ---------------------------------------------------------------- for real


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated SQLite database."""
    url = f"sqlite:///{tmp_path}/a.db"
    upgrade(url)
    return url


def test_a_locked_database_is_busy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("storage.engine.BUSY_SECONDS", 0.05)
        store = open_store(url, create=False)
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            store.set_value("a", "b")
        assert store.value("a") is None  # readers go on
        other.execute("ROLLBACK")
    store.set_value("a", "b")
    store.close()


def test_who_waits_for_a_lock_can_be_hurried(url: str) -> None:
    store = open_store(url, create=False)
    began = time.monotonic()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        hurry = threading.Timer(0.2, store.hurry, [0.1])
        hurry.start()
        with pytest.raises(StoreBusy):
            store.set_value("a", "b")
        assert 0.25 < time.monotonic() - began < 3
        with pytest.raises(StoreBusy):
            store.set_value("a", "b")
        assert time.monotonic() - began < 4
        other.execute("ROLLBACK")
    store.set_value("a", "b")  # what is free is taken all the same
    assert store.value("a") == "b"
    hurry.join()
    store.close()


def test_a_lock_that_ends_in_time_is_waited_for_and_other_waits_are_as_long_as_before(
    url: str,
) -> None:
    store = open_store(url, create=False)
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        end = threading.Timer(0.6, other.execute, ["ROLLBACK"])
        end.start()
        store.set_value("a", "b")
        end.join()
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000
    store.close()


def test_a_full_database_is_full_and_nothing_is_half_written(url: str) -> None:
    store = open_store(url, create=False)
    engine = store._engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    specs = [FeedSpec(f"https://example/{number}") for number in range(3000)]
    with pytest.raises(StoreFull):
        store.add_feeds(specs, at=NOW, actor="cli")
    assert store.feeds() == ()
    assert store.audit() == ()
    store.close()


_FILL = textwrap.dedent("""
    import resource, signal, sys
    from datetime import UTC, datetime
    from storage import open_store
    from watchers.errors import StoreFull
    from watchers.model import FeedSpec
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = open_store(sys.argv[1], create=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        for start in range(0, 100_000, 500):
            specs = [FeedSpec(f"https://example/{n}") for n in range(start, start + 500)]
            store.add_feeds(specs, at=datetime(2026, 1, 1, tzinfo=UTC), actor="cli")
    except StoreFull as error:
        print(error, len(store.feeds()) % 500)
""")


def test_a_disk_that_refuses_more_is_full(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE
    url = f"sqlite:///{tmp_path}/a.db"
    child = subprocess.run(
        [sys.executable, "-c", _FILL, url],
        check=True,
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
    )
    assert child.stdout.strip().endswith(" 0")
    store = open_store(url, create=False)
    assert store.check() == ()
    store.close()


def test_a_database_that_may_not_be_written_is_read_only(url: str) -> None:
    store = open_store(url, create=False)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreReadOnly, match="permissions"):
        store.set_value("a", "b")
    store.close()
    path = url.removeprefix("sqlite:///")
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader,
        pytest.raises(StoreReadOnly),
        translated(path),
    ):
        reader.execute("DELETE FROM value")


def test_a_folder_in_the_way_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreReadOnly):
        open_store(f"sqlite:///{tmp_path}/file/a.db", create=True)
    with pytest.raises(StoreReadOnly):
        open_store(f"sqlite:///{tmp_path}", create=True)


def test_each_transaction_is_as_durable_as_it_asks(url: str) -> None:
    engine = make_engine(url)
    levels = []
    for mode in (Mode.WRITE, Mode.DURABLE, Mode.READ):
        with transaction(engine, mode) as connection:
            levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
    engine.dispose()
    assert levels == [1, 2, 1]  # NORMAL, FULL, NORMAL


def test_a_transaction_that_fails_leaves_nothing(url: str) -> None:
    engine = make_engine(url)
    with pytest.raises(RuntimeError), transaction(engine, Mode.WRITE) as connection:
        connection.execute(text("INSERT INTO value VALUES ('a', 'b')"))
        connection.execute(text("CREATE TABLE later (id INTEGER)"))
        raise RuntimeError
    with transaction(engine, Mode.READ) as connection:
        assert connection.execute(text("SELECT count(*) FROM value")).scalar_one() == 0
        made = text("SELECT count(*) FROM sqlite_master WHERE name = 'later'")
        assert connection.execute(made).scalar_one() == 0
    engine.dispose()


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("made", [sqlite.dialect, postgresql.dialect], ids=["lite", "post"])
def test_times_come_back_aware_and_to_the_microsecond(made: type[Dialect]) -> None:
    kind, dialect = UtcTime(), made()
    tehran = timezone(timedelta(hours=3, minutes=30))
    time = datetime(1988, 7, 28, 23, 59, 59, 999999, tehran)
    to_database, from_database = kind.bind_processor(dialect), kind.result_processor(dialect, None)
    back = from_database(to_database(time))
    assert back == time
    assert back.tzinfo is UTC
    with pytest.raises(ValueError, match="naive"):
        to_database(datetime(2026, 1, 1))  # noqa: DTZ001
    assert to_database(None) is None
