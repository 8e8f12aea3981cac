"""Small pieces of text that several faces of the program share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from unicodedata import bidirectional

if TYPE_CHECKING:
    from watchers.discovery import Check
    from watchers.model import Feed, LedgerRow

_KINDS = {
    "refused": "not allowed",
    "dns": "host name not found",
    "connect": "no connection",
    "tls": "no secure connection",
    "timeout": "no answer in time",
    "cut": "answer broke off",
    "too-large": "too large",
    "redirects": "too many redirects",
    "not-a-feed": "no feed there",
    "malformed": "broken feed",
    "parser": "could not be read",
}


def ago(time: datetime | None, now: datetime) -> str:
    """How long ago, or in how long, roughly: "3 h ago", "in 20 min", "never"."""
    if time is None:
        return "never"
    seconds = int((now - time).total_seconds())
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"


def span(seconds: int) -> str:
    """A stretch of time in its largest unit."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def count(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 feed", "3 feeds"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def isolated(text: str) -> str:
    """Text from right to left that keeps to itself in a line of ours (Unicode TR 9)."""
    turns = any(bidirectional(letter) in ("R", "AL") for letter in text)
    return f"\u2068{text}\u2069" if turns else text


def short(text: str, most: int) -> str:
    """Text on one line, cut to so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def stretch(since: datetime, until: datetime) -> str:
    """From when until when, in UTC, the day said once: "2026-11-22 03:10-09:40"."""
    end = until.strftime("%H:%M" if since.date() == until.date() else "%Y-%m-%d %H:%M")
    joint = "-" if since.date() == until.date() else " to "
    return f"{since:%Y-%m-%d %H:%M}{joint}{end}"


# ---------------------------------------------------------------- feeds


def state(feed: Feed, now: datetime) -> str:
    """How a feed is doing, in a word or two."""
    if feed.paused:
        return "paused"
    if feed.failures:
        return f"failing for {span(failing_for(feed, now))}" if feed.failing_since else "failing"
    return "ok" if feed.last_success else "new"


def failing_for(feed: Feed, now: datetime) -> int:
    """Seconds since the feed's first failure of those in a row; 0 if it does not fail."""
    return int((now - feed.failing_since).total_seconds()) if feed.failing_since else 0


def interval_reason(feed: Feed) -> str:
    """How often a feed is asked for, and who says so."""
    every = f"every {span(feed.interval)}"
    if feed.failures:
        return f"{every}, less often while it fails"
    if feed.floor and feed.interval <= feed.floor:
        return f"{every}, as the publisher asks"
    if feed.is_new:
        return f"{every}, until its rhythm is known"
    return f"{every}, by its own rhythm"


def outcome(row: LedgerRow) -> str:
    """What a run of polls came to, in words."""
    if row.outcome == "failed":
        if row.kind == "status" and row.status:
            return f"failed: status {row.status}"
        return f"failed: {_KINDS.get(row.kind or '', row.kind or 'unknown')}"
    if row.outcome == "outage":
        return "put off: its host was busy" if row.kind == "turn" else "our own network was out"
    return row.outcome


def found(check: Check) -> str:
    """A feed that was found: its title, language, entries and the date of the last."""
    last = f"the last of {check.newest:%Y-%m-%d %H:%M} UTC" if check.newest else "without dates"
    entries = f"{count(check.entries, 'entry', 'entries')}, {last}" if check.entries else "empty"
    return f"{check.title or 'without a title'} ({check.language or 'language unknown'}, {entries})"
