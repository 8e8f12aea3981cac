"""Telling admins what they have to know: a feed that fails for days, our own outage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.clock import utc_now
from bot.database import Database
from config import logs
from watchers.model import Notice
from watchers.telling import Admin, SendOutcome, SendResult

log = logs.get(__name__)

MOST = 10  # notices a tick: Telegram takes about a message a second of a bot to one person
STALE = timedelta(days=2)


class Messenger(Protocol):
    """Sends a plain message to one person."""

    async def tell(self, user_id: int, text: str) -> SendResult:
        """One attempt; never raises for what Telegram does."""


async def tell_admins(database: Database, messenger: Messenger) -> int:
    """Send untold notices to every admin, oldest first, at most ten; how many were sent.

    A notice is claimed before it is sent: a crash in between loses it rather than sending it
    twice. It stays readable: `coverage`, `/status`. One that certainly reached nobody, for
    Telegram could not be reached, is given back, and the others wait with it for the next tick.
    Notices older than two days are marked told without being sent: they are no news any more.
    """
    notices, admins = await database(
        lambda store: (store.notices(untold=True, limit=MOST), store.admins())
    )
    told = 0
    for notice in notices if admins else ():
        number, now = notice.id, utc_now()
        if not await database(lambda store, n=number, at=now: store.mark_told(n, at=at)):  # type: ignore[misc]
            continue
        if notice.at < now - STALE:
            log.warning("notice_lost", notice=number, why="older than two days")
        elif await _may_have_come(notice, admins, messenger):
            told += 1
        else:
            await database(lambda store, n=number: store.give_back(n))  # type: ignore[misc]
            break
    return told


async def _may_have_come(notice: Notice, admins: Sequence[Admin], messenger: Messenger) -> bool:
    """Send it to all; False if all attempts came to "try again": nobody has it."""
    results = [await messenger.tell(admin.user_id, notice.text) for admin in admins]
    if all(result.outcome is SendOutcome.RETRY for result in results):
        log.info("notice_waits", notice=notice.id, why=results[0].detail)
        return False
    for result in results:
        if result.outcome is not SendOutcome.SENT:
            log.warning("notice_lost", notice=notice.id, why=result.detail)
    return True
