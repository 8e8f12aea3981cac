"""What may be wrong around the program: one clear line on stderr, and nothing is lost."""

import codecs
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


def kept_feeds(dadkhah: CommandLine) -> tuple[str, str]:
    """What is watched, and who changed what."""
    return dadkhah("feeds", "list", "--json").out, dadkhah("audit", "--json").out


ADDRESSES = {  # what is given: what is told
    "words": ("not an address", "must begin with https://"),
    "empty": ("", "No address was given"),
    "no-scheme": ("example.org/feed", "Try https://example.org/feed"),
    "file": ("file:///etc/passwd", "must begin with https://"),
    "password": ("https://me:secret@example.org/feed", "holds a user name or a password"),
    "no-host": ("https:///feed", "Copy it whole from the browser"),
    "space": ("https://example.org/a feed", "Copy it whole from the browser"),
    "line-break": ("https://example.org/a\nfeed", "Copy it whole from the browser"),
    "odd-port": ("https://example.org:port/feed", "Copy it whole from the browser"),
    "too-long": ("https://example.org/" + "a" * 3_000, "Copy it whole from the browser"),
    "telegram-name": ("@abc", "Give @NAME or https://t.me/NAME"),
    "telegram-invitation": ("https://t.me/+AbCdEfGh", "Only public channels"),
}
READ = {  # what answers: what is told
    "no-feed-anywhere": ("/page.html", "Nor was a feed found at 8 likely addresses"),
    "missing": ("/gone", "the server answered 404. Check the address in a browser"),
    "broken": ("/broken.xml", "Give the address of the feed itself, or tell the site"),
    "empty": ("/empty", "the answer is empty"),
    "other-json": ("/data.json", "Give the address of the feed itself"),
    "for-ever": ("/loop", "redirected in a circle"),
    "away": ("/away", "Only public web addresses are watched"),
}
UNREACHABLE = {
    "private": "http://10.1.2.3/feed",
    "metadata": "http://169.254.169.254/latest/meta-data",
    "link-local": "http://[fe80::1]/feed",
    "mapped": "http://[::ffff:10.0.0.1]/feed",
    "short-form": "http://0x0a000001/feed",
}


@pytest.fixture
def oddities(samples: FeedServer) -> FeedServer:
    """What answers with something else than a feed."""
    samples.set("/broken.xml", "<rss", content_type="application/xml")
    samples.set("/empty", "")
    samples.set("/data.json", '{"items": []}', content_type="application/json")
    samples.redirect("/loop", "/loop")
    samples.redirect("/away", "http://10.1.2.3/feed")
    return samples


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("address", ADDRESSES)
def test_address_that_is_none_is_wrong_use(address: str, dadkhah: CommandLine) -> None:
    given, told = ADDRESSES[address]
    before = kept_feeds(dadkhah)
    line = complaint(dadkhah("feeds", "add", given), 2)
    assert told in line
    assert "secret" not in line
    assert len(line) < 300
    assert kept_feeds(dadkhah) == before


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", ["add", "discover", "check"])
def test_address_that_is_none_is_wrong_use_of_every_command(
    command: str, dadkhah: CommandLine, samples: FeedServer
) -> None:
    samples.requests.clear()
    arguments = [] if command == "discover" else [samples.url("/one.xml")]
    said = dadkhah("feeds", command, *arguments, "example.org/feed")
    assert (said.code, said.out) == (2, "")
    assert samples.requests == []  # all are looked at before any is asked for


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("case", READ)
def test_what_leads_to_no_feed_is_not_added(
    case: str, dadkhah: CommandLine, oddities: FeedServer
) -> None:
    path, told = READ[case]
    before = kept_feeds(dadkhah)
    line = complaint(dadkhah("feeds", "add", oddities.url(path)))
    assert "was not added" in line
    assert told in line
    assert kept_feeds(dadkhah) == before


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("case", UNREACHABLE)
def test_private_address_is_not_added(case: str, dadkhah: CommandLine) -> None:
    before = kept_feeds(dadkhah)
    line = complaint(dadkhah("feeds", "add", UNREACHABLE[case]))
    assert "Only public web addresses are watched" in line
    assert kept_feeds(dadkhah) == before


@pytest.mark.usefixtures("database")
def test_page_of_a_site_does_not_lead_to_a_private_address(
    dadkhah: CommandLine, samples: FeedServer
) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="http://10.1.2.3/feed">'
    samples.set("/inward.html", link, content_type="text/html")
    before = kept_feeds(dadkhah)
    line = complaint(dadkhah("feeds", "add", samples.url("/inward.html")))
    assert "was not added" in line
    assert kept_feeds(dadkhah) == before


def opml(*addresses: str, head: str = "") -> bytes:
    """A list of these addresses."""
    rows = "".join(f'<outline text="خبر" xmlUrl="{url}"/>' for url in addresses)
    return f"{head}<opml><body>{rows}</body></opml>".encode()


GOOD = "https://good.example/"
LISTS: dict[str, tuple[bytes, str]] = {  # what is imported: what is told
    "bad-row": (opml(GOOD, "gopher://bad.example/"), "'gopher://bad.example/' is no http(s)"),
    "password": (opml(GOOD, "https://me:secret@bad.example/"), "user name or a password"),
    "bomb": (
        opml(GOOD + "&amp;c;", head='<!DOCTYPE o [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>'),
        "DOCTYPE",
    ),
    "outside-entity": (
        opml(GOOD + "&a;", head='<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
        "DOCTYPE",
    ),
    "deep": (b"<opml>" + b"<outline>" * 100_000, "nested over 50 deep; flatten it"),
    "huge": (b"<opml>" + b" " * 10_000_001, "over 10,000,000 bytes; split it"),
    "many": (b"<opml>" + b"<outline/>" * 20_001, "over 20,000 outlines; split it"),
    "wrong-root": (b"<rss><channel/></rss>", "<rss> is no OPML"),
    "cut-off": (opml(GOOD).removesuffix(b"</opml>"), "not well-formed XML"),
    "no-feeds": (opml(), "no feed in it"),
    "charset": (opml(GOOD).decode().encode("windows-1256"), "save it as UTF-8"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("case", LISTS)
def test_list_that_cannot_be_used_changes_nothing(
    case: str, dadkhah: CommandLine, tmp_path: Path
) -> None:
    data, told = LISTS[case]
    (tmp_path / "list.opml").write_bytes(data)
    before = kept_feeds(dadkhah)
    said = dadkhah("feeds", "import", "list.opml")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: list.opml cannot be used")
    assert told in said.err
    assert "Nothing was changed" in said.err
    assert "secret" not in said.err
    assert "Traceback" not in said.err
    assert kept_feeds(dadkhah) == before


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
    codecs.lookup("utf-8-sig")  # nobody may be unable to read it, and Python remembers that
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
