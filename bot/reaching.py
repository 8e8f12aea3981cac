"""Sending notices to admins one by one: who was told to wait gets them later, and only they.

What waits is in memory: it is lost with the process, as a notice is that was being sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import Clock, utc_now
from config import logs
from watchers.telling import Admin, Notice, SendOutcome, SendResult

log = logs.get(__name__)

MOST = 10  # notices a tick: Telegram takes about a message a second of a bot to one person
MOST_WAITING = 50  # notices for one admin; the oldest make room
STALE = timedelta(days=2)


class Messenger(Protocol):
    """Sends a plain message to one person."""

    async def tell(self, user_id: int, text: str) -> SendResult:
        """One attempt; never raises for what Telegram does."""


@dataclass(slots=True)
class _Later:
    """What one admin has to get, and not before when."""

    until: datetime
    notices: deque[Notice] = field(default_factory=deque)


class Reach:
    """Who waits for which notices, and who cannot be written to; one for the process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._later: dict[int, _Later] = {}
        self._refused: set[int] = set()  # of these it was logged

    def is_behind(self, user_id: int) -> bool:
        """Whether this admin must not be written to yet, or has older notices to get first."""
        later = self._later.get(user_id)
        return later is not None and (bool(later.notices) or self._clock() < later.until)

    async def catch_up(self, admins: Iterable[Admin], messenger: Messenger) -> None:
        """Send what waits to those whose time has come; at most MOST to each."""
        users = {admin.user_id for admin in admins}
        self._later = {user: later for user, later in self._later.items() if user in users}
        self._refused &= users
        for user, later in self._later.items():
            if self._clock() >= later.until:
                await self._catch_up(user, later.notices, messenger)

    async def _catch_up(self, user: int, notices: deque[Notice], messenger: Messenger) -> None:
        for _ in range(min(MOST, len(notices))):
            if notices[0].at < self._clock() - STALE:
                _lost(notices[0], "older than two days")
            elif await self._send(notices[0], user, messenger) is SendOutcome.RETRY:
                return
            notices.popleft()

    async def tell(self, notice: Notice, admins: Sequence[Admin], messenger: Messenger) -> bool:
        """Send it to all. False if nobody has it, for all have to wait: then nobody is to get
        it from here.
        """
        waiting, tried = [], False
        for user in (admin.user_id for admin in admins):
            behind = self.is_behind(user)
            if behind or await self._send(notice, user, messenger) is SendOutcome.RETRY:
                waiting.append(user)
            else:
                tried = True
        if tried:
            for user in waiting:
                self._keep(user, notice)
        return tried

    async def _send(self, notice: Notice, user: int, messenger: Messenger) -> SendOutcome:
        result = await messenger.tell(user, notice.text)
        if result.outcome is SendOutcome.RETRY:
            log.info("notice_waits", notice=notice.id, why=result.detail)
            wait = timedelta(seconds=min(result.wait, STALE.total_seconds()))
            self._later.setdefault(user, _Later(self._clock())).until = self._clock() + wait
        elif result.outcome is SendOutcome.SENT:
            self._refused.discard(user)
        elif result.outcome is not SendOutcome.PAUSE:
            _lost(notice, result.detail)
        elif user not in self._refused:  # 403: they never wrote to the bot, or blocked it
            self._refused.add(user)
            _lost(notice, result.detail)
        return result.outcome

    def _keep(self, user: int, notice: Notice) -> None:
        later = self._later[user]
        if len(later.notices) >= MOST_WAITING:
            _lost(later.notices.popleft(), "too many wait for one admin")
        later.notices.append(notice)


def _lost(notice: Notice, why: str) -> None:
    log.warning("notice_lost", notice=notice.id, why=why)
