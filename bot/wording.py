"""Small pieces of text that several faces of the program share."""

from __future__ import annotations

from datetime import datetime


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
