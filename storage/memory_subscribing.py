"""What many channels were told, in the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from storage.mapping import subject_of
from storage.memory_state import MemoryState, synchronised
from storage.subscribing import is_done
from watchers.telling import Withdrawal


class MemorySubscribing(MemoryState):
    """:class:`watchers.subscribing.SubscribePort`."""

    @synchronised
    def told_subjects(
        self, channel_ids: Sequence[int], subjects: Sequence[str]
    ) -> Mapping[int, frozenset[str]]:
        """See :class:`watchers.subscribing.SubscribePort`."""
        changed = self._changes(frozenset(subjects))
        found = {
            number: frozenset(
                subject
                for subject in subjects
                if (told := self._told.get((number, subject))) is not None
                and is_done(told.again, told.built_at, changed.get(subject))
            )
            for number in channel_ids
        }
        return {number: done for number, done in found.items() if done}

    def _changes(self, subjects: frozenset[str]) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for kept in self._articles.values():
            subject = subject_of(kept.id, kept.duplicate_of, kept.story)
            is_news = kept.tells and kept.settled and not kept.baseline
            if is_news and subject in subjects and kept.changed_at is not None:
                found[subject] = max(kept.changed_at, found.get(subject, kept.changed_at))
        return found

    @synchronised
    def withdrawals_of(self, channel_ids: Sequence[int]) -> Mapping[int, tuple[Withdrawal, ...]]:
        """See :class:`watchers.subscribing.SubscribePort`."""
        found: dict[int, tuple[Withdrawal, ...]] = {}
        for one in self._withdrawals.values():
            if one.channel_id in channel_ids:
                found[one.channel_id] = (*found.get(one.channel_id, ()), one)
        return found
