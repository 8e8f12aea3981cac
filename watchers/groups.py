"""What settling and the store tell each other about groups: copies and stories. Pure.

Of each group of copies one article *leads*: the earliest relevant one, by (time, canonical URL).
Stories are made of those alone, each joined to what was published before it, so that a story's
*event*, the name of its earliest leading article, follows from the stored articles whatever came
first. The story's id, which was told, is another thing: it stays when the event's beginning
turns out to be an older report.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from watchers.model import Grouped, Grouping, require_utc


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands in the order in which articles are settled."""

    time: datetime  # published, or else first seen
    canonical_url: str

    @property
    def key(self) -> tuple[datetime, bytes]:
        """What the order is by: URLs are compared by their bytes, as the databases do."""
        return self.time, self.canonical_url.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Rest:
    """What a batch left to the next: leading articles after a place are to be decided again."""

    after: Place
    until: datetime  # the last `time` that is
    events: frozenset[str] = frozenset()  # what stories became of which not all was decided again

    def __post_init__(self) -> None:
        require_utc(self.after.time, self.until)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far settling has come; `turn` counts the changes of groups."""

    turn: int = 0
    rest: Rest | None = None


@dataclass(frozen=True, slots=True)
class StoryHead:
    """A stored story. Without an event it was given: by an admin, who may have merged it."""

    id: str
    created_at: datetime
    event: str | None = None
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Regrouping:
    """What a batch changes beside the articles' own groupings."""

    turn: int  # of the Progress that it was decided from
    rest: Rest | None = None
    stories: Sequence[StoryHead] = ()  # new ones, and those with another event
    merged: Mapping[str, str] = field(
        default_factory=dict
    )  # stories whose articles all go to another


class GroupPort(Protocol):
    """What settling (copies, stories) reads and decides."""

    def progress(self) -> Progress:
        """How far settling has come."""

    def unsettled(self, limit: int) -> tuple[Grouped, ...]:
        """Articles not yet grouped, or changed since, by (published or first seen, canonical URL).

        What changed stays settled meanwhile, unless it was not relevant before: a digest tells
        it with its group.
        """

    def settled_texts(self, keys: Collection[bytes]) -> frozenset[bytes]:
        """Those of these text_keys that some settled article has."""

    def copy_candidates_of(self, articles: Sequence[Grouped]) -> Mapping[int, tuple[Grouped, ...]]:
        """By article: settled ones with the same text_key (the 20 stored last), by id.

        Also those with a common band whose `time` is within 30 days; in all at most 100: the
        same text first, then most bands in common, then the nearest in time. Of a band that
        hundreds have only the hundred stored last are seen: what is so common tells nothing.
        """

    def copied(self, articles: Collection[int]) -> frozenset[int]:
        """Those of these articles that have copies."""

    def leading(self, firsts: Collection[int]) -> Mapping[int, Grouped]:
        """By the first of the copies: the article that leads, if any does."""

    def relevant_copies(self, first: int, limit: int) -> tuple[Grouped, ...]:
        """Settled relevant articles of a group of copies (the first too), in order."""

    def leads_until(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """The last leading articles up to a place, one that stands there too; in order."""

    def leads_after(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """The next leading articles after a place, in order."""

    def story_heads(self, ids: Collection[str], events: Collection[str]) -> tuple[StoryHead, ...]:
        """Stories with one of these ids or events, by (created_at, id)."""

    def save_groupings(
        self, groupings: Sequence[Grouping], regrouping: Regrouping | None = None
    ) -> bool:
        """Settle these articles in one transaction; False, and nothing changed, if too late.

        That is when groups were changed since the `regrouping` was decided. A grouping of an
        article that changed meanwhile (its `basis`) is left out: it stays unsettled.
        `duplicate_of` is never re-pointed once set. Copies get the story of their first, told
        stays told under an article's new story, and *pinned* articles stay where they are.
        """


def packed(progress: Progress) -> str:
    """As the store keeps it: JSON."""
    rest = progress.rest
    left = None
    if rest is not None:
        place = (rest.after.time.isoformat(), rest.after.canonical_url)
        left = [*place, rest.until.isoformat(), sorted(rest.events)]
    return json.dumps({"turn": progress.turn, "rest": left})


def unpacked(text: str | None) -> Progress:
    """What :func:`packed` packed; nothing was done yet if it cannot be read."""
    if text is None:
        return Progress()
    try:
        found = json.loads(text)
        left = found["rest"]
        rest = None
        if left is not None:
            place = Place(datetime.fromisoformat(left[0]), str(left[1]))
            rest = Rest(place, datetime.fromisoformat(left[2]), frozenset(left[3]))
        return Progress(int(found["turn"]), rest)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return Progress()
