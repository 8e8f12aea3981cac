"""Telling admins what they have to know: a feed that fails for days, our own outage, a page
that may not have arrived, a channel that cannot be posted to, a full disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock, utc_now
from bot.database import Database
from bot.reaching import MOST, STALE, Messenger, Reach
from config import logs
from watchers.errors import StoreError, StoreFull
from watchers.ports import Store
from watchers.telling import (
    Channel,
    Delivery,
    DeliveryState,
    SendOutcome,
)

log = logs.get(__name__)

_LOOK = 100  # the latest open pages, of which admins may not have been told yet
_DISK_AGAIN = timedelta(hours=6)  # a disk that is still full is told again
_MOST = 300  # characters of what Telegram, or the database, said
_OPEN = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)


async def tell_admins(database: Database, messenger: Messenger, reach: Reach | None = None) -> int:
    """Send untold notices to every admin, oldest first, at most ten; how many were sent.

    A notice is claimed before it is sent: a crash in between loses it rather than sending it
    twice. It stays readable: `coverage`, `/status`. One that certainly reached nobody, for
    Telegram could not be reached, is given back, and the others wait with it for the next tick.
    Where only some admins have to wait, `reach` remembers what they get later.
    Notices older than two days are marked told without being sent: they are no news any more.
    """
    notices, admins = await database(
        lambda store: (store.notices(untold=True, limit=MOST), store.admins())
    )
    told, reach = 0, reach or Reach()
    await reach.catch_up(admins, messenger)
    for notice in notices:
        if all(reach.is_behind(admin.user_id) for admin in admins):  # also when there is none
            break
        number, now = notice.id, utc_now()
        if not await database(lambda store, n=number, at=now: store.mark_told(n, at=at)):  # type: ignore[misc]
            continue
        if notice.at < now - STALE:
            log.warning("notice_lost", notice=number, why="older than two days")
        elif await reach.tell(notice, admins, messenger):
            told += 1
        else:
            await database(lambda store, n=number: store.give_back(n))  # type: ignore[misc]
            break
    return told


# ---------------------------------------------------------------- deliveries


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice to be; `key` says what it is about, for it is told once."""

    key: str
    kind: str  # "uncertain", "failed", "paused", "disk"
    text: str


class DeliveryNotices:
    """Makes notices of the pages that wait for an admin's decision; one for the process.

    They are found in the ledger, not made when something happens: a crash loses none.
    """

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._known: set[str] = set()

    async def tick(self) -> int:
        """Add a notice for each digest and failed page that admins were not told of; how many."""
        at = self._clock()
        told = await self._database(lambda store: self._add(store, at))
        return len(told)

    def _add(self, store: Store, at: datetime) -> list[str]:
        public = store.deliveries(*_OPEN, limit=_LOOK, private=False)
        private = store.deliveries(*_OPEN, limit=_LOOK, private=True)
        channels = store.channels() if public else ()
        found = [*notices_of(public, channels), *private_notices(private)]
        new = [one for one in found if one.key not in self._known]
        self._known = {one.key for one in found}
        return [one.key for one in new if store.add_notice(one.key, one.kind, one.text, at=at)]


def notices_of(pages: Iterable[Delivery], channels: Iterable[Channel]) -> list[Telling]:
    """What admins are told of these pages: one notice a digest whose pages are uncertain, one a
    failed page. Sent again, and in doubt again, it is told again.
    """
    chats = {channel.id: channel.chat for channel in channels}
    told: dict[str, Telling] = {}
    for page in sorted(pages, key=lambda page: page.id):
        where = chats.get(page.channel_id)
        if where is None:
            continue
        which = f"Page {page.page} of {page.pages} of digest {page.digest_id} to {where}"
        why = f" ({page.error[:_MOST]})" if page.error else ""
        if page.state is DeliveryState.UNCERTAIN:
            key = f"uncertain:{page.digest_id}:{page.attempts}"
            text = (
                f"{which} may or may not have arrived{why}. It is not sent again by itself. "
                "Look at the channel, then decide: /deliveries."
            )
        else:
            key = f"page-failed:{page.id}:{page.attempts}"
            text = (
                f"Telegram refused {which[0].lower()}{which[1:]}{why}. The other pages are not "
                "held back by it. Send it again or drop it: /deliveries."
            )
        told.setdefault(key, Telling(key, page.state.value, text))
    return list(told.values())


def private_notices(pages: Sequence[Delivery]) -> list[Telling]:
    """One notice a day of pages to private chats in doubt or refused; never which chats."""
    days = {f"{page.claimed_at:%Y-%m-%d}" for page in pages if page.claimed_at is not None}
    text = (
        "Some pages to private subscribers may not have arrived, or were refused by Telegram. "
        "Decide about all of them at once: /deliveries."
    )
    return [Telling(f"private-open:{day}", "uncertain", text) for day in sorted(days)]


# ---------------------------------------------------------------- a full disk


class DiskTrouble:
    """Remembers that the disk is full, when the database cannot; one for the process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._told_at: datetime | None = None

    def note(self, error: BaseException) -> None:
        """Take notice of an error of the database; any that is not about space is ignored."""
        if isinstance(error, StoreFull):
            self._last = self._clock()
            self._since = self._since or self._last
            log.error("disk_full", why=str(error))

    async def tick(self, database: Database, messenger: Messenger) -> None:
        """Tell admins at once, without the database, and leave a notice once it works again."""
        if self._since is None:
            return
        since, now = f"{self._since:%Y-%m-%d %H:%M} UTC", self._clock()
        if self._told_at is None or now - self._told_at >= _DISK_AGAIN:
            self._told_at = now
            admins = await database(lambda store: store.admins())
            text = (
                f"The disk is full since {since}: nothing new can be stored or posted. Free some "
                "space: work goes on by itself then, and what is queued waits."
            )
            for admin in admins:
                result = await messenger.tell(admin.user_id, text)
                if result.outcome is not SendOutcome.SENT:
                    log.warning("notice_lost", why=result.detail)
        text = (
            f"The disk was full from {since} to {self._last:%Y-%m-%d %H:%M} UTC. The database "
            "can be written again. See that it does not fill up once more."
        )
        try:
            await database(lambda store: store.add_notice(f"disk:{since}", "disk", text, at=now))
        except StoreError as error:
            self.note(error)
        else:
            self._since = self._last = self._told_at = None
