"""Whether the pages of relevant articles are still there: a few at a time, with manners.

The rules are in :mod:`watchers.rechecks`. Only the service asks; a cycle of the command does not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.clock import utc_now
from bot.database import Database
from config import logs
from watchers.articles import PageCheck
from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.pages import RobotsPort
from watchers.ports import FetchPort
from watchers.rechecks import outcome
from watchers.robots import Robots

log = logs.get(__name__)

EVERY = 600.0  # seconds between two looks
MOST = 3  # pages a look
_SIZE = 64_000  # bytes: only the status counts, and a page that is gone is short
_ACCEPT = "text/html, application/xhtml+xml;q=0.9"
_KEPT = 1_000  # pages that were gone once and wait for their second answer


class Rechecks:
    """Asks for pages once more; one for the life of the process."""

    def __init__(
        self,
        database: Database,
        fetcher: FetchPort,
        *,
        robots: RobotsPort | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._robots = robots or Robots(fetcher)
        self._clock = clock
        # Forgotten with the process: such a page is then asked for once more.
        self._struck: dict[int, None] = {}

    async def look(self) -> int:
        """Ask for the pages whose time has come, a few; how many."""
        now = self._clock()
        checks = await self._database(lambda store: store.page_checks(now, MOST))
        for check in checks:
            await self._check(check)
        return len(checks)

    async def _check(self, check: PageCheck) -> None:
        answer = await self._asked(check.url)
        now = self._clock()
        found = outcome(check, answer, now, was_struck=check.id in self._struck)
        self._struck.pop(check.id, None)
        if found.struck:
            self._struck[check.id] = None
            if len(self._struck) > _KEPT:
                del self._struck[next(iter(self._struck))]
        news = await self._database(
            lambda store: store.save_page_check(check.id, found.again, status=found.status, at=now)
        )
        if news:
            log.info("article_page", url=check.url, status=found.status)

    async def _asked(self, url: str) -> Fetched | FetchFailure | None:
        """The answer; None if robots.txt asks us not to."""
        if not await self._robots.allowed(url):
            return None
        return await self._fetcher.fetch(FetchRequest(url, accept=_ACCEPT, size=_SIZE))
