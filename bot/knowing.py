"""The watchlist in force, wherever it is changed: taken up at once, and judged by again.

    an admin's edit -> storage (revision + 1) -> every process sees the revision within a
    quarter of a second -> joined anew -> workers judge by it, half a second after the edit
    -> where the lease is: stored articles are judged again

Articles that are judged again are never posted as new when they were seen more than a day ago.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from bot.clock import Clock, utc_now
from bot.database import Database
from config import logs
from storage import open_store, state
from watchers import amend
from watchers.amend import Edit, Joined
from watchers.changes import Rejudged, Stored
from watchers.match import Matcher
from watchers.model import FetchFailure
from watchers.ports import Store
from watchers.rehearsal import BATCH, Progress, rejudged
from watchers.workers import Workers

if TYPE_CHECKING:
    from bot.app import Knowledge
    from config.settings import Settings

log = logs.get(__name__)

LEASE = "lease"  # the lock of the process whose ticks run
JUDGING = "judging"  # the lock of who judges again
AT_A_TIME = 1.5  # seconds of judging again at a tick
TAIL = 15 * 60.0  # seconds after the end: a poll begun before the change may still be stored
LOOK = 60.0  # seconds between looks at what was stored meanwhile
_CURSOR = "judged"  # the value that keeps how far it went: "VERSION NUMBER", "VERSION done"
_DONE = "done"


# ---------------------------------------------------------------- for the command line


def load(knowledge: Knowledge, settings: Settings) -> Joined:
    """The watchlist in force, for commands that only read it; the shipped one without a database.

    Makes no database. StoreError for one that cannot be used.
    """
    if state(settings.database) != "missing":
        store = open_store(settings.database, create=False)
        try:
            knowledge.load(store)
        finally:
            store.close()
    return knowledge.joint


def apply(store: Store, edit: Edit, *, expected: int, actor: str, at: datetime) -> int:
    """Store an edit of the list of revision `expected`; the new revision. WatchlistChanged."""
    return store.save_watch_rows(
        edit.rows, drop=edit.drop, expected=expected, action=edit.action, detail=edit.detail,
        at=at, actor=actor,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Again:
    """What judging again came to."""

    judged: int
    changed: int


class Busy(Enum):
    """Who judges stored articles, or will, in place of this command."""

    SERVICE = auto()  # the running service, by any change
    COMMAND = auto()  # another command, by the list that it knows: not by a change after it


def judge_again(
    store: Store, joint: Joined, *, progress: Progress | None = None, clock: Clock = utc_now
) -> Again | Busy:
    """Judge by the list what is stored, to the end, unless somebody else is at it.

    Takes what matching takes (docs/performance.md); killed, the next one goes on where it was.
    StoreError.
    """
    with store.lock(LEASE) as free:
        if not free:
            return Busy.SERVICE
    with store.lock(JUDGING) as free:
        if not free:
            return Busy.COMMAND
        matcher, judged, changed = Matcher(joint.watchlist), 0, 0
        while (after := _cursor(store.value(_CURSOR), matcher.version)) is not None:
            articles = store.stored(after, BATCH)
            items = rejudged(articles, matcher, clock())
            kept = _keep(store, items, _further(matcher.version, articles))
            changed += kept
            if kept < len(items):
                continue
            judged += len(articles)
            if progress is not None:
                progress(judged)
    return Again(judged, changed)


def _cursor(value: str | None, version: str) -> int | None:
    """The article after which to go on; None if all were judged by this version."""
    judged_by, _, place = (value or "").rpartition(" ")
    if judged_by != version:
        return 0
    return int(place) if place.isdecimal() else None


def _further(version: str, articles: Sequence[Stored]) -> str:
    return f"{version} {articles[-1].id if articles else _DONE}"


def _keep(store: Store, items: Sequence[Rejudged], cursor: str) -> int:
    """How many were kept; if not all, a poll changed some meanwhile: the batch is to be read anew.

    The verdicts first: what is done twice after a crash comes to the same.
    """
    kept = store.save_verdicts(items)
    if kept == len(items):
        store.set_value(_CURSOR, cursor)
    return kept


# ---------------------------------------------------------------- for a running program


class Knowing:
    """Keeps a running program's watchlist at what is stored."""

    def __init__(
        self,
        knowledge: Knowledge,
        database: Database,
        workers: Workers,
        *,
        clock: Clock = utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._knowledge = knowledge
        self._database = database
        self._workers = workers
        self._clock = clock
        self._steady = steady
        self._changing = asyncio.Lock()
        self._told = ""  # version of which admins were told
        self._judged = ""  # version by which all is judged
        self._at_end: float | None = None  # since when there was nothing left
        self._look_at = 0.0

    @property
    def joint(self) -> Joined:
        """The list in force, which edits are made of."""
        return self._knowledge.joint

    async def refresh(self) -> bool:
        """Take up a changed watchlist; whether it was changed. One small read if not."""
        revision = await self._database(lambda store: store.watch_revision())
        if revision == self.joint.revision:
            return False
        async with self._changing:
            return await self._take()

    async def _take(self) -> bool:
        rows = await self._database(lambda store: store.watch_rows())
        if rows.revision == self.joint.revision:
            return False
        # In a thread: this takes a tenth of a second, and polls go on.
        joint = await asyncio.to_thread(amend.joined, self._knowledge.shipped, rows)
        await asyncio.to_thread(self._workers.renew, joint.watchlist)
        self._knowledge.take(joint)
        # Not only another version: an edit and its undoing come back to the version before.
        self._judged, self._at_end, self._look_at = "", None, 0.0
        log.info("watchlist_changed", revision=joint.revision, version=joint.watchlist.version)
        for row in joint.unusable:
            log.warning("watch_row_unusable", section=row.section, id=row.id, why=row.reason)
        return True

    async def apply(self, edit: Edit, *, expected: int, actor: str) -> Joined:
        """Store an edit and judge by it from now on; the new list. WatchlistChanged."""
        at = self._clock()
        await self._database(
            lambda store: apply(store, edit, expected=expected, actor=actor, at=at)
        )
        await self.refresh()
        return self.joint

    # ------------------------------------------------------------ judging again

    async def judge_on(self) -> None:
        """Go on judging stored articles by a changed list, for a second or so."""
        version = self.joint.watchlist.version
        if version == self._judged or self._steady() < self._look_at:
            return
        await self._tell_admins()
        async with AsyncExitStack() as stack:
            if not await self._database.lock(stack, JUDGING):
                return
            until = self._steady() + AT_A_TIME
            while self._steady() < until:
                if not await self._judge_batch(version):
                    return

    async def _judge_batch(self, version: str) -> bool:
        """Whether there may be more."""
        after = _cursor(await self._database(lambda store: store.value(_CURSOR)), version)
        if after is None:
            self._judged = version
            return False
        articles = await self._database(lambda store: store.stored(after, BATCH))
        if not articles:
            return await self._rest(version)
        items = await self._rejudged(articles)
        if self.joint.watchlist.version != version:  # workers judged by a newer one already
            return False
        cursor = _further(version, articles)
        kept = await self._database(lambda store: _keep(store, items, cursor))
        if kept:
            log.info("judged_again", articles=len(articles), changed=kept)
        return True

    async def _rest(self, version: str) -> bool:
        """Nothing is left now; later there may be what a poll judged by the old list."""
        now = self._steady()
        self._at_end = now if self._at_end is None else self._at_end
        self._look_at = now + LOOK
        if now - self._at_end >= TAIL:
            self._judged, self._look_at = version, 0.0
            await self._database(lambda store: store.set_value(_CURSOR, _further(version, ())))
        return False

    async def _rejudged(self, articles: Sequence[Stored]) -> tuple[Rejudged, ...]:
        """Judge in a worker; an article that cannot be judged keeps the verdict it has."""
        answer = await self._workers.rejudge(articles, self._clock())
        if not isinstance(answer, FetchFailure):
            return answer
        if len(articles) == 1:
            log.warning("not_judged_again", article=articles[0].id, why=answer.detail)
            return ()
        half = len(articles) // 2
        first, second = articles[:half], articles[half:]
        return await self._rejudged(first) + await self._rejudged(second)

    async def _tell_admins(self) -> None:
        """Once of each row that cannot be used any more, and of each that an update changed."""
        joint = self.joint
        if joint.watchlist.version == self._told:
            return
        at = self._clock()
        for subject, text in _notices(joint):
            key = f"watch:{hashlib.blake2b(subject.encode(), digest_size=12).hexdigest()}"
            await self._database(
                lambda store, key=key, text=text: store.add_notice(key, "watchlist", text, at=at)  # type: ignore[misc]
            )
        self._told = joint.watchlist.version


def _notices(joint: Joined) -> Sequence[tuple[str, str]]:
    """What admins should know of their rows: what it is about, and the sentence."""
    notices = []
    for row in joint.unusable[:20]:
        text = (
            f"Your change of {row.id!r} in the watchlist cannot be used any more: {row.reason}. "
            "The shipped row counts until you mend it."
        )
        notices.append((f"unusable {row.section} {row.id} {row.reason}", text))
    for one in joint.differences[:20]:
        text = (
            f"An update of the shipped watchlist changed {one.id!r}, which you changed too. "
            "Yours counts: keep it, or take the shipped row."
        )
        notices.append((f"different {one.section} {one.id} {one.what} {one.shipped!r}", text))
    return notices
