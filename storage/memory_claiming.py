"""Hosts that several poll in turns, in the `MemoryStore`: by the caller's clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.memory_state import synchronised
from storage.memory_watching import MemoryWatching
from watchers.model import Feed
from watchers.urls import host


@dataclass(slots=True)
class Turn:
    """A host: who has it until when, and when the next request may start there."""

    next_start: datetime
    held_until: datetime
    holder: str | None

    def is_free(self, now: datetime) -> bool:
        """Whether anybody may take it."""
        return self.held_until <= now and self.next_start <= now


class MemoryClaiming(MemoryWatching):
    """:class:`watchers.claiming.ClaimPort`."""

    def __init__(self) -> None:
        super().__init__()
        self._turns: dict[str, Turn] = {}

    @synchronised
    def claim_feeds(
        self,
        holder: str,
        now: datetime,
        limit: int,
        *,
        lease: timedelta,
        per_host: int,
        among: Sequence[int] | None = None,
        without: Sequence[int] = (),
    ) -> tuple[Feed, ...]:
        """See :class:`watchers.claiming.ClaimPort`."""
        places: Counter[str] = Counter()
        placed: list[tuple[int, Feed]] = []
        for feed in self._free_feeds(now, among):
            name = host(feed.url)
            if feed.id not in without and places[name] < per_host:
                places[name] += 1
                placed.append((places[name], feed))
        placed.sort(key=lambda one: one[0])
        feeds = tuple(feed for _, feed in placed[: max(0, limit)])
        for name in {host(feed.url) for feed in feeds}:
            self._take_turn(name, holder, now, lease)
        return feeds

    def _free_feeds(self, now: datetime, among: Sequence[int] | None = None) -> list[Feed]:
        if among is None:
            feeds = list(self.due_feeds(now, len(self._feeds)))
        else:
            feeds = [feed for feed in self.feeds() if feed.id in among]
            feeds.sort(key=lambda feed: (feed.next_due, feed.id))
        turns = ((feed, self._turns.get(host(feed.url))) for feed in feeds)
        return [feed for feed, turn in turns if turn is None or turn.is_free(now)]

    def _take_turn(self, name: str, holder: str, now: datetime, lease: timedelta) -> None:
        turn = self._turns.setdefault(name, Turn(now, now, None))
        turn.holder, turn.held_until = holder, now + lease

    @synchronised
    def renew_claims(self, holder: str, now: datetime, *, lease: timedelta) -> frozenset[str]:
        """See :class:`watchers.claiming.ClaimPort`."""
        mine = [
            name
            for name, turn in self._turns.items()
            if turn.holder == holder and turn.held_until > now
        ]
        for name in mine:
            self._take_turn(name, holder, now, lease)
        return frozenset(mine)

    @synchronised
    def release_hosts(self, holder: str, now: datetime, pauses: Mapping[str, timedelta]) -> None:
        """See :class:`watchers.claiming.ClaimPort`."""
        for name, pause in pauses.items():
            turn = self._turns.get(name)
            if turn is not None and turn.holder == holder:
                self._turns[name] = Turn(now + pause, now, None)

    @synchronised
    def release_all(self, holder: str, now: datetime, *, pause: timedelta) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        mine = [name for name, turn in self._turns.items() if turn.holder == holder]
        self.release_hosts(holder, now, dict.fromkeys(mine, pause))
        return len(mine)

    @synchronised
    def take_host(
        self, host: str, holder: str, now: datetime, *, lease: timedelta
    ) -> timedelta | None:
        """See :class:`watchers.claiming.ClaimPort`."""
        turn = self._turns.get(host)
        is_mine = turn is not None and turn.holder == holder and turn.held_until > now
        if turn is None or is_mine or turn.is_free(now):
            self._take_turn(host, holder, now, lease)
            return None
        return max(turn.held_until, turn.next_start) - now

    @synchronised
    def claimable(self, now: datetime, limit: int) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        return len(self._free_feeds(now)[:limit])

    def claim_clock(self, now: datetime) -> datetime:
        """See :class:`watchers.claiming.ClaimPort`."""
        return now

    @synchronised
    def forget_turns(self, before: datetime, limit: int) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        old = [
            name
            for name, turn in self._turns.items()
            if turn.held_until < before and turn.next_start < before
        ][:limit]
        for name in old:
            del self._turns[name]
        return len(old)
