"""Digests that wait for an admin's approval, story by story: the port.

What waits is a list of subjects, not a text: when it is posted, the digest is built anew of
those that were let through, from what is stored then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Approval:
    """A digest that waits for an admin: each of its stories may go out, or not."""

    id: int
    channel_id: int
    slot: datetime
    at: datetime
    state: str  # "open", "posted", "dropped"
    chosen: Mapping[str, bool | None]  # by subject, in reading order; None: undecided


class ApprovalPort(Protocol):
    """What waits for an admin."""

    def ask_approval(
        self, channel_id: int, slot: datetime, subjects: Sequence[str], *, at: datetime
    ) -> Approval | None:
        """Keep a digest's subjects, all undecided, and move the channel's last_slot.

        None, and nothing changed, if that slot was asked for already. An approval of the same
        channel that is still open takes the new subjects up, keeps its decisions, and is given
        back. Without subjects only last_slot moves, and None is given back.
        """

    def approvals(self, *, open_only: bool = True) -> tuple[Approval, ...]:
        """Newest first; at most 100."""

    def approval(self, approval_id: int) -> Approval:
        """One of them. ApprovalUnknown."""

    def choose(
        self, approval_id: int, subjects: Sequence[str], *, keep: bool, at: datetime, actor: str
    ) -> Approval:
        """Let subjects through, or not. ApprovalUnknown, ApprovalClosed."""

    def close_approval(
        self, approval_id: int, *, posted: bool, at: datetime, actor: str
    ) -> Approval:
        """The digest is to be posted now, or dropped. ApprovalUnknown, ApprovalClosed.

        What was not let through counts as told to the channel and is never told there. What
        is undecided when it is posted stays untold; dropping it counts all as told.
        """
