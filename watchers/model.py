"""The nouns of watching and knowing: frozen values without I/O (docs/glossary.md has the words).

Those of telling (channels, digests, deliveries) are in :mod:`watchers.telling`.

All times are aware and in UTC: each constructor that takes one refuses a naive datetime.
``*_key`` fields are 16-byte BLAKE2b hashes (:func:`watchers.text.key`), kept for ever so
that nothing old is told as new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

FAILURE_KINDS = (
    "refused",  # our own guard: a private address, a scheme, a forbidden redirect
    "dns",
    "connect",
    "tls",
    "timeout",
    "cut",  # the connection broke in the middle
    "status",  # an HTTP status that is no success
    "too-large",
    "redirects",
    "not-a-feed",  # HTML, a login page, empty
    "malformed",  # a feed, but beyond repair
    "parser",  # the worker process ran out of time or memory, or died
    "turn",  # another machine was asking the host: nobody's fault
)


def require_utc(*times: datetime | None) -> None:
    """Refuse a naive or non-UTC time: ``ValueError`` (a bug, not input)."""
    for time in times:
        if time is not None and time.utcoffset() != UTC.utcoffset(None):
            msg = f"a time must be aware and in UTC: {time!r}"
            raise ValueError(msg)


# ---------------------------------------------------------------- feeds and fetching


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as a person or a list names it; ``kind`` is the outlet kind of its site."""

    url: str
    name: str = ""
    language: str | None = None
    kind: str = ""  # empty: as the table of outlets says
    site: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A polled URL and its polling state."""

    id: int
    url: str
    name: str
    site: str
    language: str | None
    kind: str
    paused: bool
    added_at: datetime
    next_due: datetime
    interval: int  # seconds between polls, before jitter
    etag: str | None = None
    last_modified: str | None = None
    body_key: bytes | None = None  # hash of the last body that was read
    last_polled: datetime | None = None
    last_success: datetime | None = None
    failures: float = 0.0  # weighted, see watchers.polling
    last_error: str | None = None
    failing_since: datetime | None = None
    floor: int = 0  # seconds: no sooner than this, as its document asked
    newest: datetime | None = None  # when it last gave something new: published, or polled
    span: int = 0  # seconds that its listing covered at the last reading; 0 if unknown
    last_full: datetime | None = None  # the last whole answer, not a 304

    @property
    def is_new(self) -> bool:
        """True until a poll has read it once: its first poll tells only the last 24 hours."""
        return self.last_success is None


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to ask for, with the validators of the last answer."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str | None = None  # media types; by default those of feeds
    size: int | None = None  # bytes after decompression; by default as FetchLimits says


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP answer: 200 with a body (decompressed), or 304 without."""

    url: str  # after redirects
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes = b""
    moved_to: str | None = None  # the end of a chain of only permanent redirects

    @property
    def etag(self) -> str | None:
        """The validator to send next time in If-None-Match."""
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """The validator to send next time in If-Modified-Since."""
        return self.headers.get("last-modified")

    @property
    def content_type(self) -> str:
        """The Content-Type header, or an empty string."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """A fetch or a parse that failed as such things do; ``kind`` is of FAILURE_KINDS."""

    kind: str
    detail: str  # one sentence, without secrets
    status: int | None = None
    retry_after: int | None = None  # seconds, as the server asked
    url: str = ""  # the hop that failed; empty where no request was made


# ---------------------------------------------------------------- entries and articles


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the feed gave it: HTML in the text fields, times in UTC or missing."""

    guid: str | None
    link: str | None
    title: str
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    language: str | None = None
    source: str = ""  # the outlet's name, where an aggregator or a sitemap says whose it is
    source_url: str | None = None  # that outlet's address

    def __post_init__(self) -> None:
        require_utc(self.published)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed document in our words; ``repairs`` names what had to be mended to read it."""

    title: str
    language: str | None
    entries: tuple[Entry, ...]
    repairs: tuple[str, ...] = ()
    wait: int = 0  # seconds between polls that the document asks for (ttl, sy:); 0 if it does not
    whole: bool = True  # every entry of the document is here (at most MAX_ENTRIES are)


@dataclass(frozen=True, slots=True)
class Article:
    """A normalised entry: canonical URL, plain text, UTC time."""

    url: str  # as the feed printed it, taken out of an aggregator's wrapper
    canonical_url: str
    url_key: bytes  # of canonical_url: the article's identity
    guid_key: bytes  # of the entry within its feed
    content_key: bytes  # of title and text as given: tells that an entry changed
    title: str
    text: str
    published: datetime | None
    language: str | None
    source: str = ""  # the outlet's name, if an aggregator brought it and its link hides whose
    source_url: str | None = None
    is_full: bool = False  # the text is the article's own, not a summary
    link_key: bytes | None = None  # of the link's canonical URL, if the page names another
    wrapper: str | None = None  # the aggregator's link that `url` was taken out of

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What the article is found by: its own address first, then the feed's link."""
        return (self.url_key,) if self.link_key is None else (self.url_key, self.link_key)

    def __post_init__(self) -> None:
        require_utc(self.published)


