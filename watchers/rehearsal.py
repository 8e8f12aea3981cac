"""Stored articles under another watchlist: what would change, and what does. Pure.

    stored articles --judge by both--> Change (gained, lost) --> Rehearsal, shown before going live
    stored articles --judge by the new--> Rejudged --> storage

Both verdicts of a rehearsal are given now, so that only the change of the watchlist shows, and
not that of a rule since the article was stored.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watchers.changes import Rejudged, Stored
from watchers.dedupe import fingerprint
from watchers.match import Matcher
from watchers.model import Verdict

if TYPE_CHECKING:  # workers import this module, and need no ports
    from watchers.ports import KnowPort

BATCH = 500  # articles; about 1 MB of text
QUIET_AGE = timedelta(hours=24)  # since an article was published and first seen: then no news
LISTED = 50  # changes kept of a rehearsal; all are counted

Progress = Callable[[int], None]  # articles judged so far


@dataclass(frozen=True, slots=True)
class Change:
    """An article on which two watchlists differ, with both verdicts and their reasons."""

    article: Stored
    before: Verdict
    after: Verdict

    @property
    def relevance(self) -> int:
        """1: becomes relevant; -1: is relevant no more; 0: neither."""
        return self.after.relevant - self.before.relevant

    @property
    def gained(self) -> tuple[str, ...]:
        """Ids of officials, people and topics that the new one finds in addition."""
        return _without(_subjects(self.after), _subjects(self.before))

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids that the new one does not find any more."""
        return _without(_subjects(self.before), _subjects(self.after))


@dataclass(slots=True)
class Rehearsal:
    """What a changed watchlist would change in what is stored."""

    judged: int = 0
    changed: int = 0
    becomes_relevant: int = 0
    relevant_no_more: int = 0
    gained: Counter[str] = field(default_factory=Counter)  # articles by id of the subject
    lost: Counter[str] = field(default_factory=Counter)
    changes: tuple[Change, ...] = ()  # those of relevance first, then the latest; some of them

    def add(self, change: Change) -> None:
        """Count one."""
        self.changed += 1
        self.becomes_relevant += change.relevance > 0
        self.relevant_no_more += change.relevance < 0
        self.gained.update(change.gained)
        self.lost.update(change.lost)


def difference(article: Stored, before: Verdict, after: Verdict) -> Change | None:
    """What differs, or None: relevance, officials, people, topics; not reasons and scores."""
    return Change(article, before, after) if _told(before) != _told(after) else None


def rehearse(
    store: KnowPort,
    before: Matcher,
    after: Matcher,
    *,
    since: datetime | None = None,
    limit: int = LISTED,
    progress: Progress | None = None,
) -> Rehearsal:
    """Judge what is stored by both; memory does not grow with what is stored.

    `since`: only what was first seen since then. It judges every article twice: run it in
    a thread. StoreError.
    """
    found = Rehearsal()
    kept: list[tuple[tuple[bool, datetime, int], Change]] = []
    for articles in batches(store, since=since):
        for article in articles:
            verdicts = (m.judge(article.title, article.text) for m in (before, after))
            change = difference(article, *verdicts)
            if change is not None:
                found.add(change)
                rank = (change.relevance != 0, article.time, article.id)
                heapq.heappush(kept, (rank, change))
                if len(kept) > limit:
                    heapq.heappop(kept)
        found.judged += len(articles)
        if progress is not None:
            progress(found.judged)
    found.changes = tuple(change for _, change in sorted(kept, key=_rank, reverse=True))
    return found


def batches(
    store: KnowPort, *, since: datetime | None = None, size: int = BATCH
) -> Iterator[tuple[Stored, ...]]:
    """Stored articles by their numbers, a bounded batch at a time. StoreError."""
    after = 0
    while articles := store.stored(after, size, since=since):
        yield articles
        after = articles[-1].id


def rejudged(articles: Iterable[Stored], matcher: Matcher, now: datetime) -> tuple[Rejudged, ...]:
    """The new verdicts of those articles that the matcher's watchlist judges otherwise.

    `now` in UTC decides what is too old to be told as news. Those judged by that watchlist
    already are passed over.
    """
    return tuple(_rejudged(articles, matcher, now))


def _rejudged(articles: Iterable[Stored], matcher: Matcher, now: datetime) -> Iterator[Rejudged]:
    for article in articles:
        if article.watchlist == matcher.version:
            continue
        verdict = matcher.judge(article.title, article.text)
        if _told(verdict) != _told(article):
            prints = fingerprint(article.title, article.text, close=verdict.kept_close)
            # Not by its date alone: late news that was told of at its poll would be lost for
            # good by an edit and its undoing.
            quiet = max(article.time, article.first_seen) < now - QUIET_AGE
            yield Rejudged(article.id, verdict, prints, quiet, article.text_key)


def _rank(one: tuple[tuple[bool, datetime, int], Change]) -> tuple[bool, datetime, int]:
    return one[0]


def _told(verdict: Verdict | Stored) -> tuple[bool, set[str], set[str], set[str]]:
    """What of a verdict others see; the order of the ids says nothing."""
    return (
        verdict.relevant, set(verdict.officials), set(verdict.people), set(verdict.topics),
    )  # fmt: skip


def _subjects(verdict: Verdict) -> tuple[str, ...]:
    return (*verdict.officials, *verdict.people, *verdict.topics)


def _without(ids: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in ids if one not in others)
