"""Settling: copies and stories among what polls have stored, in an order of its own.

    unsettled (by published, canonical URL) -> dedupe -> cluster -> save_groupings

Polls store and one settles, so that groups do not depend on which feed answered first.
The caller holds the "settle" lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from watchers.cluster import WINDOW, Clusterer
from watchers.dedupe import first_of_copies
from watchers.model import Grouped, Grouping
from watchers.ports import GroupPort

_BATCH = 500  # articles a transaction


_NOT_RELEVANT = "not relevant"


def settle(store: GroupPort, clusterer: Clusterer) -> int:
    """Group everything that is not grouped yet; how many articles that were."""
    done = 0
    while settled := settle_batch(store, clusterer):
        done += settled
    return done


def settle_batch(store: GroupPort, clusterer: Clusterer) -> int:
    """Group the next articles in one transaction; how many, 0 when all are."""
    batch = store.unsettled(_BATCH)
    pending = _Pending(store, batch)
    store.save_groupings([pending.add(article, clusterer) for article in batch])
    return len(batch)


class _Pending:
    """The store, and over it what this batch has decided already but not saved."""

    def __init__(self, store: GroupPort, batch: Sequence[Grouped]) -> None:
        self._store = store
        plain = {a.fingerprint.text_key for a in batch if _is_plain(a)}
        self._settled_texts = store.settled_texts(plain) if plain else frozenset()
        self._by_print: dict[object, list[Grouped]] = defaultdict(list)
        self._stories: list[Grouped] = []

    def add(self, article: Grouped, clusterer: Clusterer) -> Grouping:
        """Decide for the next article of the batch."""
        if self._is_alone(article):
            decision = Grouping(article.id, None, None, _NOT_RELEVANT)
        else:
            decision = grouping(article, self, clusterer)
        decided = article
        if (article.duplicate_of, article.story) != (decision.duplicate_of, decision.story):
            decided = replace(article, duplicate_of=decision.duplicate_of, story=decision.story)
        for part in (article.fingerprint.text_key, *article.fingerprint.bands):
            self._by_print[part].append(decided)
        if decided.story is not None and decided.duplicate_of is None:
            self._stories.append(decided)
        return decision

    def _is_alone(self, article: Grouped) -> bool:
        """Nobody prints the same, and it is not looked for otherwise: no need to ask for it.

        Nearly all articles are; a question each would cost ten times as much as all the rest.
        """
        key = article.fingerprint.text_key
        return _is_plain(article) and key not in self._settled_texts and key not in self._by_print

    def copy_candidates(self, article: Grouped) -> tuple[Grouped, ...]:
        """As the port says, this batch's included."""
        parts = (article.fingerprint.text_key, *article.fingerprint.bands)
        here = {found.id: found for part in parts for found in self._by_print.get(part, ())}
        return (*self._store.copy_candidates(article), *here.values())

    def story_candidates(
        self, article: Grouped, since: datetime, until: datetime
    ) -> tuple[Grouped, ...]:
        """As the port says, this batch's included."""
        here = [found for found in self._stories if since <= found.time <= until]
        return (*self._store.story_candidates(article, since, until), *here)


def _is_plain(article: Grouped) -> bool:
    """Copies of it are found by the very same text only, and it joins no story."""
    return not article.relevant and not article.fingerprint.bands


def grouping(article: Grouped, known: _Pending, clusterer: Clusterer) -> Grouping:
    """Decide for one article, looking at settled ones only."""
    found = first_of_copies(article, known.copy_candidates(article))
    first = found and (found[0].duplicate_of or found[0].id)
    if found is not None and (found[0].story or not article.relevant):
        return Grouping(article.id, first, found[0].story, found[1])
    if not article.relevant:
        return Grouping(article.id, None, None, _NOT_RELEVANT)
    # Also a relevant copy of a shorter text that was not: it must not vanish behind that.
    near = known.story_candidates(article, article.time - WINDOW, article.time + WINDOW)
    story, reason = clusterer.story_of(article, near)
    return Grouping(article.id, first, story, found[1] if found else reason)
