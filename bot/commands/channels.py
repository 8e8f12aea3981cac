"""Orders about channels: who is told, where, and what by buttons."""

from __future__ import annotations

from dataclasses import dataclass

from bot import channel_wording as wording
from bot.app import Program
from bot.client import may_post
from bot.clock import utc_now
from bot.commands import channel_buttons, confirming
from bot.commands.channel_buttons import CHANNEL, REMOVE, shown
from bot.commands.orders import OWNER, Button, Command, Order, Press, Reply
from bot.commands.which import by_number, chosen, named, told, wrong
from bot.plain_words import NotUnderstood, read_schedule
from bot.wording import count, short
from watchers.errors import ChannelExists, ChannelInvalid, ChannelUnknown
from watchers.ports import Store
from watchers.registry import checked_spec
from watchers.scope import EVERY_DAY
from watchers.telling import Channel, ChannelSpec, DeliveryState

_PAGE = 10  # channels in one message
_LABEL = 40  # characters of a button
_MANY = 200  # pages that are counted before a channel goes
_LANGUAGES = {
    "en": "en", "english": "en", "fa": "fa", "persian": "fa", "farsi": "fa", "فارسی": "fa",
    "fr": "fr", "french": "fr", "français": "fr", "انگلیسی": "en", "فرانسه": "fr",
}  # fmt: skip
_USAGE = "/channel [CHANNEL]"
_USAGE_ADD = "/addchannel @NAME or -100... [ZONE] [TIMES] [LANGUAGE]"


# ---------------------------------------------------------------- looking


async def channels(program: Program, order: Order) -> Reply:
    """/channels [PAGE]"""
    word = order.words[0] if order.words else "1"
    if len(order.words) > 1 or not word.isdecimal():
        raise wrong("/channels [PAGE]", f"“{short(' '.join(order.words), 40)}” is no page.")
    return await _page(program, int(word[:4]), instead=False)


