"""From Telegram's updates to the handlers of commands, and their answers back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from telegram import CallbackQuery, Document, Message, Update
from telegram.constants import ChatType
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
from bot.commands import admin, lists, subscriber, watch
from bot.commands.orders import EDITOR, EVERYONE, Choices, Command, Kept, Order, Reply
from bot.commands.table import COMMANDS, PRESSES
from bot.flood import Flood
from bot.i18n import LANGUAGES, catalogue
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
SLOWLY = "That was a lot at once. Wait a minute, then ask again."
ON_IT = "I am on it; this can take a minute or two."
OLD = "This button is old. Give the command again."
BROKEN = "Something went wrong on our side; it was logged. Nothing was changed."


class Desk:
    """What the handlers of one connection share."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.choices = Choices()
        self.kept: Kept[object] = Kept()
        self._asked: Kept[object] = Kept()
        self.flood = Flood()

    def kept_for(self, role: str) -> Kept[object]:
        """Where what stands behind somebody's buttons is kept.

        Apart for those without a role: many searches of strangers must not push out what an
        admin is just asked to confirm.
        """
        return self.kept if role else self._asked

    async def asked(self, user_id: int, language: str | None) -> tuple[dict[int, str], str]:
        """All admins' roles, and the language of whoever asks.

        Asked each time: rights that were taken are gone at once.
        """
        admins, own = await self.program.database(
            lambda store: (store.admins(), store.subscriber(user_id))
        )
        roles = {person.user_id: person.role for person in admins}
        return roles, own.language if own else _language_of(language)


def _language_of(code: str | None) -> str:
    """Ours for the language of somebody's Telegram app, an IETF tag; English if we have none."""
    language = (code or "").partition("-")[0].lower()
    return language if language in LANGUAGES else "en"


def add_handlers(app: App, program: Program) -> None:
    """Register every command. Edited messages reach no handler.

    None blocks the others: looking for a page's feeds can take two minutes.
    """
    fresh = filters.UpdateType.MESSAGE
    desk = Desk(program)
    for name, command in COMMANDS.items():
        app.add_handler(CommandHandler(name, _order(desk, command), filters=fresh, block=False))
    app.add_handler(CallbackQueryHandler(_press(desk), block=False))
    sent = fresh & filters.ChatType.PRIVATE & filters.Document.ALL
    app.add_handler(MessageHandler(sent, _document(desk), block=False))
    else_written = fresh & filters.ChatType.PRIVATE & filters.TEXT
    app.add_handler(MessageHandler(else_written, _hint(desk), block=False))
    app.add_error_handler(_unexpected)


def said(message: Message) -> Said:
    """What `bot.access` decides by."""
    return Said(
        user_id=message.from_user.id if message.from_user else None,
        edited=message.edit_date is not None,
        forwarded=message.forward_origin is not None,
        on_behalf=message.sender_chat is not None,
    )


async def _admit(desk: Desk, message: Message, role: str) -> Order | None:
    """An order without words from whoever wrote this; None if it is refused: that is said."""
    spoken, user = said(message), message.from_user
    code = user.language_code if user else None
    turn = desk.flood.take(spoken.user_id or message.chat_id, time.monotonic())
    if turn != "yes":
        if turn == "warn":
            await answer(message, catalogue(_language_of(code)).text(SLOWLY))
        return None
    private = message.chat.type == ChatType.PRIVATE
    roles, language = await desk.asked(spoken.user_id or 0, code)
    if not private:  # who else is there need not know what somebody chose
        language = _language_of(code)
    refused = refusal(spoken, roles, role)
    if refused is not None or user is None:
        await answer(message, catalogue(language).text(refused or ""))
        return None
    return Order(
        (), user.id, desk.choices, desk.kept_for(roles.get(user.id, "")),
        chat_id=message.chat_id, private=private,
        language=language, role=roles.get(user.id, ""),
    )  # fmt: skip


def _order(desk: Desk, command: Command) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.text is None:
            return
        admitted = await _admit(desk, message, command.role)
        if admitted is None:
            return
        text = message.text.partition(message.text.split(maxsplit=1)[0])[2].strip()
        words = tuple(message.text.split()[1:])
        order = replace(admitted, words=words, text=text, replied=_replied(message))
        await _carry_out(message, order, command.run(desk.program, order))

    return run


def _replied(message: Message) -> str:
    quoted = message.reply_to_message
    return (quoted.text or quoted.caption or "") if quoted else ""


async def _carry_out(message: Message, order: Order, work: Awaitable[str | Reply]) -> None:
    """Do it and answer; an expected error is an answer too."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not done:
            await answer(message, catalogue(order.language).text(ON_IT))
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
    await answer(message, reply.text, _labels(reply), reply.across, reply.entities)


def _labels(reply: Reply) -> list[tuple[str, str]]:
    return [(one.label, one.data) for one in reply.buttons]


def _press(desk: Desk) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        user = query.from_user
        press = PRESSES.get((query.data or "").partition(":")[0])
        turn = desk.flood.take(user.id, time.monotonic())
        if press is None or turn != "yes":
            words = catalogue(_language_of(user.language_code))
            await answer_press(query, words.text(OLD if press is None else SLOWLY))
            return
        # Whoever can see a button can press it, and rights may have been taken since.
        roles, language = await desk.asked(user.id, user.language_code)
        refused = refusal(Said(user.id), roles, press.role)
        if refused is not None:
            await answer_press(query, catalogue(language).text(refused))
            return
        chat = query.message.chat if query.message else None
        order = Order(
            (query.data or "",), user.id, desk.choices, desk.kept_for(roles.get(user.id, "")),
            chat_id=chat.id if chat else 0, private=bool(chat and chat.type == ChatType.PRIVATE),
            language=language, role=roles.get(user.id, ""),
        )  # fmt: skip
        try:
            said = await press.run(desk.program, order)
        except DadkhahError as error:
            await answer_press(query, admin.explained(error))
            return
        reply = Reply(said) if isinstance(said, str) else said
        await _tell_press(query, reply)

    return run


async def _tell_press(query: CallbackQuery, reply: Reply) -> None:
    if reply.pops or not isinstance(query.message, Message):
        await answer_press(query, reply.text)
        return
    await answer_press(query)
    if reply.instead:
        await answer_instead(
            query.message, reply.text, _labels(reply), reply.across, reply.entities
        )
        return
    if reply.closes:
        await take_buttons(query.message)
    await _tell(query.message, reply)


def _document(desk: Desk) -> Any:
    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.document is None:
            return
        admitted = await _admit(desk, message, EDITOR)
        if admitted is None:
            return
        order = replace(admitted, words=tuple((message.caption or "").split()))
        await _carry_out(message, order, _imported(desk.program, order, message.document))

    return run


def _hint(desk: Desk) -> Any:
    """Plain words, or a command that is none: a hint instead of silence."""

    async def run(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        admitted = await _admit(desk, message, EVERYONE) if message is not None else None
        if message is not None and admitted is not None:
            await answer(message, subscriber.hint(admitted.language))

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


async def _unexpected(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """A bug, or Telegram out of reach: loud in the log, a plain word in the chat."""
    log.error("update_failed", exc_info=context.error)
    if not isinstance(update, Update):
        return
    user = update.effective_user
    words = catalogue(_language_of(user.language_code if user else None))
    if update.message is not None:
        await answer(update.message, words.text(BROKEN))
    elif update.callback_query is not None:
        await answer_press(update.callback_query, words.text(BROKEN))
