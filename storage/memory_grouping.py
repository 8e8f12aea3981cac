"""Grouping of the `MemoryStore`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from storage.memory_state import MemoryArticle, MemoryState, synchronised
from storage.planning import COPY_WINDOW, MOST_COPIES, MOST_OF_A_TEXT
from storage.regrouping import SETTLING, Change, Kept, advanced, changes_of, told_as
from watchers.groups import Place, Progress, Regrouping, StoryHead, packed, unpacked
from watchers.model import Grouped, Grouping


class MemoryGrouping(MemoryState):
    """:class:`watchers.groups.GroupPort`."""

    @synchronised
    def progress(self) -> Progress:
        """See :class:`watchers.groups.GroupPort`."""
        return unpacked(self._values.get(SETTLING))

    def _turn(self, regrouping: Regrouping | None = None) -> bool:
        """Note that groups change; False if they changed since it was decided."""
        further = advanced(self.progress(), regrouping)
        if further is not None:
            self._values[SETTLING] = packed(further)
        return further is not None

    def _whole(self, kept: MemoryArticle) -> Grouped:
        event = None if kept.story is None else self._events.get(kept.story)
        return replace(kept.grouped, event=event)

    def _in_order(self, articles: Collection[MemoryArticle]) -> tuple[Grouped, ...]:
        found = [self._whole(kept) for kept in articles]
        found.sort(key=lambda one: Place(one.lead_at or one.time, one.canonical_url).key)
        return tuple(found)

    @synchronised
    def unsettled(self, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        waiting = (k for k in self._articles.values() if k.resettle or not k.settled)
        found = [self._whole(kept) for kept in waiting]
        found.sort(key=lambda article: (article.time, article.canonical_url.encode()))
        return tuple(found[:limit])

    @synchronised
    def settled_texts(self, keys: Collection[bytes]) -> frozenset[bytes]:
        """See :class:`watchers.groups.GroupPort`."""
        settled = (kept for kept in self._articles.values() if kept.settled)
        return frozenset(kept.item.fingerprint.text_key for kept in settled).intersection(keys)

    @synchronised
    def copy_candidates_of(self, articles: Sequence[Grouped]) -> Mapping[int, tuple[Grouped, ...]]:
        """See :class:`watchers.groups.GroupPort`."""
        return {article.id: self._candidates(article) for article in articles}

    def _candidates(self, article: Grouped) -> tuple[Grouped, ...]:
        same, close = [], []
        bands = set(article.fingerprint.bands)
        for kept in self._articles.values():
            if not kept.settled or kept.id == article.id:
                continue
            own = kept.item.fingerprint
            apart = abs(kept.grouped.time - article.time)
            if own.text_key == article.fingerprint.text_key:
                same.append(kept.id)
            elif not kept.text_kept:
                continue
            elif (common := len(bands.intersection(own.bands))) and apart <= COPY_WINDOW:
                close.append((-common, apart, kept.id))
        nearest = [number for *_, number in sorted(close)]
        chosen = [*sorted(same, reverse=True)[:MOST_OF_A_TEXT], *nearest][:MOST_COPIES]
        return tuple(self._whole(self._articles[number]) for number in sorted(chosen))

    @synchronised
    def copied(self, articles: Collection[int]) -> frozenset[int]:
        """See :class:`watchers.groups.GroupPort`."""
        return self._copied().intersection(articles)

    def _copied(self) -> frozenset[int]:
        firsts = (kept.duplicate_of for kept in self._articles.values())
        return frozenset(first for first in firsts if first is not None)

    @synchronised
    def leading(self, firsts: Collection[int]) -> Mapping[int, Grouped]:
        """See :class:`watchers.groups.GroupPort`."""
        leads = [kept for kept in self._articles.values() if kept.lead_at is not None]
        by_first = {kept.duplicate_of or kept.id: kept for kept in leads}
        return {first: self._whole(by_first[first]) for first in firsts if first in by_first}

    @synchronised
    def relevant_copies(self, first: int, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        group = [
            kept.grouped.id
            for kept in self._articles.values()
            if first in (kept.id, kept.duplicate_of) and kept.item.verdict.relevant and kept.settled
        ]
        found = [self._whole(self._articles[number]) for number in group]
        found.sort(key=lambda one: (one.time, one.canonical_url.encode()))
        return tuple(found[:limit])

    def _leads(self) -> tuple[Grouped, ...]:
        return self._in_order([k for k in self._articles.values() if k.lead_at is not None])

    @synchronised
    def leads_until(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        return tuple(one for one in self._leads() if _place(one).key <= place.key)[-limit:]

    @synchronised
    def leads_after(self, place: Place, limit: int) -> tuple[Grouped, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        return tuple(one for one in self._leads() if _place(one).key > place.key)[:limit]

    @synchronised
    def story_heads(self, ids: Collection[str], events: Collection[str]) -> tuple[StoryHead, ...]:
        """See :class:`watchers.groups.GroupPort`."""
        found = [
            StoryHead(one, began, self._events.get(one), self._merged.get(one))
            for one, began in self._stories.items()
            if one in ids or self._events.get(one) in events
        ]
        return tuple(sorted(found, key=lambda head: (head.created_at, head.id)))

    @synchronised
    def save_groupings(
        self, groupings: Sequence[Grouping], regrouping: Regrouping | None = None
    ) -> bool:
        """See :class:`watchers.groups.GroupPort`."""
        if not groupings and regrouping is None:
            return True
        if not self._turn(regrouping):
            return False
        kept = {one.id: _kept(one) for one in self._articles.values()}
        changes = changes_of(groupings, kept, self._copied())
        merged = regrouping.merged if regrouping is not None else {}
        self._told_as(told_as(changes, kept, merged))
        for head in regrouping.stories if regrouping is not None else ():
            self._stories.setdefault(head.id, head.created_at)
            self._merged.pop(head.id, None)
            self._be(head.id, head.event)
        for change in changes:
            self._regroup(self._articles[change.id], change)
        for change in changes:
            if change.moved:
                self._follow(change)
        for old, new in merged.items():
            self._merge_into(old, new)
        return True

    def _be(self, story: str, event: str | None) -> None:
        self._events.pop(story, None)
        if event is not None:
            self._events[story] = event

    def _regroup(self, kept: MemoryArticle, change: Change) -> None:
        kept.settled = change.settled
        kept.resettle = kept.resettle and not change.is_turn
        kept.duplicate_of = change.duplicate_of
        kept.story = change.story
        kept.reason = kept.reason if change.reason is None else change.reason
        kept.lead_at = change.lead_at
        if change.story is not None:
            self._stories.setdefault(change.story, kept.first_seen)

    def _follow(self, change: Change) -> None:
        for kept in self._articles.values():
            if kept.duplicate_of == change.id and not kept.pinned:
                kept.story = change.story

    def _merge_into(self, old: str, new: str) -> None:
        inside = [kept for kept in self._articles.values() if kept.story == old]
        for kept in inside:
            if not kept.pinned:
                kept.story = new
        self._be(old, None)
        if old in self._stories and not any(kept.pinned for kept in inside):
            self._merged[old] = new

    def _told_as(self, pairs: Collection[tuple[str, str]]) -> None:
        become = defaultdict(set)
        for old, new in pairs:
            become[old].add(new)
        for (channel, subject), told in list(self._told.items()):
            for new in become.get(subject, ()):
                self._tell_as(channel, told, new)
        for (channel, subject), alerted in list(self._alerted.items()):
            for new in become.get(subject, ()):
                self._alerted.setdefault((channel, new), alerted)


def _place(lead: Grouped) -> Place:
    return Place(lead.lead_at or lead.time, lead.canonical_url)


def _kept(article: MemoryArticle) -> Kept:
    return Kept(
        id=article.id,
        duplicate_of=article.duplicate_of,
        story=article.story,
        reason=article.reason,
        pinned=article.pinned,
        settled=article.settled,
        relevant=article.item.verdict.relevant,
        text_key=article.item.fingerprint.text_key,
        time=article.grouped.time,
        first_seen=article.first_seen,
        lead_at=article.lead_at,
    )
