"""Who may ask which host when several machines poll: the port.

A *holder* (one worker process at one time: a random token) takes hosts, and with them what is due
there. While it holds a host nobody else asks that host for anything; what it holds expires unless
it is renewed, so the hosts of a machine that died are free again by themselves. When it lets a
host go it says for how long nobody may start another request there, and all holders respect that:
manners towards a host hold across machines.

`now` is the caller's aware UTC: what is due by it is due. Who holds what, and until when, is
judged by the *database's* clock where it has one (PostgreSQL), so that machines whose clocks
differ agree about it; elsewhere by `now`. Leases and pauses are lengths of time, never moments,
for the same reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from watchers.model import Feed


class ClaimPort(Protocol):
    """Hosts taken by holders, one transaction a call."""

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
        """Take hosts that nobody holds and whose pause is over, and give what is due there.

        As :meth:`watchers.ports.FeedPort.due_feeds` chooses: not paused, due, of no host at rest,
        longest overdue first, at most `per_host` of a host and `limit` in all. `among`: only of
        feeds with these ids, due or not. `without`: not these (their polls broke here). Two
        holders that claim at the same moment get different hosts, and neither waits for the
        other. Each host is held for `lease`; none is held of which no feed is given.
        """

    def renew_claims(self, holder: str, now: datetime, *, lease: timedelta) -> frozenset[str]:
        """Hold what the holder still holds for `lease` from now on; the hosts it holds.

        A host that is missing here was lost: it must not be asked any more.
        """

    def release_hosts(self, holder: str, now: datetime, pauses: Mapping[str, timedelta]) -> None:
        """Let these hosts go, to be asked again after these pauses; others' are left alone."""

    def release_all(self, holder: str, now: datetime, *, pause: timedelta) -> int:
        """Let go all that this holder has left, to be asked again after the pause: how many."""

    def take_host(
        self, host: str, holder: str, now: datetime, *, lease: timedelta
    ) -> timedelta | None:
        """Take one host that a redirect, a page or robots.txt leads to: None, and it is held.

        Else how long until it is free for certain: its pause is not over, or somebody else holds
        it, who may let it go sooner. What the same holder has already is taken at once.
        """

    def claimable(self, now: datetime, limit: int) -> int:
        """How many feeds could be claimed right now; no more than `limit` are counted."""

    def claim_clock(self, now: datetime) -> datetime:
        """The clock by which leases are judged: the database's, or the caller's `now`."""

    def forget_turns(self, before: datetime, limit: int) -> int:
        """Delete what is known of hosts that nobody has held, and whose pause ended, before then.

        At most `limit` of them; how many. Reads all hosts: for housekeeping.
        """
