"""The ledger, hosts at rest and notices of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from storage.memory_state import MemoryState, synchronised
from storage.notices import Telling
from storage.planning import MOST_GAPS, Run, begun_run, is_down, lengthens
from watchers.model import (
    Gap,
    LedgerRow,
    PollResult,
    Rhythm,
)
from watchers.telling import Notice


class MemoryLedger(MemoryState):
    """:class:`watchers.ports.LedgerPort`."""

    def _add_to_ledger(self, result: PollResult, new: int) -> None:
        runs = self._runs.setdefault(result.feed_id, [])
        last = runs[-1] if runs else None
        run = Run(0, last.outcome, last.kind, last.gap is not None) if last else None
        if last is None or not lengthens(run, result):
            runs.append(begun_run(result, new))
            return
        runs[-1] = replace(
            last,
            until=max(last.until, result.at),
            polls=last.polls + 1,
            status=result.status,
            size=last.size + result.size,
            listed=result.listed,
            overlap=result.overlap,
        )

    @synchronised
    def rest_host(self, host: str, until: datetime) -> None:
        """See :class:`watchers.ports.FeedPort`."""
        if host:
            name = host.lower()
            self._rests[name] = max(until, self._rests.get(name, until))

    # ------------------------------------------------------------ reading

    @synchronised
    def ledger(self, feed_id: int, since: datetime) -> tuple[LedgerRow, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        found = [run for run in self._runs.get(feed_id, ()) if run.until >= since]
        return tuple(sorted(found, key=lambda run: run.since))

    def _watched_runs(self) -> list[LedgerRow]:
        watched = sorted(self._feeds.keys() - self._removed)
        return [
            run
            for number in watched
            for run in sorted(self._runs.get(number, ()), key=lambda run: run.since)
        ]

    @synchronised
    def failed_runs(self, since: datetime) -> tuple[LedgerRow, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        runs = self._watched_runs()
        return tuple(run for run in runs if is_down(run.outcome) and run.until >= since)

    @synchronised
    def gaps(self, since: datetime, limit: int = MOST_GAPS) -> tuple[Gap, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        found = [run for run in self._watched_runs() if run.gap and run.until >= since]
        found.sort(key=lambda run: run.until, reverse=True)
        feeds = self._feeds
        return tuple(
            Gap(run.feed_id, feeds[run.feed_id].name or feeds[run.feed_id].url, *run.gap)
            for run in found[:limit]
            if run.gap
        )

    @synchronised
    def rhythms(self, since: datetime) -> Mapping[int, Rhythm]:
        """See :class:`watchers.ports.LedgerPort`."""
        found: dict[int, Rhythm] = {}
        for run in self._watched_runs():
            if run.new and run.since >= since:
                before = found.get(run.feed_id, Rhythm(0, run.since, run.since))
                found[run.feed_id] = Rhythm(before.finds + 1, before.first, run.since)
        return found

    @synchronised
    def forget_ledger(self, before: datetime) -> int:
        """See :class:`watchers.ports.LedgerPort`."""
        forgotten = 0
        for runs in self._runs.values():
            kept = [run for run in runs if run.until >= before]
            forgotten += len(runs) - len(kept)
            runs[:] = kept
        self._rests = {k: until for k, until in self._rests.items() if until >= before}
        return forgotten

    # ------------------------------------------------------------ notices

    @synchronised
    def add_notice(self, key: str, kind: str, text: str, *, at: datetime) -> bool:
        """See :class:`watchers.ports.LedgerPort`."""
        return self._tell(Telling(key, kind, text), at)

    @synchronised
    def notices(self, *, untold: bool, limit: int = 50) -> tuple[Notice, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        ordered = list(self._notices.values())
        if untold:
            return tuple(notice for notice in ordered if notice.told_at is None)[:limit]
        return tuple(reversed(ordered))[:limit]

    @synchronised
    def mark_told(self, notice_id: int, *, at: datetime) -> bool:
        """See :class:`watchers.ports.LedgerPort`."""
        notice = self._notices.get(notice_id)
        if notice is None or notice.told_at is not None:
            return False
        self._notices[notice_id] = replace(notice, told_at=at)
        return True

    @synchronised
    def give_back(self, notice_id: int) -> None:
        """See :class:`watchers.ports.LedgerPort`."""
        if notice_id in self._notices:
            self._notices[notice_id] = replace(self._notices[notice_id], told_at=None)
