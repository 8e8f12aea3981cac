"""Stage 2: parse. Bytes of a feed document become entries, as the feed gave them. Pure.

feedparser reads every dialect of RSS, RDF and Atom. JSON Feed, sitemaps and Telegram's preview
pages have modules of their own. Runs in a worker process (`watchers.workers`): the bytes come
from strangers.

Entries are feedparser's own, but for the repairs in `REPAIRS`, which each document's
`ParsedFeed.repairs` names. Those before the parser also keep it on its strict path: its loose
one, for XML that is not well-formed, costs two to three times as much.
"""

from __future__ import annotations

import calendar
import contextlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import feedparser.api

from watchers import charset, dates, jsonfeed, mending, preview, sitemap, urls
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed

MAX_ENTRIES = 2_000  # of one document; the rest is left out, the newest come first in feeds
MAX_WAIT = 24 * 3600  # seconds; some feeds ask for a year

# Where our entries may differ from feedparser's own, and why ours are the better ones.
REPAIRS = {
    charset.STRAY: "a few bytes that are no text; feedparser reads all of it as Windows-1252",
    charset.WRONG: "the label of the charset is missing, or not true of the bytes",
    "compressed twice": "gzip inside of the transfer's gzip",
    "junk before the document": "warnings and blanks of a script, before the XML declaration",
    "junk after the document": "what a script or a counter printed behind the end",
    "control characters": "characters that XML forbids, NUL among them",
    "bare ampersands": '"AT&T", which feedparser reads as "AT&T;"',
    "undeclared entities": "&nbsp; and other names of HTML, which XML does not have",
    "impossible characters": "references to half a character; two halves are made one",
    "guid": "as printed; feedparser resolves one that may be a link against the feed's address",
    "link": "none, or one of feedburner's, where the entry carries the article's",
    "date": "one that feedparser does not read, or reads as another (watchers.dates)",
    sitemap.CUT_SHORT: "a sitemap that breaks off, read up to there",
}

_UTF8 = {"content-type": "application/xml; charset=utf-8"}
_PAGE = re.compile(
    r"(?:<\?xml[^>]{0,200}\?>\s{0,100})?(?:<!--.{0,500}?-->\s{0,100})?<(?:!doctype\s+html|html)",
    re.IGNORECASE | re.DOTALL,
)
_GUID = re.compile(r"<(?:[\w.-]{1,40}:)?(?:guid|id)(?:\s([^<>]{0,500}))?>", re.IGNORECASE)
_BASE = re.compile(r"(?<![\w?&.-])base\s{0,20}=", re.IGNORECASE)
_FEEDBURNER = re.compile(r"https?://(?:feedproxy\.google|feeds?\.feedburner)\.com/")
feedparser.api.PREFERRED_XML_PARSERS[:0] = ["watchers.expat_driver"]
_PERIODS = {
    "hourly": 3600,
    "daily": 86_400,
    "weekly": 7 * 86_400,
    "monthly": 30 * 86_400,
    "yearly": 365 * 86_400,
}
_MAX_INFLATED = 10 * 1024 * 1024  # bytes, as for any body


def parse(body: bytes, content_type: str = "", base_url: str = "") -> ParsedFeed:
    """Read a document of any known kind and charset; its entries in its own order.

    `content_type` is the HTTP header, for its charset; `base_url` resolves relative links.
    FeedUnreadable when it is no feed ("not-a-feed") or beyond repair ("malformed").
    """
    repairs: list[str] = []
    if body.startswith(b"\x1f\x8b"):
        body = _inflated(body)
        repairs.append("compressed twice")
    decoded = charset.decode(body, content_type)
    repairs += decoded.repairs
    text = decoded.text
    start = text[: mending.HEAD].lstrip(mending.BLANK)
    if start.startswith("{"):
        feed = jsonfeed.read(text.lstrip(mending.BLANK), base_url, MAX_ENTRIES)
    elif _PAGE.match(start):
        if not preview.is_preview(text):
            raise FeedUnreadable("not-a-feed", "the answer is a web page, not a feed")
        feed = preview.read(text, MAX_ENTRIES)
    else:
        text = mending.without_junk(text, repairs)
        is_sitemap = sitemap.is_sitemap(text)
        feed = sitemap.read(text, MAX_ENTRIES) if is_sitemap else _xml(text, base_url)
    return replace(feed, repairs=tuple(dict.fromkeys((*repairs, *feed.repairs))))


