"""Connections to PostgreSQL: how they are made, watched, found dead and, at a stop, cut.

A server may vanish without a word: the network goes, the machine freezes, a relay swallows what
it is given. TCP tells of the first within seconds (:data:`_LINE`); for the others somebody who
must end soon shuts the socket himself (:func:`hurry`), for a thread that waits inside libpq
cannot be told in any other way.
"""

from __future__ import annotations

import os
import random
import select
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from inspect import isfunction, isgeneratorfunction
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from storage import refusals
from watchers.errors import StoreConflict

T = TypeVar("T")

CONNECT_SECONDS = 5  # for one address; a lost SYN is sent again after 1 and 3 seconds
POOL_SIZE = 4  # kept open: the storage thread's, long work beside it, commands in a chat
POOL_MOST = 12
_POOL_AGE = 3600  # seconds: a server process keeps what it ever cached
_PING_AFTER = 30.0  # seconds unused, after which a firewall may have dropped a connection
_STUCK = 1.0  # seconds after which a transaction is cut, once we must end
_WATCHED = 60.0  # seconds for which we go on cutting
_TRIES = 4  # of a transaction that the server rolled back for another's sake
_PAUSE = 0.05  # seconds before the second try, doubled each time, and by chance up to as much more

# Of libpq. What it sent and nobody acknowledged is given up after 10 s; a server that does not
# answer keep-alives after 5 + 3 x 3 s.
_LINE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # ms
    "fallback_application_name": "dadkhah",
}
# Of the server. Set by a statement: poolers refuse `options` as they connect.
_SESSION = {
    "TimeZone": "UTC",
    "default_transaction_isolation": "read committed",  # what our locks are made for
    "lock_timeout": "10s",
    "statement_timeout": "5min",  # far more than any statement of the service takes
    "idle_in_transaction_session_timeout": "60s",  # a machine that sleeps must not hold locks
    # A machine that vanished must lose its advisory locks in a minute, not in two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_SESSION_SINCE_14 = {
    "client_connection_check_interval": "5s",  # a statement whose client is gone ends
    "idle_session_timeout": "0",  # it would take the lease, and every channel's lock
}
# Upgrades, checks and copies take what they take.
_PATIENT = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}


class _Open:
    """One connection: the socket beneath it, and since when it is at work."""

    def __init__(self, driver: Any) -> None:
        self.since: float | None = None
        self.used = time.monotonic()
        # A descriptor of our own: libpq may close its own while we shut the socket.
        self._descriptor = os.dup(driver.fileno())
        self.close = weakref.finalize(driver, os.close, self._descriptor)

    def has_news(self) -> bool:
        """Whether the server said something unasked: it ended, as a rule."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def cut(self) -> None:
        """Who waits for the server sees the connection end."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._descriptor)) as line:
            line.shutdown(socket.SHUT_RDWR)


