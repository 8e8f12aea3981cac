"""The rows, as SQLModel tables: one class a table. They are not the domain (see `mapping`).

The statements use the Core tables at the end of the module; the classes say what a column is
and give Alembic something to compare the migrations with. Lists are JSON text, keys 16-byte
hashes, times UTC with microseconds.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, Table, false, true
from sqlmodel import Field

from storage.columns import BIG_KEY, Row, UtcTime, index_of, index_where
from storage.tables_telling import (
    AdminRow,
    AlertedRow,
    ApprovalRow,
    AuditRow,
    ChannelRow,
    ContentRow,
    CorrectionRow,
    DeliveryRow,
    DigestRow,
    MentionRow,
    MuteRow,
    ToldRow,
    ValueRow,
    WatchedRow,
    WithdrawalRow,
)

# All columns are the key: SQLite keeps one tree of them instead of two.
_KEY_ONLY = {"sqlite_with_rowid": False}


class FeedRow(Row, table=True):
    """A feed, and after its removal what its articles say about their origin."""

    __tablename__ = "feed"
    __table_args__ = (
        index_of("feed_url_key", "url_key", unique=True, removed_at=None),
        index_of("feed_due", "next_due", "id", removed_at=None),
        index_of("feed_host_due", "host", "next_due", "id", removed_at=None),
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


class HostTurnRow(Row, table=True):
    """Who may ask a host: its holder until then, and nobody before `next_start`."""

    __tablename__ = "host_turn"
    __table_args__ = (index_where("host_turn_holder", "holder", where="holder IS NOT NULL"),)
    name: str = Field(primary_key=True)
    next_start: datetime = Field(sa_type=UtcTime)
    held_until: datetime = Field(sa_type=UtcTime)  # when it was let go, if nobody holds it
    holder: str | None  # a worker process at one time (bot.claims)


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
    __table_args__ = (
        index_where("story_event", "event", where="event IS NOT NULL"),
        index_where("story_merged_into", "merged_into", where="merged_into IS NOT NULL"),
    )
    id: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=UtcTime)
    merged_into: str | None  # the story that an admin, or a later report, joined it to
    event: str | None  # what it is by the articles alone (watchers.groups); NULL: given


class ArticleRow(Row, table=True):
    """An article, what the core found out about it, and how it was grouped."""

    __tablename__ = "article"
    __table_args__ = (
        Index("article_url_key", "url_key", unique=True),
        Index("article_first_seen", "first_seen", "id"),
        index_of("article_unsettled", "time", settled=False),
        index_of("article_resettle", "time", resettle=True),
        index_of("article_text_key", "text_key", settled=True),
        index_where("article_leads", "lead_at", where="lead_at IS NOT NULL"),
        index_where(
            "article_leading_copies",
            "duplicate_of",
            where="duplicate_of IS NOT NULL AND lead_at IS NOT NULL",
        ),
        index_of("article_tells", "first_seen", tells=True, settled=True, baseline=False),
        Index("article_story_id", "story_id"),
        # Of copies only: with the others in it SQLite reads all articles to find the stories.
        index_where("article_duplicate_of", "duplicate_of", where="duplicate_of IS NOT NULL"),
        index_where("article_check", "check_at", where="check_at IS NOT NULL"),
        index_of("article_texts", "first_seen", text_kept=True),
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
    tells: bool  # watchers.model.Verdict.tells: may stand in a digest
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
    changed_at: datetime | None = Field(sa_type=UtcTime)  # its facts, the last time
    gone_at: datetime | None = Field(sa_type=UtcTime)  # its feed or its site took it away
    pinned: bool = Field(sa_column_kwargs={"server_default": false()})  # an admin chose its story
    text_kept: bool = Field(sa_column_kwargs={"server_default": true()})  # not yet thrown away
    check_at: datetime | None = Field(sa_type=UtcTime)  # when to see whether its page is there
    lead_at: datetime | None = Field(sa_type=UtcTime)  # its time, if it leads (watchers.groups)
    # It changed, and is to be settled once more; until then its group stands, and is told.
    resettle: bool = Field(sa_column_kwargs={"server_default": false()})


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
    """The band hashes of the articles that are kept close: equal in one is a candidate copy.

    The period is the article's time in units of 15 days (see `bands`).
    """

    __tablename__ = "band"
    __table_args__ = _KEY_ONLY
    period: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
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
    kind: str = Field(sa_column_kwargs={"server_default": "facts"})  # or "cosmetic", "gone", "back"
    reason: str = Field(sa_column_kwargs={"server_default": ""})  # what of it changed


class SearchDueRow(Row, table=True):
    """An article that the search index does not have yet as it is now (storage.search_index)."""

    __tablename__ = "search_due"
    article_id: int = Field(
        primary_key=True, foreign_key="article.id", sa_column_kwargs={"autoincrement": False}
    )
    mark: int = Field(sa_type=BigInteger)  # another one whenever it changes


METADATA = Row.metadata


def _table(row: type[Row]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


FEED = _table(FeedRow)
LISTING = _table(ListingRow)
FORMER_ADDRESS = _table(FormerAddressRow)
HOST = _table(HostRow)
HOST_TURN = _table(HostTurnRow)
LEDGER = _table(LedgerRunRow)
NOTICE = _table(NoticeRow)
STORY = _table(StoryRow)
ARTICLE = _table(ArticleRow)
ENTRY = _table(EntryRow)
ADDRESS = _table(AddressRow)
MATCH = _table(MatchRow)
BAND = _table(BandRow)
REVISION = _table(RevisionRow)
SEARCH_DUE = _table(SearchDueRow)
CHANNEL = _table(ChannelRow)
DIGEST = _table(DigestRow)
TOLD = _table(ToldRow)
ALERTED = _table(AlertedRow)
CONTENT = _table(ContentRow)
MENTION = _table(MentionRow)
DELIVERY = _table(DeliveryRow)
CORRECTION = _table(CorrectionRow)
WITHDRAWAL = _table(WithdrawalRow)
APPROVAL = _table(ApprovalRow)
MUTE = _table(MuteRow)
ADMIN = _table(AdminRow)
AUDIT = _table(AuditRow)
VALUE = _table(ValueRow)
WATCH_ROW = _table(WatchedRow)
