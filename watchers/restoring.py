"""A database that was put back, or copied while it was in use: nothing is posted until an admin
has said what was posted since. What the ledger does not know it must not tell once more.

    hold_posting -> carry_on        nothing was posted since: go on where it was
                 -> count_as_told   what appeared until a time counts as told; the later is news
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from watchers.errors import PostingHeld
from watchers.telling import Tellable

Why = Literal["restored", "copied"]

REACH = timedelta(days=31)
"""How far back untold articles are looked for: no digest looks further, but after a pause."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing is posted, since when, and how old the data is (UTC)."""

    why: Why
    at: datetime
    data_of: datetime | None = None  # the latest that it knows of

    @property
    def told(self) -> str:
        """In a sentence."""
        known = f", with what was known at {_minute(self.data_of)}" if self.data_of else ""
        return (
            f"Posting is held: the database was {self.why} at {_minute(self.at)}{known}; what was "
            "posted after that it does not know."
        )

    def error(self) -> PostingHeld:
        """What whoever wants to post is told."""
        return PostingHeld(self.told)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted as told."""

    subjects: int  # stories, and articles without one
    channels: int
    feeds: int = 0  # not read since it was put back: begun anew
    corrections: int = 0  # of posted pages, given up


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def is_after(article: Tellable, until: datetime) -> bool:
    """Whether an article certainly appeared after a time: its own date says so."""
    return article.published is not None and article.published > until


class RestorePort(Protocol):
    """Posting held after a restore, and what ends it."""

    def hold_posting(self, why: Why, *, at: datetime) -> int:
        """Post nothing from now on, and build nothing that would be posted.

        Pages that are `queued` or `sending` become `uncertain`, for they may have been posted
        since; how many. What is held already keeps its `data_of`: nobody decided about that time.
        Rows made later get numbers that no button in an old message has.
        Admins get a notice.
        """

    def posting_held(self) -> Held | None:
        """Whether, and why."""

    def carry_on(self, *, at: datetime, actor: str) -> int:
        """Nothing was posted since: post again. The pages that were `queued` are so again,
        unless somebody decided on them meanwhile; how many. InputInvalid: nothing is held.
        """

    def count_as_told(self, until: datetime, *, at: datetime, actor: str) -> Counted:
        """Count as told, to every channel, each subject of which some article appeared by then
        (or has no date), and what changed of those that were told; then post again.

        An article that is stored later, and dated by then, is no news either; of feeds that were
        not read since `hold_posting` undated entries count as old once. The pages stay
        `uncertain`. Corrections of posted pages that wait are given up: they might undo later
        ones. InputInvalid: nothing is held.
        """
