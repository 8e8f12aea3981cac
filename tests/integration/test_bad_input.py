"""What may be wrong around the program: one clear line on stderr, and nothing is lost."""

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import (
    CommandLine,
    Environment,
    Kept,
    Said,
    child,
)


@pytest.fixture
def database(settings: Environment, dadkhah: CommandLine, kept: Kept) -> Path:
    """The file of a database with feeds and articles, closed."""
    folder = Path(settings["DADKHAH_DATA_DIR"])
    kept("polled", folder, lambda: dadkhah("poll"))
    return folder / "dadkhah.db"


def complaint(said: Said, code: int = 1) -> str:
    """The one line that a command ended with."""
    assert said.code == code, said
    assert said.out == ""
    assert "Traceback" not in said.err
    (line,) = said.err.splitlines()
    assert line.startswith("error: ")
    return line


def state(dadkhah: CommandLine) -> str:
    """How much there is, of a sound database."""
    said = dadkhah("db", "check")
    assert said.code == 0, said
    return said.out


# ---------------------------------------------------------------- settings and arguments

WRONG = {
    "time-zone": ("DADKHAH_TIMEZONE", "Mars/Base"),
    "schedule": ("DADKHAH_SCHEDULE", "8am"),
    "token": ("DADKHAH_TELEGRAM_TOKEN", "secret-but-no-token"),
    "admins": ("DADKHAH_ADMINS", "@somebody"),
    "channel": ("DADKHAH_CHANNEL", "my channel"),
    "delay": ("DADKHAH_HOST_DELAY", "soon"),
    "language": ("DADKHAH_LANGUAGE", "xx"),
    "api": ("DADKHAH_TELEGRAM_API_URL", "telegram"),
    "listen": ("DADKHAH_HTTP_LISTEN", "everywhere"),
    "private-hosts": ("DADKHAH_ALLOWED_PRIVATE_HOSTS", "10.0.0.0/99"),
    "level": ("DADKHAH_LOG_LEVEL", "loud"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_setting_is_one_line_that_names_it(
    wrong: str, dadkhah: CommandLine, settings: Environment
) -> None:
    name, value = WRONG[wrong]
    dadkhah.use({name: value})
    said = dadkhah("poll")
    assert (said.code, said.out) == (2, "")
    (problem,) = said.err.splitlines()[1:]
    assert problem.strip().startswith(f"{name}: ")
    assert not Path(settings["DADKHAH_DATA_DIR"]).exists()


def test_two_wrong_settings_are_two_lines(dadkhah: CommandLine) -> None:
    dadkhah.use({"DADKHAH_TIMEZONE": "Mars/Base", "DADKHAH_HOST_DELAY": "-1"})
    said = dadkhah("poll")
    assert said.code == 2
    names = [line.split(":")[0].strip() for line in said.err.splitlines()[1:]]
    assert sorted(names) == ["DADKHAH_HOST_DELAY", "DADKHAH_TIMEZONE"]


def test_wrong_token_is_not_repeated(dadkhah: CommandLine) -> None:
    dadkhah.use({"DADKHAH_TELEGRAM_TOKEN": "secret-but-no-token"})
    said = dadkhah("poll")
    assert "secret" not in said.out + said.err


FEEDS = {
    "no-toml": "[[feed",
    "no-opml": "<opml><body>",
    "empty": "",
    "no-url": '[[feed]]\nname = "Without an address"\n',
    "not-utf-8": "\udcff\udcfe",
}


@pytest.mark.parametrize("broken", FEEDS)
def test_broken_feed_list_makes_no_database(
    broken: str, dadkhah: CommandLine, settings: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "broken"
    path.write_text(FEEDS[broken], encoding="utf-8", errors="surrogateescape")
    dadkhah.use({"DADKHAH_FEEDS": str(path)})
    said = dadkhah("poll")
    assert (said.code, said.out) == (2, "")
    assert str(path) in said.err
    assert "Traceback" not in said.err
    assert not Path(settings["DADKHAH_DATA_DIR"]).exists()


def test_missing_feed_list_is_told(dadkhah: CommandLine) -> None:
    dadkhah.use({"DADKHAH_FEEDS": "nowhere.toml"})
    said = dadkhah("poll")
    assert said.code == 2
    assert "DADKHAH_FEEDS: nowhere.toml cannot be read" in said.err


@pytest.mark.usefixtures("database")
def test_unknown_channel_is_told_and_nothing_is_queued(dadkhah: CommandLine) -> None:
    assert "@nobody" in complaint(dadkhah("digest", "@nobody"))
    assert dadkhah("deliveries", "list", "--state", "queued", "--json").out == ""


ADDRESSES = {
    "words": "not an address",
    "no-scheme": "example.org/feed",
    "file": "file:///etc/passwd",
    "password": "https://me:secret@example.org/feed",
    "no-host": "https:///feed",
    "space": "https://example.org/a feed",
}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("address", ADDRESSES)
def test_address_that_is_none_is_wrong_use(address: str, dadkhah: CommandLine) -> None:
    before = state(dadkhah)
    complaint(dadkhah("feeds", "add", ADDRESSES[address]), 2)
    assert state(dadkhah) == before


@pytest.mark.usefixtures("database")
def test_web_page_is_not_added_as_a_feed(dadkhah: CommandLine, samples: FeedServer) -> None:
    before = state(dadkhah)
    line = complaint(dadkhah("feeds", "add", samples.url("/page.html")))
    assert "was not added" in line
    assert "address of the feed itself" in line
    assert state(dadkhah) == before


# ---------------------------------------------------------------- the database


@contextlib.contextmanager
def full_disk(limit: int = 64 * 1024) -> Iterator[None]:
    """No file can grow beyond this size (Python ignores SIGXFSZ, so writing fails)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_stops_a_poll_and_the_next_one_makes_it_good(dadkhah: CommandLine) -> None:
    dadkhah("admins", "grant", "7")
    before = state(dadkhah)
    with full_disk():
        said = dadkhah("poll")
    assert "The disk refused more data" in complaint(said)
    assert state(dadkhah) == before
    assert dadkhah("poll", "--all").code == 0
    assert "13 articles (3 relevant)" in state(dadkhah)


def test_full_disk_stops_the_making_of_a_database(dadkhah: CommandLine) -> None:
    with full_disk():
        said = dadkhah("admins", "grant", "7")
    assert "The disk refused more data" in complaint(said)
    assert dadkhah("admins", "grant", "7").code == 0


@pytest.mark.parametrize("command", [("poll", "--all"), ("digest",), ("admins", "grant", "7")])
def test_locked_database_is_told_after_a_wait(
    command: tuple[str, ...],
    dadkhah: CommandLine,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    samples: FeedServer,
) -> None:
    monkeypatch.setattr("storage.engine.BUSY_SECONDS", 0.1)
    before = state(dadkhah)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "in use by another process" in complaint(dadkhah(*command))
    assert state(dadkhah) == before


@pytest.mark.usefixtures("database")
def test_reader_does_not_wait_for_a_writer(dadkhah: CommandLine, database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert dadkhah("feeds", "list", "--json").code == 0


COMMANDS = [("poll",), ("export",), ("feeds", "list"), ("db", "check"), ("db", "upgrade")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_file_that_is_no_database_is_told_and_left_as_it_is(
    command: tuple[str, ...], dadkhah: CommandLine, settings: Environment
) -> None:
    file = Path(settings["DADKHAH_DATA_DIR"]) / "dadkhah.db"
    file.parent.mkdir()
    content = b"This is somebody's diary.\n" * 500
    file.write_bytes(content)
    line = complaint(dadkhah(*command))
    assert "no database, or a damaged one" in line
    assert "Restore a backup" in line
    assert file.read_bytes() == content


def test_damaged_database_fails_its_check(dadkhah: CommandLine, database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 4))
    said = dadkhah("db", "check")
    assert said.code == 1
    assert "damaged" in said.out + said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_newer_database_is_left_as_it_is(
    command: tuple[str, ...], dadkhah: CommandLine, database: Path
) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE dadkhah_version SET version_num = 'r9999'")
    line = complaint(dadkhah(*command))
    assert "made by a newer version" in line
    assert "Use the newer program" in line


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Root may write everywhere: become nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def visible(settings: Environment) -> Iterator[Path]:
    """A folder that others may look into (pytest's own are closed to them)."""
    folder = Path(tempfile.mkdtemp(prefix="dadkhah-test-"))
    folder.chmod(0o755)
    settings["DADKHAH_DATA_DIR"] = str(folder / "data")
    feeds = Path(shutil.copy(settings["DADKHAH_FEEDS"], folder))
    settings["DADKHAH_FEEDS"] = str(feeds)
    yield folder
    folder.chmod(0o755)
    with contextlib.suppress(FileNotFoundError):
        (folder / "data").chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("there", [False, True], ids=["without-a-database", "with-a-database"])
def test_folder_that_may_not_be_written_is_told(
    there: bool,
    dadkhah: CommandLine,
    settings: Environment,
    visible: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dadkhah.use(settings)
    monkeypatch.chdir(visible)
    if there:
        assert dadkhah("poll").code == 0
        (visible / "data").chmod(0o555)
    visible.chmod(0o555)
    with without_rights():
        line = complaint(dadkhah("admins", "grant", "8"))
    assert "cannot be opened for writing" in line
    assert "permissions of the data folder" in line


# ---------------------------------------------------------------- standard output


def test_reader_that_went_away_is_no_failure(settings: Environment) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = child(settings, "watch", "list", "--json", stdout=stdout)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_cannot_be_written_is_a_failure(settings: Environment) -> None:
    with Path("/dev/full").open("wb") as stdout:
        done = child(settings, "config", "show", "--json", stdout=stdout)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == "error: the output cannot be written: No space left on device"


def test_closed_output_is_a_failure(settings: Environment) -> None:
    done = child(settings, "config", "show", preexec_fn=lambda: os.close(1))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert "output" in line


def test_console_digest_that_cannot_be_printed_is_failed_and_can_be_printed_again(
    database: Path, dadkhah: CommandLine, settings: Environment
) -> None:
    dadkhah("digest")
    with Path("/dev/full").open("wb") as stdout:
        done = child(settings, "deliver", stdout=stdout)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    rows = dadkhah("deliveries", "list", "--json").out.splitlines()
    failed = [json.loads(row) for row in rows]
    assert {row["state"] for row in failed} == {"failed"}
    for row in failed:
        assert dadkhah("deliveries", "settle", str(row["id"]), "resend").code == 0
    assert "1988" in dadkhah("deliver").out
