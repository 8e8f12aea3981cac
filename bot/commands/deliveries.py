"""`/deliveries`: pages of which nobody knows whether they arrived, or that failed; an admin
decides on each by a button. Those to subscribers are decided on all at once.

The buttons name a page by its number, which is never given out again, and by its attempts: they
work after a restart, and not once the page was sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import Button, Command, Order, Press, Reply
from bot.evidence import Evidence, evidence_of
from bot.sender import TelegramSender, senders
from bot.wording import ago, count, isolated, short
from watchers.errors import DeliverySettled, DeliveryUnknown
from watchers.ports import Store
from watchers.telling import Channel, Delivery, DeliveryState, Page

DELIVERY = "delivery"  # how the data of our buttons begin
READERS = "readers"  # in place of a page's number: all pages to subscribers

_ARRIVED, _AGAIN, _SURE, _DROP, _LOOK = "arrived", "again", "sure", "drop", "look"
_DECISIONS = {_ARRIVED: "arrived", _AGAIN: "resend", _SURE: "resend", _DROP: "drop"}
_WAITING = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
_MOST = 1_000  # pages that are looked at
_LISTED = 20
_HEAD = 120  # characters of a page's heading
_TITLE = 200
_ERROR = 300
_ASKING = 8.0  # seconds that Telegram may be asked for evidence
_USAGE = (
    "Usage: /deliveries [STATE]\nSTATE is one of " + ", ".join(DeliveryState) + "; without it, "
    "what needs a decision."
)
_IS = {
    DeliveryState.QUEUED: "waits to be sent",
    DeliveryState.SENDING: "is being sent",
    DeliveryState.SENT: "counts as arrived",
    DeliveryState.DROPPED: "was dropped",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNCERTAIN: "is uncertain",
}
_TWICE = "If it arrived after all, readers see it twice. Look into the channel first."
_ALL_TWICE = "Those that arrived after all are read twice."


async def deliveries(program: Program, order: Order) -> str | Reply:
    """/deliveries [STATE]"""
    if not order.words:
        return await _view(program)
    word = order.words[0].lower()
    if len(order.words) > 1 or word not in list(DeliveryState):
        return f"{_USAGE}\nNothing was changed."
    state = DeliveryState(word)
    if state in _WAITING:
        return await _view(program, only=state)
    return await _list(program, state)


async def _list(program: Program, state: DeliveryState) -> str:
    found, channels = await program.database(
        lambda store: (
            store.deliveries(state, limit=_LISTED + 1, private=False),
            store.channels(),
        )
    )
    if not found:
        return f"No page of a channel is {state}."
    chats, now = {channel.id: channel for channel in channels}, utc_now()
    lines = [f"Pages of channels that are {state}, newest first:"]
    for one in found[:_LISTED]:
        at = one.sent_at or one.claimed_at
        time = f", {ago(at, now)}" if at else ""
        number = f", message {one.message_id}" if one.message_id else ""
        title = f": {isolated(short(headline(one.content), 80))}" if one.content.text else ""
        lines.append(f"{one.id}. {_place(one, chats)}{time}{number}{title}")
    if len(found) > _LISTED:
        lines.append("and older ones")
    return "\n".join(lines)


# ---------------------------------------------------------------- one at a time


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What needs a decision."""

    pages: tuple[Delivery, ...]  # of channels, oldest first
    channels: dict[int, Channel]
    uncertain: int  # of subscribers
    failed: int

    @property
    def readers(self) -> int:
        return self.uncertain + self.failed


def _waiting(store: Store, only: DeliveryState | None) -> _Waiting:
    states = (only,) if only else _WAITING
    found = store.deliveries(*states, limit=_MOST, private=False)
    private = store.deliveries(*states, limit=_MOST, private=True)
    failed = sum(one.state is DeliveryState.FAILED for one in private)
    channels = {channel.id: channel for channel in store.channels()}
    return _Waiting(tuple(reversed(found)), channels, len(private) - failed, failed)