def _inflated(body: bytes) -> bytes:
    """What a gzip file holds, at most 10 MB; FeedUnreadable for more, or if it is broken."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        data = inflater.decompress(body, _MAX_INFLATED)
    except zlib.error as error:
        raise FeedUnreadable("malformed", "the answer is a broken gzip file") from error
    if inflater.unconsumed_tail:
        raise FeedUnreadable("too-large", "the answer is a gzip file of more than 10 MB")
    return data


# ---------------------------------------------------------------- feedparser


def _xml(text: str, base_url: str) -> ParsedFeed:
    repairs: list[str] = []
    text = mending.mended(text, repairs)
    text, whole = mending.bounded(text, MAX_ENTRIES)
    # With a base, feedparser joins it to that of every element, a third of its time. Without one
    # it leaves links as printed, and `_link` resolves them.
    found = _feedparser(text.encode(), base_url if _BASE.search(text) else "")
    if not found.get("version") and not found.entries:
        raise FeedUnreadable("malformed", "the answer is not a feed that can be read")
    if found.get("bozo") and not found.entries:
        raise FeedUnreadable("malformed", "the feed is broken: no entry can be read")
    inherited = _detail(found.feed, "language")
    # Plain dictionaries: feedparser's own look each name up under several, with a warning.
    entries = [dict(entry) for entry in found.entries[:MAX_ENTRIES]]
    may_be_links = any("false" not in attributes.lower() for attributes in _GUID.findall(text))
    guids = (_text(entry.get("id")) for entry in entries)
    if may_be_links and any(_joined_link(base_url, guid) != guid for guid in guids):
        repairs.append("guid")
    return ParsedFeed(
        title=_text(found.feed.get("title")),
        language=_text(found.feed.get("language")) or None,
        entries=tuple(_entry(entry, base_url, inherited, repairs) for entry in entries),
        repairs=tuple(repairs),
        wait=_wait(found.feed),
        whole=whole and len(found.entries) <= MAX_ENTRIES,
    )


def _feedparser(body: bytes, base_url: str) -> Any:
    """What feedparser finds; its own slips on broken documents become ours to tell."""
    try:
        with _guids_as_printed():
            # BytesIO, never a string: feedparser fetches a string that looks like a URL.
            return feedparser.parse(
                io.BytesIO(body),
                response_headers={"content-location": base_url, **_UTF8},
                sanitize_html=False,
                resolve_relative_uris=False,
            )
    except (MemoryError, RecursionError):
        raise  # the worker has words of its own for these
    except Exception as error:  # seen: KeyError, UnicodeError, OverflowError, all from inside it
        raise FeedUnreadable("malformed", "the feed is broken beyond repair") from error


@contextlib.contextmanager
def _guids_as_printed() -> Iterator[None]:
    """Keep feedparser from resolving guids: a feed that moves would give all its entries new ones.

    It has no option for that, only this table.
    """
    parsers = (feedparser.api.StrictFeedParser, feedparser.api.LooseFeedParser)
    table = feedparser.mixin._FeedParserMixin.can_be_relative_uri  # noqa: SLF001
    for parser in parsers:
        parser.can_be_relative_uri = table - {"id"}
    try:
        yield
    finally:
        for parser in parsers:
            parser.can_be_relative_uri = table


def _entry(entry: Any, base_url: str, inherited: str, repairs: list[str]) -> Entry:
    contents = [_text(c.get("value")) for c in entry.get("content", ()) if c.get("value")]
    summary = _text(entry.get("summary"))
    language = _text(entry.get("language")) or _detail(entry, "language")
    source = entry.get("source")
    source = source if isinstance(source, dict) else {}
    return Entry(
        guid=_text(entry.get("id")) or None,
        link=_link(entry, base_url, repairs),
        title=_text(entry.get("title")),
        summary="" if summary in contents else summary,
        content=max(contents, key=len, default=""),
        published=_published(entry, repairs),
        # xml:lang of the whole document is the document's word, not the entry's.
        language=language if language and language != inherited else None,
        source=_text(source.get("title")),
        source_url=_text(source.get("href"))
        or _joined_link(_detail(entry, "base") or base_url, _text(source.get("link")))
        or None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _detail(entry: Any, name: str) -> str:
    """What was in force where the title stands: `language` (xml:lang) or `base` (xml:base)."""
    detail = entry.get("title_detail")
    return _text(detail.get(name)) if isinstance(detail, dict) else ""


def _link(entry: Any, base_url: str, repairs: list[str]) -> str | None:
    printed, guid = _text(entry.get("link")), _text(entry.get("id"))
    original = _text(entry.get("feedburner_origlink"))
    link = printed
    if original and (not printed or _FEEDBURNER.match(printed)):
        link = original
    elif not printed and guid.startswith(("http://", "https://")):
        link = guid
    elif printed == guid and not any(sign in guid for sign in ":/.?"):
        link = ""  # feedparser takes any guid for a link; "12345" leads nowhere
    # An empty one is no link to the feed itself.
    if link != printed or (not link and any(x.get("href") == "" for x in entry.get("links", ()))):
        repairs.append("link")
    return _joined_link(_detail(entry, "base") or base_url, link) or None


def _joined_link(base: str, link: str) -> str:
    try:
        return urls.joined(base, link) if link else ""
    except ValueError:
        return ""


def _published(entry: Any, repairs: list[str]) -> datetime | None:
    """The date of publication, else of change, else of making."""
    for name in ("published", "updated", "created"):
        found = _time(entry.get(f"{name}_parsed"))
        time = dates.better(_text(entry.get(name)), found)
        if time is not None:
            if time != found or name == "created":
                repairs.append("date")
            return time
    return None


def _time(parsed: Any) -> datetime | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _wait(feed: Any) -> int:
    """Seconds between polls that the document asks for: <ttl> or the sy: module, the longer."""
    waits = [60 * _number(feed.get("ttl"))]
    period, frequency = feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")
    if period or frequency:
        seconds = _PERIODS.get(_text(period).strip().lower() or "daily", 0)
        waits.append(seconds / (_number(frequency) or 1))
    return int(min(max(0, *waits), MAX_WAIT))


def _number(value: Any) -> float:
    """A positive number of a sane length; 0 for anything else."""
    text = _text(value).strip()[:10]
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else 0.0
