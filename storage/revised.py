"""What both stores decide alike when an article says something else, or vanished. Pure.

Whose word counts: the feed's that gave the article first, and that of other feeds of its host
or of the article's own; an aggregator's does not, unless it shows more than was known. A further
feed of an outlet often gives the same article another summary, so what it says at first counts
only where it contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from watchers.model import Feed, Item
from watchers.updates import COSMETIC, FACTS, Version, compare, contradiction
from watchers.urls import host
from watchers.wrappers import is_aggregator

GONE, BACK = "gone", "back"
LEFT_FEED = "its feed lists it no longer, but older ones"
LISTED_AGAIN = "its feed lists it again"
PAGE_GONE = "its page answers"  # begins the reason that a page gave
PAGE_THERE = "its page is there again"
SHOWS_MORE = "another feed shows more of it"
REMOVED, RESTORED = ("removed",), ("restored",)
TOLD_KINDS = (FACTS, GONE)  # what an export's `updates` lists
DELISTED = timedelta(days=30)  # so far back `last_seen` is put of what a feed took out
_BARE = 60  # characters of an outlet's name and signs
MOST_EARLIER = 20  # earlier versions that a further feed may still print


class Word(Enum):
    """Whose word a changed text is, and so what it may do."""

    OWN = "own"  # the outlet's: replaces what was there
    FURTHER = "further"  # a further feed's first: only if it contradicts
    SUMMARY = "summary"  # the outlet's, where the whole text is kept: only if it contradicts
    MORE = "more"  # another's, which shows the subject that was not seen before


class HeadLike(Protocol):
    """What is known of the article: see :class:`storage.planning.Head`."""

    @property
    def feed_id(self) -> int:
        """The feed that gave it first."""

    @property
    def url(self) -> str:
        """Its address."""


@dataclass(frozen=True, slots=True)
class Revised:
    """What becomes of an article whose text a poll found changed."""

    kind: str  # FACTS or COSMETIC
    reason: str
    fields: tuple[str, ...]
    replaces: bool  # False: noted, while the fuller text stays


def page_gone(status: int) -> str:
    """The reason of an article that vanished because its page answers so, twice."""
    return f"{PAGE_GONE} {status}"


def is_outlets(feed: Feed, head: HeadLike, first_host: str | None) -> bool:
    """Whether another feed than the first is the outlet's own; `first_host` is of the first."""
    if is_aggregator(feed.url):
        return False
    own = host(feed.url)
    return bool(own) and own in (first_host, host(head.url))


def may_vanish(feed: Feed, first_host: str) -> bool:
    """Whether what this feed takes out is gone; `first_host` is of the feed that gave it first.

    A search or an aggregator drops what it likes.
    """
    return host(feed.url) == first_host and not is_aggregator(feed.url)


def revised(
    word: Word, old: Version, new: Version, earlier: Iterable[tuple[str, str]] = ()
) -> Revised | None:
    """What becomes of it; None if nothing does. `earlier`: titles and texts that were replaced."""
    if word in (Word.OWN, Word.MORE):
        change = compare(old, new)
        if change is None:
            return None
        if word is Word.MORE:  # it is no change by the outlet
            return Revised(COSMETIC, SHOWS_MORE, change.fields, replaces=True)
        return Revised(change.kind, change.reason, change.fields, replaces=True)
    change = contradiction(old, new)
    if change is None or change.kind != FACTS:
        return None
    if word is Word.FURTHER and any(_says(new, *said) for said in earlier):
        return None  # it was replaced already: that feed is behind
    return Revised(change.kind, change.reason, change.fields, replaces=word is Word.FURTHER)


def _says(version: Version, title: str, text: str) -> bool:
    """Whether a version says what an earlier one did."""
    change = contradiction(Version(title, text, version.language), version)
    return change is None or change.kind == COSMETIC


def version_of(item: Item, title: str, text: str, *, knows_people: bool) -> Version:
    """An item as it is compared, with title and text as they are stored.

    `knows_people`: what was stored was judged by the same watchlist.
    """
    verdict, article = item.verdict, item.article
    people = frozenset((*verdict.officials, *verdict.people)) if knows_people else frozenset()
    return Version(title, text, article.language, people, article.is_full)


def is_listed(last_seen: datetime, marked_at: datetime | None) -> bool:
    """Whether a feed listed an entry when its entries were marked the last time: once a day."""
    return marked_at is not None and last_seen > marked_at - timedelta(days=1)


def beyond_title(item: Item) -> int:
    """Characters that its text has beyond its title."""
    return len(item.article.text) - len(item.article.title)


def is_bare(size: int) -> bool:
    """A headline, perhaps with the outlet's name: what aggregators give.

    Any text shows more, so that it does not matter which feed was first to give the article.
    """
    return size <= _BARE
