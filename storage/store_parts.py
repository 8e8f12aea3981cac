"""Parts of `SqlStore`: what all of it stands on, the ledger with its notices, the watchlist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Engine

from storage import articles, candidates, forgetting, grouping, keeping, ledger, stories, watching
from storage.engine import Mode, empty_log, overwrite_deleted, transaction
from storage.notices import Telling
from storage.planning import MOST_GAPS
from watchers.articles import ArticleView, PageCheck
from watchers.changes import Rejudged, Stored, WatchRow, WatchRows
from watchers.groups import Place, Progress, Regrouping, StoryHead
from watchers.keeping import PART, Outdated, Reprinted
from watchers.model import (
    Gap,
    Grouped,
    Grouping,
    LedgerRow,
    Rhythm,
)
from watchers.stories import StoryView
from watchers.telling import AuditRecord, Notice


class Transactions:
    """An engine and the ways to use it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _read(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.READ)

    def _look(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.LOOK)

    def _write(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.WRITE)

    def _durable(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.DURABLE)

    def _erase(self, forget: Callable[[Connection], int]) -> int:
        """Throw rows or texts away, from the disk too: overwritten, and out of SQLite's log."""
        with self._write() as connection:
            overwrite_deleted(connection)
            gone = forget(connection)
        if gone:
            empty_log(self._engine)
        return gone