class _Watch:
    """All connections of an engine, and until when they may take their time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[_Open] = weakref.WeakSet()
        self._until: float | None = None
        self._ended = threading.Event()

    @property
    def is_hurried(self) -> bool:
        return self._until is not None

    def add(self, one: _Open) -> None:
        with self._lock:
            self._open.add(one)

    def close(self, one: _Open) -> None:
        with self._lock:  # not while it is cut
            self._open.discard(one)
            one.close()

    def hurry(self, seconds: float) -> None:
        self._ended.clear()
        with self._lock:
            first, self._until = self._until is None, time.monotonic() + seconds
        if first:
            threading.Thread(target=self._cut_late, name="storage-hurry", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _cut_late(self) -> None:
        while not self._ended.wait(0.1):
            now = time.monotonic()
            with self._lock:
                late = now - (self._until or now)
                for one in self._open if late >= 0 else ():
                    if one.since is not None and now - one.since >= _STUCK:
                        one.since = None
                        one.cut()
            if late > _WATCHED:
                return


def postgres_engine(url: URL, *, patient: bool, hide: bool) -> Engine:
    """An engine for PostgreSQL. `patient`: statements may take as long as they do."""
    # What stands in the URL goes before what we would say.
    line = {name: value for name, value in _LINE.items() if name not in url.query}
    watch = _Watch()
    engine = create_engine(
        url, connect_args=line, hide_parameters=hide, use_native_hstore=False,
        pool_size=POOL_SIZE, max_overflow=POOL_MOST - POOL_SIZE, pool_timeout=10,
        pool_recycle=_POOL_AGE, pool_use_lifo=True, execution_options={"watch": watch},
    )  # fmt: skip

    def connecting(_dialect: object, _record: object, _args: object, given: Any) -> None:
        if watch.is_hurried:
            given["connect_timeout"] = min(2, int(given["connect_timeout"]))

    def connected(driver: Any, record: Any) -> None:
        try:
            _set_up(driver, patient=patient)
        except BaseException:
            driver.close()
            raise
        record.info["open"] = one = _Open(driver)
        watch.add(one)

    def leaving(_driver: Any, record: Any) -> None:
        if "open" in record.info:
            record.info["open"].used = time.monotonic()
            record.info["open"].since = None

    def closing(_driver: Any, record: Any) -> None:
        if "open" in record.info:
            watch.close(record.info["open"])

    event.listen(engine, "do_connect", connecting)
    # First of all: SQLAlchemy asks a new server what it is, and one that is too old shall not.
    event.listen(engine, "connect", connected, insert=True)
    event.listen(engine, "checkout", _taken)
    event.listen(engine, "checkin", leaving)
    event.listen(engine, "close", closing)
    event.listen(engine, "engine_disposed", lambda _: watch.end())
    return engine


def _set_up(driver: Any, *, patient: bool) -> None:
    """All settings of a session by one statement, outside a transaction. StoreRefused."""
    version = driver.info.server_version
    if version < refusals.OLDEST * 10_000:
        raise refusals.too_old(version)
    wanted = _SESSION | (_SESSION_SINCE_14 if version >= 140_000 else {})
    wanted |= _PATIENT if patient else {}
    calls = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
    values = [text for pair in wanted.items() for text in pair]
    driver.autocommit = True
    driver.execute(f"SELECT {calls}", values, prepare=False)
    driver.autocommit = False


def _taken(driver: Any, record: Any, _fairy: object) -> None:
    """A connection leaves the pool: is it alive?

    A ping for each transaction would be a fifth of a small one's time. A server that ended has
    said so, and the kernel knows it; only what was long unused is asked.
    """
    one: _Open = record.info["open"]
    one.since = time.monotonic()
    if one.has_news() or one.since - one.used > _PING_AFTER:
        try:
            driver.autocommit = True
            driver.execute("SELECT 1", prepare=False)
            driver.autocommit = False
        except Exception as error:  # whatever it says: another one is made
            raise InvalidatePoolError from error


@contextmanager
def at_work(connection: Connection) -> Iterator[None]:
    """A connection that was detached from the pool asks the server something now."""
    one: _Open | None = connection.info.get("open")
    if one is not None:
        one.since = time.monotonic()
    try:
        yield
    finally:
        if one is not None:
            one.since = None


def set_unlimited(connection: Connection) -> None:
    """Statements may take as long as they do until this transaction ends; nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def hurry(engine: Engine, seconds: float) -> None:
    """From so many seconds on a transaction that takes longer than one is cut off."""
    watch: _Watch = engine.get_execution_options()["watch"]
    watch.hurry(seconds)


# ---------------------------------------------------------------- two in each other's way


def repeating(store: type[T]) -> type[T]:
    """A store whose calls are repeated when the server rolled them back for another's sake.

    A deadlock's victim has changed nothing, and each call is one transaction of values that are
    given: so it may be carried out once more, a few times at most. What was cut off while it was
    committed is not repeated: nobody knows what came of it.
    """
    for name in dir(store):
        method = getattr(store, name)
        if isfunction(method) and not name.startswith("_") and not isgeneratorfunction(method):
            setattr(store, name, _repeated(method))
    return store


def _repeated(method: Callable[..., T]) -> Callable[..., T]:
    @wraps(method)
    def call(*given: object, **named: object) -> T:
        pause = _PAUSE
        for _ in range(_TRIES - 1):
            try:
                return method(*given, **named)
            except StoreConflict:
                time.sleep(pause * (1 + random.random()))  # noqa: S311 - no secret
                pause *= 2
        return method(*given, **named)

    return call
