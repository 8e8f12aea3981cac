"""Stages 2 to 4 for one document, in the order in which they run. Pure; runs in a worker.

bytes -> cut -> (only raw entries not seen) parse -> normalise -> (only articles that are new
    or changed) match -> fingerprint -> items
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from watchers import charset, mending
from watchers.cutting import Cut, cut
from watchers.dedupe import fingerprint
from watchers.errors import FeedUnreadable
from watchers.listing import NONE, Record, guid_mark, pack, repeats_changed, unpack, vanished
from watchers.match import Matcher
from watchers.model import Article, Entry, Item, ParsedFeed, Remembered
from watchers.normalise import normalise
from watchers.parse import MAX_ENTRIES, parse
from watchers.text import plain_title

NOTHING = Remembered({})
LEFT_OUT = "later entries left out"  # joins the repairs of a document with too many
FORM = "2"  # of what `read` makes of an entry: another one makes it read all entries anew


@dataclass(frozen=True, slots=True)
class ReadJob:
    """One document to read, with what the store remembers of the feed's entries."""

    body: bytes
    content_type: str
    url: str
    language: str | None
    now: datetime
    remembered: Remembered = NOTHING


@dataclass(frozen=True, slots=True)
class Reading:
    """What is new or changed in a document, and which entries it lists."""

    title: str
    language: str | None
    items: tuple[Item, ...]
    seen: tuple[bytes, ...]  # guid keys of all entries listed
    entries: int  # listed, but for those that are nothing at all
    overlap: int = 0  # of those, remembered by guid or address
    oldest: datetime | None = None  # published, of all entries that were read or remembered
    newest: datetime | None = None  # published, of the items
    wait: int = 0  # seconds between polls that the document asks for; 0 if it does not
    listing: bytes = b""  # to remember: which raw entries need no reading next time
    repairs: tuple[str, ...] = ()
    gone: tuple[bytes, ...] = ()  # guid keys of entries that it took out: see listing.vanished


@dataclass(frozen=True, slots=True)
class PageJob:
    """An article's page, to read the article with its full text."""

    body: bytes
    content_type: str
    article: Article
    url: str = ""  # where it was found, after redirects; empty: at the article's address


def read(job: ReadJob, matcher: Matcher) -> Reading:
    """Read one feed document. FeedUnreadable if it is none.

    Entries that stand in it as they did at the last reading are not parsed again; the reading
    is the one that parsing all of it would have given (`watchers.cutting`).
    """
    document = _parse(job)
    found = _Findings(job, matcher)
    for number, slot in enumerate(document.slots):
        if isinstance(slot, Record):
            found.take_known(slot)
        else:
            key = document.keys[number] if document.keys else b""
            found.take_entry(slot, document, key)
    return found.reading(document)


# ---------------------------------------------------------------- parsed, or known already


@dataclass(frozen=True)
class _Document:
    """A document's entries in order: parsed, or the record of one that was read before."""

    feed: ParsedFeed
    slots: Sequence[Entry | Record]
    keys: tuple[bytes, ...] = ()  # of the raw entries; empty if it could not be cut
    repairs: tuple[str, ...] = ()
    whole: bool = True

    @cached_property
    def guids(self) -> Counter[bytes]:
        """How often each guid occurs, by `guid_mark`."""
        return Counter(_mark(slot) for slot in self.slots)


def _mark(slot: Entry | Record) -> bytes:
    return slot.guid if isinstance(slot, Record) else guid_mark(slot.guid)


def _parse(job: ReadJob) -> _Document:
    """Parse what of the document is not known from the last reading."""
    piece, header, repairs = _cut(job)
    if piece is None:
        feed = parse(job.body, job.content_type, job.url)
        return _Document(feed, feed.entries, repairs=feed.repairs, whole=feed.whole)
    keys = piece.keys(job.url, FORM)
    document = _parse_unseen(job, piece, header, keys)
    if document is None:
        body = piece.body if piece.whole else piece.document(range(len(keys)))
        feed = parse(body, header, job.url)
        sound = len(feed.entries) == len(keys)
        whole = piece.whole and feed.whole
        document = _Document(feed, feed.entries, keys if sound else (), whole=whole)
    return replace(document, repairs=(*repairs, *document.feed.repairs))


def _cut(job: ReadJob) -> tuple[Cut | None, str, tuple[str, ...]]:
    """The document cut, if it can be; the header that goes with it, and how it was mended.

    One that was spoiled by single characters, or is of another charset, is mended as `parse`
    would mend it, before it is cut: what is mended, and how, may hang on all of its entries.
    """
    # Without a base address feedparser carries that of one entry on to the next.
    may_cut = job.url.startswith(("http://", "https://"))
    may_cut = may_cut and not job.body.lstrip().startswith((b"\x1f\x8b", b"{"))  # gzip, JSON
    piece = cut(job.body, MAX_ENTRIES) if may_cut else None
    if piece is not None or not may_cut:
        return piece, job.content_type, ()
    repairs: list[str] = []
    decoded = charset.decode(job.body, job.content_type)
    repairs += decoded.repairs
    text = mending.mended(mending.without_junk(decoded.text, repairs), repairs)
    body = text.encode("utf-8", "replace")
    piece = cut(body, MAX_ENTRIES) if body != job.body else None
    return piece, "application/xml; charset=utf-8", tuple(repairs)


