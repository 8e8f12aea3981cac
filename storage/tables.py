"""The rows, as SQLModel tables: one class a table. They are not the domain (see `mapping`).

The statements use the Core tables at the end of the module; the classes say what a column is
and give Alembic something to compare the migrations with. Lists are JSON text, keys 16-byte
hashes, times UTC with microseconds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table, false
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from storage.columns import BIG_KEY, UtcTime, index_of, index_where

# A button in an old message names a delivery by its id: SQLite would give it out again.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class Row(SQLModel, registry=registry(metadata=MetaData())):
    """The root of our tables, with a metadata of their own."""


class FeedRow(Row, table=True):
    """A feed, and after its removal what its articles say about their origin."""

    __tablename__ = "feed"
    __table_args__ = (
        index_of("feed_url_key", "url_key", unique=True, removed_at=None),
        index_of("feed_due", "next_due", "id", removed_at=None),
    )
    id: int | None = Field(default=None, primary_key=True)
    url: str
    url_key: bytes = Field(sa_type=LargeBinary)  # an index entry of PostgreSQL ends at 2.7 kB
    name: str
    site: str
    language: str | None
    kind: str
    paused: bool
    added_at: datetime = Field(sa_type=UtcTime)
    next_due: datetime = Field(sa_type=UtcTime)
    interval: int
    etag: str | None
    last_modified: str | None
    body_key: bytes | None = Field(sa_type=LargeBinary)
    last_polled: datetime | None = Field(sa_type=UtcTime)
    last_success: datetime | None = Field(sa_type=UtcTime)
    failures: float
    last_error: str | None
    failing_since: datetime | None = Field(sa_type=UtcTime)
    removed_at: datetime | None = Field(sa_type=UtcTime)
    floor: int = Field(sa_column_kwargs={"server_default": "0"})
    newest: datetime | None = Field(sa_type=UtcTime)
    span: int = Field(sa_column_kwargs={"server_default": "0"})
    last_full: datetime | None = Field(sa_type=UtcTime)
    host: str = Field(sa_column_kwargs={"server_default": ""})
    run_id: int | None = Field(sa_type=BigInteger)  # its latest row of the ledger
    marked_at: datetime | None = Field(sa_type=UtcTime)  # when its entries' last_seen was renewed


class ListingRow(Row, table=True):
    """What a feed listed last, as the reader packed it: only wanted when its body changed."""

    __tablename__ = "listing"
    feed_id: int = Field(primary_key=True, foreign_key="feed.id")
    listing: bytes = Field(sa_type=LargeBinary)


class FormerAddressRow(Row, table=True):
    """Where a feed was before a permanent redirect moved it."""

    __tablename__ = "former_address"
    __table_args__ = (Index("former_address_url_key", "url_key"),)
    feed_id: int = Field(primary_key=True, foreign_key="feed.id")
    url_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    url: str
    until: datetime = Field(sa_type=UtcTime)


class HostRow(Row, table=True):
    """A host that asked to be left alone until a time."""

    __tablename__ = "host"
    name: str = Field(primary_key=True)
    not_before: datetime = Field(sa_type=UtcTime)


class LedgerRunRow(Row, table=True):
    """A run of polls of one feed that came to the same: see watchers.model.LedgerRow."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ledger_feed", "feed_id", "until"),
        Index("ledger_until", "until"),
        index_of("ledger_down", "until", down=True),
        index_where("ledger_gap", "until", where="gap_since IS NOT NULL"),
        index_where("ledger_finds", "feed_id", "since", "new", where="new > 0"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG_KEY)
    feed_id: int = Field(foreign_key="feed.id")
    since: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime)
    polls: int
    outcome: str
    down: bool  # the outcome is "failed" or "outage"
    status: int | None
    size: int = Field(sa_type=BigInteger)
    listed: int
    new: int
    overlap: int
    kind: str | None
    gap_since: datetime | None = Field(sa_type=UtcTime)
    gap_until: datetime | None = Field(sa_type=UtcTime)


