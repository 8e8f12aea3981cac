"""What makes /healthz fail, by a clock of its own: a restart would help, or it would not."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.systemd import Notifier
from bot.tally import Tally
from bot.watchdog import CALL, ONE_TICK, POLLS, TICKS, Watchdog
from watchers.model import PollResult, PollSaved

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
A_POLL = PollResult(1, NOW, NOW, 900, 0.0, "outage"), PollSaved(1)


class Steady:
    """A clock that is moved by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Process:
    """A watchdog with what it looks at."""

    def __init__(self) -> None:
        self.clock = Steady()
        self.tally = Tally(self.clock)
        self.watchdog = Watchdog(self.tally, self.clock)

    def tick(self, name: str, how: str = "done", *, everywhere: bool = False) -> None:
        self.watchdog.begins(name)
        self.watchdog.ends(name, how, everywhere=everywhere)

    def passes(self, seconds: float, *ticks: str) -> None:
        """Time goes by, with these ticks once a minute, and "watchlist", which needs no lease."""
        for _ in range(int(seconds // 60)):
            self.clock.now += 60
            self.tick("watchlist", everywhere=True)
            for name in ticks:
                self.tick(name)

    @property
    def reason(self) -> str:
        return self.watchdog.reason() or ""


def test_all_is_well_for_years() -> None:
    process = Process()
    process.watchdog.leased()
    for _ in range(100):
        process.tally.waits(polls=True)
        process.passes(POLLS / 2, "poll", "settle")
        process.tally.polled(*A_POLL)
        process.clock.now += 1
        assert process.reason == ""


def test_no_tick_has_ended() -> None:
    process = Process()
    process.clock.now += TICKS
    assert process.reason == ""
    process.clock.now += 1
    assert process.reason == "no tick has ended for 301 s"
    process.tick("watchlist", everywhere=True)
    assert process.reason == ""


def test_ticks_of_the_lease_stand_still_while_others_go_on() -> None:
    process = Process()
    process.passes(2 * TICKS)  # it stands by: nothing else is expected
    assert process.reason == ""
    process.watchdog.leased()
    process.passes(TICKS)
    assert process.reason == ""
    process.passes(60)
    assert process.reason == "no tick that needs the lease has ended for 360 s"
    process.watchdog.unleased()
    assert process.reason == ""


def test_one_tick_is_stuck_while_all_others_go_on() -> None:
    process = Process()
    process.watchdog.leased()
    process.watchdog.begins("settle")
    process.passes(ONE_TICK, "poll", "deliver")
    assert process.reason == ""
    process.passes(60, "poll", "deliver")
    assert process.reason == "the tick 'settle' has been under way for 7260 s"
    process.watchdog.ends("settle", "done")
    assert process.reason == ""


def test_ticks_that_fail_are_no_standstill_a_restart_does_not_bring_the_database_back() -> None:
    process = Process()
    process.watchdog.leased()
    process.tally.waits(polls=True)
    for _ in range(100):
        process.clock.now += 60
        process.tick("poll", "failed")
        process.tick("watchlist", "failed", everywhere=True)
        assert process.reason == ""


def test_the_storage_thread_is_stuck_in_one_call() -> None:
    process = Process()
    began = process.tally.begins()
    process.passes(CALL, "poll")
    assert process.reason == ""
    process.passes(60, "poll")
    assert process.reason == "the storage thread has been busy with one call for 660 s"
    process.tally.ends(began)
    assert process.reason == ""


def test_polling_stands_still_although_feeds_are_due() -> None:
    process = Process()
    process.watchdog.leased()
    process.tally.waits(polls=True)
    process.passes(POLLS - 60, "poll")
    process.tally.waits(polls=True)  # each look at what is due says so: it counts from the first
    process.passes(60, "poll")
    assert process.reason == ""
    process.passes(60, "poll")
    assert process.reason == "feeds are due, and no poll was stored for 1860 s"
    process.tally.polled(*A_POLL)  # the network is away: that is stored too, and no standstill
    assert process.reason == ""


def test_nothing_is_due_for_hours() -> None:
    process = Process()
    process.watchdog.leased()
    process.tally.waits(polls=True)
    process.tally.waits(polls=False)
    process.passes(5 * POLLS, "poll")
    assert process.reason == ""


# ---------------------------------------------------------------- systemd


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


async def _said(systemd: socket.socket) -> str:
    data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(systemd, 4096), 5)
    return data.decode()


async def test_systemd_hears_that_it_is_ready_alive_and_why_it_is_not(
    systemd: socket.socket,
) -> None:
    why: list[str | None] = [None, "no tick has ended for 301 s", None]
    environ = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "20000"}
    notifier = Notifier(environ)
    notifier.ready(lambda: why.pop(0) if why else None)
    heard = [await _said(systemd) for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "STATUS=no tick has ended for 301 s", "WATCHDOG=1"]
    notifier.stopping()
    while (said := await _said(systemd)) == "WATCHDOG=1":
        pass
    assert said == "STOPPING=1\nWATCHDOG=1"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"WATCHDOG_USEC": "20000"}, id="no systemd"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere/at/all"}, id="a socket that is gone"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "ten"}, id="no number"),
    ],
)
async def test_without_a_watchdog_nothing_is_kept_going(environ: dict[str, str]) -> None:
    notifier = Notifier(environ)
    before = asyncio.all_tasks()
    notifier.ready(lambda: "never asked")
    assert asyncio.all_tasks() == before
    notifier.stopping()


async def test_a_watchdog_of_another_process_is_not_answered(systemd: socket.socket) -> None:
    place = systemd.getsockname()
    notifier = Notifier({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"})
    before = asyncio.all_tasks()
    notifier.ready(lambda: None)
    assert asyncio.all_tasks() == before
    assert await _said(systemd) == "READY=1"
