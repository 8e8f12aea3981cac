"""Single articles of the `MemoryStore`."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime

from storage.memory_revising import MemoryRevising
from storage.memory_state import MemoryArticle, synchronised
from storage.revised import GONE, PAGE_GONE, PAGE_THERE, page_gone
from watchers.articles import ArticleView, PageCheck, address_keys
from watchers.errors import ArticleUnknown
from watchers.telling import Exported


class MemoryArticles(MemoryRevising):
    """:class:`watchers.articles.ArticlePort`."""

    @abstractmethod
    def _exported(self, article: MemoryArticle) -> Exported: ...

    @synchronised
    def article(self, address: str) -> ArticleView:
        """See :class:`watchers.articles.ArticlePort`."""
        kept = self._by_address_of(address)
        copies = (one for one in self._articles.values() if one.duplicate_of == kept.id)
        return ArticleView(
            article=self._exported(kept),
            copies=tuple(one.canonical_url for one in copies),
            revisions=tuple(reversed(kept.revisions)),
            changed_at=kept.changed_at,
            gone_at=kept.gone_at,
            baseline=kept.baseline,
        )

    def _by_address_of(self, address: str) -> MemoryArticle:
        for known in (self._by_url, self._by_address):
            found = [known[key] for key in address_keys(address) if key in known]
            if found:
                return self._articles[min(found)]
        raise ArticleUnknown.of(address)

    @synchronised
    def page_checks(self, now: datetime, limit: int) -> tuple[PageCheck, ...]:
        """See :class:`watchers.articles.ArticlePort`."""
        due = [
            (kept.check_at, kept.id, kept)
            for kept in self._articles.values()
            if kept.check_at is not None and kept.check_at <= now
        ]
        due.sort(key=lambda one: one[:2])
        return tuple(PageCheck(kept.id, kept.url, kept.first_seen) for *_, kept in due[:limit])

    @synchronised
    def save_page_check(
        self, article_id: int, again: datetime | None, *, status: int | None, at: datetime
    ) -> bool:
        """See :class:`watchers.articles.ArticlePort`."""
        kept = self._articles.get(article_id)
        if kept is None:
            return False
        kept.check_at = again
        if status in (404, 410):
            return self._note_gone(kept, at, page_gone(status))
        if status == 200 and kept.gone_at is not None:
            reasons = [one.reason for one in kept.revisions if one.kind == GONE]
            if reasons and reasons[-1].startswith(PAGE_GONE):
                self._bring_back(kept, at, PAGE_THERE)
                return True
        return False
