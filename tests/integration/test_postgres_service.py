"""`dadkhah run` while its PostgreSQL is not there yet, goes away, and says nothing any more."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import open_store
from tests.conftest import POSTGRES_OPTIONS, PostgresServer
from tests.feedserver import FeedServer
from tests.integration.test_run import Running
from tests.journey.harness import Environment, environment
from tests.postgres_lines import Relay, answering, refused
from tests.standin import BotApiStandin, BotApiThread


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be ended."""
    server = PostgresServer(POSTGRES_OPTIONS | {"synchronous_commit": "on"})
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def telegram() -> Iterator[BotApiStandin]:
    """Telegram, played."""
    with BotApiThread() as standin:
        yield standin


def _on(settings: Environment, url: str) -> Environment:
    return settings | {"DADKHAH_DATABASE_URL": url, "DADKHAH_HOST_DELAY": "0"}


def test_service_waits_for_its_database_and_goes_on_after_a_crash(
    own_server: PostgresServer, tmp_path: Path, samples: FeedServer, telegram: BotApiStandin
) -> None:
    own_server.end()
    values = _on(environment(tmp_path, samples, telegram), own_server.url())
    with Running(values, tmp_path) as running:
        running.until(lambda: running.err.count('"event": "database_waits"') == 2)
        assert running.page("/readyz")[0] == 503
        assert "No server listens there" in running.err
        own_server.run()
        running.has("telegram_connected")
        running.has("polled")
        own_server.end(signal.SIGKILL)
        running.has("lease_lost", timeout=8)
        own_server.run()
        back = time.monotonic()
        running.until(lambda: running.err.count('"lease_taken"') == 2)
        running.until(lambda: running.err.count('"telegram_connected"') == 2)
        assert time.monotonic() - back < 8
        store = open_store(own_server.url(), create=False)
        assert all(feed.last_polled for feed in store.feeds())
        assert store.check() == ()
        store.close()
        running.stop()
    assert '"exception"' not in running.err


def test_service_that_is_not_let_in_ends_at_once(settings: Environment, tmp_path: Path) -> None:
    with answering(refused("28P01", 'password authentication failed for user "me"')) as port:
        values = _on(settings, f"postgresql://me:hunter2@127.0.0.1:{port}/x")
        with Running(values, tmp_path) as running:
            assert running.process.wait(20) == 1
            assert not running.has_logged("database_waits")
            (line,) = running.err.splitlines()
            assert line.startswith("error: The server refuses the user or the password")
            assert "hunter2" not in line


def test_stop_is_quick_when_the_server_says_nothing_any_more(
    postgres_server: PostgresServer,
    fresh_postgres: str,
    tmp_path: Path,
    samples: FeedServer,
    telegram: BotApiStandin,
) -> None:
    name = fresh_postgres.rpartition("?")[0].rpartition("/")[2]
    with Relay(postgres_server.data) as relay:
        values = _on(environment(tmp_path, samples, telegram), relay.url(name))
        with Running(values, tmp_path) as running:
            running.has("lease_taken")
            relay.silent = True
            time.sleep(0.5)  # the watchlist is looked at four times a second
            assert running.stop(within=10) < 9
