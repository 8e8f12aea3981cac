"""Retention and recomputing in the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from storage.memory_state import MemoryArticle, MemoryState, synchronised
from watchers.keeping import PART, Outdated, Reprinted


class MemoryKeeping(MemoryState):
    """:class:`watchers.keeping.KeepPort`."""

    @synchronised
    def outdated(
        self, version: str, after: int, *, limit: int = PART, since: datetime | None = None
    ) -> tuple[Sequence[Outdated], int | None]:
        """See :class:`watchers.keeping.KeepPort`."""
        last = max(self._articles, default=0)
        if since is not None:
            late = [kept for kept in self._articles.values() if kept.first_seen >= since]
            first = min(late, key=lambda kept: (kept.first_seen, kept.id), default=None)
            after = last if first is None else max(after, first.id - 1)
        until = after + limit
        chosen = [kept for number, kept in self._articles.items() if after < number <= until]
        found = [
            _outdated(kept)
            for kept in chosen
            if kept.text_kept and kept.item.fingerprint.version != version
        ]
        return found, until if until < last else None

    @synchronised
    def save_fingerprints(self, items: Sequence[Reprinted]) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        changed = 0
        for item in items:
            kept = self._articles.get(item.article_id)
            if kept is None:
                continue
            was = kept.item.fingerprint
            if was.version != item.fingerprint.version and was.text_key == item.text_key:
                kept.item = replace(kept.item, fingerprint=item.fingerprint)
                changed += 1
        return changed

    @synchronised
    def forget_texts(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        old = [
            kept
            for kept in self._articles.values()
            if kept.text_kept and kept.settled and kept.first_seen < before
        ]
        old.sort(key=lambda kept: kept.first_seen)
        for kept in old[:limit]:
            kept.text_kept = False
            kept.item = replace(kept.item, article=replace(kept.item.article, text=""))
        return len(old[:limit])

    @synchronised
    def forget_audit(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        old = [record for record in self._audit[:limit] if record.at < before]
        self._audit = [record for record in self._audit if record not in old]
        return len(old)


def _outdated(kept: MemoryArticle) -> Outdated:
    article = kept.item.article
    close = kept.tells or kept.item.verdict.suspicious
    return Outdated(kept.id, article.title, article.text, close, kept.item.fingerprint.text_key)
