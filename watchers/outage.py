"""Whose fault a failed fetch is: the feed's, or our own network's.

When most hosts fail at once, it is our network: no feed is blamed, and people are told once.
Evidence is every fetch that ended lately: its host, when it began and ended, and whether any
HTTP answer came. Hosts count, not feeds: a platform with a hundred feeds fails once.

Which error is worse: a feed blamed for our outage waits longer and alarms people for nothing;
an outage seen where there is none leaves a dead feed unblamed for one more poll. Both mend
themselves at the next poll, so neither side is given much: most means four of five.

No I/O and no clock; one process, one :class:`Outages`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watchers.model import FetchFailure, require_utc

Verdict = Literal["feed", "ours", "wait"]

NETWORK_KINDS = ("dns", "connect", "tls", "timeout", "cut")
PATIENCE = timedelta(seconds=30)  # how long a failure waits for what other hosts say

FEWEST = 4  # hosts: fewer may fail at once by chance
_MOST = 0.8
_LOOK_BACK = timedelta(hours=6)  # to the last answer at most; some feeds are asked that rarely
_FEW_BACK = timedelta(minutes=15)  # of answers only, where there are fewer than four hosts
_ASKEW = timedelta(minutes=5)  # attempts are noted in nearly their order; more is a clock put back
_KEPT = 1_000  # fetches; at 50 a second they reach back over a time-out
_LONGEST = timedelta(hours=6)  # while some answer: then it is no outage, it is their state


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fetch that ended. `known` if its feed was failing before: that is no news."""

    host: str
    began: datetime
    ended: datetime
    reached: bool  # any HTTP answer came, were it an error
    known: bool = False

    def __post_init__(self) -> None:
        require_utc(self.began, self.ended)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which our own network was down; `until` is None while it is."""

    since: datetime
    until: datetime | None = None


def is_network(failure: FetchFailure) -> bool:
    """Whether a failure may be our own network's: no answer came.

    >>> is_network(FetchFailure("timeout", "")), is_network(FetchFailure("status", "", 500))
    (True, False)
    """
    return failure.kind in NETWORK_KINDS and failure.status is None


def attempt(
    host: str,
    began: datetime,
    ended: datetime,
    failure: FetchFailure | None,
    *,
    known: bool = False,
) -> Attempt | None:
    """What a fetch says about our network; None if nothing (nobody was asked)."""
    if failure is not None and failure.kind in ("refused", "turn"):
        return None
    reached = failure is None or not is_network(failure)
    return Attempt(host, began, ended, reached, known)


class Outages:
    """What the fetches of the last minutes say about our own network. Bounded memory.

    `since`: an outage that an earlier process saw begin and that was not over.
    """

    def __init__(self, since: datetime | None = None) -> None:
        self._attempts: deque[Attempt] = deque(maxlen=_KEPT)
        self._newest: datetime | None = None  # none of them ended later
        self._since = since
        self._latest = since  # when the last failure of the outage ended
        self._changes: list[Outage] = []

    @property
    def since(self) -> datetime | None:
        """When the outage that goes on began; None if there is none."""
        return self._since

    def goes_on(self) -> bool:
        """Whether an outage began, and nobody has answered since its last failure."""
        latest = self._latest
        return (
            self._since is not None
            and latest is not None
            and not any(one.reached and one.ended > latest for one in self._attempts)
        )

    def changes(self) -> tuple[Outage, ...]:
        """Outages that began or ended since this was last asked: each is told once."""
        changes, self._changes = tuple(self._changes), []
        return changes

    def put_back(self, changes: Sequence[Outage]) -> None:
        """Changes that could not be told: `changes` gives them again, before later ones."""
        self._changes[:0] = changes

    def note(self, attempt: Attempt) -> None:
        """Count a fetch that ended, whatever came of it. Note each before it is judged."""
        self._mind_clock(attempt.ended)
        self._attempts.append(attempt)
        self._newest = max(attempt.ended, self._newest or attempt.ended)
        if attempt.reached and self._since is not None:
            back = _unbroken(self._attempts)
            if back is not None and back >= self._since:
                self._changes.append(Outage(self._since, back))
                self._since = None

    def judge(self, failed: Attempt, now: datetime, *, cycle_over: bool = False) -> Verdict:
        """Whose fault a fetch without an answer was, or "wait" for what others will say.

        "ours" if, from its beginning to 30 seconds after its end, at least four hosts failed,
        and four of five of all. While nobody answers, those that failed before it since the
        last answer count as well, and an outage goes on until somebody does. "feed" if most
        hosts answered, or when there is nothing more to wait for: 30 seconds went by, or no
        other fetch is under way (`cycle_over`).
        """
        self._mind_clock(failed.ended)
        answered, down = self._around(failed)
        if len(down) >= FEWEST and len(down) >= _MOST * (len(down) + len(answered)):
            if answered and self._since is not None and now - self._since > _LONGEST:
                return "feed"
            self._begin(min(failed.began, *down.values()))
            self._latest = max(failed.ended, self._latest or failed.ended)
            return "ours"
        if self.goes_on():
            self._latest = max(failed.ended, self._latest or failed.ended)
            return "ours"
        if len(answered) >= FEWEST and len(answered) > len(down):
            return "feed"
        return "feed" if cycle_over or now >= failed.ended + PATIENCE else "wait"

    def _around(self, failed: Attempt) -> tuple[set[str], dict[str, datetime]]:
        """Hosts that answered around a failure, and when fetches of those that did not began."""
        near = [
            one for one in self._attempts if failed.began <= one.ended <= failed.ended + PATIENCE
        ]
        answered = {one.host for one in near if one.reached}
        if not answered:
            near += self._before(failed)
        down: dict[str, datetime] = {}
        for one in near:
            if not one.reached and not one.known and one.host not in answered:
                down[one.host] = min(one.began, down.get(one.host, one.began))
        return answered, down

    def _before(self, failed: Attempt) -> list[Attempt]:
        """Those that began since the last answer, and ended before the failed one began."""
        earlier = [
            one for one in self._attempts if failed.began - _LOOK_BACK <= one.ended < failed.began
        ]
        last = max((one.ended for one in earlier if one.reached), default=None)
        return [one for one in earlier if last is None or one.began >= last]

    def _mind_clock(self, ended: datetime) -> None:
        """Let nothing be later than an attempt's end: what is was dated by a clock put back since.

        Else an outage would not be over, and old failures would count anew, when the clock
        comes to those times again.
        """
        latest = ended + _ASKEW
        if self._since is not None and self._since > latest:
            self._since = ended
        if self._latest is not None and self._latest > latest:
            self._latest = ended
        if self._newest is not None and self._newest > latest:
            kept = [one for one in self._attempts if one.ended <= latest]
            self._attempts = deque(kept, maxlen=_KEPT)
            self._newest = max((one.ended for one in kept), default=None)

    def _begin(self, since: datetime) -> None:
        if self._since is None:
            self._since = since
            self._changes.append(Outage(since))


def _unbroken(attempts: Sequence[Attempt]) -> datetime | None:
    """When the first of the latest answers came, if none failed since and that is enough.

    Four hosts and 30 seconds (answers come at once, the failures among them later), or a
    quarter of an hour where there are fewer feeds.
    """
    hosts: set[str] = set()
    first = attempts[-1]
    for one in reversed(attempts):
        if one.reached:
            hosts.add(one.host)
            first = one
        elif not one.known:
            break
    lasts = attempts[-1].ended - first.began
    enough = lasts >= (PATIENCE if len(hosts) >= FEWEST else _FEW_BACK)
    return first.ended if enough else None
