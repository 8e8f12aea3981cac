"""What is not told though it is known: stories and feeds that admins muted. Pure, and the port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mutes:
    """What is muted now."""

    subjects: frozenset[str] = frozenset()  # as `watchers.digest.subject_of` names them
    feeds: frozenset[int] = frozenset()


class MutePort(Protocol):
    """Stories and feeds that no channel is told."""

    def mutes(self) -> Mutes:
        """All of them."""

    def mute_subject(self, subject: str, *, muted: bool, at: datetime, actor: str) -> bool:
        """Tell a story no more, or again; whether that changed anything."""

    def mute_feed(self, feed_id: int, *, muted: bool, at: datetime, actor: str) -> bool:
        """Tell what a feed alone brings no more, or again; it is polled and stored as before.
        Whether that changed anything. FeedUnknown.
        """
