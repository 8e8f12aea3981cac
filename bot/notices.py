"""Telling admins what they have to know: a feed that fails for days, our own outage."""

from __future__ import annotations

from typing import Protocol

from bot.clock import utc_now
from bot.database import Database
from config import logs
from watchers.telling import SendOutcome, SendResult

log = logs.get(__name__)


class Messenger(Protocol):
    """Sends a plain message to one person."""

    async def tell(self, user_id: int, text: str) -> SendResult:
        """One attempt; never raises for what Telegram does."""


async def tell_admins(database: Database, messenger: Messenger) -> int:
    """Send each untold notice to every admin, once; how many notices were sent.

    A notice is claimed before it is sent: a crash in between loses it rather than sending it
    twice. It stays readable: `coverage`, `/status`.
    """
    notices, admins = await database(lambda store: (store.notices(untold=True), store.admins()))
    told = 0
    for notice in notices if admins else ():
        number = notice.id
        if not await database(lambda store, n=number: store.mark_told(n, at=utc_now())):  # type: ignore[misc]
            continue
        for admin in admins:
            result = await messenger.tell(admin.user_id, notice.text)
            if result.outcome is not SendOutcome.SENT:
                log.warning("notice_lost", notice=notice.id, why=result.detail)
        told += 1
    return told
