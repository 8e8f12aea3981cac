"""What is kept how long, and fingerprints of another version: the port and its nouns. Pure.

Hashes are kept for ever: nothing old is posted as new, and copies of the very same text are
found. Texts may be thrown away after a time; titles, verdicts and reasons stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchers.model import Fingerprint

PART = 200  # articles in one short transaction


@dataclass(frozen=True, slots=True)
class Outdated:
    """A stored article whose fingerprint another version of the program made."""

    id: int
    title: str
    text: str
    close: bool  # has bands: near copies of it are looked for
    text_key: bytes


@dataclass(frozen=True, slots=True)
class Reprinted:
    """Its new fingerprint; ``text_key`` is that of the `Outdated` that it was made of."""

    article_id: int
    fingerprint: Fingerprint
    text_key: bytes


class KeepPort(Protocol):
    """Retention, and recomputing; each call one short transaction."""

    def outdated(
        self, version: str, after: int, *, limit: int = PART, since: datetime | None = None
    ) -> tuple[Sequence[Outdated], int | None]:
        """Articles with a fingerprint of another version than this, and where to go on.

        Looked for among the next `limit` numbers above `after`, with `since` only from the
        first article on that was first seen then or later; None when there are no more. Those
        whose texts were thrown away are passed over.
        """

    def save_fingerprints(self, items: Sequence[Reprinted]) -> int:
        """Give these articles other fingerprints; how many. Nothing is grouped anew.

        One whose text a poll changed meanwhile, or that has a fingerprint of that version
        already, is left alone.
        """

    def forget_texts(self, before: datetime, *, limit: int = PART) -> int:
        """Empty texts of settled articles first seen before then, and all of their revisions.

        How many articles: less than `limit` when none are left. What a poll says of them
        later changes nothing.
        """

    def forget_audit(self, before: datetime, *, limit: int = PART) -> int:
        """Delete records of the audit log older than that; how many, as `forget_texts`."""

    def forget_private(self, before: datetime, *, limit: int = PART) -> int:
        """Delete digests of private chats built before then, with their pages, what they told
        and texts that nobody was sent besides; how many, as `forget_texts`. Pages that were
        never sent go too; a digest with a page that is on its way stays until it has arrived.
        """
