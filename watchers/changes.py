"""The nouns of a changed watchlist: the rows of admins, stored articles judged again. Pure.

Frozen values without I/O, as those of :mod:`watchers.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchers.model import Fingerprint, Verdict


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A row of the watchlist as admins want it, over the shipped one of that id if there is one.

    ``row`` is a person or an admins' topic as TOML would hold it; None: removed. ``base`` is the
    digest of the shipped row it was made over ("" if there was none): when an update ships
    another, the admins' row stays and the difference is shown.
    """

    section: str  # "person" or "own_topic"
    id: str
    row: Mapping[str, object] | None
    base: str = ""


@dataclass(frozen=True, slots=True)
class WatchRows:
    """All that admins changed in the watchlist; ``revision`` counts the changes."""

    revision: int
    rows: tuple[WatchRow, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored article as judging it again sees it."""

    id: int
    canonical_url: str
    title: str
    text: str
    time: datetime  # published, or else first seen
    relevant: bool
    officials: tuple[str, ...]
    people: tuple[str, ...]
    topics: tuple[str, ...]
    watchlist: str  # the version that judged it
    first_seen: datetime
    text_key: bytes  # of its fingerprint, as stored


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A stored article's new verdict; ``quiet``: what it now tells is old and is not posted.

    ``text_key`` is that of the `Stored` that was judged: another is kept once its text changed.
    """

    article_id: int
    verdict: Verdict
    fingerprint: Fingerprint
    quiet: bool
    text_key: bytes
