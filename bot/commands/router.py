"""From Telegram's updates to the handlers of commands, and their answers back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from telegram import Document, Message, Update
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.access import Said, refusal
from bot.app import Program
from bot.commands import admin, feeds, lists, preview, stories, subscriber, watch, watchlist
from bot.commands.orders import (
    LIST,
    PRESS,
    STORY,
    WATCH,
    WHY,
    Choices,
    Handler,
    Kept,
    Order,
    Reply,
)
from bot.sender import (
    answer,
    answer_file,
    answer_instead,
    answer_pages,
    answer_press,
    take_buttons,
)
from config import logs
from watchers.errors import DadkhahError

log = logs.get(__name__)

App = Application[Any, Any, Any, Any, Any, Any]
_PATIENCE = 3.0  # seconds without an answer until we say that it takes a while
PRESSES: dict[str, Handler] = {  # by how the data of the button begin
    PRESS: feeds.pressed,
    WATCH: watch.pressed,
    LIST: watchlist.turned,
    WHY: preview.pressed,
    STORY: stories.pressed,
}


def add_handlers(app: App, program: Program) -> None:
    """Register every command. Edited messages reach no handler.

    None blocks the others: looking for a page's feeds can take two minutes.
    """
    fresh = filters.UpdateType.MESSAGE
    choices = Choices()
    kept: Kept[object] = Kept()
    for name, (handler, _) in admin.COMMANDS.items():
        run = _order(program, handler, choices, kept)
        app.add_handler(CommandHandler(name, run, filters=fresh, block=False))
    app.add_handler(CommandHandler(["start", "help"], _help(program), filters=fresh))
    press = _press(program, choices, kept)
    heads = "|".join(PRESSES)
    app.add_handler(CallbackQueryHandler(press, pattern=f"^({heads}):", block=False))
    sent = fresh & filters.ChatType.PRIVATE & filters.Document.ALL
    app.add_handler(MessageHandler(sent, _document(program, kept), block=False))
    app.add_error_handler(_unexpected)


def said(message: Message) -> Said:
    """What `bot.access` decides by."""
    return Said(
        user_id=message.from_user.id if message.from_user else None,
        edited=message.edit_date is not None,
        forwarded=message.forward_origin is not None,
        on_behalf=message.sender_chat is not None,
    )


async def _admins(program: Program) -> frozenset[int]:
    """Asked each time: rights that were taken are gone at once."""
    found = await program.database(lambda store: store.admins())
    return frozenset(person.user_id for person in found)


def _order(program: Program, handler: Handler, choices: Choices, kept: Kept[object]) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.text is None:
            return
        refused = refusal(said(message), await _admins(program))
        if refused is not None:
            await answer(message, refused)
            return
        user_id = message.from_user.id if message.from_user else 0
        text = message.text.partition(message.text.split(maxsplit=1)[0])[2].strip()
        order = Order(
            tuple(message.text.split()[1:]), user_id, choices, kept,
            text=text, replied=_replied(message),
        )  # fmt: skip
        await _carry_out(message, handler(program, order))

    return run


def _replied(message: Message) -> str:
    quoted = message.reply_to_message
    return (quoted.text or quoted.caption or "") if quoted else ""


async def _carry_out(message: Message, work: Awaitable[str | Reply]) -> None:
    """Do it and answer; an expected error is an answer too."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not done:
            await answer(message, "I am on it; this can take a minute or two.")
        reply = await task
    except DadkhahError as error:
        reply = admin.explained(error)
    except asyncio.CancelledError:
        task.cancel()
        raise
    await _tell(message, Reply(reply) if isinstance(reply, str) else reply)


async def _tell(message: Message, reply: Reply) -> None:
    if reply.file:
        await answer_file(message, reply.file_name, reply.file, reply.text)
        return
    await answer_pages(message, reply.pages)
    await answer(message, reply.text, _labels(reply), reply.across)


def _labels(reply: Reply) -> list[tuple[str, str]]:
    return [(one.label, one.data) for one in reply.buttons]


def _press(program: Program, choices: Choices, kept: Kept[object]) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        # Whoever can see a button can press it, and rights may have been taken since.
        refused = refusal(Said(query.from_user.id), await _admins(program))
        if refused is not None:
            await answer_press(query, refused)
            return
        order = Order((query.data or "",), query.from_user.id, choices, kept)
        try:
            said = await PRESSES[(query.data or "").partition(":")[0]](program, order)
        except DadkhahError as error:
            await answer_press(query, admin.explained(error))
            return
        reply = Reply(said) if isinstance(said, str) else said
        if not isinstance(query.message, Message):
            await answer_press(query, reply.text)
            return
        await answer_press(query)
        if reply.instead:
            await answer_instead(query.message, reply.text, _labels(reply), reply.across)
            return
        if reply.closes:
            await take_buttons(query.message)
        await _tell(query.message, reply)

    return run


def _document(program: Program, kept: Kept[object]) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.document is None:
            return
        refused = refusal(said(message), await _admins(program))
        if refused is not None:
            await answer(message, refused)
            return
        user_id = message.from_user.id if message.from_user else 0
        order = Order(tuple((message.caption or "").split()), user_id, kept=kept)
        await _carry_out(message, _imported(program, order, message.document))

    return run


async def _imported(program: Program, order: Order, document: Document) -> str | Reply:
    name = (document.file_name or "the document")[:100]
    if document.file_size is None or document.file_size > lists.MAX_BYTES:
        return f"{name} is too large. {lists.WHAT} Nothing was changed."
    try:
        file = await document.get_file()
        data = bytes(await file.download_as_bytearray())
    except TelegramError as error:
        log.warning("document_lost", why=type(error).__name__)
        return f"{name} could not be got from Telegram. Nothing was changed; send it again."
    if watch.is_part(name, data):
        return await watch.put_part(program, order, name, data)
    return await lists.import_list(program, order, name, data)


def _help(program: Program) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None:
            return
        orders = {}
        if refusal(said(message), await _admins(program)) is None:
            orders = {name: what for name, (_handler, what) in admin.COMMANDS.items()}
        await answer(message, subscriber.help_text(orders))

    return run


async def _unexpected(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """A bug, or Telegram out of reach: loud in the log, a plain word in the chat."""
    log.error("update_failed", exc_info=context.error)
    if isinstance(update, Update) and update.message is not None:
        await answer(
            update.message, "Something went wrong on our side; it was logged. Nothing was changed."
        )
