"""PostgreSQL in earnest: how often it is asked, and what becomes of us when it goes away."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from bot.database_checks import server_faults, server_oddities
from storage import SqlStore, open_store, postgres
from storage.engine import Mode, make_engine, transaction
from storage.examining import ServerFacts, facts
from storage.postgres import repeating
from tests.conftest import POSTGRES_OPTIONS, PostgresServer
from tests.contract.making import HOUR, NOW, add_channel, item, old_feed, poll, queue
from tests.postgres_lines import Relay
from watchers.errors import StoreConflict, StoreCorrupt, StoreError, StoreUnreachable
from watchers.model import Feed
from watchers.telling import Channel, DeliveryState, SendOutcome, SendResult

# ---------------------------------------------------------------- how often it is asked


@dataclass
class Asked:
    """A store with 64 feeds, that each were read once, and a channel."""

    store: SqlStore
    feeds: tuple[Feed, ...]
    channel: Channel
    hour: int = 1

    def polls(self, feeds: int, *names: str) -> None:
        """Polls of so many feeds, each with these new items."""
        self.hour += 1
        at = NOW + self.hour * HOUR
        self.store.save_polls(
            [
                poll(feed, *(item(f"{name}-{feed.id}-{self.hour}") for name in names), at=at)
                if names
                else poll(feed, at=at, outcome="unchanged", status=304)
                for feed in self.feeds[:feeds]
            ]
        )

    def claim(self) -> None:
        """Take a page to be sent."""
        assert self.store.claim_next(self.channel.id, NOW) is not None


@pytest.fixture(params=["sqlite", "postgres"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """A store of each kind."""
    url = f"sqlite:///{tmp_path}/a.db"
    if request.param == "postgres":
        url = str(request.getfixturevalue("fresh_postgres"))
    store = open_store(url, create=True)
    feeds = [old_feed(store, f"f{number}") for number in range(64)]
    store.save_polls([poll(feed, item(f"first-{feed.id}")) for feed in feeds])
    asked = Asked(store, store.feeds(), add_channel(store))
    asked.polls(64)
    queue(store, asked.channel, "page", subjects=["s1"])
    yield asked
    store.close()


WORK: dict[str, tuple[Callable[[Asked], object], int, int]] = {
    # statements on both engines; further round trips of PostgreSQL: BEGIN and COMMIT of what
    # writes or reads more than one thing, and none to see whether the connection lives
    "an unchanged poll": (lambda one: one.polls(1), 3, 2),
    "64 unchanged polls": (lambda one: one.polls(64), 3, 2),
    "a poll with 2 new items": (lambda one: one.polls(1, "x", "y"), 10, 2),
    "64 polls with 2 new items each": (lambda one: one.polls(64, "x", "y"), 10, 2),
    "what a feed listed": (lambda one: one.store.remembered(1), 2, 0),
    "pages by state": (
        lambda one: one.store.deliveries(DeliveryState.QUEUED, DeliveryState.SENT),
        4,
        2,
    ),
    "which feeds are due": (lambda one: one.store.due_feeds(NOW, 64), 1, 0),
    "a small value": (lambda one: one.store.value("x"), 1, 0),
    "a claim": (lambda one: one.claim(), 5, 2),
}


def test_work_takes_so_many_statements_and_round_trips(asked: Asked) -> None:
    postgres = asked.store._engine.dialect.name == "postgresql"
    found, expected = {}, {}
    for name, (do, statements, more) in WORK.items():
        found[name] = _counted(asked.store._engine, partial(do, asked))
        expected[name] = (statements, statements + more if postgres else 0)
    # Two more on PostgreSQL, for the locks of the page's channel.
    number = asked.store.deliveries()[0].id
    sent = SendResult(SendOutcome.SENT, message_id=5)
    receipt = partial(asked.store.record_send, number, sent, at=NOW)
    assert _counted(asked.store._engine, receipt) == ((5, 5 + 2) if postgres else (3, 0))
    assert found == expected


def _counted(engine: Engine, work: Callable[[], object]) -> tuple[int, int]:
    """The statements of some work, and how often PostgreSQL was waited for."""
    ran: list[str] = []

    def keep(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):  # of SQLite: in this process, and free
            ran.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        trips = _trips(engine, work)
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    return len(ran), trips


def _trips(engine: Engine, work: Callable[[], object]) -> int:
    """How often the server said that it is ready for more, by libpq's own account."""
    if engine.dialect.name != "postgresql":
        work()
        return 0
    with tempfile.TemporaryFile() as file:
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
        driver.pgconn.trace(file.fileno())  # the pool gives it to whoever asks next
        work()
        driver.pgconn.untrace()
        file.seek(0)
        return file.read().count(b"ReadyForQuery")