async def _view(
    program: Program,
    *,
    said: str = "",
    number: int = 0,
    only: DeliveryState | None = None,
    instead: bool = False,
) -> Reply:
    """The page of this number, or the next one that waits, with its buttons."""
    waiting = await program.database(lambda store: _waiting(store, only))
    place = next((n for n, one in enumerate(waiting.pages) if one.id >= number), 0)
    lines = [said, ""] if said else []
    if not waiting.pages:
        if waiting.readers:
            return _of_readers(waiting, lines, instead=instead)
        return Reply("\n".join((*lines, "No page waits for a decision.")), instead=instead)
    one = waiting.pages[place]
    told = await _evidence(program, one, waiting.channels)
    total = len(waiting.pages)
    lines += [f"{place + 1} of {_most(total)} that {'waits' if total == 1 else 'wait'}:"]
    lines += _told(one, waiting.channels)
    lines += [told] if told else []
    key = f"{DELIVERY}:{one.id}:{one.attempts}"
    buttons = [
        Button("It arrived", f"{key}:{_ARRIVED}"),
        Button("Send again", f"{key}:{_AGAIN}"),
        Button("Drop", f"{key}:{_DROP}"),
    ]
    more = []
    if place > 0:
        more.append(Button("◀ Older", f"{DELIVERY}:{waiting.pages[place - 1].id}:0:{_LOOK}"))
    if place + 1 < total:
        more.append(Button("Newer ▶", f"{DELIVERY}:{waiting.pages[place + 1].id}:0:{_LOOK}"))
    if waiting.readers:
        label = f"Subscribers: {_most(waiting.readers)}"
        more.append(Button(label, f"{DELIVERY}:{READERS}:0:{_LOOK}"))
    rows = (3, len(more)) if more else (3,)
    return Reply("\n".join(lines), (*buttons, *more), across=rows, instead=instead)


async def _evidence(program: Program, one: Delivery, channels: dict[int, Channel]) -> str:
    """What speaks for its having arrived, and what against; empty for one that did not."""
    if one.state is not DeliveryState.UNCERTAIN:
        return ""
    channel = channels.get(one.channel_id)
    found: Evidence | None = None
    with contextlib.suppress(TimeoutError):  # then the ledger alone is asked
        async with asyncio.timeout(_ASKING), senders(program.settings) as sender_for:
            sender = sender_for(channel) if channel else None
            mender = sender if isinstance(sender, TelegramSender) else None
            found = await evidence_of(program.database, one, mender)
    found = found or await evidence_of(program.database, one)
    return f"Evidence: {found.text}"


def _most(number: int) -> str:
    return f"{number:,}" if number < _MOST else f"{_MOST:,} or more"


def _told(one: Delivery, channels: dict[int, Channel]) -> list[str]:
    """What is known of a page."""
    now = utc_now()
    lines = [f"{_place(one, channels)}: {_IS[one.state]}"]
    lines += [isolated(short(line, _HEAD)) for line in heading(one.content)]
    if title := headline(one.content):
        lines.append(f"It begins with: “{isolated(short(title, _TITLE))}”")
    if one.claimed_at is not None:
        tries = f", attempt {one.attempts}" if one.attempts > 1 else ""
        lines.append(f"Sent {one.claimed_at:%Y-%m-%d %H:%M:%S} UTC ({ago(one.claimed_at, now)})"
                     f"{tries}.")  # fmt: skip
    why = short(one.error or "no reason was kept", _ERROR).rstrip(".")
    unsure = "No receipt came" if one.state is DeliveryState.UNCERTAIN else "Telegram refused it"
    lines.append(f"{unsure}: {why}.")
    return lines


def _place(one: Delivery, channels: dict[int, Channel]) -> str:
    channel = channels.get(one.channel_id)
    return f"{channel.chat if channel else 'a channel that is gone'}, page {one.page}/{one.pages}"


def heading(page: Page) -> list[str]:
    """The first lines of a page, which say what it is and of which time."""
    return [line.strip("\u200e\u200f ") for line in page.text.split("\n\n", 1)[0].split("\n")[:2]]


def headline(page: Page) -> str:
    """The first linked headline of a page; empty if it has none."""
    link = next((entity for entity in page.entities if entity.type == "text_link"), None)
    if link is None:
        return ""
    units = page.text.encode("utf-16-le", "surrogatepass")
    piece = units[2 * link.offset : 2 * (link.offset + link.length)]
    return piece.decode("utf-16-le", "replace")


# ---------------------------------------------------------------- deciding


async def pressed(program: Program, order: Order) -> Reply:
    """[It arrived], [Send again], [Drop], or another page to look at."""
    data = order.data
    if len(data) != 3 or data[2] not in (*_DECISIONS, _LOOK):
        return Reply("This button is old. Send /deliveries again.", closes=True)
    name, attempts, what = data
    if name == READERS:
        return await _press_readers(program, order, attempts, what)
    if not (name.isascii() and name.isdecimal() and len(name) < 19):
        return Reply("This button is old. Send /deliveries again.", closes=True)
    number = int(name)
    if what == _LOOK:
        return await _view(program, number=number, instead=True)
    try:
        one = await program.database(lambda store: _public(store, number))
    except DeliveryUnknown:
        gone = "That page is not in the ledger any more; nothing was changed."
        return await _view(program, said=gone, instead=True)
    if str(one.attempts) != attempts or one.state not in _WAITING:
        return await _settled(program, one)
    if what == _AGAIN and one.state is DeliveryState.UNCERTAIN:
        return await _ask(program, one)
    return await _decide(program, order, one, _DECISIONS[what])


