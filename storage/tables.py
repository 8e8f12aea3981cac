"""The rows, as SQLModel tables: one class a table. They are not the domain (see `mapping`).

The statements use the Core tables at the end of the module; the classes say what a column is
and give Alembic something to compare the migrations with. Lists are JSON text, keys 16-byte
hashes, times UTC with microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

# A button in an old message names a delivery by its id: SQLite would give it out again.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond, on both databases; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: SQLite keeps text without a zone, which sorts as the time does."""
        if value is None:
            return None
        if value.utcoffset() is None:
            msg = f"a naive time cannot be stored: {value!r}"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database, aware again."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _index(name: str, *columns: str, unique: bool = False, **where: bool | None) -> Index:
    """An index on the rows where each column is true, false or (None) null."""
    lite, post = [], []
    for column, wanted in where.items():
        lite.append(f"{column} IS NULL" if wanted is None else f"{column} = {wanted:d}")
        post.append(
            f"{column} IS NULL" if wanted is None else column if wanted else f"NOT {column}"
        )
    return Index(
        name,
        *columns,
        unique=unique,
        sqlite_where=text(" AND ".join(lite)) if lite else None,
        postgresql_where=text(" AND ".join(post)) if post else None,
    )


class Row(SQLModel, registry=registry(metadata=MetaData())):
    """The root of our tables, with a metadata of their own."""


class FeedRow(Row, table=True):
    """A feed, and after its removal what its articles say about their origin."""

    __tablename__ = "feed"
    __table_args__ = (
        _index("feed_url_key", "url_key", unique=True, removed_at=None),
        _index("feed_due", "next_due", "id", removed_at=None),
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
        _index("article_unsettled", "time", settled=False),
        _index("article_text_key", "text_key", settled=True),
        _index("article_stories", "time", "id", relevant=True, settled=True, duplicate_of=None),
        _index("article_tells", "first_seen", tells=True, settled=True, baseline=False),
        Index("article_story_id", "story_id"),
        Index("article_duplicate_of", "duplicate_of"),
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


METADATA = Row.metadata


def _table(row: type[Row]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


FEED = _table(FeedRow)
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
