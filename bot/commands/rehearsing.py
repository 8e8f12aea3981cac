"""Changes of the watchlist by chat: rehearsed on what is stored, carried out by a button.

A rehearsal goes from the latest article back, until all, 50,000 or a minute are gone: what an
admin waits for at a phone. `dadkhah watch rehearse` takes all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bot.app import Program
from bot.commands.orders import WATCH, Button, Order, Reply
from bot.commands.reasons import because, called
from bot.names import Names
from bot.wording import count, isolated, short
from watchers import amend
from watchers.amend import Edit, Joined
from watchers.changes import Stored
from watchers.errors import DadkhahError, WatchlistChanged
from watchers.match import Matcher
from watchers.model import Match
from watchers.outlets import OutletTable
from watchers.ports import KnowPort, Store
from watchers.rehearsal import Change, Rehearsal, rehearse
from watchers.rules import TOPIC
from watchers.urls import host

MOST = 50_000  # articles of a rehearsal
SECONDS = 60.0
_EXAMPLES = 5
_SUBJECTS = 8  # that a rehearsal counts in full
_TITLE = 140  # characters
_DO, _DROP = "do", "no"


@dataclass(slots=True)
class Proposal:
    """A change that was rehearsed, and waits for a button."""

    edit: Edit
    revision: int  # of the watchlist that it was rehearsed with
    what: str
    outcome: str = ""  # what became of it; empty while it waits


class Latest:
    """What is stored, the latest first, as `rehearse` reads it; a reader of `KnowPort.stored`."""

    def __init__(
        self, store: Store, *, most: int | None = None, until: float | None = None
    ) -> None:
        self._store = store
        self._left = MOST if most is None else most
        self._until = time.monotonic() + SECONDS if until is None else until
        self._top: int | None = None  # the last number that was not read yet
        self.stopped = False
        self.is_cut = False  # older articles were left out

    def stored(
        self,
        after: int,  # noqa: ARG002 - it goes the other way
        limit: int,
        *,
        since: datetime | None = None,  # noqa: ARG002 - it goes by number
    ) -> tuple[Stored, ...]:
        """The next articles back from those that were read; none at the end. StoreError."""
        top = self._greatest() if self._top is None else self._top
        found = self._between(max(0, top - limit), top)
        if not found and top > limit:  # numbers without articles: they were deleted
            top = self._last(0, top - limit)
            found = self._between(max(0, top - limit), top)
        if found and (self.stopped or self._left <= 0 or time.monotonic() > self._until):
            self.is_cut = True
            return ()
        found = found[-self._left :] if self._left < len(found) else found
        self._left -= len(found)
        self._top = found[0].id - 1 if found else 0
        return found

    def _between(self, low: int, top: int) -> tuple[Stored, ...]:
        """Articles with low < id <= top."""
        found = self._store.stored(low, top - low) if top > low else ()
        return tuple(article for article in found if article.id <= top)

    def _greatest(self) -> int:
        high = 1_024
        while self._store.stored(high, 1):
            high *= 2
        return self._last(0, high)

    def _last(self, low: int, high: int) -> int:
        """The greatest number from `low` up to `high` that an article has, or else `low`."""
        while low < high:
            middle = (low + high) // 2
            found = self._store.stored(middle, 1)
            if found and found[0].id <= high:
                low = found[0].id
            else:
                high = middle
        return low


# ---------------------------------------------------------------- proposing


async def proposed(
    program: Program, order: Order, make: Callable[[Joined], Edit], said: Callable[[Edit], str]
) -> str | Reply:
    """Make an edit of the watchlist in force, rehearse it, and ask. InputInvalid, WatchUnknown.

    `said`: what the edit does, in a sentence or a few lines.
    """
    joint = program.knowing.joint
    edit = await asyncio.to_thread(make, joint)
    after = await asyncio.to_thread(amend.after, joint, edit)
    if after.rows == joint.rows:
        return "That is so already. Nothing was changed."
    what = said(edit)
    async with order.kept.turn:
        found, is_cut = await _rehearsed(program, joint, after)
    proposal = Proposal(edit, joint.revision, what)
    token = order.kept.keep(proposal)
    lines = [what, "", *_told(found, is_cut, joint, after, program.knowledge.outlets)]
    lines += ["", "Nothing was changed yet."]
    buttons = (
        Button("Do it", f"{WATCH}:{token}:{_DO}"),
        Button("Cancel", f"{WATCH}:{token}:{_DROP}"),
    )
    return Reply("\n".join(lines), buttons, across=2)


async def _rehearsed(program: Program, joint: Joined, after: Joined) -> tuple[Rehearsal, bool]:
    latest = Latest(program.database.store)

    def work() -> Rehearsal:
        matchers = (Matcher(one.watchlist) for one in (joint, after))
        return rehearse(cast("KnowPort", latest), *matchers)

    try:
        return await asyncio.to_thread(work), latest.is_cut
    finally:
        latest.stopped = True  # a thread cannot be cancelled; this one ends within a batch


# ---------------------------------------------------------------- wording


def _told(
    found: Rehearsal, is_cut: bool, joint: Joined, after: Joined, outlets: OutletTable
) -> Iterable[str]:
    """What would change, with examples."""
    articles = count(found.judged, "stored article")
    yield (
        f"Tried on the latest {articles}; older ones were left out."
        if is_cut
        else f"Tried on all that is stored: {count(found.judged, 'article')}."
    )
    if not found.changed:
        yield "None is gained, none is lost." if found.judged else "Nothing is stored yet."
        return
    names = (Names(after.watchlist), Names(joint.watchlist))
    listed = [change for change in found.changes if _is_gain(change) or _is_loss(change)]
    if not listed:
        yield f"None is gained, none is lost. {count(found.changed, 'article')} would list somebody"
        yield "otherwise: as an official, or as one who is none."
        return
    signs = (("+", found.becomes_relevant, found.gained), ("−", found.relevant_no_more, found.lost))
    for (sign, relevant, subjects), named in zip(signs, names, strict=True):
        if relevant:
            yield f"{sign} {relevant:,} relevant"
        told = [(subject, number) for subject, number in subjects.most_common() if subject != TOPIC]
        for subject, number in told[:_SUBJECTS]:
            yield f"{sign} {number:,} {called(named, subject)}"
        if len(told) > _SUBJECTS:
            yield f"{sign} and of {len(told) - _SUBJECTS} more"
    yield f"For example ({count(found.changed, 'article')} in all):"
    for change in _examples(listed):
        yield from _example(change, outlets)


def _is_gain(change: Change) -> bool:
    return change.relevance > 0 or (change.relevance == 0 and bool(change.gained))


def _is_loss(change: Change) -> bool:
    return change.relevance < 0 or (change.relevance == 0 and bool(change.lost))


def _examples(changes: Iterable[Change]) -> list[Change]:
    """Some of both kinds where there are both, what is gained first."""
    known = list(changes)
    gained = [change for change in known if _is_gain(change)]
    lost = [change for change in known if not _is_gain(change)]
    room = max(_EXAMPLES - len(lost), _EXAMPLES - 2)
    return (gained[:room] + lost)[:_EXAMPLES]


def _example(change: Change, outlets: OutletTable) -> Iterable[str]:
    article, gain = change.article, _is_gain(change)
    outlet = outlets.of(article.canonical_url)
    name = outlet.name if outlet else host(article.canonical_url)
    sign = "+" if gain else "−"
    yield f"{sign} {isolated(short(article.title, _TITLE) or article.canonical_url)}"
    told = f"   {isolated(name)}, {article.time:%Y-%m-%d}"
    match = _reason(change, gain)
    yield f"{told}: {because([match])}" if match else told


def _reason(change: Change, gain: bool) -> Match | None:
    """What the watchlist that finds more goes by."""
    verdict = change.after if gain else change.before
    subjects = change.gained if gain else change.lost
    found = [match for match in verdict.matches if match.score > 0]
    decisive = [match for match in found if match.subject in subjects]
    return next(iter(decisive or found), None)


# ---------------------------------------------------------------- the press of a button


async def pressed(program: Program, order: Order) -> str | Reply:
    """[Do it] or [Cancel]; rights were checked again before."""
    _, _, data = (order.words[0] if order.words else "").partition(":")
    token, _, answer = data.partition(":")
    proposal = order.kept.get(token)
    if not isinstance(proposal, Proposal) or answer not in (_DO, _DROP):
        return Reply("This button is old. Send the command again.", closes=True)
    if proposal.outcome:
        return Reply(f"{proposal.outcome} This press changed nothing.", closes=True)
    if answer == _DROP:
        proposal.outcome = "This was cancelled."
        return Reply("Cancelled. Nothing was changed.", closes=True)
    proposal.outcome = "This was done already."
    try:
        await program.knowing.apply(proposal.edit, expected=proposal.revision, actor=order.actor)
    except WatchlistChanged:
        proposal.outcome = "The watchlist was changed after this was tried."
        text = f"{proposal.outcome} Nothing was changed now; send the command again."
        return Reply(text, closes=True)
    except DadkhahError:
        proposal.outcome = ""  # it may be pressed again
        raise
    text = (
        f"Done. {proposal.what}\n\nIt counts from now on. What is stored is judged again; "
        "what was first seen more than a day ago is not posted as news."
    )
    return Reply(text, closes=True)