async def _page(program: Program, page: int, *, instead: bool) -> Reply:
    """Some of the channels, and a button for each."""
    found, stopped = await program.database(lambda s: (told(s), s.posting_stopped()))
    if not found:
        return Reply("There is no channel yet. /addchannel @name adds one.")
    pages = -(-len(found) // _PAGE)
    if not 1 <= page <= pages:
        raise wrong("/channels [PAGE]", f"There {'is' if pages == 1 else 'are'} "
                    f"{count(pages, 'page')}.")  # fmt: skip
    now = utc_now()
    lines = [f"{count(len(found), 'channel')}. Press one to see and change it."]
    if stopped:
        lines.append("Posting is stopped everywhere; /resumeposting goes on.")
    part = found[(page - 1) * _PAGE : page * _PAGE]
    lines += [wording.brief(channel, now) for channel in part]
    buttons = [Button(short(f"#{c.id} {c.chat}", _LABEL), f"{CHANNEL}:{c.id}") for c in part]
    turning = [Button(f"‹ {page - 1}", f"{CHANNEL}:page:{page - 1}")] if page > 1 else []
    turning += [Button(f"{page + 1} ›", f"{CHANNEL}:page:{page + 1}")] if page < pages else []
    rows = (*(1 for _ in buttons), *((len(turning),) if turning else ()))
    return Reply("\n".join(lines), (*buttons, *turning), across=rows, instead=instead)


async def channel(program: Program, order: Order) -> Reply:
    """/channel [CHANNEL]"""
    if len(order.words) > 1:
        raise wrong(_USAGE, "Name one channel.")
    if order.words:
        found = await named(program, order.words[0], _USAGE)
    else:
        found, _ = await chosen(program, order, _USAGE)
    return await shown(program, found, owner=order.role == OWNER, instead=False)


async def pressed(program: Program, order: Order) -> Reply:
    """A button of the list or of a channel's settings."""
    match order.data:
        case ("page", number) if number.isdecimal():
            return await _page(program, int(number[:4]), instead=True)
        case (number, *words) if number.isdecimal() and len(number) < 20:
            found = await program.database(lambda store: by_number(store, int(number)))
            return await channel_buttons.pressed(program, order, found, words)
        case _:
            return confirming.old()


# ---------------------------------------------------------------- adding


async def add_channel(program: Program, order: Order) -> Reply:
    """/addchannel @NAME or -100... [ZONE] [TIMES] [LANGUAGE]"""
    spec = _spec(program, order)
    await program.database(lambda store: _refuse_known(store, spec.chat))
    may, why = await may_post(program.settings, spec.chat)
    if may is False:
        raise wrong(
            _USAGE_ADD,
            f"The bot may not post in {spec.chat} ({why.rstrip('.')}): make it an admin there "
            "with the right to post messages, then give the command again.",
        )
    added = await program.registry.add_channel(spec, now=utc_now(), actor=order.actor)
    doubt = "" if may else (
        f"Whether the bot may post there could not be checked ({why.rstrip('.')}). If it may "
        "not, the channel is paused at its first digest, and you are told."
    )  # fmt: skip
    reply = await shown(program, added, owner=True, instead=False)
    head = f"{added.chat} is told from now on."
    text = "\n".join(part for part in (head, doubt, reply.text) if part)
    return Reply(text, reply.buttons, across=reply.across)


def _spec(program: Program, order: Order) -> ChannelSpec:
    """The channel as it was asked for; what was left open is as the settings say."""
    if not order.words:
        raise wrong(_USAGE_ADD, "A channel's name or id is missing.")
    chat = order.words[0]
    if chat.isdecimal():
        why = "A person's chat is no channel; people subscribe themselves with /subscribe."
        raise wrong(_USAGE_ADD, why)
    try:
        wish = read_schedule(order.text.strip()[len(chat) :], extra=_LANGUAGES)
    except NotUnderstood as error:
        raise wrong(_USAGE_ADD, error.why) from error
    if len(set(wish.rest)) > 1:
        raise wrong(_USAGE_ADD, "A channel has one language.")
    settings = program.settings
    spec = ChannelSpec(
        chat,
        wish.timezone or settings.timezone,
        wish.times or settings.schedule,
        wish.rest[0] if wish.rest else settings.language,
        wish.weekdays or EVERY_DAY,
    )
    try:
        return checked_spec(spec)
    except ChannelInvalid as error:
        raise wrong(_USAGE_ADD, error.message) from error


def _refuse_known(store: Store, chat: str) -> None:
    """Say so before Telegram is asked."""
    for known in store.channels():
        if known.chat.casefold() == chat.casefold():
            msg = f"{known.chat} is a channel already: /channel {known.chat}"
            raise ChannelExists(msg)


# ---------------------------------------------------------------- removing


@dataclass(frozen=True, slots=True)
class _Loss:
    """What goes with a channel."""

    channel: Channel
    waiting: int
    unsettled: int


def _loss(store: Store, number: int) -> _Loss:
    open_ = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
    return _Loss(
        by_number(store, number),
        len(store.deliveries(DeliveryState.QUEUED, limit=_MANY, channel_id=number)),
        len(store.deliveries(*open_, limit=_MANY, channel_id=number)),
    )


async def removing(program: Program, order: Order) -> Reply:
    """[Remove...] of a channel's settings, and the two buttons after it."""
    match order.data:
        case ("ask", number) if number.isdecimal() and len(number) < 20:
            loss = await program.database(lambda store: _loss(store, int(number)))
            return _asked(order, loss)
        case _:
            pending, do_it = confirming.answered(order, REMOVE)
    if pending is None:
        return confirming.old()
    if not do_it:
        return confirming.left()
    going = pending.number

    def remove(store: Store) -> Channel:
        public = by_number(store, going)
        return store.remove_channel(public.id, at=utc_now(), actor=order.actor)

    try:
        gone = await program.database(remove)
    except ChannelUnknown:
        return Reply("That channel is gone already.", instead=True)
    return Reply(f"{gone.chat} is told no more. /addchannel {gone.chat} adds it anew.",
                 instead=True)  # fmt: skip


def _asked(order: Order, loss: _Loss) -> Reply:
    chat = loss.channel.chat
    lost = [f"• its settings and schedule ({wording.when_words(loss.channel)})"]
    if loss.waiting:
        lost.append(f"• {_counted(loss.waiting)} that wait and would never be sent")
    if loss.unsettled:
        lost.append(f"• {_counted(loss.unsettled)} that may or may not have arrived, or failed")
    lost.append(
        "• the record of what it was told: added again, it may be told recent stories again"
    )
    lost.append("• /withdraw cannot reach what was posted there")
    lines = (f"Remove {chat}? Its posts stay in Telegram. What is lost here:", *lost,
             "To stop it for a while, pause it instead.")  # fmt: skip
    pending = confirming.Pending(REMOVE, loss.channel.id)
    asked = confirming.ask(order, REMOVE, pending, "\n".join(lines), f"Remove {short(chat, 30)}")
    return Reply(asked.text, asked.buttons, across=1, instead=True)


def _counted(pages: int) -> str:
    return count(pages, "page") if pages < _MANY else f"{_MANY} pages or more"


COMMANDS = {
    "channels": Command(channels, "who is told, when, in which language"),
    "channel": Command(channel, "one channel in full, with buttons: /channel [CHANNEL]"),
    "addchannel": Command(
        add_channel, "tell a channel: /addchannel @NAME [ZONE] [TIMES] [LANGUAGE]", OWNER
    ),
}
PRESSES = {CHANNEL: Press(pressed), REMOVE: Press(removing, OWNER)}
