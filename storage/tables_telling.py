"""The rows of telling, of admins, and small values; see :mod:`storage.tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from storage.columns import Row, UtcTime

# A button in an old message names a delivery by its id: SQLite would give it out again.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class ChannelRow(Row, table=True):
    """A chat that receives digests."""

    __tablename__ = "channel"
    __table_args__ = (Index("channel_chat", "chat", unique=True), _NEVER_REUSED)
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


class DigestRow(Row, table=True):
    """What one channel was told at one time."""

    __tablename__ = "digest"
    __table_args__ = (Index("digest_slot", "channel_id", "slot", unique=True), _NEVER_REUSED)
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    slot: datetime = Field(sa_type=UtcTime)
    built_at: datetime = Field(sa_type=UtcTime)
    since: datetime = Field(sa_type=UtcTime)


class ToldRow(Row, table=True):
    """A subject (story, or article) that a channel was told: once and for ever."""

    __tablename__ = "told"
    __table_args__ = (Index("told_digest_id", "digest_id"),)
    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    subject: str = Field(primary_key=True)
    digest_id: int = Field(foreign_key="digest.id")
    again: int | None  # the digest that told it once more, as updated


class DeliveryRow(Row, table=True):
    """One page of a digest, with its state and receipt."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_page", "channel_id", "digest_id", "page", unique=True),
        Index("delivery_state", "state", "id"),
        Index("delivery_next", "channel_id", "state", "digest_id", "page"),
        Index("delivery_digest_id", "digest_id"),
        _NEVER_REUSED,
    )
    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    digest_id: int = Field(foreign_key="digest.id")
    page: int
    pages: int
    text: str
    entities: str
    state: str
    attempts: int
    not_before: datetime | None = Field(sa_type=UtcTime)
    claimed_at: datetime | None = Field(sa_type=UtcTime)
    sent_at: datetime | None = Field(sa_type=UtcTime)
    message_id: int | None = Field(sa_type=BigInteger)
    error: str | None


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
