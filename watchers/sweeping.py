"""Which event each leading article tells: a walk through them in order. Pure but for the store.

An article is joined to what was published before it, never after: then the events follow from
the articles alone. One that comes late, changes or goes can only matter to the next
MOST_STORIES leading articles within WINDOW of it; those are decided again, and what
changes there matters to those after them, until nothing changes any more. Nearly always that
is soon: articles come about in order of time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchers.cluster import WINDOW, Clusterer, story_id
from watchers.groups import GroupPort, Place, Rest
from watchers.model import Grouped

MOST_STORIES = 200  # leading articles that one is compared with, the last before it
MOST_AGAIN = 2_000  # decided again in one batch; the others are left to the next
_CHUNK = 200
_GIVEN = "="  # before the id of a story that was not made of articles' likeness


@dataclass(frozen=True, slots=True)
class Move:
    """A leading article that is new, or tells another event than before."""

    article: Grouped
    event: str
    was: str | None  # its event before, if it led
    reason: str | None  # None: an admin put it there


@dataclass(slots=True)
class Swept:
    """What a walk found out."""

    moves: list[Move] = field(default_factory=list)
    rest: Rest | None = None
    again: int = 0  # articles decided again


def given(story: str) -> str:
    """The event of a story that an admin made."""
    return _GIVEN + story


def story_given(event: str) -> str | None:
    """The id of the story, if it is one that an admin made."""
    return event[1:] if event.startswith(_GIVEN) else None


def event_of(lead: Grouped) -> str | None:
    """The event of a stored leading article."""
    if lead.story is None:
        return None
    return given(lead.story) if lead.pinned or lead.event is None else lead.event


def place_of(lead: Grouped) -> Place:
    """Where a stored leading article stands: where it stood when it was settled."""
    return Place(lead.lead_at or lead.time, lead.canonical_url)


def sweep(
    store: GroupPort,
    clusterer: Clusterer,
    new: Sequence[Grouped],
    gone: Sequence[Grouped],
    rest: Rest | None,
    most: int = MOST_AGAIN,
) -> Swept:
    """Decide for `new` leading articles, and again for all to whom they matter.

    `gone` are as they are stored: they lead no more, or stand elsewhere now (and are in `new`).
    """
    return _Sweep(store, clusterer, new, gone, rest).run(most)


@dataclass(frozen=True, slots=True)
class _Touch:
    """From this place on articles have to be decided again."""

    place: Place
    until: datetime | None = None  # None: by the new article at that place
    always: bool = False  # a rest: whatever stands between


class _Sweep:
    def __init__(
        self,
        store: GroupPort,
        clusterer: Clusterer,
        new: Sequence[Grouped],
        gone: Sequence[Grouped],
        rest: Rest | None,
    ) -> None:
        self._store = store
        self._clusterer = clusterer
        self._new = {one.id: replace(one, lead_at=one.time) for one in new}
        self._aside = {one.id for one in gone} | self._new.keys()
        self._was = {one.id: event_of(one) for one in gone}
        touches = [_Touch(place_of(one)) for one in self._new.values()]
        touches += [_Touch(place_of(one), place_of(one).time + WINDOW) for one in gone]
        if rest is not None:
            touches.append(_Touch(rest.after, rest.until, always=True))
        self._became = rest.events if rest is not None else frozenset()
        self._touches = deque(sorted(touches, key=lambda touch: touch.place.key))
        self._events: dict[int, str] = {}  # decided in this walk
        self._done: list[Grouped] = []  # the new ones among them, in order
        self._before: deque[Grouped] = deque(maxlen=MOST_STORIES)
        self._left = 0  # so many more are to be decided again
        self._until: datetime | None = None  # if they are no later
        self._always: datetime | None = None
        self._found = Swept()

    def run(self, most: int) -> Swept:
        while self._touches:
            start = self._touches[0].place
            self._load(start)
            self._left, self._until = 0, None
            for lead in self._from(start):
                self._pass(place_of(lead))
                if lead.id not in self._new:
                    if not self._is_dirty(lead):
                        break
                    if self._found.again >= most:
                        return self._stop(lead)
                    self._found.again += 1
                self._decide(lead)
            else:
                self._touches.clear()
        return self._found

    # ------------------------------------------------------------ the walk

    def _load(self, start: Place) -> None:
        """What stands before a place, as it is by now."""
        stored = self._store.leads_until(start, MOST_STORIES + len(self._aside))
        found = [
            self._as_event(one, self._event(one)) for one in stored if one.id not in self._aside
        ]
        found += (one for one in self._done if place_of(one).key < start.key)
        found.sort(key=lambda one: place_of(one).key)
        self._before = deque(found[-MOST_STORIES:], maxlen=MOST_STORIES)

    def _from(self, start: Place) -> Iterator[Grouped]:
        """All leading articles from a place on, in order."""
        new = [one for one in self._new.values() if place_of(one).key >= start.key]
        new.sort(key=lambda one: place_of(one).key)
        return heapq.merge(self._stored(start), new, key=lambda one: place_of(one).key)

    def _stored(self, after: Place) -> Iterator[Grouped]:
        while leads := self._store.leads_after(after, _CHUNK):
            yield from (one for one in leads if one.id not in self._aside)
            after = place_of(leads[-1])

    def _pass(self, place: Place) -> None:
        """Take up what touches from before this place on."""
        while self._touches and self._touches[0].place.key <= place.key:
            touch = self._touches.popleft()
            if touch.until is None:
                continue
            if touch.always:
                self._always = max(self._always or touch.until, touch.until)
            else:
                self._touch(touch.until)

    def _touch(self, until: datetime) -> None:
        self._left = MOST_STORIES
        self._until = until if self._until is None else max(self._until, until)

    def _is_dirty(self, lead: Grouped) -> bool:
        time = place_of(lead).time
        if self._always is not None and time <= self._always:
            return True
        return self._left > 0 and self._until is not None and time <= self._until

    def _decide(self, lead: Grouped) -> None:
        event, reason = self._event_now(lead)
        self._left -= 1
        self._before.append(self._as_event(lead, event))
        is_new = lead.id in self._new
        was = self._was.get(lead.id) if is_new else event_of(lead)
        self._events[lead.id] = event
        if is_new:
            self._done.append(self._before[-1])
        if is_new or event != was:
            self._found.moves.append(Move(lead, event, was, reason))
            self._touch(place_of(lead).time + WINDOW)
        elif event in self._became:  # when its story was named: it moved unseen
            self._touch(place_of(lead).time + WINDOW)

    def _event_now(self, lead: Grouped) -> tuple[str, str | None]:
        if lead.pinned and lead.story is not None:
            return given(lead.story), None
        since = place_of(lead).time - WINDOW
        near = [one for one in self._before if place_of(one).time >= since]
        known = {one.story for one in near}
        event, reason = self._clusterer.story_of(replace(lead, story=None), near)
        return (event, reason) if event in known else (story_id(lead), reason)

    def _event(self, lead: Grouped) -> str | None:
        return self._events.get(lead.id) or event_of(lead)

    def _as_event(self, lead: Grouped, event: str | None) -> Grouped:
        """Stories are compared as events: their ids tell what came first, and must not decide."""
        return replace(lead, story=event)

    def _stop(self, lead: Grouped) -> Swept:
        """Leave this one and all that come after it to the next batch.

        The new ones are decided by what is there now, so that they are told, and once more then.
        """
        times = [touch.until for touch in self._touches if touch.until is not None]
        times += [time for time in (self._until, self._always) if time is not None]
        after = place_of(self._before[-1]) if self._before else Place(place_of(lead).time, "")
        left = [one for one in self._new.values() if one.id not in self._events]
        for one in sorted(left, key=lambda one: place_of(one).key):
            self._load(place_of(one))
            self._decide(one)
            times.append(one.time + WINDOW)
        self._found.rest = Rest(after, max(times), self._became)
        return self._found
