"""How fast messages may go: in one chat, and of the bot as a whole.

Telegram's FAQ: a message a second in one chat, 20 a minute in one group or channel, about 30 a
second over all chats. We stay a little below, for answers to commands are not counted here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_OF_A_BOT = 28  # messages a second
_PRIVATE = 25  # of these, to private chats
_AFTER_YOU = 0.02  # seconds that a private page waits again while a channel's page waits


@dataclass(slots=True)
class Pace:
    """At most one message a second and 18 a minute in one chat (the Bot API's FAQ: 1 and 20)."""

    gap: float = 1.0
    window: float = 60.0
    most: int = 18
    sent: list[float] = field(default_factory=list)

    def wait(self, now: float) -> float:
        """Seconds until the next message may go."""
        self.sent = [at for at in self.sent if at > now - self.window]
        due = self.sent[-1] + self.gap if self.sent else now
        if len(self.sent) >= self.most:
            due = max(due, self.sent[-self.most] + self.window)
        return max(0.0, due - now)


class Budget:
    """What Telegram takes of one bot in a second: one for the process.

    Channels go first: a private page waits while a channel's could go, and never takes the
    last places of a second.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all = Pace(gap=0.0, window=1.0, most=_OF_A_BOT)
        self._private = Pace(gap=0.8 / _PRIVATE, window=1.0, most=_PRIVATE)
        self._waiting = 0  # channels' pages that only the budget holds back

    async def turn(
        self, own: Pace, stopping: asyncio.Event, *, private: bool = False
    ) -> float | None:
        """Wait until a message may go in the chat with this pace; None if the program stops.

        The place is taken then; :meth:`give_back` it if nothing is sent after all.
        """
        while not stopping.is_set():
            now = self._now()
            wait = own.wait(now)
            held_back = wait <= 0 and not private
            wait = wait or self._wait(now, private=private)
            if wait <= 0:
                for pace in self._paces(own, private=private):
                    pace.sent.append(now)
                return now
            self._waiting += held_back
            try:
                await rest(stopping, wait)
            finally:
                self._waiting -= held_back
        return None

    def give_back(self, own: Pace, turn: float, *, private: bool = False) -> None:
        """Nothing was sent: the place is free again."""
        for pace in self._paces(own, private=private):
            if turn in pace.sent:
                pace.sent.remove(turn)

    def _paces(self, own: Pace, *, private: bool) -> tuple[Pace, ...]:
        return (own, self._all, self._private) if private else (own, self._all)

    def _wait(self, now: float, *, private: bool) -> float:
        wait = self._all.wait(now)
        if not private:
            return wait
        return max(wait, self._private.wait(now), _AFTER_YOU if self._waiting else 0.0)


async def rest(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait so long; False at once if the program stops meanwhile."""
    if stopping.is_set():
        return False
    if seconds <= 0:
        return True
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return True
    return False
