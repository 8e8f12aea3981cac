"""Fingerprints of another version, computed anew. Pure.

Signatures of two versions cannot be compared, so after an update of the algorithm copies of
what was stored before would be missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watchers.dedupe import VERSION, fingerprint
from watchers.keeping import Outdated, Reprinted

if TYPE_CHECKING:
    from watchers.keeping import KeepPort

FINDABLE = timedelta(days=31)  # since an article was first seen: a day longer than copies reach


def reprinted(articles: Iterable[Outdated]) -> list[Reprinted]:
    """The fingerprints of this version."""
    return [
        Reprinted(one.id, fingerprint(one.title, one.text, close=one.close), one.text_key)
        for one in articles
    ]


def recompute_part(
    store: KeepPort, after: int, since: datetime | None = None
) -> tuple[int, int | None]:
    """Recompute among the next numbers above `after`: how many, and where to go on. StoreError.

    What is done twice, or by two processes at once, comes to the same.
    """
    articles, following = store.outdated(VERSION, after, since=since)
    return store.save_fingerprints(reprinted(articles)) if articles else 0, following