class NoticeRow(Row, table=True):
    """Something that admins are told once; `key` says what, so that it is added once."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("notice_key", "key", unique=True),
        index_of("notice_untold", "id", told_at=None),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str
    at: datetime = Field(sa_type=UtcTime)
    kind: str
    text: str
    told_at: datetime | None = Field(sa_type=UtcTime)


class StoryRow(Row, table=True):
    """Articles on one event share its id."""

    __tablename__ = "story"
    id: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=UtcTime)


class ArticleRow(Row, table=True):
    """An article, what the core found out about it, and how it was grouped."""

    __tablename__ = "article"
    __table_args__ = (
        Index("article_url_key", "url_key", unique=True),
        Index("article_first_seen", "first_seen", "id"),
        index_of("article_unsettled", "time", settled=False),
        index_of("article_text_key", "text_key", settled=True),
        index_of("article_stories", "time", "id", relevant=True, settled=True, duplicate_of=None),
        index_of("article_tells", "first_seen", tells=True, settled=True, baseline=False),
        Index("article_story_id", "story_id"),
        # Of copies only: with the others in it SQLite reads all articles to find the stories.
        index_where("article_duplicate_of", "duplicate_of", where="duplicate_of IS NOT NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id")  # the one that gave it first
    url: str
    canonical_url: str
    url_key: bytes = Field(sa_type=LargeBinary)
    host: str
    title: str
    text: str
    language: str | None
    published: datetime | None = Field(sa_type=UtcTime)
    first_published: datetime | None = Field(sa_type=UtcTime)  # as it was first given
    first_seen: datetime = Field(sa_type=UtcTime)
    time: datetime = Field(sa_type=UtcTime)  # published, or else first_seen
    relevant: bool
    suspicious: bool
    tells: bool  # relevant, or an official is named: may stand in a digest
    score: float
    watchlist: str
    officials: str
    people: str
    topics: str
    fingerprint: str  # the version of the algorithm
    text_key: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)  # unsigned 64-bit, little-endian
    bands: bytes = Field(sa_type=LargeBinary)  # signed 64-bit, little-endian
    baseline: bool  # stored, never told
    settled: bool
    duplicate_of: int | None = Field(foreign_key="article.id")
    story_id: str | None = Field(foreign_key="story.id")
    reason: str | None  # of the grouping
    source: str = Field(sa_column_kwargs={"server_default": ""})  # the outlet, if not the host
    source_url: str | None
    is_full: bool = Field(sa_column_kwargs={"server_default": false()})  # no summary


class EntryRow(Row, table=True):
    """An entry of a feed: what it led to, its content when last read, when last listed."""

    __tablename__ = "entry"
    __table_args__ = (Index("entry_last_seen", "feed_id", "last_seen"),)
    feed_id: int = Field(primary_key=True, foreign_key="feed.id")
    guid_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    article_id: int = Field(foreign_key="article.id")
    content_key: bytes = Field(sa_type=LargeBinary)
    last_seen: datetime = Field(sa_type=UtcTime)


class AddressRow(Row, table=True):
    """A further address of an article, as printed; url_key is of its canonical form."""

    __tablename__ = "address"
    __table_args__ = (Index("address_url_key", "url_key"),)
    article_id: int = Field(primary_key=True, foreign_key="article.id")
    printed_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    url: str
    url_key: bytes = Field(sa_type=LargeBinary)


class MatchRow(Row, table=True):
    """One reason of an article's verdict."""

    __tablename__ = "match"
    article_id: int = Field(primary_key=True, foreign_key="article.id")
    position: int = Field(primary_key=True)
    subject: str
    kind: str
    field: str
    alias: str
    start: int
    end: int
    rule: str
    score: float


class BandRow(Row, table=True):
    """The band hashes of the articles that are kept close: equal in one is a candidate copy."""

    __tablename__ = "band"
    __table_args__ = (Index("band_article_id", "article_id"),)
    band: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    article_id: int = Field(primary_key=True, foreign_key="article.id")


class RevisionRow(Row, table=True):
    """What an article said before its feed changed it."""

    __tablename__ = "revision"
    __table_args__ = (Index("revision_article_id", "article_id"),)
    id: int | None = Field(default=None, primary_key=True)
    article_id: int = Field(foreign_key="article.id")
    at: datetime = Field(sa_type=UtcTime)
    title: str
    text: str
    fields: str


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


METADATA = Row.metadata


def _table(row: type[Row]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


FEED = _table(FeedRow)
LISTING = _table(ListingRow)
FORMER_ADDRESS = _table(FormerAddressRow)
HOST = _table(HostRow)
LEDGER = _table(LedgerRunRow)
NOTICE = _table(NoticeRow)
STORY = _table(StoryRow)
ARTICLE = _table(ArticleRow)
ENTRY = _table(EntryRow)
ADDRESS = _table(AddressRow)
MATCH = _table(MatchRow)
BAND = _table(BandRow)
REVISION = _table(RevisionRow)
CHANNEL = _table(ChannelRow)
DIGEST = _table(DigestRow)
TOLD = _table(ToldRow)
DELIVERY = _table(DeliveryRow)
ADMIN = _table(AdminRow)
AUDIT = _table(AuditRow)
VALUE = _table(ValueRow)
WATCH_ROW = _table(WatchedRow)
