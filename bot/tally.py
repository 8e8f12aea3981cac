"""What this process did, counted in memory where it happens; `bot.metrics` shows it.

Labels are words of ours (an outcome, a tick's name), never an address, a host or a chat: what
is counted says nothing about anybody, and takes the same room after years.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchers.model import PollResult, PollSaved

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0)
"""Upper bounds of the classes that durations are counted in."""
LATENESS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0)
"""The same, for what may wait for hours."""


@dataclass(slots=True)
class Spread:
    """How often a duration fell between two bounds, and the sum of all."""

    bounds: tuple[float, ...] = SECONDS
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        """One class more than bounds: what is longer than the last."""
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, seconds: float) -> None:
        """Count one duration; a clock that went back counts as no time."""
        seconds = max(0.0, seconds)
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


class Tally:
    """Counts since the process began; one with each `Database`, which every part has at hand.

    Fetches, readings and polls are counted in the event loop, storage calls in their thread.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self.polls: Counter[str] = Counter()  # by outcome
        self.failures: Counter[str] = Counter()  # by kind of failure
        self.articles: Counter[str] = Counter()  # by what became of them
        self.fetches = Spread()
        self.readings: dict[str, Spread] = {}  # by what was read
        self.ticks: dict[str, Spread] = {}
        self.ended: Counter[tuple[str, str]] = Counter()  # ticks, by name and how they ended
        self.last_end: dict[str, float] = {}  # of ticks, in seconds since 1970
        self.attempts: Counter[tuple[str, str]] = Counter()  # pages, by audience and outcome
        self.deliveries: dict[str, Spread] = {}  # queued to sent, by audience
        self.updates = 0  # of Telegram's
        self.storage = Spread()
        self.waiting_since: float | None = None  # by the steady clock: polls wait, none is stored
        self._calling: dict[int, float] = {}  # storage calls under way, by thread

    # ------------------------------------------------------------ polling

    def polled(self, result: PollResult, saved: PollSaved) -> None:
        """A poll was stored."""
        self.waiting_since = None
        self.polls[result.outcome] += 1
        if result.failure is not None:
            self.failures[result.failure.kind] += 1
        for name in ("new", "relevant", "named", "copies", "updated", "baseline"):
            self.articles[name] += getattr(saved, name)

    def waits(self, *, polls: bool) -> None:
        """Whether polls wait or are under way: seen at each look for what is due."""
        if not polls:
            self.waiting_since = None
        elif self.waiting_since is None:
            self.waiting_since = self._steady()

    def fetched(self, seconds: float) -> None:
        """A request was answered, or failed; without its wait for the host's turn."""
        self.fetches.add(seconds)

    def read(self, what: str, seconds: float) -> None:
        """A worker process read a document ("feed", "page") or judged articles ("judge")."""
        self.readings.setdefault(what, Spread()).add(seconds)

    # ------------------------------------------------------------ ticks, telling

    def ticked(self, name: str, seconds: float, how: str) -> None:
        """A tick ended: "done", "failed" (expected; tried again) or "broke" (a bug)."""
        self.ticks.setdefault(name, Spread()).add(seconds)
        self.ended[name, how] += 1
        self.last_end[name] = time.time()

    def attempted(self, audience: str, outcome: str, lag: float | None) -> None:
        """An attempt to send a page; `lag`: seconds since it was queued, if it was sent."""
        self.attempts[audience, outcome] += 1
        if lag is not None:
            self.deliveries.setdefault(audience, Spread(LATENESS)).add(lag)

    def heard(self) -> None:
        """Telegram brought an update."""
        self.updates += 1

    # ------------------------------------------------------------ storage

    def begins(self) -> float:
        """A storage call begins in this thread; when, by the steady clock."""
        began = self._steady()
        self._calling[threading.get_ident()] = began
        return began

    def ends(self, began: float) -> None:
        """It ended."""
        self._calling.pop(threading.get_ident(), None)
        self.storage.add(self._steady() - began)

    def longest_call(self) -> float:
        """Seconds that the longest storage call under way has taken; 0 if there is none."""
        under_way = tuple(self._calling.values())
        return max(0.0, self._steady() - min(under_way)) if under_way else 0.0
