"""A part of `SqlStore`: the full search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage import browsing, search_find, search_index
from storage.engine import Mode, empty_log, overwrite_deleted, transaction
from storage.store_parts import Transactions
from watchers.searching import PART, SECONDS, Hits, Indexed, Wanted
from watchers.telling import Tellable


class SearchingStore(Transactions):
    """:class:`watchers.searching.SearchPort` in a database."""

    def search(self, wanted: Wanted, *, seconds: float = SECONDS) -> Hits:
        """See :class:`watchers.searching.SearchPort`."""
        # PostgreSQL's limits of time are those of a transaction.
        mode = Mode.WRITE if self._engine.dialect.name == "postgresql" else Mode.READ
        with transaction(self._engine, mode) as connection:
            found = search_find.find(connection, wanted, seconds)
            if found.stopped is not None:  # what was cut off can be asked nothing more
                connection.rollback()
        with self._look() as connection:
            return search_find.with_streams(connection, wanted, found)

    def found_articles(
        self, article_ids: Sequence[int], *, settled: bool = False
    ) -> tuple[Tellable, ...]:
        """See :class:`watchers.searching.SearchPort`."""
        with self._look() as connection:
            return browsing.found(connection, article_ids, settled=settled)

    def whole_texts(self, article_ids: Sequence[int]) -> Mapping[int, str]:
        """See :class:`watchers.searching.SearchPort`."""
        with self._look() as connection:
            return browsing.whole_texts(connection, article_ids)

    def index_part(self, limit: int = PART) -> Indexed:
        """See :class:`watchers.searching.SearchPort`. What takes time is in no transaction."""
        with self._look() as connection:
            begun = search_index.is_of_this_version(connection)
        if not begun:
            with self._write() as connection:
                search_index.begin(connection)
        with self._look() as connection:
            found = search_index.due(connection, limit)
        made = search_index.prepared(found)
        if made:
            with self._write() as connection:
                overwrite_deleted(connection)
                search_index.write(connection, made)
            if len(made) < limit:  # nothing is left
                with self._look() as connection:
                    search_index.put_in_place(connection)
        return Indexed(len(made), len(made) >= limit)

    def to_index(self) -> int:
        """See :class:`watchers.searching.SearchPort`."""
        with self._read() as connection:
            return search_index.count_due(connection)

    def reindex(self) -> int:
        """See :class:`watchers.searching.SearchPort`."""
        with self._write() as connection:
            return search_index.mark_all(connection)

    def scrub_part(self) -> bool:
        """See :class:`watchers.searching.SearchPort`."""
        with self._write() as connection:
            if not search_index.is_to_scrub(connection):
                return False
            overwrite_deleted(connection)
            more = search_index.scrub(connection)
        if not more:
            empty_log(self._engine)
        return more
