"""Stories by chat: `/story`, `/merge`, `/split`. Each change is shown first, done by a button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import STORY, Button, Order, Reply
from bot.story_wording import OutletOf, full, listed, parts, summary
from bot.wording import count
from watchers import stories as rules
from watchers.errors import DadkhahError, StoryInvalid
from watchers.ports import Store
from watchers.stories import StoryView, story_ref

_ARTICLES = 15  # of a story in one answer, each with its copies
_LOOK = 8  # of each part, before a change
_MOST = 50  # articles that one /split names
_DO, _DROP = "do", "no"

_REFS = "STORY is an id, or the address or number of one of its articles; /story shows them."


@dataclass(slots=True)
class Proposal:
    """A merge or a split that was looked at, and waits for a button."""

    stories: tuple[str, ...]  # their ids: two to merge, or one to split
    leaving: tuple[int, ...] = ()  # the articles that leave the one
    outcome: str = ""  # what became of it; empty while it waits


# ---------------------------------------------------------------- looking


async def story(program: Program, order: Order) -> str:
    """/story ID, URL or number"""
    if len(order.words) != 1:
        return (
            "Usage: /story ID, or the address or number of one of its articles.\n"
            "The Why buttons of /preview show the ids."
        )
    ref = story_ref(order.words[0])
    view, feeds = await program.database(lambda store: (store.story(ref), store.feeds()))
    outlet_of = jobs.outlet_of(program, feeds)
    lines = [f"Story {view.id}", summary(view, outlet_of), ""]
    return "\n".join((*lines, *listed(view.articles, outlet_of, _ARTICLES, full)))


async def merge(program: Program, order: Order) -> str | Reply:
    """/merge STORY STORY"""
    if len(order.words) != 2:
        return f"Usage: /merge STORY STORY\n{_REFS}"
    refs = [story_ref(word) for word in order.words]
    one, other, feeds = await program.database(
        lambda store: (store.story(refs[0]), store.story(refs[1]), store.feeds())
    )
    kept, _ = rules.older((one.id, one.began), (other.id, other.began))
    outlet_of = jobs.outlet_of(program, feeds)
    lines = [f"These two become one story, {kept}, which began first."]
    for view in sorted((one, other), key=lambda view: view.id != kept):
        lines += ["", f"Story {view.id}: {summary(view, outlet_of)}"]
        lines += listed(view.articles, outlet_of, _LOOK)
    lines += ["", "Who was told one of them is not told the other."]
    return _asking(order, lines, "Merge them", Proposal((one.id, other.id)))


async def split(program: Program, order: Order) -> str | Reply:
    """/split STORY URL..."""
    if not 2 <= len(order.words) <= _MOST:
        return (
            "Usage: /split STORY URL...\nTakes articles out of a story, with their copies; a "
            f"number does for an address. {_REFS}"
        )
    ref, *named = (story_ref(word) for word in order.words)

    def look(store: Store) -> tuple[StoryView, tuple[int, ...]]:
        return store.story(ref), store.leaving(ref, named)

    view, leaving = await program.database(look)
    feeds = await program.database(lambda store: store.feeds())
    lines = _parted(view, leaving, jobs.outlet_of(program, feeds))
    return _asking(order, lines, "Split it", Proposal((view.id,), leaving))


def _parted(view: StoryView, leaving: Sequence[int], outlet_of: OutletOf) -> list[str]:
    out, staying = parts(view, leaving)
    told = " Who was told it is told neither part again." if view.told else ""
    return [
        f"{count(len(leaving), 'article')} would leave the story {view.id} for one of their own:",
        *listed(out, outlet_of, _LOOK),
        "",
        "In it would stay:",
        *listed(staying, outlet_of, _LOOK),
        "",
        f"{summary(view, outlet_of)}{told}",
    ]


def _asking(order: Order, lines: Sequence[str], label: str, proposal: Proposal) -> Reply:
    token = order.kept.keep(proposal)
    buttons = (
        Button(label, f"{STORY}:{token}:{_DO}"),
        Button("Cancel", f"{STORY}:{token}:{_DROP}"),
    )
    return Reply("\n".join((*lines, "", "Nothing was changed yet.")), buttons, across=2)


# ---------------------------------------------------------------- the press of a button


async def pressed(program: Program, order: Order) -> str | Reply:
    """[Merge them], [Split it] or [Cancel]; rights were checked again before."""
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
        done = await program.database(lambda store: _carried_out(store, proposal, order.actor))
    except StoryInvalid as error:
        proposal.outcome = "The story was changed after you looked at it."
        return Reply(f"{error.for_admin} Nothing was changed; look at it again.", closes=True)
    except DadkhahError:
        proposal.outcome = ""  # it may be pressed again
        raise
    return Reply(done, closes=True)


def _carried_out(store: Store, proposal: Proposal, actor: str) -> str:
    for known in proposal.stories:
        if store.story(known).id != known:
            msg = f"The story {known} was merged meanwhile."
            raise StoryInvalid(msg)
    first, *rest = proposal.stories
    if rest:
        kept = store.merge_stories(first, rest[0], at=utc_now(), actor=actor)
        return f"Done. Both are the story {kept} now. /split takes articles out of it again."
    named = [str(number) for number in proposal.leaving]
    new = store.split_story(first, named, at=utc_now(), actor=actor)
    return (
        f"Done. The story {new} has {count(len(named), 'article')} that left {first}. "
        f"/merge {first} {new} takes it back."
    )
