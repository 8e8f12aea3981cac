"""What a running program remembers of those who read: in memory, bounded, gone at its end.

Nothing of it is about what somebody asked for: how often they asked (so that one person's
questions slow nobody), and who was just asked whether to erase all. What was looked up is kept
for some seconds, for whoever asks the same next.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from bot.flood import Flood

T = TypeVar("T")

WAITING = 20  # searches that wait for their turn; more are asked to come again
_CONFIRM = 600.0  # seconds in which /forget may be confirmed
_PEOPLE = 10_000


class Fresh(Generic[T]):
    """What was made lately, by what it was made of; at most `most`, for so many seconds."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def get(self, key: Hashable, now: float) -> T | None:
        """What was made of that, if it is fresh; `now` is a monotonic clock's, in seconds."""
        made = self._kept.get(key)
        if made is None or now - made[0] > self._seconds:
            return None
        return made[1]

    def put(self, key: Hashable, value: T, now: float) -> T:
        """Keep it; the value."""
        self._kept[key] = (now, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value


class Readers:
    """Turns, limits and what is fresh; `steady` is a monotonic clock."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self.steady = steady
        self.turn = asyncio.Lock()  # one search at a time
        self.waiting = 0
        self.searches = Flood(burst=5, refill=0.1)
        self.reports = Flood(burst=5, refill=5 / 86_400)
        self.fresh: Fresh[object] = Fresh(20.0, 64)
        self._asked: OrderedDict[int, float] = OrderedDict()

    def may_search(self, user_id: int) -> bool:
        """Five searches at once, then one in ten seconds."""
        return self.searches.take(user_id, self.steady()) == "yes"

    def may_report(self, user_id: int) -> bool:
        """Five reports a day."""
        return self.reports.take(user_id, self.steady()) == "yes"

    def ask_to_forget(self, user_id: int) -> None:
        """Somebody was asked whether to erase all."""
        self._asked[user_id] = self.steady()
        self._asked.move_to_end(user_id)
        while len(self._asked) > _PEOPLE:
            self._asked.popitem(last=False)

    def was_asked(self, user_id: int) -> bool:
        """Whether that was less than ten minutes ago; the question is answered by this."""
        asked = self._asked.pop(user_id, None)
        return asked is not None and self.steady() - asked <= _CONFIRM
