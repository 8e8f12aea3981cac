"""`dadkhah run` as operators run it: a process of its own, signals, Telegram good and bad."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from tornado.netutil import bind_sockets

from bot.app import open_database
from config.settings import load
from tests.conftest import PostgresServer
from tests.feedserver import FeedServer
from tests.journey.harness import (
    CHAT,
    RELEVANT,
    TOLD,
    CommandLine,
    Environment,
    die_with_parent,
    environment,
    links,
    logging_as_it_was,
    rss,
    serve_samples,
    with_ours,
)
from tests.standin import TOKEN, BotApiStandin, BotApiThread
from watchers.telling import ChannelSpec

ADMIN, STRANGER = 4242, 5151


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """The service in a process (and a process group) of its own."""

    def __init__(
        self,
        values: Environment,
        folder: Path,
        name: str = "run",
        command: str = "run",
        module: str = "bot",
    ) -> None:
        """Start it."""
        self.port = free_port()
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        listen = {"DADKHAH_HTTP_LISTEN": f"127.0.0.1:{self.port}", "DADKHAH_LOG_FORMAT": "json"}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, command], env=with_ours(values | listen),
                stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True,
                preexec_fn=die_with_parent,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it and its reading processes; its output never held the token."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if kind is not None:
            print(self.out, self.err, sep="\n")
        assert TOKEN not in self.out + self.err
        assert TOKEN.partition(":")[2] not in self.out + self.err
        assert "Traceback" not in self.err, self.err

    @property
    def out(self) -> str:
        """What it printed."""
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it logged."""
        return self._err.read_text(encoding="utf-8")

    def has_logged(self, event: str) -> bool:
        """Whether an event was logged."""
        return f'"event": "{event}"' in self.err

    def until(self, condition: Callable[[], object], timeout: float = 30) -> None:
        """Wait for something to happen while it runs."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, f"it ended: {self.process.returncode}"
            assert time.monotonic() < deadline, f"not within {timeout} s"
            time.sleep(0.02)

    def has(self, event: str, timeout: float = 30) -> None:
        """Wait until an event was logged."""
        self.until(lambda: self.has_logged(event), timeout)

    def page(self, path: str) -> tuple[int, dict[str, Any]]:
        """The health page's status and content."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as got:
                return got.status, json.loads(got.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def stop(self, within: float = 10) -> float:
        """SIGTERM; the seconds until it had ended with 0."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(within) == 0
        return time.monotonic() - began


# ---------------------------------------------------------------- what it runs on


@pytest.fixture(scope="module")
def samples() -> Iterator[FeedServer]:
    """The sample feeds."""
    with FeedServer() as server:
        serve_samples(server)
        yield server


@pytest.fixture
def telegram() -> Iterator[BotApiStandin]:
    """Telegram with a channel."""
    with BotApiThread() as standin:
        standin.add_chat(CHAT)
        yield standin


@pytest.fixture
def settings(tmp_path: Path, samples: FeedServer, telegram: BotApiStandin) -> Environment:
    """Feeds, a token, a channel whose digests fall due at night only, an admin."""
    night = (datetime.now(UTC) + timedelta(hours=12)).strftime("%H:%M")
    made = environment(tmp_path, samples, telegram)
    return made | {"DADKHAH_SCHEDULE": night, "DADKHAH_ADMINS": str(ADMIN)}


@pytest.fixture
def dadkhah(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Environment
) -> Iterator[CommandLine]:
    """The command line in this process."""
    with logging_as_it_was():
        line = CommandLine(monkeypatch, capsys)
        line.use(settings)
        yield line


@pytest.fixture
def polled(settings: Environment, dadkhah: CommandLine) -> Environment:
    """Everything is polled, and a digest of the channel is overdue for half an hour."""
    store = open_database(load(settings, Path("/nonexistent")))
    channel = store.channels()[0]
    store.remove_channel(channel.id, at=datetime.now(UTC), actor="cli")
    now = datetime.now(UTC)
    due = (now - timedelta(minutes=30)).strftime("%H:%M")
    spec = ChannelSpec(channel.chat, "UTC", (due,))
    store.add_channel(spec, at=now - timedelta(days=2), actor="cli")
    store.close()
    assert dadkhah("poll").code == 0
    return settings


@pytest.fixture
def queued(settings: Environment, dadkhah: CommandLine) -> Environment:
    """A digest waits in the outbox; none falls due."""
    assert dadkhah("poll").code == 0
    assert dadkhah("digest").code == 0
    return settings


def states(settings: Environment) -> list[str]:
    """The states of all pages, in order."""
    file = Path(settings["DADKHAH_DATA_DIR"]) / "dadkhah.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM delivery ORDER BY id")]


class Chat:
    """What somebody writes to the bot, and what it answers."""

    def __init__(self, telegram: BotApiStandin, running: Running) -> None:
        """With this bot."""
        self._telegram, self._running = telegram, running

    def ask(self, text: str, user: int = ADMIN, **how: Any) -> str:
        """Write and wait for the answer."""
        before = len(self._telegram.texts(user))
        self.tell(text, user, **how)
        self._running.until(lambda: len(self._telegram.texts(user)) > before)
        return self._telegram.texts(user)[before]

    def tell(self, text: str, user: int = ADMIN, **how: Any) -> None:
        """Write and do not wait."""
        self._telegram.message(user, text, **how)

    def press(self, label: str, user: int = ADMIN) -> str:
        """Press a button of the latest message; what stands in its place then."""
        message = next(m for m in reversed(self._telegram.sent) if m.reply_markup)
        rows = (message.reply_markup or {})["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == label)
        edits = message.edits
        self._telegram.callback(user, data, message.id, chat_id=message.chat_id)
        self._running.until(lambda: message.edits > edits)
        return message.text


# ---------------------------------------------------------------- orders by chat


def test_an_admin_runs_the_bot_by_chat_and_nobody_else_does(
    settings: Environment, tmp_path: Path, samples: FeedServer, telegram: BotApiStandin
) -> None:
    samples.set("/three.xml", rss(RELEVANT[:1], "Three"))
    samples.set("/four.xml", rss(RELEVANT[1:2], "Four"))
    only = tmp_path / "only.toml"
    only.write_text(f'[[feed]]\nurl = "{samples.url("/four.xml")}"\n')
    with Running(settings | {"DADKHAH_FEEDS": str(only)}, tmp_path) as running:
        running.has("telegram_connected")
        chat = Chat(telegram, running)
        address = samples.url("/three.xml")

        # Nobody's orders are followed but an admin's own, as they were first written.
        samples.requests.clear()
        forwarded = {"type": "hidden_user", "sender_user_name": "X", "date": 1}
        assert "for admins" in chat.ask(f"/addfeed {address}", STRANGER)
        assert "forwarded" in chat.ask(f"/addfeed {address}", forward_origin=forwarded)
        anonymous: dict[str, Any] = {
            "chat_id": -100777,
            "chat_type": "supergroup",
            "anonymous": True,
        }
        chat.tell(f"/addfeed {address}", **anonymous)
        chat.tell(f"/addfeed {address}", edited=True)
        assert chat.ask("/feeds").startswith("1 feeds:")
        assert samples.asked("/three.xml") == []
        assert "addfeed" not in chat.ask("/help", STRANGER)

        assert "Feed 2 is watched: Three" in chat.ask(f"/addfeed {address}")
        running.until(lambda: len(samples.asked("/three.xml")) == 2)  # checked, then polled
        assert "2. Three" in chat.ask("/feeds")
        assert "Feeds: 2" in chat.ask("/status")
        running.until(lambda: "relevant: 2" in chat.ask("/status"))
        assert "1 page(s) queued" in chat.ask("/digest")
        told = {RELEVANT[0].url: 1, RELEVANT[1].url: 1}
        running.until(lambda: links(telegram) == told)
        assert "nothing new" in chat.ask("/digest")

        assert "Stop watching feed 2" in chat.ask("/removefeed 2")
        assert "no longer watched" in chat.press("Remove feed 2")
        assert chat.ask("/feeds").startswith("1 feeds:")
        assert "No feed" in chat.ask("/removefeed 2")
        assert "/addfeed" in chat.ask("/help")  # last: it fills more than one message

        assert running.page("/healthz") == (200, {"ok": True})
        status, ready = running.page("/readyz")
        assert (status, ready["ok"], ready["lease"]) == (200, True, True)
        assert running.page("/else")[0] == 404
        numbers = metrics(running)
        assert numbers["dadkhah_lease_held"] == numbers["dadkhah_updates_listening"] == 1
        assert numbers['dadkhah_page_attempts_total{audience="channel",outcome="sent"}'] == 1
        assert numbers["dadkhah_updates_total"] >= 10
        assert numbers["dadkhah_fetch_seconds_count"] >= 3
        assert numbers['dadkhah_parse_seconds_count{what="feed"}'] >= 2
        assert numbers['dadkhah_ticks_total{how="done",tick="poll"}'] >= 1
        assert running.stop() < 10
    assert links(telegram) == told


def metrics(running: Running) -> dict[str, float]:
    """The page for Prometheus, by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/metrics", timeout=5) as got:
        lines = got.read().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_systemd_hears_that_it_is_up_that_it_gets_on_and_that_it_ends(
    settings: Environment, tmp_path: Path
) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        asked = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "400000"}
        with Running(settings | asked, tmp_path) as running:
            heard = [systemd.recv(4096) for _ in range(3)]
            assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
            assert running.stop() < 10
            while (said := systemd.recv(4096)) == b"WATCHDOG=1":
                pass
            assert said.startswith(b"STOPPING=1")


