"""What is thrown away when its time has come, and what an update of the program computes anew.

In short transactions, so that polls and posts go on in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from bot.app import Program
from bot.clock import Clock, utc_now
from config import logs
from watchers.dedupe import VERSION
from watchers.keeping import PART
from watchers.ports import Store
from watchers.recompute import FINDABLE, recompute_part

log = logs.get(__name__)

AT_A_TIME = 1.0  # seconds of a tick
FINGERPRINTS = "fingerprints"  # the value that keeps how far recomputing has come
TURNS = 2
"""Days that it is kept when a host may be asked: longer than any two polls are apart."""
READERS = 30
"""Days that it is kept what a subscriber was sent; no setting: `/privacy` promises it."""
_DONE = "done"


async def tidy(program: Program, clock: Clock = utc_now) -> None:
    """Throw away what is older than the settings allow; 0 days: never. Hashes stay."""
    settings, now = program.settings, clock()
    kinds: tuple[tuple[str, int, Callable[[Store, datetime], int]], ...] = (
        ("ledger_tidied", settings.retention_ledger, lambda s, before: s.forget_ledger(before)),
        ("texts_forgotten", settings.retention_text, lambda s, before: s.forget_texts(before)),
        ("audit_tidied", settings.retention_audit, lambda s, before: s.forget_audit(before)),
        ("turns_forgotten", TURNS, lambda s, before: s.forget_turns(before, PART)),
        ("private_forgotten", READERS, lambda s, before: s.forget_private(before)),
    )
    for event, days, forget in kinds:
        if days:
            gone = await _in_parts(program, partial(_old, forget, now - timedelta(days=days)))
            if gone:
                log.info(event, rows=gone)


def _old(forget: Callable[[Store, datetime], int], before: datetime, store: Store) -> int:
    return forget(store, before)


async def _in_parts(program: Program, forget: Callable[[Store], int]) -> int:
    """Until less than a part is left; others get at the database between two of them."""
    gone, part = 0, PART
    while part >= PART:
        part = await program.database(forget)
        gone += part
    return gone


class Recomputing:
    """Makes fingerprints of another version anew, of articles that copies can still be found by."""

    def __init__(
        self,
        program: Program,
        *,
        clock: Clock = utc_now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._program = program
        self._clock = clock
        self._steady = steady
        self._done = False

    async def go_on(self) -> None:
        """Go on where the last run came to, for a second or so; nothing once it is done."""
        until = self._steady() + AT_A_TIME
        while not self._done and self._steady() < until:
            self._done = await self._program.database(self._part)

    def _part(self, store: Store) -> bool:
        """Whether all is done. The fingerprints before the place: a crash repeats a part."""
        after = _place(store.value(FINGERPRINTS))
        if after is None:
            return True
        since = self._clock() - FINDABLE
        changed, following = recompute_part(store, after, since)
        store.set_value(FINGERPRINTS, f"{VERSION} {_DONE if following is None else following}")
        if changed:
            log.info("fingerprints_recomputed", articles=changed)
        return following is None


def _place(value: str | None) -> int | None:
    """After which number to go on by this version; None when all is done by it."""
    version, _, place = (value or "").rpartition(" ")
    if version != VERSION:
        return 0
    return int(place) if place.isdecimal() and len(place) < 16 else None