def _parse_unseen(
    job: ReadJob, piece: Cut, header: str, keys: tuple[bytes, ...]
) -> _Document | None:
    """Parse the entries that are new since the last reading; None if all have to be read."""
    before = unpack(job.remembered.listing)
    known = {record.key: record for record in before if _is_stored(record, job.remembered)}
    kept = [known.get(key) for key in keys]
    unseen = [number for number, record in enumerate(kept) if record is None]
    if len(unseen) == len(keys):
        return None
    # With nothing unseen one entry is parsed all the same: title, language and wait stand
    # in the feed's head, and feedparser tells a feed from other things by its entries.
    wanted = unseen or [piece.shortest()]
    try:
        feed = parse(piece.document(frozenset(wanted)), header, job.url)
    except FeedUnreadable:
        return None
    if len(feed.entries) != len(wanted):
        return None
    entries = iter(feed.entries)
    slots = [next(entries) if record is None else record for record in kept]
    document = _Document(feed, slots, keys, whole=piece.whole)
    marks = {record.guid for record in kept if record is not None}
    if repeats_changed(Counter(record.guid for record in before), document.guids, marks):
        return None
    return document


def _is_stored(record: Record, remembered: Remembered) -> bool:
    """Whether the store still knows what the raw entry gave; nothing to know if it gave none."""
    if record.guid_key == NONE:
        return True
    return remembered.entries.get(record.guid_key, b"")[: len(record.content)] == record.content


# ---------------------------------------------------------------- findings


class _Named(NamedTuple):
    """What goes by one name in a document: when it was published, and what is to be judged."""

    seconds: int  # since 1970; 0 if unknown
    changed: Article | None  # None: it stands as the store knows it


@dataclass(slots=True)
class _Findings:
    """What a document's entries come to, gathered in their order."""

    job: ReadJob
    matcher: Matcher
    named: dict[bytes, _Named] = field(default_factory=dict)  # by guid key
    listed: int = 0
    overlap: int = 0
    oldest: datetime | None = None
    records: list[Record] = field(default_factory=list)

    def take_known(self, record: Record) -> None:
        """An entry that stands as it was read before."""
        self.records.append(record)
        if record.guid_key == NONE:
            return
        self.listed += 1
        self.overlap += 1
        self._name(record.guid_key, record.published, None)
        if record.published:
            self._date(datetime.fromtimestamp(record.published, UTC))

    def take_entry(self, entry: Entry, document: _Document, key: bytes) -> None:
        """An entry that was parsed: normalise it, and judge it if it is new or changed."""
        mark = guid_mark(entry.guid)
        article = normalise(
            entry,
            feed_url=self.job.url,
            feed_language=_language(self.job, entry, document.feed.language),
            now=self.job.now,
            unique_guid=document.guids[mark] == 1 and not _is_site(entry.guid),
        )
        if article is None:
            self.records.append(Record(key, NONE, mark, NONE[:4], 0))
            return
        self.listed += 1
        published = entry.published if article.published is not None else None
        seconds = int(published.timestamp()) if published is not None else 0
        self.records.append(Record(key, article.guid_key, mark, article.content_key[:4], seconds))
        known = self.job.remembered.entries.get(article.guid_key)
        if known is not None or article.url_key in self.job.remembered.urls:
            self.overlap += 1
        self._date(article.published)
        changed = article if known != article.content_key else None
        self._name(article.guid_key, seconds, changed)

    def _name(self, guid_key: bytes, seconds: int, changed: Article | None) -> None:
        """Of entries that a document gives one name the latest counts, or else the first.

        The others would be taken for its changes, at every poll anew.
        """
        other = self.named.get(guid_key)
        if other is None or seconds > other.seconds:
            self.named[guid_key] = _Named(seconds, changed)

    def _judged(self, article: Article) -> Item:
        verdict = self.matcher.judge(article.title, article.text)
        prints = fingerprint(article.title, article.text, close=verdict.kept_close)
        return Item(article, verdict, prints)

    def _date(self, published: datetime | None) -> None:
        if published is not None:
            time = min(published.replace(microsecond=0), self.job.now)
            self.oldest = time if self.oldest is None else min(self.oldest, time)

    def _gone(self, document: _Document) -> tuple[bytes, ...]:
        """A document that is damaged, or too long, may have lost entries on its way."""
        if not (document.keys and document.whole):
            return ()
        return vanished(unpack(self.job.remembered.listing), self.records)

    def reading(self, document: _Document) -> Reading:
        """The whole of it."""
        left_out = () if document.whole else (LEFT_OUT,)
        items = [self._judged(one.changed) for one in self.named.values() if one.changed]
        dates = (item.article.published for item in items)
        return Reading(
            title=plain_title(document.feed.title),
            language=document.feed.language,
            items=tuple(items),
            seen=tuple(self.named),
            entries=self.listed,
            overlap=self.overlap,
            oldest=self.oldest,
            newest=max((date for date in dates if date is not None), default=None),
            wait=document.feed.wait,
            listing=pack(self.records) if document.keys else b"",
            repairs=tuple(dict.fromkeys((*document.repairs, *left_out))),
            gone=self._gone(document),
        )


def _is_site(guid: str | None) -> bool:
    """A guid that is a site's front page: such feeds give every entry the same."""
    return bool(guid and "://" in guid and not guid.partition("://")[2].partition("/")[2])


def _language(job: ReadJob, entry: Entry, document: str | None) -> str | None:
    """The feed list's word before the document's: platforms declare en-US whatever they print."""
    return entry.language or job.language or document