# ---------------------------------------------------------------- sending


def test_digest_that_fell_due_while_it_was_off_is_told_once_and_a_429_is_obeyed(
    polled: Environment, tmp_path: Path, telegram: BotApiStandin
) -> None:
    telegram.fault("sendMessage", "retry_after", seconds=2)
    with Running(polled, tmp_path) as running:
        running.until(lambda: links(telegram) == dict.fromkeys(TOLD, 1))
        first, second = [call.at for call in telegram.calls if call.method == "sendMessage"][:2]
        assert (second - first).total_seconds() >= 2
        running.until(lambda: set(states(polled)) == {"sent"})
        running.stop()
    assert links(telegram) == dict.fromkeys(TOLD, 1)


SLOW = [
    pytest.param(2, ["sent", "queued"], id="answered-in-time"),
    pytest.param(25, ["uncertain", "sent"], id="not-answered-in-time"),
]


@pytest.mark.parametrize(("seconds", "after"), SLOW)
def test_stop_during_a_slow_send_is_quick_and_loses_no_page(
    seconds: int, after: list[str],
    queued: Environment, tmp_path: Path, telegram: BotApiStandin, dadkhah: CommandLine,
) -> None:  # fmt: skip
    telegram.fault("sendMessage", "slow", seconds=seconds)
    with Running(queued, tmp_path) as running:
        running.until(lambda: telegram.sent)
        running.stop(within=10)
    if after[0] == "uncertain":  # the next to deliver finds what was left
        dadkhah("deliver")
    assert states(queued) == after
    dadkhah("deliver")
    assert links(telegram) == dict.fromkeys(TOLD, 1)


