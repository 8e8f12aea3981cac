"""Does this process stand still, so that a restart would help? What `/healthz` answers.

Pure but for its clock. A restart does not help when the database or the network is away: then
ticks fail, which is an end too, and polls come to `outage`, which is stored; `/readyz` tells that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.tally import Tally

TICKS = 300.0  # seconds in which some tick must end: the shortest comes round every half second
CALL = 600.0  # seconds for one storage call: PostgreSQL ends a statement after 300
POLLS = 1_800.0  # seconds in which a poll must be stored while some are due
ONE_TICK = 7_200.0  # seconds for one tick: twice what makes `/readyz` fail

Steady = Callable[[], float]


class Watchdog:
    """What ends and what does not; one for the process."""

    def __init__(self, tally: Tally, steady: Steady = time.monotonic) -> None:
        self._tally = tally
        self._steady = steady
        self._ended = {"here": steady()}  # when a tick ended last: any, and one of the lease's
        self._began: dict[str, float] = {}  # ticks under way

    # ------------------------------------------------------------ told by the service

    def leased(self) -> None:
        """This process has the lease from now on, and is to work."""
        self._ended["lease"] = self._steady()

    def unleased(self) -> None:
        """It has it no more, and stands by."""
        self._ended.pop("lease", None)
        self._tally.waits(polls=False)

    def begins(self, name: str) -> None:
        """A tick begins."""
        self._began[name] = self._steady()

    def ends(self, name: str, how: str, *, everywhere: bool = False) -> None:
        """It ended, "done", "failed" or "broke"; `everywhere`: it needs no lease."""
        now = self._steady()
        self._tally.ticked(name, now - self._began.pop(name, now), how)
        self._ended["here"] = now
        if not everywhere and "lease" in self._ended:
            self._ended["lease"] = now
        if how == "failed" and name == "poll":  # the database is away, or full: no feed was polled
            self._tally.waits(polls=False)

    # ------------------------------------------------------------ asked by the health page

    def reason(self) -> str | None:
        """Why a restart would help; None while all goes on."""
        now = self._steady()
        if (call := self._tally.longest_call()) > CALL:
            return f"the storage thread has been busy with one call for {call:.0f} s"
        if (still := now - self._ended["here"]) > TICKS:
            return f"no tick has ended for {still:.0f} s"
        if (still := now - self._ended.get("lease", now)) > TICKS:
            return f"no tick that needs the lease has ended for {still:.0f} s"
        for name, began in self._began.items():
            if now - began > ONE_TICK:
                return f"the tick {name!r} has been under way for {now - began:.0f} s"
        waits = self._tally.waiting_since
        if waits is not None and now - waits > POLLS:
            return f"feeds are due, and no poll was stored for {now - waits:.0f} s"
        return None
