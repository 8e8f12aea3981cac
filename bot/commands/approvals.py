"""`/approvals`: digests that wait for an admin, who lets each story through or holds it back.

The buttons name the digest and the story, not a place in a list: they work after a restart, and
what two admins decide at once is kept of both.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import Button, Command, Order, Press, Reply
from bot.commands.preview import why_told
from bot.i18n import Catalogue, catalogue
from bot.pieces import isolated, shortened, unlinked
from bot.sheets import Sheet
from bot.wording import ago, count
from watchers.approving import Approval
from watchers.errors import ApprovalClosed, ApprovalUnknown
from watchers.telling import (
    Channel,
    Line,
)

APPROVE = "approve"  # how the data of our buttons begin
_KEEP, _HOLD, _WHY = "y", "n", "w"  # of one story
_KEEP_REST, _HOLD_REST, _SHOW = "ay", "an", "s"
_POST, _DROP, _SURE = "post", "drop", "sure"
_OF_STORY = (_KEEP, _HOLD, _WHY)
_OF_DIGEST = (_KEEP_REST, _HOLD_REST, _SHOW, _POST, _DROP, _SURE)

_A_PAGE = 4  # stories in one message
_TITLE = 300
_OFFICIALS = 6
_LISTED = 10  # digests
_OLD = "This button is old. Send /approvals again."
_CROSSED = (
    "Another admin dropped this digest at the same moment, but what was let through is queued "
    "already. /stopposting holds it up; /withdraw takes a story of it back."
)
_SIGNS = {True: "✓ let through", False: "✗ held back", None: "? undecided"}


async def approvals(program: Program, order: Order) -> str | Reply:
    """/approvals"""
    if order.words:
        return "Usage: /approvals\nIt takes no words. Nothing was changed."
    return await _start(program)


async def _start(program: Program, said: str = "", *, instead: bool = False) -> Reply:
    waiting, channels = await program.database(lambda s: (s.approvals(), s.channels()))
    chats = {channel.id: channel.chat for channel in channels}
    head = [said, ""] if said else []
    if not waiting:
        text = "No digest waits for approval."
        return Reply("\n".join((*head, text)), instead=instead)
    if len(waiting) == 1:
        return await _view(program, waiting[0], 0, said, instead=instead)
    now = utc_now()
    lines = [f"{count(len(waiting), 'digest')} wait for approval; choose one:"]
    buttons = []
    for one in waiting[:_LISTED]:
        chat = chats.get(one.channel_id, "?")
        stories = count(len(one.chosen), "story", "stories")
        lines.append(f"{one.id}. {chat}: {stories}, {ago(one.slot, now)}")
        buttons.append(Button(f"{one.id}. {chat}", f"{APPROVE}:{one.id}:0:{_SHOW}"))
    return Reply("\n".join((*head, *lines)), tuple(buttons), instead=instead)


# ---------------------------------------------------------------- one digest


@dataclass(frozen=True, slots=True)
class _Looked:
    """A digest that waits, as it would be told now."""

    approval: Approval
    channel: Channel
    lines: dict[str, Line]  # by subject; what can be told no more has none

    @property
    def kept(self) -> int:
        return sum(keep is True for keep in self.approval.chosen.values())

    @property
    def undecided(self) -> tuple[str, ...]:
        return tuple(name for name, keep in self.approval.chosen.items() if keep is None)


async def _look(program: Program, approval: Approval) -> _Looked:
    """ApprovalUnknown if its channel is gone."""
    channels = await program.database(lambda store: store.channels())
    channel = next((one for one in channels if one.id == approval.channel_id), None)
    if channel is None:
        msg = "The channel of that digest is gone."
        raise ApprovalUnknown(msg)
    built = await jobs.build(program, channel, utc_now(), only=tuple(approval.chosen))
    return _Looked(approval, channel, {line.subject: line for line in built.digest.lines})


async def _view(
    program: Program, approval: Approval, page: int, said: str = "", *, instead: bool
) -> Reply:
    """Some of its stories, what was decided on them, and the buttons."""
    looked = await _look(program, approval)
    subjects = tuple(approval.chosen)
    pages = max(1, -(-len(subjects) // _A_PAGE))
    page = min(max(0, page), pages - 1)
    shown = subjects[page * _A_PAGE : (page + 1) * _A_PAGE]
    sheet = Sheet(catalogue("en"))
    if said:
        sheet.line(said).line()
    sheet.line(_summary(looked))
    for number, subject in enumerate(shown, page * _A_PAGE + 1):
        _story(program, sheet.line(), looked, number, subject)
    if pages > 1:
        sheet.line().line(f"Part {page + 1} of {pages}.")
    rows = [_of_story(looked, page, number, subject) for number, subject in
            enumerate(shown, page * _A_PAGE + 1)]  # fmt: skip
    rows += _of_digest(looked, page, pages)
    return Reply(
        sheet.text,
        tuple(button for row in rows for button in row),
        across=tuple(map(len, rows)),
        entities=sheet.entities,
        instead=instead,
    )


def _summary(looked: _Looked) -> str:
    approval, channel = looked.approval, looked.channel
    when = catalogue("en").moment(approval.slot, channel.timezone)
    held = sum(keep is False for keep in approval.chosen.values())
    return (
        f"{channel.chat}, digest of {when}: {count(len(approval.chosen), 'story', 'stories')}. "
        f"{looked.kept} let through, {held} held back, {len(looked.undecided)} undecided."
    )


def _story(program: Program, sheet: Sheet, looked: _Looked, number: int, subject: str) -> None:
    sheet.line(f"{number}. {_SIGNS[looked.approval.chosen[subject]]}")
    line = looked.lines.get(subject)
    if line is None:
        sheet.line(f"It can be told no more: muted, merged, or out of scope since ({subject}).")
        return
    sheet.begin().headline(line.title, line.url, _TITLE)
    sheet.begin().add(_details(line, catalogue("en"), looked.channel.timezone))
    names = program.knowledge.names
    officials = [
        isolated(shortened(names.of(one, "en"), 60)) for one in line.officials[:_OFFICIALS]
    ]
    if officials:
        sheet.begin().add(f"Officials: {', '.join(officials)}")


def _details(line: Line, words: Catalogue, zone: str) -> str:
    parts = [f"{isolated(unlinked(shortened(line.outlet, 60)))} ({words.kind(line.outlet_kind)})"]
    if line.published is not None:
        parts.append(words.day(line.published, zone))
    if line.updated:
        parts.append("updated")
    if line.alerted:
        parts.append("told in an alert before")
    if line.others:
        parts.append(f"and {count(sum(line.others.values()), 'other outlet')}")
    return ", ".join(parts)


# ---------------------------------------------------------------- buttons


def _mark(subject: str) -> str:
    """A story in a button's data: its name may be longer than Telegram takes."""
    return hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _of_story(looked: _Looked, page: int, number: int, subject: str) -> list[Button]:
    key, mark = f"{APPROVE}:{looked.approval.id}:{page}", _mark(subject)
    chosen = looked.approval.chosen[subject]
    buttons = []
    if chosen is not True:
        buttons.append(Button(f"✓ {number}", f"{key}:{_KEEP}:{mark}"))
    if chosen is not False:
        buttons.append(Button(f"✗ {number}", f"{key}:{_HOLD}:{mark}"))
    if subject in looked.lines:
        buttons.append(Button(f"Why {number}", f"{key}:{_WHY}:{mark}"))
    return buttons


