"""`/subscribe`, `/stop`, `/forget`, `/cancel`: digests in one's own chat with the bot."""

from __future__ import annotations

from bot.app import Program
from bot.browsing import zone_of
from bot.clock import utc_now
from bot.commands.orders import EVERYONE, Button, Command, Order, Press, Reply
from bot.commands.preferences import home, zones
from bot.commands.private import (
    SUBSCRIBER,
    elsewhere,
    is_own,
    old,
    own_row,
    reply_of,
    words_of,
)
from bot.i18n import LANGUAGES, catalogue
from bot.preferences import place_of, times_of
from bot.sheets import Sheet, laid
from watchers.errors import ChannelExists, ChannelUnknown
from watchers.ports import Store
from watchers.telling import Channel, ChannelSpec

STOPPED = "stopped by the subscriber"


async def subscribe(program: Program, order: Order) -> Reply:
    """/subscribe, and the button of that name"""
    if not is_own(order):
        return elsewhere(order)
    return await _begin(program, order, order.language)


async def _begin(program: Program, order: Order, language: str) -> Reply:
    """Make the row, or wake it."""
    chat = str(order.user_id)
    spec = ChannelSpec(chat, zone_of(language), language=language, private=True)

    def begin(store: Store) -> tuple[Channel | None, str]:
        row = store.subscriber(order.user_id)
        if row is not None and not row.paused:
            return row, "known"
        if row is not None:
            wake = {"paused": False, "pause_reason": None}
            return store.change_channel(row.id, wake, at=utc_now(), actor=SUBSCRIBER), "resumed"
        try:
            return store.add_channel(spec, at=utc_now(), actor=SUBSCRIBER), "new"
        except ChannelExists:  # two presses at once; or an admin posts to this chat already
            return store.subscriber(order.user_id), "known"

    row, what = await program.database(begin)
    if row is None:
        words = words_of(order)
        return Reply(laid(words.text("An admin has digests sent to this chat already."), words))
    return _welcome(program, row) if what == "new" else home(program, row)


def _welcome(program: Program, row: Channel) -> Reply:
    """What is set, and the one thing that we cannot know: the time zone."""
    words = catalogue(row.language)
    asked = zones(program, row)
    sheet = Sheet(words).line(words.text("You are subscribed."), "bold")
    sheet.line(
        words.text("Digests come here: %(times)s, by the clock of %(place)s.")
        % {"times": times_of(words, row), "place": place_of(words, row.timezone)}
    )
    sheet.line(words.text("Is that where you are? Press your time zone, or go on to the settings."))
    sheet.line().line(words.text("/stop pauses, /forget erases all of it at once."))
    sheet.line(words.text("What is kept about you: /privacy"))
    buttons = [*asked.buttons[:-1], Button(words.text("Settings"), "mine:home")]
    return reply_of(sheet, buttons, asked.across)


async def stop(program: Program, order: Order) -> Reply:
    """/stop, and the button of that name"""
    if not is_own(order):
        return elsewhere(order)

    def pause(store: Store) -> Channel | None:
        row = store.subscriber(order.user_id)
        if row is None or row.paused:
            return row
        still = {"paused": True, "pause_reason": STOPPED}
        return store.change_channel(row.id, still, at=utc_now(), actor=SUBSCRIBER)

    words = words_of(order)
    if await program.database(pause) is None:
        said = words.text("You have no subscription, and nothing of you is stored.")
        return Reply(laid(said, words), instead=True)
    sheet = Sheet(words).line(
        words.text(
            "Stopped: no more digests come. Your settings are kept, so that /subscribe goes on "
            "with them. /forget erases them."
        )
    )
    return reply_of(sheet, [Button(words.text("Resume digests"), "sub:start")])


async def forget(program: Program, order: Order) -> Reply:
    """/forget"""
    if not is_own(order):
        return elsewhere(order)
    words = words_of(order)
    if await own_row(program, order) is None:
        return Reply(laid(_nothing_left(order), words))
    program.readers.ask_to_forget(order.user_id)
    sheet = Sheet(words).line(
        words.text(
            "Erase everything that is stored about you: your subscription, its settings, and the "
            "record of what was sent to you? This cannot be undone."
        )
    )
    buttons = [
        Button(words.text("Erase everything"), "forget:yes"),
        Button(words.text("Keep it"), "forget:no"),
    ]
    return reply_of(sheet, buttons, 2)


def _nothing_left(order: Order) -> str:
    words = words_of(order)
    said = words.text("Nothing is stored about you as a reader.")
    if order.role:  # the list of admins is another thing
        said += " " + words.text("(That you are an admin is: only an owner can take that back.)")
    return said


async def answered(program: Program, order: Order) -> Reply:
    """[Erase everything] or [Keep it]"""
    if not is_own(order):
        return elsewhere(order)
    words, said = words_of(order), "".join(order.data[:1])
    asked = program.readers.was_asked(order.user_id)
    if said == "no":
        return Reply(laid(words.text("Nothing was erased."), words), instead=True)
    if said != "yes" or not asked:
        return old(order, "/forget")

    def erase(store: Store) -> None:
        row = store.subscriber(order.user_id)
        if row is None:
            return
        try:
            store.remove_channel(row.id, at=utc_now(), actor=SUBSCRIBER)
        except ChannelUnknown:  # by another press
            return

    await program.database(erase)
    text = words.text(
        "Erased: your subscription, its settings, and the record of what was sent to you. What "
        "stands in this chat you can delete yourself, in Telegram. Backups that were made before "
        "keep it until they are deleted."
    )
    return Reply(laid(f"{text}\n{_nothing_left(order)}", words), instead=True)


async def cancel(program: Program, order: Order) -> str:
    """/cancel"""
    words = words_of(order)
    if is_own(order) and program.readers.was_asked(order.user_id):  # a group would learn of it
        return laid(words.text("Cancelled. Nothing was erased."), words)
    return laid(words.text("Nothing is waiting for you. Nothing was changed."), words)


async def pressed(program: Program, order: Order) -> Reply:
    """[Subscribe], [Stop digests], [Resume digests]"""
    what, chosen = "".join(order.data[:1]), "".join(order.data[1:2])
    if not is_own(order):
        return elsewhere(order)
    if what == "start":
        return await _begin(program, order, chosen if chosen in LANGUAGES else order.language)
    return await stop(program, order) if what == "stop" else old(order, "/subscribe")


COMMANDS = {
    "subscribe": Command(subscribe, "digests in this chat", EVERYONE),
    "stop": Command(stop, "no more digests, for now", EVERYONE),
    "forget": Command(forget, "erase what is stored about you", EVERYONE),
    "cancel": Command(cancel, "leave what is being asked", EVERYONE),
}
PRESSES = {"sub": Press(pressed, EVERYONE), "forget": Press(answered, EVERYONE)}
