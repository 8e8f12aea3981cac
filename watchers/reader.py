"""Stages 2 to 4 for one document, in the order in which they run. Pure; runs in a worker.

bytes -> parse -> (only entries not known) normalise -> match -> fingerprint -> items
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchers.dedupe import fingerprint
from watchers.match import Matcher
from watchers.model import Entry, Item
from watchers.normalise import normalise
from watchers.parse import parse
from watchers.text import plain_title


@dataclass(frozen=True, slots=True)
class ReadJob:
    """One document to read; `known` maps guid keys to content keys already stored."""

    body: bytes
    content_type: str
    url: str
    language: str | None
    now: datetime
    known: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is new or changed in a document, and which entries it lists."""

    title: str
    language: str | None
    items: tuple[Item, ...]
    seen: tuple[bytes, ...]
    entries: int


def read(job: ReadJob, matcher: Matcher) -> Reading:
    """Read one feed document. FeedUnreadable if it is none."""
    feed = parse(job.body, job.content_type, job.url)
    guids = Counter(entry.guid for entry in feed.entries)
    items: dict[bytes, Item] = {}
    seen: dict[bytes, None] = {}
    for entry in feed.entries:
        article = normalise(
            entry,
            feed_url=job.url,
            feed_language=_language(job, entry, feed.language),
            now=job.now,
            unique_guid=guids[entry.guid] == 1 and not _is_site(entry.guid),
        )
        if article is None:
            continue
        seen[article.guid_key] = None
        if job.known.get(article.guid_key) == article.content_key:
            continue
        verdict = matcher.judge(article.title, article.text)
        prints = fingerprint(article.title, article.text, close=verdict.kept_close)
        items.setdefault(article.guid_key, Item(article, verdict, prints))
    return Reading(
        title=plain_title(feed.title),
        language=feed.language,
        items=tuple(items.values()),
        seen=tuple(seen),
        entries=len(feed.entries),
    )


def _is_site(guid: str | None) -> bool:
    """A guid that is a site's front page: such feeds give every entry the same."""
    return bool(guid and "://" in guid and not guid.partition("://")[2].partition("/")[2])


def _language(job: ReadJob, entry: Entry, document: str | None) -> str | None:
    """The feed list's word before the document's: platforms declare en-US whatever they print."""
    return entry.language or job.language or document
