"""Changed and vanished articles in the `MemoryStore`; the rules are in `storage.revised`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.memory_state import MemoryArticle, MemoryState
from storage.planning import Candidate, stays_settled
from storage.revised import (
    BACK,
    DELISTED,
    GONE,
    LEFT_FEED,
    MOST_EARLIER,
    REMOVED,
    RESTORED,
    is_listed,
    may_vanish,
    revised,
    version_of,
)
from watchers.articles import Revision
from watchers.model import Feed, PollResult
from watchers.updates import FACTS
from watchers.urls import host


class MemoryRevising(MemoryState):
    """What a poll changes of articles that are stored already."""

    def _change(self, one: Candidate, at: datetime) -> bool:
        kept = self._articles[one.head.id]
        old, new = kept.item, one.item
        same_list = old.verdict.watchlist == new.verdict.watchlist
        change = revised(
            one.word,
            version_of(old, old.article.title, old.article.text, knows_people=same_list),
            version_of(new, new.article.title, new.article.text, knows_people=same_list),
            _earlier(kept),
        )
        if change is None:
            return False
        said = (old.article.title, old.article.text)
        revision = Revision(at, change.kind, change.reason, change.fields, *said)
        kept.revisions.append(revision)
        if change.replaces:
            kept.settled = stays_settled(one.head, new)
            kept.resettle = True
            kept.item = new
            kept.text_kept = True
            kept.published = new.article.published or kept.published
            kept.first_published = kept.first_published or new.article.published
        if change.kind == FACTS:
            kept.changed_at = at
        return change.kind == FACTS

    def _bring_back(self, kept: MemoryArticle, at: datetime, reason: str) -> None:
        if kept.gone_at is not None:
            kept.gone_at = None
            kept.revisions.append(Revision(at, BACK, reason, RESTORED))

    def _note_gone(self, kept: MemoryArticle, at: datetime, reason: str) -> bool:
        if kept.gone_at is not None:
            return False
        kept.gone_at = at
        kept.revisions.append(Revision(at, GONE, reason, REMOVED))
        return True

    def _vanish(self, feed: Feed, result: PollResult) -> None:
        leaving = self._of_entries(feed, result.gone)
        if not leaving:
            return
        for guid in leaving:
            self._entries[feed.id, guid].last_seen = result.at - DELISTED
        listed = set(self._of_entries(feed, result.seen).values())
        listed |= self._listed_by_siblings(feed, tuple(leaving))
        for number in sorted(set(leaving.values()) - listed):
            kept = self._articles[number]
            if may_vanish(feed, host(self._feeds[kept.feed_id].url)):
                self._note_gone(kept, result.at, LEFT_FEED)

    def _of_entries(self, feed: Feed, guids: Sequence[bytes]) -> dict[bytes, int]:
        known = ((guid, self._entries.get((feed.id, guid))) for guid in guids)
        return {guid: entry.article_id for guid, entry in known if entry is not None}

    def _listed_by_siblings(self, feed: Feed, guids: Sequence[bytes]) -> set[int]:
        listed = set()
        for sibling in self._feeds.values():
            is_other = sibling.id != feed.id and sibling.id not in self._removed
            if is_other and host(sibling.url) == host(feed.url):
                for guid in guids:
                    entry = self._entries.get((sibling.id, guid))
                    if entry and is_listed(entry.last_seen, self._marked.get(sibling.id)):
                        listed.add(entry.article_id)
        return listed


def _earlier(kept: MemoryArticle) -> list[tuple[str, str]]:
    said = [(one.title, one.text) for one in reversed(kept.revisions) if one.has_content]
    return [one for one in said if one[1]][:MOST_EARLIER]
