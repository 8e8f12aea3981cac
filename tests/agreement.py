"""Do our entries agree with feedparser's own? Used by tests and by the benchmark's corpus.

    differences(body, content_type, url) == []

Where they differ, one of `watchers.parse.REPAIRS` must be named that may touch that field, and
no entry may be lost.
"""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from watchers import charset
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed
from watchers.parse import MAX_ENTRIES, parse

# Repairs of the bytes, which may change any text.
OF_THE_TEXT = {
    charset.STRAY, charset.WRONG, "compressed twice", "junk before the document",
    "junk after the document", "control characters", "bare ampersands", "undeclared entities",
    "impossible characters",
}  # fmt: skip
OF_A_FIELD = {"guid": {"guid"}, "link": {"link"}, "published": {"date"}}
FIELDS = ("guid", "link", "title", "summary", "content", "published", "source", "source_url")


def differences(body: bytes, content_type: str, url: str) -> list[str]:
    """What differs and is not explained by a named repair, a line each."""
    if _is_ours_alone(body):
        return []
    try:
        found = feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": content_type, "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # what breaks feedparser is read by us, or unreadable
        return []
    theirs = [_entry(entry) for entry in found.entries[:MAX_ENTRIES]]
    try:
        ours = parse(body, content_type, url)
    except FeedUnreadable as error:
        return [f"unreadable ({error.message}), but has {len(theirs)} entries"] if theirs else []
    return list(_told(ours, theirs, foreign=b'="urn:' in body))


def _is_ours_alone(body: bytes) -> bool:
    """JSON, sitemaps and preview pages, which feedparser does not know."""
    head = body[:4_000].replace(b"\0", b"")
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith((b"{", b"<!DOCTYPE html")) or b"<urlset" in head


def _told(ours: ParsedFeed, theirs: list[Entry], *, foreign: bool) -> Iterator[str]:
    mended = OF_THE_TEXT & set(ours.repairs)
    if len(ours.entries) < len(theirs) or (len(ours.entries) > len(theirs) and not mended):
        yield f"{len(ours.entries)} entries, feedparser has {len(theirs)}"
        return
    for number, (one, other) in enumerate(zip(ours.entries, theirs, strict=False)):
        for field in FIELDS:
            mine, plain = getattr(one, field), getattr(other, field)
            explained = (
                OF_A_FIELD.get(field, set()) & set(ours.repairs)
                or (mended and _may_be_mended(plain))
                # What is mended is read strictly, by namespaces; feedparser reads the broken
                # document loosely, by prefixes, and a prefix may be bound to another namespace.
                or (mended and foreign)
                # a link that feedparser made of the guid
                or (field == "link" and plain == other.guid and "guid" in ours.repairs)
            )
            if mine != plain and not explained:
                yield f"entry {number}, {field}: {mine!r}, feedparser has {plain!r}"


def _may_be_mended(value: object) -> bool:
    """A text with something in it that such repairs change."""
    return isinstance(value, str) and any(not "\x1f" < c < "\x7f" or c in "&;" for c in value)


def _entry(entry: Any) -> Entry:
    """An entry in our words, by nothing but feedparser's own fields."""
    contents = [c["value"] for c in entry.get("content", ()) if c.get("value")]
    summary = entry.get("summary") or ""
    source = entry.get("source") or {}
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return Entry(
        guid=entry.get("id") or None,
        link=entry.get("link") or None,
        title=entry.get("title", ""),
        summary="" if summary in contents else summary,
        content=max(contents, key=len, default=""),
        published=_time(parsed),
        source=source.get("title", ""),
        source_url=source.get("href") or source.get("link") or None,
    )


def _time(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, TypeError):
        return None
