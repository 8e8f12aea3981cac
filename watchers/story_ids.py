"""Which stored story an event is: a story keeps its id, whatever its reports turn out to be. Pure.

An event ends when the article that it begins with does so no more: an older report was found,
or it tells something else now. The story of an event that ended goes on as the event of its
earliest articles. Of two stories that become one the older is kept, and the other merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchers.cluster import story_id
from watchers.groups import StoryHead
from watchers.model import Grouped
from watchers.stories import story_name
from watchers.sweeping import Move, event_of, story_given

_TURNS = (1, 2, 3)  # ids of a story that begins with an article, looked at before one is chosen


@dataclass(slots=True)
class Names:
    """The stories after a walk (:func:`watchers.sweeping.sweep`)."""

    ids: dict[str, str] = field(default_factory=dict)  # by event
    merged: dict[str, str] = field(default_factory=dict)  # stories that go to another
    heads: dict[str, StoryHead] = field(default_factory=dict)  # new, or of another event
    became: set[str] = field(default_factory=set)  # events that stories went on as

    def now(self, story: str) -> str:
        """Where a story is now."""
        return self.merged.get(story, story)


@dataclass(frozen=True, slots=True)
class Ended:
    """An article that led and leads no more: it, and the event of its copies now."""

    article: Grouped
    event: str | None


def events_wanted(moves: Iterable[Move], ended: Iterable[Ended]) -> set[str]:
    """The events whose stories have to be known."""
    found = {end.event for end in ended if end.event is not None}
    return found | {move.event for move in moves}


def ids_wanted(moves: Iterable[Move], held: Mapping[int, str]) -> set[str]:
    """The ids of stories that have to be known: those held before, and those that may be new."""
    found = set(held.values())
    for move in moves:
        if (story := story_given(move.event)) is not None:
            found.add(story)
        elif move.event == story_id(move.article):
            found.update(story_name(move.article.canonical_url, turn) for turn in _TURNS)
    return found


def named(
    moves: Sequence[Move],
    ended: Sequence[Ended],
    held: Mapping[int, str],
    stored: Sequence[StoryHead],
) -> Names:
    """The id of each event that was moved to; `moves` in order.

    `held`: the story that an article (or, before it led, its copies) was in. `stored`: what
    the store has of :func:`ids_wanted` and :func:`events_wanted`, the oldest first.
    """
    names = Names()
    for head in reversed(stored):  # of two of one event the older counts
        if head.event is not None:
            names.ids[head.event] = head.id
    names.ids.update((e, s) for m in moves if (s := story_given(e := m.event)) is not None)
    over = _over(moves, ended)
    claims: dict[str, dict[str, None]] = {}  # by story: events that its articles moved to
    for move in moves:
        if move.article.id in held:
            claims.setdefault(held[move.article.id], {})[move.event] = None
    for end in ended:
        if end.event is not None and end.article.id in held:
            claims.setdefault(held[end.article.id], {})[end.event] = None
    by_id = {head.id: head for head in stored}
    for head in stored:
        if head.event in over:
            _pass_on(head, list(claims.get(head.id, ())), names, by_id)
    _begin(moves, names, by_id)
    return names


def _over(moves: Sequence[Move], ended: Sequence[Ended]) -> set[str]:
    """The events that ended: what they begin with was moved, or leads no more."""
    over = {
        move.was
        for move in moves
        if move.was is not None and move.was == story_id(move.article) != move.event
    }
    gone = {
        event_of(end.article) for end in ended if event_of(end.article) == story_id(end.article)
    }
    return over | {event for event in gone if event is not None}


def _pass_on(
    head: StoryHead, claims: Sequence[str], names: Names, by_id: Mapping[str, StoryHead]
) -> None:
    """An event ended: its story becomes another's, or goes to another."""
    if head.id in names.merged:
        return
    for event in claims:
        other = names.ids.get(event)
        if other is None:
            names.ids[event] = head.id
            names.heads[head.id] = StoryHead(head.id, head.created_at, event)
            names.became.add(event)
            return
        if story_given(event) is None and other in by_id and _is_younger(by_id[other], head):
            names.ids[event] = head.id
            names.heads[head.id] = StoryHead(head.id, head.created_at, event)
            names.heads.pop(other, None)
            names.merged[other] = head.id
            names.became.add(event)
            return
    for event in claims:
        if names.ids[event] != head.id:
            names.merged[head.id] = names.now(names.ids[event])
            names.became.add(event)
            return


def _is_younger(one: StoryHead, other: StoryHead) -> bool:
    return (one.created_at, one.id) > (other.created_at, other.id)


def _begin(moves: Sequence[Move], names: Names, by_id: Mapping[str, StoryHead]) -> None:
    """Stories for the events that have none."""
    seen: dict[str, datetime] = {}
    for move in moves:
        at = move.article.first_seen
        seen[move.event] = min(seen.get(move.event, at), at)
    for move in moves:
        if move.event in names.ids:
            continue
        story = _free(move.article, names, by_id)
        names.ids[move.event] = story
        names.heads[story] = StoryHead(story, seen[move.event], move.event)
    for event in seen:  # an admin's: whatever it was before
        head = by_id.get(story_given(event) or "")
        if head is not None and head.event is not None:
            names.heads[head.id] = StoryHead(head.id, head.created_at)


def _free(first: Grouped, names: Names, by_id: Mapping[str, StoryHead]) -> str:
    """An id for a story that begins with this article: of no other story that has articles."""
    turn, taken = 1, {*names.ids.values(), *names.merged}
    while True:
        story = story_name(first.canonical_url, turn)
        head = by_id.get(story)
        was_left = head is None or (head.event is None and head.merged_into is not None)
        if was_left and story not in taken:
            return story
        turn += 1
