"""`SqlStore`: the ports of the core on SQLite and PostgreSQL, one transaction a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from storage import backups, exporting, feeds, ledger, locks, polls, upkeep
from storage.engine import hurry
from storage.postgres import repeating, set_unlimited
from storage.store_claiming import ClaimingStore
from storage.store_outbox import ChannelStore, TellStore
from storage.store_parts import (
    ArticleStore,
    GroupStore,
    KeepStore,
    KnowStore,
    LedgerStore,
    StoryStore,
)
from storage.store_restoring import RestoringStore
from storage.store_searching import SearchingStore
from storage.store_subscribing import SubscribingStore
from storage.store_telling import TellingStore
from storage.store_vitals import VitalsStore
from watchers.model import (
    Feed,
    FeedSpec,
    PollResult,
    PollSaved,
    Remembered,
)
from watchers.telling import Counts, Coverage, Exported


@repeating
class SqlStore(
    LedgerStore,
    KnowStore,
    GroupStore,
    KeepStore,
    StoryStore,
    ArticleStore,
    TellStore,
    ChannelStore,
    TellingStore,
    SubscribingStore,
    RestoringStore,
    ClaimingStore,
    VitalsStore,
    SearchingStore,
):
    """:class:`watchers.ports.Store` in a database; the contracts are written there.

    SQLite's BEGIN waits 10 seconds for other writers, and PostgreSQL's victim of a deadlock is
    repeated (:func:`storage.postgres.repeating`); nothing else is tried twice. Made by
    :func:`storage.schema.open_store`; safe to use from several threads.
    """

    # ------------------------------------------------------------ feeds

    def add_feed(self, spec: FeedSpec, *, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            return feeds.add(connection, spec, at, actor)

    def add_feeds(self, specs: Sequence[FeedSpec], *, at: datetime, actor: str) -> int:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            return feeds.add_many(connection, specs, at, actor)

    def feeds(self) -> tuple[Feed, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        with self._look() as connection:
            return feeds.all_feeds(connection)

    def feed(self, ref: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        with self._read() as connection:
            return feeds.find(connection, ref)

    def due_feeds(
        self, now: datetime, limit: int, *, per_host: int | None = None
    ) -> tuple[Feed, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        with self._look() as connection:
            return feeds.due(connection, now, limit, per_host)

    def heal_clock(self, now: datetime) -> int:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            return feeds.heal_clock(connection, now)

    def pause_feed(self, feed_id: int, *, paused: bool, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            return feeds.pause(connection, feed_id, at, actor, paused=paused)

    def remove_feed(self, feed_id: int, *, at: datetime, actor: str) -> Feed:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            return feeds.remove(connection, feed_id, at, actor)

    def former_addresses(self, feed_id: int) -> tuple[str, ...]:
        """See :class:`watchers.ports.FeedPort`."""
        with self._read() as connection:
            return feeds.former_addresses(connection, feed_id)

    def remembered(self, feed_id: int) -> Remembered:
        """See :class:`watchers.ports.FeedPort`."""
        with self._look() as connection:
            return polls.remembered(connection, feed_id)

    def rest_host(self, host: str, until: datetime) -> None:
        """See :class:`watchers.ports.FeedPort`."""
        with self._write() as connection:
            ledger.rest(connection, [(host, until)])

    def save_poll(self, result: PollResult) -> PollSaved:
        """See :class:`watchers.ports.FeedPort`."""
        return self.save_polls([result])[0]

    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        """See :class:`watchers.ports.FeedPort`; several of one feed are carried out in order."""
        if not results:
            return ()
        with self._write() as connection:
            return polls.save(connection, results)

    def coverage(self, now: datetime, since: datetime | None = None) -> Coverage:
        """See :class:`watchers.ports.FeedPort`."""
        with self._read() as connection:
            return feeds.coverage(connection, now, since)

    # ------------------------------------------------------------ upkeep

    def export(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        official: str | None = None,
        language: str | None = None,
    ) -> Iterator[Exported]:
        """See :class:`watchers.ports.UpkeepPort`; a transaction a batch.

        A reader that takes its time would otherwise keep SQLite from checkpointing its WAL.
        """
        selection = exporting.Selection(since, until, official, language)
        after: exporting.Place | None = None
        while True:
            with self._read() as connection:
                articles, after = exporting.batch(connection, selection, after)
            yield from articles
            if after is None:
                return

    def counts(self) -> Counts:
        """See :class:`watchers.ports.UpkeepPort`."""
        with self._read() as connection:
            return upkeep.counts(connection)

    def value(self, name: str) -> str | None:
        """See :class:`watchers.ports.UpkeepPort`."""
        with self._look() as connection:
            return upkeep.value(connection, name)

    def set_value(self, name: str, value: str) -> None:
        """See :class:`watchers.ports.UpkeepPort`."""
        with self._write() as connection:
            upkeep.set_value(connection, name, value)

    def lock(self, name: str) -> AbstractContextManager[locks.Lock]:
        """See :class:`watchers.ports.UpkeepPort`; not reentrant."""
        return locks.lock(self._engine, name)

    def check(self) -> tuple[str, ...]:
        """See :class:`watchers.ports.UpkeepPort`."""
        with self._read() as connection:
            set_unlimited(connection)
            return upkeep.check(connection)

    def backup(self, target: Path) -> None:
        """See :class:`watchers.ports.UpkeepPort`; always a SQLite file."""
        backups.backup(self._engine.url, target)

    def hurry(self, seconds: float) -> None:
        """See :class:`watchers.ports.UpkeepPort`."""
        hurry(self._engine, seconds)

    def close(self) -> None:
        """See :class:`watchers.ports.UpkeepPort`."""
        self._engine.dispose()
