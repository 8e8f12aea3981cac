"""Which channel an order is about, and what else an order needs to be understood."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.app import Program
from bot.commands.orders import Order
from watchers.errors import ChannelUnknown, OrderInvalid
from watchers.overlay import letters_of
from watchers.ports import Store
from watchers.telling import Channel
from watchers.watchlist import Person, Watchlist

_REF = re.compile(r"@\w{1,64}|#\d{1,19}|-\d{3,20}")
_LISTED = 5  # channels that a question names
_FORM = 120  # characters of a name that is looked for


def wrong(usage: str, why: str) -> OrderInvalid:
    """The answer to words that cannot be used: the usage in one line, what was wrong."""
    return OrderInvalid(f"Usage: {usage}\n{why} Nothing was changed.")


def by_number(store: Store, number: int) -> Channel:
    """The public channel of that number, whatever chats are called. ChannelUnknown."""
    for channel in store.channels():
        if channel.id == number:
            return channel
    msg = f"No channel has the number {number}."
    raise ChannelUnknown(msg)


def find(store: Store, ref: str) -> Channel:
    """The channel of an @name, a chat's id, a number, or a number after #. ChannelUnknown."""
    plain = ref.removeprefix("#")
    if plain.isdecimal():  # digits of any script
        plain = str(int(plain[:20]))
    if ref.startswith("#") and plain.isdecimal():
        return by_number(store, int(plain))
    return store.channel(plain)


def told(store: Store) -> tuple[Channel, ...]:
    """All channels that admins see, but the virtual one that prints."""
    return tuple(channel for channel in store.channels() if not channel.is_console)


async def named(program: Program, ref: str, usage: str) -> Channel:
    """The channel of that name or number. OrderInvalid if there is none."""
    try:
        return await program.database(lambda store: find(store, ref))
    except ChannelUnknown as error:
        shown = error.message if len(ref) <= _FORM else "No channel has so long a name."
        raise wrong(usage, f"{shown} /channels shows them.") from error


async def chosen(program: Program, order: Order, usage: str) -> tuple[Channel, str]:
    """The channel that an order names first, or the only one there is; and the other words.

    A bare number is none here (it may be a time): write #3, @name or -100... OrderInvalid if
    it is not clear which.
    """
    first = order.words[0] if order.words else ""
    if _REF.fullmatch(first):
        channel = await named(program, first, usage)
        return channel, order.text.strip()[len(first) :].strip()
    channels = await program.database(told)
    if len(channels) == 1:
        return channels[0], order.text.strip()
    if not channels:
        raise wrong(usage, "There is no channel yet; /addchannel @name adds one.")
    names = ", ".join(channel.chat for channel in channels[:_LISTED])
    more = " ..." if len(channels) > _LISTED else ""
    raise wrong(usage, f"Say which channel: {names}{more}.")


def officials_called(watchlist: Watchlist, asked: str) -> Sequence[str]:
    """The ids of the officials whom this id or name means: a whole name before a part of one."""
    wanted = letters_of(asked[:_FORM])
    people = watchlist.officials
    if any(person.id == asked for person in people):
        return [asked]
    if len(wanted) < 2:  # a letter is no name
        return []
    forms = {person.id: [letters_of(form) for form in _forms(person)] for person in people}
    whole = [number for number, names in forms.items() if wanted in names]
    return whole or [n for n, names in forms.items() if any(wanted in name for name in names)]


def _forms(person: Person) -> Sequence[str]:
    return (person.name, *person.names, *person.surnames, *person.needs_context)
