"""What both stores decide alike when the watchlist is changed and articles are judged again. Pure.

An old article that a changed watchlist finds is no news. It becomes `baseline`, which is never
told, if it now tells something that it did not tell before: anything at all, or that it is
relevant where it was only named. The latter only if somebody was told of it already: otherwise
it still waits for its first digest, and must not be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchers.changes import Rejudged, WatchRow
from watchers.model import Verdict

_MOST_NAMED = 200  # characters of an audit record's subject


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored article's verdict before, as far as it decides what becomes of it."""

    relevant: bool
    tells: bool  # relevant, or an official is named
    suspicious: bool
    told: bool  # some channel was told its subject


def is_of(item: Rejudged, watchlist: str, text_key: bytes) -> bool:
    """Whether the verdict is of the stored text, and by another watchlist than the stored one."""
    return watchlist != item.verdict.watchlist and text_key == item.text_key


def is_settled_still(was: Judged, verdict: Verdict) -> bool:
    """False when relevance or closeness changed: copies and story are to be looked for anew."""
    close = was.tells or was.suspicious
    return was.relevant == verdict.relevant and close == verdict.kept_close


def becomes_quiet(was: Judged, item: Rejudged) -> bool:
    """Whether the article becomes `baseline`: see the top of the module."""
    verdict = item.verdict
    if not item.quiet or not (verdict.relevant or verdict.officials):
        return False
    return not was.tells or (verdict.relevant and not was.relevant and was.told)


def revision_of(value: str | None) -> int:
    """The count of changes in the value that keeps it; 0 if nothing was changed yet."""
    return int(value) if value and value.isdecimal() and len(value) < 16 else 0


def watch_subject(changed: Sequence[WatchRow], drop: Sequence[tuple[str, str]]) -> str:
    """The ids that a change is about, for its audit record."""
    ids = dict.fromkeys([*(row.id for row in changed), *(number for _, number in drop)])
    named = ", ".join(ids)
    return named if len(named) <= _MOST_NAMED else f"{named[: _MOST_NAMED - 1]}…"