@contextlib.contextmanager
def locked(settings: Environment) -> Iterator[None]:
    """Another process writes to the database all the while."""
    file = Path(settings["DADKHAH_DATA_DIR"]) / "dadkhah.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


LOCKED = [
    pytest.param(30.0, ["uncertain", "sent"], id="until-after-the-end"),
    pytest.param(1.0, ["sent", "queued"], id="for-a-second"),
]


@pytest.mark.parametrize(("seconds", "after"), LOCKED)
def test_stop_while_another_process_writes_is_quick_and_loses_no_page(
    seconds: float, after: list[str],
    queued: Environment, tmp_path: Path, telegram: BotApiStandin, dadkhah: CommandLine,
) -> None:  # fmt: skip
    telegram.fault("sendMessage", "slow", seconds=1)
    with Running(queued, tmp_path) as running:
        running.until(lambda: telegram.sent)
        with locked(queued):
            running.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(seconds)
        assert running.process.wait(timeout=30) == 0
        assert time.monotonic() - began < 10
    if after[0] == "uncertain":
        assert states(queued) == ["sending", "queued"]
        dadkhah("deliver")
    assert states(queued) == after
    dadkhah("deliver")
    assert links(telegram) == dict.fromkeys(TOLD, 1)


# ---------------------------------------------------------------- Telegram as it may be


