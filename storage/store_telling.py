"""Parts of `SqlStore`: what was posted taken back, approvals, mutes, and reading for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from storage import approvals, browsing, corrections, mutes, withdrawals
from storage.store_parts import Transactions
from storage.taking_back import Taking
from watchers.approving import Approval
from watchers.correcting import Correction, Posted
from watchers.muting import Mutes
from watchers.telling import (
    Page,
    SendResult,
    Tellable,
    Withdrawal,
)


class CorrectionStore(Transactions):
    """:class:`watchers.correcting.CorrectionPort` in a database."""

    def posted(self, *, subject: str = "", official: str = "") -> tuple[Posted, ...]:
        """See :class:`watchers.correcting.CorrectionPort`."""
        with self._read() as connection:
            return corrections.posted(connection, subject, official)

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
        """See :class:`watchers.correcting.CorrectionPort`."""
        taking = Taking(tuple(dict.fromkeys(subjects)), what, note, at, actor)
        with self._durable() as connection:
            return corrections.withdraw(connection, taking, changes)

    def withdrawals(self, channel_id: int) -> tuple[Withdrawal, ...]:
        """See :class:`watchers.correcting.CorrectionPort`."""
        with self._read() as connection:
            return withdrawals.waiting(connection, channel_id)

    def due_corrections(self, now: datetime, limit: int) -> tuple[Correction, ...]:
        """See :class:`watchers.correcting.CorrectionPort`; whatever is paused or stopped."""
        with self._read() as connection:
            return corrections.due(connection, now, limit)

    def record_correction(self, correction_id: int, result: SendResult, *, at: datetime) -> None:
        """See :class:`watchers.correcting.CorrectionPort`; nothing for one that was replaced."""
        with self._write() as connection:
            corrections.record(connection, correction_id, result, at)


class ApprovalStore(Transactions):
    """:class:`watchers.approving.ApprovalPort` in a database."""

    def ask_approval(
        self, channel_id: int, slot: datetime, subjects: Sequence[str], *, at: datetime
    ) -> Approval | None:
        """See :class:`watchers.approving.ApprovalPort`. ChannelUnknown."""
        with self._write() as connection:
            return approvals.ask(connection, channel_id, slot, subjects, at)

    def approvals(self, *, open_only: bool = True) -> tuple[Approval, ...]:
        """See :class:`watchers.approving.ApprovalPort`."""
        with self._read() as connection:
            return approvals.listed(connection, open_only=open_only)

    def approval(self, approval_id: int) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        with self._read() as connection:
            return approvals.find(connection, approval_id)

    def choose(
        self, approval_id: int, subjects: Sequence[str], *, keep: bool, at: datetime, actor: str
    ) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        with self._write() as connection:
            return approvals.choose(connection, approval_id, subjects, at, actor, keep=keep)

    def close_approval(
        self, approval_id: int, *, posted: bool, at: datetime, actor: str
    ) -> Approval:
        """See :class:`watchers.approving.ApprovalPort`."""
        with self._write() as connection:
            return approvals.close(connection, approval_id, at, actor, posted=posted)


class MuteStore(Transactions):
    """:class:`watchers.muting.MutePort` in a database."""

    def mutes(self) -> Mutes:
        """See :class:`watchers.muting.MutePort`."""
        with self._read() as connection:
            return mutes.mutes(connection)

    def mute_subject(self, subject: str, *, muted: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.muting.MutePort`."""
        with self._write() as connection:
            return mutes.mute_subject(connection, subject, at, actor, muted=muted)

    def mute_feed(self, feed_id: int, *, muted: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.muting.MutePort`."""
        with self._write() as connection:
            return mutes.mute_feed(connection, feed_id, at, actor, muted=muted)


class BrowseStore(Transactions):
    """:class:`watchers.browsing.BrowsePort` in a database."""

    def latest(
        self,
        limit: int,
        *,
        officials: Sequence[str] = (),
        languages: Sequence[str] = (),
        relevant: bool | None = True,
        since: datetime | None = None,
    ) -> tuple[Tellable, ...]:
        """See :class:`watchers.browsing.BrowsePort`."""
        wanted = browsing.Wanted(frozenset(officials), frozenset(languages), relevant)
        with self._read() as connection:
            return browsing.latest(connection, limit, wanted, since)

    def texts(self, article_ids: Sequence[int]) -> dict[int, str]:
        """See :class:`watchers.browsing.BrowsePort`."""
        with self._read() as connection:
            return browsing.texts(connection, article_ids)


class TellingStore(CorrectionStore, ApprovalStore, MuteStore, BrowseStore):
    """All of these."""
