"""The distributed engine as operators run it: two `run`, two workers, one PostgreSQL."""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_database
from config.settings import load
from tests.conftest import PostgresServer
from tests.feedserver import FeedServer
from tests.integration.test_run import ADMIN, Running
from tests.journey.harness import (
    CHAT,
    RELEVANT,
    Environment,
    News,
    environment,
    links,
    rss,
    serve_samples,
)
from tests.standin import BotApiStandin, BotApiThread
from watchers.ports import Store
from watchers.telling import ChannelSpec

_NUMBERS = itertools.count(1)


@pytest.fixture
def telegram() -> Iterator[BotApiStandin]:
    """Telegram with a channel, and an admin who may be written to."""
    with BotApiThread() as standin:
        standin.add_chat(CHAT)
        standin.add_chat(ADMIN)
        yield standin


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        serve_samples(server)
        yield server


@pytest.fixture
def settings(
    tmp_path: Path, feeds: FeedServer, telegram: BotApiStandin, postgres_server: PostgresServer
) -> Iterator[Environment]:
    """A database of its own on PostgreSQL, one channel without a digest due, an admin."""
    name = f"distributed_{os.getpid()}_{next(_NUMBERS)}"
    with postgres_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
    night = (datetime.now(UTC) + timedelta(hours=12)).strftime("%H:%M")
    yield environment(tmp_path, feeds, telegram) | {
        "DADKHAH_ENGINE": "distributed",
        "DADKHAH_DATABASE_URL": postgres_server.url(name),
        "DADKHAH_SCHEDULE": night,
        "DADKHAH_ADMINS": str(ADMIN),
    }
    with postgres_server.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(settings: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database, made."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    made = open_database(load(folder=Path("/nonexistent")))
    yield made
    made.close()


class Machines:
    """Processes of one installation, ended at the end of the test."""

    def __init__(self, settings: Environment, folder: Path, stack: ExitStack) -> None:
        """None yet."""
        self._settings, self._folder, self._stack = settings, folder, stack
        self._count = itertools.count(1)

    def start(self, command: str) -> Running:
        """One more of `run` or `worker`."""
        name = f"{command}{next(self._count)}"
        hasty = "tests.integration.hasty"
        return self._stack.enter_context(
            Running(self._settings, self._folder, name, command, hasty)
        )


@pytest.fixture
def machines(settings: Environment, tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(settings, tmp_path, stack)


def until(condition: Callable[[], object], what: str, timeout: float = 60) -> None:
    """Wait for the very thing."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.05)


def make_due(store: Store, minutes: int) -> None:
    """Give the channel a scheduled time that passed so many minutes ago."""
    now = datetime.now(UTC)
    (channel,) = store.channels()
    due = (now - timedelta(minutes=minutes)).strftime("%H:%M")
    if channel.last_slot is not None:
        store.change_channel(channel.id, {"schedule": (due,)}, at=now, actor="test")
        return
    store.remove_channel(channel.id, at=now, actor="test")
    spec = ChannelSpec(channel.chat, "UTC", (due,))
    store.add_channel(spec, at=now - timedelta(days=2), actor="test")


def states(store: Store) -> list[str]:
    """The states of all pages, in order."""
    return [str(page.state) for page in reversed(store.deliveries())]


def ask_again(store: Store) -> None:
    """Make every feed due at once."""
    for feed in store.feeds():
        for paused in (True, False):
            store.pause_feed(feed.id, paused=paused, at=datetime.now(UTC), actor="test")


def test_a_kill_a_rolling_restart_and_a_lost_database_lose_and_double_nothing(
    machines: Machines, settings: Environment, store: Store, feeds: FeedServer,
    telegram: BotApiStandin, postgres_server: PostgresServer,
) -> None:  # fmt: skip
    runs = [machines.start("run"), machines.start("run")]
    workers = [machines.start("worker"), machines.start("worker")]

    # Two feeds, polled once, by whichever worker; one clock, one that posts.
    until(lambda: all(feed.last_success for feed in store.feeds()), "polled")
    until(lambda: any(run.has_logged("lease_taken") for run in runs), "a lease")
    until(lambda: any(one.has_logged("telling_taken") for one in workers), "who posts")
    assert [run.has_logged("lease_taken") for run in runs].count(True) == 1
    assert [one.has_logged("telling_taken") for one in workers].count(True) == 1
    assert [len(feeds.asked(path)) for path in ("/one.xml", "/two.xml")] == [1, 1]
    workers.sort(key=lambda one: not one.has_logged("telling_taken"))
    runs.sort(key=lambda run: not run.has_logged("lease_taken"))

    until(lambda: store.counts().articles and not store.unsettled(1), "settled at first")
    # Killed while Telegram has a page and has not answered: in doubt, and not sent again.
    telegram.fault("sendMessage", "slow", seconds=20)
    make_due(store, 30)
    until(lambda: telegram.texts(CHAT), "the first page")
    os.killpg(workers[0].process.pid, signal.SIGKILL)
    until(lambda: states(store) == ["uncertain", "sent"], "another worker takes over")
    assert workers[1].has_logged("telling_taken")
    telegram.calm()

    # One after the other is replaced.
    new = machines.start("worker")
    workers[1].stop()
    next_run = machines.start("run")
    runs[0].stop()
    until(lambda: any(r.has_logged("lease_taken") for r in (runs[1], next_run)), "a new clock")
    feeds.set("/one.xml", rss((*RELEVANT, LATER[0]), "One"))
    ask_again(store)
    until(lambda: store.counts().articles == 14, "polled again")
    until(lambda: not store.unsettled(1), "settled")
    make_due(store, 20)
    until(lambda: states(store)[2:] == ["sent"], "posted by a new worker")

    # The server cuts everybody off: leases, locks, listeners. Our own connections are closed.
    store.close()
    with postgres_server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname LIKE 'distributed%'"
        )
    feeds.set("/one.xml", rss((*RELEVANT, *LATER), "One"))
    ask_again(store)
    until(lambda: store.counts().articles == 15, "polled after the cut")
    until(lambda: not store.unsettled(1), "settled after the cut")
    telegram.fault("sendMessage", "slow", seconds=2)
    make_due(store, 10)
    until(lambda: len(telegram.texts(CHAT)) == 4, "posted after the cut")
    for one in (new, next_run, runs[1]):  # a page that is being sent gets its receipt
        assert one.stop() < 10

    assert states(store) == ["uncertain", "sent", "sent", "sent"]
    assert set(links(telegram).values()) == {1}
    assert {LATER[0].url, LATER[1].url} <= links(telegram).keys()


LATER = (
    News(
        "bergen",
        "Bergen historians publish names of prisoners killed in Iran in the summer of 1988",
        "The list of the 1988 massacre grew by forty.",
    ),
    News(
        "geneva",
        "Geneva panel asks for an inquiry into the 1988 massacre of political prisoners in Iran",
        "Nine experts signed the request.",
    ),
)