def test_token_that_telegram_does_not_know_is_told_and_feeds_are_polled_all_the_same(
    settings: Environment, tmp_path: Path, samples: FeedServer
) -> None:
    with BotApiThread(token="1:another") as other:
        unknown = settings | {"DADKHAH_TELEGRAM_API_URL": other.api_url}
        with Running(unknown, tmp_path) as running:
            running.has("token_refused")
            running.has("polled")
            assert running.page("/healthz")[0] == 200
            running.stop()


def test_telegram_out_of_reach_at_the_start_is_connected_to_later(
    settings: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr(
        "tests.standin.server.bind_sockets", lambda _, host: bind_sockets(port, host)
    )
    later = settings | {"DADKHAH_TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    with Running(later, tmp_path) as running:
        running.has("telegram_unreachable")
        running.has("polled")
        with BotApiThread() as telegram:
            running.has("telegram_connected")
            assert "watches" in Chat(telegram, running).ask("/help")
            running.stop()


def test_without_a_token_digests_are_printed_and_nothing_is_marked_sent(
    polled: Environment, tmp_path: Path, telegram: BotApiStandin
) -> None:
    values = {k: v for k, v in polled.items() if k != "DADKHAH_TELEGRAM_TOKEN"}
    with Running(values, tmp_path) as running:
        running.has("no_token")
        running.until(lambda: RELEVANT[0].title[:50] in running.out)
        running.stop()
        assert running.out.count(RELEVANT[0].title[:50]) == 1
    assert states(polled) == []
    assert telegram.calls == []


# ---------------------------------------------------------------- the lease


def test_second_run_waits_for_the_lease_and_takes_over_when_the_first_is_killed(
    settings: Environment, tmp_path: Path, telegram: BotApiStandin
) -> None:
    with Running(settings, tmp_path, "first") as first:
        first.has("telegram_connected")
        with Running(settings, tmp_path, "second") as second:
            second.has("started")
            second.until(lambda: second.page("/readyz")[1]["ok"])
            time.sleep(2.5)  # longer than it waits between two tries
            assert not second.has_logged("lease_taken")
            first.process.kill()
            second.has("lease_taken", timeout=6)
            second.stop()


def test_a_lease_that_the_database_dropped_is_given_up_and_ticks_go_on_where_it_is_then(
    settings: Environment, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with postgres_server.connect() as connection:
        connection.execute("CREATE DATABASE lease TEMPLATE template0")
    on_postgres = settings | {"DADKHAH_DATABASE_URL": postgres_server.url("lease")}
    with Running(on_postgres, tmp_path, "first") as first:
        first.has("telegram_connected")
        assert not first.has_logged("lease_lost")
        with psycopg.connect(
            postgres_server.url("lease").replace("+psycopg", "", 1), autocommit=True
        ) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        first.has("lease_lost", timeout=6)
        first.until(lambda: first.err.count("lease_taken") == 2, timeout=6)
        first.until(lambda: first.err.count("telegram_connected") == 2)
        first.stop()
