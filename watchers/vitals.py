"""How a running Dadkhah is: what waits, for how long, and how large the database is; the port.

Read every few seconds for years by those who watch it (`bot.metrics`), so that each number comes
from an index and none needs the whole of a table that grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

AUDIENCES = ("channel", "private")
"""Whom pages are for: public channels, or private chats (only ever counted)."""
PAGE_STATES = ("queued", "sending", "uncertain", "failed")
"""States in which a page waits for something."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is stored, in numbers. Times are aware UTC; None: there is no such thing."""

    feeds: int  # watched, paused ones included
    due: int  # feeds whose time has come
    due_since: datetime | None  # since when the longest overdue of them is due
    pages: Mapping[tuple[str, str], int]  # by audience and state; those that are 0 too
    queued_since: Mapping[str, datetime]  # the oldest waiting page of an audience: its digest's
    unsettled: int  # articles that are to be grouped
    unindexed: int  # articles that the full search does not find yet
    notices: int  # that admins were not told of yet
    digest_behind: datetime | None  # of all channels that are told, the earliest last digest
    size: int  # bytes of the database
    workers: int | None = None  # of the distributed engine, alive; None: there is none
    jobs: Mapping[str, int] = field(default_factory=dict)  # of its queue, by state


class VitalsPort(Protocol):
    """Numbers for those who watch over the service."""

    def vitals(self, now: datetime) -> Vitals:
        """How things are now; cheap enough for every few seconds. StoreError."""
