"""Settling: copies and stories among what polls have stored, in an order of its own.

    unsettled (by published, canonical URL) -> copying (dedupe) -> who leads each group
    -> sweeping (cluster) -> story_ids -> save_groupings

Polls store and one settles, so that groups do not depend on which feed answered first. Nor do
they on what was settled before: what comes late is compared with what is there on both sides
for copies, and what it changes among later stories is decided again. An article that is
decided again stays settled meanwhile, and in its story: no digest misses it.

The caller holds the "settle" lock, so that nothing is decided twice; without it nothing breaks:
what was decided from groups that are others by now is not saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from watchers import story_ids
from watchers.cluster import Clusterer
from watchers.copying import Copied, copies_among, group_of
from watchers.dedupe import THRESHOLDS, Thresholds
from watchers.groups import GroupPort, Place, Regrouping
from watchers.model import Grouped, Grouping
from watchers.story_ids import Ended, Names
from watchers.sweeping import MOST_AGAIN, Move, Swept, event_of, sweep

_BATCH = 500  # articles a transaction
_TRIES = 5
_NOT_RELEVANT = "not relevant"
_MOST_OF_A_GROUP = 2  # the article that leads, and the one after it


def settle(store: GroupPort, clusterer: Clusterer, limits: Thresholds = THRESHOLDS) -> int:
    """Group everything that is not grouped yet; how many articles that were."""
    done = 0
    while settled := settle_batch(store, clusterer, limits):
        done += settled
    return done


def settle_batch(
    store: GroupPort,
    clusterer: Clusterer,
    limits: Thresholds = THRESHOLDS,
    *,
    most: int = MOST_AGAIN,
) -> int:
    """Group the next articles in one transaction; how many, 0 when all are.

    At most `most` are decided again for the sake of others; a batch of nothing but those
    counts them. Also 0 when others keep settling the same at the same time.
    """
    for _ in range(_TRIES):
        progress = store.progress()
        batch = store.unsettled(_BATCH)
        if not batch and progress.rest is None:
            return 0
        groups = _groups(store, copies_among(store, batch, limits))
        new = [one.lead for one in groups.led if one.lead is not None and one.is_new]
        gone = [old for one in groups.led for old in one.gone]
        swept = sweep(store, clusterer, new, gone, progress.rest, most)
        names = _names(store, groups, swept)
        groupings = list(_groupings(groups, swept, names))
        rest = swept.rest
        if rest is not None:
            rest = replace(rest, events=rest.events | names.became)
        regrouping = Regrouping(progress.turn, rest, tuple(names.heads.values()), names.merged)
        if store.save_groupings(groupings, regrouping):
            return sum(one.settles for one in groupings) or swept.again or 1
    return 0


# ---------------------------------------------------------------- who leads


@dataclass(slots=True)
class _Group:
    """A group of copies that the batch touches."""

    first: int
    members: list[Copied]  # of the batch
    lead: Grouped | None = None
    is_new: bool = False  # the lead is of the batch
    gone: list[Grouped] = field(default_factory=list)  # that led, or stood elsewhere, as stored

    @property
    def was_led(self) -> bool:
        """It had a story before, or one of these had."""
        return bool(self.gone) or any(one.article.story for one in self.members)


@dataclass(slots=True)
class _Groups:
    """What a batch comes to before stories are looked at."""

    alone: list[Copied]
    all: list[_Group]

    @property
    def led(self) -> Iterator[_Group]:
        """Those with a story, or that had one."""
        return (one for one in self.all if one.lead is not None or one.gone)


def _groups(store: GroupPort, found: Sequence[Copied]) -> _Groups:
    by_first = group_of(found)
    stored = store.leading({*by_first, *(one.article.id for one in found if not one.alone)})
    batch = {one.article.id for one in found}
    groups = [
        _led(store, _Group(first, members), stored, batch) for first, members in by_first.items()
    ]
    return _Groups([one for one in found if one.group not in by_first], groups)


def _led(store: GroupPort, group: _Group, stored: Mapping[int, Grouped], batch: set[int]) -> _Group:
    """The earliest relevant one leads; one that an admin put somewhere goes on doing so."""
    own = {one.article.id: one.article for one in group.members}
    relevant = [article for article in own.values() if article.relevant]
    old = stored.get(group.first)
    group.gone = [article for article in own.values() if article.lead_at is not None]
    if old is not None and old.id in batch:
        others = store.relevant_copies(group.first, _MOST_OF_A_GROUP)
        relevant += (one for one in others if one.id not in batch)
        old = own.get(old.id)
    elif old is not None:
        relevant.append(old)
    if not relevant:
        return group
    pinned = old is not None and old.pinned and old.relevant
    group.lead = old if pinned else min(relevant, key=_order)
    group.is_new = old is None or group.lead is not old or old.id in batch
    if old is not None and group.is_new and old.id not in batch:
        group.gone.append(old)
    return group


def _order(article: Grouped) -> tuple[object, bytes]:
    return Place(article.time, article.canonical_url).key


# ---------------------------------------------------------------- what stories are called


def _names(store: GroupPort, groups: _Groups, swept: Swept) -> Names:
    events = {move.article.id: move.event for move in swept.moves}
    held = {move.article.id: move.article.story for move in swept.moves}
    ended = []
    for group in groups.led:
        lead = group.lead
        event = None if lead is None else events.get(lead.id) or event_of(lead)
        for old in group.gone:
            held[old.id] = old.story
            if lead is None or old.id != lead.id:
                ended.append(Ended(old, event))
    known = {article: story for article, story in held.items() if story is not None}
    stored = store.story_heads(
        story_ids.ids_wanted(swept.moves, known), story_ids.events_wanted(swept.moves, ended)
    )
    return story_ids.named(swept.moves, ended, known, stored)


# ---------------------------------------------------------------- what is saved


def _groupings(groups: _Groups, swept: Swept, names: Names) -> Iterator[Grouping]:
    """A decision for each article of the batch that was reached, and for what that changes."""
    yield from (_plain(one) for one in groups.alone)
    moves = {move.article.id: move for move in swept.moves}
    done: set[int] = set()
    for group in groups.all:
        for grouping in _of_group(group, moves, names):
            if grouping.article_id not in done:
                done.add(grouping.article_id)
                yield grouping
    for move in swept.moves:
        if move.article.id not in done:
            yield from _moved(move, names, done)


def _plain(one: Copied) -> Grouping:
    article = one.article
    return Grouping(article.id, None, None, _NOT_RELEVANT, leads=False, basis=_basis(article))


def _basis(article: Grouped) -> tuple[bytes, bool]:
    return article.fingerprint.text_key, article.relevant


def _of_group(group: _Group, moves: Mapping[int, Move], names: Names) -> Iterator[Grouping]:
    lead = group.lead
    move = None if lead is None else moves.get(lead.id)
    story, why = None, _NOT_RELEVANT
    if move is not None:
        story, why = _called(move, names)
    elif lead is not None and lead.story is not None:
        story, why = names.now(lead.story), f"as its copy {lead.canonical_url}"
    for one in group.members:
        leads = lead is not None and one.article.id == lead.id
        yield Grouping(
            one.article.id,
            one.first,
            story,
            one.reason or why,
            leads=leads,
            basis=_basis(one.article),
        )
    for old in group.gone:
        if lead is None or old.id != lead.id:
            yield _follows(old.id, old.duplicate_of, story, leads=False)
    if move is not None and lead is not None:
        yield _follows(lead.id, lead.duplicate_of, story, leads=True)
    if move is not None or group.was_led:
        first_leads = lead is not None and lead.id == group.first
        yield _follows(group.first, None, story, leads=first_leads)


def _follows(article: int, first: int | None, story: str | None, *, leads: bool) -> Grouping:
    """Not its turn: only its story is another."""
    return Grouping(article, first, story, None, leads=leads, settles=False)


def _called(move: Move, names: Names) -> tuple[str, str]:
    story = names.ids[move.event]
    return story, (move.reason or "an admin's choice").replace(move.event, story)


def _moved(move: Move, names: Names, done: set[int]) -> Iterable[Grouping]:
    """A stored article, decided again, with its copies."""
    story, why = _called(move, names)
    article = move.article
    reason = None if article.pinned or article.duplicate_of is not None else why
    yield Grouping(article.id, article.duplicate_of, story, reason, leads=True, settles=False)
    first = article.duplicate_of
    if first is not None and first not in done:
        yield _follows(first, None, story, leads=False)
