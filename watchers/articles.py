"""One stored article as people look at it: what it said before, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchers.telling import Exported
from watchers.text import key
from watchers.urls import canonical
from watchers.wrappers import unwrap


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of an article: what it said before, and what of it changed."""

    at: datetime  # UTC
    kind: str  # "facts", "cosmetic", "gone", "back"
    reason: str  # in words; empty if only the wording changed
    fields: tuple[str, ...]
    title: str = ""  # before; empty where nothing of the content changed
    text: str = ""

    @property
    def has_content(self) -> bool:
        """Whether title and text were replaced then."""
        return self.kind in ("facts", "cosmetic")


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article with all that is kept of it."""

    article: Exported
    copies: tuple[str, ...]  # canonical URLs of the articles that are copies of it
    revisions: tuple[Revision, ...]  # newest first
    changed_at: datetime | None  # its facts, the last time
    gone_at: datetime | None  # its feed or its site took it away
    baseline: bool  # stored, never told
    more_copies: int = 0  # that are not among them


@dataclass(frozen=True, slots=True)
class PageCheck:
    """An article whose page is to be asked for once more: is it there?"""

    id: int
    url: str
    first_seen: datetime


def address_keys(address: str) -> list[bytes]:
    """The keys by which an article's address is found, however it is written."""
    forms = (address, unwrap(address) or address)
    return list(dict.fromkeys(key(one) for form in forms for one in (form, canonical(form))))


class ArticlePort(Protocol):
    """Single articles: looked at, and their pages looked for."""

    def article(self, address: str) -> ArticleView:
        """The article with this address: canonical, as printed, or a further one.

        ArticleUnknown.
        """

    def page_checks(self, now: datetime, limit: int) -> Sequence[PageCheck]:
        """Articles whose page is to be asked for at or before `now`, longest overdue first."""

    def save_page_check(
        self, article_id: int, again: datetime | None, *, status: int | None, at: datetime
    ) -> bool:
        """When to ask for an article's page once more (None: never); whether that is news.

        `status`: 404 or 410, certain: it is noted as gone. 200: if its page had been gone, it
        is noted as back. None says nothing.
        """
