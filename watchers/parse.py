"""Stage 2: parse. Bytes of a feed document become entries, as the feed gave them. Pure.

feedparser reads every XML dialect; JSON Feed, which it does not know, has a branch of its
own. Runs in a worker process (`watchers.workers`): the bytes come from strangers.
"""

from __future__ import annotations

import calendar
import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed

MAX_ENTRIES = 2_000  # of one document; the rest is left out, the newest come first in feeds

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_HTML = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)", re.IGNORECASE
)
_UTF8 = ("utf-8", "utf8")
# Scripts write an emoji as two references, half a pair each; feedparser raises on them.
_REFERENCE = re.compile(rb"&#(?:(\d{5,20})|[xX]([0-9a-fA-F]{4,20}));")


def parse(body: bytes, content_type: str = "", base_url: str = "") -> ParsedFeed:
    """Read a feed document (RSS, RDF, Atom, JSON Feed) of any charset.

    `content_type` is the HTTP header, for its charset; `base_url` resolves relative links.
    FeedUnreadable when it is no feed ("not-a-feed") or beyond repair ("malformed").
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _parse_json(body)
    return _parse_xml(body, content_type, base_url)


# ---------------------------------------------------------------- XML


def _parse_xml(body: bytes, content_type: str, base_url: str) -> ParsedFeed:
    repaired = _mend_stray_bytes(body, content_type)
    charset = "utf-8" if repaired is not None else _charset(content_type)
    headers = {"content-location": base_url}
    if charset:
        headers["content-type"] = f"application/xml; charset={charset}"
    found = _feedparser(repaired if repaired is not None else body, headers)
    if not found.get("version") and not found.entries:
        if _HTML.match(body):
            raise FeedUnreadable("not-a-feed", "the answer is a web page, not a feed")
        raise FeedUnreadable("malformed", "the answer is not a feed that can be read")
    repairs = ("stray bytes",) if repaired is not None else ()
    if found.get("bozo") and not found.entries:
        raise FeedUnreadable("malformed", "the feed is broken: no entry can be read")
    return ParsedFeed(
        title=_text(found.feed.get("title")),
        language=_text(found.feed.get("language")) or None,
        entries=tuple(_entry(entry) for entry in found.entries[:MAX_ENTRIES]),
        repairs=repairs,
    )


def _feedparser(body: bytes, headers: dict[str, str]) -> Any:
    """What feedparser finds; its own slips on broken documents become ours to tell."""
    try:
        # BytesIO, never a string: feedparser fetches a string that looks like a URL.
        return feedparser.parse(
            io.BytesIO(_REFERENCE.sub(_possible, body)),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (MemoryError, RecursionError):
        raise  # the worker has words of its own for these
    except Exception as error:  # seen: KeyError, UnicodeError, OverflowError, all from inside it
        raise FeedUnreadable("malformed", "the feed is broken beyond repair") from error


def _possible(reference: re.Match[bytes]) -> bytes:
    """The reference, or nothing for a character that cannot be: half a pair, beyond Unicode."""
    decimal, hexadecimal = reference.groups(b"")
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return b"" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else reference.group()


def _charset(content_type: str) -> str:
    match = _CHARSET.search(content_type)
    return match.group(1).lower() if match else ""


def _mend_stray_bytes(body: bytes, content_type: str) -> bytes | None:
    """UTF-8 with a few bad bytes, mended; None if the body needs or allows no mending.

    One stray byte makes feedparser read a whole feed as Windows-1252 (seen): every
    Persian title would be lost. Fewer than one bad sequence in fifty non-ASCII bytes is a
    slip in UTF-8; more is another charset.
    """
    declared = _DECLARED.match(body)
    said = declared.group(1).decode("ascii").lower() if declared else _charset(content_type)
    if said not in ("", *_UTF8):
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        wide = sum(byte > 127 for byte in body)
        if text.count("\ufffd") * 50 < wide:
            return text.encode()
    return None


def _entry(entry: Any) -> Entry:
    contents = [_text(c.get("value")) for c in entry.get("content", ()) if c.get("value")]
    summary = _text(entry.get("summary"))
    return Entry(
        guid=_text(entry.get("id")) or None,
        link=_text(entry.get("link")) or None,
        title=_text(entry.get("title")),
        summary="" if summary in contents else summary,
        content=max(contents, key=len, default=""),
        # `dict.get`: feedparser's own falls back from one date to another, with a warning.
        published=_time(dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")),
        language=_text(entry.get("language")) or None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _time(parsed: Any) -> datetime | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


# ---------------------------------------------------------------- JSON Feed


def _parse_json(body: bytes) -> ParsedFeed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org)."""
    try:
        document = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise FeedUnreadable("malformed", "the answer is broken JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or "jsonfeed.org/version/" not in version:
        raise FeedUnreadable("not-a-feed", "the answer is JSON, but no JSON Feed")
    items = document.get("items")
    items = items[:MAX_ENTRIES] if isinstance(items, list) else []
    return ParsedFeed(
        title=_text(document.get("title")),
        language=_text(document.get("language")) or None,
        entries=tuple(_json_entry(item) for item in items if isinstance(item, dict)),
    )


def _json_entry(item: Mapping[str, Any]) -> Entry:
    guid = item.get("id")
    return Entry(
        guid=str(guid) if isinstance(guid, (str, int, float)) and guid != "" else None,
        link=_text(item.get("url")) or _text(item.get("external_url")) or None,
        title=_text(item.get("title")),
        summary=_text(item.get("summary")),
        content=_text(item.get("content_html")) or _text(item.get("content_text")),
        published=_iso_time(item.get("date_published") or item.get("date_modified")),
        language=_text(item.get("language")) or None,
    )


def _iso_time(value: Any) -> datetime | None:
    """RFC 3339; without an offset it is taken as UTC."""
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        return None
