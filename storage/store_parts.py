"""Parts of `SqlStore`: what all of it stands on, the ledger with its notices, the watchlist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Engine

from storage import ledger, watching
from storage.engine import Mode, transaction
from storage.notices import Telling
from storage.planning import MOST_GAPS
from watchers.changes import Rejudged, Stored, WatchRow, WatchRows
from watchers.model import Gap, LedgerRow, Notice, Rhythm
from watchers.telling import AuditRecord


class Transactions:
    """An engine and the three ways to use it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _read(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.READ)

    def _write(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.WRITE)

    def _durable(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, Mode.DURABLE)


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
            with self._write() as connection:
                part = ledger.forget(connection, before)
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
        with self._read() as connection:
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