def test_what_is_read_is_of_one_moment(asked: Asked) -> None:
    """A page that is claimed meanwhile would be found twice, as queued and as being sent."""
    claims = [asked.claim]

    def claim(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM delivery" in statement and claims:
            claims.pop()()

    event.listen(asked.store._engine, "after_cursor_execute", claim)
    try:
        found = asked.store.deliveries(DeliveryState.QUEUED, DeliveryState.SENDING)
    finally:
        event.remove(asked.store._engine, "after_cursor_execute", claim)
    assert not claims
    assert [one.state for one in found] == [DeliveryState.QUEUED]
    assert [one.state for one in asked.store.deliveries()] == [DeliveryState.SENDING]


# ---------------------------------------------------------------- a server that goes silent


@pytest.fixture
def silent(
    postgres_server: PostgresServer, fresh_postgres: str
) -> Iterator[tuple[Relay, SqlStore]]:
    """A store whose server can be made to swallow what it is given."""
    name = make_engine(fresh_postgres).url.database or ""
    open_store(fresh_postgres, create=True).close()
    with Relay(postgres_server.data) as relay:
        store = open_store(relay.url(name), create=False)
        yield relay, store
        store.close()


@pytest.mark.parametrize("before", [True, False], ids=["statement-under-way", "statement-later"])
def test_who_must_end_does_not_wait_for_a_server_that_went_silent(
    silent: tuple[Relay, SqlStore], before: bool
) -> None:
    relay, store = silent
    store.set_value("a", "1")
    relay.silent = True
    began = time.monotonic()
    with ThreadPoolExecutor(1) as thread:
        if before:
            writing = thread.submit(store.set_value, "a", "2")
            store.hurry(0.3)
        else:
            store.hurry(0.0)
            writing = thread.submit(store.set_value, "a", "2")
        with pytest.raises(StoreUnreachable):
            writing.result(10)
    assert 0.9 < time.monotonic() - began < 4


def test_a_lease_on_a_silent_server_counts_as_lost_once_we_must_end(
    silent: tuple[Relay, SqlStore],
) -> None:
    relay, store = silent
    with store.lock("ticks") as lock:
        assert lock.held()
        relay.silent = True
        store.hurry(0.1)
        assert not lock.held()


def test_who_must_end_may_still_finish_what_takes_little_time(fresh_postgres: str) -> None:
    store = open_store(fresh_postgres, create=True)
    store.hurry(0.0)
    for number in range(20):
        store.set_value("a", str(number))
        time.sleep(0.06)  # longer in all than a single transaction may be
    assert store.value("a") == "19"
    store.close()


def test_a_connection_that_was_long_unused_is_asked_before_it_is_trusted(
    silent: tuple[Relay, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store = silent
    asked: list[str] = []
    event.listen(store._engine, "do_connect", lambda *_: asked.append("connect"))
    store.set_value("a", "1")
    monkeypatch.setattr(postgres, "_PING_AFTER", -1.0)
    assert _trips(store._engine, lambda: store.value("a")) == 2
    assert asked == ["connect"]


# ---------------------------------------------------------------- a server that ends


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that may be ended."""
    server = PostgresServer(POSTGRES_OPTIONS | {"synchronous_commit": "on"})
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["restart", "crash"])
def test_a_store_goes_on_when_the_server_is_back(
    how: signal.Signals, own_server: PostgresServer
) -> None:
    store = open_store(own_server.url(), create=True)
    store.set_value("a", "1")
    with store.lock("ticks") as lock:
        own_server.end(how)
        with pytest.raises(StoreUnreachable) as caught:
            store.set_value("a", "2")
        assert "\n" not in str(caught.value)
        assert not lock.held()
        own_server.run()
        assert not lock.held()
    assert store.value("a") == "1"  # with the first try: a connection is made anew
    store.set_value("a", "3")
    with store.lock("ticks") as lock:
        assert lock.held()
    store.close()


def test_a_restart_between_two_transactions_is_not_noticed(own_server: PostgresServer) -> None:
    store = open_store(own_server.url(), create=True)
    store.set_value("a", "1")
    own_server.end(signal.SIGINT)
    own_server.run()
    store.set_value("a", "2")
    assert store.value("a") == "2"
    store.close()


# ---------------------------------------------------------------- two in each other's way


def test_the_victim_of_a_deadlock_is_repeated(fresh_postgres: str) -> None:
    store = open_store(fresh_postgres, create=True)
    for name in "ab":
        store.set_value(name, "0")
    both = threading.Barrier(2)
    tries: list[str] = []

    @repeating
    class Crossing:
        """Two rows in the order given, waiting in between at the first try."""

        def add(self, *names: str) -> None:
            """One transaction."""
            tries.append("".join(names))
            waits = tries.count(tries[-1]) == 1
            with transaction(store._engine, Mode.WRITE) as connection:
                connection.exec_driver_sql("SET LOCAL deadlock_timeout = '20ms'")
                for name in names:
                    plus = "UPDATE value SET value = value::int + 1 WHERE name = :name"
                    connection.execute(text(plus), {"name": name})
                    if waits and name == names[0]:
                        both.wait(5)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(Crossing().add, *order) for order in ("ab", "ba")]:
            done.result(10)
    assert sorted(tries)[:2] != sorted(tries)[1:]
    assert len(tries) == 3
    assert (store.value("a"), store.value("b")) == ("2", "2")
    store.close()


def test_a_conflict_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_PAUSE", 0.0)
    tries: list[int] = []

    @repeating
    class Never:
        """Always somebody's victim."""

        def work(self) -> None:
            """One transaction."""
            tries.append(1)
            raise StoreConflict("again")

        def fail(self) -> None:
            """Another failure."""
            tries.append(1)
            raise StoreError("no")

    with pytest.raises(StoreConflict):
        Never().work()
    assert len(tries) == postgres._TRIES
    with pytest.raises(StoreError, match="no"):
        Never().fail()
    assert len(tries) == postgres._TRIES + 1


# ---------------------------------------------------------------- sessions


def test_a_session_is_as_our_locks_want_it_and_an_upgrade_may_take_its_time(
    fresh_postgres: str,
) -> None:
    asked = ("TimeZone", "transaction_isolation", "lock_timeout", "statement_timeout",
             "idle_in_transaction_session_timeout", "application_name")  # fmt: skip
    found = []
    for patient in (False, True):
        engine = make_engine(fresh_postgres, patient=patient)
        with transaction(engine, Mode.WRITE) as connection:
            values = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in asked]
        engine.dispose()
        found.append(values)
    store = open_store(fresh_postgres, create=True)
    limits = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: limits.append(given[2]))
    assert store.check() == ()
    assert limits[0] == "SET LOCAL statement_timeout = 0"
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "5min"
        connection.exec_driver_sql("ALTER TABLE told RENAME TO lost")
        connection.commit()
    with pytest.raises(StoreCorrupt, match="missing or changed"):  # and not what comes of it
        store.check()
    store.close()
    common = ["UTC", "read committed", "10s"]
    assert found[0] == [*common, "5min", "1min", "dadkhah"]
    assert found[1] == [*common, "0", "0", "dadkhah"]


def test_no_descriptor_is_left_open(fresh_postgres: str) -> None:
    open_store(fresh_postgres, create=True).close()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        store = open_store(fresh_postgres, create=False)
        with store.lock("ticks"), store.lock("others"):
            store.value("a")
        store.close()
    assert len(os.listdir("/proc/self/fd")) <= before


# ---------------------------------------------------------------- what the doctor sees

_WELL = ServerFacts("18.0", 10, timedelta(), 90, 97, vacuums=True, read_only=False,
                    may_create=True, is_pooled=False, is_private=True, bloated=())  # fmt: skip


def test_a_real_server_is_well(fresh_postgres: str) -> None:
    found = facts(fresh_postgres)
    assert isinstance(found, ServerFacts)
    assert server_faults(found) == []
    assert not any("pooler" in odd or "clock" in odd for odd in server_oddities(found))


ILL: dict[str, tuple[dict[str, Any], str]] = {
    "read-only": ({"read_only": True}, "name the primary"),
    "no-rights": ({"may_create": False}, "owner"),
    "pooler": ({"is_pooled": True}, "session mode"),
    "clock": ({"ahead": timedelta(minutes=-2)}, "120 s behind this machine's: set both by NTP"),
    "connections": ({"left": 1}, "raise max_connections"),
}
ODD: dict[str, tuple[dict[str, Any], str]] = {
    "vacuum": ({"vacuums": False}, "turn autovacuum"),
    "bloat": ({"bloated": ("feed",)}, "run VACUUM"),
    "clock": ({"ahead": timedelta(seconds=9)}, "9 s ahead of"),
    "connections": ({"left": 9}, "a process may want 20"),
    "plain": ({"is_private": False}, "sslmode=require"),
}


@pytest.mark.parametrize("ill", ILL)
def test_what_does_not_work_is_a_fault(ill: str) -> None:
    changes, told = ILL[ill]
    (fault,) = server_faults(_changed(changes))
    assert told in fault


@pytest.mark.parametrize("odd", ODD)
def test_what_should_be_known_is_an_oddity(odd: str) -> None:
    changes, told = ODD[odd]
    assert server_faults(_changed(changes)) == []
    (oddity,) = server_oddities(_changed(changes))
    assert told in oddity


def _changed(changes: dict[str, Any]) -> ServerFacts:
    return replace(_WELL, **changes)