def _of_digest(looked: _Looked, page: int, pages: int) -> list[list[Button]]:
    key = f"{APPROVE}:{looked.approval.id}"
    turning = []
    if page:
        turning.append(Button("◀ Back", f"{key}:{page - 1}:{_SHOW}"))
    if page + 1 < pages:
        turning.append(Button("More ▶", f"{key}:{page + 1}:{_SHOW}"))
    rest = []
    if left := len(looked.undecided):
        which = "all" if left == len(looked.approval.chosen) else f"the other {left}"
        rest.append(Button(f"✓ Let {which} through", f"{key}:{page}:{_KEEP_REST}"))
        rest.append(Button(f"✗ Hold {which} back", f"{key}:{page}:{_HOLD_REST}"))
    closing = []
    if looked.kept:
        stories = count(looked.kept, "story", "stories")
        closing.append(Button(f"Post {stories}", f"{key}:{page}:{_POST}"))
    closing.append(Button("Drop the digest", f"{key}:{page}:{_DROP}"))
    return [row for row in (turning, rest, closing) if row]


async def pressed(program: Program, order: Order) -> str | Reply:
    """A decision on a story, on all, or on the digest; rights were checked again before."""
    number, page, what, *rest = order.data if len(order.data) > 2 else ("", "", "")
    known = (what in _OF_STORY and len(rest) == 1) or (what in _OF_DIGEST and not rest)
    digits = all(part.isascii() and part.isdecimal() for part in (number, page))
    if not known or not digits or len(number) > 18 or len(page) > 4:
        return Reply(_OLD, closes=True)
    turn = order.kept.closing if what in (_POST, _SURE) else contextlib.nullcontext()
    try:
        async with turn:  # whoever presses second is told what became of it
            approval = await program.database(lambda store: store.approval(int(number)))
            if approval.state != "open":
                return await _late(program, approval)
            return await _carry_out(program, order, approval, int(page), (what, *rest))
    except ApprovalUnknown:
        said = "That digest is not there any more; nothing was changed."
        return await _start(program, said, instead=True)
    except ApprovalClosed:  # between our look and now
        late = await program.database(lambda store: store.approval(int(number)))
        return await _late(program, late)


