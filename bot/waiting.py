"""The start of a service whose database is not there yet.

Compose starts the server and us at once, and a machine that boots may be sooner than its
database. A service waits then, for as long as it takes, and says so; a command fails at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from bot.app import open_database
from bot.systemd import Notifier
from bot.upkeep import upgrade_with_backup
from bot.web import HealthPage
from config import logs
from config.settings import Settings, SettingsInvalid
from watchers.errors import (
    StoreBusy,
    StoreMissing,
    StoreOlder,
    StoreRefused,
    StoreUnreachable,
)
from watchers.ports import Store

T = TypeVar("T")

log = logs.get(__name__)

LONGEST = 30.0  # seconds between two tries
_STILL = 20.0  # seconds after which systemd hears that a long try, an upgrade, goes on


async def opened(settings: Settings) -> Store:
    """The store for `dadkhah run`, upgraded if it is older, made if it is missing.

    StoreRefused (a wrong password, no such database) and other StoreErrors that waiting does
    not mend.
    """

    def once() -> Store:
        upgrade_with_backup(settings)
        return open_database(settings)

    return await until_there(settings, once, (StoreUnreachable, StoreBusy))


async def opened_by_another(settings: Settings) -> Store:
    """The store for `dadkhah worker`, which leaves making and upgrading it to `dadkhah run`."""
    awaited = (StoreUnreachable, StoreBusy, StoreMissing, StoreOlder)
    return await until_there(settings, lambda: open_database(settings, create=False), awaited)


async def until_there(
    settings: Settings, work: Callable[[], T], awaited: tuple[type[Exception], ...]
) -> T:
    """What `work`, which blocks, comes to; tried at growing distance while it is `awaited`.

    Meanwhile `/readyz` answers 503, and the log has a line for each try.
    """
    page: HealthPage | None = None
    pauses = _pauses()
    notifier = Notifier(os.environ)
    try:
        while True:
            try:
                return await _tried(work, notifier)
            except StoreRefused:
                raise
            except awaited as error:
                pause = next(pauses)
                log.warning("database_waits", why=str(error), again_in=pause)
            notifier.waits("waits for the database", pause)
            page = page or _page(settings)
            await asyncio.sleep(pause)
    finally:
        if page is not None:
            await page.stop()


async def _tried(work: Callable[[], T], notifier: Notifier) -> T:
    """A large database is backed up and upgraded for as long as it takes: killed for that, it
    would be begun anew for ever.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work))
    while not (await asyncio.wait([task], timeout=_STILL))[0]:
        notifier.waits("opens the database", _STILL)
    return task.result()


def _pauses() -> Iterator[float]:
    """Seconds: 1, 2, 4 ... and then always the longest."""
    pause = 1.0
    while True:
        yield pause
        pause = min(LONGEST, pause * 2)


def _page(settings: Settings) -> HealthPage:
    ready = {"ok": False, "reason": "the database cannot be used yet"}
    page = HealthPage(lambda: {"ok": True}, lambda: ready)
    if settings.http_listen:
        try:
            page.listen(settings.http_listen)
        except OSError as error:
            problem = (
                f"DADKHAH_HTTP_LISTEN: cannot listen at {settings.http_listen}: {error.strerror}"
            )
            raise SettingsInvalid((problem,)) from error
    return page
