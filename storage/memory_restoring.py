"""Posting held after a restore, in the `MemoryStore`."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime

from storage.holding import GIVEN_UP, HELD, TOLD_UNTIL, WAITED, notice_of, plain, watermark
from storage.mapping import subject_of
from storage.memory_approving import MemoryApproving
from storage.memory_state import synchronised
from storage.memory_subscribing import MemorySubscribing
from storage.memory_watching import MemoryWatching
from storage.receipts import ABANDONED
from storage.taking_back import WAITING
from watchers.correcting import CorrectionState
from watchers.errors import InputInvalid
from watchers.restoring import REACH, Counted, Held, Why, is_after
from watchers.subscribing import NOBODY
from watchers.telling import DeliveryState


class MemoryRestoring(MemoryApproving, MemorySubscribing, MemoryWatching):
    """:class:`watchers.restoring.RestorePort`."""

    @synchronised
    def hold_posting(self, why: Why, *, at: datetime) -> int:
        """See :class:`watchers.restoring.RestorePort`; numbers stay, for nothing was lost."""
        runs = (run.until for runs in self._runs.values() for run in runs)
        latest = max(itertools.chain(runs, self._built.values()), default=None)
        earlier = self.posting_held()
        known = Held(why, at, earlier.data_of if earlier else latest)
        self._values[HELD] = json.dumps(plain(known))
        reasons = {DeliveryState.SENDING: ABANDONED, DeliveryState.QUEUED: WAITED}
        found = [one for one in self._deliveries.values() if one.state in reasons]
        for one in found:
            self._keep(replace(one, state=DeliveryState.UNCERTAIN, error=reasons[one.state]))
        self._tell(notice_of(known, len(found)), at)
        return len(found)

    @synchronised
    def carry_on(self, *, at: datetime, actor: str) -> int:
        """See :class:`watchers.restoring.RestorePort`. InputInvalid."""
        self._end_hold()
        waiting = [
            one
            for one in self._deliveries.values()
            if one.state is DeliveryState.UNCERTAIN and one.error == WAITED
        ]
        for one in waiting:
            self._keep(replace(one, state=DeliveryState.QUEUED, error=None))
        self._note(at, actor, "posting.resume", "restored", "nothing was posted")
        return len(waiting)

    def _end_hold(self) -> Held:
        found = self.posting_held()
        if found is None:
            msg = "Posting is not held: no restored database waits for a decision."
            raise InputInvalid(msg)
        self._values[HELD] = ""
        return found

    @synchronised
    def count_as_told(self, until: datetime, *, at: datetime, actor: str) -> Counted:
        """See :class:`watchers.restoring.RestorePort`. InputInvalid."""
        since = self._end_hold().at
        subjects = self._appeared(until, at)
        for number in self._channels:
            done = self.told_subjects([number], subjects).get(number, frozenset())
            self._count_as_told(number, at, [one for one in subjects if one not in done], at)
        feeds = [
            feed
            for feed in self.feeds()
            if feed.last_success is not None and feed.last_success < since
        ]
        for feed in feeds:
            self._feeds[feed.id] = replace(feed, last_success=None)
        self._values[TOLD_UNTIL] = watermark(until, at)
        detail = f"{len(subjects)} told until {until.isoformat()}"
        self._note(at, actor, "posting.resume", "restored", detail)
        return Counted(len(subjects), len(self._channels), len(feeds), self._give_up())

    def _appeared(self, until: datetime, at: datetime) -> list[str]:
        starts = (one.last_slot or one.added_at for one in self._channels.values())
        since = min(at - REACH, min(starts, default=at))
        found: dict[str, bool] = {}
        for one in self.untold(NOBODY, since):
            subject = subject_of(one.id, one.duplicate_of, one.story)
            found[subject] = found.get(subject, True) and is_after(one, until)
        return [subject for subject, is_news in found.items() if not is_news]

    def _give_up(self) -> int:
        """Corrections that wait, and what channels were to be told of them."""
        waiting = (CorrectionState.QUEUED.value, WAITING)
        given_up = [one for one in self._corrections.values() if one.state in waiting]
        for one in given_up:
            failed = replace(one, state=CorrectionState.FAILED.value, error=GIVEN_UP)
            self._corrections[one.id] = failed
        for number in list(self._withdrawals):
            said = self._withdrawals.pop(number)
            self._said.add(number)
            self._withdrawn.add((said.channel_id, said.subject))
        return len(given_up)
