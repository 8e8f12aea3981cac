"""Settling: copies and stories among what polls have stored, in an order of its own.

    unsettled (by published, canonical URL) -> dedupe -> cluster -> save_groupings

Polls store and one settles, so that groups do not depend on which feed answered first.
The caller holds the "settle" lock.
"""

from __future__ import annotations

from watchers.cluster import WINDOW, Clusterer
from watchers.dedupe import first_of_copies
from watchers.model import Grouped, Grouping
from watchers.ports import GroupPort

_BATCH = 200


def settle(store: GroupPort, clusterer: Clusterer) -> int:
    """Group everything that is not grouped yet; how many articles that were."""
    done = 0
    while batch := store.unsettled(_BATCH):
        for article in batch:
            store.save_groupings([grouping(article, store, clusterer)])
        done += len(batch)
    return done


def grouping(article: Grouped, store: GroupPort, clusterer: Clusterer) -> Grouping:
    """Decide for one article, looking at settled ones only."""
    found = first_of_copies(article, store.copy_candidates(article))
    first = found and (found[0].duplicate_of or found[0].id)
    if found is not None and (found[0].story or not article.relevant):
        return Grouping(article.id, first, found[0].story, found[1])
    if not article.relevant:
        return Grouping(article.id, None, None, "not relevant")
    # Also a relevant copy of a shorter text that was not: it must not vanish behind that.
    near = store.story_candidates(article, article.time - WINDOW, article.time + WINDOW)
    story, reason = clusterer.story_of(article, near)
    return Grouping(article.id, first, story, found[1] if found else reason)
