"""Between rows and the nouns of the core: pure functions, no SQL."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from storage.planning import FIRST_INTERVAL
from storage.tables import FEED
from watchers.changes import Rejudged, Stored
from watchers.model import Feed, FeedSpec, Fingerprint, Grouped, Item, Match
from watchers.rechecks import first_check
from watchers.telling import (
    Tellable,
)
from watchers.urls import host

_FEED_FIELDS = tuple(Feed.__dataclass_fields__)
_FEED_VALUES = itemgetter(*(list(FEED.c.keys()).index(name) for name in _FEED_FIELDS))
_SIMPLE_HOST = re.compile(r"https://([a-z0-9.-]+)(?:[/?#]|$)")  # nearly all, at a tenth of it
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def printed_key(url: str) -> bytes:
    """A 16-byte key of an address exactly as printed: index entries have a greatest length."""
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def storable(text: str) -> str:
    """Text that both databases take: PostgreSQL knows no NUL, neither takes lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def dump(values: Iterable[object]) -> str:
    """A list as JSON text; the spelling is fixed, for exporting searches in it."""
    listed = list(values)
    return _JSON.encode(listed) if listed else "[]"


def strings(text: str) -> tuple[str, ...]:
    """The strings of a JSON list."""
    return tuple(json.loads(text)) if text != "[]" else ()


def pack(values: Sequence[int], code: str) -> bytes:
    """Integers of 64 bits as bytes; `code` is struct's: "q" signed, "Q" unsigned."""
    return struct.pack(f"<{len(values)}{code}", *values) if values else b""


def unpack(data: bytes, code: str) -> tuple[int, ...]:
    """What :func:`pack` packed."""
    return struct.unpack(f"<{len(data) // 8}{code}", data) if data else ()


# ---------------------------------------------------------------- feeds


def feed_values(spec: FeedSpec, at: datetime) -> dict[str, object]:
    """A new feed's row, due at once."""
    return {
        "url": spec.url,
        "url_key": printed_key(spec.url),
        "host": host(spec.url),
        "name": spec.name,
        "site": spec.site,
        "language": spec.language,
        "kind": spec.kind,
        "paused": False,
        "added_at": at,
        "next_due": at,
        "interval": FIRST_INTERVAL,
        "failures": 0.0,
    }


def feed_of(row: Any) -> Feed:
    """A feed's row, with all columns of the table first, as the core knows it."""
    return Feed(*_FEED_VALUES(row))


# ---------------------------------------------------------------- articles


def content_values(item: Item) -> dict[str, object]:
    """What of an article's row an update by its feed replaces (but its times)."""
    article = item.article
    return {
        "title": storable(article.title),
        "text": storable(article.text),
        "language": article.language and storable(article.language),
        **verdict_values(item),
        "source": storable(article.source),
        "source_url": None if article.source_url is None else storable(article.source_url),
        "is_full": article.is_full,
    }


def verdict_values(item: Item | Rejudged) -> dict[str, object]:
    """What of an article's row judging it gives."""
    verdict, fingerprint = item.verdict, item.fingerprint
    return {
        "relevant": verdict.relevant,
        "suspicious": verdict.suspicious,
        "tells": verdict.tells,
        "score": verdict.score,
        "watchlist": verdict.watchlist,
        "officials": dump(verdict.officials),
        "people": dump(verdict.people),
        "topics": dump(verdict.topics),
        "fingerprint": fingerprint.version,
        "text_key": fingerprint.text_key,
        "signature": pack(fingerprint.signature, "Q"),
        "bands": pack(fingerprint.bands, "q"),
    }


VERDICT_COLUMNS = (
    "relevant",
    "suspicious",
    "tells",
    "score",
    "watchlist",
    "officials",
    "people",
    "topics",
    "fingerprint",
    "text_key",
    "signature",
    "bands",
)
CONTENT_COLUMNS = (
    "title",
    "text",
    "language",
    *VERDICT_COLUMNS,
    "source",
    "source_url",
    "is_full",
)


def article_values(item: Item, feed_id: int, at: datetime, *, baseline: bool) -> dict[str, object]:
    """A new article's row."""
    article = item.article
    return {
        **content_values(item),
        "feed_id": feed_id,
        "url": storable(article.url),
        "canonical_url": storable(article.canonical_url),
        "url_key": article.url_key,
        "host": host_of(article.canonical_url),
        "published": article.published,
        "first_published": article.published,
        "first_seen": at,
        "time": article.published or at,
        "baseline": baseline,
        "settled": False,
        "check_at": first_check(item, at, baseline=baseline),
    }


def host_of(url: str) -> str:
    """The host of a canonical URL, which is in its lower-case ASCII form already."""
    simple = _SIMPLE_HOST.match(url)
    if simple:
        return simple[1]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def match_values(article_id: int, matches: Sequence[Match]) -> list[dict[str, object]]:
    """The rows of an article's reasons."""
    return [
        {
            "article_id": article_id,
            "position": position,
            "subject": match.subject,
            "kind": match.kind,
            "field": match.field,
            "alias": storable(match.alias),
            "start": match.start,
            "end": match.end,
            "rule": match.rule,
            "score": match.score,
        }
        for position, match in enumerate(matches)
    ]


def match_of(row: Any) -> Match:
    """One reason of an article's verdict."""
    return Match(
        row.subject, row.kind, row.field, row.alias, row.start, row.end, row.rule, row.score
    )


def stored_of(row: Any) -> Stored:
    """An article as judging it again sees it; the columns in the order of the fields."""
    number, url, title, text, time, relevant, officials, people, topics, *rest = row
    watchlist, first_seen, text_key = rest
    found = (strings(officials), strings(people), strings(topics))
    judged = (watchlist, first_seen, bytes(text_key))
    return Stored(number, url, title, text, time, relevant, *found, *judged)


GROUPED_COLUMNS = (
    "id",
    "canonical_url",
    "title",
    "text",
    "published",
    "first_seen",
    "language",
    "relevant",
    "officials",
    "duplicate_of",
    "story_id",
    "fingerprint",
    "text_key",
    "signature",
    "bands",
    "people",
    "pinned",
    "lead_at",
)


def grouped_of(row: Any) -> Grouped:
    """An article's row of GROUPED_COLUMNS, and its story's event, as grouping sees it."""
    number, url, title, text, published, first_seen, language, relevant, officials, *rest = row
    duplicate_of, story, version, text_key, signature, bands, people, pinned, lead_at, event = rest
    return Grouped(
        number,
        url,
        title,
        text,
        published,
        first_seen,
        language,
        relevant,
        strings(officials),
        Fingerprint(version, bytes(text_key), unpack(signature, "Q"), unpack(bands, "q")),
        duplicate_of,
        story,
        strings(people),
        pinned,
        lead_at,
        event,
    )


_TELLABLE_FIELDS = len(fields(Tellable))
_OFFICIALS, _TOPICS = 10, 20  # places of its lists


def tellable_of(row: Any) -> Tellable:
    """An article's row, joined with its feed's, as a digest sees it.

    It begins with the columns of :data:`storage.digests.TELLABLE`, which are the fields of
    `Tellable` in their order: by their names they would take five times as long.
    """
    values = list(row[:_TELLABLE_FIELDS])
    values[_OFFICIALS], values[_TOPICS] = strings(values[_OFFICIALS]), strings(values[_TOPICS])
    return Tellable(*values)


def subject_of(article_id: int, duplicate_of: int | None, story: str | None) -> str:
    """What a channel is told once: the story, or else the first of the copies."""
    return story or f"article:{duplicate_of or article_id}"
