"""Taking back what was posted: the port.

A posted page is edited so that the story goes, or deleted if it told nothing else. Doing so
twice does no harm ("message is not modified"), so that these, unlike posts, are tried again
until Telegram answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from watchers.telling import Correction, Page, Posted, SendResult, Withdrawal


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