def _public(store: Store, number: int) -> Delivery:
    """The page of that number. DeliveryUnknown, also for one to a subscriber: no button of ours
    names those, and they are decided on all at once.
    """
    one = store.delivery(number)
    if all(channel.id != one.channel_id for channel in store.channels()):
        msg = f"No page of a channel has the number {number}."
        raise DeliveryUnknown(msg)
    return one


async def _settled(program: Program, one: Delivery) -> Reply:
    """Somebody was quicker."""
    meanwhile = " since you looked" if one.state in _WAITING else ""
    said = (
        f"Page {one.page}/{one.pages} was decided on already: it {_IS[one.state]}{meanwhile}. "
        "This press changed nothing."
    )
    return await _view(program, said=said, number=one.id, instead=True)


async def _ask(program: Program, one: Delivery) -> Reply:
    channels = await program.database(lambda store: store.channels())
    place = _place(one, {channel.id: channel for channel in channels})
    key = f"{DELIVERY}:{one.id}:{one.attempts}"
    title = headline(one.content)
    lines = [f"Send this again? {place}"]
    lines += [f"“{isolated(short(title, _TITLE))}”"] if title else []
    buttons = (Button("Yes, send it again", f"{key}:{_SURE}"), Button("Back", f"{key}:{_LOOK}"))
    return Reply("\n".join((*lines, _TWICE)), buttons, across=2, instead=True)


async def _decide(program: Program, order: Order, one: Delivery, decision: str) -> Reply:
    try:
        done = await program.database(
            lambda store: store.settle_delivery(one.id, decision, at=utc_now(), actor=order.actor)
        )
    except DeliverySettled:
        return await _settled(program, await program.database(lambda s: s.delivery(one.id)))
    said = f"Done: page {done.page}/{done.pages} {_IS[done.state]}."
    return await _view(program, said=said, number=one.id, instead=True)


# ---------------------------------------------------------------- subscribers, all at once


def _pages(number: int) -> str:
    return count(number, "page") if number < _MOST else f"{_MOST:,} or more pages"


def _of_readers(waiting: _Waiting, lines: Sequence[str], *, instead: bool) -> Reply:
    states = [
        f"{_most(number)} {state}"
        for number, state in ((waiting.uncertain, "uncertain"), (waiting.failed, "failed"))
        if number
    ]
    text = (
        f"Pages to subscribers that wait for a decision: {', '.join(states)}. Whom they are for "
        "is not shown. Each button decides on all of them."
    )
    key = f"{DELIVERY}:{READERS}:{waiting.readers}"
    buttons = [
        Button("They arrived", f"{key}:{_ARRIVED}"),
        Button("Send again", f"{key}:{_AGAIN}"),
        Button("Drop", f"{key}:{_DROP}"),
    ]
    if waiting.pages:
        buttons.append(Button("Back", f"{DELIVERY}:0:0:{_LOOK}"))
    rows = (3, 1) if waiting.pages else (3,)
    return Reply("\n".join((*lines, text)), tuple(buttons), across=rows, instead=instead)


async def _press_readers(program: Program, order: Order, seen: str, what: str) -> Reply:
    """`seen`: how many pages the button was shown for."""
    waiting = await program.database(lambda store: _waiting(store, None))
    if not waiting.readers:
        said = "No page to a subscriber waits any more: it was decided on already."
        return await _view(program, said=said, instead=True)
    if what == _LOOK:
        return _of_readers(waiting, (), instead=True)
    if seen != str(waiting.readers):
        said = "It is another number of pages now. This press changed nothing."
        return _of_readers(waiting, (said, ""), instead=True)
    key = f"{DELIVERY}:{READERS}:{waiting.readers}"
    if what == _AGAIN:
        pages = _pages(waiting.readers)
        buttons = (
            Button("Yes, send all again", f"{key}:{_SURE}"),
            Button("Back", f"{key}:{_LOOK}"),
        )
        return Reply(
            f"Send {pages} to subscribers again? {_ALL_TWICE}", buttons, across=2, instead=True
        )
    decision = _DECISIONS[what]
    done = await program.database(
        lambda store: store.settle_private(decision, at=utc_now(), actor=order.actor)
    )
    states = {"arrived": "count as arrived", "resend": "wait to be sent", "drop": "were dropped"}
    said = f"Done: {count(done, 'page')} to subscribers: they {states[decision]}."
    return await _view(program, said=said, instead=True)


COMMANDS = {
    "deliveries": Command(
        deliveries, "pages that may not have arrived, to decide on: /deliveries [STATE]"
    ),
}
PRESSES = {DELIVERY: Press(pressed)}