async def _late(program: Program, approval: Approval) -> Reply:
    """Another admin was quicker."""
    said = f"This digest was {approval.state} already. This press changed nothing."
    return await _start(program, said, instead=True)


async def _carry_out(
    program: Program, order: Order, approval: Approval, page: int, asked: Sequence[str]
) -> str | Reply:
    what = asked[0]
    if what in _OF_STORY:
        subject = next((name for name in approval.chosen if _mark(name) == asked[1]), None)
        if subject is None:
            return Reply(_OLD, closes=True)
        if what == _WHY:
            return await _why(program, approval, subject)
        return await _choose(program, order, approval, page, (subject,), keep=what == _KEEP)
    if what in (_KEEP_REST, _HOLD_REST):
        undecided = tuple(name for name, keep in approval.chosen.items() if keep is None)
        keep = what == _KEEP_REST
        return await _choose(program, order, approval, page, undecided, keep=keep)
    if what == _POST:
        return await _post(program, order, approval)
    if what == _DROP:
        return _ask_to_drop(approval, page)
    if what == _SURE:
        await program.database(
            lambda store: store.close_approval(
                approval.id, posted=False, at=utc_now(), actor=order.actor
            )
        )
        return await _start(program, "Dropped: none of its stories is told there.", instead=True)
    return await _view(program, approval, page, instead=True)


async def _choose(
    program: Program,
    order: Order,
    approval: Approval,
    page: int,
    subjects: Sequence[str],
    *,
    keep: bool,
) -> Reply:
    decided = await program.database(
        lambda store: store.choose(
            approval.id, subjects, keep=keep, at=utc_now(), actor=order.actor
        )
    )
    return await _view(program, decided, page, instead=True)


async def _why(program: Program, approval: Approval, subject: str) -> str:
    looked = await _look(program, approval)
    line = looked.lines.get(subject)
    place = list(approval.chosen).index(subject) + 1
    return await why_told(program, subject, line.title if line else subject, place)


def _ask_to_drop(approval: Approval, page: int) -> Reply:
    key = f"{APPROVE}:{approval.id}:{page}"
    stories = count(len(approval.chosen), "story", "stories")
    text = f"Drop this digest? None of its {stories} is told in that channel then, nor later."
    buttons = (Button("Yes, drop it", f"{key}:{_SURE}"), Button("Back", f"{key}:{_SHOW}"))
    return Reply(text, buttons, across=2, instead=True)


async def _post(program: Program, order: Order, approval: Approval) -> Reply:
    """Queue what was let through, then close: what breaks off in between can be done again."""
    if not any(approval.chosen.values()):
        return await _view(program, approval, 0, "Nothing is let through yet.", instead=True)
    built = await jobs.post_approved(program, approval)
    try:
        await program.database(
            lambda store: store.close_approval(
                approval.id, posted=True, at=utc_now(), actor=order.actor
            )
        )
    except ApprovalClosed:
        if built is None:
            raise
        late = await program.database(lambda store: store.approval(approval.id))
        if late.state == "dropped" and built.pages:
            return await _start(program, _CROSSED, instead=True)
    if built is None:
        said = "Closed. A digest was queued for that time already; nothing was queued now."
    elif not built.pages:
        said = "Closed. Nothing of what was let through is left: queued already, muted or merged."
    else:
        told = count(len(built.subjects), "story", "stories")
        said = f"Done: {told} on {count(len(built.pages), 'page')}, queued."
    return await _start(program, said, instead=True)


COMMANDS = {
    "approvals": Command(approvals, "digests that wait for your look at each story"),
}
PRESSES = {APPROVE: Press(pressed)}
