"""The full search in the `MemoryStore`: every article's tokens looked through, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.browsing import MOST_WHOLE
from storage.mapping import host_of
from storage.memory_state import MemoryArticle, MemoryDoc, synchronised
from storage.memory_telling import MemoryTelling
from watchers.search_order import chosen
from watchers.search_text import Indexable, stream
from watchers.searching import (
    MOST_HITS,
    MOST_RANKED,
    PART,
    SECONDS,
    Hit,
    Hits,
    Indexed,
    Phrase,
    Wanted,
)
from watchers.telling import Tellable


class MemorySearching(MemoryTelling):
    """:class:`watchers.searching.SearchPort`. What is due is what differs from the index."""

    @synchronised
    def search(self, wanted: Wanted, *, seconds: float = SECONDS) -> Hits:  # noqa: ARG002 - few
        """See :class:`watchers.searching.SearchPort`."""
        found = [
            (number, doc)
            for number, doc in sorted(self._search_docs.items(), reverse=True)
            if _is_hit(doc, wanted)
        ]
        title = Wanted((*wanted.all_of, *wanted.title), wanted.none_of)
        docs = dict(found[:MOST_HITS])
        titled = {n for n, doc in docs.items() if wanted.title and _is_hit(doc, title)}
        hits = [
            Hit(n, docs[n].made_of.time, n in titled, docs[n].stream)
            for n in chosen(docs, titled, MOST_RANKED)
        ]
        return Hits(tuple(hits), len(docs), len(found) > MOST_HITS)

    @synchronised
    def found_articles(
        self, article_ids: Sequence[int], *, settled: bool = False
    ) -> tuple[Tellable, ...]:
        """See :class:`watchers.searching.SearchPort`."""
        known = (self._articles.get(number) for number in dict.fromkeys(article_ids))
        return tuple(
            self._tellable(kept)
            for kept in known
            if kept is not None and (kept.settled or not settled)
        )

    @synchronised
    def whole_texts(self, article_ids: Sequence[int]) -> Mapping[int, str]:
        """See :class:`watchers.searching.SearchPort`."""
        known = sorted(self._articles.keys() & set(article_ids))[:MOST_WHOLE]
        return {number: self._articles[number].item.article.text for number in known}

    @synchronised
    def index_part(self, limit: int = PART) -> Indexed:
        """See :class:`watchers.searching.SearchPort`."""
        due = self._search_due()[:limit]
        for one in due:
            self._search_docs[one.id] = MemoryDoc(one, f"{stream(one).whole} ")
        return Indexed(len(due), len(due) >= limit)

    @synchronised
    def to_index(self) -> int:
        """See :class:`watchers.searching.SearchPort`."""
        return len(self._search_due())

    @synchronised
    def reindex(self) -> int:
        """See :class:`watchers.searching.SearchPort`."""
        self._search_docs.clear()
        return len(self._articles)

    def scrub_part(self) -> bool:
        """See :class:`watchers.searching.SearchPort`: nothing is left here."""
        return False

    def _search_due(self) -> list[Indexable]:
        return [
            one
            for one in map(_indexable, sorted(self._articles.values(), key=lambda a: -a.id))
            if one.id not in self._search_docs or self._search_docs[one.id].made_of != one
        ]


def _indexable(kept: MemoryArticle) -> Indexable:
    article, verdict = kept.item.article, kept.item.verdict
    return Indexable(
        id=kept.id,
        mark=0,
        title=article.title,
        text=article.text,
        language=article.language,
        host=host_of(kept.canonical_url),
        source=article.source,
        named=(*verdict.officials, *verdict.people),
        topics=verdict.topics,
        time=kept.published or kept.first_seen,
        told=kept.tells and not kept.baseline,
    )


def _is_hit(doc: MemoryDoc, wanted: Wanted) -> bool:
    at = doc.made_of.time
    if (wanted.since and at < wanted.since) or (wanted.until and at >= wanted.until):
        return False
    return all(_stands(doc, clause) for clause in wanted.all_of) and not _stands(
        doc, wanted.none_of
    )


def _stands(doc: MemoryDoc, forms: Iterable[Phrase]) -> bool:
    return any(
        f" {' '.join(form.words)}{'' if form.begins else ' '}" in doc.stream for form in forms
    )
