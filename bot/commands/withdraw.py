"""`/withdraw`: what was posted is taken back or corrected, by story or by person, everywhere.

It is shown first, and done by a button.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import withdrawals
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import Button, Command, Order, Press, Reply
from bot.noting import MOST_NOTE
from bot.pieces import units
from bot.withdrawals import CORRECTED, REMOVED, Change, Taken
from watchers.errors import DadkhahError, OrderInvalid, WatchUnknown
from watchers.ports import Store
from watchers.stories import story_ref
from watchers.text import clean

WITHDRAW = "withdraw"  # how the data of our buttons begin
_DO, _DROP = "do", "no"
_CORRECT, _PERSON = "correct", "person"
USAGE = (
    "Usage: /withdraw STORY [NOTE], /withdraw person ID [NOTE], or with a note for readers "
    "/withdraw correct STORY NOTE"
)
_STORY = "STORY is an id, or the address or number of an article; /story shows them."
_OLD = "This button is old. Send the command again."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command asks for."""

    ref: str  # of a story
    person: str  # or a watchlist id
    change: Change


@dataclass(slots=True)
class _Proposal:
    """What was shown, and waits for a button."""

    subjects: tuple[str, ...]
    change: Change
    outcome: str = ""  # what became of it; empty while it waits


def read(words: Sequence[str]) -> Asked:
    """What the words ask for. OrderInvalid, StoryUnknown."""
    given = list(words)
    what = CORRECTED if given and given[0].lower() == _CORRECT else REMOVED
    if what == CORRECTED:
        del given[0]
    by_person = bool(given) and given[0].lower() == _PERSON
    if by_person:
        del given[0]
    if not given:
        msg = f"{USAGE}\n{'Whom? Give a watchlist id.' if by_person else _STORY}"
        raise OrderInvalid(msg)
    ref, *rest = given
    change = Change(what, checked_note(" ".join(rest), what))
    if by_person:
        return Asked("", ref, change)
    return Asked(story_ref(ref), "", change)


def checked_note(text: str, what: str) -> str:
    """An admin's words for readers, on one line. OrderInvalid."""
    note = " ".join(clean(text).split())
    if units(note) > MOST_NOTE:
        msg = f"{USAGE}\nThe note has {units(note):,} characters; readers get at most {MOST_NOTE}."
        raise OrderInvalid(msg)
    if what == CORRECTED and not note:
        msg = f"{USAGE}\nWhat is to be read instead? A correction needs a note."
        raise OrderInvalid(msg)
    return note


def look(store: Store, asked: Asked, people: frozenset[str]) -> Taken:
    """What would be changed. StoryUnknown, WatchUnknown, OrderInvalid."""
    if not asked.person:
        return withdrawals.of_story(store, asked.ref)
    taken = withdrawals.of_person(store, asked.person)
    if not taken.subjects and asked.person not in people:
        msg = f"Nobody on the watchlist has the id {asked.person[:100]!r}."
        raise WatchUnknown(msg)
    return taken


async def withdraw(program: Program, order: Order) -> str | Reply:
    """/withdraw [correct] STORY [NOTE], or person ID [NOTE]"""
    try:
        asked = read(order.words)
    except OrderInvalid as error:
        return f"{error.message}\nNothing was changed."
    people = frozenset(person.id for person in program.knowledge.watchlist.people)
    taken = await program.database(lambda store: look(store, asked, people))
    if withdrawals.told_nowhere(taken):
        if asked.person:
            return f"No posted page names {asked.person}. Nothing was changed."
        titles = "\n".join(taken.titles)
        return (
            f"Nothing that was posted tells it:\n{titles}\nNothing was changed. "
            f"/mute {taken.subjects[0]} keeps it from being told."
        )
    token = order.kept.keep(_Proposal(taken.subjects, asked.change))
    label = "Take it back" if asked.change.what == REMOVED else "Correct it"
    buttons = (
        Button(label, f"{WITHDRAW}:{token}:{_DO}"),
        Button("Cancel", f"{WITHDRAW}:{token}:{_DROP}"),
    )
    lines = withdrawals.lines(taken, asked.change)
    return Reply("\n".join((*lines, "", "Nothing was changed yet.")), buttons, across=2)


async def pressed(program: Program, order: Order) -> Reply:
    """[Take it back], [Correct it] or [Cancel]; rights were checked again before."""
    token, answer = order.data if len(order.data) == 2 else ("", "")
    proposal = order.kept.get(token)
    if not isinstance(proposal, _Proposal) or answer not in (_DO, _DROP):
        return Reply(_OLD, closes=True)
    if proposal.outcome:
        return Reply(f"{proposal.outcome} This press changed nothing.", closes=True)
    if answer == _DROP:
        proposal.outcome = "This was cancelled."
        return Reply("Cancelled. Nothing was changed.", closes=True)
    proposal.outcome = "This was done already."
    subjects, change = proposal.subjects, proposal.change
    try:
        messages = await program.database(
            lambda store: withdrawals.carry_out(
                store, subjects, change, at=utc_now(), actor=order.actor
            )
        )
    except DadkhahError:
        proposal.outcome = ""  # it may be pressed again
        raise
    return Reply(withdrawals.done(messages, change), closes=True)


COMMANDS = {
    "withdraw": Command(withdraw, "take back or correct what was posted; /withdraw shows how"),
}
PRESSES = {WITHDRAW: Press(pressed)}