@dataclass(frozen=True, slots=True)
class Match:
    """One reason: where a subject was found and by which rule.

    ``start`` and ``end`` count code points of the article's ``title`` or ``text``.
    """

    subject: str  # a person's or topic's id
    kind: str  # "official", "person", "topic", "lookalike"
    field: str  # "title" or "text"
    alias: str  # as printed
    start: int
    end: int
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an article is about, with its reasons. *Relevant* and *named* are kept apart."""

    relevant: bool
    officials: tuple[str, ...]  # ids, named in the text, relevant or not
    people: tuple[str, ...]  # ids of people of other kinds
    topics: tuple[str, ...]
    matches: tuple[Match, ...]
    score: float
    watchlist: str  # its version
    suspicious: bool = False  # not enough to be relevant, enough to look closer

    @property
    def tells(self) -> bool:
        """May stand in a digest: relevant, an official named, or of an admins' own topic."""
        return self.relevant or bool(self.officials) or bool(self.topics)

    @property
    def kept_close(self) -> bool:
        """Worth near-copy bands: it tells something, or is suspicious."""
        return self.tells or self.suspicious


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What copies are found by; ``version`` names the algorithm (watchers.dedupe)."""

    version: str
    text_key: bytes  # of the folded words of title and text
    signature: tuple[int, ...] = ()  # MinHash, empty unless the verdict is kept close
    bands: tuple[int, ...] = ()  # signed 64-bit


@dataclass(frozen=True, slots=True)
class Item:
    """An article with what the core found out about it."""

    article: Article
    verdict: Verdict
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the store knows of the entries that a feed listed at its latest readings."""

    entries: Mapping[bytes, bytes]  # guid_key -> content_key
    urls: frozenset[bytes] = frozenset()  # url_keys of their articles
    listing: bytes = b""  # of the last document, as the reader packed it (watchers.listing)


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two readings of a feed entries may have come and gone."""

    feed_id: int
    feed_name: str
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        require_utc(self.since, self.until)


@dataclass(frozen=True, slots=True)
class PollResult:
    """All that one poll of one feed found: the store carries it out in one transaction."""

    feed_id: int
    at: datetime
    next_due: datetime
    interval: int
    failures: float
    outcome: str  # "changed", "unchanged", "failed", "outage" (ours: the feed is not blamed)
    status: int | None = None
    size: int = 0  # bytes of the body
    etag: str | None = None
    last_modified: str | None = None
    body_key: bytes | None = None
    failure: FetchFailure | None = None
    moved_to: str | None = None
    title: str = ""  # the feed's own, used while the feed has no name
    items: tuple[Item, ...] = ()  # entries that are new or whose content changed
    seen: tuple[bytes, ...] = ()  # guid keys of all entries listed
    full: bool = False  # a whole answer came, not a 304
    listed: int = 0  # entries of the document
    overlap: int = 0  # of those, known before
    gap: tuple[datetime, datetime] | None = None  # entries may have come and gone in between
    floor: int = 0  # see Feed
    newest: datetime | None = None  # see Feed; None leaves it as it is
    span: int = 0  # see Feed
    listing: bytes | None = None  # see Remembered; None leaves it as it is
    resting: tuple[str, datetime] | None = None  # a host that asked to be left alone until then
    gone: tuple[bytes, ...] = ()  # guid keys it listed last time; older ones it still lists

    def __post_init__(self) -> None:
        require_utc(self.at, self.next_due, self.newest)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A run of polls of one feed with the same outcome; one that changed is a run of its own."""

    feed_id: int
    since: datetime  # the first poll of the run
    until: datetime  # the last
    polls: int
    outcome: str  # as PollResult says
    status: int | None = None
    size: int = 0  # bytes, of all of them
    listed: int = 0
    new: int = 0  # articles not known before
    overlap: int = 0
    kind: str | None = None  # of FAILURE_KINDS
    gap: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a feed gave something new, as far as the ledger reaches."""

    finds: int  # readings that found something new
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class PollSaved:
    """What a saved poll changed."""

    feed_id: int
    new: int = 0  # articles not known before
    copies: int = 0  # entries that led to an article already known
    updated: int = 0  # articles whose content changed
    relevant: int = 0  # of the new ones
    named: int = 0  # of the new ones, not relevant, an official named
    baseline: int = 0  # of the new ones: stored, never told


# ---------------------------------------------------------------- grouping


@dataclass(frozen=True, slots=True)
class Grouped:
    """A stored article as grouping sees it."""

    id: int
    canonical_url: str
    title: str
    text: str
    published: datetime | None
    first_seen: datetime
    language: str | None
    relevant: bool
    officials: tuple[str, ...]
    fingerprint: Fingerprint
    duplicate_of: int | None = None
    story: str | None = None
    people: tuple[str, ...] = ()
    pinned: bool = False  # an admin chose its story: settling leaves it there
    lead_at: datetime | None = None  # its time when it was settled, if it leads its copies
    event: str | None = None  # of its story (watchers.groups)

    @property
    def time(self) -> datetime:
        """When it was published, or else first seen: orders settling."""
        return self.published or self.first_seen


@dataclass(frozen=True, slots=True)
class Grouping:
    """The decision for one article, with its reason."""

    article_id: int
    duplicate_of: int | None  # the first of its copies, never itself a copy
    story: str | None  # None unless relevant (a copy carries its first's)
    reason: str | None  # None leaves it as it is
    leads: bool | None = None  # by default: has a story and is no copy
    settles: bool = True  # False if it is not this article's turn, and only its story changes
    basis: tuple[bytes, bool] | None = None  # text_key and relevance that were looked at
