"""The rows of telling, of admins, and small values; see :mod:`storage.tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, false
from sqlmodel import Field

from storage.columns import Row, UtcTime, index_of, index_where

# A button in an old message names a delivery by its id: SQLite would give it out again.
_NEVER_REUSED = {"sqlite_autoincrement": True}
_FALSE: dict[str, object] = {"server_default": false()}


class ChannelRow(Row, table=True):
    """A chat that receives digests."""

    __tablename__ = "channel"
    __table_args__ = (
        Index("channel_chat", "chat", unique=True),
        index_of("channel_private", "paused", private=True),
        index_where(
            "channel_next",
            "next_digest",
            "id",
            where="next_digest IS NOT NULL AND next_at IS NULL",
        ),
        index_where("channel_waiting", "next_at", where="next_at IS NOT NULL"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    chat: str
    timezone: str
    schedule: str
    language: str
    added_at: datetime = Field(sa_type=UtcTime)
    paused: bool
    pause_reason: str | None
    last_slot: datetime | None = Field(sa_type=UtcTime)
    not_before: datetime | None = Field(sa_type=UtcTime)
    # Digits of ISO weekdays.
    weekdays: str = Field(sa_column_kwargs={"server_default": "1234567"})
    # JSON of both: only what differs from watchers.scope.Scope() and AlertRules().
    scope: str = Field(sa_column_kwargs={"server_default": "{}"})
    alerts: str = Field(sa_column_kwargs={"server_default": "{}"})
    tells_nothing_new: bool = Field(sa_column_kwargs=_FALSE)
    needs_approval: bool = Field(sa_column_kwargs=_FALSE)
    private: bool = Field(sa_column_kwargs=_FALSE)  # somebody's chat with the bot
    # Of a private one: the digest of its next page; NULL: there is none, or one is out, or it is
    # paused. And until when that waits. Thus thousands of chats that wait cost the others nothing.
    next_digest: int | None
    next_at: datetime | None = Field(sa_type=UtcTime)


class DigestRow(Row, table=True):
    """What one channel was told at one time."""

    __tablename__ = "digest"
    __table_args__ = (
        Index("digest_slot", "channel_id", "kind", "slot", unique=True),
        index_of("digest_private", "built_at", private=True),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    slot: datetime = Field(sa_type=UtcTime)
    built_at: datetime = Field(sa_type=UtcTime)
    since: datetime = Field(sa_type=UtcTime)
    # watchers.telling.DigestKind
    kind: str = Field(sa_column_kwargs={"server_default": "digest"})
    private: bool = Field(sa_column_kwargs=_FALSE)  # as its channel


class ToldRow(Row, table=True):
    """A subject (story, or article) that a channel was told: once and for ever."""

    __tablename__ = "told"
    __table_args__ = (Index("told_digest_id", "digest_id"), Index("told_subject", "subject"))
    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    subject: str = Field(primary_key=True)
    digest_id: int = Field(foreign_key="digest.id")
    again: int | None  # the digest that told it once more, as updated


class AlertedRow(Row, table=True):
    """A subject that a channel was alerted of, before any digest told it."""

    __tablename__ = "alerted"
    __table_args__ = (
        Index("alerted_digest_id", "digest_id"),
        Index("alerted_subject", "subject"),
    )
    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    subject: str = Field(primary_key=True)
    digest_id: int = Field(foreign_key="digest.id")
    at: datetime = Field(sa_type=UtcTime)


class ContentRow(Row, table=True):
    """The text of a page, kept once: thousands of subscribers get the very same one."""

    __tablename__ = "content"
    __table_args__ = (Index("content_key", "key", unique=True), _NEVER_REUSED)
    id: int | None = Field(default=None, primary_key=True)
    key: bytes = Field(sa_type=LargeBinary)  # hash of the other three
    text: str
    entities: str
    placed: str  # JSON: [subject, offset, length, [officials]] of each story on it


class MentionRow(Row, table=True):
    """What a page tells of: a subject, or an official as "official:ID"."""

    __tablename__ = "mention"
    __table_args__ = (Index("mention_content_id", "content_id"),)
    name: str = Field(primary_key=True)
    content_id: int = Field(primary_key=True, foreign_key="content.id")


class DeliveryRow(Row, table=True):
    """One page of a digest, with its state and receipt."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_page", "channel_id", "digest_id", "page", unique=True),
        Index("delivery_state", "private", "state", "id"),
        Index("delivery_next", "channel_id", "state", "digest_id", "page"),
        Index("delivery_digest_id", "digest_id"),
        Index("delivery_content_id", "content_id"),
        index_where("delivery_message", "channel_id", "message_id", where="message_id IS NOT NULL"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    digest_id: int = Field(foreign_key="digest.id")
    page: int
    pages: int
    content_id: int = Field(foreign_key="content.id")
    private: bool = Field(sa_column_kwargs=_FALSE)  # as its channel
    state: str
    attempts: int
    not_before: datetime | None = Field(sa_type=UtcTime)
    claimed_at: datetime | None = Field(sa_type=UtcTime)
    sent_at: datetime | None = Field(sa_type=UtcTime)
    message_id: int | None = Field(sa_type=BigInteger)
    error: str | None


class CorrectionRow(Row, table=True):
    """A posted page that is to read otherwise, or (without content) to go."""

    __tablename__ = "correction"
    __table_args__ = (
        Index("correction_state", "state", "id"),
        Index("correction_channel_id", "channel_id"),
        Index("correction_delivery_id", "delivery_id"),
        Index("correction_content_id", "content_id"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    delivery_id: int = Field(foreign_key="delivery.id")
    content_id: int | None = Field(foreign_key="content.id")
    state: str
    attempts: int
    not_before: datetime | None = Field(sa_type=UtcTime)
    error: str | None
    at: datetime = Field(sa_type=UtcTime)


class WithdrawalRow(Row, table=True):
    """A story that a channel was told and that was taken back, to be told in a digest."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        Index("withdrawal_channel_id", "channel_id", "digest_id"),
        Index("withdrawal_digest_id", "digest_id"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    subject: str
    at: datetime = Field(sa_type=UtcTime)
    told_at: datetime = Field(sa_type=UtcTime)
    what: str
    note: str
    digest_id: int | None = Field(foreign_key="digest.id")  # that said so


class ApprovalRow(Row, table=True):
    """A digest that waits for an admin; `chosen` is JSON: [subject, true, false or null]."""

    __tablename__ = "approval"
    __table_args__ = (
        Index("approval_slot", "channel_id", "slot", unique=True),
        Index("approval_state", "state", "id"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    slot: datetime = Field(sa_type=UtcTime)
    at: datetime = Field(sa_type=UtcTime)
    state: str
    chosen: str


class MuteRow(Row, table=True):
    """A subject or a feed that no channel is told."""

    __tablename__ = "mute"
    kind: str = Field(primary_key=True)  # "subject" or "feed"
    ref: str = Field(primary_key=True)  # the subject, or the feed's number
    at: datetime = Field(sa_type=UtcTime)
    actor: str


class AdminRow(Row, table=True):
    """Somebody who may give orders; Telegram's ids have up to 52 bits."""

    __tablename__ = "admin"
    user_id: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    role: str
    added_at: datetime = Field(sa_type=UtcTime)


class AuditRow(Row, table=True):
    """One change that somebody made."""

    __tablename__ = "audit"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str
    action: str
    subject: str
    detail: str


class ValueRow(Row, table=True):
    """A small named value of the program's own."""

    __tablename__ = "value"
    name: str = Field(primary_key=True)
    value: str


class WatchedRow(Row, table=True):
    """A row of the watchlist as admins want it; `row` is JSON, NULL if they removed it."""

    __tablename__ = "watch_row"
    section: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    row: str | None
    base: str  # digest of the shipped row that it was made over
