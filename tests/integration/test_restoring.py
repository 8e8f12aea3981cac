"""`db restore` and its refusals, on both databases (the whole way: tests/journey/test_restored)."""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from bot import upkeep
from bot.restoring import restore
from bot.upkeep import upgrade_with_backup
from config.settings import Settings
from storage import open_store, schema, state
from storage.backups import backup
from storage.engine import parse_url
from storage.whole_files import part_of
from tests.contract.making import NOW, add_channel, item, old_feed, poll, queue
from tests.integration.test_copying import at_revision, execute
from watchers.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreNewer
from watchers.ports import Store


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a database that does not exist yet."""
    url = ""
    if request.param == "postgres":
        url = str(request.getfixturevalue("fresh_postgres"))
    return settings_of(tmp_path / "data", url)


def settings_of(folder: Path, url: str = "") -> Settings:
    """Settings with a data folder, and a server's database."""
    folder.mkdir(exist_ok=True)
    return Settings(data_dir=folder, database_url=SecretStr(url.replace("+psycopg", "", 1)))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """It, with two articles."""
    opened = open_store(settings.database, create=True)
    opened.save_poll(poll(old_feed(opened), item("one"), item("two")))
    yield opened
    opened.close()


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Path:
    """A backup of it; then it was closed, and a third article came."""
    path = tmp_path / "backup.db"
    store.backup(path)
    store.save_poll(poll(1, item("three")))
    store.close()
    return path


def articles(url: str) -> int:
    """How many a database has."""
    opened = open_store(url, create=False)
    found = opened.counts().articles
    opened.close()
    return found


def test_what_was_there_before_is_kept_and_can_be_put_back(settings: Settings, copy: Path) -> None:
    done = restore(settings, copy)
    assert done.kept is not None
    assert done.kept.name.startswith("before-restore-")
    assert articles(settings.database) == 2
    assert articles(f"sqlite:///{done.kept}") == 3
    assert articles(f"sqlite:///{copy}") == 2
    folder = settings.data_dir
    parts = [path.name for path in folder.rglob("*") if ".part" in path.name]
    assert parts == []
    aside = done.kept.rename(folder / "kept.db")  # names are of the second
    restore(settings, aside)
    assert articles(settings.database) == 3


