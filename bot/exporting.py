"""What `dadkhah export` prints of an article: the contract of docs/export.md. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from watchers.model import Match
from watchers.outlets import OutletTable
from watchers.reasons import sentence
from watchers.telling import Exported
from watchers.urls import host

KEYS = (
    "url", "canonical_url", "title", "published", "first_seen", "feed", "outlet", "outlet_kind",
    "language", "relevant", "officials", "people", "topics", "story", "duplicate_of", "also",
    "first_published", "updates", "reasons",
)  # fmt: skip


def _iso(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z, microseconds only where there are any."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reason(match: Match, title: str, text: str, watchlist: str) -> dict[str, object]:
    """One reason; `start` and `end` are code points of the title or the plain text.

    `sentence` is cut out of these; `watchlist` is the version that gave the reason.
    """
    names = ("subject", "field", "alias", "start", "end", "rule", "score")
    values: dict[str, object] = {name: getattr(match, name) for name in names}
    values["sentence"] = sentence(title if match.field == "title" else text, match.start, match.end)
    values["watchlist"] = watchlist
    return values


def row(article: Exported, outlets: OutletTable) -> dict[str, object]:
    """One article, with the keys of KEYS in their order."""
    outlet = outlets.of(article.place)
    values: dict[str, object] = {
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "published": _iso(article.published),
        "first_seen": _iso(article.first_seen),
        "feed": article.feed,
        "outlet": outlet.name if outlet else article.source or host(article.place) or article.feed,
        "outlet_kind": outlet.kind if outlet else article.feed_kind,
        "language": article.language,
        "relevant": article.relevant,
        "officials": list(article.officials),
        "people": list(article.people),
        "topics": list(article.topics),
        "story": article.story,
        "duplicate_of": article.duplicate_of,
        "also": list(article.also),
        "first_published": _iso(article.first_published),
        "updates": [dict(update) for update in article.updates],
        "reasons": [
            reason(match, article.title, article.text, article.watchlist)
            for match in article.reasons
        ],
    }
    return {key: values[key] for key in KEYS}


def csv_cell(value: object) -> object:
    """A cell of the CSV form: lists as JSON, and nothing a spreadsheet would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
