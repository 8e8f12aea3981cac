"""What is stored, as readers look at it: the latest, by official, by words. The port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchers.telling import Tellable


class BrowsePort(Protocol):
    """Stored articles for readers."""

    def latest(
        self,
        limit: int,
        *,
        officials: Sequence[str] = (),
        languages: Sequence[str] = (),
        relevant: bool | None = True,
        since: datetime | None = None,
    ) -> tuple[Tellable, ...]:
        """Settled articles that tell something, newest first seen first; copies too.

        `officials`: that name one of these; `languages`: in one of these; `relevant`: only
        those that are, are not, or either (None). Goes by an index; `limit` at most 2,000.
        """

    def texts(self, article_ids: Sequence[int]) -> dict[int, str]:
        """The first 5,000 characters of these articles' texts, for searching among few."""
