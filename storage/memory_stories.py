"""Stories in the hands of admins, in the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from storage.approving import HELD
from storage.mapping import subject_of
from storage.memory_grouping import MemoryGrouping
from storage.memory_state import MemoryArticle, synchronised
from storage.memory_telling import MemoryTelling
from watchers import stories as rules
from watchers.articles import address_keys
from watchers.stories import Member, StoryArticle, StoryView


class MemoryStories(MemoryGrouping, MemoryTelling):
    """:class:`watchers.stories.StoryPort`."""

    @synchronised
    def story(self, ref: str) -> StoryView:
        """See :class:`watchers.stories.StoryPort`."""
        found = self._found(ref)
        inside = sorted(self._inside(found), key=lambda kept: (kept.grouped.time, kept.id))
        if not inside:
            raise rules.unknown(ref)
        shown = inside[: rules.MOST_SHOWN]
        return StoryView(
            id=found,
            began=self._stories[found],
            articles=tuple(
                StoryArticle(self._tellable(kept), kept.reason or "", kept.pinned) for kept in shown
            ),
            more=len(inside) - len(shown),
            told=tuple(
                channel.chat
                for channel in self._channels.values()
                if not channel.private and self._was_told(channel.id, found)
            ),
        )

    def _was_told(self, channel_id: int, subject: str) -> bool:
        """What an admin held back counts as told, but was not."""
        told = self._told.get((channel_id, subject))
        return told is not None and self._digests[told.digest][1] != HELD

    @synchronised
    def subject(self, ref: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        if (into := self._end_of(ref)) is not None:
            return into
        kept = self._place(ref)
        return subject_of(kept.id, kept.duplicate_of, kept.story)

    @synchronised
    def leaving(self, story: str, articles: Sequence[str]) -> tuple[int, ...]:
        """See :class:`watchers.stories.StoryPort`."""
        return self._leaving(self._found(story), articles)

    @synchronised
    def merge_stories(self, kept: str, other: str, *, at: datetime, actor: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        pair = (self._found(kept), self._found(other))
        began = [(story, self._stories[story]) for story in pair]
        into, gone = rules.older(*began)
        self._turn()
        self._be(into, None)
        self._be(gone, None)
        moved = _members(self._inside(gone))
        self._pin(self._inside(into), into)
        self._pin(self._inside(gone), into, f"merged from {gone} by an admin")
        self._merged[gone] = into
        self._told_as([(gone, into)])
        detail = rules.merge_detail(gone, rules.heads(moved, {member.id for member in moved}))
        self._note(at, actor, "story.merge", into, detail)
        return into

    @synchronised
    def split_story(self, story: str, articles: Sequence[str], *, at: datetime, actor: str) -> str:
        """See :class:`watchers.stories.StoryPort`."""
        old = self._found(story)
        going = frozenset(self._leaving(old, articles))
        inside = self._inside(old)
        members = _members(inside)
        first = rules.first_of(member for member in members if member.id in going)
        self._turn()
        self._be(old, None)
        new = self._named(old, first.canonical_url, at)
        self._pin([kept for kept in inside if kept.id not in going], old)
        out = [kept for kept in inside if kept.id in going]
        self._pin(out, new, f"split from {old} by an admin")
        if old in self._muted_subjects():
            self._muted.add(("subject", new))
        self._told_as([(old, new)])
        detail = rules.split_detail(new, rules.heads(members, going))
        self._note(at, actor, "story.split", old, detail)
        return new

    # ------------------------------------------------------------ parts

    def _inside(self, story: str) -> list[MemoryArticle]:
        return [kept for kept in self._articles.values() if kept.story == story]

    def _end_of(self, story: str) -> str | None:
        """Where a story is now; None if there is none of that id."""
        if story not in self._stories:
            return None
        return rules.end_of(story, {one: self._merged.get(one) for one in self._stories})

    def _found(self, ref: str) -> str:
        if (into := self._end_of(ref)) is not None:
            return into
        kept = self._place(ref)
        if kept.story is None:
            raise rules.alone(kept.canonical_url)
        return kept.story

    def _place(self, ref: str) -> MemoryArticle:
        number = rules.number_of(ref)
        if number is None:
            keys = address_keys(ref)
            for known in (self._by_url, self._by_address):
                number = number or min((known[key] for key in keys if key in known), default=None)
        if number is None or number not in self._articles:
            raise rules.unknown(ref)
        return self._articles[number]

    def _leaving(self, story: str, articles: Sequence[str]) -> tuple[int, ...]:
        named = {self._place(ref).id: ref for ref in articles}
        return rules.leaving(story, _members(self._inside(story)), named)

    def _named(self, old: str, url: str, at: datetime) -> str:
        turn = 1
        while True:
            story = rules.story_name(url, turn)
            if story not in self._stories:
                self._stories[story] = at
                return story
            if story != old and self._end_of(story) == old:
                del self._merged[story]
                return story
            turn += 1

    def _pin(self, articles: Iterable[MemoryArticle], story: str, why: str | None = None) -> None:
        for kept in articles:
            kept.pinned = True
            kept.story = story
            if why is not None and kept.duplicate_of is None:
                kept.reason = why


def _members(articles: Iterable[MemoryArticle]) -> list[Member]:
    return [
        Member(kept.id, kept.canonical_url, kept.grouped.time, kept.duplicate_of)
        for kept in articles
    ]