class LedgerStore(Transactions):
    """:class:`watchers.ports.LedgerPort` in a database."""

    def ledger(self, feed_id: int, since: datetime) -> tuple[LedgerRow, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._read() as connection:
            return ledger.runs(connection, feed_id, since)

    def failed_runs(self, since: datetime) -> tuple[LedgerRow, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._read() as connection:
            return ledger.down_runs(connection, since)

    def gaps(self, since: datetime, limit: int = MOST_GAPS) -> tuple[Gap, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._read() as connection:
            return ledger.gaps(connection, since, limit)

    def rhythms(self, since: datetime) -> Mapping[int, Rhythm]:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._read() as connection:
            return ledger.rhythms(connection, since)

    def forget_ledger(self, before: datetime) -> int:
        """See :class:`watchers.ports.LedgerPort`; a transaction a part, so that others can write.

        Rests of hosts that ended before then are forgotten too.
        """
        forgotten = 0
        while True:
            part = self._erase(lambda connection: ledger.forget(connection, before))
            forgotten += part
            if part < ledger.PRUNED:
                return forgotten

    def add_notice(self, key: str, kind: str, text: str, *, at: datetime) -> bool:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._write() as connection:
            return ledger.add_notice(connection, Telling(key, kind, text), at)

    def notices(self, *, untold: bool, limit: int = 50) -> tuple[Notice, ...]:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._read() as connection:
            return ledger.notices(connection, limit, untold=untold)

    def mark_told(self, notice_id: int, *, at: datetime) -> bool:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._durable() as connection:
            return ledger.mark_told(connection, notice_id, at)

    def give_back(self, notice_id: int) -> None:
        """See :class:`watchers.ports.LedgerPort`."""
        with self._write() as connection:
            ledger.give_back(connection, notice_id)


class KnowStore(Transactions):
    """:class:`watchers.ports.KnowPort` in a database."""

    def watch_revision(self) -> int:
        """See :class:`watchers.ports.KnowPort`."""
        with self._look() as connection:
            return watching.revision(connection)

    def watch_rows(self) -> WatchRows:
        """See :class:`watchers.ports.KnowPort`."""
        with self._read() as connection:
            return watching.rows(connection)

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
        """See :class:`watchers.ports.KnowPort`. WatchlistChanged."""
        record = AuditRecord(at, actor, action, "", detail)
        with self._write() as connection:
            return watching.save_rows(connection, rows, drop, expected, record)

    def stored(
        self, after: int, limit: int, *, since: datetime | None = None
    ) -> tuple[Stored, ...]:
        """See :class:`watchers.ports.KnowPort`."""
        with self._read() as connection:
            return watching.stored(connection, after, limit, since)

    def save_verdicts(self, items: Sequence[Rejudged]) -> int:
        """See :class:`watchers.ports.KnowPort`."""
        if not items:
            return 0
        with self._write() as connection:
            return watching.save_verdicts(connection, items)


class KeepStore(Transactions):
    """:class:`watchers.keeping.KeepPort` in a database."""

    def outdated(
        self, version: str, after: int, *, limit: int = PART, since: datetime | None = None
    ) -> tuple[Sequence[Outdated], int | None]:
        """See :class:`watchers.keeping.KeepPort`."""
        with self._read() as connection:
            return keeping.outdated(connection, version, after, limit, since)

    def save_fingerprints(self, items: Sequence[Reprinted]) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        with self._write() as connection:
            return keeping.save_fingerprints(connection, items)

    def forget_texts(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        return self._erase(lambda connection: keeping.forget_texts(connection, before, limit))

    def forget_audit(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        return self._erase(lambda connection: keeping.forget_audit(connection, before, limit))

    def forget_private(self, before: datetime, *, limit: int = PART) -> int:
        """See :class:`watchers.keeping.KeepPort`."""
        return self._erase(lambda connection: forgetting.forget_private(connection, before, limit))


class GroupStore(Transactions):
    """:class:`watchers.groups.GroupPort` in a database."""

    def progress(self) -> Progress:
        """See :class:`watchers.groups.GroupPort`."""
        with self._look() as connection:
            return grouping.progress(connection)

    def unsettled(self, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.unsettled(connection, limit)

    def settled_texts(self, keys: Collection[bytes]) -> frozenset[bytes]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.settled_texts(connection, keys)

    def copy_candidates_of(self, articles: Sequence[Grouped]) -> Mapping[int, tuple[Grouped, ...]]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.copies_of(connection, articles)

    def copied(self, articles: Collection[int]) -> frozenset[int]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.copied(connection, articles)

    def leading(self, firsts: Collection[int]) -> Mapping[int, Grouped]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.leading(connection, firsts)

    def relevant_copies(self, first: int, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.relevant_copies(connection, first, limit)

    def leads_until(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.leads_until(connection, place, limit)

    def leads_after(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return candidates.leads_after(connection, place, limit)

    def story_heads(self, ids: Collection[str], events: Collection[str]) -> tuple[StoryHead, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        with self._read() as connection:
            return grouping.story_heads(connection, ids, events)

    def save_groupings(
        self, groupings: Sequence[Grouping], regrouping: Regrouping | None = None
    ) -> bool:
        """See :class:`watchers.groups.GroupPort`."""
        with self._write() as connection:
            return grouping.save(connection, groupings, regrouping)


class ArticleStore(Transactions):
    """:class:`watchers.articles.ArticlePort` in a database."""

    def article(self, address: str) -> ArticleView:
        """See :class:`watchers.articles.ArticlePort`."""
        with self._read() as connection:
            return articles.view(connection, address)

    def page_checks(self, now: datetime, limit: int) -> tuple[PageCheck, ...]:
        """See :class:`watchers.articles.ArticlePort`."""
        with self._read() as connection:
            return articles.page_checks(connection, now, limit)

    def save_page_check(
        self, article_id: int, again: datetime | None, *, status: int | None, at: datetime
    ) -> bool:
        """See :class:`watchers.articles.ArticlePort`."""
        with self._write() as connection:
            return articles.save_page_check(connection, article_id, again, status, at)


class StoryStore(Transactions):
    """:class:`watchers.stories.StoryPort` in a database."""

    def story(self, ref: str) -> StoryView:
        """See :class:`watchers.stories.StoryPort`."""
        with self._read() as connection:
            return stories.view(connection, ref)

    def subject(self, ref: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        with self._read() as connection:
            return stories.subject(connection, ref)

    def leaving(self, story: str, articles: Sequence[str]) -> tuple[int, ...]:
        """See :class:`watchers.stories.StoryPort`."""
        with self._read() as connection:
            return stories.leaving(connection, story, articles)

    def merge_stories(self, kept: str, other: str, *, at: datetime, actor: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        with self._write() as connection:
            return stories.merge(connection, kept, other, at, actor)

    def split_story(self, story: str, articles: Sequence[str], *, at: datetime, actor: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        with self._write() as connection:
            return stories.split(connection, story, articles, at, actor)
