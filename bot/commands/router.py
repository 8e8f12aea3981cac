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
from bot.commands import admin, feeds, lists, subscriber
from bot.commands.orders import PRESS, Choices, Handler, Order, Reply
from bot.sender import answer, answer_file, answer_press
from config import logs
from watchers.errors import DadkhahError

log = logs.get(__name__)

App = Application[Any, Any, Any, Any, Any, Any]
_PATIENCE = 3.0  # seconds without an answer until we say that it takes a while


def add_handlers(app: App, program: Program) -> None:
    """Register every command. Edited messages reach no handler.

    None blocks the others: looking for a page's feeds can take two minutes.
    """
    fresh = filters.UpdateType.MESSAGE
    choices = Choices()
    for name, (handler, _) in admin.COMMANDS.items():
        run = _order(program, handler, choices)
        app.add_handler(CommandHandler(name, run, filters=fresh, block=False))
    app.add_handler(CommandHandler(["start", "help"], _help(program), filters=fresh))
    press = _press(program, choices)
    app.add_handler(CallbackQueryHandler(press, pattern=f"^{PRESS}:", block=False))
    sent = fresh & filters.ChatType.PRIVATE & filters.Document.ALL
    app.add_handler(MessageHandler(sent, _document(program), block=False))
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


def _order(program: Program, handler: Handler, choices: Choices) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.text is None:
            return
        refused = refusal(said(message), await _admins(program))
        if refused is not None:
            await answer(message, refused)
            return
        user_id = message.from_user.id if message.from_user else 0
        order = Order(tuple(message.text.split()[1:]), user_id, choices)
        await _carry_out(message, handler(program, order))

    return run


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
    if isinstance(reply, str):
        await answer(message, reply)
    elif reply.file:
        await answer_file(message, reply.file_name, reply.file, reply.text)
    else:
        await answer(message, reply.text, [(one.label, one.data) for one in reply.buttons])


def _press(program: Program, choices: Choices) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        # Whoever can see a button can press it, and rights may have been taken since.
        refused = refusal(Said(query.from_user.id), await _admins(program))
        if refused is not None:
            await answer_press(query, refused)
            return
        order = Order((query.data or "",), query.from_user.id, choices)
        try:
            text = await feeds.pressed(program, order)
        except DadkhahError as error:
            await answer_press(query, admin.explained(error))
            return
        if isinstance(query.message, Message):
            await answer_press(query)
            await answer(query.message, text)
        else:
            await answer_press(query, text)

    return run


def _document(program: Program) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.document is None:
            return
        refused = refusal(said(message), await _admins(program))
        if refused is not None:
            await answer(message, refused)
            return
        user_id = message.from_user.id if message.from_user else 0
        order = Order(tuple((message.caption or "").split()), user_id)
        await _carry_out(message, _imported(program, order, message.document))

    return run


async def _imported(program: Program, order: Order, document: Document) -> str:
    name = (document.file_name or "the document")[:100]
    if document.file_size is None or document.file_size > lists.MAX_BYTES:
        return f"{name} is too large. {lists.WHAT} Nothing was changed."
    try:
        file = await document.get_file()
        data = bytes(await file.download_as_bytearray())
    except TelegramError as error:
        log.warning("document_lost", why=type(error).__name__)
        return f"{name} could not be got from Telegram. Nothing was changed; send it again."
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
