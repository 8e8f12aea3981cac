"""What both stores decide alike when groups change: pure functions, no SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.mapping import subject_of
from storage.planning import resolve_groupings
from watchers.groups import Progress, Regrouping
from watchers.model import Grouping

SETTLING = "settling"  # the name of the value that keeps the Progress


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored article as it is grouped before a change."""

    id: int
    duplicate_of: int | None
    story: str | None
    reason: str | None  # None: it was never settled
    pinned: bool
    settled: bool
    relevant: bool
    text_key: bytes
    time: datetime
    first_seen: datetime
    lead_at: datetime | None

    @property
    def subject(self) -> str:
        """What a channel was told of it as."""
        return subject_of(self.id, self.duplicate_of, self.story)


@dataclass(frozen=True, slots=True)
class Change:
    """How an article is grouped from now on."""

    id: int
    duplicate_of: int | None
    story: str | None
    reason: str | None  # None leaves it as it is
    settled: bool
    is_turn: bool  # it was looked at itself
    lead_at: datetime | None
    moved: bool  # its story is another

    @property
    def subject(self) -> str:
        """What a channel is told of it as."""
        return subject_of(self.id, self.duplicate_of, self.story)


def changes_of(
    groupings: Sequence[Grouping], kept: Mapping[int, Kept], have_copies: Collection[int]
) -> list[Change]:
    """The groupings as they are carried out; those of articles that changed are left out."""
    known = [one for one in groupings if _still_holds(one, kept.get(one.article_id))]
    firsts = {article.id: article.duplicate_of for article in kept.values()}
    return [
        _change(grouping, kept[grouping.article_id])
        for grouping in resolve_groupings(known, firsts, have_copies)
    ]


def _still_holds(grouping: Grouping, kept: Kept | None) -> bool:
    if kept is None:
        return False
    return grouping.basis is None or grouping.basis == (kept.text_key, kept.relevant)


def _change(grouping: Grouping, kept: Kept) -> Change:
    story = kept.story if kept.pinned else grouping.story
    leads = grouping.leads
    if leads is None:
        leads = story is not None and grouping.duplicate_of is None
    # One that only gets another story stands where it was settled, whatever it says by now.
    place = kept.time if grouping.settles else kept.lead_at or kept.time
    return Change(
        id=kept.id,
        duplicate_of=grouping.duplicate_of,
        story=story,
        reason=grouping.reason,
        settled=kept.settled or grouping.settles,
        is_turn=grouping.settles,
        lead_at=place if leads else None,
        moved=story != kept.story,
    )


def told_as(
    changes: Iterable[Change], kept: Mapping[int, Kept], merged: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Old and new subject of what may have been told: it counts as told under the new one too.

    Not from an article to a story: who was told of an official in other news was not told of
    the event.
    """
    pairs = set(merged.items())
    for change in changes:
        old = kept[change.id]
        if old.reason is None or old.subject == change.subject:
            continue
        if old.story is not None or change.story is None:
            pairs.add((old.subject, change.subject))
    return pairs


def advanced(now: Progress, regrouping: Regrouping | None) -> Progress | None:
    """How far settling is after a change; None if the change was decided from something else."""
    if regrouping is None:
        return Progress(now.turn + 1, now.rest)
    if regrouping.turn != now.turn:
        return None
    return Progress(now.turn + 1, regrouping.rest)
