"""JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not know. Pure."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from watchers import dates
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed


def read(text: str, base_url: str, limit: int) -> ParsedFeed:
    """Read a JSON Feed, at most `limit` items. FeedUnreadable for other or broken JSON.

    The format knows no wish for a pause between polls, so `wait` is 0.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FeedUnreadable("malformed", "the answer is broken JSON") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or "jsonfeed.org/version/" not in version:
        raise FeedUnreadable("not-a-feed", "the answer is JSON, but no JSON Feed")
    items = document.get("items")
    items = items if isinstance(items, list) else []
    return ParsedFeed(
        title=_text(document.get("title")),
        language=_text(document.get("language")) or None,
        entries=tuple(_entry(item, base_url) for item in items[:limit] if isinstance(item, dict)),
        whole=len(items) <= limit,
    )


def _entry(item: Mapping[str, Any], base_url: str) -> Entry:
    guid = item.get("id")
    return Entry(
        # 1.1: "must be a string"; numbers occur and are to be taken as text
        guid=str(guid) if isinstance(guid, (str, int, float)) and guid != "" else None,
        link=_link(item.get("url"), base_url) or _link(item.get("external_url"), base_url),
        title=_text(item.get("title")),
        summary=_text(item.get("summary")),
        content=_text(item.get("content_html")) or _escaped(item.get("content_text")),
        published=_time(item.get("date_published")) or _time(item.get("date_modified")),
        language=_text(item.get("language")) or None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _escaped(value: Any) -> str:
    return html.escape(_text(value), quote=False)


def _link(value: Any, base_url: str) -> str | None:
    try:
        return urljoin(base_url, _text(value)) if _text(value) else None
    except ValueError:
        return _text(value)


def _time(value: Any) -> datetime | None:
    """RFC 3339, as the format asks; other dates as feeds print them."""
    return dates.read(_text(value))
