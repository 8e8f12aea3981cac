"""The watchlist as admins changed it, and judging again, in the `MemoryStore`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from storage.mapping import subject_of
from storage.memory_state import MemoryArticle, MemoryState, synchronised
from storage.rejudging import (
    Judged,
    becomes_quiet,
    is_of,
    is_settled_still,
    revision_of,
    watch_subject,
)
from storage.watching import CHANGED, REVISION
from watchers.changes import Rejudged, Stored, WatchRow, WatchRows
from watchers.errors import WatchlistChanged


class MemoryKnowing(MemoryState):
    """:class:`watchers.ports.KnowPort`."""

    @synchronised
    def watch_revision(self) -> int:
        """See :class:`watchers.ports.KnowPort`."""
        return revision_of(self._values.get(REVISION))

    @synchronised
    def watch_rows(self) -> WatchRows:
        """See :class:`watchers.ports.KnowPort`."""
        rows = sorted(self._watch_rows.values(), key=lambda row: (row.section, row.id))
        return WatchRows(self.watch_revision(), tuple(rows))

    @synchronised
    def save_watch_rows(
        self,
        rows: Sequence[WatchRow],
        *,
        drop: Sequence[tuple[str, str]] = (),
        expected: int,
        action: str,
        detail: str,
        at: datetime,
        actor: str,
    ) -> int:
        """See :class:`watchers.ports.KnowPort`."""
        if expected != self.watch_revision():
            raise WatchlistChanged(CHANGED)
        for key in drop:
            self._watch_rows.pop(key, None)
        for row in rows:  # as JSON keeps it: lists for tuples, nothing shared with the caller
            kept = None if row.row is None else json.loads(json.dumps(dict(row.row)))
            self._watch_rows[row.section, row.id] = replace(row, row=kept)
        self._values[REVISION] = str(expected + 1)
        self._note(at, actor, action, watch_subject(rows, drop), detail)
        return expected + 1

    @synchronised
    def stored(
        self, after: int, limit: int, *, since: datetime | None = None
    ) -> tuple[Stored, ...]:
        """See :class:`watchers.ports.KnowPort`."""
        articles = [article for article in self._articles.values() if article.text_kept]
        if since is not None:
            late = [article.id for article in articles if article.first_seen >= since]
            articles = [article for article in articles if late and article.id >= min(late)]
        return tuple(_stored(article) for article in articles if article.id > after)[:limit]

    @synchronised
    def save_verdicts(self, items: Sequence[Rejudged]) -> int:
        """See :class:`watchers.ports.KnowPort`."""
        by_id = {item.article_id: item for item in items}
        found = [
            item
            for number, item in by_id.items()
            if (kept := self._articles.get(number)) is not None
            and is_of(item, kept.item.verdict.watchlist, kept.item.fingerprint.text_key)
        ]
        for item in found:
            self._judge(self._articles[item.article_id], item)
        return len(found)

    def _judge(self, kept: MemoryArticle, item: Rejudged) -> None:
        subject = subject_of(kept.id, kept.duplicate_of, kept.story)
        told = any(subject == one for _, one in self._told)
        verdict = kept.item.verdict
        was = Judged(verdict.relevant, kept.tells, verdict.suspicious, told)
        kept.settled = kept.settled and is_settled_still(was, item.verdict)
        kept.baseline = kept.baseline or becomes_quiet(was, item)
        kept.item = replace(kept.item, verdict=item.verdict, fingerprint=item.fingerprint)


def _stored(kept: MemoryArticle) -> Stored:
    article, verdict = kept.item.article, kept.item.verdict
    return Stored(
        id=kept.id,
        canonical_url=kept.canonical_url,
        title=article.title,
        text=article.text,
        time=kept.grouped.time,
        relevant=verdict.relevant,
        officials=verdict.officials,
        people=verdict.people,
        topics=verdict.topics,
        watchlist=verdict.watchlist,
        first_seen=kept.first_seen,
        text_key=kept.item.fingerprint.text_key,
    )