def test_numbers_that_old_buttons_have_are_not_given_out_again(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    channel = add_channel(store)
    store.backup(tmp_path / "backup.db")
    queue(store, channel, "posted after the backup")
    (old,) = store.deliveries()
    store.close()
    restore(settings, tmp_path / "backup.db")
    again = open_store(settings.database, create=False)
    again.carry_on(at=NOW, actor="cli")
    queue(again, channel, "another page")
    (new,) = again.deliveries()
    assert new.id > old.id + 1_000
    again.close()


def test_an_older_backup_is_upgraded_and_itself_left_alone(
    settings: Settings, copy: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    at_revision(f"sqlite:///{old}", "0004")
    execute(f"sqlite:///{old}", "INSERT INTO admin VALUES (7, 'owner', '2026-01-01 00:00:00.0')")
    before = old.read_bytes()
    restore(settings, old)
    opened = open_store(settings.database, create=False)
    assert [admin.user_id for admin in opened.admins()] == [7]
    opened.close()
    assert old.read_bytes() == before


def damaged(path: Path, tmp_path: Path) -> Path:
    """A copy with a page of zeros in it."""
    data = bytearray(path.read_bytes())
    data[8192:12288] = bytes(4096)
    (tmp_path / "damaged.db").write_bytes(data)
    return tmp_path / "damaged.db"


def test_what_is_no_backup_is_refused_and_nothing_changed(
    settings: Settings, copy: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="no file"):
        restore(settings, tmp_path / "nowhere.db")
    with pytest.raises(StoreCorrupt):
        restore(settings, damaged(copy, tmp_path))
    (tmp_path / "text").write_text("no database")
    with pytest.raises(StoreCorrupt, match="text"):
        restore(settings, tmp_path / "text")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE article (id)")
    with pytest.raises(StoreCorrupt, match="another program"):
        restore(settings, tmp_path / "other.db")
    execute(f"sqlite:///{copy}", "UPDATE dadkhah_version SET version_num = '9999'")
    with pytest.raises(StoreNewer, match="newer"):
        restore(settings, copy)
    assert articles(settings.database) == 3
    assert not list(settings.data_dir.rglob("before-restore-*"))


def test_a_database_in_use_is_refused(settings: Settings, copy: Path) -> None:
    other = open_store(settings.database, create=False)
    with other.lock("lease") as held:
        assert held
        with pytest.raises(StoreBusy, match="Stop `run`"):
            restore(settings, copy)
    other.counts()  # a worker, or another command: it has the database open
    with pytest.raises(StoreBusy, match="Stop `run`"):
        restore(settings, copy)
    other.close()
    assert articles(settings.database) == 3
    restore(settings, copy)
    assert articles(settings.database) == 2


_KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from bot import restoring
    from config.settings import load
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[2] == "link":
        os.link = die
    restoring.restore(load(), Path(sys.argv[1]), die)
""")


def test_killed_meanwhile_the_old_database_is_there(
    settings: Settings, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DADKHAH_DATABASE_URL", settings.database.replace("+psycopg", "", 1))
    monkeypatch.setenv("DADKHAH_DATA_DIR", str(settings.data_dir))
    subprocess.run([sys.executable, "-c", _KILLED, copy, "link"], check=False, cwd=Path.cwd())
    assert articles(settings.database) == 3
    restore(settings, copy)
    assert articles(settings.database) == 2


def test_a_log_without_its_file_is_not_taken_for_the_restored_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "data")
    opened = open_store(settings.database, create=True)
    opened.save_poll(poll(old_feed(opened), item("one")))
    opened.backup(tmp_path / "backup.db")
    opened.save_poll(poll(1, item("two")))
    path = settings.data_dir / "dadkhah.db"
    log = path.with_name("dadkhah.db-wal").read_bytes()
    opened.close()
    path.rename(tmp_path / "damaged.db")  # after a crash: its log was forgotten
    path.with_name("dadkhah.db-wal").write_bytes(log)
    with pytest.raises(StoreError, match="another database"):
        backup(parse_url(f"sqlite:///{tmp_path}/backup.db"), path)
    monkeypatch.chdir(tmp_path)
    restore(settings, Path("backup.db"))
    assert articles(settings.database) == 1
    (kept,) = settings.data_dir.glob("before-restore-*.db-wal")
    assert kept.read_bytes() == log


def test_a_link_to_the_database_stays_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    opened = open_store(settings.database, create=True)
    opened.backup(tmp_path / "backup.db")
    opened.close()
    link, disk = settings.data_dir / "dadkhah.db", tmp_path / "disk"
    disk.mkdir()
    link.rename(disk / "large.db")
    link.symlink_to(disk / "large.db")
    done = restore(settings, tmp_path / "backup.db")
    assert link.is_symlink()
    assert done.kept is not None
    assert done.kept.parent == disk
    assert not done.kept.is_symlink()
    assert (disk / "large.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root restores for somebody else")
def test_what_root_restores_its_owner_can_run_on(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    opened = open_store(f"sqlite:///{tmp_path}/a.db", create=True)
    opened.backup(tmp_path / "backup.db")
    opened.close()
    os.chown(settings.data_dir, 12345, 12345)
    restore(settings, tmp_path / "backup.db")
    made = list(settings.data_dir.rglob("*"))
    assert len(made) >= 3
    assert {one.stat().st_uid for one in made} == {12345}


def test_what_a_killed_process_of_our_number_left_is_not_in_the_way(tmp_path: Path) -> None:
    """In a container every command may have the same one."""
    with part_of(tmp_path / "x.db") as left, part_of(tmp_path / "x.db") as part:
        assert part != left
        assert part.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.iterdir())


def test_a_damaged_database_is_put_aside_with_its_log(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    opened = open_store(settings.database, create=True)
    opened.backup(tmp_path / "backup.db")
    opened.close()
    (tmp_path / "dadkhah.db").write_bytes(b"torn" * 5_000)
    (tmp_path / "dadkhah.db-wal").write_bytes(b"its log")
    done = restore(settings, tmp_path / "backup.db")
    assert done.kept is not None
    assert done.kept.read_bytes() == b"torn" * 5_000
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == b"its log"
    assert articles(settings.database) == 0


# ---------------------------------------------------------------- going back a version


def test_the_backup_before_an_upgrade_opens_with_the_older_program(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_revision(settings.database, "0005")
    execute(settings.database, "INSERT INTO value VALUES ('kept', 'yes')")
    kept = upgrade_with_backup(settings)
    assert kept is not None
    assert state(settings.database) == "current"
    older = schema.REVISIONS[: schema.REVISIONS.index("0005") + 1]
    with monkeypatch.context() as patch:
        patch.setattr(schema, "REVISIONS", older)
        assert state(settings.database) == "newer"
        with pytest.raises(StoreNewer):
            open_store(settings.database, create=True)
        # As docs/operating.md says: the backup is this program's own database again.
        back = f"sqlite:///{kept}"
        assert state(back) == "current"
        if settings.database.startswith("sqlite"):
            (settings.data_dir / "dadkhah.db").write_bytes(kept.read_bytes())
            assert state(settings.database) == "current"
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT value FROM value").fetchall() == [("yes",)]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_upgrade_that_fails_again_and_again_leaves_no_pile_of_backups(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: str) -> None:
        raise StoreBusy("In use.")

    at_revision(settings.database, "0005")
    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "upgrade", busy)
        for _ in range(2):
            with pytest.raises(StoreBusy):
                upgrade_with_backup(settings)
    assert not list((settings.data_dir / "backups").iterdir())
    assert upgrade_with_backup(settings) is not None


def test_an_upgrade_without_room_for_its_backup_says_so_and_can_be_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_revision(settings.database, "0005")
    free = SimpleNamespace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(StoreFull, match="--no-backup"):
        upgrade_with_backup(settings)
    assert state(settings.database) == "older"
    assert upgrade_with_backup(settings, keep=False) is None
    assert state(settings.database) == "current"


def test_a_large_server_is_upgraded_without_a_backup(
    fresh_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path, fresh_postgres)
    at_revision(fresh_postgres, "0005")
    monkeypatch.setattr(upkeep, "LARGEST", 1_000)
    assert upgrade_with_backup(settings) is None
    assert state(settings.database) == "current"


def test_a_server_of_another_version_is_not_overwritten(
    fresh_postgres: str, tmp_path: Path
) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/a.db", create=True)
    opened.close()
    backup(parse_url(f"sqlite:///{tmp_path}/a.db"), tmp_path / "backup.db")
    at_revision(fresh_postgres, "0005")
    settings = settings_of(tmp_path, fresh_postgres)
    with pytest.raises(StoreError, match="Make an empty database"):
        restore(settings, tmp_path / "backup.db")
    assert state(fresh_postgres) == "older"
