"""Taking back what was posted: the port.

A posted page is edited so that the story goes, or deleted if it told nothing else. Doing so
twice does no harm ("message is not modified"), so that these, unlike posts, are tried again
until Telegram answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from watchers.telling import Delivery, Page, SendResult, Withdrawal


class CorrectionState(StrEnum):
    """The life of a change of a posted page. It may be tried again: doing it twice does no harm."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"  # Telegram will not have it: an admin has to do it by hand


@dataclass(frozen=True, slots=True)
class Correction:
    """A posted page that is to read otherwise, or to go."""

    id: int
    channel_id: int
    chat: str
    message_id: int
    content: Page | None  # None: the message is to be deleted
    state: CorrectionState
    attempts: int = 0
    not_before: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A page that tells a story, as `/withdraw` finds it: it is out, or waits, or may be out."""

    delivery: Delivery
    chat: str
    private: bool
    built_at: datetime  # its digest


class CorrectionPort(Protocol):
    """Posted pages that are to read otherwise."""

    def posted(self, *, subject: str = "", official: str = "") -> tuple[Posted, ...]:
        """The pages that tell a subject, or name an official, oldest first: whatever their state
        but `dropped`, of all channels, private ones too. At most 20,000.
        """

    def withdraw(
        self,
        subjects: Sequence[str],
        changes: Mapping[int, Page | None],
        *,
        what: str,
        note: str = "",
        at: datetime,
        actor: str,
    ) -> int:
        """Take subjects back, in one transaction; how many messages are to be changed.

        `changes`: by delivery id, the page as it is to read, or None if it is to go. One that
        is `queued` or `failed` gets the new page (or is `dropped`) and was never wrong to
        readers; one that is `sent` with a message id gets a Correction; a `sending` or
        `uncertain` one, or one without a message id, gets the new page for the case that it is
        sent again, and is told about in an admins' notice.
        `what`: "removed" or "corrected" (see `Withdrawal`). A removed subject is muted. Each
        public or private channel that was told one of them is to be told so in its next digest.
        One audit record, without private chats.
        """

    def withdrawals(self, channel_id: int) -> tuple[Withdrawal, ...]:
        """What the channel is to be told of, oldest first. `queue_digests` with their ids marks
        them told.
        """

    def due_corrections(self, now: datetime, limit: int) -> tuple[Correction, ...]:
        """Queued corrections whose channel and own not_before have come, one a chat, those of
        public channels first, then oldest first.
        """

    def record_correction(self, correction_id: int, result: SendResult, *, at: datetime) -> None:
        """What came of it: SENT is done; RETRY and UNCERTAIN stay queued (UNCERTAIN waits 10
        seconds, doubled each time, at most an hour); FAILED and PAUSE are failed, and admins are
        told by a notice; MIGRATED gives the channel its new chat and stays queued.
        """
